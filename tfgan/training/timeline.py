"""The timeline of a run: steps, epochs, and the stages of methods that grow."""

import dataclasses
import itertools
import math

from tfgan.methods.base import Stage

ROUNDING = 1e-9  # of epochs, which are sums of fractions


@dataclasses.dataclass(frozen=True)
class Interval:
    """An interval of `count` steps or epochs, after each of which something is due; 0: never."""

    count: int
    unit: str = "steps"  # or epochs


class Timeline:
    """The steps and epochs of a run. An epoch's last batch may take images of the next one, so that it is a whole number of steps.

    Args:
        stages: of the training, in order, the first from step 0.
        images: number of images in one epoch.
        batches_per_step: how many batches one step eats.
    """

    def __init__(self, stages: list[Stage], images: int, batches_per_step: int = 1):
        self.stages, self.images, self.batches_per_step = stages, images, batches_per_step

    def images_per_step(self, stage: Stage) -> int:
        return stage.batch_size * self.batches_per_step

    def stage(self, step: int) -> Stage:
        """The stage in which the step after `step` steps is done."""
        return [stage for stage in self.stages if stage.first_step <= step][-1]

    def next_stage(self, step: int) -> int | None:
        """The first step of the stage that follows the one at `step`; None in the last stage."""
        return min((stage.first_step for stage in self.stages if stage.first_step > step), default=None)

    def sample(self, step: int) -> int:
        """The number of training images that were taken in `step` steps."""
        stage = self.stage(step)
        return stage.first_image + (step - stage.first_step) * self.images_per_step(stage)

    def _steps_per_epoch(self, stage: Stage) -> int:
        return math.ceil(self.images / self.images_per_step(stage))

    def _begin(self, stage: Stage) -> float:
        """The number of epochs before the stage, which need not be whole."""
        until = itertools.pairwise(other for other in self.stages if other.first_step <= stage.first_step)
        return sum((after.first_step - before.first_step) / self._steps_per_epoch(before) for before, after in until)

    def epoch(self, step: int) -> float:
        """The number of epochs that `step` steps make, which need not be whole."""
        stage = self.stage(step)
        return self._begin(stage) + (step - stage.first_step) / self._steps_per_epoch(stage)

    def step(self, epochs: int) -> int:
        """The number of steps after which `epochs` epochs are done."""
        stage = [stage for stage in self.stages if self._begin(stage) <= epochs + ROUNDING][-1]
        return stage.first_step + math.ceil((epochs - self._begin(stage)) * self._steps_per_epoch(stage) - ROUNDING)

    def whole_epoch(self, step: int) -> int | None:
        """The number of epochs that are done, if one ends with `step`; otherwise None."""
        epoch = math.floor(self.epoch(step) + ROUNDING)
        return epoch if self.step(epoch) == step else None

    def next(self, interval: Interval, step: int) -> int | None:
        """The first step after `step` at which `interval` is due; None if it never is."""
        count = interval.count
        if not count:
            return None
        if interval.unit == "steps":
            return step + count - step % count
        epoch = math.floor(self.epoch(step) / count + ROUNDING) * count
        while self.step(epoch) <= step:
            epoch += count
        return self.step(epoch)

    def due(self, interval: Interval, step: int) -> bool:
        return step > 0 and self.next(interval, step - 1) == step
