"""Where a network's weights come from: for each of them a tensor of the file, and what has to be done to it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.weights.tensors import Refused, Unfit, Weights

KERNEL = (2, 3, 1, 0)
"""From PyTorch's order to Keras': out, in, height, width to height, width, in, out; transposed convolutions have in and out exchanged in
both."""
DENSE = (1, 0)
UNUSED = (".num_batches_tracked", ".running_mean", ".running_var")
"""Ends of the names of what instance norm does not need, which older versions of PyTorch stored for it, and what only counts batches."""


class Slot(NamedTuple):
    """Where one weight of a network comes from.

    Attributes:
        key: of the tensor.
        axes: its axes in the order of Keras; (): as they are.
        change: what is done to its values before that; None: nothing. It gets them and a function that reads other tensors by key, and
            gives None for those that the file does not have.
        undo: what turns the result of `change` into what it was, for files that are written; None: nothing.
        default: the value of all numbers where the file has no such tensor; None: it must be there.
        beside: keys that `change` reads.
    """

    key: str
    axes: tuple[int, ...] = ()
    change: Callable[[np.ndarray, "Reader"], np.ndarray] | None = None
    undo: Callable[[np.ndarray], np.ndarray] | None = None
    default: float | None = None
    beside: tuple[str, ...] = ()


Reader = Callable[[str], np.ndarray | None]
Slots = Sequence[Slot] | Mapping[str, Slot]
"""Those of a network: in the order of its weights, or by their path, which is the name of a layer and that of its weight."""


class Found(NamedTuple):
    """A network that was recognized by the names and shapes of its tensors.

    Attributes:
        words: what it is.
        family: whose code it is of: junyanz, stargan, or spade.
        role: generator, discriminator, or encoder.
        settings: of the method that follow from it.
        facts: numbers that are no settings: channels, classes, labels, pixels.
        slots: where the weights of tfgan's network come from.
    """

    words: str
    family: str
    role: str
    settings: dict[str, Any]
    facts: dict[str, int]
    slots: Slots


def kernel(key: str) -> Slot:
    return Slot(f"{key}.weight", KERNEL)


def bias(key: str) -> Slot:
    return Slot(f"{key}.bias", default=0.0)


def batch_norm(key: str) -> list[Slot]:
    """The weights of a batch norm in Keras' order: scale, shift, and the moving averages."""
    names = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    return [Slot(f"{key}.{name}", default=default) for name, default in names.items()]


def fill(path: Path, network, slots: Slots, weights: Weights):
    """Puts tensors of a file into a network's weights.

    Args:
        path: of the file, for messages.
        network: the Keras model.

    Raises:
        Refused: a tensor is missing, has another shape or is none of this network; nothing was changed then.
    """
    ours, order = network.weights, in_order(network, slots)
    _refuse_others(path, order, weights)
    values = [_value(path, slot, tuple(weight.shape), weights) for slot, weight in zip(order, ours)]
    for weight, value in zip(ours, values):
        weight.assign(value)


def in_order(network, slots: Slots) -> list[Slot]:
    """The slots of a network in the order of its weights."""
    order = [slots[weight.path] for weight in network.weights] if isinstance(slots, Mapping) else list(slots)
    assert len(order) == len(network.weights), f"{len(network.weights)} weights of {network.name}, {len(order)} slots"
    return order


def _refuse_others(path: Path, order: list[Slot], weights: Weights):
    known = {slot.key for slot in order} | {key for slot in order for key in slot.beside}
    others = [key for key in weights if key not in known and not key.endswith(UNUSED)]
    if others:
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        raise Refused(path, f"{others[0][:80]}{more} in it: tfgan's network has no such weight, and without it the results would be others")


def _value(path: Path, slot: Slot, shape: tuple[int, ...], weights: Weights) -> np.ndarray:
    """The values of one weight, of the given shape."""
    if slot.key not in weights:
        if slot.default is None:
            raise Refused(path, f"{slot.key} is missing in it")
        return np.full(shape, slot.default, np.float32)
    value = weights[slot.key].read()
    if slot.change:
        try:
            value = slot.change(value, lambda key: weights[key].read() if key in weights else None)
        except Unfit as error:
            raise Refused(path, f"{slot.key} in it: {error}") from None
    value = value.transpose(slot.axes) if slot.axes and value.ndim == len(slot.axes) else value
    if value.shape != shape:
        raise Refused(
            path, f"{slot.key} is {_sizes(weights[slot.key].shape)} in it, which does not fit the network ({_sizes(shape)} there)"
        )
    if not np.all(np.isfinite(value)):
        raise Refused(path, f"{slot.key} in it holds values that are no finite numbers")
    return value


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"
