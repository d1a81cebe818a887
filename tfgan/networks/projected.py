"""The projected discriminator: small networks that judge random mixtures of a frozen network's maps (Sauer et al. 2021)."""

import keras

from tfgan.layers import resize
from tfgan.networks.blocks import norm_layer, spectral_conv
from tfgan.networks.spade import leaky_relu

MOST_WIDE = 8  # times the first width: the channels of a head's last maps, at most
KERNEL = 4  # of the last convolution: the coarsest map must have so many rows and columns


def widths(scales, width):
    """The channels of the mixed maps, from fine to coarse."""
    return [width * min(2**scale, MOST_WIDE) for scale in range(scales)]


@keras.saving.register_keras_serializable("tfgan")
class ResizedTo(keras.layers.Layer):
    """Resizes the first of two inputs, N×h×w×C, to the height and width of the second, N×H×W×K, see `tfgan.layers.resize`: N×H×W×C."""

    def compute_output_shape(self, input_shape):
        resized, like = input_shape
        return (resized[0], *like[1:3], resized[-1])

    def call(self, inputs):
        x, like = inputs
        return keras.ops.cast(resize(x, like.shape[1:3]), x.dtype)


def projection(channels, width=64):
    """The random mixing of a frozen network's maps, which is never trained: a list of maps, from fine to coarse -> as many.

    Across channels each map goes through a convolution of 1×1 pixels (§3.2 there, CCM). Across scales, from the coarsest on, what was mixed
    so far is resized to the next finer map, goes through a convolution of 3×3 pixels, and is added to it (CSM). All weights are drawn as
    He et al. 2015 have it.

    Args:
        channels: numbers of channels of the maps.
        width: channels of the finest mixed map; each coarser one has twice as many, up to 8 times.
    """
    inputs = [keras.Input((None, None, c)) for c in channels]
    kept = widths(len(channels), width)
    mixed = [_random(c, 1, f"channels_{scale}")(x) for scale, (c, x) in enumerate(zip(kept, inputs))]  # N × h × w × width·2^scale
    for scale in reversed(range(len(channels) - 1)):
        coarser = ResizedTo()([mixed[scale + 1], mixed[scale]])
        mixed[scale] = keras.layers.Add()([mixed[scale], _random(kept[scale], 3, f"scales_{scale}")(coarser)])
    model = keras.Model(inputs, mixed, name="projection")
    model.trainable = False
    return model


def _random(filters, kernel, name):
    return keras.layers.Conv2D(filters, kernel, padding="same", kernel_initializer="he_normal", name=name)


def heads(scales, *, width=64, given=0, norm="batch", **batch_norm):
    """The networks that judge mixed maps, one for each: a list of them, N×h×w×(`widths` + `given`), from fine to coarse.

    As many convolutions of stride 2 as there are coarser maps lead to the size of the coarsest one, each followed by `norm` and LeakyReLU,
    and one of 4×4 pixels to the logits. All have spectral norm.

    Args:
        scales: how many there are.
        width: as that of `projection`.
        given: channels that are judged beside the maps, such as those of the source.
        norm: batch, to which the arguments `batch_norm` go, or instance; none or spectral: there is no other.

    Returns:
        A Keras model with the output of `tfgan.networks.multiscale.at_scales`.
    """
    kept = widths(scales, width)
    inputs, outputs = [keras.Input((None, None, c + given)) for c in kept], {}
    for scale, x in enumerate(inputs):
        maps = []
        for level in range(scale + 1, scales):
            x = spectral_conv(kept[level], KERNEL, 2, use_bias=norm != "batch")(x)  # N × h/2 × w/2 × width·2^level
            layer = norm_layer(norm, **batch_norm)
            x = leaky_relu(x if layer is None else layer(x))
            maps.append(x)
        x = spectral_conv(1, KERNEL, padding="valid")(x)  # N × h × w × 1, three pixels smaller than the coarsest map
        outputs[f"scale_{scale}"] = [*maps, keras.layers.Activation("linear", dtype="float32")(x)]
    return keras.Model(inputs, outputs, name="projected_discriminator")
