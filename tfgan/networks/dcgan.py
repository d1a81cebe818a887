"""DCGAN's networks (Radford et al. 2016, §3 and figure 1), for any size of 4 to 7 pixels doubled several times, and those that the
TensorFlow tutorial has for 28 pixels."""

import keras

from tfgan.layers import BatchNorm, Dropout
from tfgan.networks.blocks import SLOPE, conv, normal_init
from tfgan.sizes import doublings

TUTORIAL = {"momentum": 0.99, "epsilon": 1e-3, "gamma_initializer": "ones"}  # Keras' own defaults
TUTORIAL_SLOPE = 0.3


def dcgan_generator(latent_dim, image_size, channels, *, ngf=128, kernel_size=5):
    """The generator of Radford et al. 2016, figure 1: noise N×`latent_dim` -> images N×H×W×`channels` in [-1, 1] float32.

    Args:
        latent_dim: length of the noise vector.
        image_size: H and W in pixels, 4 to 7 doubled equally often, see `tfgan.sizes.is_doubled`.
        channels: of the images.
        ngf: channels before the last layer.
        kernel_size: height and width of the kernels, in pixels.

    Raises:
        ValueError: an image size that does not fit.
    """
    count = doublings(image_size)
    height, width = (size >> count for size in image_size)
    depth = ngf << (count - 1)
    x = noise = keras.Input((latent_dim,))
    x = keras.layers.Dense(height * width * depth, use_bias=False, kernel_initializer=normal_init())(x)
    x = keras.layers.Reshape((height, width, depth))(x)  # N × h × w × ngf·2^(count-1)
    x = keras.layers.ReLU()(BatchNorm()(x))
    for number in reversed(range(1, count)):
        x = _deconv(ngf << (number - 1), kernel_size)(x)
        x = keras.layers.ReLU()(BatchNorm()(x))
    x = _deconv(channels, kernel_size)(x)  # N × H × W × channels
    return keras.Model(noise, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def _deconv(filters, kernel_size, strides=2, initializer=None):
    initializer = initializer or normal_init()
    return keras.layers.Conv2DTranspose(filters, kernel_size, strides, "same", use_bias=False, kernel_initializer=initializer)


def dcgan_discriminator(image_size, channels, *, ndf=128, kernel_size=5, norm="batch"):
    """The discriminator of Radford et al. 2016, §3: images N×H×W×`channels` -> logits N×1 float32, no sigmoid.

    Args:
        image_size: H and W in pixels, 4 to 7 doubled equally often, see `tfgan.sizes.is_doubled`.
        channels: of the images.
        ndf: channels of the first layer; each further one has twice as many.
        kernel_size: height and width of the kernels, in pixels.
        norm: batch or none, from the second layer on.

    Raises:
        ValueError: an image size that does not fit.
    """
    x = image = keras.Input((*image_size, channels))
    for number in range(doublings(image_size)):
        x = conv(ndf << number, kernel_size, 2, use_bias=False)(x)
        if number and norm == "batch":
            x = BatchNorm()(x)
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)  # N × H/2^(number+1) × …
    x = keras.layers.Flatten()(x)
    logits = keras.layers.Dense(1, use_bias=False, kernel_initializer=normal_init(), dtype="float32")(x)
    return keras.Model(image, logits, name="discriminator")


def tutorial_generator(latent_dim, image_size, channels, *, ngf=64):
    """The generator of TensorFlow's DCGAN tutorial: noise N×`latent_dim` -> images N×H×W×`channels` in [-1, 1] float32.

    Args:
        latent_dim: length of the noise vector.
        image_size: H and W in pixels, multiples of 4.
        channels: of the images.
        ngf: channels before the last layer.
    """
    height, width = (size // 4 for size in image_size)
    x = noise = keras.Input((latent_dim,))
    x = keras.layers.Dense(height * width * 4 * ngf, use_bias=False)(x)
    x = keras.layers.LeakyReLU(negative_slope=TUTORIAL_SLOPE)(BatchNorm(**TUTORIAL)(x))
    x = keras.layers.Reshape((height, width, 4 * ngf))(x)
    for filters, strides in ((2 * ngf, 1), (ngf, 2)):
        x = _deconv(filters, 5, strides, "glorot_uniform")(x)  # N × H/4 × W/4 × 2 ngf, then N × H/2 × W/2 × ngf
        x = keras.layers.LeakyReLU(negative_slope=TUTORIAL_SLOPE)(BatchNorm(**TUTORIAL)(x))
    x = _deconv(channels, 5, 2, "glorot_uniform")(x)
    return keras.Model(noise, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def tutorial_discriminator(image_size, channels, *, ndf=64):
    """The discriminator of TensorFlow's DCGAN tutorial: images N×H×W×`channels` -> logits N×1 float32, no sigmoid.

    It has dropout and no normalization.

    Args:
        image_size: H and W in pixels.
        channels: of the images.
        ndf: channels of the first layer; the second one has twice as many.
    """
    x = image = keras.Input((*image_size, channels))
    for filters in (ndf, 2 * ndf):
        x = keras.layers.Conv2D(filters, 5, 2, "same")(x)  # N × H/2 × W/2 × ndf, then N × H/4 × W/4 × 2 ndf
        x = Dropout(0.3)(keras.layers.LeakyReLU(negative_slope=TUTORIAL_SLOPE)(x))
    return keras.Model(image, keras.layers.Dense(1, dtype="float32")(keras.layers.Flatten()(x)), name="discriminator")
