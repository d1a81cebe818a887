"""StyleGAN's mapping and synthesis networks and its discriminator (Karras et al. 2019, figure 1b and appendix B), as the authors' code
builds them.

Synthesis and discriminator hold the layers of all sizes from 4×4 on; a call says at which one it ends or begins. Layers of the synthesis
are counted from 0, two for each size; each takes a style of its own.
"""

import math

import keras
import tensorflow as tf

from tfgan.layers import EqualizedConv2D, EqualizedDense, normal
from tfgan.layers.forward_pass import next_seed, own_seeds
from tfgan.layers.noise import fixed
from tfgan.layers.resizing import blur, double, halve
from tfgan.networks.blocks import SLOPE

SMALLEST = 4
GROUP = 4  # images over which the discriminator takes a standard deviation
OLD_ARGUMENTS = {"width": "w_dim", "base": "channel_base", "most": "channel_max"}  # in files of earlier versions -> present ones


def leaky(x):
    """LeakyReLU in a form of which any number of derivatives can be compiled."""
    return tf.maximum(x, SLOPE * x)


def sizes(largest: int) -> list[int]:
    """The sizes in pixels from 4 to `largest`, each twice the one before: 4, 8, … `largest`."""
    return [SMALLEST << i for i in range(int(math.log2(largest // SMALLEST)) + 1)]


def layer_count(size: int) -> int:
    """The number of layers of a synthesis up to `size` pixels, each of which takes a style: 4 for 8 pixels, 10 for 64, 18 for 1024."""
    return 2 * len(sizes(size))


def channels_at(size: int, channel_base: int, channel_max: int) -> int:
    """The number of feature maps of `size` pixels: `channel_base` / 2^(log2 `size` - 1), at most `channel_max`."""
    return max(1, min(2 * channel_base // size, channel_max))


def mapping(latent_dim: int, w_dim: int, depth: int = 8):
    """StyleGAN's mapping network: noise N×`latent_dim` -> styles w N×`w_dim` float32 (Karras et al. 2019, figure 1b).

    Its `depth` layers learn a hundred times slower than those of the other networks.
    """
    noise = keras.Input((latent_dim,))
    x = UnitLength(dtype="float32")(noise)
    for _ in range(depth):
        x = EqualizedDense(w_dim, lr_multiplier=0.01, dtype="float32")(x)
        x = keras.layers.LeakyReLU(negative_slope=SLOPE, dtype="float32")(x)  # N × w_dim
    return keras.Model(noise, x, name="mapping")


@keras.saving.register_keras_serializable("tfgan")
class UnitLength(keras.layers.Layer):
    """Scales each vector of N×d so that the mean of its squares is 1; returns N×d."""

    def call(self, z):
        return z * tf.math.rsqrt(tf.reduce_mean(tf.square(z), axis=1, keepdims=True) + 1e-8)


@keras.saving.register_keras_serializable("tfgan")
class Epilogue(keras.layers.Layer):
    """The layer behind every convolution of the synthesis: noise, bias, LeakyReLU, instance norm, and the style as scale and shift (AdaIN).

    Noise is one map for all channels, each of which has its own strength, 0 at first. In training each call draws it anew, inside a
    `tfgan.layers.ForwardPass` from its seed; afterwards it is one map, the same for every image. Called with maps N×H×W×C and styles
    N×`w_dim`, the layer returns N×H×W×C.

    Args:
        number: of the layer, from 0; it seeds the noise after training.
    """

    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number
        self.seed_generator = own_seeds()

    def build(self, channels, w_dim):
        """Makes the weights, for maps of `channels` channels and styles of length `w_dim`."""
        self.strength = self.add_weight(shape=(channels,), initializer="zeros", name="noise_strength", autocast=False)
        self.bias = self.add_weight(shape=(channels,), initializer="zeros", name="bias", autocast=False)
        self.affine = EqualizedDense(2 * channels, gain=1.0, dtype="float32", name="style")
        self.affine.build((None, w_dim))

    def call(self, x, style, training=False):
        dtype, x = x.dtype, tf.cast(x, tf.float32)  # a norm over few pixels needs the precision
        noise = noise_map([tf.shape(style)[0], *x.shape[1:3], 1], self.number, self.seed_generator, training)
        x = leaky(x + noise * tf.convert_to_tensor(self.strength) + tf.convert_to_tensor(self.bias))
        scale, shift = tf.split(self.affine(style)[:, None, None], 2, axis=-1)
        return tf.cast(adain(x, scale + 1.0, shift), dtype)


def noise_map(shape, number, seeds, training):
    """The noise of the synthesis' layer `number`, `shape` being N×H×W×1: in training another map for each image, afterwards one for all.

    Args:
        seeds: the layer's own, see `tfgan.layers.forward_pass.own_seeds`.
    """
    return normal(shape, next_seed(seeds)) if training else fixed(normal, [1, *shape[1:]], number)


def adain(x, scale, shift):
    """Adaptive instance normalization (Huang and Belongie 2017): each map of N×H×W×C gets mean `shift` and deviation |`scale`|, N×1×1×C."""
    mean, variance = tf.nn.moments(x, axes=[1, 2], keepdims=True)
    return (x - mean) * (scale * tf.math.rsqrt(variance + 1e-8)) + shift


def built(layer, *shapes):
    """The layer with its weights, for inputs of these shapes."""
    layer.build(*shapes)
    return layer


def _convolution(inputs, filters, kernel, **settings):
    """A square convolution with its weights, for images of `inputs` channels."""
    return built(EqualizedConv2D(filters, kernel, **settings), (None, None, None, inputs))


def _arguments(config):
    """The present arguments of a network that was saved with `config`, in which earlier versions used other names."""
    return {OLD_ARGUMENTS.get(name, name): value for name, value in config.items()}


def name_layers(model, **lists):
    """Makes layers attributes of their own: TensorFlow's checkpoints do not look into lists of Keras layers."""
    for name, layers in lists.items():
        for number, layer in enumerate(layers):
            setattr(model, f"{name}_{number}", layer)


@keras.saving.register_keras_serializable("tfgan")
class Synthesis(keras.Model):
    """StyleGAN's synthesis network: styles N×layers×`w_dim` -> images N×size×size×`channels` float32, about [-1, 1] but not bounded.

    Args:
        largest: height and width of the finished images in pixels, a power of two.
        channels: of the images.
        w_dim: length of a style.
        every_size: there is a layer toRGB for each size, for growing; otherwise for the largest alone.
        channel_base, channel_max: bounds of the number of feature maps, see `channels_at`.
    """

    def __init__(self, largest, channels, *, w_dim, every_size, channel_base=8192, channel_max=512, **kwargs):
        super().__init__(autocast=False, **kwargs)  # styles, α and images stay float32; the layers see to their own
        self.largest, self.channels, self.w_dim, self.every_size = largest, channels, w_dim, every_size
        self.channel_base, self.channel_max = channel_base, channel_max
        self.sizes = sizes(largest)
        depths = [channels_at(size, channel_base, channel_max) for size in self.sizes]
        self.const = self.add_weight(shape=(1, SMALLEST, SMALLEST, depths[0]), initializer="ones", name="const")
        # In the place of the first convolution stands the constant.
        layers = [(inputs, depth) for before, depth in zip([None, *depths], depths) for inputs in (before, depth)]
        self.convolutions = [_convolution(inputs, depth, 3, use_bias=False) for inputs, depth in layers[1:]]
        self.epilogues = [built(Epilogue(number), depth, w_dim) for number, (_, depth) in enumerate(layers)]
        self.to_rgb = [
            _convolution(depth, channels, 1, gain=1.0, dtype="float32", name=f"to_rgb_{size}")
            for size, depth in zip(self.sizes, depths)
            if every_size or size == largest
        ]
        name_layers(self, epilogue=self.epilogues, convolution=self.convolutions, to_rgb=self.to_rgb)
        self.built = True

    def in_order(self) -> list[list]:
        """The layers from the constant to the image, those that belong together in one list: a convolution and what follows it."""
        layers = [[convolution, epilogue] for convolution, epilogue in zip(self.convolutions, self.epilogues[1:])]
        return [[self.const, self.epilogues[0]], *layers, self.to_rgb]

    def get_config(self):
        names = ("name", "largest", "channels", "w_dim", "every_size", "channel_base", "channel_max")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        return cls(**_arguments(config))

    def call(self, styles, size=None, alpha=None, training=False):
        """Makes images N×`size`×`size`×C of `styles` N×layers×w_dim, of which only the first `layer_count(size)` count.

        Args:
            size: height and width in pixels, the largest by default.
            alpha: share of the last layers in images whose size is fading in, a scalar from 0 to 1; None: nothing fades.
        """
        last = self.sizes.index(size or self.largest)
        # 1 × 4 × 4 × C: the first style makes N of it. Until then exports hold what comes of it as a constant; it is all but 1 everywhere
        # at first, so that its norm would show how other runtimes round.
        x = tf.cast(tf.convert_to_tensor(self.const), self.compute_dtype)
        for level in range(last + 1):
            before, number = x, 2 * level
            if level:
                x = blur(self.convolutions[number - 1](double(x)))  # N × 2H × 2W × C
            x = self.epilogues[number](x, styles[:, number], training=training)
            x = self.convolutions[number](x)
            x = self.epilogues[number + 1](x, styles[:, number + 1], training=training)
        last -= len(self.sizes)  # counted from the largest, which is always there
        image = self.to_rgb[last](x)
        if alpha is None:
            return image
        coarse = double(self.to_rgb[last - 1](before))
        return coarse + alpha * (image - coarse)


@keras.saving.register_keras_serializable("tfgan")
class Discriminator(keras.Model):
    """StyleGAN's discriminator: images N×size×size×`channels` in [-1, 1] -> logits N×1 float32, no sigmoid.

    Args:
        largest: height and width of the finished images in pixels, a power of two.
        channels: of the images.
        every_size: there is a layer fromRGB for each size, for growing; otherwise for the largest alone.
        channel_base, channel_max: bounds of the number of feature maps, see `channels_at`.
    """

    def __init__(self, largest, channels, *, every_size, channel_base=8192, channel_max=512, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.largest, self.channels, self.every_size = largest, channels, every_size
        self.channel_base, self.channel_max = channel_base, channel_max
        self.sizes = sizes(largest)
        depths = [channels_at(size, channel_base, channel_max) for size in self.sizes]
        self.from_rgb = [
            _convolution(channels, depth, 1, name=f"from_rgb_{size}")
            for size, depth in zip(self.sizes, depths)
            if every_size or size == largest
        ]
        self.convolutions = [_convolution(depth, depth, 3) for depth in depths[1:]]
        self.downscaling = [_convolution(depth, less, 3, downscale=True) for less, depth in zip(depths, depths[1:])]
        self.last = _convolution(depths[0] + 1, depths[0], 3)
        self.dense = built(EqualizedDense(depths[0]), (None, depths[0] * SMALLEST**2))
        self.logit = built(EqualizedDense(1, gain=1.0, dtype="float32"), (None, depths[0]))
        name_layers(self, from_rgb=self.from_rgb, convolution=self.convolutions, downscaling=self.downscaling)
        self.built = True

    grows_at_its_input = True

    def in_order(self) -> list[list]:
        """The layers from images of the largest size to the logit, fromRGB of all sizes together."""
        pairs = zip(reversed(self.convolutions), reversed(self.downscaling))
        return [self.from_rgb, *([layer] for pair in pairs for layer in pair), [self.last], [self.dense], [self.logit]]

    def get_config(self):
        return {name: getattr(self, name) for name in ("name", "largest", "channels", "every_size", "channel_base", "channel_max")}

    @classmethod
    def from_config(cls, config):
        return cls(**_arguments(config))

    def call(self, images, alpha=None, training=False):
        """Judges images of one of the network's sizes.

        Args:
            alpha: share of the first layers for images whose size is fading in, a scalar from 0 to 1; None: nothing fades.
        """
        level = self.sizes.index(images.shape[1])
        last = level - len(self.sizes)  # counted from the largest, which is always there
        x = leaky(self.from_rgb[last](tf.cast(images, self.compute_dtype)))  # N × H × W × C
        if alpha is not None:
            coarse = leaky(self.from_rgb[last - 1](tf.cast(halve(images), self.compute_dtype)))
        for i in range(level, 0, -1):
            x = leaky(self.convolutions[i - 1](x))
            x = leaky(self.downscaling[i - 1](blur(x)))  # N × H/2 × W/2 × C
            if alpha is not None and i == level:
                x = coarse + tf.cast(alpha, x.dtype) * (x - coarse)
        x = leaky(self.last(append_deviation(x)))  # N × 4 × 4 × C
        x = leaky(self.dense(tf.reshape(x, [tf.shape(x)[0], math.prod(x.shape[1:])])))
        return self.logit(tf.cast(x, tf.float32))


def append_deviation(x):
    """Appends a map, the mean standard deviation over a group of images (Karras et al. 2018, §3): N×H×W×C -> N×H×W×(C+1).

    Groups are of 4 images, or of 2 or 1 where the batch is no multiple; an image is in a group with those N/4, 2N/4, 3N/4 places off.
    """
    n = tf.shape(x)[0]
    height, width, channels = x.shape[1:]
    group = tf.where(n % GROUP == 0, GROUP, tf.where(n % 2 == 0, 2, 1))
    grouped = tf.reshape(tf.cast(x, tf.float32), [group, n // group, height, width, channels])
    deviation = tf.sqrt(tf.math.reduce_variance(grouped, axis=0) + 1e-8)  # N/4 × H × W × C
    mean = tf.reduce_mean(deviation, axis=[1, 2, 3])
    column = tf.tile(mean, [group])[:, None, None, None]
    return tf.concat([x, tf.cast(tf.tile(column, [1, height, width, 1]), x.dtype)], axis=-1)
