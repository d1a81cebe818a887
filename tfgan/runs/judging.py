"""Judges what a command names before TensorFlow is started, which takes seconds: runs, checkpoints, images, outputs, weights.

What only the networks know is judged where they are opened.
"""

import dataclasses
from pathlib import Path

from tfgan.attributes import parse_changes
from tfgan.config import DataConfig, RunConfig
from tfgan.config.verbs import EvaluateConfig, ExportConfig, SampleConfig, TranslateConfig
from tfgan.data import images, is_stored, open_sources
from tfgan.data.files import find_images, find_tasks
from tfgan.errors import UnreadableImage, UserError, did_you_mean, did_you_mean_path
from tfgan.evaluation.catalog import METRICS
from tfgan.runs.opening import read_config
from tfgan.training.kept import find_checkpoint

FROM_NOISE = ("labeled", "images")
"""Kinds of batches from which methods learn to make images from noise."""


def judge_run(folder: str, checkpoint: str = "last") -> RunConfig:
    """The record of the run in `folder`. Raises `UserError` for what is no run, or has no such checkpoint."""
    path = Path(folder).expanduser()
    config = read_config(path)
    find_checkpoint(path / "checkpoints", checkpoint)
    return config


def judge_translation(folder: str, source: str, output: str, settings: TranslateConfig):
    """Raises `UserError` for a translation that cannot be: no such run, checkpoint, images, domain, attributes or style."""
    config = judge_run(folder, settings.checkpoint)
    if config.spec.kind in FROM_NOISE:
        raise UserError("The run makes images from noise and translates none: use `tfgan sample`.")
    find_tasks(source, output, settings.format)
    names = [domain.name for domain in config.spec.domains.values()]
    if settings.to and settings.to not in names:
        raise UserError(f"--to={settings.to}: the run knows {' and '.join(names)}.{did_you_mean(settings.to, names)}")
    if settings.set and not config.spec.attribute_names:
        raise UserError(f"--set chooses attributes, which a run of {config.method} does not have.")
    parse_changes(settings.set, config.spec)
    if settings.style:
        _judge_image("style", settings.style)


def judge_sample(folder: str, settings: SampleConfig):
    """Raises `UserError` for samples that cannot be: no such run, checkpoint, classes or images, or a run that translates."""
    config = judge_run(folder, settings.checkpoint)
    if config.spec.kind not in FROM_NOISE:
        raise UserError(f"{folder} ({config.method}) translates images and makes none from noise: use `tfgan translate`.")
    names = config.spec.class_names
    for name in settings.classes:
        if not names:
            raise UserError(f"--classes={','.join(settings.classes)}: the run was trained without classes.")
        if name not in names:
            raise UserError(f"--classes: the run knows no class {name!r}.{did_you_mean(name, names)} There are: {', '.join(names)}.")
    for source in filter(None, (settings.images, settings.having, settings.lacking)):
        find_images(str(Path(source).expanduser()))


def judge_evaluation(folders: list[str], settings: EvaluateConfig):
    """Raises `UserError` for an evaluation of runs that cannot be: no such metric, weights, run or checkpoint, or data that are gone."""
    check_metrics(settings)
    configs = [judge_run(folder, settings.checkpoint) for folder in folders]
    _judge_weights(settings)
    for config in configs:
        data = moved(config.data, settings.data_dir)
        if not is_stored(data):
            open_sources(data, config.spec.kind, config.spec.image_size)


def judge_folders(real: str, fake: str, settings: EvaluateConfig):
    """Raises `UserError` for an evaluation of two folders that cannot be: no such metric, weights or images."""
    check_metrics(settings)
    for folder in (real, fake):
        find_images(folder)
    _judge_weights(settings)


def judge_export(folder: str, settings: ExportConfig) -> Path:
    """The folder that the run's export goes to. Raises `UserError` for no such run or checkpoint, or an output that is there already."""
    judge_run(folder, settings.checkpoint)
    output = Path(settings.output or Path(folder) / "export").expanduser()
    is_export = (output / "saved_model.pb").is_file()
    if output.exists() and not (settings.overwrite and is_export):
        cure = "Use --overwrite to replace it, or" if is_export else "It is no export, and stays: use"
        raise UserError(f"{output} exists. {cure} --output=FOLDER.")
    return output


def check_metrics(settings: EvaluateConfig):
    """Raises `UserError` for a metric that does not exist."""
    for name in settings.metrics:
        if name not in METRICS:
            raise UserError(f"--metrics: {name!r} is unknown.{did_you_mean(name, METRICS)} There are: {', '.join(METRICS)}.")


def moved(data: DataConfig, data_dir: str) -> DataConfig:
    """The settings of a run's data, in the folder where they are now; `data_dir` is empty where that is the old one."""
    return dataclasses.replace(data, data_dir=str(Path(data_dir).expanduser())) if data_dir else data


def judge_workdir(workdir: str):
    """Raises `UserError` if the folder of a run cannot be made, as a file is in its way."""
    for path in (Path(workdir), *Path(workdir).parents):
        if path.exists():
            if not path.is_dir():
                raise UserError(f"--workdir={workdir} cannot be made: {path} is a file.")
            return


def _judge_weights(settings: EvaluateConfig):
    files = {name: getattr(settings, name) for name in ("inception_weights", "lpips_weights", "vgg_weights", "segmenter", "classifier")}
    files["features"] = settings.features if settings.features not in ("inception", "own") else ""
    for name, file in files.items():
        path = Path(file).expanduser()
        if file not in ("", "imagenet") and not path.exists():
            raise UserError(f"--{name}={file} is missing.{did_you_mean_path(path)}")


def _judge_image(flag: str, file: str):
    try:
        images.probe(Path(file).expanduser())
    except UnreadableImage as error:
        raise UserError(f"--{flag}={file}: {error}") from None
