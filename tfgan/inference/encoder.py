"""Images of any size to vectors: a style, or the attributes an image has."""

import tensorflow as tf

from tfgan.data.preparation.normalization import normalize
from tfgan.layers import tuned_function
from tfgan.methods.base import Encoding


class Encoder(tf.Module):
    """An `Encoding` for images of any height and width, which are resized to the network's size first, or cut to its shape before that."""

    def __init__(self, encoding: Encoding):
        super().__init__()
        self.encoding, self.source, self.input_key = encoding, encoding.source, encoding.input_key
        self.pixel_spec = tf.TensorSpec([None, None, None, self.source.channels], self.source.dtype, "images")
        self._run = tf.function(tuned_function(self._encode), input_signature=[tf.TensorSpec(self.pixel_spec.shape, tf.float32)])
        self._run_pixels = tf.function(tuned_function(self.encode_pixels), input_signature=[self.pixel_spec])

    @property
    def full_range(self) -> int:
        """The full range of a result in comparisons of an export with the run; 1, as vectors have no largest value."""
        return 1

    def describe(self) -> str:
        return f"{self.source.name} to a vector of {self.encoding.length}"

    def __call__(self, images):
        """The vectors of images N×H×W×C float32 in [-1, 1], N×length float32."""
        return self._run(images)

    def pixels(self, images):
        """The vectors of images N×H×W×C of the source's dtype, N×length float32."""
        return self._run_pixels(images)

    def _encode(self, images):
        return self.encoding.function(self.fit(images))

    def fit(self, images):
        """Images N×H×W×C float32 in [-1, 1] as the network sees them: cut to its shape where it asks for that, and at its size."""
        if self.encoding.crop:
            images = self._middle(images)
        resized = tf.image.resize(images, self.encoding.size, "bicubic", antialias=True)
        return tf.clip_by_value(resized, -1.0, 1.0)  # bicubic overshoots

    def _middle(self, images):
        """The largest part in the middle of the images that has the shape of the network's input."""
        (height, width), shape = self.encoding.size, tf.shape(images)
        h, w = tf.minimum(shape[1], shape[2] * height // width), tf.minimum(shape[2], shape[1] * width // height)
        top, left = (shape[1] - h) // 2, (shape[2] - w) // 2
        return images[:, top : top + h, left : left + w]

    def encode_pixels(self, images):
        """The vectors of images N×H×W×C of the source's dtype, N×length float32: what `pixels` runs as a graph."""
        return self._encode(normalize(images, self.source))

    @property
    def weights(self) -> list[tf.Variable]:
        """The variables of the network that `pixels` reads, for an export."""
        return list(self._run_pixels.get_concrete_function().variables)
