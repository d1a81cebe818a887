"""Layers with an equalized learning rate: weights of N(0, 1) that are scaled when they are used, so that Adam moves all of them alike
(Karras et al. 2018, §4.1)."""

import math

import keras
import tensorflow as tf

from tfgan.layers.resizing import halve

GAIN = math.sqrt(2.0)  # He's, for layers in front of a leaky ReLU


class _Equalized(keras.layers.Layer):
    """The base of layers with an equalized learning rate: weights, and their scale at run time, `gain` / √(number of inputs of a unit).

    Args:
        units: length of the result's last axis.
        gain: factor of the scale; √2, He's, is for a layer in front of a leaky ReLU.
        lr_multiplier: less than 1 makes the layer learn slower.
        use_bias: whether a bias is added.
    """

    def __init__(self, units, gain=GAIN, lr_multiplier=1.0, use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.units, self.gain, self.lr_multiplier, self.use_bias = units, gain, lr_multiplier, use_bias

    def get_config(self):
        own = {name: getattr(self, name) for name in ("units", "gain", "lr_multiplier", "use_bias")}
        return {**super().get_config(), **own}

    def add_weights(self, *kernel_shape):
        initializer = keras.initializers.RandomNormal(0.0, 1.0 / self.lr_multiplier)
        # Without autocast: scaled in float32 in every precision.
        self.kernel = self.add_weight(shape=kernel_shape, initializer=initializer, name="kernel", autocast=False)
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias", autocast=False)
        self.scale = self.gain / math.sqrt(math.prod(kernel_shape[:-1])) * self.lr_multiplier

    def scaled_kernel(self, x):
        return tf.cast(tf.convert_to_tensor(self.kernel) * self.scale, x.dtype)

    def biased(self, y):
        return y + tf.cast(tf.convert_to_tensor(self.bias) * self.lr_multiplier, y.dtype) if self.use_bias else y


@keras.saving.register_keras_serializable("tfgan")
class EqualizedDense(_Equalized):
    """A dense layer with an equalized learning rate: N×C -> N×`units` (Karras et al. 2018, §4.1).

    Args:
        units: length of a result.
        gain: the weights are scaled by `gain` / √C; √2, He's, is for a layer in front of a leaky ReLU.
        lr_multiplier: less than 1 makes the layer learn slower.
        use_bias: whether a bias is added.
    """

    def build(self, input_shape):
        self.add_weights(input_shape[-1], self.units)

    def call(self, x):
        return self.biased(tf.matmul(x, self.scaled_kernel(x)))


@keras.saving.register_keras_serializable("tfgan")
class EqualizedConv2D(_Equalized):
    """A convolution with an equalized learning rate: N×H×W×C -> N×H×W×`units` (Karras et al. 2018, §4.1).

    Args:
        units: number of filters.
        kernel_size: height and width of the kernel, in pixels.
        downscale: also halve height and width, both even, by means over 2×2 pixels, taken before the bias: -> N×H/2×W/2×`units`.
        strides: 2 leaves out every second row and column, and what the kernel lacks beyond the border.
        kwargs: `gain`, `lr_multiplier` and `use_bias`, see `EqualizedDense`; the number of inputs is `kernel_size`²·C.
    """

    def __init__(self, units, kernel_size, downscale=False, strides=1, **kwargs):
        super().__init__(units, **kwargs)
        self.kernel_size, self.downscale, self.strides = kernel_size, downscale, strides

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size, "downscale": self.downscale, "strides": self.strides}

    def build(self, input_shape):
        self.add_weights(self.kernel_size, self.kernel_size, input_shape[-1], self.units)

    def call(self, x):
        y = tf.nn.conv2d(x, self.scaled_kernel(x), self.strides, "SAME" if self.strides == 1 else "VALID")
        return self.biased(halve(y) if self.downscale else y)
