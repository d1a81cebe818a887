"""Judges what a command names before TensorFlow is started, which takes seconds: runs, checkpoints, images, outputs, weights.

What only the networks know is judged where they are opened.
"""

import collections
import functools
import os
from collections.abc import Mapping
from pathlib import Path

from tfgan.attributes import parse_changes
from tfgan.config import BATCH_KINDS, Domain, RunConfig, as_flag, refuse_part_of_run
from tfgan.config.kinds import FROM_NOISE
from tfgan.config.unused import hold
from tfgan.config.verbs import UNCERTAINTIES, ExportConfig, SampleConfig, TranslateConfig
from tfgan.config.words import say_once
from tfgan.data import is_made
from tfgan.data.finding.files import Task, beside_results, find_images, find_stacked_tasks, find_tasks, with_instance_maps
from tfgan.data.folders.beside import find_beside
from tfgan.data.reading import images
from tfgan.data.reading.formats import UNREAD, ending, is_picture, is_video, is_volume
from tfgan.data.reading.results import result_ending, why_unfit
from tfgan.errors import ReadFailed, UnreadableImage, UserError, did_you_mean, did_you_mean_path
from tfgan.extras import require
from tfgan.methods import METHODS, method_class
from tfgan.paths.files import check_encoding, check_file, check_folder, check_place, is_there
from tfgan.paths.inputs import Inputs
from tfgan.runs.exported import files_of_export
from tfgan.runs.opening import read_config
from tfgan.training.kept import find_checkpoint, kept_checkpoints

UNCERTAINTY = "uncertainty"  # in the names of maps


def judge_run(folder: str, checkpoint: str = "last") -> RunConfig:
    """The record of the run in `folder`. Raises `UserError` for what is no run, or has no such checkpoint."""
    path = Path(folder).expanduser()
    check_encoding(path)
    config = read_config(path)
    find_checkpoint(path / "checkpoints", checkpoint)
    return config


def facts_of(config: RunConfig) -> dict[str, bool]:
    """What the record of a run says of it, for the tables of options that do nothing, see `tfgan.config.unused`."""
    spec, data = config.spec, config.data
    paired = (
        spec.kind == "paired"
        and not data.colorize
        and (is_made(data) or sum(domain.name in data.label_domains for domain in spec.domains.values()) == 1)
    )
    facts = {
        "run": True,
        "attributes": bool(spec.attribute_names),
        "classes": bool(spec.class_names),
        "labels": bool(spec.class_names or spec.attribute_names),
        "label maps": spec.kind == "semantic" or paired,
        "label maps of files": not is_made(data),
        "translates": spec.kind not in FROM_NOISE,
        "instances": any(domain.instances for domain in spec.domains.values()),
    }
    if facts["translates"]:  # reconstructions have true images too, of which only the networks know
        facts["true images"] = BATCH_KINDS[spec.kind].pairs
    return facts


def judge_translation(folder: str, source: str, output: str, settings: TranslateConfig) -> list[Task]:
    """The tasks of a translation. Raises `UserError` if it cannot be: no such run, checkpoint, images, domain, attributes or style."""
    config = judge_run(folder, settings.checkpoint)
    if config.spec.kind in FROM_NOISE:
        raise UserError("The run makes images from noise and cannot translate: use `tfgan sample`.")
    tasks = find_results(config, source, output, settings)
    names = [domain.name for domain in config.spec.domains.values()]
    if settings.to and settings.to not in names:
        raise UserError(f"--to={settings.to}: the run knows {' and '.join(names)}.{did_you_mean(settings.to, names)}")
    if not settings.to and config.method in METHODS and method_class(config.method).both_ways:
        source, target = names
        refuse_unnamed_way({target: f"{source} to {target}", source: f"{target} to {source}"})
    hold(settings, facts_of(config), folder)
    parse_changes(settings.set, config.spec)
    if settings.style:
        _judge_image("style", settings.style)
    if settings.uncertainty:
        judge_uncertainty(config, Path(folder).expanduser(), settings.uncertainty)
        if clip := next((task.source for task in tasks if is_video(task.source)), None):
            raise UserError(f"{clip} is a video, and maps of uncertainty are of images: save its frames, or leave out --uncertainty.")
        beside_results(tasks, UNCERTAINTY)
    return tasks


def judge_uncertainty(config: RunConfig, folder: Path, kind: str):
    """Raises `UserError` if the run in `folder` has no maps of this kind, as far as its record tells; the message says which it has."""
    reasons = {
        "dropout": "" if getattr(config.hparams, "dropout", 0.0) > 0 else "it was trained without dropout (--dropout)",
        "styles": "" if getattr(config.hparams, "style_encoder", False) else "it has no style encoder (spade with --style_encoder)",
        "checkpoints": "" if len(kept_steps(folder)) > 1 else "it keeps a single checkpoint (--keep_checkpoints in training)",
        "cycle": "" if method_class(config.method).both_ways else "it has no way back",
        "segmenter": "" if _from_labels(config) else "it does not translate label maps to photos",
    }
    if reasons[kind]:
        has = [other for other in UNCERTAINTIES if other and not reasons[other]]
        cure = f"use {' or '.join(f'--uncertainty={other}' for other in has)}" if has else "leave it out"
        raise UserError(f"--uncertainty={kind} is not to be had of {folder}, for {reasons[kind]}: {cure}.")


def _from_labels(config: RunConfig) -> bool:
    if config.spec.kind == "paired":  # where label maps are pictures that keep their colors when they are resized
        return [config.spec.domains[key].resample for key in ("source", "target")] == ["nearest", "bicubic"]
    return config.spec.kind == "semantic"


def kept_steps(folder: Path) -> list[int]:
    """The steps of the checkpoints that the run in `folder` keeps, in order."""
    return sorted({kept.step for kept in kept_checkpoints(folder / "checkpoints")})


def refuse_unnamed_way(ways: Mapping[str, str]):
    """Raises `UserError` where there are several `ways`, name of the domain that results are of -> the way in words, and none is named."""
    if len(ways) > 1:
        choices = ", or ".join(f"--to={name} for {words}" for name, words in ways.items())
        raise UserError(f"The run translates in {len(ways)} ways. Say which: {choices}.")


def find_results(config: RunConfig, source: str, output: str, settings: TranslateConfig) -> list[Task]:
    """The tasks of a translation (`tfgan.data.finding.files.find_tasks`), once their results harm neither what is read nor a run.

    Raises:
        UserError: no images; results that would take the place of what is read, or of what belongs to a run.
        OutputError: nothing can be written to `output`.
    """
    data, style = config.data, [Path(settings.style)] * bool(settings.style)
    folders = [Path(folder) for folder in (data.data_dir, data.attributes_file, *data.extra_data_dirs) if folder]
    target = _target(config, settings.to)
    parts = [part.name for part in _source(config, target).parts]
    stacked = bool(parts) and all((Path(source) / part).is_dir() for part in parts)
    find = functools.partial(find_stacked_tasks, source, parts) if stacked else functools.partial(find_tasks, source)
    tasks = find(
        output,
        settings.format,
        {"--style": style, "the run's data": folders} if settings.overwrite else {},
        ending_of=lambda ending: result_ending(target, ending),
    )
    tasks = _without_targets(config, source, tasks, target)
    if _source(config, target).instances:
        if not settings.instances:
            raise UserError("The run was trained with instance maps: say where those of these label maps are, by --instances=FOLDER.")
        tasks = with_instance_maps(tasks, source, settings.instances)
    if settings.axis and not any(is_volume(task.source) for task in tasks):
        raise UserError(f"--axis does nothing for {source}, where no volume (NIfTI) is: leave it out.")
    _judge_clips([task.source for task in tasks if is_video(task.source)], _source(config, target))
    for wanted in sorted({task.frames or ending(task.result) for task in tasks}):
        if reason := why_unfit(wanted, target):
            raise UserError(f"{as_flag('format', settings.format) if settings.format else output}: {reason}.")
    results = [task.result / f"frame.{task.frames}" if task.frames else task.result for task in tasks]
    for result in {result.parent: result for result in results}.values():
        refuse_part_of_run(result)
    return tasks


def _without_targets(config: RunConfig, source: str, tasks: list[Task], target: Domain) -> list[Task]:
    """The tasks without those of files that are the targets of pairs, where the folder `source` holds both files of pairs; says so."""
    names = config.data.domains or ("A", "B")
    if not BATCH_KINDS[config.spec.kind].translates or target.name not in names or not Path(source).is_dir():
        return tasks
    beside = find_beside(Path(source), config.data.pair_names)
    if not beside or not beside.sure:
        return tasks
    targets = {beside.listed[pair[names.index(target.name)]] for pair in beside.within.pairs}
    kept = [task for task in tasks if task.source not in targets]
    if len(kept) < len(tasks):
        say_once(f"{source}: {len(tasks) - len(kept)} files are targets of pairs, by {beside.flag}, and are not translated.")
    return kept


def _judge_clips(clips: list[Path], source: Domain):
    """Raises `UserError` for videos whose frames are not of the source's kind, whatever they show."""
    if not clips:
        return
    if source.is_map:
        raise UserError(f"{clips[0]} is a video, in which the exact values of label maps, such as {source.name}, are lost: give PNG files.")
    if source.bands:
        raise UserError(f"{clips[0]} is a video, of colors of 8 bits, and {source.name} has {source.values}.")


def _source(config: RunConfig, target: Domain) -> Domain:
    """The domain of what is translated to `target`."""
    return next((domain for domain in config.spec.domains.values() if domain is not target), target)


def _target(config: RunConfig, to: str) -> Domain:
    """The domain of a translation's results: the one that is named, else the target of training."""
    domains = config.spec.domains
    named = [domain for domain in domains.values() if domain.name == to]
    translates = BATCH_KINDS[config.spec.kind].translates
    return named[0] if named else domains[translates[1] if translates else next(iter(domains))]


def judge_sample(folder: str, output: Path, settings: SampleConfig) -> Inputs:
    """The images that samples are made from, which must stay.

    Raises:
        UserError: samples that cannot be: no such run, checkpoint, classes or images, a run that translates, or an output that would
            replace what is there.
        OutputError: an output that cannot be written.
    """
    _judge_sample_output(output, settings)
    config = judge_run(folder, settings.checkpoint)
    if config.spec.kind not in FROM_NOISE:
        raise UserError(f"{folder} ({config.method}) translates images and cannot make them from noise: use `tfgan translate`.")
    hold(settings, facts_of(config), folder)
    names = config.spec.class_names
    for name in settings.classes:
        if name not in names:
            raise UserError(f"--classes: the run has no class {name!r}.{did_you_mean(name, names)} There are: {', '.join(names)}.")
    inputs = read_by_samples(settings)
    if not os.path.isdir(output):
        inputs.refuse(output)
    for file in beside_sheet(output, settings):
        if is_there(file) and not settings.overwrite:
            raise UserError(f"{file} exists: use --overwrite, or another name for {output}.")
        inputs.refuse(file)
        check_file(file)
    _judge_features(settings)
    return inputs


def beside_sheet(output: Path, settings: SampleConfig) -> list[Path]:
    """The files that are written beside the sheet `output`: the point of each projected image, or the directions.

    Raises:
        UserError: the points of two images would be written to one file.
    """
    if settings.sheet == "directions":
        return [output.with_suffix(".npz")]
    if settings.sheet != "projection":
        return []
    _, names = find_images(settings.images)
    files = [output.with_name(f"{output.stem}_latents") / name.with_suffix(".npy") for name in names[: settings.rows]]
    for file in (file for file, count in collections.Counter(files).items() if count > 1):
        raise UserError(f"Several of --images would be written to {file}: rename them, or select some with a pattern.")
    return files


def _judge_features(settings: SampleConfig):
    files = {"features": settings.features if settings.features != "inception" else "", "inception_weights": settings.inception_weights}
    for name, file in files.items():
        path = Path(file).expanduser()
        if file and not path.exists():
            raise UserError(f"--{name}={file} is missing.{did_you_mean_path(path)}")


def read_by_samples(settings: SampleConfig) -> Inputs:
    """The images that samples are made from. Raises `UserError` if there are none where some are named."""
    sources = {"--images": settings.images, "--having": settings.having, "--lacking": settings.lacking}
    found = {flag: find_images(source) for flag, source in sources.items() if source}
    return Inputs({f"one of {flag}": [root / name for name in names] for flag, (root, names) in found.items()})


def _judge_sample_output(output: Path, settings: SampleConfig):
    if is_video(output) and not os.path.isdir(output):
        raise UserError(f"{output} would be a video, and samples are images: name a picture, {output.with_suffix('.png')}, or a folder.")
    picture = settings.sheet or (is_picture(output) and not os.path.isdir(output))
    if settings.sheet and not is_picture(output):
        raise UserError(f"--sheet makes one picture: name it, for example {output}.png")
    if unread := UNREAD.get(ending(output)):
        raise UserError(f"{unread.name} files ({output}) are not written: name a picture, {output.with_suffix('.png')}, or a folder.")
    if picture and is_there(output) and not settings.overwrite:
        raise UserError(f"{output} exists: use --overwrite, or another name.")
    if not picture and os.path.isfile(output):
        raise UserError(f"{output} is a file, but a folder is needed. For one picture of many images, use a name that ends in .png.")
    if picture:
        check_file(output)
    else:
        check_folder(output)
    refuse_part_of_run(output if picture else output / "file")


def refuse_instances(config: RunConfig, folder: str, verb: str):
    """Raises `UserError` for a run that was trained with instance maps, for a verb whose inputs are one image each."""
    if any(domain.instances for domain in config.spec.domains.values()):
        raise UserError(
            f"{folder} was trained with instance maps, and {verb} takes one image at a time: use `tfgan translate --instances=FOLDER`, or "
            "an export, whose label maps hold both."
        )


def judge_export(folder: str, settings: ExportConfig) -> tuple[Path, list[str]]:
    """The folder that the run's export goes to, and the files of an earlier export there, which it replaces.

    Raises:
        UserError: no such run or checkpoint; a folder that is there already and is not to be replaced, or holds what is no part of an
            export.
        OutputError: the folder cannot be made.
    """
    hold(settings, facts_of(judge_run(folder, settings.checkpoint)), folder)
    refuse_without_extras(settings.format)
    output = Path(settings.output or Path(folder).expanduser() / "export")
    check_encoding(output, "--output=")
    if os.path.isdir(output):  # through a link, which stays
        output = output.resolve()
    refuse_part_of_run(output, "--output=")
    check_place(output)
    if not is_there(output):
        return output, []
    files = files_of_export(output)
    if not settings.overwrite:
        raise UserError(f"{output} exists. Use --overwrite to replace it, or --output=FOLDER.")
    return output, files


def refuse_without_extras(formats: tuple[str, ...]):
    """Raises `UserError` for a format of an export whose libraries are not installed."""
    for name, modules in (("litert", ["ai_edge_litert"]), ("onnx", ["tf2onnx", "onnx", "onnxruntime"])):
        if name in formats:
            require(f"--format={name}", modules, name)


def _judge_image(flag: str, file: str):
    try:
        images.probe(Path(file).expanduser())
    except ReadFailed as error:
        raise UserError(f"--{flag}={file}: {error.reason}") from None
    except UnreadableImage as error:
        raise UserError(f"--{flag}={file}: {error}") from None
