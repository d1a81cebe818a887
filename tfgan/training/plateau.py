"""Lowering the learning rate where validations get no better, as Keras' ReduceLROnPlateau does; what it knows lies in the checkpoint."""

import math

from tfgan.methods.base import Method
from tfgan.training.callbacks import Callback

LEAST_GAIN = 1e-4  # share of the best value by which a better one must differ, as in PyTorch's ReduceLROnPlateau: less is rounding


class Plateau(Callback):
    """Multiplies the learning rates by --lr_gamma after --lr_patience validations without a better --lr_metric, and counts anew then.

    Its memory is `Method.plateau`, variables that a checkpoint has, so that a resumed run goes on as an unbroken one.

    Args:
        method: its settings have the policy plateau.
        higher: whether more of the metric is better.
        images: a hash of the images that validate, hexadecimal: values by others are not compared.
    """

    def __init__(self, method: Method, higher: bool, images: str):
        self.hparams, self.memory, self.higher = method.hparams, method.plateau, higher
        self.images = int(images[:15], 16)  # what int64 holds

    def on_train_begin(self, trainer, step: int):
        if int(self.memory["images"].numpy()) not in (0, self.images):
            trainer.say("--lr_policy=plateau: other images validate now, and what was measured by those before counts no more.")
            self._note(math.nan, 0)
        self.memory["images"].assign(self.images)

    def on_log(self, trainer, row: dict[str, float]):
        value = row.get(f"val_{self.hparams.lr_metric}")
        if value is None:
            return
        best = float(self.memory["best"].numpy())
        gain = value - best if self.higher else best - value
        if math.isfinite(value) and not gain <= LEAST_GAIN * abs(best):  # the first has no best to be compared with
            self._note(value, 0)
            return
        waited = int(self.memory["waited"].numpy()) + 1
        if waited < self.hparams.lr_patience:
            self._note(best, waited)
            return
        self._note(best, 0)
        self.memory["factor"].assign(float(self.memory["factor"].numpy()) * self.hparams.lr_gamma)
        rates = " and ".join(dict.fromkeys(f"{rate:.3g}" for rate in trainer.train_step.learning_rates().values()))
        what = f"no better {self.hparams.lr_metric} than {best:.4f} in {waited} validation{'s' * (waited > 1)}"
        trainer.say(f"step {row['step']}: {what}: the learning rate is multiplied by {self.hparams.lr_gamma:g}, and {rates} now.")

    def _note(self, best: float, waited: int):
        self.memory["best"].assign(best)
        self.memory["waited"].assign(waited)
