"""Images of any size through a generator: pad, run, crop. All results of a run come by this one way."""

import tensorflow as tf

from tfgan.data.pipeline import denormalize, normalize
from tfgan.methods.base import Translation


class Translator(tf.Module):
    """A `Translation` for images of any height and width from 1×1 up.

    An image is mirrored at its border up to the network's multiple, and the result cropped back. Every image is run by itself: N images
    in one call equal N calls of one.
    """

    def __init__(self, translation: Translation):
        super().__init__()
        self.translation, self.source, self.target = translation, translation.source, translation.target
        shape = [None, None, None, self.source.channels]
        self._run = tf.function(self._translate, input_signature=[tf.TensorSpec(shape, tf.float32)])
        self._run_pixels = tf.function(self._translate_pixels, input_signature=[tf.TensorSpec(shape, self.source.dtype)])

    def __call__(self, images):
        """N×H×W×C float32 in [-1, 1] -> N×H×W×C' float32 in [-1, 1]."""
        return self._run(images)

    def pixels(self, images):
        """N×H×W×C of the source's dtype -> N×H×W×C' of the target's dtype, both over the dtype's full range."""
        return self._run_pixels(images)

    def _translate(self, images):
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        rows, top = _mirrored(height, self._padded(height))
        columns, left = _mirrored(width, self._padded(width))
        images = tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)
        # One by one: the same image takes the same route through the kernels whatever stands beside it.
        result = tf.map_fn(lambda image: self.translation.function(image[None])[0], images, parallel_iterations=1)
        return result[:, top : top + height, left : left + width]

    def _translate_pixels(self, images):
        return self.to_pixels(self._translate(self.to_floats(images)))

    def to_floats(self, pixels):
        """The source's dtype -> float32 in [-1, 1]."""
        return normalize(tf.convert_to_tensor(pixels), self.source)

    def to_pixels(self, floats):
        """[-1, 1] -> the target's dtype, rounded to the nearest value."""
        return denormalize(floats, self.target)

    @property
    def weights(self) -> list[tf.Variable]:
        """The variables that `pixels` reads: those of the generator alone."""
        return list(self._run_pixels.get_concrete_function().variables)

    def _padded(self, size):
        multiple, minimum = self.translation.multiple, self.translation.minimum
        return tf.maximum(-(-size // multiple) * multiple, minimum)


def _mirrored(size, padded):
    """Indices into `size` places that stand for `padded` places: the middle ones as they are, mirrored on both sides as often as needed.

    Returns:
        int32 indices of shape (padded,), and where the middle begins.
    """
    begin = (padded - size) // 2
    period = tf.maximum(2 * (size - 1), 1)
    place = tf.math.floormod(tf.range(padded) - begin, period)
    return tf.minimum(place, period - place), begin
