"""The ResNet generator of Johnson et al. (2016), as CycleGAN uses it (Zhu et al. 2017, appendix 7.2)."""

import keras

from tfgan.layers import Dropout, ReflectionPadding
from tfgan.networks.blocks import conv, halving_blur, norm_layer, normal_init, upsample_conv


def resnet(
    in_channels,
    out_channels,
    *,
    n_blocks=9,
    ngf=64,
    norm="instance",
    dropout=0.0,
    dropout_at_inference=False,
    downsampling="stride",
    upsampling="deconv",
    padding_side="after",
    **batch_norm,
):
    """A ResNet generator: images N×H×W×`in_channels` in [-1, 1] -> N×H×W×`out_channels` in [-1, 1] float32.

    It halves the size twice, has `n_blocks` residual blocks, whose sum no activation follows, and doubles the size twice. H and W are
    multiples of 4 and at least 8. Its layers pixels, the padded input, down_1 and down_2, the convolutions that halve, and block_1, … are
    known by these names.

    Args:
        ngf: filters of the first convolution; the residual blocks have four times as many.
        norm: batch, instance or none.
        dropout_at_inference: also drop after training, see `tfgan.layers.Dropout`.
        downsampling: stride, or blur: convolutions of stride 1, each before a blur that halves, see `tfgan.networks.blocks.halving_blur`.
        upsampling: deconv, resize or blur, see `tfgan.networks.blocks.upsample_conv`.
        padding_side: where the 3×3 convolutions of stride 2 are padded by one row and column, and transposed ones cut: after the image, as
            TensorFlow does it, or before it, as PyTorch does. What can be learned is the same, but for weights of the other one.
        dropout: rate inside the residual blocks; CycleGAN uses none.
        batch_norm: arguments of `tfgan.layers.BatchNorm`, if `norm` is batch.
    """
    use_bias = norm != "batch"

    def normalized(layers, x, activation=True):
        for layer in [*layers, norm_layer(norm, **batch_norm), keras.layers.ReLU() if activation else None]:
            x = x if layer is None else layer(x)
        return x

    def halved(x, filters, name):
        if downsampling == "stride":
            return normalized(_halving(filters, padding_side, use_bias, name), x)
        x = normalized([conv(filters, 3, use_bias=use_bias, name=name)], x)
        for layer in halving_blur():
            x = layer(x)
        return x

    def residual_block(x, name):
        f = 4 * ngf
        y = normalized([ReflectionPadding(1), conv(f, 3, padding="valid", use_bias=use_bias)], x)
        if dropout:
            y = Dropout(dropout, at_inference=dropout_at_inference)(y)
        y = normalized([ReflectionPadding(1), conv(f, 3, padding="valid", use_bias=use_bias)], y, activation=False)
        return keras.layers.Add(name=name)([x, y])

    inputs = keras.Input((None, None, in_channels))
    x = normalized([ReflectionPadding(3, name="pixels"), conv(ngf, 7, padding="valid", use_bias=use_bias)], inputs)  # N × H × W × ngf
    x = halved(x, 2 * ngf, "down_1")  # N × H/2 × W/2 × 2 ngf
    x = halved(x, 4 * ngf, "down_2")  # N × H/4 × W/4 × 4 ngf
    for number in range(1, n_blocks + 1):
        x = residual_block(x, f"block_{number}")  # N × H/4 × W/4 × 4 ngf
    x = normalized(_doubling(2 * ngf, upsampling, padding_side, use_bias), x)  # N × H/2 × W/2 × 2 ngf
    x = normalized(_doubling(ngf, upsampling, padding_side, use_bias), x)  # N × H × W × ngf
    x = conv(out_channels, 7, padding="valid")(ReflectionPadding(3)(x))  # N × H × W × out_channels
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name=f"resnet_{n_blocks}")


def _halving(filters, padding_side, use_bias, name):
    """Layers that halve images by a convolution of 3×3, which has the `name`."""
    if padding_side == "after":
        return [conv(filters, 3, 2, use_bias=use_bias, name=name)]
    return [keras.layers.ZeroPadding2D(((1, 0), (1, 0))), conv(filters, 3, 2, "valid", use_bias, name=name)]


def _doubling(filters, upsampling, padding_side, use_bias):
    """Layers that double images by a transposed convolution of 3×3, or as `upsampling` says."""
    if padding_side == "after" or upsampling != "deconv":
        return upsample_conv(filters, upsampling, kernel=3, use_bias=use_bias)
    whole = keras.layers.Conv2DTranspose(filters, 3, 2, "valid", use_bias=use_bias, kernel_initializer=normal_init())  # 2H + 1 × 2W + 1
    return [whole, keras.layers.Cropping2D(((1, 0), (1, 0)))]
