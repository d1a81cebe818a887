"""SPADE's generator and style encoder (Park et al. 2019, appendix A), as the authors' code has them."""

import math

import keras

from tfgan.layers import BatchNorm, NearestDoubling, ResizeLike, SpectralConv2D, instance_norm
from tfgan.networks.blocks import SLOPE

HIDDEN = 128  # filters of the convolution that all of a SPADE layer's modulations come from
STYLE_MAP = 4  # height and width of the style encoder's last map


def xavier_init():
    """Makes Xavier's normal initializer with gain 0.02, as in the paper's code."""
    return keras.initializers.VarianceScaling(0.02**2, mode="fan_avg", distribution="untruncated_normal")


def conv(filters, kernel, strides=1, padding="same", **kwargs):
    return keras.layers.Conv2D(filters, kernel, strides, padding, kernel_initializer=xavier_init(), **kwargs)


def spectral_conv(filters, kernel, strides=1, padding="same", use_bias=True, **kwargs):
    return SpectralConv2D(filters, kernel, strides, padding, use_bias, kernel_initializer=xavier_init(), **kwargs)


def leaky_relu(x):
    # Not Keras' layer: TensorFlow's graph optimizer tries to fuse that with the sum in front of it, fails, and says so in the log.
    return keras.ops.maximum(x, SLOPE * x)


def spade(x, labels, synchronized=True, name=None):
    """Spatially-adaptive normalization of `x`, N×h×w×C, by one-hot `labels`, N×h×w×K: x̂·(1 + γ) + β (Park et al. 2019, §3.1).

    x̂ is x after a batch norm without weights, γ and β come from the labels. The paper prints γ·x̂ + β; its code has 1 + γ.
    """
    normalized = BatchNorm(center=False, scale=False, synchronized=synchronized, name=_part(name, "norm"))(x)
    hidden = conv(HIDDEN, 3, activation="relu", name=_part(name, "hidden"))(labels)  # N × h × w × HIDDEN
    gamma, beta = (conv(x.shape[-1], 3, name=_part(name, part))(hidden) for part in ("gamma", "beta"))  # N × h × w × C
    return normalized * (1.0 + gamma) + beta


def _part(name, part):
    """The name of a layer of a part of the network; None, so that Keras makes one, where the part has none."""
    return f"{name}_{part}" if name else None


def spade_block(x, labels, filters, synchronized=True, name=None):
    """A residual block of two spectrally normalized convolutions, each behind SPADE and LeakyReLU: N×h×w×C -> N×h×w×`filters`.

    Where C is not `filters` the shortcut is SPADE and a 1×1 convolution, without activation. `name` begins the names of its layers.
    """
    c = x.shape[-1]

    def modulated(x, number):
        return spade(x, labels, synchronized, _part(name, f"spade_{number}"))

    y = spectral_conv(min(c, filters), 3, name=_part(name, "conv_0"))(leaky_relu(modulated(x, 0)))  # N × h × w × min(C, filters)
    y = spectral_conv(filters, 3, name=_part(name, "conv_1"))(leaky_relu(modulated(y, 1)))  # N × h × w × filters
    if c != filters:
        x = spectral_conv(filters, 1, use_bias=False, name=_part(name, "conv_s"))(modulated(x, "s"))  # N × h × w × filters
    return keras.layers.Add()([x, y])


def spade_generator(
    num_classes,
    out_channels,
    *,
    ngf=64,
    depth=5,
    num_upsampling_layers="normal",
    latent_dim=0,
    image_size=(256, 256),
    synchronized=True,
):
    """SPADE's generator: one-hot labels N×H×W×`num_classes` [, styles N×`latent_dim`] -> images N×H×W×`out_channels` in [-1, 1].

    Images are float32. H and W are multiples of 2^`depth`.

    Args:
        ngf: filters at full size; they double with every halving of the size, up to 16 times as many.
        depth: doublings from the first map, which is 8×8 for 256×256 pixels and the paper's 5; all of them, whatever the next says.
        num_upsampling_layers: normal; more, one of the doublings is between the two blocks that otherwise have one size; most, and another
            one, with a block of half the filters, is at the end, as in the authors' code.
        latent_dim: length of the style vector z, N×`latent_dim`, a second input out of which the first map is made; 0: there is none, and
            the first map is made from the labels, halved as often.
        image_size: H and W of training images in pixels, for z only: z becomes a first map for this height and width, which is resized
            bilinearly for others.
        synchronized: whether batch norms take the batch's statistics over all replicas, see `tfgan.layers.BatchNorm`.
    """
    inputs = labels = keras.Input((None, None, num_classes))
    # Every 2^k-th pixel, the upper left one of its square, as PyTorch's nearest neighbor takes it.
    halved = [labels[:, :: 2**k, :: 2**k] if k else labels for k in range(depth + 1)]  # N × H/2^k × W/2^k × K
    between, ends = num_upsampling_layers != "normal", num_upsampling_layers == "most"
    blocks = depth - between - ends  # doublings with a block each, behind the middle ones; before these is one more
    filters = [ngf * min(2**k, 16) for k in range(blocks)][::-1] + [max(ngf // 2, 1)] * ends

    if latent_dim:
        z = keras.Input((latent_dim,))
        inputs = [labels, z]
        x = _first_map(z, halved[depth], filters[0], [size // 2**depth for size in image_size])
    else:
        x = conv(filters[0], 3, name="first")(halved[depth])
    x = spade_block(x, halved[depth], filters[0], synchronized, "head")  # N × H/2^depth × W/2^depth × 16 ngf
    x, level = NearestDoubling()(x), depth - 1
    x = spade_block(x, halved[level], filters[0], synchronized, "middle_0")  # N × H/2^level × W/2^level × 16 ngf
    if between:
        x, level = NearestDoubling()(x), level - 1
    x = spade_block(x, halved[level], filters[0], synchronized, "middle_1")  # N × H/2^level × W/2^level × 16 ngf
    for number, f in enumerate(filters[1:]):
        x, level = NearestDoubling()(x), level - 1
        x = spade_block(x, halved[level], f, synchronized, f"up_{number}")  # N × H/2^level × W/2^level × f
    x = conv(out_channels, 3, name="last")(leaky_relu(x))  # N × H × W × out_channels
    return keras.Model(inputs, keras.layers.Activation("tanh", dtype="float32")(x), name="spade_generator")


def _first_map(z, like, filters, size):
    x = keras.layers.Dense(filters * math.prod(size), kernel_initializer=xavier_init(), name="first")(z)
    return ResizeLike()([keras.layers.Reshape((*size, filters))(x), like])  # N × h × w × filters


def style_encoder(in_channels, latent_dim=256, *, nef=64, size=256):
    """SPADE's style encoder: images N×`size`×`size`×`in_channels` in [-1, 1] -> mean and log-variance of their style.

    Both are N×`latent_dim` float32.

    Args:
        nef: filters of the first convolution; they double up to 8 times as many.
        size: height and width in pixels, a power of two from 8 on; 256 takes six convolutions to the 4×4 map that both vectors come from.
    """
    inputs = x = keras.Input((size, size, in_channels))
    for level in range(int(math.log2(size // STYLE_MAP))):
        x = keras.layers.ZeroPadding2D()(x)  # on all sides, where stride 2 and padding "same" would pad on two
        x = spectral_conv(nef * min(2**level, 8), 3, 2, "valid", use_bias=False, name=f"conv_{level}")(
            x
        )  # N × size/2^(level+1) × size/2^(level+1) × f
        x = leaky_relu(instance_norm()(x))
    x = keras.layers.Flatten()(x)  # N × 16 · 8 nef
    outputs = [
        keras.layers.Dense(latent_dim, kernel_initializer=xavier_init(), dtype="float32", name=name)(x) for name in ("mean", "log_variance")
    ]
    return keras.Model(inputs, outputs, name="style_encoder")
