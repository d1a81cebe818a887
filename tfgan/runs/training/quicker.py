"""Proposes settings that a machine gets done in a night, where a training would take longer, and what to do about memory."""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tfgan.config import TrainConfig, shell_flag
from tfgan.errors import UserError
from tfgan.methods.base import AdamHParams, HParams
from tfgan.runs.planning.smaller import flags_between, flags_for_smaller, make_smaller
from tfgan.runs.training.probe import Prediction

NIGHT = 10 * 3600.0  # seconds
SMALL = 64  # pixels of the longer side, below which images are not made smaller to save time


class Quicker(NamedTuple):
    """Settings for a first look at what can be learned, and what they take."""

    flags: str  # ready for a shell
    size: tuple[int, int]
    seconds: float  # of one step
    total: float  # seconds of all steps


def quicker(training: TrainConfig, hparams: HParams, prediction: Prediction, probe: Callable[[HParams], Prediction]) -> Quicker | None:
    """Settings by which a training of more than a night is done in one; None if it is shorter, or nothing helps.

    Images are made smaller first, down to 64 pixels, and tried; then there are fewer epochs, with the schedule of the learning rate, or,
    where an epoch is too long, fewer steps.

    Args:
        training: its settings.
        hparams: those of the method.
        prediction: what they take.
        probe: what other settings of the method take.
    """
    if prediction.total <= NIGHT:
        return None
    factor = min(math.sqrt(prediction.total / NIGHT), max(hparams.image_size) / SMALL)
    smaller = make_smaller(hparams, factor) if factor > 1 else None
    found = probe(smaller) if smaller else prediction
    chosen, flags, total = smaller or hparams, [], found.total
    if total > NIGHT and not training.steps and (share := int(chosen.epochs * NIGHT / total)):
        total *= share / chosen.epochs
        chosen = _fewer_epochs(chosen, share)
    elif total > NIGHT:
        flags = [shell_flag("steps", max(1, int(found.steps * NIGHT / total)))]
        total = NIGHT
    words = " ".join([flags_between(hparams, chosen), *flags]).strip()
    return Quicker(words, chosen.image_size, found.seconds, total) if words else None


def _fewer_epochs(hparams: HParams, epochs: int) -> HParams:
    """The settings with so many epochs, in the same share of which the learning rate falls, if it falls linearly."""
    changes: dict[str, Any] = {"epochs": epochs}
    if isinstance(hparams, AdamHParams) and (hparams.lr_constant_epochs >= 0 or hparams.lr_decay_epochs >= 1):  # else it follows
        constant, decay = hparams.schedule()
        if decay:
            changes |= {"lr_constant_epochs": -1.0, "lr_decay_epochs": max(1.0, round(epochs * decay / (constant + decay)))}
    return dataclasses.replace(hparams, **changes)


def cures_for_memory(training: TrainConfig, hparams: HParams) -> str:
    """What to try where a step does not fit into memory: flags that the method takes, as the end of a sentence."""
    cures = []
    if hparams.batch_size > 1:
        with contextlib.suppress(UserError):  # such as of a method that permutes a batch
            cures.append(flags_between(hparams, dataclasses.replace(hparams, batch_size=hparams.batch_size // 2)))
    cures.append(flags_for_smaller(hparams, 2.0))
    if not training.precision.startswith("mixed"):
        cures.append("--precision=mixed_bfloat16")
    return "use " + " or ".join(filter(None, cures)) if any(cures) else ""
