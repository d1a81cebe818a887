"""Training passes without side effects: what a layer would draw or write is seeded and collected by the open `ForwardPass`."""

import threading
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan.layers.noise import fold_in

_open = threading.local()  # replicas are traced in threads of their own


class Statistic(NamedTuple):
    """A batch's share of a moving average: variable <- momentum * variable + (1 - momentum) * value."""

    variable: keras.Variable
    value: tf.Tensor
    momentum: float


class ForwardPass:
    """A context manager for one training pass through networks: it seeds their random layers and collects their batch statistics.

    Where none is open, as in a training loop of one's own or in `Model.fit`, the layers behave as Keras' do: they draw anew in each call,
    and write their statistics themselves.

    Args:
        seed: int32 tensor of shape (2,). Every random layer that is called inside the context draws from a seed of its own, derived
            from this one and from its place in the order of calls.

    Attributes:
        statistics: what normalization layers recorded, a list of `Statistic`; the caller applies it to the variables.
    """

    def __init__(self, seed):
        self.seed = seed
        self.statistics: list[Statistic] = []
        self._draws = 0

    def next_seed(self):
        self._draws += 1
        return fold_in(self.seed, self._draws)

    def __enter__(self):
        self._outer = getattr(_open, "forward_pass", None)
        _open.forward_pass = self
        return self

    def __exit__(self, *_):
        _open.forward_pass = self._outer

    @staticmethod
    def current() -> "ForwardPass | None":
        return getattr(_open, "forward_pass", None)


def own_seeds() -> keras.random.SeedGenerator:
    """Makes the seeds of one random layer for calls outside of any `ForwardPass`; `keras.utils.set_random_seed` decides on them.

    They are counted in a variable of the layer that is neither a weight nor in a checkpoint or a saved model, as that of Keras' layers.
    """
    # From NumPy's stream: Keras' default, a number from Python's, would change all that the initializers of the layers behind it draw.
    return keras.random.SeedGenerator(int(np.random.randint(1, 2**31 - 1)))


def next_seed(own: keras.random.SeedGenerator):
    """A new stateless seed for a random layer, int32 of shape (2,): of the open `ForwardPass`, or of the layer's `own` if there is none."""
    forward_pass = ForwardPass.current()
    return tf.cast(own.next(), tf.int32) if forward_pass is None else forward_pass.next_seed()


def record(variable, value, momentum):
    """Hands a new value of a non-trainable variable to the open `ForwardPass`, or writes it if there is none."""
    forward_pass = ForwardPass.current()
    if forward_pass is not None:
        forward_pass.statistics.append(Statistic(variable, tf.stop_gradient(value), momentum))
    else:
        variable.assign(variable * momentum + value * (1.0 - momentum))
