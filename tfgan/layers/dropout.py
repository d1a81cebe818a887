"""Dropout whose masks follow from the seed of the training pass, where there is one, or from one that is given after training."""

import contextlib
import threading

import keras
import tensorflow as tf

from tfgan.layers.forward_pass import next_seed, own_seeds
from tfgan.layers.noise import fixed, fold_in, uniform

_after_training = threading.local()


@contextlib.contextmanager
def dropping(seed: int):
    """Lets the layers of `Dropout` that are called inside drop after training too, each by a mask of its own that follows from `seed`.

    A network with one set of masks is one of those that dropout averages over in training, and several of them show how sure it is (Gal and
    Ghahramani 2016). All images are given the same masks.
    """
    _after_training.seed, _after_training.calls = seed, 0
    try:
        yield
    finally:
        del _after_training.seed


def _given_seed():
    """The seed of the next mask inside `dropping`; None outside."""
    if not hasattr(_after_training, "seed"):
        return None
    _after_training.calls += 1
    return fold_in(tf.constant([_after_training.seed, 0]), _after_training.calls)


@keras.saving.register_keras_serializable("tfgan")
class Dropout(keras.layers.Layer):
    """Dropout with a new mask in each training call, as `keras.layers.Dropout`; inside a `tfgan.layers.ForwardPass`, from its seed.

    Takes a tensor of any shape N×…, with `spatial` N×H×W×C, and returns one of that shape.

    Args:
        rate: the share of units that is zeroed; the others are scaled by 1 / (1 - rate).
        at_inference: also drop outside training, by one fixed mask for every image, so that an image's result depends neither on its
            neighbors in the batch nor on the call (pix2pix keeps dropout at test time as its only noise, Isola et al. 2017, §2.1).
        spatial: drop whole feature maps of N×H×W×C (Tompson et al. 2015, §3.2).
    """

    def __init__(self, rate, at_inference=False, spatial=False, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.at_inference, self.spatial = rate, at_inference, spatial
        self.seed_generator = own_seeds()

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "at_inference": self.at_inference, "spatial": self.spatial}

    def call(self, x, training=False):
        given = None if training or self.rate == 0 else _given_seed()
        if self.rate == 0 or not (training or self.at_inference or given is not None):
            return x
        shape = tf.shape(x)
        if self.spatial:
            shape = tf.stack([shape[0], 1, 1, shape[3]])
        if training:
            drawn = uniform(shape, next_seed(self.seed_generator))
        elif given is not None:
            drawn = uniform(tf.concat([[1], shape[1:]], axis=0), given)
        elif None in x.shape[1:]:
            drawn = uniform(tf.concat([[1], shape[1:]], axis=0), tf.constant([0, 0]))
        else:
            drawn = fixed(uniform, [1, *([1, 1, x.shape[3]] if self.spatial else x.shape[1:])], 0)
        return tf.where(drawn >= self.rate, x / (1.0 - self.rate), tf.zeros_like(x))
