"""Layers that a training leaves as they are: for fine-tuning on few images, of a discriminator above all (FreezeD, Mo et al. 2020)."""

from tfgan.errors import UserError
from tfgan.methods.base import Method
from tfgan.training.units import units_of, weights_of


class Frozen:
    """The frozen layers of a method's networks, which `--freeze` names: no update reaches them, and their norms work as after training.

    They are frozen when this is made.

    Args:
        method: its networks are built.

    Attributes:
        lines: one for each network of which something is frozen: how many layers and weights.
        weights: ids of all frozen weights, also those that are not trained, such as moving statistics.

    Raises:
        UserError: a network that the method has not, or that has fewer layers.
    """

    def __init__(self, method: Method):
        self.lines: list[str] = []
        self.weights: set[int] = set()
        for name, count in method.hparams.frozen().items():
            if name not in method.networks:
                there = ", ".join(f"{known} ({len(units_of(network))} layers)" for known, network in method.networks.items())
                raise UserError(f"--freeze={name}: this method has no network of that name; there are: {there}.")
            self._freeze(name, method.networks[name], count)

    def _freeze(self, name: str, network, count: int):
        units = units_of(network)
        if count > len(units):
            raise UserError(f"--freeze={name}:{count}: {name} has {len(units)} layers with weights.")
        if count in (0, len(units)):
            frozen, what = list(network.weights), f"all {len(units)} layers"
            network.trainable = False
        else:
            frozen, what = [weight for unit in units[:count] for weight in weights_of(unit)], f"the first {count} of {len(units)} layers"
            for part in (part for unit in units[:count] for part in unit):
                part.trainable = False
        self.weights |= {id(weight) for weight in frozen}
        numbers, total = (sum(weight.value.shape.num_elements() for weight in weights) for weights in (frozen, network.weights))
        self.lines.append(f"{name}: {what} stay as they are, {numbers:,} of {total:,} numbers")
