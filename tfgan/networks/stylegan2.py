"""StyleGAN2's synthesis network and discriminator (Karras et al. 2020, figures 2c and 7), as the authors' code builds them.

Its mapping network is StyleGAN's. In the authors' code √2 stands behind the LeakyReLU there too instead of in front of it, by which an
update moves biases further, by √2, and nothing else differs. Networks do not grow; calls are those of StyleGAN's networks.
"""

import math

import keras
import tensorflow as tf

from tfgan.layers import EqualizedConv2D, EqualizedDense, ModulatedConv2D
from tfgan.layers.forward_pass import own_seeds
from tfgan.layers.resizing import binomial, blur, double
from tfgan.networks.stylegan import SMALLEST, append_deviation, built, channels_at, leaky, name_layers, noise_map, sizes

GAIN = math.sqrt(2.0)  # behind a leaky ReLU, whose weights have none


def activated(x):
    """LeakyReLU, and √2 times what comes out, by which inputs of deviation 1 keep about that."""
    return GAIN * leaky(x)


@keras.saving.register_keras_serializable("tfgan")
class StyledConv2D(keras.layers.Layer):
    """A layer of the synthesis: a convolution with demodulation, noise, bias and LeakyReLU; maps N×H×W×C, styles -> N×H×W×`units`.

    Noise is one map for all channels with one strength, 0 at first; see `tfgan.networks.stylegan.noise_map`.

    Args:
        units: number of channels that come out.
        number: of the layer, from 0; it seeds the noise after training.
        upscale: double height and width first.
    """

    def __init__(self, units, number, upscale=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.units, self.number, self.upscale = units, number, upscale
        self.seed_generator = own_seeds()

    def get_config(self):
        return {**super().get_config(), "units": self.units, "number": self.number, "upscale": self.upscale}

    def build(self, x_shape, style_shape):
        self.convolution = ModulatedConv2D(self.units, 3, upscale=self.upscale, name="convolution")
        self.convolution.build(x_shape, style_shape)
        self.strength = self.add_weight(shape=(), initializer="zeros", name="noise_strength", autocast=False)
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias", autocast=False)

    def call(self, x, style, training=False):
        x = self.convolution(x, style)
        dtype, x = x.dtype, tf.cast(x, tf.float32)
        noise = noise_map([tf.shape(style)[0], *x.shape[1:3], 1], self.number, self.seed_generator, training)
        return tf.cast(activated(x + noise * tf.convert_to_tensor(self.strength) + tf.convert_to_tensor(self.bias)), dtype)


@keras.saving.register_keras_serializable("tfgan")
class ToColors(keras.layers.Layer):
    """A layer toRGB: maps N×H×W×C and styles -> N×H×W×`channels` float32, without demodulation and activation."""

    def __init__(self, channels, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.channels = channels

    def get_config(self):
        return {**super().get_config(), "channels": self.channels}

    def build(self, x_shape, style_shape):
        self.convolution = ModulatedConv2D(self.channels, 1, demodulate=False, dtype="float32", name="convolution")
        self.convolution.build(x_shape, style_shape)
        self.bias = self.add_weight(shape=(self.channels,), initializer="zeros", name="bias", autocast=False)

    def call(self, x, style):
        return self.convolution(x, style) + tf.convert_to_tensor(self.bias)


def _refuse_fading(alpha):
    if alpha is not None:
        raise ValueError("StyleGAN2's networks do not grow: no size fades in, and alpha is None.")


@keras.saving.register_keras_serializable("tfgan", "Synthesis2")
class Synthesis(keras.Model):
    """StyleGAN2's synthesis network: styles N×layers×`w_dim` -> images N×size×size×`channels` float32, about [-1, 1] but not bounded.

    Each size adds its colors to the doubled image of the sizes before (output skips).

    Args:
        largest: height and width of the images in pixels, a power of two.
        channels: of the images.
        w_dim: length of a style.
        channel_base, channel_max: bounds of the number of feature maps, see `tfgan.networks.stylegan.channels_at`.
    """

    def __init__(self, largest, channels, *, w_dim, channel_base=8192, channel_max=512, **kwargs):
        super().__init__(autocast=False, **kwargs)  # styles and images stay float32; the layers see to their own
        self.largest, self.channels, self.w_dim = largest, channels, w_dim
        self.channel_base, self.channel_max = channel_base, channel_max
        self.sizes = sizes(largest)
        depths = [channels_at(size, channel_base, channel_max) for size in self.sizes]
        first, style = (1, SMALLEST, SMALLEST, depths[0]), (None, w_dim)
        self.const = self.add_weight(shape=first, initializer=keras.initializers.RandomNormal(0.0, 1.0), name="const")
        self.convolutions = [built(StyledConv2D(depths[0], 0), first, style)]
        for level, (before, depth) in enumerate(zip(depths, depths[1:]), 1):
            for inputs, number, upscale in ((before, 2 * level - 1, True), (depth, 2 * level, False)):
                self.convolutions.append(built(StyledConv2D(depth, number, upscale), (None, None, None, inputs), style))
        self.to_rgb = [
            built(ToColors(channels, dtype="float32", name=f"to_rgb_{size}"), (None, None, None, depth), style)
            for size, depth in zip(self.sizes, depths)
        ]
        name_layers(self, convolution=self.convolutions, to_rgb=self.to_rgb)
        self.built = True

    def in_order(self) -> list[list]:
        """The layers from the constant to the image; those that make colors, of all sizes, are one."""
        return [[self.const, self.convolutions[0]], *([layer] for layer in self.convolutions[1:]), self.to_rgb]

    def get_config(self):
        return {name: getattr(self, name) for name in ("name", "largest", "channels", "w_dim", "channel_base", "channel_max")}

    def call(self, styles, size=None, alpha=None, training=False):
        """Makes images N×`size`×`size`×C of `styles` N×layers×w_dim, of which only the first `layer_count(size)` count.

        Args:
            size: height and width in pixels, the largest by default; smaller ones are the images that later sizes add to.
            alpha: None.
        """
        _refuse_fading(alpha)
        # 1 × 4 × 4 × C: the first style makes N of it.
        x = tf.cast(tf.convert_to_tensor(self.const), self.compute_dtype)
        image = None
        for level in range(self.sizes.index(size or self.largest) + 1):
            if level:
                x = self.convolutions[2 * level - 1](x, styles[:, 2 * level - 1], training=training)  # N × 2H × 2W × C
            x = self.convolutions[2 * level](x, styles[:, 2 * level], training=training)
            colors = self.to_rgb[level](x, styles[:, 2 * level + 1])
            image = colors if image is None else blur(double(image)) + colors
        return image


@keras.saving.register_keras_serializable("tfgan", "Discriminator2")
class Discriminator(keras.Model):
    """StyleGAN2's residual discriminator: images N×size×size×`channels` in [-1, 1] -> logits N×1 float32, no sigmoid.

    Args:
        largest: height and width of the images in pixels, a power of two.
        channels: of the images.
        channel_base, channel_max: bounds of the number of feature maps, see `tfgan.networks.stylegan.channels_at`.
    """

    def __init__(self, largest, channels, *, channel_base=8192, channel_max=512, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.largest, self.channels = largest, channels
        self.channel_base, self.channel_max = channel_base, channel_max
        depths = [channels_at(size, channel_base, channel_max) for size in sizes(largest)]
        pairs = list(zip(depths, depths[1:]))[::-1]  # (channels after a block, before it), from the image on

        def convolution(inputs, units, kernel, **settings):
            return built(EqualizedConv2D(units, kernel, gain=1.0, **settings), (None, None, None, inputs))

        self.from_rgb = convolution(channels, depths[-1], 1, name=f"from_rgb_{largest}")
        self.convolutions = [convolution(depth, depth, 3) for _, depth in pairs]
        self.halving = [convolution(depth, less, 3, strides=2) for less, depth in pairs]
        self.skips = [convolution(depth, less, 1, use_bias=False) for less, depth in pairs]
        self.last = convolution(depths[0] + 1, depths[0], 3)
        self.dense = built(EqualizedDense(depths[0], gain=1.0), (None, depths[0] * SMALLEST**2))
        self.logit = built(EqualizedDense(1, gain=1.0, dtype="float32"), (None, depths[0]))
        name_layers(self, convolution=self.convolutions, halving=self.halving, skip=self.skips)
        self.built = True

    grows_at_its_input = True

    def in_order(self) -> list[list]:
        """The layers from the image to the logit; of a block the two convolutions, then the one that goes around them."""
        blocks = zip(self.convolutions, self.halving, self.skips)
        return [[self.from_rgb], *([layer] for block in blocks for layer in block), [self.last], [self.dense], [self.logit]]

    def get_config(self):
        return {name: getattr(self, name) for name in ("name", "largest", "channels", "channel_base", "channel_max")}

    def call(self, images, alpha=None, training=False):
        """Judges images of the network's size; `alpha` is None."""
        _refuse_fading(alpha)
        x = activated(self.from_rgb(tf.cast(images, self.compute_dtype)))  # N × H × W × C
        for convolution, halving, skip in zip(self.convolutions, self.halving, self.skips):
            around = skip(binomial(x, 4, margin=1, stride=2))
            x = activated(halving(binomial(activated(convolution(x)), 4, margin=2)))  # N × H/2 × W/2 × C
            x = (x + around) / GAIN
        x = activated(self.last(append_deviation(x)))  # N × 4 × 4 × C
        x = activated(self.dense(tf.reshape(x, [tf.shape(x)[0], math.prod(x.shape[1:])])))
        return self.logit(tf.cast(x, tf.float32))
