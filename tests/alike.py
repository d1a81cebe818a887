"""What holds of every kind of augmentation: one seed changes a pair alike, another one otherwise."""

import numpy as np
import tensorflow as tf


def one_seed_changes_a_pair_alike(augment, kind, noise, tolerance):
    """Of `augment(images, kind, seed=…)` and of `noise(channels=…)`, N×H×W×channels; gray is changed alike in one channel and in three."""
    images = noise()
    first = augment(images, kind)
    assert first.shape == images.shape and np.any(first != images)
    np.testing.assert_array_equal(first, augment(images, kind))
    assert np.any(first != augment(images, kind, seed=tf.constant([5, 8])))
    # gray images have no hue and no saturation, so that the rest of a color change must be the same for both
    gray = np.repeat(noise(channels=1), 3, axis=3)
    np.testing.assert_allclose(augment(gray, kind)[..., :1], augment(gray[..., :1], kind), atol=tolerance)
