"""StarGAN's generator and discriminator (Choi et al. 2018, appendix 7.2; details as in the authors' code)."""

import math

import keras

from tfgan.layers import InstanceNorm

SLOPE = 0.01  # of the discriminator's LeakyReLU


def stargan_generator(channels, labels, *, ngf=64, n_blocks=6):
    """StarGAN's generator: images N×H×W×`channels` in [-1, 1], target labels N×`labels` -> images N×H×W×`channels` in [-1, 1] float32.

    Each label becomes a constant plane beside the image's channels. H and W are multiples of 4 and at least 8. The padding is of zeros:
    behind reflection padding a constant plane adds a constant to each channel, and the first instance norm takes it out again.

    Args:
        ngf: filters of the first convolution; the residual blocks have four times as many.
        n_blocks: residual blocks.
    """
    images, targets = keras.Input((None, None, channels)), keras.Input((labels,))
    planes = keras.layers.Reshape((1, 1, labels))(targets) * keras.ops.ones_like(images[..., :1])
    x = keras.layers.Concatenate()([images, planes])  # N × H × W × (channels + labels)
    x = _normalized(_conv(ngf, 7), x)  # N × H × W × ngf
    x = _normalized(_conv(2 * ngf, 4, 2), x)  # N × H/2 × W/2 × 2 ngf
    x = _normalized(_conv(4 * ngf, 4, 2), x)  # N × H/4 × W/4 × 4 ngf
    for _ in range(n_blocks):
        y = _normalized(_conv(4 * ngf, 3), x)
        y = _normalized(_conv(4 * ngf, 3), y, activation=False)
        x = keras.layers.Add()([x, y])  # N × H/4 × W/4 × 4 ngf
    for f in (2 * ngf, ngf):
        layer = keras.layers.Conv2DTranspose(f, 4, 2, "same", use_bias=False, kernel_initializer=_torch_init())
        x = _normalized(layer, x)  # N × H/2 × W/2 × 2 ngf, then N × H × W × ngf
    x = _conv(channels, 7)(x)  # N × H × W × channels
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model([images, targets], x, name="stargan_generator")


def stargan_discriminator(channels, labels, image_size, *, ndf=64, n_layers=6):
    """StarGAN's discriminator: images N×H×W×`channels` in [-1, 1] -> a critic's scores, and logits of the attributes, both float32.

    Scores are N×⌈H/2^`n_layers`⌉×⌈W/2^`n_layers`⌉×1, logits N×`labels`, without sigmoid. There is no normalization.

    Args:
        image_size: H and W in pixels, which are fixed: the attributes' convolution covers all that is left of the image.
        ndf: filters of the first convolution; each further one has twice as many.
        n_layers: convolutions of stride 2. With 6, a score sees 318 pixels.
    """
    x = images = keras.Input((*image_size, channels))
    fan_in = 16 * channels
    for level in range(n_layers):
        f = ndf * 2**level
        bias = keras.initializers.RandomUniform(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
        x = _conv(f, 4, 2, use_bias=True, bias_initializer=bias)(x)  # N × H/2^(level+1) × W/2^(level+1) × f
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(x)
        fan_in = 16 * f
    scores = _conv(1, 3, name="scores")(x)  # N × H/2^n × W/2^n × 1
    logits = keras.layers.Flatten()(_conv(labels, tuple(x.shape[1:3]), padding="valid", name="logits")(x))  # N × labels
    outputs = [keras.layers.Activation("linear", dtype="float32")(output) for output in (scores, logits)]
    return keras.Model(images, outputs, name="stargan_discriminator")


def _torch_init():
    """Makes PyTorch's default initializer, U(-1/√fan_in, 1/√fan_in), with which the authors train.

    A transposed kernel's fan_in counts its outputs, there as in Keras.
    """
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def _conv(filters, kernel, strides=1, padding="same", use_bias=False, **kwargs):
    return keras.layers.Conv2D(filters, kernel, strides, padding, use_bias=use_bias, kernel_initializer=_torch_init(), **kwargs)


def _normalized(layer, x, activation=True):
    """Applies `layer`, an instance norm with scale and shift, and, with `activation`, a ReLU to `x`."""
    x = InstanceNorm()(layer(x))
    return keras.layers.ReLU()(x) if activation else x
