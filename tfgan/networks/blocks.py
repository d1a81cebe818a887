"""The convolution blocks that the translation networks share, as `keras.Sequential`."""

import keras

from tfgan.layers import BatchNorm, DoublingConv, Dropout, HalvingConv, instance_norm
from tfgan.layers.strided import KERNEL

SLOPE = 0.2  # of LeakyReLU in the papers; Keras' default is 0.3


def normal_init():
    """N(0, 0.02), the papers' initialization of every kernel."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def norm_layer(norm, **batch_norm):
    """The layer for `norm` = batch, instance or none; None for the last. `batch_norm` goes to `BatchNorm`."""
    if norm == "batch":
        return BatchNorm(**batch_norm)
    return instance_norm() if norm == "instance" else None


def conv(filters, kernel, strides=1, padding="same", use_bias=True, **kwargs):
    return keras.layers.Conv2D(filters, kernel, strides, padding, use_bias=use_bias, kernel_initializer=normal_init(), **kwargs)


def downsample(filters, norm=None, use_bias=False):
    """Conv 4×4 stride 2, `norm` (a layer or None), LeakyReLU: N×H×W×C -> N×H/2×W/2×`filters`."""
    halving = HalvingConv(filters, use_bias=use_bias, kernel_initializer=normal_init())
    layers = [halving, norm, keras.layers.LeakyReLU(negative_slope=SLOPE)]
    return keras.Sequential([layer for layer in layers if layer is not None])


def upsample_conv(filters, upsample="deconv", kernel=4, use_bias=False):
    """Layers that double the size: a transposed convolution, as in the papers, or `resize`: nearest neighbor, then a convolution,
    which leaves no checkerboard (Odena et al. 2016)."""
    settings = {"use_bias": use_bias, "kernel_initializer": normal_init()}
    if upsample == "deconv":
        if kernel == KERNEL:
            return [DoublingConv(filters, **settings)]
        return [keras.layers.Conv2DTranspose(filters, kernel, 2, "same", **settings)]
    return [keras.layers.UpSampling2D(2, interpolation="nearest"), conv(filters, 3, use_bias=use_bias)]


def upsample(filters, norm=None, dropout=0.0, use_bias=False, upsample="deconv", dropout_at_inference=False):
    """Doubling convolution, `norm`, dropout, ReLU (dropout before the activation): N×H×W×C -> N×2H×2W×`filters`."""
    layers = upsample_conv(filters, upsample, use_bias=use_bias) + [norm]
    if dropout:
        layers.append(Dropout(dropout, at_inference=dropout_at_inference))
    layers.append(keras.layers.ReLU())
    return keras.Sequential([layer for layer in layers if layer is not None])
