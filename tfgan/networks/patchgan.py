"""The PatchGAN discriminator: one logit for each overlapping patch (Isola et al. 2017, appendix 6.1.2)."""

import keras

from tfgan.networks.blocks import SLOPE, conv, downsample, norm_layer


def patchgan(*channels, ndf=64, n_layers=3, norm="batch", first_bias=False, downsampling="stride", **batch_norm):
    """A PatchGAN: images in [-1, 1], one or more N×H×W×C of the given `channels`, judged together -> logits N×h×w×1 float32, no sigmoid.

    Args:
        channels: numbers of channels, one for each input; two inputs, (source, target), make the discriminator conditional.
        ndf: filters of the first convolution; they double up to 8 times as many.
        n_layers: convolutions of stride 2. A logit sees 16, 34, 70, 142 or 286 pixels for 1 to 5; 0 is the paper's PixelGAN, which sees
            one. 3 turns 256×256 pixels into 30×30 logits.
        norm: batch, instance or none, from the second convolution on.
        first_bias: a bias in the first convolution, which no norm follows, beside batch norm too; with other norms there is one.
        downsampling: stride, or blur: convolutions of stride 1 before a blur that halves, see `tfgan.networks.blocks.downsample`.
        batch_norm: arguments of `tfgan.layers.BatchNorm`, if `norm` is batch.
    """
    inputs = [keras.Input((None, None, c)) for c in channels]
    x = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    use_bias = norm != "batch"

    if n_layers == 0:
        x = keras.layers.LeakyReLU(negative_slope=SLOPE)(conv(ndf, 1)(x))  # N × H × W × ndf
        x = _activated(conv(2 * ndf, 1, use_bias=use_bias)(x), norm, batch_norm)  # N × H × W × 2 ndf
        return keras.Model(inputs, _logits(conv(1, 1)(x)), name="pixelgan")

    for level in range(n_layers):
        layer = norm_layer(norm, **batch_norm) if level > 0 else None
        bias = use_bias or (first_bias and level == 0)
        x = downsample(ndf * min(2**level, 8), layer, bias, downsampling)(x)  # N × H/2^(level+1) × W/2^(level+1) × f
    x = conv(ndf * min(2**n_layers, 8), 4, padding="valid", use_bias=use_bias)(keras.layers.ZeroPadding2D()(x))  # one pixel smaller
    x = _activated(x, norm, batch_norm)
    x = conv(1, 4, padding="valid")(keras.layers.ZeroPadding2D()(x))  # N × h × w × 1, again one pixel smaller
    return keras.Model(inputs, _logits(x), name="patchgan")


def _activated(x, norm, batch_norm):
    layer = norm_layer(norm, **batch_norm)
    x = x if layer is None else layer(x)
    return keras.layers.LeakyReLU(negative_slope=SLOPE)(x)


def _logits(x):
    return keras.layers.Activation("linear", dtype="float32")(x)
