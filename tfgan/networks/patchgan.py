"""The PatchGAN discriminator: one logit for each overlapping patch (Isola et al. 2017, appendix 6.1.2)."""

import functools

import keras

from tfgan.networks.blocks import SLOPE, conv, downsample, norm_layer, spectral_conv
from tfgan.networks.multiscale import at_scales, joined_inputs


def patchgan(*channels, scales=1, maps=False, **network):
    """A PatchGAN: images in [-1, 1], one or more N×H×W×C of the given `channels`, judged together -> logits N×h×w×1 float32, no sigmoid.

    Args:
        channels: numbers of channels, one for each input; two inputs, (source, target), make the discriminator conditional.
        scales: number of PatchGANs, each of which sees the images at half the size of the one before (Wang et al. 2018, §3.2).
        maps: whether the result has the maps too. Then, and if there are several scales, it is that of `multiscale.at_scales`.
        network: arguments of `patches`.
    """
    if scales == 1 and not maps:
        inputs, x = joined_inputs(channels)
        return keras.Model(inputs, patches(x, **network)[-1], name="patchgan" if network.get("n_layers", 3) else "pixelgan")
    return at_scales(channels, scales, lambda x, _: patches(x, **network), "patchgans")


def patches(x, *, ndf=64, n_layers=3, norm="batch", first_bias=False, downsampling="stride", **batch_norm):
    """The maps of a PatchGAN after each activation, N×h×w×f, and at their end its logits, N×h×w×1 float32: a list.

    Args:
        x: what is judged, N×H×W×C.
        ndf: filters of the first convolution; they double up to 8 times as many.
        n_layers: convolutions of stride 2. A logit sees 16, 34, 70, 142 or 286 pixels for 1 to 5; 0 is the paper's PixelGAN, which sees
            one. 3 turns 256×256 pixels into 30×30 logits.
        norm: batch, instance or none, from the second convolution on; or spectral, which is that of the weights of all convolutions
            (Miyato et al. 2018, §4), and no other.
        first_bias: a bias in the first convolution, which no norm follows, beside batch norm too; with other norms there is one.
        downsampling: stride, or blur: convolutions of stride 1 before a blur that halves, see `tfgan.networks.blocks.downsample`.
        batch_norm: arguments of `tfgan.layers.BatchNorm`, if `norm` is batch.
    """
    use_bias, spectral = norm != "batch", norm == "spectral"
    make = spectral_conv if spectral else conv
    activated = functools.partial(_activated, norm=norm, batch_norm=batch_norm)
    if n_layers == 0:
        first = keras.layers.LeakyReLU(negative_slope=SLOPE)(make(ndf, 1)(x))  # N × H × W × ndf
        second = activated(make(2 * ndf, 1, use_bias=use_bias)(first))  # N × H × W × 2 ndf
        return [first, second, _logits(make(1, 1)(second))]

    maps = []
    for level in range(n_layers):
        layer = norm_layer(norm, **batch_norm) if level > 0 else None
        bias = use_bias or (first_bias and level == 0)
        x = downsample(ndf * min(2**level, 8), layer, bias, downsampling, spectral)(x)  # N × H/2^(level+1) × W/2^(level+1) × f
        maps.append(x)
    x = make(ndf * min(2**n_layers, 8), 4, padding="valid", use_bias=use_bias)(keras.layers.ZeroPadding2D()(x))  # one pixel smaller
    maps.append(activated(x))
    x = make(1, 4, padding="valid")(keras.layers.ZeroPadding2D()(maps[-1]))  # N × h × w × 1, again one pixel smaller
    return [*maps, _logits(x)]


def _activated(x, norm, batch_norm):
    layer = norm_layer(norm, **batch_norm)
    x = x if layer is None else layer(x)
    return keras.layers.LeakyReLU(negative_slope=SLOPE)(x)


def _logits(x):
    return keras.layers.Activation("linear", dtype="float32")(x)
