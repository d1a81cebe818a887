"""What a run's maps of uncertainty are made of: masks of dropout, random styles, checkpoints, the way back, or a reader of the results."""

import functools
import logging
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgan.config import Classes, Size
from tfgan.data.label_maps.maps import paint
from tfgan.evaluation.extractors import resize, with_channels
from tfgan.evaluation.segmenter import Segmenter, segmenter_size
from tfgan.inference import Translator, uncertainty
from tfgan.instances import classes_of
from tfgan.layers import dropping
from tfgan.methods.base import Method, Translation
from tfgan.runs.judging import kept_steps
from tfgan.runs.opening import Run, open_run

logger = logging.getLogger(__name__)


Reader = tuple[Segmenter, Classes]
"""What reads the classes of photos, and the classes."""


def uncertainty_of(run: Run, translator: Translator, kind: str, samples: int, seed: int, reader: Callable[[], Reader]) -> Translator:
    """The translator to maps of uncertainty of what `translator` makes.

    Args:
        kind: of `UNCERTAINTIES`, as `tfgan.runs.judging.judge_uncertainty` has found that the run has it.
        samples: number of masks, or of styles.
        seed: of the first one; the others follow.
        reader: gives what reads the classes of the run's photos, for `kind` segmenter alone.
    """
    way = translator.translation
    if kind == "dropout":
        return Translator(uncertainty.spread(way, [_dropping(way.function, seed + number) for number in range(samples)], way.conditions))
    if kind == "styles":
        styles = np.random.default_rng(seed).normal(size=(samples, way.conditions["latent"])).astype(np.float32)
        return Translator(uncertainty.spread(way, [functools.partial(_styled, way.function, style) for style in styles], {}))
    if kind == "checkpoints":
        steps = kept_steps(run.folder)
        logger.info(f"Uncertainty: the spread of the checkpoints of steps {', '.join(map(str, steps))}.")
        others = [_same_way(open_run(str(run.folder), str(step)).method, way) for step in steps]
        return Translator(uncertainty.spread(way, [other.function for other in others], way.conditions))
    if kind == "cycle":
        return Translator(uncertainty.cycle_residual(way, _way_back(run.method, way)))
    segmenter, classes = reader()
    classes_of = functools.partial(_classes_in, classes, way.source.is_map)
    return Translator(uncertainty.disagreement(way, functools.partial(_read, segmenter, run.config.spec.image_size), classes_of))


def _translations(method: Method) -> list[Translation]:
    return [signature for signature in method.inference().values() if isinstance(signature, Translation)]


def _same_way(method: Method, way: Translation) -> Translation:
    """The translation of another checkpoint's method that goes the way of `way`; the method lives on in its function."""
    return next(other for other in _translations(method) if other.target.name == way.target.name)


def _way_back(method: Method, way: Translation) -> Translation:
    return next(other for other in _translations(method) if (other.source.name, other.target.name) == (way.target.name, way.source.name))


def _dropping(function: Callable, seed: int) -> Callable:
    def dropped(*inputs):
        with dropping(seed):
            return function(*inputs)

    return dropped


def _styled(function: Callable, style: np.ndarray, images):
    return function(images, tf.repeat(style[None], tf.shape(images)[0], axis=0))


def _read(segmenter: Segmenter, size: Size, photos):
    """The probabilities of the classes in photos N×H×W×C, N×H×W×K, read at the size of training, as `tfgan evaluate` reads them."""
    given = resize(with_channels(photos, segmenter.channels), segmenter.reads_at(segmenter_size(size)))
    found = tf.cast(segmenter.model(given), tf.float32)
    sums = tf.reduce_sum(found, axis=-1, keepdims=True)
    are_shares = tf.reduce_all(found >= 0.0) & tf.reduce_all(tf.abs(sums - 1.0) < 1e-3)  # else they are logits
    return tf.image.resize(tf.where(are_shares, found, tf.nn.softmax(found)), tf.shape(photos)[1:3])


def _classes_in(classes: Classes, is_map: bool, images):
    """The class of each pixel of label maps N×H×W, with instances or without, or of pictures of them N×H×W×3 in [-1, 1], in which the
    nearest color tells it."""
    if is_map:
        return classes_of(tf.cast(images, tf.int32))
    colors = paint(np.arange(len(classes.names))[None], classes)[0] / np.float32(127.5) - 1.0  # classes × 3
    return tf.argmin((colors**2).sum(1) - 2.0 * tf.linalg.matmul(images, colors.T), axis=-1, output_type=tf.int32)
