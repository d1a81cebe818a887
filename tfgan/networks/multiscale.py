"""The multi-scale PatchGAN discriminator of pix2pixHD (Wang et al. 2018, §3.2), as SPADE uses it (Park et al. 2019, appendix A)."""

import keras
import tensorflow as tf

from tfgan.layers import instance_norm
from tfgan.networks.spade import conv, leaky_relu, spectral_conv


@keras.saving.register_keras_serializable("tfgan")
class HalvingPool(keras.layers.Layer):
    """Averages 3×3 pixels around every second one, N×H×W×C -> N×⌈H/2⌉×⌈W/2⌉×C; what lies outside the image does not count.

    PyTorch's pooling of stride 2 and padding 1. TensorFlow's "same" has the windows one pixel further on where H is even.
    """

    def compute_output_shape(self, input_shape):
        n, *sizes, c = input_shape
        return (n, *(None if size is None else -(-size // 2) for size in sizes), c)

    def call(self, x):
        pixels, inside = (tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]]) for image in (x, tf.ones_like(x[:1, :, :, :1])))
        return tf.nn.avg_pool2d(pixels, 3, 2, "VALID") / tf.nn.avg_pool2d(inside, 3, 2, "VALID")


def multiscale_discriminator(*channels, scales=2, ndf=64, n_layers=4):
    """Images, one or more N×H×W×C of the given `channels`, judged together by one discriminator for each scale.

    Returns a dictionary from scale_0, scale_1, … to a list: the maps after each activation, N×h×w×f, and at its end the logits,
    N×h×w×1 float32, no sigmoid. (Of nested lists, Keras would drop the outer one if there is a single scale.)

    Args:
        channels: of each input: SPADE's are one-hot labels and an image.
        scales: the second discriminator sees the images at half the size, the third at a quarter, …
        ndf: filters of the first convolution; they double up to 8 times as many.
        n_layers: convolutions before the logits; all but the last have stride 2. A logit sees 70 pixels of its scale for 4.
    """
    inputs = [keras.Input((None, None, c)) for c in channels]
    x = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    outputs = {}
    for scale in range(scales):
        x = HalvingPool()(x) if scale else x  # N × H/2^scale × W/2^scale × C
        outputs[f"scale_{scale}"] = _patches(x, ndf, n_layers)
    return keras.Model(inputs, outputs, name="multiscale_discriminator")


def _patches(x, ndf, n_layers):
    """Spectral norm only between the first and the last convolution, as in the paper's code; the paper says all layers."""
    maps = []
    for layer in range(n_layers):
        filters, strides = ndf * min(2**layer, 8), 1 if layer and layer == n_layers - 1 else 2
        x = keras.layers.ZeroPadding2D(2)(x)
        if layer:
            x = instance_norm()(spectral_conv(filters, 4, strides, "valid", use_bias=False)(x))
        else:
            x = conv(filters, 4, strides, "valid")(x)
        x = leaky_relu(x)  # N × h × w × f
        maps.append(x)
    x = conv(1, 4, padding="valid")(keras.layers.ZeroPadding2D(2)(x))  # N × h × w × 1
    return [*maps, keras.layers.Activation("linear", dtype="float32")(x)]


def minimal_multiscale_size(scales: int, n_layers: int) -> int:
    """The smallest height and width, in pixels, whose halvings leave more than padding on the coarsest scale."""
    return 2 ** (scales - 1 + max(n_layers - 1, 1))
