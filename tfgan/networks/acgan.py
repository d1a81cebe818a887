"""ACGAN's networks: those of its many ports, which resize and convolve, and the paper's for CIFAR-10 (Odena et al. 2017, appendix A).

Without classes the ports' networks are the ones that they use for DCGAN.
"""

import keras

from tfgan.layers import BatchNorm, Dropout, NearestDoubling
from tfgan.networks.blocks import SLOPE, conv, normal_init
from tfgan.networks.mlp import embed


def upsampling_generator(latent_dim, image_size, channels, *, ngf=64, batch_norm, classes=0):
    """A generator of the ports to MNIST: noise N×`latent_dim` [, labels N int32] -> images N×H×W×`channels` in [-1, 1] float32.

    Args:
        latent_dim: length of the noise vector.
        image_size: H and W in pixels, multiples of 4.
        channels: of the images.
        ngf: channels before the last layer.
        batch_norm: arguments of `tfgan.layers.BatchNorm` for the batch norms behind convolutions.
        classes: how many there are; noise is multiplied by the embedded label. 0: the network takes no labels.
    """
    height, width = (size // 4 for size in image_size)
    inputs = x = keras.Input((latent_dim,))
    if classes:
        label = keras.Input((), dtype="int32")
        inputs, x = [inputs, label], keras.layers.Multiply()([embed(label, classes, latent_dim), x])
    x = keras.layers.Dense(height * width * 2 * ngf)(x)
    x = BatchNorm()(keras.layers.Reshape((height, width, 2 * ngf))(x))  # N × H/4 × W/4 × 2 ngf
    for filters in (2 * ngf, ngf):
        x = NearestDoubling()(x)
        x = BatchNorm(**batch_norm)(conv(filters, 3)(x))  # N × H/2 × W/2 × 2 ngf, then N × H × W × ngf
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    x = conv(channels, 3)(x)
    return keras.Model(inputs, keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def upsampling_discriminator(image_size, channels, *, ndf=16, batch_norm, norm="batch", dropout=0.25, classes=0):
    """A discriminator of the ports to MNIST: images N×H×W×`channels` -> logits N×1 [, class logits N×`classes`], float32, no sigmoid.

    Args:
        image_size: H and W in pixels.
        channels: of the images.
        ndf: channels of the first of four blocks; each further one has twice as many.
        batch_norm: arguments of `tfgan.layers.BatchNorm`, if `norm` is batch.
        norm: batch or none, from the second block on.
        dropout: rate at which whole maps are dropped.
        classes: how many there are; 0: the logits N×1 are the only output.
    """
    x = image = keras.Input((*image_size, channels))
    for number in range(4):
        x = conv(ndf << number, 3, 2, padding="valid")(keras.layers.ZeroPadding2D(1)(x))
        x = Dropout(dropout, spatial=True)(keras.layers.LeakyReLU(negative_slope=SLOPE)(x))
        if number and norm == "batch":
            x = BatchNorm(**batch_norm)(x)
    x = keras.layers.Flatten()(x)  # N × ⌈H/16⌉·⌈W/16⌉·8 ndf
    heads = [keras.layers.Dense(units, dtype="float32")(x) for units in (1, classes) if units]
    return keras.Model(image, heads if classes else heads[0], name="discriminator")


def cifar_generator(latent_dim, image_size, channels, classes, *, ngf=96):
    """ACGAN's generator for CIFAR-10: noise N×`latent_dim`, labels N int32 -> images N×H×W×`channels` in [-1, 1] float32.

    Its layers are those of Odena et al. 2017, appendix A.

    Args:
        latent_dim: length of the noise vector.
        image_size: H and W in pixels, multiples of 8.
        channels: of the images.
        classes: how many there are.
        ngf: channels before the last layer.
    """
    height, width = (size // 8 for size in image_size)
    noise, label = keras.Input((latent_dim,)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([noise, keras.layers.CategoryEncoding(classes, output_mode="one_hot")(label)])
    x = keras.layers.Dense(height * width * 4 * ngf, "relu")(x)
    x = keras.layers.Reshape((height, width, 4 * ngf))(x)  # N × H/8 × W/8 × 4 ngf
    for filters in (2 * ngf, ngf):
        x = _deconv(filters)(x)  # N × H/4 × W/4 × 2 ngf, then N × H/2 × W/2 × ngf
        x = keras.layers.ReLU()(BatchNorm()(x))
    x = _deconv(channels)(x)
    return keras.Model([noise, label], keras.layers.Activation("tanh", dtype="float32")(x), name="generator")


def _deconv(filters):
    return keras.layers.Conv2DTranspose(filters, 5, 2, "same", kernel_initializer=normal_init())


def cifar_discriminator(image_size, channels, classes, *, ndf=16, norm="batch", dropout=0.5):
    """ACGAN's discriminator for CIFAR-10: images N×H×W×`channels` -> logits N×1 and class logits N×`classes`, float32, no sigmoid.

    Its layers are those of Odena et al. 2017, appendix A.

    Args:
        image_size: H and W in pixels.
        channels: of the images.
        classes: how many there are.
        ndf: channels of the first of six blocks; each further one has twice as many.
        norm: batch or none, from the second block on.
        dropout: rate at the end of each block.
    """
    x = image = keras.Input((*image_size, channels))
    for number in range(6):
        x = conv(ndf << number, 3, 1 if number % 2 else 2)(x)
        if number and norm == "batch":
            x = BatchNorm()(x)
        x = Dropout(dropout)(keras.layers.LeakyReLU(negative_slope=SLOPE)(x))  # N × H/2^⌈(number+1)/2⌉ × …
    x = keras.layers.Flatten()(x)
    heads = [keras.layers.Dense(units, dtype="float32")(x) for units in (1, classes)]
    return keras.Model(image, heads, name="discriminator")
