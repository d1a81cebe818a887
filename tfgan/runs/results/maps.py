"""Maps of how sure a run is of its translations, and what is known of how far they tell where it errs."""

import functools
from collections.abc import Callable

from tfgan.config.stored import Damaged, Unreadable
from tfgan.config.verbs import EvaluateConfig, TranslateConfig
from tfgan.evaluation.entries import read_entries
from tfgan.evaluation.results import FILE
from tfgan.inference import Translator
from tfgan.runs.evaluation.metric_networks import Evaluators
from tfgan.runs.opening import Run
from tfgan.runs.uncertainty import Reader, uncertainty_of

WORDS = {
    "dropout": "the standard deviation over {samples} masks of dropout",
    "styles": "the standard deviation over {samples} random styles",
    "checkpoints": "the standard deviation over the checkpoints that the run keeps",
    "cycle": "what is lost on the way there and back",
    "segmenter": "1 less the probability that a segmenter gives the class of the label map",
}


def make_maps(run: Run, translator: Translator, settings: TranslateConfig) -> Translator | None:
    """The translator to the maps that `--uncertainty` asks for; None if it asks for none."""
    if not settings.uncertainty:
        return None
    reader = functools.partial(_reader, run, settings.segmenter)
    return uncertainty_of(run, translator, settings.uncertainty, settings.uncertainty_samples, settings.seed, reader)


def _reader(run: Run, segmenter: str) -> Reader:
    settings = EvaluateConfig(features="", segmenter=segmenter, uncertainty="segmenter")
    return Evaluators(run.folder, run.config, settings, None).reader()


def needed_by(maker: Translator, conditions: Callable) -> Callable:
    """The conditions of a translation without those that its maps do not take, such as one style where maps show the spread of many."""
    return lambda image: {name: vector for name, vector in conditions(image).items() if name in maker.lengths}


def describe_maps(run: Run, maker: Translator, settings: TranslateConfig) -> str:
    """The line that says what the maps show, in which range, and how far they were found to follow the error of this checkpoint."""
    ((_, highest),) = maker.target.value_range
    what = WORDS[settings.uncertainty].format(samples=settings.uncertainty_samples)
    return f"Uncertainty: {what}, float32 from 0 to {highest:g}. {_known(run, settings)}"


def _known(run: Run, settings: TranslateConfig) -> str:
    if run.config.spec.kind not in ("paired", "semantic"):
        return "Without pairs it cannot be measured how far this tells where the run errs."
    wanted = {"uncertainty": settings.uncertainty, "samples": settings.uncertainty_samples}
    try:
        entries, _ = read_entries(run.folder / FILE)
    except (Damaged, Unreadable):
        entries = []
    for entry in reversed(entries):
        figure = entry["metrics"].get("uncertainty_pixels", {})
        if entry.get("step") == run.step and entry["stamp"].get("uncertainty") == wanted and figure.get("value") is not None:
            of = f"{figure['value']:.2f}"
            if figure.get("low") is not None:
                of += f" ({figure['low']:.2f} to {figure['high']:.2f})"
            return f"On the validation images its rank correlation with the error is {of}, from pixel to pixel."
    return (
        "How far this tells where the run errs was not measured at this step: "
        f"tfgan evaluate {run.folder} --uncertainty={settings.uncertainty} does it."
    )
