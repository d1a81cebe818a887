"""Callbacks: what is done while a run trains, beside the steps themselves, in Keras' words."""

import math
from typing import Any

from tfgan.training.timeline import Interval


class Callback:
    """Something that is done while a run trains. A subclass overrides the hooks it needs; in a cluster the chief alone calls them.

    Each hook is given the `tfgan.training.trainer.Trainer`: its `timeline` turns steps into epochs, `say` shows a line, `workdir` is the
    run's folder, `train_step.method` has the networks.

    Attributes:
        every: an `Interval` of steps or epochs after which `on_interval` is called; it always is after the last step.
    """

    every = Interval(0)

    def on_train_begin(self, trainer, step: int):
        """Called when training begins at `step`, 0 for a new run; metrics.jsonl has the rows until then."""

    def on_steps_begin(self, trainer, step: int):
        """Called before each call of the compiled program, at steps that depend on how fast the machine is.

        What is learned and logged must not depend on them: nothing that this does may change the networks or write a row.
        """

    def on_interval(self, trainer, step: int) -> dict[str, float]:
        """Called whenever as many steps or epochs are done as `every` says.

        Returns:
            Name -> scalar, for the log.
        """
        return {}

    def on_samples(self, trainer, step: int, made: Any) -> dict[str, float]:
        """Called when a sample picture was made.

        Args:
            made: the picture, a `tfgan.runs.training.pictures.Made`.

        Returns:
            Name -> scalar, for the log.
        """
        return {}

    def on_log(self, trainer, row: dict[str, float]):
        """Called when `row` was written to metrics.jsonl; it has the step and the epoch, too."""

    def why_stop(self, trainer, step: int) -> str:
        """Says in a sentence why there is no use in training after `step`; "" if there is.

        It is asked before the first step too, where a run goes on, and not in clusters, whose other workers would wait for a chief that has
        stopped.
        """
        return ""

    def on_train_end(self, trainer, step: int):
        """Called when training ended with `step`, or was stopped there by a signal."""


class BestCheckpoint(Callback):
    """Keeps the best checkpoint by a metric of validation, and ends a training that finds no better one.

    Args:
        metric: name of the metric, which is logged as val_METRIC.
        higher: whether more is better.
        patience: number of validations without a better one after which training stops; 0: never.
        every_epochs: number of epochs between validations.
        images: a hash of the images that validate; a best checkpoint by others is not compared with. Empty: not known.
    """

    def __init__(self, metric: str, higher: bool, patience: int = 0, every_epochs: int = 1, images: str = ""):
        self.metric, self.higher, self.patience, self.every_epochs, self.images = metric, higher, patience, every_epochs, images

    def on_train_begin(self, trainer, step: int):
        found = trainer.checkpointer.best()
        if found.get("metric") == self.metric and not self._compares(found):
            trainer.say("The best checkpoint so far was chosen by other validation images: the next one is the best so far.")

    def _compares(self, found: dict) -> bool:
        """Whether figures can be compared with that of the best checkpoint."""
        return found.get("metric") == self.metric and (not self.images or found.get("images", self.images) == self.images)

    def on_log(self, trainer, row: dict[str, float]):
        value = row.get(f"val_{self.metric}")
        if value is None:
            return
        compares = self._compares(trainer.checkpointer.best())

        def better(new, old):
            return not compares or (new > old if self.higher else new < old)

        if trainer.checkpointer.save_best(self.metric, value, better, self.images):
            trainer.say(f"step {row['step']}: best {self.metric} so far, {value:.4f}")

    def why_stop(self, trainer, step: int) -> str:
        """Says that no better checkpoint came in `patience` validations, by the step of the best one alone, and so after a resume too."""
        found = trainer.checkpointer.best()
        if not self.patience or not self._compares(found):
            return ""
        before, now = (math.floor(trainer.timeline.epoch(at) / self.every_epochs + 1e-9) for at in (found["step"], step))
        if now - before < self.patience:
            return ""
        best = f"{found['value']:.4f} of step {found['step']}"
        return f"no better {self.metric} in {now - before} validations than {best}. Raise --patience to train on."
