"""VAE-GAN's encoder, decoder and discriminator (Larsen et al. 2016, table 1), with the batch norms and the start of the authors' code."""

import keras

from tfgan.layers import BatchNorm

HALVINGS = 3  # of the image's height and width, in the encoder and in the discriminator
KERNEL = 5


def fan_in_init():
    """Makes the authors' initializer of kernels, uniform within ±1/√(3 · fan-in)."""
    return keras.initializers.VarianceScaling(1 / 9, mode="fan_in", distribution="uniform")


def norm_relu(x, norm="batch"):
    return keras.layers.ReLU()(BatchNorm(epsilon=1e-6, gamma_initializer="ones")(x) if norm == "batch" else x)


def conv(filters, strides=1, use_bias=False, **kwargs):
    return keras.layers.Conv2D(filters, KERNEL, strides, "same", use_bias=use_bias, kernel_initializer=fan_in_init(), **kwargs)


def deconv(filters):
    return keras.layers.Conv2DTranspose(filters, KERNEL, 2, "same", use_bias=False, kernel_initializer=fan_in_init())


def dense(units, use_bias=False, **kwargs):
    return keras.layers.Dense(units, use_bias=use_bias, kernel_initializer=fan_in_init(), **kwargs)


def vaegan_encoder(image_size, channels, latent_dim=128, *, nef=64, units=2048):
    """VAE-GAN's encoder: images N×H×W×`channels` in [-1, 1] -> mean and log-variance of their latents, each N×`latent_dim` float32.

    Args:
        image_size: H and W in pixels, multiples of 8.
        nef: filters of the first convolution; they double twice.
        units: of the dense layer in front of the two vectors: 2048 in the paper, 1024 in its code.
    """
    inputs = x = keras.Input((*image_size, channels))
    for level in range(HALVINGS):
        x = norm_relu(conv(nef * 2**level, 2)(x))  # N × H/2^(level+1) × W/2^(level+1) × nef 2^level
    x = norm_relu(dense(units)(keras.layers.Flatten()(x)))  # N × units
    outputs = [dense(latent_dim, use_bias=True, dtype="float32", name=name)(x) for name in ("mean", "log_variance")]
    return keras.Model(inputs, outputs, name="encoder")


def vaegan_decoder(image_size, channels, latent_dim=128, *, ngf=32):
    """VAE-GAN's decoder: latents N×`latent_dim` -> images N×H×W×`channels` in [-1, 1] float32.

    Args:
        image_size: H and W in pixels, multiples of 8.
        ngf: filters at full size; 4, 8 and 8 times as many at a half, a quarter and an eighth of it.
    """
    inputs = keras.Input((latent_dim,))
    h, w = (size // 2**HALVINGS for size in image_size)
    x = norm_relu(dense(h * w * 8 * ngf)(inputs))  # N × H/8 · W/8 · 8 ngf; one mean and variance a unit
    x = keras.layers.Reshape((h, w, 8 * ngf))(x)
    for filters in (8 * ngf, 4 * ngf, ngf):
        x = norm_relu(deconv(filters)(x))  # N × 2h × 2w × filters
    x = conv(channels, use_bias=True)(x)  # N × H × W × channels
    return keras.Model(inputs, keras.layers.Activation("tanh", dtype="float32")(x), name="decoder")


def vaegan_discriminator(image_size, channels, *, ndf=32, norm="batch"):
    """VAE-GAN's discriminator: images N×H×W×`channels` in [-1, 1] -> features N×H/8×W/8×(8 `ndf`) and logits N×1, both float32.

    The features are what the paper calls Dis_l: the fourth convolution's output, before its norm. Logits have no sigmoid.

    Args:
        image_size: H and W in pixels, multiples of 8.
        ndf: filters of the first convolution, which keeps the size; 4, 8 and 8 times as many follow, and 16 times as many dense units.
        norm: batch or none, from the second convolution on; without one, biases take its place.
    """
    inputs, bias = keras.Input((*image_size, channels)), norm == "none"
    x = keras.layers.ReLU()(conv(ndf, use_bias=True)(inputs))  # N × H × W × ndf
    x = norm_relu(conv(4 * ndf, 2, bias)(x), norm)  # N × H/2 × W/2 × 4 ndf
    x = norm_relu(conv(8 * ndf, 2, bias)(x), norm)  # N × H/4 × W/4 × 8 ndf
    x = conv(8 * ndf, 2, bias)(x)  # N × H/8 × W/8 × 8 ndf
    features = keras.layers.Activation("linear", dtype="float32", name="features")(x)
    x = norm_relu(dense(16 * ndf, bias)(keras.layers.Flatten()(norm_relu(x, norm))), norm)  # N × 16 ndf
    logits = dense(1, use_bias=True, dtype="float32", name="logits")(x)
    return keras.Model(inputs, [features, logits], name="discriminator")
