"""Dropout whose masks follow from the seed of the training pass, where there is one."""

import keras
import tensorflow as tf

from tfgan.layers.forward_pass import next_seed, own_seeds
from tfgan.layers.noise import fixed, uniform


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
        if self.rate == 0 or not (training or self.at_inference):
            return x
        shape = tf.shape(x)
        if self.spatial:
            shape = tf.stack([shape[0], 1, 1, shape[3]])
        if training:
            drawn = uniform(shape, next_seed(self.seed_generator))
        elif None in x.shape[1:]:
            drawn = uniform(tf.concat([[1], shape[1:]], axis=0), tf.constant([0, 0]))
        else:
            drawn = fixed(uniform, [1, *([1, 1, x.shape[3]] if self.spatial else x.shape[1:])], 0)
        return tf.where(drawn >= self.rate, x / (1.0 - self.rate), tf.zeros_like(x))
