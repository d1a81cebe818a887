"""The books of a sweep, in its folder: its settings in sweep.json, and its trials in a database of Optuna's, which all workers share.

Which trials are being trained is told by the locks of their runs, which end with their processes: a trial that Optuna calls running and
whose run nobody has locked was interrupted, and goes on under its own number. Optuna's own way, a heartbeat in the database, would leave it
for minutes, and give it another number.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.exceptions import OptunaError
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from tfgan.config.stored import Damaged
from tfgan.errors import UserError, first_line
from tfgan.runs.planning.lock import Taken, held
from tfgan.runs.sweeping.drawing import Direction, distributions, draw
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.search import Dimension
from tfgan.training.callbacks import Callback

DATABASE, TURN = "sweep.db", ".turn"
NAME = "sweep"  # of the study in the database
PATIENCE = 600.0  # seconds for another worker's turn, or for its write to the database


class Claim(NamedTuple):
    """A trial that this process alone trains, and the lock of its run, which is a callback of the training."""

    trial: Trial
    lock: Callback


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """A context in which this process is the only one of those that work on the sweep; it ends with the process in any case.

    Raises:
        UserError: another process has it, and does not end, or the folder cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(contextlib.closing(sqlite3.connect(folder / TURN, timeout=PATIENCE, isolation_level=None)))
            file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise UserError(f"{folder / TURN} cannot be locked: {error}. Use a disk that can be written, and knows locks.") from None
        yield


class Book:
    """The trials of a sweep.

    Args:
        folder: of the sweep.
        pruner: of Optuna.

    Raises:
        UserError: the database is damaged, or cannot be written.
    """

    def __init__(self, folder: Path, dimensions: list[Dimension], recipe: Recipe, direction: Direction, pruner: optuna.pruners.BasePruner):
        self.folder, self.dimensions, self.recipe, self.direction = folder, dimensions, recipe, direction
        path = folder / DATABASE

        def connect() -> sqlite3.Connection:  # no address, in which some letters of a path would mean something
            return sqlite3.connect(path, timeout=PATIENCE)

        with turn(folder):
            try:
                self.storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs={"creator": connect, "poolclass": NullPool})
                self.study = optuna.create_study(
                    study_name=NAME, storage=self.storage, direction=direction, pruner=pruner, load_if_exists=True
                )
            except (SQLAlchemyError, OptunaError, RuntimeError) as error:  # the latter for tables of another version of Optuna
                raise Damaged(path, first_line(error), "Put back a copy of it, or begin a new sweep in another --workdir.") from error

    def trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    @contextlib.contextmanager
    def next_trial(self, most: int) -> Iterator[Claim | None]:
        """A context with a trial that is to be trained by this process alone: one that was interrupted, or else a new one.

        Args:
            most: number of trials in all.

        Yields:
            None where there are as many trials, or no other values are left.
        """
        with contextlib.ExitStack() as locks:
            with turn(self.folder):
                claim = self._interrupted(locks) or self._new(locks, most)
            yield claim

    def _interrupted(self, locks: contextlib.ExitStack) -> Claim | None:
        study_id = self.storage.get_study_id_from_name(NAME)
        for frozen in self.trials():
            if frozen.state == TrialState.RUNNING:
                with contextlib.suppress(Taken):
                    lock = locks.enter_context(held(str(self.run(frozen.number))))
                    trial = Trial(self.study, self.storage.get_trial_id_from_study_id_trial_number(study_id, frozen.number))
                    return Claim(self._named(trial), lock)
        return None

    def _new(self, locks: contextlib.ExitStack, most: int) -> Claim | None:
        trials = self.trials()
        waiting = [trial for trial in trials if trial.state == TrialState.WAITING]  # as a kill may leave it
        if not waiting:
            values = draw(trials, self.dimensions, self.recipe, self.direction) if len(trials) < most else None
            if values is None:
                return None
            self.study.enqueue_trial(values)
        trial = self.study.ask()
        return Claim(self._named(trial), locks.enter_context(held(str(self.run(trial.number)))))

    def _named(self, trial: Trial) -> Trial:
        """The trial with the values that were drawn for it, which the database has from now on."""
        for name, wanted in distributions(self.dimensions).items():
            if isinstance(wanted, optuna.distributions.CategoricalDistribution):
                trial.suggest_categorical(name, wanted.choices)
            elif isinstance(wanted, optuna.distributions.IntDistribution):
                trial.suggest_int(name, wanted.low, wanted.high, log=wanted.log)
            else:
                assert isinstance(wanted, optuna.distributions.FloatDistribution)
                trial.suggest_float(name, wanted.low, wanted.high, log=wanted.log)
        return trial

    def run(self, number: int) -> Path:
        """The folder of a trial's run."""
        return self.folder / f"trial_{number}"

    def note(self, trial: Trial, state: TrialState, value: float | None = None, **attributes: Any):
        """Writes how a trial ended."""
        for name, said in attributes.items():
            trial.set_user_attr(name, said)
        self.study.tell(trial, value, state)
