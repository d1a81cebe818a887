"""The settings of methods that are trained by Adam: its own, and how the learning rate changes from update to update."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tfgan.config import setting
from tfgan.config.training import VALIDATED
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import keras, optimizers, tf
from tfgan.methods.hparams import HParams

FALLING = ("linear", "cosine")  # policies by which the rate falls to 0 in --lr_decay_epochs
POLICIES = (*FALLING, "step", "plateau")


def _others(*policies: str) -> tuple[str, ...]:
    return tuple(policy for policy in POLICIES if policy not in policies)


def lr_decay_setting(default: float) -> Any:
    """Makes the setting `lr_decay_epochs` of methods that are trained by Adam."""
    return setting(
        default,
        "number of last epochs, in which the learning rate falls to 0; below 1: this share of --epochs, or all epochs after "
        "--lr_constant_epochs; 0: the learning rate is constant, or with --lr_policy=cosine falls in all epochs after the warm-up",
        at_least=0.0,
    )


@dataclasses.dataclass(frozen=True)
class AdamHParams(HParams):
    """The settings of methods trained by Adam. Each policy is a function of the number of updates, but for plateau's factor."""

    unused: ClassVar[Table] = (
        Unused(
            ("lr_constant_epochs",),
            {"lr_policy": ("linear",), "lr_decay_epochs": (0.0,)},
            why="without --lr_decay_epochs: the rate stays constant",
            said=True,
        ),
        Unused(("lr_constant_epochs", "lr_decay_epochs"), {"lr_policy": _others(*FALLING)}, said=True),  # of a recipe, say
        Unused(("lr_step_epochs",), {"lr_policy": _others("step")}),
        Unused(("lr_gamma",), {"lr_policy": FALLING}),
        Unused(("lr_metric", "lr_patience"), {"lr_policy": _others("plateau")}),
    )

    learning_rate: float = setting(2e-4, "learning rate of the Adam optimizers", at_least=0.0)
    beta_1: float = setting(0.5, "Adam's β₁: decay of the mean gradient", at_least=0.0, at_most=0.9999)
    beta_2: float = setting(0.999, "Adam's β₂: decay of the mean squared gradient", at_least=0.0, at_most=0.999999)
    lr_policy: str = setting(
        "linear",
        "how the learning rate changes: linear, constant and then falling linearly to 0; cosine, falling along half a cosine; step, times "
        "--lr_gamma every --lr_step_epochs; plateau, times --lr_gamma whenever --lr_metric got no better in --lr_patience validations",
        choices=POLICIES,
    )
    lr_warmup_epochs: float = setting(
        0.0, "number of first epochs in which the learning rate rises linearly from 0, in each policy", at_least=0.0
    )
    lr_constant_epochs: float = setting(
        -1.0, "number of first epochs with a constant learning rate; -1: all before --lr_decay_epochs", at_least=-1.0
    )
    lr_decay_epochs: float = lr_decay_setting(0.0)
    lr_step_epochs: float = setting(50.0, "number of epochs between two steps of --lr_policy=step", at_least=1e-3)
    lr_gamma: float = setting(
        0.1, "factor by which --lr_policy=step and plateau lower the learning rate each time", at_least=1e-4, at_most=0.9999
    )
    lr_metric: str = setting("", "metric of the validations by which --lr_policy=plateau lowers the learning rate", choices=VALIDATED)
    lr_patience: int = setting(
        10, "number of validations without a better --lr_metric after which --lr_policy=plateau lowers the learning rate", at_least=1
    )

    def __post_init__(self):
        super().__post_init__()
        constant, decay = self.schedule()
        if decay and self.epochs > constant + decay:
            raise UserError(
                f"The learning rate is 0 after {constant:g} + {decay:g} epochs, before --epochs={self.epochs} end: raise "
                "--lr_constant_epochs or --lr_decay_epochs, which a run keeps; a new one takes over its weights by --init_from."
            )
        if self.lr_warmup_epochs > self.epochs:
            raise UserError(f"--lr_warmup_epochs={self.lr_warmup_epochs:g} is more than --epochs={self.epochs}: use fewer.")
        if self.lr_policy == "plateau" and not self.lr_metric:
            raise UserError(
                "--lr_policy=plateau needs --lr_metric, the metric of validations that has to get better: "
                f"{', '.join(filter(None, VALIDATED))}."
            )

    def effective(self) -> dict[str, Any]:
        values, (constant, decay) = super().effective(), self.schedule()
        if self.lr_policy not in FALLING:
            return values | {name: getattr(type(self), name) for name in ("lr_constant_epochs", "lr_decay_epochs")}
        return values | {"lr_constant_epochs": constant if decay else -1.0, "lr_decay_epochs": decay}

    def prolong(self, earlier):
        constant, decay = self.schedule()
        given = constant == self.lr_constant_epochs and decay == self.lr_decay_epochs
        lasts = not earlier.schedule()[1] or self.epochs <= sum(earlier.schedule())
        return earlier if lasts or given or not decay else earlier.unchecked(lr_constant_epochs=constant, lr_decay_epochs=decay)

    def schedule(self) -> tuple[float, float]:
        """The number of epochs in which the learning rate is constant, and of those in which it falls to 0 then; if 0, it never does."""
        constant, decay = self.lr_constant_epochs, self.lr_decay_epochs
        if self.lr_policy not in FALLING:
            decay = 0.0
        elif self.lr_policy == "cosine" and not decay:
            decay = max(1.0, self.epochs - max(constant, self.lr_warmup_epochs))
        elif 0 < decay < 1:
            decay = max(1.0, round(decay * self.epochs) if constant < 0 else self.epochs - constant)
        return (max(0.0, self.epochs - decay) if constant < 0 else constant), decay

    def adam(
        self, updates_per_epoch: float, learning_rate: float | None = None, *, ahead: float = 0.0, factor: tf.Variable | None = None
    ) -> keras.optimizers.Optimizer:
        """Makes an Adam optimizer with these settings; `Method.adam` knows all arguments but the learning rate.

        Args:
            updates_per_epoch: of the networks that it updates; the schedule counts in them.
            learning_rate: replaces that of the settings, for networks that learn at different rates.
            ahead: updates by which the schedule is further than their number says, see `Method.ahead`.
            factor: by which --lr_policy=plateau has lowered the rate, see `Method.plateau`.

        Raises:
            UserError: there is no factor to lower the rate by, and the policy is plateau.
        """
        initial = self.learning_rate if learning_rate is None else learning_rate
        schedule = optimizers.ahead(self._changing(initial, updates_per_epoch), ahead)
        if self.lr_policy == "plateau":
            if factor is None:
                raise UserError("--lr_policy=plateau needs optimizers that are made by Method.adam, which those of this method are not.")
            schedule = optimizers.Scaled(schedule, factor)
        return optimizers.FusedAdam(schedule, beta_1=self.beta_1, beta_2=self.beta_2, epsilon=1e-8)

    def _changing(self, initial: float, updates_per_epoch: float) -> keras.optimizers.schedules.LearningRateSchedule:
        """The learning rate as a function of the number of updates, but for what a plateau makes of it."""
        if self.lr_policy == "step":
            every = max(round(self.lr_step_epochs * updates_per_epoch), 1)
            schedule = keras.optimizers.schedules.ExponentialDecay(initial, every, self.lr_gamma, staircase=True)
        else:
            kind = optimizers.ConstantThenCosine if self.lr_policy == "cosine" else optimizers.ConstantThenLinear
            schedule = kind(initial, *(round(epochs * updates_per_epoch) for epochs in self.schedule()))
        warmup = round(self.lr_warmup_epochs * updates_per_epoch)
        return optimizers.WarmUp(schedule, warmup) if warmup else schedule
