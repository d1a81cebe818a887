"""Pairs of neighbors between latents of generators that show where they are."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.inference import path_length
from tfgan.inference.path_length import STEP, path_pairs
from tfgan.inference.sampler import Sampler
from tfgan.inference.sheets import slerp
from tfgan.methods.base import Generation, Styles

GRAY = Domain("gray", 1)


def test_pairs_in_w_are_a_step_apart_and_not_truncated(monkeypatch):
    """Each image is its w; ends are those of the seeds 2n and 2n + 1."""
    monkeypatch.setattr(path_length, "BATCH", 4)
    styles = Styles(lambda z, psi: tf.tile((psi * 2.0 * z)[:, None], [1, 3, 1]), lambda w: w[:, :, None, :1], 3, 2, truncation=0.5)
    sampler = Sampler(Generation(lambda z: styles.synthesize(styles.map(z, 0.5)), GRAY, 2, styles=styles))
    pairs = list(path_pairs(sampler, 10, seed=3))
    assert [len(first) for first, _ in pairs] == [4, 4, 2]
    first, second = (np.concatenate(side)[:, 0, 0, 0].astype(np.float64) for side in zip(*pairs))
    ends = 2.0 * sampler.latents(range(20))[:, 0].reshape(10, 2).astype(np.float64)
    places = np.random.default_rng(3).uniform(size=10)
    np.testing.assert_allclose(first, ends[:, 0] + places * (ends[:, 1] - ends[:, 0]), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(second - first, STEP * (ends[:, 1] - ends[:, 0]), atol=1e-6)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_pairs_in_noise_have_one_class_and_keep_to_the_sphere_of_a_normal_prior(prior):
    def paint(latents, labels):
        return tf.concat([latents, tf.cast(labels, tf.float32)[:, None]], axis=1)[:, None, :, None]

    sampler = Sampler(Generation(paint, GRAY, 5, ("a", "b"), prior))
    ((first, second),) = path_pairs(sampler, 6)
    np.testing.assert_array_equal(first[:, 0, 5, 0], [0, 1] * 3)
    np.testing.assert_array_equal(second[:, 0, 5, 0], [0, 1] * 3)
    a, b = sampler.latents([4, 5]).astype(np.float64)
    place = np.random.default_rng(0).uniform(size=6)[2]
    expected = slerp(a, b, place) if prior == "normal" else a + place * (b - a)
    np.testing.assert_allclose(first[2, 0, :5, 0], expected, rtol=1e-5)
