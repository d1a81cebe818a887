"""One trial: a training of its own folder, that ends early where the pruner sees no use in it."""

import contextlib
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
from optuna.trial import Trial, TrialState

from tfgan.inference import open_inference
from tfgan.methods import method_class
from tfgan.runs.planning.plan import Plan, make_plan
from tfgan.runs.sweeping.book import Claim
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.record import refuse_other_images
from tfgan.runs.training.assembly import choose_machine
from tfgan.runs.training.train import train
from tfgan.runs.training.validation import Validation
from tfgan.training.callbacks import Callback
from tfgan.training.kept import best_record
from tfgan.training.strategy import build_method


class End(NamedTuple):
    """How a trial ended; it has not where a signal stopped it."""

    state: TrialState
    value: float | None = None  # of a complete one
    why: str = ""  # of one that failed
    stopped_by: int = 0  # the number of a signal


class Pruning(Callback):
    """Tells the pruner each validation of a trial by its epoch, and ends a training that it gives up."""

    def __init__(self, trial: Trial, metric: str):
        self.trial, self.metric, self.pruned = trial, metric, False

    def on_log(self, trainer, row: dict[str, float]):
        value = row.get(f"val_{self.metric}")
        if value is not None:
            with warnings.catch_warnings():  # where a trial goes on from a checkpoint, it comes to validations that are known
                warnings.simplefilter("ignore")
                self.trial.report(value, math.ceil(row["epoch"] - 1e-6))

    def why_stop(self, trainer, step: int) -> str:
        if step < trainer.total and self.trial.should_prune():
            self.pruned = True
            return f"the pruner sees no use in it by its {self.metric}."
        return ""


def train_trial(recipe: Recipe, claim: Claim, images: dict[str, str], log: Path) -> End:
    """Trains the trial that is claimed, from the beginning or from where it was interrupted.

    Args:
        recipe: with the trial's values and its folder.
        images: hashes of those of the sweep.
        log: file for its messages, which it continues.

    Raises:
        UserError: settings or data that cannot be trained.
        TrainingFailed: a loss that is not finite, a full disk, or images that cannot be read.
    """
    pruning = Pruning(claim.trial, recipe.training.best_metric)
    try:
        with _messages(log):
            plan = make_plan(recipe.method, recipe.data, recipe.training, recipe.hparams)
            refuse_other_images(Path(recipe.training.workdir).parent, images, plan.dataset)
            stopped_by = train(plan, [claim.lock, pruning]).stopped_by
    finally:
        keras.backend.clear_session()  # of what Keras keeps of networks; hundreds of trials are trained by one process
    if stopped_by:
        return End(TrialState.RUNNING, stopped_by=stopped_by)
    if pruning.pruned:
        return End(TrialState.PRUNED)
    best = best_record(Path(recipe.training.workdir) / "checkpoints")
    if not best:
        return End(TrialState.FAIL, why=f"no validation had a finite {recipe.training.best_metric}")
    return End(TrialState.COMPLETE, best["value"])


def judge_metric(plan: Plan):
    """Raises `UserError` if the method refuses the data, or trials that are trained by the plan could not be compared by its metric."""
    cls = method_class(plan.method)
    machine = choose_machine(cls, plan.training, plan.hparams)
    try:
        method = build_method(cls, machine.training, plan.hparams, plan.dataset.spec, machine.strategy)
        Validation(method, open_inference(method), plan.dataset, plan.training)
    finally:
        keras.backend.clear_session()


@contextlib.contextmanager
def _messages(log: Path) -> Iterator[None]:
    """A context in which lines of the standard output stream go to a file; the bar, where there is one, is shown as ever."""
    with log.open("a", encoding="utf-8", errors="backslashreplace", buffering=1) as file, contextlib.redirect_stdout(file):
        yield
