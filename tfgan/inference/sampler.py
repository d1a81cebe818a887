"""Images from noise: by latents, or by seeds, each of which stands for one image whatever is made beside it."""

import functools

import numpy as np
import tensorflow as tf

from tfgan.data.preparation.normalization import denormalize, span
from tfgan.errors import UserError, first_line
from tfgan.layers import fold_in, given_maps, normal, tuned_function, uniform
from tfgan.methods.base import Generation, Styles
from tfgan.terminal import waiting
from tfgan.values import as_array, whole_numbers

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

    def truncated(self, truncation: float | None = None, layers: int | None = None) -> "Sampler":
        """A sampler of this generation with another ψ (Karras et al. 2019, appendix B), for a generation with styles.

        Args:
            truncation: ψ; None: as now.
            layers: the number of first layers that ψ is for; None: as now.
        """
        styles = self.require_styles()
        if layers is not None:
            styles = styles._replace(map=functools.partial(styles.map, truncation_layers=layers), truncation_layers=layers)
        psi = styles.truncation if truncation is None else truncation
        styles = styles._replace(truncation=psi)
        return Sampler(self.generation._replace(function=lambda latents: styles.synthesize(styles.map(latents, psi)), styles=styles))

    def with_noise(self, mode: str) -> "Sampler":
        """A sampler of this generation whose network gets other noise maps.

        Args:
            mode: "const", the same maps for all images; "random", maps of each image's own, which follow from its latents; "none", zeros.
        """
        if mode == "const":
            return self
        source = {"random": _maps_of, "none": lambda latents: lambda shape, number: tf.zeros(shape)}[mode]
        function = self.generation.function

        def generate(latents, *labels):
            with given_maps(source(latents)):
                return function(latents, *labels)

        return Sampler(self.generation._replace(function=generate))

    def synthesize(self, w) -> tf.Tensor:
        """The images of w, N×w_dim, or N×layers×w_dim with a style for each layer, N×H×W×C float32 in [-1, 1]; w are not truncated.

        Raises:
            UserError: w of another shape, or that are no finite numbers.
        """
        styles = self.require_styles()
        values = as_array("w", w)
        shapes = (styles.w_dim,), (styles.layers, styles.w_dim)
        if values.dtype.kind not in "iuf" or values.shape[1:] not in shapes or not len(values):
            found = "×".join(map(str, values.shape)) or "a single value"
            raise UserError(f"w has the shape {found}; give N×{styles.w_dim} or N×{styles.layers}×{styles.w_dim}, one at least.")
        if not np.isfinite(values).all():
            raise UserError("w holds values that are not finite (NaN or infinity).")
        each = np.repeat(values[:, None], styles.layers, axis=1) if values.ndim == 2 else values
        parts = [each[i : i + BATCH].astype(np.float32) for i in range(0, len(each), BATCH)]
        return tf.concat([styles.synthesize(part) for part in parts], axis=0)

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


def _maps_of(latents):
    """A source of noise maps for `given_maps`, one for each of the latents N×length: the same latents have the same maps in any batch."""
    bits = tf.bitcast(latents, tf.int32)
    seeds = tf.stack([bits[:, 0], bits[:, -1]], axis=1)

    def source(shape, number):
        spec = tf.TensorSpec(shape[1:], tf.float32)
        return tf.map_fn(lambda seed: normal(shape[1:], fold_in(seed, number)), seeds, fn_output_signature=spec)

    return source
