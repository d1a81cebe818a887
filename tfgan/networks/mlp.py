"""Multi-layer perceptrons between noise and images: GAN's."""

import math

import keras

from tfgan.layers import BatchNorm
from tfgan.networks.blocks import SLOPE


def mlp_generator(latents, image_size, channels, *, batch_norm):
    """Noise N×`latents` -> image N×H×W×`channels` in [-1, 1].

    Args:
        batch_norm: settings of the batch norms.
    """
    x = noise = keras.Input((latents,))
    for units in (128, 256, 512, 1024):
        x = keras.layers.Dense(units)(x)  # N × units
        if units > 128:
            x = BatchNorm(gamma_initializer="ones", **batch_norm)(x)
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    x = keras.layers.Dense(math.prod(image_size) * channels)(x)
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(noise, keras.layers.Reshape((*image_size, channels), dtype="float32")(x), name="generator")


def mlp_discriminator(image_size, channels):
    """Image N×H×W×`channels` -> logits N×1."""
    x = image = keras.Input((*image_size, channels))
    x = keras.layers.Flatten()(x)
    for units in (512, 256):
        x = keras.layers.Dense(units)(x)  # N × units
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
    return keras.Model(image, keras.layers.Dense(1, dtype="float32")(x), name="discriminator")
