"""Proposes settings that take half an hour or a night, where a training would take longer, and what to do about memory."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tfgan.config import TrainConfig
from tfgan.errors import UserError
from tfgan.methods.base import AdamHParams, HParams
from tfgan.runs.planning.smaller import flags_between, flags_for_smaller, make_smaller
from tfgan.runs.training.probe import Prediction

NIGHT = 10 * 3600.0  # seconds
LOOK = 1800.0  # seconds, for a first look
LONG = 2 * 3600.0  # seconds of a training, from which a first look is worth a command of its own
SMALL = 64  # pixels of the longer side, below which images are not made smaller to save time
FEW = 16  # filters of a first convolution, below which networks are not made narrower

Probe = Callable[[HParams], Prediction]


class Quicker(NamedTuple):
    """Settings that take less time, and what they take."""

    night: bool  # whether they take a night, and are no first look
    training: TrainConfig  # with a folder of their own, as another run cannot go on with them
    hparams: HParams
    seconds: float  # of one step
    total: float  # seconds of all steps


def quicker(training: TrainConfig, hparams: HParams, prediction: Prediction, probe: Probe) -> Iterator[Quicker]:
    """Settings for a first look in half an hour, if a training takes longer than two, and for one night, if it takes longer than that.

    For a look, networks get half of their filters. Images are made smaller, down to 64 pixels, and tried; then there are fewer epochs,
    with the schedule of the learning rate, or, where an epoch is too long, fewer steps.

    Args:
        training: its settings, with the run's folder.
        hparams: those of the method.
        prediction: what they take.
        probe: what other settings of the method take.
    """
    if prediction.total > LONG:
        narrow = hparams if training.init_from else _narrower(hparams)  # weights fit networks of their own width
        guess = prediction.total / (1 if narrow == hparams else 4)  # as half of the filters on both sides of a convolution
        look = _within(LOOK, training, narrow, guess, probe)
        yield look._replace(training=dataclasses.replace(look.training, workdir=f"{training.workdir}_look"))
    if prediction.total > NIGHT:
        night = _within(NIGHT, training, hparams, prediction.total, probe)
        yield night._replace(night=True, training=dataclasses.replace(night.training, workdir=f"{training.workdir}_night"))


def _within(limit: float, training: TrainConfig, hparams: HParams, guess: float, probe: Probe) -> Quicker:
    """Settings that take `limit` seconds at most, with smaller images and fewer epochs or steps, as far as needed.

    Args:
        guess: the seconds that the settings are thought to take as they are.
    """
    factor = min(math.sqrt(guess / limit), max(hparams.image_size) / SMALL)
    chosen = (make_smaller(hparams, factor) if factor > 1 else None) or hparams
    found = probe(chosen)
    total = found.total
    if total > limit and not training.steps and (share := int(chosen.epochs * limit / total)):
        total *= share / chosen.epochs
        chosen = _fewer_epochs(chosen, share)
    elif total > limit:
        training = dataclasses.replace(training, steps=max(1, int(found.steps * limit / total)))
        total = limit
    return Quicker(False, training, chosen, found.seconds, total)


def _narrower(hparams: HParams) -> HParams:
    """The settings with half of the filters of each first convolution; as they are where a method leaves them to its architecture."""
    widths: dict[str, Any] = {name: getattr(hparams, name, 0) // 2 for name in ("ngf", "ndf")}
    return dataclasses.replace(hparams, **{name: width for name, width in widths.items() if width >= FEW})


def _fewer_epochs(hparams: HParams, epochs: int) -> HParams:
    """The settings with so many epochs, in the same share of which the learning rate falls, if it falls linearly."""
    changes: dict[str, Any] = {"epochs": epochs}
    for name in ("lr_warmup_epochs", "lr_step_epochs"):
        if (given := getattr(hparams, name, 0.0)) != getattr(type(hparams), name, 0.0):
            changes[name] = max(round(given * epochs / hparams.epochs, 3), 1e-3)
    if isinstance(hparams, AdamHParams) and (hparams.lr_constant_epochs >= 0 or hparams.lr_decay_epochs >= 1):  # else it follows
        constant, decay = hparams.schedule()
        if decay:
            changes |= {"lr_constant_epochs": -1.0, "lr_decay_epochs": max(1.0, round(epochs * decay / (constant + decay)))}
    return dataclasses.replace(hparams, **changes)


def cures_for_memory(training: TrainConfig, hparams: HParams) -> str:
    """What to try where a step does not fit into memory: flags that the method takes, as the end of a sentence."""
    cures, parts = [], 2 * training.accumulate
    if math.gcd(*hparams.batch_sizes()) % parts == 0:
        cures.append(f"--accumulate={parts}")
    if hparams.batch_size > 1:
        with contextlib.suppress(UserError):  # such as of a method that permutes a batch
            cures.append(flags_between(hparams, dataclasses.replace(hparams, batch_size=hparams.batch_size // 2)))
    cures.append(flags_for_smaller(hparams, 2.0))
    if not training.precision.startswith("mixed"):
        cures.append("--precision=mixed_bfloat16")
    return "use " + " or ".join(filter(None, cures)) if any(cures) else ""
