"""The timeline of a run: steps, epochs, and the stages of methods that grow."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

from tfgan.methods.base import Stage

ROUNDING = 1e-9  # of epochs, which are sums of fractions


@dataclasses.dataclass(frozen=True)
class Interval:
    """An interval of `count` steps or epochs, after each of which something is due; 0: never."""

    count: int
    unit: str = "steps"  # or epochs


class Stretch(NamedTuple):
    """A stretch of the run in which all epochs are equally long; `begin` epochs were done before it."""

    first_step: int
    begin: float
    steps_per_epoch: int


class Timeline:
    """The steps and epochs of a run. An epoch's last batch may take images of the next one, so that it is a whole number of steps.

    Args:
        stages: of the training, in order, the first from step 0.
        images: number of images in one epoch, as the run begins.
        batches_per_step: how many batches one step eats.
        growth: (step, images in one epoch from there on) of each time when the images became more.
    """

    def __init__(self, stages: list[Stage], images: int, batches_per_step: int = 1, growth: Sequence[tuple[int, int]] = ()):
        self.stages, self.batches_per_step = stages, batches_per_step
        self._stretches: list[Stretch] = []
        for first in sorted({*(stage.first_step for stage in stages), *(step for step, _ in growth)}):
            begin = self.epoch(first) if self._stretches else 0.0
            count = [images, *(count for step, count in growth if step <= first)][-1]
            self._stretches.append(Stretch(first, begin, math.ceil(count / self.images_per_step(self.stage(first)))))

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

    def epoch(self, step: int) -> float:
        """The number of epochs that `step` steps make, which need not be whole."""
        first, begin, steps_per_epoch = [stretch for stretch in self._stretches if stretch.first_step <= step][-1]
        return begin + (step - first) / steps_per_epoch

    def step(self, epochs: int) -> int:
        """The number of steps after which `epochs` epochs are done."""
        first, begin, steps_per_epoch = [stretch for stretch in self._stretches if stretch.begin <= epochs + ROUNDING][-1]
        return first + math.ceil((epochs - begin) * steps_per_epoch - ROUNDING)

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
