"""How sure a run is of each pixel: translations to maps of a spread, of what a way back loses, or of what a reader of the result misses.

They are `Translation`s like any other, so that their maps come by the way of results: of any size, in tiles, of volumes, page by page.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgan.config import Domain
from tfgan.data.preparation.normalization import span
from tfgan.methods.base import Translation
from tfgan.one_hot import as_map


def map_domain(highest: float) -> Domain:
    """The domain of maps, float32 H×W×1 from 0 to `highest`."""
    return Domain("uncertainty", 1, "float32", bands=True, value_range=((0.0, float(highest)),), format="tif")


def spread(translation: Translation, variants: Sequence[Callable], conditions: dict[str, int]) -> Translation:
    """Maps of how far the results of several variants of a translation lie apart.

    A value is the standard deviation over the variants, the root of its mean square over the channels, in units of the target's values; of
    maps of classes, the share of variants that do not give the most frequent class.

    Args:
        variants: functions like that of the translation, of the same inputs.
        conditions: what the variants are given of the translation's conditions, by name.
    """

    def function(images, *given):
        made = [variant(images, *given) for variant in variants]
        if translation.target.is_map:
            classes = made[0].shape[-1]
            votes = tf.add_n([tf.cast(as_map(one)[..., None] == tf.range(classes), tf.float32) for one in made])
            return _as_result(1.0 - tf.reduce_max(votes, axis=-1, keepdims=True) / len(made))
        variance = tf.math.reduce_variance(tf.stack([tf.clip_by_value(one, -1.0, 1.0) for one in made]), axis=0)
        return _as_result(tf.sqrt(tf.reduce_mean(variance, axis=-1, keepdims=True)))

    return _map_of(translation, function, 1.0 if translation.target.is_map else span(translation.target) / 2, conditions)


def cycle_residual(there: Translation, back: Translation) -> Translation:
    """Maps of what an image loses on its way there and back: the mean absolute difference of the channels, in units of the source's values.

    It is what CycleGAN's cycle consistency loss is the mean of (Zhu et al. 2017, §3.2). What the way there invents and the way back takes
    away again, it does not show.
    """

    def function(images):
        returned = tf.clip_by_value(back.function(tf.clip_by_value(there.function(images), -1.0, 1.0)), -1.0, 1.0)
        return _as_result(tf.reduce_mean(tf.abs(images - returned), axis=-1, keepdims=True) / 2.0)

    return _map_of(there, function, span(there.source), {})


def disagreement(translation: Translation, read: Callable, classes_of: Callable) -> Translation:
    """Maps of how little a reader of the results sees there what the label map asked for: 1 less the probability of that class.

    Args:
        read: images N×H×W×C in [-1, 1] -> probabilities of the classes N×H×W×K.
        classes_of: what the translation takes -> the class of each pixel, N×H×W int32; of -1, which is none, the map is 0.
    """

    def function(images, *conditions):
        probabilities, classes = read(translation.function(images, *conditions)), classes_of(images)
        seen = tf.gather(probabilities, tf.maximum(classes, 0), axis=-1, batch_dims=3)
        return _as_result(tf.where(classes < 0, 0.0, 1.0 - seen)[..., None])

    return _map_of(translation, function, 1.0, translation.conditions)


def _map_of(translation: Translation, function: Callable, highest: float, conditions: dict[str, int]) -> Translation:
    return translation._replace(function=function, target=map_domain(highest), truth_key="", conditions=conditions)


def _as_result(share):
    """A share from 0 to 1 as networks give results, from -1 to 1."""
    return 2.0 * tf.clip_by_value(share, 0.0, 1.0) - 1.0
