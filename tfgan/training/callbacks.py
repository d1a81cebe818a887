"""What is done while a run trains, beside the steps themselves, in Keras' words."""

import math
from typing import Any

from tfgan.training.timeline import Interval


class Callback:
    """Something done while a run trains. A subclass overrides what it needs; of a cluster, the chief alone does it.

    Each hook is given the `tfgan.training.trainer.Trainer`: its `timeline` turns steps into epochs, `say` shows a line, `workdir` is the
    run's folder, `train_step.method` has the networks.

    Attributes:
        every: when `on_interval` is called. It always is after the last step.
    """

    every = Interval(0)

    def on_train_begin(self, trainer, step: int):
        """Training goes on from `step`, 0 for a new run; metrics.jsonl has the rows until then."""

    def on_interval(self, trainer, step: int) -> dict[str, float]:
        """So many steps or epochs are done, as `every` says. Returns scalars for the log."""
        return {}

    def on_samples(self, trainer, step: int, made: Any) -> dict[str, float]:
        """A sample picture was made: `tfgan.runs.pictures.Made`. Returns scalars for the log."""
        return {}

    def on_log(self, trainer, row: dict[str, float]):
        """A row was written to metrics.jsonl, with its step and epoch."""

    def why_stop(self, trainer, step: int) -> str:
        """A sentence, if there is no use in training after `step`. Asked before the first step too, of a run that goes on.

        Not asked in clusters, whose other workers would wait for a chief that has stopped.
        """
        return ""

    def on_train_end(self, trainer, step: int):
        """Training ended with `step`, or was stopped there."""


class BestCheckpoint(Callback):
    """Keeps the best checkpoint, and ends a training that finds no better one.

    Args:
        metric: it is logged as val_METRIC.
        higher: whether more is better.
        patience: validations without a better one, after which training stops; 0: never.
        every_epochs: between validations.
    """

    def __init__(self, metric: str, higher: bool, patience: int = 0, every_epochs: int = 1):
        self.metric, self.higher, self.patience, self.every_epochs = metric, higher, patience, every_epochs

    def on_log(self, trainer, row: dict[str, float]):
        value = row.get(f"val_{self.metric}")
        if value is None:
            return
        if trainer.checkpointer.save_best(self.metric, value, lambda new, old: new > old if self.higher else new < old):
            trainer.say(f"step {row['step']}: best {self.metric} so far, {value:.4f}")

    def why_stop(self, trainer, step: int) -> str:
        """Told from the step of the best checkpoint alone, and so after a resume too."""
        found = trainer.checkpointer.best()
        if not self.patience or found.get("metric") != self.metric:
            return ""
        before, now = (math.floor(trainer.timeline.epoch(at) / self.every_epochs + 1e-9) for at in (found["step"], step))
        if now - before < self.patience:
            return ""
        best = f"{found['value']:.4f} of step {found['step']}"
        return f"no better {self.metric} in {now - before} validations than {best}. Raise --patience to train on."
