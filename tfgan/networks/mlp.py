"""Multi-layer perceptrons between noise and images: GAN's, and, where there are classes, CGAN's."""

import math

import keras

from tfgan.layers import BatchNorm, Dropout
from tfgan.networks.blocks import SLOPE


def embed(label, classes, length):
    """Turns labels N int32 into learned vectors N×`length`, one for each of `classes`, drawn from N(0, 1) at first, as in PyTorch."""
    return keras.layers.Embedding(classes, length, embeddings_initializer=keras.initializers.RandomNormal(0.0, 1.0))(label)


def mlp_generator(latent_dim, image_size, channels, *, batch_norm, classes=0):
    """A perceptron of five layers as generator: noise N×`latent_dim` [, labels N int32] -> images N×H×W×`channels` in [-1, 1] float32.

    Args:
        latent_dim: length of the noise vector.
        image_size: H and W in pixels.
        channels: of the images.
        batch_norm: arguments of `tfgan.layers.BatchNorm`.
        classes: how many there are; the embedded label stands before the noise (Mirza and Osindero 2014). 0: the network takes no labels.
    """
    inputs = noise = keras.Input((latent_dim,))
    x = noise
    if classes:
        label = keras.Input((), dtype="int32")
        inputs, x = [noise, label], keras.layers.Concatenate()([embed(label, classes, classes), noise])
    for units in (128, 256, 512, 1024):
        x = keras.layers.Dense(units)(x)  # N × units
        if units > 128:
            x = BatchNorm(gamma_initializer="ones", **batch_norm)(x)
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    x = keras.layers.Dense(math.prod(image_size) * channels)(x)
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, keras.layers.Reshape((*image_size, channels), dtype="float32")(x), name="generator")


def mlp_discriminator(image_size, channels):
    """A perceptron of three layers as discriminator: images N×H×W×`channels` -> logits N×1 float32, no sigmoid."""
    x = image = keras.Input((*image_size, channels))
    x = keras.layers.Flatten()(x)
    for units in (512, 256):
        x = keras.layers.Dense(units)(x)  # N × units
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    return keras.Model(image, keras.layers.Dense(1, dtype="float32")(x), name="discriminator")


def conditional_mlp_discriminator(image_size, channels, classes, *, dropout=0.4):
    """A perceptron as discriminator of images and classes: images N×H×W×`channels`, labels N int32 -> logits N×1 float32, no sigmoid.

    The embedded label stands behind the image (Mirza and Osindero 2014).

    Args:
        image_size: H and W in pixels.
        channels: of the images.
        classes: how many there are.
        dropout: rate in front of the second and the third activation; 0: no such layer.
    """
    image, label = keras.Input((*image_size, channels)), keras.Input((), dtype="int32")
    x = keras.layers.Concatenate()([keras.layers.Flatten()(image), embed(label, classes, classes)])
    for number in range(3):
        x = keras.layers.Dense(512)(x)  # N × 512
        if number and dropout:
            x = Dropout(dropout)(x)
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    return keras.Model([image, label], keras.layers.Dense(1, dtype="float32")(x), name="discriminator")
