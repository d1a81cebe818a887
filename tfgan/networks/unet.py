"""The U-Net generator of pix2pix and its ablation, the encoder–decoder (Isola et al. 2017, appendix 6.1.1)."""

import keras

from tfgan.networks.blocks import downsample, norm_layer, upsample, upsample_conv


def unet(
    in_channels,
    out_channels,
    *,
    depth=8,
    ngf=64,
    skips=True,
    norm="batch",
    bottleneck_norm=False,
    dropout=0.5,
    dropout_at_inference=False,
    upsampling="deconv",
    skip_activation="leaky_relu",
    **batch_norm,
):
    """A U-Net: images N×H×W×`in_channels` in [-1, 1] -> N×H×W×`out_channels` in [-1, 1] float32; H and W multiples of 2^`depth`.

    Args:
        depth: number of halvings; 8 takes 256×256 to a 1×1 bottleneck.
        ngf: filters of the first convolution; they double up to 8 times as many.
        skips: join each decoder block to the encoder's output of its size; without, this is the encoder–decoder of the paper's §4.3.
        norm: batch, instance or none.
        bottleneck_norm: also normalize the innermost convolution, as the TensorFlow tutorial does. At batch size 1 a batch norm on
            1×1 pixels replaces whatever comes in by its own β, so that the bottleneck carries nothing; the paper's errata drops it.
        dropout: rate in the first three decoder blocks, before the activation.
        dropout_at_inference: also drop after training, see `tfgan.layers.Dropout`.
        upsampling: deconv or resize, see `tfgan.networks.blocks.upsample_conv`.
        skip_activation: of what the decoder gets of the encoder, the bottleneck too: leaky_relu, as in TensorFlow's tutorial, or relu, as
            in the authors' code.
        batch_norm: arguments of `tfgan.layers.BatchNorm`, if `norm` is batch.
    """
    filters = [ngf * min(2**level, 8) for level in range(depth)]
    use_bias = norm != "batch"

    x = inputs = keras.Input((None, None, in_channels))
    encoded = []
    for level, f in enumerate(filters):
        innermost = level == depth - 1
        normalized = bottleneck_norm if innermost else level > 0
        x = downsample(f, norm_layer(norm, **batch_norm) if normalized else None, use_bias)(x)
        encoded.append(x)  # N × H/2^(level+1) × W/2^(level+1) × f

    if skip_activation == "relu":
        encoded = [keras.layers.ReLU()(y) for y in encoded]  # behind LeakyReLU: what was negative is 0
        x = encoded[-1]
    for level in reversed(range(depth - 1)):
        rate = dropout if level >= depth - 4 else 0.0
        block = upsample(filters[level], norm_layer(norm, **batch_norm), rate, use_bias, upsampling, dropout_at_inference)
        x = block(x)  # N × H/2^(level+1) × W/2^(level+1) × f
        if skips:
            x = keras.layers.Concatenate()([x, encoded[level]])  # N × H/2^(level+1) × W/2^(level+1) × 2f

    for layer in upsample_conv(out_channels, upsampling, use_bias=True):
        x = layer(x)  # N × H × W × out_channels
    x = keras.layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, x, name=f"{'unet' if skips else 'encdec'}_{2**depth}")
