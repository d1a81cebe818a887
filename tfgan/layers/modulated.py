"""Convolutions whose weights each image's style scales (Karras et al. 2020, §2.2)."""

import math

import keras
import tensorflow as tf

from tfgan.layers.equalized import EqualizedDense
from tfgan.layers.resizing import binomial, double


@keras.saving.register_keras_serializable("tfgan")
class ModulatedConv2D(keras.layers.Layer):
    """A convolution with weight demodulation: maps N×H×W×C and styles N×`w_dim` -> N×H×W×`units`, in the layer's compute dtype.

    An image's style becomes a factor s of each of the C input channels, 1 at first, by which the weights w are multiplied. Demodulation
    then divides those of each output channel by their norm: inputs of deviation 1 give outputs of deviation 1, whatever the style.

    The inputs are multiplied by s here and the outputs divided by the norms, √(s²·Σw²), which are the same sums (the paper's equation 3).
    Weights of their own for each image need a convolution with N groups, which other runtimes do not have for an N that is unknown, and
    tensors of five dimensions.

    Args:
        units: number of filters.
        kernel_size: height and width of the kernel, in pixels.
        demodulate: divide by the norms; the layers that make colors do not.
        upscale: double height and width first, smoothly, by [1, 3, 3, 1] in both directions: -> N×2H×2W×`units`; for 3×3 pixels.
    """

    def __init__(self, units, kernel_size, demodulate=True, upscale=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.units, self.kernel_size, self.demodulate, self.upscale = units, kernel_size, demodulate, upscale

    def get_config(self):
        own = {name: getattr(self, name) for name in ("units", "kernel_size", "demodulate", "upscale")}
        return {**super().get_config(), **own}

    def build(self, x_shape, style_shape):
        channels, sides = x_shape[-1], (self.kernel_size, self.kernel_size)
        initializer = keras.initializers.RandomNormal(0.0, 1.0)
        self.kernel = self.add_weight(shape=(*sides, channels, self.units), initializer=initializer, name="kernel", autocast=False)
        self.scale = 1.0 / math.sqrt(self.kernel_size**2 * channels)  # an equalized learning rate, see `tfgan.layers.equalized`
        self.affine = EqualizedDense(channels, gain=1.0, dtype="float32", name="style")
        self.affine.build(style_shape)

    def call(self, x, style):
        kernel = tf.convert_to_tensor(self.kernel) * self.scale
        factors = self.affine(tf.cast(style, tf.float32)) + 1.0  # N × C
        if self.demodulate:
            # Brought to 1 at most, which the norms take back: half precision would overflow.
            factors /= tf.stop_gradient(tf.reduce_max(tf.abs(factors), axis=1, keepdims=True) + 1e-8)
        x = tf.cast(x, self.compute_dtype) * tf.cast(factors[:, None, None], self.compute_dtype)
        if self.upscale:
            x = binomial(double(x), 3, margin=2)  # with the edge that the blur leaves outside, as in the authors' code
        y = tf.nn.conv2d(x, tf.cast(kernel, x.dtype), 1, "VALID" if self.upscale else "SAME")
        if not self.demodulate:
            return y
        squares = tf.matmul(tf.square(factors), tf.reduce_sum(tf.square(kernel), axis=[0, 1]))  # N × units
        return y * tf.cast(tf.math.rsqrt(squares + 1e-8)[:, None, None], y.dtype)
