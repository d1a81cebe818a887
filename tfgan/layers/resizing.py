"""Pooling and resizing of images the way the papers' code does it, where Keras does otherwise."""

import keras
import tensorflow as tf

from tfgan.layers.machine import is_tuned


@keras.saving.register_keras_serializable("tfgan")
class HalvingPool(keras.layers.Layer):
    """Averages 3×3 pixels around every second one, N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×C; what lies outside the image does not count.

    This is PyTorch's average pooling of stride 2 and padding 1. TensorFlow's "same" has the windows one pixel further on where H is even.
    """

    def compute_output_shape(self, input_shape):
        n, *sizes, c = input_shape
        return (n, *(None if size is None else -(-size // 2) for size in sizes), c)

    def call(self, x):
        pixels, inside = (tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]]) for image in (x, tf.ones_like(x[:1, :, :, :1])))
        return tf.nn.avg_pool2d(pixels, 3, 2, "VALID") / tf.nn.avg_pool2d(inside, 3, 2, "VALID")


@keras.saving.register_keras_serializable("tfgan")
class ResizeLike(keras.layers.Layer):
    """Resizes the first of two inputs, N×h×w×C, bilinearly to the height and width of the second, N×H×W×K: -> N×H×W×C."""

    def compute_output_shape(self, input_shape):
        resized, like = input_shape
        return (resized[0], *like[1:3], resized[-1])

    def call(self, inputs):
        x, like = inputs
        if x.shape[1:3] == like.shape[1:3]:
            return x
        return tf.cast(tf.image.resize(x, tf.shape(like)[1:3]), x.dtype)


def binomial(x, taps, margin, stride=1):
    """Blurs images N×H×W×C by binomial weights in both directions, with zeros beyond the border.

    Args:
        taps: number of pixels in a row, from 2: 3 for [1, 2, 1] / 4, 4 for [1, 3, 3, 1] / 8.
        margin: pixels of zeros on each side; the result has 2·`margin` + 1 - `taps` pixels more than H and W.
        stride: 2 keeps every second of these pixels.
    """
    x = tf.pad(x, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
    # [1, 1] / 2 again and again; on a CPU, sums of slices would take half of StyleGAN's step for their gradients.
    for left in range(taps - 2, -1, -1):
        x = tf.nn.avg_pool2d(x, 2, 1 if left else stride, "VALID")
    return x


def blur(x):
    """Blurs images N×H×W×C: a pixel becomes the mean of the 3×3 around it, weighted [1, 2, 1]² / 16, with zeros beyond the border."""
    return binomial(x, 3, margin=1)


def double(x):
    """Doubles the size of images by nearest neighbor: N×H×W×C -> N×2H×2W×C.

    The plain form is one operation that every runtime has, in four dimensions, as runtimes for graphics processors have no more.
    """
    doubled, (n, height, width, channels) = _repeated(x) if is_tuned() else _resized(x), x.shape
    doubled.set_shape([n, height and 2 * height, width and 2 * width, channels])  # which both forget where N is unknown
    return doubled


def _repeated(x):
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


@tf.custom_gradient
def _resized(x):
    """Of the operation's own gradient XLA has no form, and TensorFlow no gradient."""
    return tf.raw_ops.ResizeNearestNeighbor(images=x, size=2 * tf.shape(x)[1:3]), lambda d: 4.0 * halve(d)


def resize(x, size):
    """Resizes images or maps N×H×W×C bilinearly to the height and width `size`, smoothed before they shrink: N×h×w×C float32.

    It is what `tf.image.resize(antialias=True)` does, as products by two matrices: these have all derivatives, which penalties of
    gradients need, and run on GPUs and in XLA. Height and width of x, and `size`, are numbers.
    """
    x = tf.cast(x, tf.float32)
    rows, columns = (_resizing_matrix(old, new) for old, new in zip(x.shape[1:3], size))
    x = x if rows is None else tf.einsum("ih,nhwc->niwc", rows, x)
    return x if columns is None else tf.einsum("jw,nhwc->nhjc", columns, x)


def _resizing_matrix(old: int, new: int):
    """The matrix new×old float32 that resizes a column of pixels; None where there is nothing to do."""
    if old == new:
        return None
    with tf.init_scope():
        unit = tf.eye(old)[None, :, :, None]
        return tf.image.resize(unit, [new, old], antialias=True)[0, :, :, 0].numpy()


@keras.saving.register_keras_serializable("tfgan")
class NearestDoubling(keras.layers.Layer):
    """Doubles the size of images by nearest neighbor: N×H×W×C -> N×2H×2W×C, see `double`."""

    def compute_output_shape(self, input_shape):
        n, *sizes, c = input_shape
        return (n, *(None if size is None else 2 * size for size in sizes), c)

    def call(self, x):
        return double(x)


def halve(x):
    """Halves the size of images by means over 2×2 pixels: N×H×W×C -> N×H/2×W/2×C, H and W even."""
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")
