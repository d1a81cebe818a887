"""Stateless noise: a function of its seed alone, so that a step can be repeated and resumed bit for bit."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

_replaced = threading.local()


def fold_in(seed, number):
    """Makes a new stateless seed, int32 of shape (2,), from a `seed` of that shape and an integer."""
    return tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int32), number, alg="philox")


def uniform(shape, seed):
    """Makes float32 noise of `shape`, uniform in [0, 1), from a stateless `seed` of shape (2,).

    Made from the generator's bits, which are the same everywhere; `tf.random.stateless_uniform` turns the same bits into other floats
    under XLA than elsewhere (TensorFlow issue 121243).
    """
    bits = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24  # float32 holds 24 bits exactly


def normal(shape, seed):
    """Makes float32 noise of `shape` from N(0, 1), by Box and Muller from a stateless `seed` of shape (2,), alike with and without XLA."""
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - uniform(shape, fold_in(seed, 0))))  # of (0, 1]: the logarithm is finite
    return radius * tf.cos(2.0 * math.pi * uniform(shape, fold_in(seed, 1)))


def fixed(noise: Callable, shape: Sequence[int], number: int):
    """Noise after training, `noise(shape, seed)` of a seed that is made of `number`: the same in every call.

    It is drawn while a graph is traced, in which it is a constant: other runtimes have no such bits. Inside `given_maps` it is what is
    given.
    """
    source = getattr(_replaced, "source", None)
    if source is not None and noise is normal:
        return source(tuple(shape), number)
    with tf.init_scope():
        drawn = noise(shape, tf.constant([number, 0])).numpy()
    return tf.constant(drawn)


@contextlib.contextmanager
def given_maps(source: Callable[[tuple[int, ...], int], tf.Tensor] | None) -> Iterator[None]:
    """Puts other noise in the place of fixed noise of N(0, 1), of networks that are called inside.

    Args:
        source: the shape 1×H×W×1 of a noise map and the number of its layer -> a map of that shape, or one for each image, N×H×W×1.
            None: noise is fixed as anywhere else.
    """
    before = getattr(_replaced, "source", None)
    _replaced.source = source
    try:
        yield
    finally:
        _replaced.source = before
