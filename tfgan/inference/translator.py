"""Images of any size through a generator: pad, run, crop. All results of a run come by this one way."""

import numpy as np
import tensorflow as tf

from tfgan.config import Size
from tfgan.config.verbs import ExportConfig
from tfgan.data.preparation.normalization import denormalize, normalize, span
from tfgan.layers import tuned_function
from tfgan.methods.base import Translation
from tfgan.one_hot import as_map, network_channels


class Translator(tf.Module):
    """A `Translation` for images of any height and width from 1×1 up.

    An image is mirrored at its border up to the network's multiple, and the result cropped back. Every image is run by itself: N images
    in one call equal N calls of one.

    Images are N×H×W×C; maps of class indices, where the source or the target is one, N×H×W int32. A network makes such a map as floats of
    a channel for each class. Each condition of the translation is given by its name, float32 N×length.

    Attributes:
        channels: of the floats that the network makes.
        max_pixels: of each file that an export takes; larger ones are refused before they are decoded.
    """

    def __init__(self, translation: Translation):
        super().__init__()
        self.max_pixels = ExportConfig.max_pixels
        self.translation, self.source, self.target = translation, translation.source, translation.target
        self.takes_maps, self.gives_maps = self.source.is_map, self.target.is_map
        self.channels = network_channels(self.target) if self.gives_maps else self.target.channels
        self.shape = [None, None, None] if self.takes_maps else [None, None, None, self.source.channels]
        self.input_key, self.truth_key, self.lengths = translation.input_key, translation.truth_key, translation.conditions
        self.conditions = [tf.TensorSpec([None, length], tf.float32, name) for name, length in self.lengths.items()]
        floats = tf.TensorSpec(self.shape, tf.int32 if self.takes_maps else tf.float32)
        self._run = tf.function(tuned_function(self._translate), input_signature=[floats, *self.conditions])
        self._run_pixels = tf.function(tuned_function(self.translate_pixels), input_signature=[self.pixel_spec, *self.conditions])

    @property
    def pixel_spec(self) -> tf.TensorSpec:
        """The shape, dtype and name of what `pixels` takes."""
        return tf.TensorSpec(self.shape, self.source.dtype, "labels" if self.takes_maps else "images")

    def describe(self) -> str:
        return f"{self.source.name} to {self.target.name}"

    @property
    def full_range(self) -> float:
        """How far apart two values of a result can be; of maps of classes, the share of pixels in which two can differ."""
        return 1 if self.gives_maps else span(self.target)

    def __call__(self, images, **conditions):
        """The translations of images N×H×W×C float32 in [-1, 1], or class indices N×H×W, as N×H×W×`channels` float32 in [-1, 1].

        Raises:
            ValueError: a condition is missing, is not known, or has another shape than N×length.
        """
        return self._run(images, *self._in_order(images, conditions))

    def pixels(self, images, **conditions):
        """The translations of images N×H×W×C of the source's dtype, as N×H×W×C' of the target's, the values of files, or maps N×H×W.

        Raises:
            ValueError: a condition is missing, is not known, or has another shape than N×length.
        """
        return self._run_pixels(images, *self._in_order(images, conditions))

    def _in_order(self, images, conditions):
        values = {name: tf.cast(vectors, tf.float32) for name, vectors in conditions.items()}
        found = {name: tuple(vectors.shape) for name, vectors in values.items()}
        expected = {name: (images.shape[0], length) for name, length in self.lengths.items()}
        if found != expected:
            raise ValueError(f"conditions of shapes {found}; expected {expected}")
        return [values[name] for name in self.lengths]

    def _translate(self, images, *conditions):
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        rows, top = _mirrored(height, self._padded(height))
        columns, left = _mirrored(width, self._padded(width))
        images = tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)

        # One by one: the same image takes the same route through the kernels whatever stands beside it.
        def one(values):
            return self.translation.function(*(value[None] for value in values))[0]

        result = tf.map_fn(one, (images, *conditions), parallel_iterations=1, fn_output_signature=tf.float32)
        return result[:, top : top + height, left : left + width]

    def translate_pixels(self, images, *conditions):
        """The translations of pixels, as pixels: what `pixels` runs as a graph, with the conditions in the translation's order."""
        return self.to_pixels(self._translate(self.to_floats(images), *conditions))

    def to_floats(self, pixels):
        """Pixels of the source's dtype as float32 in [-1, 1]; class indices stay as they are."""
        return tf.convert_to_tensor(pixels) if self.takes_maps else normalize(tf.convert_to_tensor(pixels), self.source)

    def to_pixels(self, floats):
        """Images in [-1, 1] as pixels of the target's dtype, rounded to the nearest value; channels of classes as a map of them."""
        return as_map(floats) if self.gives_maps else denormalize(floats, self.target)

    def empty(self, size: Size, floats: bool = False) -> np.ndarray:
        """An array for a result of this height and width: floats of the network's channels, or pixels of the target."""
        if floats:
            return np.empty((*size, self.channels), np.float32)
        return np.empty(size if self.gives_maps else (*size, self.channels), self.target.dtype)

    @property
    def weights(self) -> list[tf.Variable]:
        """The variables that `pixels` reads: those of the generator alone."""
        return list(self._run_pixels.get_concrete_function().variables)

    def _padded(self, size):
        multiple, minimum = self.translation.multiple, self.translation.minimum
        return tf.maximum((size + multiple - 1) // multiple * multiple, minimum)


def _mirrored(size, padded):
    """Indices of `size` places that fill `padded` places: the middle ones as they are, mirrored on both sides as often as needed.

    Returns:
        int32 indices of shape (padded,), and where the middle begins.
    """
    begin = (padded - size) // 2
    period = tf.maximum(2 * (size - 1), 1)
    # A whole number of periods ahead: converted to other runtimes, a remainder of negative numbers can have another sign.
    ahead = (begin + period - 1) // period * period - begin
    place = tf.math.floormod(tf.range(padded) + ahead, period)
    return tf.minimum(place, period - place), begin
