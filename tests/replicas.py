"""The strategies of the tests over one and two logical CPUs, shared by all modules of one process."""

import functools

import tensorflow as tf

from tfgan.training.strategy import make_strategy

ONE, TWO = ("/cpu:0",), ("/cpu:0", "/cpu:1")


@functools.cache
def strategy_over(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    # Two strategies over the same devices would number their collectives alike, and TensorFlow remembers the shapes of the first.
    return make_strategy(len(devices), devices=devices)
