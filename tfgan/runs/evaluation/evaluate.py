"""Evaluations: what is wrong with them is said before TensorFlow is started, which takes seconds; then they are measured."""

from pathlib import Path

from tfgan.config.unused import hold
from tfgan.config.verbs import EvaluateConfig
from tfgan.data import is_stored, open_sources
from tfgan.data.finding.compared import files_to_compare
from tfgan.data.finding.sequences import clips_to_compare
from tfgan.errors import UserError, did_you_mean, did_you_mean_path
from tfgan.evaluation.catalog import FROM_FEATURES, METRICS, require_tool
from tfgan.paths.files import check_folder
from tfgan.runs.judging import facts_of, judge_run, judge_uncertainty
from tfgan.runs.start import start_tensorflow

TOOLS = ("segmenter", "classifier", "perceptual", "features", "uncertainty")


def evaluate(folders: list[str], settings: EvaluateConfig, elsewhere: bool = False) -> list[dict]:
    """Measures runs, adds each result to its run's evaluation.json, and returns them.

    Args:
        elsewhere: whether the caller keeps the results too: then a run that cannot be written to, as others' on a shared disk, is told.

    Raises:
        UserError: no such run or checkpoint; a metric that cannot be measured; an option that does nothing; files or data that cannot be
            used.
        OutputError: a run cannot be written to; what was measured of it has been told.
    """
    _judge_runs(folders, settings, elsewhere)
    start_tensorflow()
    from tfgan.runs.evaluation.measuring import measure_runs

    return measure_runs(folders, settings, elsewhere)


def evaluate_folders(real: str, fake: str, settings: EvaluateConfig) -> dict:
    """Measures the images of the folder `fake` beside those of `real`, both perhaps patterns, pair by pair too if their names form pairs.

    Raises:
        UserError: no images, or damaged ones; a metric that cannot be measured; an option that does nothing.
    """
    settings.check_folders(real, fake)
    hold(settings, needed_tools(settings) | {"run": False, "label maps": False, "labels": False}, "two folders")
    if not clips_to_compare(real, fake, settings.count, settings.pair_names, "flicker" in settings.metrics):
        files_to_compare(real, fake, settings.count, settings.pair_names)
    _judge_weights(settings)
    start_tensorflow()
    from tfgan.runs.evaluation.measuring import measure_folders

    return measure_folders(real, fake, settings)


def needed_tools(settings: EvaluateConfig) -> dict[str, bool]:
    """Tool -> whether one of the metrics that are asked for needs it.

    Raises:
        UserError: a metric that does not exist, or one of sets of images, or of paths, without its network. Whether others fit is seen
            with the images.
    """
    for name in settings.metrics:
        if name not in METRICS:
            raise UserError(f"--metrics: {name!r} is unknown.{did_you_mean(name, METRICS)} There are: {', '.join(METRICS)}.")
        if METRICS[name].group in ("distribution", "path"):
            require_tool(name, settings)
    needed = {METRICS[name].tool for name in settings.metrics}
    if needed & set(FROM_FEATURES):
        needed |= {"features"} | ({"segmenter", "classifier"} if settings.features == "own" else set())  # by whose networks own ones see
    needed |= {settings.uncertainty} & {"segmenter"}
    return {tool: tool in needed for tool in TOOLS}


def _judge_runs(folders: list[str], settings: EvaluateConfig, elsewhere: bool):
    """Raises `UserError` for an evaluation of runs that cannot be: no such metric, weights, run or checkpoint, or data that are gone;
    `OutputError` for a run to which no result can be added, unless results are kept `elsewhere` too."""
    tools = needed_tools(settings)
    configs = [judge_run(folder, settings.checkpoint) for folder in folders]
    for folder, config in zip(folders, configs):
        hold(settings, tools | facts_of(config), folder)
        if settings.uncertainty:
            judge_uncertainty(config, Path(folder).expanduser(), settings.uncertainty)
    for folder in [] if elsewhere else folders:
        check_folder(Path(folder).expanduser())  # where the result goes
    _judge_weights(settings)
    for config in configs:
        data = config.data.moved(settings.data_dir)
        if not is_stored(data):
            open_sources(data, config.spec.kind, config.spec.image_size)


def _judge_weights(settings: EvaluateConfig):
    files = {name: getattr(settings, name) for name in ("inception_weights", "lpips_weights", "vgg_weights", "segmenter", "classifier")}
    files["features"] = settings.features if settings.features not in ("inception", "own") else ""
    for name, file in files.items():
        path = Path(file).expanduser()
        if file not in ("", "imagenet") and not path.exists():
            raise UserError(f"--{name}={file} is missing.{did_you_mean_path(path)}")
