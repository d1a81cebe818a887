"""Sweeps from Python."""

from __future__ import annotations  # types of modules that are imported when they are needed

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgan.api.run import Run, load
from tfgan.api.training import asked
from tfgan.config import as_text
from tfgan.config.verbs import SweepConfig
from tfgan.errors import UserError
from tfgan.messages import show_messages
from tfgan.runs.sweeping.plan import plan_sweep

if TYPE_CHECKING:
    from tfgan.methods.base import Method
    from tfgan.runs.sweeping.summary import Row, Swept


def sweep(
    method: str | type[Method] = "",
    *,
    search: Mapping[str, str | Sequence],
    recipe: str = "",
    data: Any = None,
    trials: int = SweepConfig.trials,
    pruner: str = SweepConfig.pruner,
    **settings: Any,
) -> Sweep:
    """Trains many trials of one recipe with other values of some settings, or goes on with the sweep in `workdir`, as `tfgan sweep` does.

    Args:
        method: as of `train`; recipe and data too.
        search: name of a setting -> the values that it may have: a list, "32|64" for choices, "0:0.5" for a range, or "log:1e-5:1e-3" for
            one that is even in its logarithm.
        trials: how many there are in all, of all processes together.
        pruner: "median", "hyperband", or "none": what ends trials early.
        settings: as of `train`; `validate_every` and `best_metric` are needed, and `workdir` is the folder of the sweep.

    Returns:
        The sweep, even if a signal such as Ctrl-C stopped it.

    Raises:
        UserError: Optuna is missing; settings that cannot be searched, values that do not fit, data that cannot be used, or a folder with a
            sweep of something else.
        TrainingFailed: a full disk, or images that cannot be read any more; the same call goes on.
    """
    show_messages()
    words = [f"{name}={values if isinstance(values, str) else '|'.join(map(as_text, values))}" for name, values in search.items()]
    config = SweepConfig(tuple(words), trials, pruner)
    plan = plan_sweep(*asked(method, recipe, data, settings, "sweeps"), config)
    from tfgan.runs.sweeping.sweep import sweep as run_sweep

    return Sweep(run_sweep(plan))


class Sweep:
    """A sweep, as `tfgan.sweep` returns it.

    Attributes:
        folder: of the sweep, a `pathlib.Path`: a run for each trial, report.html, and best.flags.
        metric: by which trials are compared.
        trials: all of them, by number; each has `number`, `state` (done, pruned, failed or running), `value`, `epoch`, `values` of the
            settings that are searched, as texts, `why` it failed, and `seconds`.
        best: the best one that is done; None if there is none.
    """

    def __init__(self, swept: Swept):
        self._swept = swept
        self.folder: Path = swept.folder
        self.metric: str = swept.metric
        self.trials: list[Row] = swept.rows
        self.best: Row | None = swept.best

    def __repr__(self) -> str:
        from tfgan.runs.sweeping.summary import describe

        return describe(self._swept, 100)

    def load(self, number: int | None = None, checkpoint: str | int = "best") -> Run:
        """Opens the run of a trial, by default of the best one at its best checkpoint, see `tfgan.load`."""
        if number is None:
            if self.best is None:
                raise UserError(f"{self.folder}: no trial is done, so that none is the best.")
            number = self.best.number
        return load(self.folder / f"trial_{number}", checkpoint)
