"""Images of the user's through a trained run."""

import logging
from typing import NamedTuple

from tfgan.config.verbs import TranslateConfig
from tfgan.data.files import find_tasks
from tfgan.inference import open_inference
from tfgan.inference.files import DONE, EXISTS, translate_files
from tfgan.runs.conditions import choose_translator, make_conditions
from tfgan.runs.opening import open_run
from tfgan.terminal import Waiting

logger = logging.getLogger(__name__)


class Written(NamedTuple):
    """The numbers of files that became a result, had one already, or failed."""

    done: int
    existing: int  # were there already, and stay
    failed: int


def translate(folder: str, source: str, output: str, settings: TranslateConfig) -> Written:
    """Puts an image, a folder or a pattern of them through the run in `folder`; what fails is told on the terminal.

    Args:
        source, output: see `tfgan.data.files.find_tasks`.

    Raises:
        UserError: no such run, checkpoint or images; conditions that the run does not know.
    """
    tasks = find_tasks(source, output, settings.format)
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    translator = choose_translator(signatures, settings.to)
    conditions = make_conditions(run, signatures, translator, settings.set, settings.style, settings.seed)
    logger.info(f"{translator.describe()}, {run.folder} at step {run.step}, {len(tasks)} image(s)")
    alpha = run.config.data.alpha
    outcomes = translate_files(translator, tasks, conditions, alpha=alpha, overwrite=settings.overwrite, tile=settings.tile)
    counts = dict.fromkeys(Written._fields, 0)
    kinds = {DONE: "done", EXISTS: "existing"}
    with Waiting("Translating", len(tasks)) as shown:
        for task, outcome in outcomes:
            counts[kinds.get(outcome, "failed")] += 1
            if outcome not in kinds:
                shown.say(f"{task.source}: {outcome}")
            shown.advance()
    return Written(**counts)
