"""Images from noise: by latents, or by seeds, each of which stands for one image whatever is made beside it."""

import numpy as np
import tensorflow as tf

from tfgan.data.preparation.normalization import denormalize, span
from tfgan.errors import UserError, first_line
from tfgan.layers import normal, tuned_function, uniform
from tfgan.methods.base import Generation, Styles
from tfgan.terminal import waiting
from tfgan.values import whole_numbers

BATCH = 64  # images in one pass through the network
LAST_SEED = 2**31 - 1


class Sampler(tf.Module):
    """A `Generation` for any number of images.

    Labels, N int32 from 0 on, are given where the generation has classes, and only there.
    """

    def __init__(self, generation: Generation):
        super().__init__()
        self.generation, self.target = generation, generation.image
        self.length, self.class_names, self.styles = generation.latent_dim, generation.class_names, generation.styles
        self.labels_spec = [tf.TensorSpec([None], tf.int32, "labels")] * bool(self.class_names)
        self.latents_spec = tf.TensorSpec([None, self.length], tf.float32, "latents")
        self.seed_spec = tf.TensorSpec([None], tf.int32, "seed")
        self._latents = tf.function(self.draw, input_signature=[self.seed_spec])
        self._run = tf.function(tuned_function(self._generate), input_signature=[self.latents_spec, *self.labels_spec])
        self._run_pixels = tf.function(tuned_function(self.generate_pixels), input_signature=[self.latents_spec, *self.labels_spec])

    def require_styles(self) -> Styles:
        """The two halves of the generator of a generation with styles; an assertion fails for one without."""
        assert self.styles is not None, f"{self.target.name} is made without styles"
        return self.styles

    def truncated(self, truncation: float) -> "Sampler":
        """A sampler of this generation with another ψ (Karras et al. 2019, appendix B), for a generation with styles."""
        styles = self.require_styles()._replace(truncation=truncation)
        return Sampler(self.generation._replace(function=lambda latents: styles.synthesize(styles.map(latents, truncation)), styles=styles))

    @property
    def full_range(self) -> float:
        """How far apart two values of a result can be."""
        return span(self.target)

    def describe(self) -> str:
        classes = f" and {len(self.class_names)} classes" if self.class_names else ""
        return f"latents of length {self.length}{classes} to {self.target.name}"

    def latents(self, seeds) -> np.ndarray:
        """The latents of seeds, N whole numbers: N×length float32, drawn from the generation's prior.

        Raises:
            UserError: seeds that are not from 0 to 2³¹ - 1, one at least.
        """
        return self._latents(tf.constant(whole_numbers("seeds", seeds, LAST_SEED), tf.int32)).numpy()

    def __call__(self, latents, labels=None) -> tf.Tensor:
        """The images of latents N×length float32, N×H×W×C float32 in [-1, 1].

        Raises:
            UserError: latents of another shape, or that are no finite numbers; labels that are no classes, of another number than the
                latents, missing where there are classes, or given where there are none.
        """
        return self._in_batches(self._run, latents, labels)

    def pixels(self, latents, labels=None) -> tf.Tensor:
        """The images of latents N×length float32, N×H×W×C of the image's dtype, the values of files.

        Raises:
            UserError: latents of another shape, or that are no finite numbers; labels that are no classes, of another number than the
                latents, missing where there are classes, or given where there are none.
        """
        return self._in_batches(self._run_pixels, latents, labels)

    def _in_batches(self, function, latents, labels):
        given = [self._checked(latents), *self._checked_labels(latents, labels)]
        begins = range(0, len(given[0]), BATCH)
        made = [function(*(value[i : i + BATCH] for value in given)) for i in waiting(begins, len(begins), "Making images, in batches")]
        return tf.concat(made, axis=0)

    def _checked(self, latents):
        try:
            latents = tf.convert_to_tensor(tf.cast(latents, tf.float32))  # a variable of float32 is not cast
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise UserError(f"latents cannot be read as numbers: {first_line(error)}.") from error
        if latents.shape.rank != 2 or latents.shape[0] == 0 or latents.shape[1] != self.length:
            raise UserError(f"latents have the shape {latents.shape}; give N×{self.length}, one at least.")
        if not tf.reduce_all(tf.math.is_finite(latents)):
            raise UserError("latents hold values that are not finite (NaN or infinity).")
        return latents

    def _checked_labels(self, latents, labels) -> list[tf.Tensor]:
        if (labels is None) == bool(self.class_names):
            raise UserError(f"labels are {'needed' if self.class_names else 'not known'} here.")
        if labels is None:
            return []
        numbers = whole_numbers("labels", labels, len(self.class_names) - 1)
        if len(numbers) != len(latents):
            raise UserError(f"{len(numbers)} labels for {len(latents)} latents: give one for each.")
        return [tf.constant(numbers, tf.int32)]

    def draw(self, seeds):
        """The latents of seeds [N] int32 as a tensor N×length float32: what `latents` runs as a graph."""

        def one(seed):
            key = tf.stack([seed, 0])
            return normal([self.length], key) if self.generation.prior == "normal" else 2.0 * uniform([self.length], key) - 1.0

        return tf.map_fn(one, seeds, fn_output_signature=tf.TensorSpec([self.length], tf.float32))

    def _generate(self, latents, *labels):
        return self.generation.function(latents, *labels)

    def generate_pixels(self, latents, *labels):
        """The images of latents N×length float32, N×H×W×C of the image's dtype: what `pixels` runs as a graph."""
        return self.to_pixels(self._generate(latents, *labels))

    def to_pixels(self, floats):
        """Images N×H×W×C in [-1, 1] as pixels of the image's dtype, rounded to the nearest value."""
        return denormalize(floats, self.target)

    @property
    def weights(self) -> list[tf.Variable]:
        """The variables of the network that `pixels` reads, for an export."""
        return list(self._run_pixels.get_concrete_function().variables)
