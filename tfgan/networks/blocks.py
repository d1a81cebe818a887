"""The convolution blocks that the translation networks share, as `keras.Sequential`."""

import keras

from tfgan.layers import BatchNorm, DoublingConv, Dropout, HalvingConv, instance_norm
from tfgan.layers.strided import KERNEL

SLOPE = 0.2  # of LeakyReLU in the papers; Keras' default is 0.3


def normal_init():
    """Makes the papers' initializer of every kernel, N(0, 0.02), where 0.02 is the standard deviation."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def norm_layer(norm, **batch_norm):
    """Makes the layer that `norm` names: batch, to which the arguments `batch_norm` go, or instance; None for none."""
    if norm == "batch":
        return BatchNorm(**batch_norm)
    return instance_norm() if norm == "instance" else None


def conv(filters, kernel, strides=1, padding="same", use_bias=True, **kwargs):
    return keras.layers.Conv2D(filters, kernel, strides, padding, use_bias=use_bias, kernel_initializer=normal_init(), **kwargs)


def downsample(filters, norm=None, use_bias=False):
    """A block that halves images, N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×`filters`: convolution 4×4 of stride 2, `norm` (a layer or None), LeakyReLU."""
    halving = HalvingConv(filters, use_bias=use_bias, kernel_initializer=normal_init())
    layers = [halving, norm, keras.layers.LeakyReLU(negative_slope=SLOPE)]
    return keras.Sequential([layer for layer in layers if layer is not None])


def upsample_conv(filters, upsample="deconv", kernel=4, use_bias=False):
    """Makes a list of layers that double the size: N×H×W×C -> N×2H×2W×`filters`.

    Args:
        filters: number of output channels.
        upsample: deconv, a transposed convolution, as in the papers; or resize, nearest neighbor and then a convolution of 3×3, which
            leaves no checkerboard (Odena et al. 2016).
        kernel: height and width of the transposed convolution's kernel, in pixels.
        use_bias: whether a bias is added.
    """
    settings = {"use_bias": use_bias, "kernel_initializer": normal_init()}
    if upsample == "deconv":
        if kernel == KERNEL:
            return [DoublingConv(filters, **settings)]
        return [keras.layers.Conv2DTranspose(filters, kernel, 2, "same", **settings)]
    return [keras.layers.UpSampling2D(2, interpolation="nearest"), conv(filters, 3, use_bias=use_bias)]


def upsample(filters, norm=None, dropout=0.0, use_bias=False, upsample="deconv", dropout_at_inference=False):
    """A block that doubles images, N×H×W×C -> N×2H×2W×`filters`: doubling convolution, `norm` (a layer or None), dropout, ReLU.

    Args:
        filters: number of output channels.
        dropout: rate; 0: no such layer.
        use_bias: whether the convolution adds a bias.
        upsample: deconv or resize, see `upsample_conv`.
        dropout_at_inference: also drop after training, see `tfgan.layers.Dropout`.
    """
    layers = upsample_conv(filters, upsample, use_bias=use_bias) + [norm]
    if dropout:
        layers.append(Dropout(dropout, at_inference=dropout_at_inference))
    layers.append(keras.layers.ReLU())
    return keras.Sequential([layer for layer in layers if layer is not None])
