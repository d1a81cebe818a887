"""Whether this machine has the memory for the networks that settings ask for, found out before any of it is taken: the system would end a
process that takes too much without a word."""

import contextlib
import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan.config import DataSpec, as_flag, is_operational
from tfgan.errors import UserError
from tfgan.layers import has_gpu
from tfgan.methods.base import HParams, Method
from tfgan.sizes import parse_generator
from tfgan.training.machine import machine_memory

MOMENTS = 2  # of Adam, each of the size of the weights
USUAL = {"unet": 256, "encdec": 256, "resnet": 9}  # numbers of the papers' generators


class Need(NamedTuple):
    """The bytes that a method takes: the weights of its networks, and what it has besides, averages of weights and its state."""

    networks: int
    besides: int

    def total(self, trained: bool) -> int:
        """The least that it takes for results, or for training: images and what is between the layers come on top."""
        return self.networks * (1 + MOMENTS * trained) + self.besides


def check_capacity(cls: type[Method], hparams: HParams, spec: DataSpec, trained: bool):
    """Raises `UserError`, which names the setting, if the method `cls` with these settings cannot fit into this machine's memory.

    Defaults take half a gigabyte at most, so that nothing is reckoned where no setting is above its own. On a GPU nothing
    is, either: TensorFlow itself refuses there what does not fit.
    """
    names = _above_default(hparams)
    if not names or has_gpu():
        return
    most, need = machine_memory(), measure_need(cls, hparams, spec)
    if need is None or need.total(trained) <= most:
        return
    others = {name: measure_need(cls, hparams.unchecked(**{name: getattr(type(hparams), name)}), spec) for name in names}
    totals = {name: other.total(trained) for name, other in others.items() if other}
    name = min(totals, key=totals.__getitem__, default=names[0])
    less = f", {_gigabytes(totals[name])} with {as_flag(name, getattr(type(hparams), name))}" if name in totals else ""
    raise UserError(
        f"{as_flag(name, getattr(hparams, name))} is too large for this machine, which has {_gigabytes(most)} of memory: {cls.__name__} "
        f"takes {_gigabytes(need.total(trained))} at least{' in training' * trained}{less}. Use a smaller one, or a machine that has more."
    )


def measure_need(cls: type[Method], hparams: HParams, spec: DataSpec) -> Need | None:
    """What a method would take, by building it without memory for its weights; None if it cannot be built so, as of a program's own.

    That is done in a thread of its own, as Keras keeps for each thread how layers are called and which variables wait for their values.
    """
    with ThreadPoolExecutor(1) as pool:
        try:
            return pool.submit(_measure, cls, hparams, spec).result()
        except Exception:  # whatever is wrong with it is told where it is built for good
            return None


def _measure(cls: type[Method], hparams: HParams, spec: DataSpec) -> Need:
    with tf.Graph().as_default(), keras.StatelessScope(initialize_variables=False):
        method = cls(hparams, spec)
    averages = [weight for network in method.ema.values() for weight in network.weights]
    networks = [weight for network in method.networks.values() for weight in network.weights]
    return Need(_bytes(networks), _bytes([*averages, *method.state.values()]))


def _bytes(variables) -> int:
    return sum(math.prod(variable.shape) * tf.as_dtype(variable.dtype).size for variable in variables)


def _above_default(hparams: HParams) -> list[str]:
    """The settings by which networks may be larger than by their defaults, as far as their numbers tell."""
    fields = [field for field in dataclasses.fields(hparams) if field.name != "batch_size" and not is_operational(field)]
    return [field.name for field in fields if _magnitude(field.name, getattr(hparams, field.name)) > _magnitude(field.name, field.default)]


def _magnitude(name: str, value) -> float:
    if name == "generator" and value != "auto":
        with contextlib.suppress(ValueError):
            kind, number = parse_generator(value)
            return number / USUAL[kind]
    if name == "generator":
        return 1
    if isinstance(value, tuple):
        return max((side for side in value if isinstance(side, int)), default=0)
    return value if type(value) is int else 0


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:,.1f} GB"
