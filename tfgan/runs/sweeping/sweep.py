"""A sweep: trials of one recipe, one after the other in this process, and beside those of other processes in the same folder."""

import dataclasses
import logging
from pathlib import Path

import optuna
from optuna.trial import TrialState

from tfgan.config import as_text
from tfgan.errors import Diverged, ReadFailed, UserError, first_line
from tfgan.evaluation.catalog import METRICS
from tfgan.faults import NO_MEMORY, is_out_of_memory
from tfgan.paths.files import make_folder
from tfgan.runs.planning.plan import make_plan
from tfgan.runs.start import start_tensorflow
from tfgan.runs.sweeping import record
from tfgan.runs.sweeping.book import Book, Claim, turn
from tfgan.runs.sweeping.plan import SweepPlan
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.search import Dimension
from tfgan.runs.sweeping.summary import Swept, best_of, make_row, shown, write_best, write_summary
from tfgan.terminal import duration

logger = logging.getLogger(__name__)

WARM_UP = 4  # a median says little before a quarter of the epochs: the first validations of a GAN are noise
REDUCTION = 3  # of Hyperband (Li et al. 2018): a third of the trials goes on at each rung


def sweep(plan: SweepPlan) -> Swept:
    """Trains trials until there are as many as the settings say, and writes best.flags and the report.

    Raises:
        UserError: data that cannot be used, or a folder that is not this sweep's.
        TrainingFailed: a full disk, or images that cannot be read any more; the same command goes on.
    """
    recipe, dimensions, most, pruner = plan
    folder, metric = Path(recipe.training.workdir), recipe.training.best_metric
    higher = METRICS[metric].higher
    images = _begin(recipe, dimensions, pruner)
    book = Book(folder, dimensions, recipe, "maximize" if higher else "minimize", _pruner(recipe, pruner))
    start_tensorflow()
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


def _begin(recipe: Recipe, dimensions: list[Dimension], pruner: str) -> dict[str, str]:
    """Reads the data as a trial will, and begins the sweep's folder, or finds it to be this sweep's. Returns hashes of the images."""
    folder = Path(recipe.training.workdir)
    plan = make_plan(recipe.method, recipe.data, _training(recipe, "trial"), recipe.hparams)
    try:
        make_folder(folder)
    except OSError as error:
        raise UserError(f"--workdir={folder} cannot be written: {error.strerror}. Choose another place.") from None
    with turn(folder):
        record.hold(recipe, tuple(map(str, dimensions)), pruner, plan.dataset)
    return record.images_of(plan.dataset)


def _training(recipe: Recipe, name: str):
    """The settings of a training in a folder of the sweep's."""
    return dataclasses.replace(recipe.training, workdir=str(Path(recipe.training.workdir) / name))


def _pruner(recipe: Recipe, name: str) -> optuna.pruners.BasePruner:
    epochs, every = recipe.hparams.epochs, recipe.training.validate_every
    if name == "median":
        return optuna.pruners.MedianPruner(n_warmup_steps=epochs // WARM_UP)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=every, max_resource=max(epochs, every), reduction_factor=REDUCTION)
    return optuna.pruners.NopPruner()


def _try(book: Book, claim: Claim, images: dict[str, str]) -> int:
    """Trains a trial and notes how it ended. Returns the number of the signal that stopped it, or 0."""
    from tfgan.runs.sweeping.trial import End, train_trial

    number = claim.trial.number
    try:
        varied = book.recipe.varied({name: as_text(value) for name, value in claim.trial.params.items()})
        varied = varied._replace(training=_training(varied, book.run(number).name))
        end = train_trial(varied, claim, images, book.folder / f"trial_{number}.log")
    except Diverged as error:
        end = End(TrialState.FAIL, why=first_line(error))
    except (ReadFailed, record.OtherImages):
        raise
    except UserError as error:
        make_plan(book.recipe.method, book.recipe.data, _training(book.recipe, "trial"), book.recipe.hparams)  # where that is refused too,
        end = End(TrialState.FAIL, why=first_line(error))  # it is no matter of the trial's values
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
    rows = [make_row(trial, higher) for trial in book.trials()]
    if best := best_of(rows, higher):
        write_best(book.folder, book.recipe, best, metric, sum(row.state == "done" for row in rows))
    try:
        write_summary(book.folder, rows, metric, higher)
    except UserError as error:  # what was trained is there
        logger.warning(f"Warning: {error}")
    return Swept(book.folder, metric, higher, rows, stopped_by)
