"""Maps of uncertainty of translations whose spread, loss and disagreement are known; and dropout after training."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Classes, Domain
from tfgan.inference import Translator, uncertainty
from tfgan.layers import Dropout, dropping
from tfgan.methods.base import Translation

pytestmark = pytest.mark.usefixtures("eagerly")

PHOTO, LABELS = Domain("photo", 3), Domain("labels", 3, resample="nearest")
CT = Domain("ct", 1, "int16", bands=True, value_range=((-1000.0, 3000.0),))
CLASSES = Classes("ids", (0, 1, 2), ("#000000", "#ff0000", "#ffffff"), ("a", "b", "c"))
MAP = Domain("map", 0, "int32", resample="nearest", classes=CLASSES)


def way(function, source=LABELS, target=PHOTO, **more):
    return Translation(function, source, target, 1, 1, **more)


def pixels(*shape, domain=LABELS, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*shape, domain.channels)).astype(domain.dtype)


def test_spread_is_the_standard_deviation_in_the_units_of_files():
    """Results of ±0.5 in one channel of three: a variance of 0.25 / 3, of 127.5 values a unit; beyond [-1, 1] results are clipped."""
    shift = tf.constant([0.5, 0.0, 0.0])
    maker = Translator(uncertainty.spread(way(None), [lambda x: 0.0 * x + shift, lambda x: 0.0 * x - shift], {}))
    found = maker.pixels(pixels(2, 3, 5)).numpy()
    assert found.shape == (2, 3, 5, 1) and found.dtype == np.float32
    np.testing.assert_allclose(found, 127.5 * np.sqrt(0.25 / 3), rtol=1e-5)
    clipped = Translator(uncertainty.spread(way(None), [lambda x: 0.0 * x + 5.0, lambda x: 0.0 * x + 1.0], {}))
    np.testing.assert_allclose(clipped.pixels(pixels(1, 2, 2)), 0.0, atol=1e-4)
    units = Translator(uncertainty.spread(way(None, CT, CT), [lambda x: 0.0 * x + 0.1, lambda x: 0.0 * x - 0.1], {}))
    np.testing.assert_allclose(units.pixels(pixels(1, 2, 2, domain=CT)), 0.1 * 2000.0, rtol=1e-4)  # of 4,000 units, 2 on [-1, 1]


def test_spread_of_classes_is_the_share_that_the_most_frequent_lacks():
    variants = [lambda x, index=index: 0.0 * x + tf.one_hot(index, 3) for index in (2, 2, 1, 2)]
    found = Translator(uncertainty.spread(way(None, PHOTO, MAP), variants, {})).pixels(pixels(1, 2, 2, domain=PHOTO))
    np.testing.assert_allclose(found, 0.25, atol=1e-6)


def test_cycle_is_what_the_way_back_loses_in_units_of_the_source():
    there, back = way(lambda x: x / 2, LABELS, PHOTO), way(lambda y: y, PHOTO, LABELS)
    images = pixels(1, 3, 3)
    found = Translator(uncertainty.cycle_residual(there, back)).pixels(images).numpy()
    expected = np.abs(images / 127.5 - 1.0).mean(axis=3, keepdims=True) / 2 * 127.5
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_disagreement_is_1_less_the_probability_of_the_class_that_was_asked_for():
    probabilities = tf.constant([0.2, 0.7, 0.1])
    drawn = way(lambda maps: tf.zeros([*maps.shape, 3]), MAP)
    maker = uncertainty.disagreement(drawn, lambda photos: tf.zeros([*photos.shape[:3], 3]) + probabilities, lambda maps: maps)
    found = Translator(maker).pixels(np.array([[[0, 1, 2, -1]]], np.int32)).numpy()
    np.testing.assert_allclose(found.ravel(), [0.8, 0.3, 0.9, 0.0], atol=1e-6)


def test_conditions_that_variants_take_are_asked_for():
    styled = way(None, conditions={"latent": 2})
    maker = Translator(uncertainty.spread(styled, [lambda x, z: x + z[0, 0], lambda x, z: x - z[0, 0]], {"latent": 2}))
    images = np.full((1, 2, 2, 3), 127, np.uint8)
    assert maker.lengths == {"latent": 2}
    np.testing.assert_allclose(maker.pixels(images, latent=[[0.25, 9.0]]), 127.5 * 0.25, rtol=1e-4)


class TestDropping:
    def masks(self, seed, layer, shape=(2, 4, 4, 8)):
        with dropping(seed):
            return layer(tf.ones(shape)).numpy()

    def test_a_seed_is_a_mask_for_all_images(self):
        layer = Dropout(0.5)
        found = self.masks(1, layer)
        np.testing.assert_array_equal(found, self.masks(1, layer))
        np.testing.assert_array_equal(found[0], found[1])
        assert np.any(found != self.masks(2, layer)) and set(np.unique(found)) == {0.0, 2.0}

    def test_layers_have_masks_of_their_own(self):
        layer = Dropout(0.5)
        with dropping(1):
            one, two = layer(tf.ones([1, 8, 8, 8])).numpy(), layer(tf.ones([1, 8, 8, 8])).numpy()
        assert np.any(one != two)

    def test_whole_maps_are_dropped_where_training_drops_them(self):
        found = self.masks(3, Dropout(0.5, spatial=True))
        assert set(np.unique(found.mean(axis=(1, 2)))) == {0.0, 2.0}

    def test_the_mean_over_masks_is_the_network_without(self):
        layer = Dropout(0.25)
        mean = np.mean([self.masks(seed, layer, (1, 8)) for seed in range(400)], axis=0)
        np.testing.assert_allclose(mean, 1.0, atol=0.15)  # 5 deviations of √(1/3 / 400)

    def test_nothing_is_dropped_afterwards_and_training_draws_as_before(self):
        layer = Dropout(0.5)
        self.masks(1, layer)
        np.testing.assert_array_equal(layer(tf.ones([2, 3])), 1.0)
        with dropping(1):
            assert np.any(layer(tf.ones([2, 64]), training=True).numpy()[0] != layer(tf.ones([2, 64]), training=True).numpy()[1])
