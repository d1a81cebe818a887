"""Weights, inputs and noise of fixed values, which NumPy or PyTorch can make too."""

import math

import numpy as np
import tensorflow as tf


def count(model):
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def cosines(factor, *shape):
    """Numbers that any library can make."""
    return np.cos(factor * np.arange(math.prod(shape), dtype=np.float64)).reshape(shape).astype(np.float32)


def fill(model, scale=1.0):
    """scale · cos(i²), i counting over all weights in Keras' order."""
    start = 0
    for variable in model.weights:
        values = scale * np.cos(np.arange(start, start + math.prod(variable.shape), dtype=np.float64) ** 2)
        variable.assign(values.reshape(variable.shape))
        start += values.size


def fixed_noise(shape, seed):
    """In the place of normal noise: cos(pixel + layer)."""
    pixels = tf.reshape(tf.range(tf.cast(shape[1] * shape[2], tf.float32)), [1, shape[1], shape[2], 1])
    return tf.cos(pixels + tf.cast(seed[0], tf.float32))
