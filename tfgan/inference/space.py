"""The space in which images are found and edited: StyleGAN's w, or the noise of other generators."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.config import Domain
from tfgan.errors import UserError
from tfgan.inference.sampler import BATCH, Sampler
from tfgan.layers import tuned_function
from tfgan.terminal import waiting

SAMPLES = 10_000  # points of the prior by which a space is measured, as many as in Karras et al. 2020, appendix D


class Space(NamedTuple):
    """Points that a generator makes images of.

    Attributes:
        name: "w", StyleGAN's, one for all layers and not truncated, or "z", the noise.
        length: of a point.
        image: the domain of the images.
        draw: N seeds -> their points, N×length float32.
        synthesize: points N×length as a tensor -> images N×H×W×C float32 in [-1, 1], with gradients.
        bounded: whether all points lie in [-1, 1], as noise of a uniform prior does.
    """

    name: str
    length: int
    image: Domain
    draw: Callable[[np.ndarray], np.ndarray]
    synthesize: Callable[[tf.Tensor], tf.Tensor]
    bounded: bool = False

    def samples(self) -> np.ndarray:
        """The points of the first 10,000 seeds, 10000×length float32."""
        begins = range(0, SAMPLES, BATCH * 16)
        shown = waiting(begins, len(begins), f"Measuring the space of {self.name}")
        return np.concatenate([self.draw(np.arange(i, min(i + BATCH * 16, SAMPLES))) for i in shown])


def space_of(sampler: Sampler, label: int | None = None) -> Space:
    """The space of a sampler.

    Args:
        label: the number of the class whose images are made, where there are classes.

    Raises:
        UserError: there are classes, and none is named.
    """
    if styles := sampler.styles:
        to_w = tuned_function(lambda latents: styles.map(latents, 1.0)[:, 0])
        mapped = tf.function(to_w, input_signature=[sampler.latents_spec], autograph=False)

        def synthesize(points):
            return styles.synthesize(tf.repeat(points[:, None], styles.layers, axis=1))

        return Space("w", styles.w_dim, sampler.target, lambda seeds: mapped(sampler.latents(seeds)).numpy(), synthesize)
    if sampler.class_names and label is None:
        raise UserError(f"The images are of one class: say which, --classes=NAME of {', '.join(sampler.class_names)}.")

    def generate(points):
        return sampler.generation.function(points, *([] if label is None else [tf.fill(tf.shape(points)[:1], label)]))

    return Space("z", sampler.length, sampler.target, sampler.latents, generate, sampler.generation.prior == "uniform")
