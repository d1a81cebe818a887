"""A sweep: trials of one recipe, one after the other in this process, and beside those of other processes in the same folder."""

import dataclasses
import logging
from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState

from tfgan.config import as_text
from tfgan.data.dataset import Dataset
from tfgan.errors import Diverged, OutputError, ReadFailed, UserError, first_line
from tfgan.evaluation.catalog import METRICS
from tfgan.faults import NO_MEMORY, is_out_of_memory
from tfgan.paths.files import make_folder
from tfgan.runs.planning.plan import make_plan
from tfgan.runs.start import start_tensorflow
from tfgan.runs.sweeping import record
from tfgan.runs.sweeping.book import DATABASE, Book, Claim, turn
from tfgan.runs.sweeping.plan import SweepPlan
from tfgan.runs.sweeping.pruners import longest, make_pruner, tell_idle
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.search import Dimension
from tfgan.runs.sweeping.summary import Swept, best_of, make_row, shown, trains_again, write_best, write_summary
from tfgan.terminal import duration

logger = logging.getLogger(__name__)


def sweep(plan: SweepPlan) -> Swept:
    """Trains trials until there are as many as the settings say, and writes best.flags and the report.

    Raises:
        UserError: data that cannot be used, or a folder that is not this sweep's.
        TrainingFailed: a full disk, or images that cannot be read any more; the same command goes on.
    """
    recipe, dimensions, most, name = plan
    folder, metric, every = Path(recipe.training.workdir), recipe.training.best_metric, recipe.training.validate_every
    higher = METRICS[metric].higher
    dataset = _begin(recipe, dimensions, name)
    images, epochs = record.images_of(dataset), longest(recipe, dimensions, dataset.spec.sizes["train"])
    tell_idle(name, epochs, every, most)
    book = Book(folder, dimensions, recipe, "maximize" if higher else "minimize", make_pruner(name, epochs, every))
    logger.info(f"What each trial says is in {folder}/trial_N.log.")
    stopped_by = 0
    while not stopped_by:
        with book.next_trial(most) as claim:
            if claim is None:
                break
            stopped_by = _try(book, claim, images)
        if not stopped_by:
            _tell(book, claim.trial.number, most, metric, higher)
    return _end(book, metric, higher, stopped_by)


def _begin(recipe: Recipe, dimensions: list[Dimension], pruner: str) -> Dataset:
    """Opens the data as a trial will, and begins the sweep's folder, or finds it to be this sweep's."""
    folder = Path(recipe.training.workdir)
    plan = make_plan(recipe.method, recipe.data, _training(recipe, "trial"), recipe.hparams)
    start_tensorflow()
    from tfgan.runs.sweeping.trial import judge_metric

    if not record.is_sweep(folder):
        judge_metric(plan)
    try:
        make_folder(folder)
    except OSError as error:
        raise UserError(f"--workdir={folder} cannot be written: {error.strerror}. Choose another place.") from None
    with turn(folder):
        record.hold(recipe, tuple(map(str, dimensions)), pruner, plan.dataset)
    return plan.dataset


def _training(recipe: Recipe, name: str):
    """The settings of a training in a folder of the sweep's."""
    return dataclasses.replace(recipe.training, workdir=str(Path(recipe.training.workdir) / name))


def _try(book: Book, claim: Claim, images: dict[str, str]) -> int:
    """Trains a trial and notes how it ended. Returns the number of the signal that stopped it, or 0."""
    from tfgan.runs.sweeping.trial import End, train_trial

    number = claim.trial.number
    try:
        varied = book.recipe.varied({name: as_text(value) for name, value in claim.trial.params.items()})
        varied = varied._replace(training=_training(varied, book.run(number).name))
        end = train_trial(varied, claim, images, book.folder / f"trial_{number}.log")
    except Diverged as error:  # whose further sentences are for one run alone
        end = End(TrialState.FAIL, why=first_line(error).partition(". ")[0])
    except (ReadFailed, record.OtherImages):
        raise
    except StorageInternalError as error:
        cause = error.__cause__  # which says more
        raise OutputError(book.folder / DATABASE, cause if isinstance(cause, Exception) else error) from error
    except UserError as error:  # where the recipe itself is refused too, as without its data, it is no matter of the trial's values
        make_plan(book.recipe.method, book.recipe.data, _training(book.recipe, "trial"), book.recipe.hparams)
        end = End(TrialState.FAIL, why=first_line(error))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        end = End(TrialState.FAIL, why=NO_MEMORY)
    if not end.stopped_by:
        book.note(claim.trial, end.state, end.value, **({"why": end.why} if end.why else {}))
    return end.stopped_by


def _tell(book: Book, number: int, most: int, metric: str, higher: bool):
    """Logs the line of a trial that has ended, and writes the flags of the best one."""
    rows = [make_row(trial, higher) for trial in book.trials()]
    row, best, ended = rows[number], best_of(rows, higher), sum(row.state != "running" for row in rows)
    what = {
        "done": f"{metric} {shown(row.value)}{' (best so far)' * (row == best)}",
        "pruned": f"pruned at epoch {row.epoch} with {metric} {shown(row.value)}",
        "failed": f"failed: {row.why}",
    }[row.state]
    values = " ".join(f"{name}={value}" for name, value in row.values.items())
    logger.info(f"trial {number} ({ended} of {most}), {duration(row.seconds or 0)}: {what}, {values}")
    if best and row == best:
        write_best(book.folder, book.recipe, best, metric, sum(row.state == "done" for row in rows))


def _end(book: Book, metric: str, higher: bool, stopped_by: int) -> Swept:
    rows, again = [make_row(trial, higher) for trial in book.trials()], trains_again(book.folder, book.recipe)
    if best := best_of(rows, higher):
        write_best(book.folder, book.recipe, best, metric, sum(row.state == "done" for row in rows))
    try:
        write_summary(book.folder, rows, metric, higher, again)
    except UserError as error:  # what was trained is there
        logger.warning(f"Warning: {error}")
    return Swept(book.folder, metric, higher, rows, stopped_by, again)
