"""Convolutions whose weights have the spectral norm 1 (Miyato et al. 2018)."""

import keras
import tensorflow as tf

from tfgan.layers.forward_pass import record


@keras.saving.register_keras_serializable("tfgan")
class SpectralConv2D(keras.layers.Layer):
    """A convolution N×H×W×C -> N×h×w×`filters` by W / σ(W), σ being W's largest singular value (Miyato et al. 2018, algorithm 1).

    σ = uᵀ Wᵀ v is found by power iteration, one step for each training pass; W is seen as a matrix of (k·k·C) × `filters`, u and v are
    constants to the gradient, which does flow through σ. As in PyTorch and unlike Keras' SpectralNormalization, W itself is never
    overwritten. A training call moves u on, as Keras' does. Inside a `tfgan.layers.ForwardPass` whoever opened it does: several calls in
    one pass take the same step, and u moves only in phases that train the network; PyTorch's does in those that merely use it, too. At
    inference, and in a layer that is not trainable, u stays as it is but for its length, which moving averages of directions do not keep
    at 1, and v follows from it.

    Args:
        filters: number of output channels.
        kernel_size, strides: one number of pixels for height and width.
        padding: same or valid.
        use_bias: whether a bias is added; it is not normalized.
        kernel_initializer: Keras' initializer of W, or its name.
    """

    def __init__(self, filters, kernel_size, strides=1, padding="same", use_bias=True, kernel_initializer="glorot_normal", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides, self.padding, self.use_bias = filters, kernel_size, strides, padding, use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "padding", "use_bias")
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **{name: getattr(self, name) for name in names}, "kernel_initializer": initializer}

    def build(self, input_shape):
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        # Without autocast: σ is of float32 in every precision.
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel", autocast=False)
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.u = self.add_weight(shape=(self.filters,), initializer=_random_direction, name="u", trainable=False, autocast=False)

    def compute_output_shape(self, input_shape):
        n, *sizes, _ = input_shape
        lost = self.kernel_size - 1 if self.padding == "valid" else 0
        return (n, *(None if size is None else -(-(size - lost) // self.strides) for size in sizes), self.filters)

    def call(self, x, training=False):
        kernel = tf.convert_to_tensor(self.kernel)
        matrix, u = tf.reshape(kernel, [-1, self.filters]), tf.convert_to_tensor(self.u)
        v = tf.stop_gradient(_direction(tf.linalg.matvec(matrix, u)))
        product = tf.linalg.matvec(matrix, v, transpose_a=True)
        if training and self.trainable:
            u = tf.stop_gradient(_direction(product))
            record(self.u, u, momentum=0.0)
        else:
            u = _direction(u)
        sigma = tf.reduce_sum(u * product)
        y = tf.nn.conv2d(x, tf.cast(kernel / sigma, x.dtype), self.strides, self.padding.upper())
        return tf.nn.bias_add(y, tf.cast(self.bias, y.dtype)) if self.use_bias else y


def _direction(vector):
    return vector / tf.maximum(tf.norm(vector), 1e-12)


def _random_direction(shape, dtype=None):
    return _direction(keras.initializers.RandomNormal(stddev=1.0)(shape, dtype))
