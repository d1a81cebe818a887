"""The multi-scale PatchGAN discriminator of pix2pixHD (Wang et al. 2018, §3.2), as SPADE uses it (Park et al. 2019, appendix A)."""

import keras

from tfgan.layers import HalvingPool, instance_norm
from tfgan.networks.spade import conv, leaky_relu, spectral_conv


def joined_inputs(channels):
    """Inputs N×H×W×C, one for each number of channels, and what is judged, all of them side by side."""
    inputs = [keras.Input((None, None, c)) for c in channels]
    return inputs, keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]


def at_scales(channels, scales, patches, name):
    """A discriminator that judges images, one or more N×H×W×C of the given `channels`, together, by one network for each scale.

    Args:
        channels: numbers of channels, one for each input.
        scales: the second network sees the images at half the size, the third at a quarter, …
        patches: makes the maps of one of them: what it sees, and the name of its scale -> a list.
        name: of the model.

    Returns:
        A Keras model whose output is a dictionary from scale_0, scale_1, … to a list: the maps after each activation, N×h×w×f, and at its
        end the logits, N×h×w×1 float32, no sigmoid. (Were it nested lists, Keras would drop the outer one if there is a single scale.)
    """
    inputs, x = joined_inputs(channels)
    outputs = {}
    for scale in range(scales):
        x = HalvingPool()(x) if scale else x  # N × H/2^scale × W/2^scale × C
        outputs[f"scale_{scale}"] = patches(x, f"scale_{scale}")
    return keras.Model(inputs, outputs, name=name)


def multiscale_discriminator(*channels, scales=2, ndf=64, n_layers=4):
    """SPADE's discriminator, see `at_scales`; its `channels` are those of one-hot labels and of an image.

    Args:
        ndf: filters of the first convolution; they double up to 8 times as many.
        n_layers: convolutions before the logits; all but the last have stride 2. A logit sees 70 pixels of its scale for 4.
    """
    return at_scales(channels, scales, lambda x, name: _patches(x, ndf, n_layers, name), "multiscale_discriminator")


def _patches(x, ndf, n_layers, name):
    """The maps and logits of one scale's discriminator, whose name begins those of its layers.

    Spectral norm is only between the first and the last convolution, as in the paper's code; the paper says all layers.
    """
    maps = []
    for layer in range(n_layers):
        filters, strides = ndf * min(2**layer, 8), 1 if layer and layer == n_layers - 1 else 2
        x, layer_name = keras.layers.ZeroPadding2D(2)(x), f"{name}_conv_{layer}"
        if layer:
            x = instance_norm()(spectral_conv(filters, 4, strides, "valid", use_bias=False, name=layer_name)(x))
        else:
            x = conv(filters, 4, strides, "valid", name=layer_name)(x)
        x = leaky_relu(x)  # N × h × w × f
        maps.append(x)
    x = conv(1, 4, padding="valid", name=f"{name}_conv_{n_layers}")(keras.layers.ZeroPadding2D(2)(x))  # N × h × w × 1
    return [*maps, keras.layers.Activation("linear", dtype="float32")(x)]
