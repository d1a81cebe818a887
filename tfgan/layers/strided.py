"""Convolutions of 4×4 pixels and stride 2, which halve an image, and their transpose, which doubles it, for networks down to few pixels.

There the weights outweigh the pixels: the U-Net at 256×256 has 48 of its 54 million where images have 16×16 pixels or less. On a CPU a
convolution library rearranges them at every step, and their gradient too, which takes several times as long as the arithmetic. As matrix
products of all 4×4 patches by the weights as they lie, the same sums come without (benchmarks/README.md).
"""

import keras
import tensorflow as tf

from tfgan.layers.machine import is_tuned_for_cpu

KERNEL = 4
MOST_PIXELS_HALVED, MOST_PIXELS_DOUBLED = 64, 256  # of a batch, on the smaller side: up to here matrix products were faster
MOST_PIXELS_FLOAT32 = 16  # up to here reading the weights takes so much of the time that to convert them to bfloat16 does not pay


class _Strided(keras.layers.Layer):
    """The base of `HalvingConv` and `DoublingConv`: weights are float32 in every precision, and `call` converts them where it pays."""

    def __init__(self, filters, **kwargs):
        super().__init__(filters, KERNEL, 2, "same", autocast=False, **kwargs)

    def add_weight(self, **kwargs):
        return super().add_weight(**kwargs, autocast=False)

    def get_config(self):
        fixed = ("kernel_size", "strides", "padding", "autocast")
        return {name: value for name, value in super().get_config().items() if name not in fixed}

    def call(self, x):
        n, h, w, _ = _sizes(x)
        few = self.are_few(n, h, w) if is_tuned_for_cpu() else False
        sure = isinstance(few, bool)  # otherwise the size is known when the network runs
        very_few = sure and few and n * h * w <= self.most_float32
        dtype = "float32" if very_few else self.compute_dtype
        x, kernel = tf.cast(x, dtype), tf.cast(self.kernel, dtype)
        if sure:
            y = self.by_products(x, kernel) if few else self.by_convolution(x, kernel)
        else:
            y = tf.cond(few, lambda: self.by_products(x, kernel), lambda: self.by_convolution(x, kernel))
            y = tf.ensure_shape(y, self.compute_output_shape(x.shape))
        if self.use_bias:
            y += tf.cast(self.bias, dtype)
        return tf.cast(y, self.compute_dtype)


@keras.saving.register_keras_serializable("tfgan")
class HalvingConv(_Strided, keras.layers.Conv2D):
    """A 4×4 convolution that halves images: N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×`filters`.

    Weights and results are those of `keras.layers.Conv2D(filters, 4, 2, "same")`; other arguments are Keras', by keyword.
    """

    most_float32 = 4 * MOST_PIXELS_FLOAT32

    def are_few(self, n, h, w):
        """Whether images N×H×W are so few pixels that matrix products pay: a bool, or a boolean tensor if a size is a tensor."""
        return (n * h * w <= 4 * MOST_PIXELS_HALVED) & (h % 2 == 0) & (w % 2 == 0)

    def by_convolution(self, x, kernel):
        return tf.nn.conv2d(x, kernel, 2, "SAME")

    def by_products(self, x, kernel):
        n, h, w, _ = _sizes(x)
        y = tf.reshape(patches(x), [-1, KERNEL**2 * x.shape[-1]]) @ tf.reshape(kernel, [-1, self.filters])
        return tf.reshape(y, [n, h // 2, w // 2, self.filters])


@keras.saving.register_keras_serializable("tfgan")
class DoublingConv(_Strided, keras.layers.Conv2DTranspose):
    """A transposed 4×4 convolution that doubles images: N×H×W×C -> N×2H×2W×`filters`.

    Weights and results are those of `keras.layers.Conv2DTranspose(filters, 4, 2, "same")`; other arguments are Keras', by keyword.
    """

    most_float32 = MOST_PIXELS_FLOAT32

    def are_few(self, n, h, w):
        """Whether images N×H×W are so few pixels that matrix products pay: a bool, or a boolean tensor if a size is a tensor."""
        return n * h * w <= MOST_PIXELS_DOUBLED

    def by_convolution(self, x, kernel):
        n, h, w, _ = _sizes(x)
        return tf.nn.conv2d_transpose(x, kernel, [n, 2 * h, 2 * w, self.filters], 2, "SAME")

    def by_products(self, x, kernel):
        n, h, w, channels = _sizes(x)
        y = tf.matmul(tf.reshape(x, [-1, channels]), tf.reshape(kernel, [-1, channels]), transpose_b=True)
        return overlap(tf.reshape(y, [n, h, w, KERNEL**2 * self.filters]))


def _sizes(x) -> list:
    """The length of each axis of `x`: a number where it is known, else a scalar tensor."""
    sizes = tf.shape(x)
    return [sizes[axis] if size is None else size for axis, size in enumerate(x.shape)]


@tf.custom_gradient
def patches(x):
    """Cuts images into overlapping patches, N×2H×2W×C -> N×H×W×16C: 4×4 pixels every 2, row by row, with zeros beyond the border."""
    n, height, width, channels = _sizes(x)
    h, w = height // 2, width // 2
    # Pairs of rows and columns: a patch is 2×2 of them.
    pairs = tf.reshape(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), [n, h + 1, 2, w + 1, 2, channels])
    quarters = [[pairs[:, i : i + h, :, j : j + w] for j in range(2)] for i in range(2)]  # each N × H × 2 × W × 2 × C
    cut = tf.stack([tf.stack(row, axis=4) for row in quarters], axis=2)  # N × H × 2 × 2 × W × 2 × 2 × C
    cut = tf.transpose(cut, [0, 1, 4, 2, 3, 5, 6, 7])
    return tf.reshape(cut, [n, h, w, KERNEL**2 * channels]), overlap


@tf.custom_gradient
def overlap(cut):
    """Sums overlapping 4×4 patches into images, N×H×W×16C -> N×2H×2W×C: the transpose of `patches`."""
    n, h, w, depth = _sizes(cut)
    channels = depth // KERNEL**2
    cut = tf.transpose(tf.reshape(cut, [n, h, w, 2, 2, 2, 2, channels]), [3, 5, 0, 1, 4, 2, 6, 7])  # 2 × 2 × N × H × 2 × W × 2 × C
    quarters = [[tf.pad(cut[i, j], [[0, 0], [i, 1 - i], [0, 0], [j, 1 - j], [0, 0], [0, 0]]) for j in range(2)] for i in range(2)]
    x = tf.reshape(tf.add_n([quarter for row in quarters for quarter in row]), [n, 2 * h + 2, 2 * w + 2, channels])
    return x[:, 1:-1, 1:-1], patches
