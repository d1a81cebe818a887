"""Images of the user's through a trained run."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfgan.config.verbs import TranslateConfig
from tfgan.data.finding.files import Task, beside_results
from tfgan.data.label_maps.results import is_coded, snap
from tfgan.data.reading.formats import is_video
from tfgan.errors import UserError
from tfgan.inference import Signatures, Translator, open_inference
from tfgan.inference.arrays import Given, Pixels, Results, as_images, give_instances
from tfgan.inference.files import DONE, FAILED, OTHER, Outcome, translate_files
from tfgan.inference.origin import Origin, digest
from tfgan.inference.passage import Passage
from tfgan.runs.judging import UNCERTAINTY
from tfgan.runs.opening import Run, open_run
from tfgan.runs.results.conditions import choose_translator, make_conditions
from tfgan.runs.results.maps import describe_maps, make_maps, needed_by
from tfgan.runs.results.scale import choose_passage
from tfgan.runs.results.written import Written, origin_of
from tfgan.terminal import Waiting

logger = logging.getLogger(__name__)


def translate(folder: str, tasks: list[Task], settings: TranslateConfig) -> Written:
    """Puts images through the run in `folder`; what fails is told on the terminal.

    Args:
        tasks: what `tfgan.runs.judging.judge_translation` gives.

    Raises:
        UserError: no such run or checkpoint; conditions that the run does not know; several ways of which none is named.
        OutputError: nothing can be written where the results belong.
    """
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    translator = choose_translator(signatures, settings.to)
    conditions = make_conditions(run, signatures, translator, settings)
    passage = choose_passage(run, translator, settings)
    logger.info(f"{translator.describe()}, {run.folder} at step {run.step}, {_counted(tasks)}. {passage.describe()}")
    maker = make_maps(run, translator, settings)
    if maker:
        logger.info(describe_maps(run, maker, settings))
    origin = origin_of_translation(origin_of(run), translator, passage, settings)
    found = _put_through("Translating", run, translator, tasks, conditions, passage, origin, settings)
    if maker:
        origin |= {"uncertainty": settings.uncertainty, "sample count": settings.uncertainty_samples, "seed": settings.seed}
        maps = beside_results(tasks, UNCERTAINTY)
        made = _put_through("Making maps of uncertainty", run, maker, maps, needed_by(maker, conditions), passage, origin, settings)
        logger.info(f"Maps of uncertainty: {Written.of(made).describe('the same place')}")
        found += [outcome for outcome in made if outcome.kind in (OTHER, FAILED)]
    return Written.of(found)


def _put_through(
    what: str,
    run: Run,
    translator: Translator,
    tasks: list[Task],
    conditions: Callable,
    passage: Passage,
    origin: Origin,
    settings: TranslateConfig,
) -> list[Outcome]:
    """Does the tasks by a translator, tells what fails, and, once, which results were made at another scale than that of training."""
    found, unlike = [], 0
    with Waiting(what, len(tasks)) as shown:
        outcomes = translate_files(
            translator,
            tasks,
            conditions,
            alpha=run.config.data.alpha,
            overwrite=settings.overwrite,
            passage=passage,
            origin=origin,
            axis=settings.axis,
            say=shown.say,
        )
        for task, outcome in outcomes:
            found.append(outcome)
            if outcome.kind == FAILED:
                shown.say(f"{task.source}: {outcome.text}")
            elif outcome.kind == DONE and outcome.text:
                unlike += 1
                if unlike == 1:
                    shown.say(f"{task.source} {outcome.text}.")
            shown.advance()
    if unlike > 1:
        logger.warning(f"{unlike} of {Written.of(found).done} files were translated at another scale than that of training.")
    return found


def _counted(tasks: list[Task]) -> str:
    videos = sum(is_video(task.source) for task in tasks)
    counts = {"image": len(tasks) - videos, "video": videos}
    return " and ".join(f"{count:,} {name}{'s' * (count != 1)}" for name, count in counts.items() if count)


def translate_images(
    run: Run, signatures: Signatures, given: Pixels, settings: TranslateConfig, floats: bool, instances: Pixels | None = None
) -> Results:
    """Puts the images of a program through a run, and returns them in the form in which they were given.

    Args:
        given: see `tfgan.inference.arrays.as_images`.
        instances: see `tfgan.inference.arrays.give_instances`; None: there are none.
        floats: the results in float32, [-1, 1].

    Raises:
        UserError: images or conditions that the run does not know; several ways of which none is named.
    """
    translator = choose_translator(signatures, settings.to)
    conditions = make_conditions(run, signatures, translator, settings)
    passage = choose_passage(run, translator, settings)
    taken = _taken(run, given, translator, floats, instances)
    for note in dict.fromkeys(passage.unlike_training(image.shape[:2]) for image in taken.images):
        if note:
            logger.warning(f"An image {note}.")
    results = [passage.translate(translator, image, conditions, floats=floats) for image in taken.images]
    if is_coded(translator.target) and not (floats or translator.gives_maps):
        results = [snap(result, translator.target) for result in results]
    return taken.back(results, translator.target)


def _taken(run: Run, given: Pixels, translator: Translator, floats: bool, instances: Pixels | None) -> Given:
    """The images of a program, with their instances; raises `UserError` for those that the run needs and does not get, or the reverse."""
    taken = as_images(given, translator.source, run.config.data.alpha, floats)
    if (instances is not None) != bool(translator.source.instances):
        needs = "was trained with instance maps: give them as instances=" if instances is None else "takes none: leave instances= out"
        raise UserError(f"{run.folder} {needs}.")
    return taken if instances is None else give_instances(taken, instances, translator.source)


def map_images(
    run: Run, signatures: Signatures, given: Pixels, settings: TranslateConfig, instances: Pixels | None = None
) -> np.ndarray | list[np.ndarray]:
    """Maps of uncertainty of the images of a program, float32: H×W of one, N×H×W of an array of N, a list of maps of a list.

    Raises:
        UserError: as of `translate_images`.
    """
    translator = choose_translator(signatures, settings.to)
    conditions = make_conditions(run, signatures, translator, settings)
    maker = make_maps(run, translator, settings)
    assert maker is not None  # as the settings name a kind
    taken = _taken(run, given, translator, False, instances)
    passage = choose_passage(run, translator, settings)
    maps = [passage.translate(maker, image, needed_by(maker, conditions))[..., 0] for image in taken.images]
    if not taken.batched:
        return maps[0]
    return maps if taken.pictures else np.stack(maps)


def origin_of_translation(run: Origin, translator: Translator, passage: Passage, settings: TranslateConfig) -> Origin:
    """What the results of a command depend on, but for their inputs; `run` is what they state of the run, see `origin_of`."""
    origin = run | {"way": translator.describe(), "size": passage.size}
    if not passage.squeezes:
        origin["tile"] = passage.tile
    origin |= {name: value for name in ("set", "axis") if (value := getattr(settings, name))}
    if settings.style:
        style = Path(settings.style)
        origin["style"] = f"{style.name} {digest(style)}"
    elif "latent" in translator.lengths:
        origin["seed"] = settings.seed
    return origin
