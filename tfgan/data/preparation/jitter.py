"""The random changes of training images: crop and flip, and those that `--augment` names.

All of an example's are drawn from (seed, sample number), so that a run goes on from any step, and both images of a pair are changed alike.
"""

from __future__ import annotations  # types of TensorFlow, which is imported when the first batch is made

from typing import NamedTuple

from tfgan.config import Domain, Size, Strings
from tfgan.data.preparation.normalization import as_floats
from tfgan.lazy import tf

ZOOM = 1.25  # times larger or smaller, at most, that "scale" shows an image
SHADE = 0.2  # by which "color" changes brightness, of a range from -1 to 1, at most; and contrast and saturation as a share


class Jitter(NamedTuple):
    """How training images are changed.

    Attributes:
        image_size: height and width of what is cut out, in pixels.
        flip: mirror from left to right with probability 1/2.
        kinds: of `tfgan.config.data.AUGMENTS`.
    """

    image_size: Size
    flip: bool = False
    kinds: Strings = ()

    def draw(self, seed: list[int], sample) -> Draws:
        """The random numbers of one example.

        Args:
            seed: two numbers: that of the run and that of the stream.
            sample: the example's place in the stream's endless row, a whole number.
        """
        own = derived(seed, tf.cast(sample, tf.int64))
        more = tf.random.stateless_uniform([6], derived(own, 1), alg="philox") if self.kinds else None
        return Draws(tf.random.stateless_uniform([3], own, alg="philox"), more)

    def cut(self, array, draws: Draws, resample: str):
        """A part of an image H×W×C or a map H×W of any dtype, as a tensor of that dtype and of the height and width `image_size`.

        Where it is cut out, how large it is, and how it is mirrored and turned follow from `draws`.

        Args:
            resample: "bicubic" or "nearest", where it is resized.
        """
        height, width = self.image_size
        array = tf.convert_to_tensor(array)
        sides = array.shape[:2].as_list()
        own = tf.shape(array)[:2] if None in sides else tf.constant(sides)
        cut = tf.constant([height, width])
        if draws.more is not None and "scale" in self.kinds:
            cut = self._zoomed(own, draws.more[0])
        room = tf.cast(own - cut + 1, tf.float32)
        top, left = tf.unstack(tf.cast(tf.floor(draws.first[:2] * room), tf.int32))
        array = array[top : top + cut[0], left : left + cut[1]]
        if "scale" in self.kinds:
            array = _resized(array, self.image_size, resample)
        if self.flip:
            array = tf.cond(draws.first[2] < 0.5, lambda: tf.reverse(array, [1]), lambda: array)
        if draws.more is not None:
            array = self._turned(array, draws.more)
        return tf.ensure_shape(array, [height, width, *array.shape[2:]])

    def _zoomed(self, own, draw):
        """Height and width of what is cut out to be resized to `image_size`, at most the whole image."""
        size = tf.constant(self.image_size, tf.float32)
        most = tf.minimum(ZOOM, tf.reduce_min(tf.cast(own, tf.float32) / size))
        factor = (most * ZOOM) ** draw / ZOOM  # from 1 / ZOOM to `most`; both directions are as likely where there is room
        return tf.minimum(tf.cast(tf.round(size * factor), tf.int32), own)

    def _turned(self, array, more):
        if "vertical_flip" in self.kinds:
            upright = array
            array = tf.cond(more[1] < 0.5, lambda: tf.reverse(upright, [0]), lambda: upright)
        if "rot90" in self.kinds:
            turns = tf.cast(tf.floor(more[2] * 4.0), tf.int32)
            array = tf.image.rot90(array, turns) if len(array.shape) == 3 else tf.image.rot90(array[..., None], turns)[..., 0]
        return array

    def shade(self, image, domain: Domain, draws: Draws):
        """A photo H×W×C float32 in [-1, 1] in other colors, in that range; anything else as it is."""
        if draws.more is None or "color" not in self.kinds or not is_photo(domain):
            return image
        color, opacity = image[..., :3], image[..., 3:]
        brightness, contrast, saturation = tf.unstack(2.0 * draws.more[3:] - 1.0)
        gray = tf.reduce_mean(color, axis=-1, keepdims=True)
        color = gray + (color - gray) * (1.0 + SHADE * saturation)
        mean = tf.reduce_mean(color)
        color = mean + (color - mean) * (1.0 + SHADE * contrast) + SHADE * brightness
        return tf.concat([tf.clip_by_value(color, -1.0, 1.0), opacity], axis=-1)

    def changed(self, array, domain: Domain, draws: Draws):
        """What a network sees of an image, float32 H×W×C in [-1, 1], or of a map of class indices, int32 H×W."""
        array = self.cut(array, draws, domain.resample)
        return array if domain.is_map else self.shade(as_floats(array, domain), domain, draws)


class Draws(NamedTuple):
    """Random numbers in [0, 1) for one example."""

    first: tf.Tensor  # (3,): the place of the crop, from above and from the left, and whether it is mirrored
    more: tf.Tensor | None  # (6,): zoom, vertical flip, turns, brightness, contrast, saturation; None where nothing needs them


def is_photo(domain: Domain) -> bool:
    """Whether images of a domain are pictures in color, which other colors leave what they are; measured bands and label maps are not."""
    return domain.channels in (3, 4) and domain.resample != "nearest" and not (domain.is_map or domain.bands or domain.parts)


def derived(seed, number):
    """A seed of its own, of shape (2,), for each `number` and `seed`, two numbers."""
    return tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int64), number, alg="philox")


def _resized(array, size: Size, resample: str):
    """An image H×W×C or a map H×W at another size, in its own dtype."""
    if resample == "nearest":
        plane = array if len(array.shape) == 3 else array[..., None]
        found = tf.image.resize(plane, size, "nearest")
        return found if len(array.shape) == 3 else found[..., 0]
    found = tf.image.resize(tf.cast(array, tf.float32), size, "bilinear", antialias=True)
    return found if array.dtype.is_floating else tf.saturate_cast(tf.round(found), array.dtype)
