"""Which flag may help against an alarm."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

from tfgan.augmentation import AUGMENTATIONS
from tfgan.config import DataConfig, DataSpec, Settings, TrainConfig, as_flag, is_operational
from tfgan.errors import UserError
from tfgan.methods.base import Method


class Now(NamedTuple):
    """The state of a run that a suggestion may depend on, beside the flag's own value."""

    spec: DataSpec
    epoch: float
    validation: str  # the metric that tells of overfitting; empty if there is none


Proposal = Callable[[Any, Now], Any]  # (a setting's value, now) -> a better one, or None


def _put(value) -> Proposal:
    return lambda old, now: value


def _fill(value) -> Proposal:
    """A proposal of `value` for a setting that is not used yet."""
    return lambda old, now: None if old else value


def _times(factor: float) -> Proposal:
    return lambda old, now: type(old)(old * factor) if old > 0 else None


def _stronger_identity(old, now):
    same_channels = len({domain.channels for domain in now.spec.domains.values()}) == 1
    return (2.0 * old or 0.5) if same_channels else None


TIES = "ties"  # in a name's place: the settings that a method calls so, `HParams.ties`
AUGMENT = ("diffaugment", _fill(tuple(AUGMENTATIONS)))
LAST = [("learning_rate", _times(0.5)), ("seed", lambda old, now: old + 1)]

CURES: dict[str, list[tuple[str, Proposal]]] = {
    "discriminator_saturated": [
        ("skip_margin", _fill(0.35)),  # the rule of VAE-GAN's code
        AUGMENT,  # a discriminator that knows its few images by heart (Zhao et al. 2020, §3)
        ("discriminator_learning_rate", _times(0.5)),
        ("ndf", _times(0.5)),
        *LAST,
    ],
    "collapse": [
        ("bottleneck_norm", _put(False)),  # at batch size 1 it hides the input from the decoder's first block
        ("loss", _put("wgan_gp")),
        (TIES, _times(2)),
        AUGMENT,
        *LAST,
    ],
    "color_inversion": [
        ("identity_weight", _stronger_identity),  # it keeps colors (Zhu et al. 2017, §5.2)
        ("reconstruction_weight", _times(2)),
        ("seed", lambda old, now: old + 1),  # a negative is as consistent as the positive: which one is found is chance
    ],
    "checkerboard": [
        ("upsampling", lambda old, now: "resize" if old == "deconv" else None),  # Odena et al. 2016
        ("architecture", _put("upsampling")),
        ("ema_decay", _fill(0.999)),
        *LAST,
    ],
    "slow_input": [("cache", _put("always"))],
    "overfitting": [
        ("best_metric", lambda old, now: None if old else now.validation),
        AUGMENT,
        ("epochs", lambda old, now: max(int(now.epoch), 1)),
    ],
}
"""Alarm -> flags to try, best first."""


def suggest(alarm: str, epoch: float, method: Method, data: DataConfig, training: TrainConfig) -> tuple[str, str]:
    """The first flag among the alarm's cures that the method has, that changes its setting and that goes with the others.

    Args:
        alarm: its name, a key of `CURES`.
        epoch: at which it was raised.

    Returns:
        the flag, such as --ndf=32, and a sentence that names it; "" and another sentence if nothing is left to try.
    """
    now = Now(method.spec, epoch, method.gap.validation if method.gap else "")
    cures = [(name, propose) for entry, propose in CURES[alarm] for name in (method.hparams.ties if entry == TIES else (entry,))]
    for name, propose in cures:
        for record in (method.hparams, training, data):
            field = next((field for field in dataclasses.fields(record) if field.name == name), None)
            if field is None:
                continue
            old = getattr(record, name)
            value = propose(old, now)
            if value is not None and value != old and _allowed(record, name, value):
                word = as_flag(name, value)
                return word, f" Try {word}{'' if is_operational(field) else ' in a new run'}."
    return "", " The setting that helps is on already; more processor cores, or smaller image files, would help."


def _allowed(record: Settings, name: str, value) -> bool:
    try:
        dataclasses.replace(record, **{name: value})
    except UserError:
        return False
    return True
