"""The convolution blocks that the translation networks share, as `keras.Sequential`."""

import keras

from tfgan.layers import (
    BatchNorm,
    DoublingConv,
    Dropout,
    HalvingConv,
    NearestDoubling,
    ReflectionPadding,
    SpectralConv2D,
    instance_norm,
)
from tfgan.layers.strided import KERNEL

SLOPE = 0.2  # of LeakyReLU in the papers; Keras' default is 0.3


def normal_init():
    """Makes the papers' initializer of every kernel, N(0, 0.02), where 0.02 is the standard deviation."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def norm_layer(norm, **batch_norm):
    """Makes the layer that `norm` names: batch, to which the arguments `batch_norm` go, or instance; None for none, and for spectral."""
    if norm == "batch":
        return BatchNorm(**batch_norm)
    return instance_norm() if norm == "instance" else None


def conv(filters, kernel, strides=1, padding="same", use_bias=True, **kwargs):
    return keras.layers.Conv2D(filters, kernel, strides, padding, use_bias=use_bias, kernel_initializer=normal_init(), **kwargs)


def spectral_conv(filters, kernel, strides=1, padding="same", use_bias=True, **kwargs):
    """A convolution as `conv`, whose weights have the spectral norm 1 (Miyato et al. 2018)."""
    return SpectralConv2D(filters, kernel, strides, padding, use_bias, kernel_initializer=normal_init(), **kwargs)


def downsample(filters, norm=None, use_bias=False, downsampling="stride", spectral=False):
    """A block that halves images: convolution of 4×4 pixels, `norm` (a layer or None), LeakyReLU.

    Args:
        filters: number of output channels.
        use_bias: whether the convolution adds a bias.
        downsampling: stride, a convolution of stride 2, N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×`filters`; or blur, which has stride 1, takes a pixel
            less, and is followed by `halving_blur`: -> N×⌊H/2⌋×⌊W/2⌋×`filters`.
        spectral: whether the convolution has spectral norm.
    """
    plain = spectral_conv if spectral else conv
    if downsampling == "blur":
        head, tail = [keras.layers.ZeroPadding2D(), plain(filters, 4, padding="valid", use_bias=use_bias)], halving_blur()
    elif spectral:
        head, tail = [plain(filters, 4, 2, use_bias=use_bias)], []
    else:
        head, tail = [HalvingConv(filters, use_bias=use_bias, kernel_initializer=normal_init())], []
    layers = [*head, norm, keras.layers.LeakyReLU(negative_slope=SLOPE), *tail]
    return keras.Sequential([layer for layer in layers if layer is not None])


def halving_blur():
    """Makes a list of layers that halve images without aliasing, N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×C (Zhang 2019).

    Every second pixel becomes the mean of the 3×3 around it, weighted [1, 2, 1]² / 16, with images mirrored at the border. [1, 2, 1] / 4 is
    [1, 1] / 2 twice.
    """
    return [ReflectionPadding(1), keras.layers.AveragePooling2D(2, 1), keras.layers.AveragePooling2D(2, 2)]


def upsample_conv(filters, upsample="deconv", kernel=4, use_bias=False):
    """Makes a list of layers that double the size: N×H×W×C -> N×2H×2W×`filters`.

    Args:
        filters: number of output channels.
        upsample: deconv, a transposed convolution, as in the papers; or resize, nearest neighbor and then a convolution of 3×3, which
            leaves no checkerboard (Odena et al. 2016); or blur, in which [1, 2, 1]² / 16 in between makes it bilinear.
        kernel: height and width of the transposed convolution's kernel, in pixels.
        use_bias: whether a bias is added.
    """
    settings = {"use_bias": use_bias, "kernel_initializer": normal_init()}
    if upsample == "deconv":
        if kernel == KERNEL:
            return [DoublingConv(filters, **settings)]
        return [keras.layers.Conv2DTranspose(filters, kernel, 2, "same", **settings)]
    blur = [ReflectionPadding(1), keras.layers.AveragePooling2D(2, 1), keras.layers.AveragePooling2D(2, 1)] if upsample == "blur" else []
    return [NearestDoubling(), *blur, conv(filters, 3, use_bias=use_bias)]


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
