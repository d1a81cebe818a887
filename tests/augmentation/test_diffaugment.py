"""DiffAugment: what each kind does to images, and that pairs, batches and compilers all see the same."""

import numpy as np
import pytest
import tensorflow as tf
from alike import one_seed_changes_a_pair_alike

from tfgan.augmentation import AUGMENTATIONS, diff_augment

SEED = tf.constant([5, 7])
KINDS = pytest.mark.parametrize("kind", AUGMENTATIONS)


def noise(n=4, size=16, channels=3, seed=0):
    """Images without a zero, so that a zero can only come from outside or from a hole."""
    return np.random.default_rng(seed).uniform(0.1, 1.0, (n, size, size, channels)).astype(np.float32)


def augment(images, *kinds, seed=SEED):
    return diff_augment(tf.constant(images), kinds, seed).numpy()


def test_no_kinds_is_the_identity():
    images = noise()
    np.testing.assert_array_equal(augment(images), images)


@KINDS
def test_same_seed_changes_a_pair_alike(kind):
    one_seed_changes_a_pair_alike(augment, kind, noise, tolerance=1e-6)


@KINDS
def test_each_image_has_its_own_draw(kind):
    images = np.repeat(noise(n=1), 8, axis=0)
    assert len(np.unique(augment(images, kind), axis=0)) > 1


@KINDS
def test_a_kind_draws_the_same_whether_or_not_others_are_on(kind):
    images = noise()
    expected = images
    for name in AUGMENTATIONS:
        expected = augment(expected, name)
    np.testing.assert_array_equal(augment(images, *reversed(AUGMENTATIONS)), expected)  # in their own order


def test_translation_shifts_by_whole_pixels_and_lets_zeros_in():
    images = noise(n=64)
    shifts = [shift_of(before, after) for before, after in zip(images, augment(images, "translation"))]
    assert None not in shifts
    for axis in (0, 1):
        assert {shift[axis] for shift in shifts} == {-2, -1, 0, 1, 2}  # up to 1/8 of 16 pixels
    assert len(set(shifts)) > 5  # rows and columns move independently


def shift_of(before, after):
    """The (dy, dx) with after[y, x] = before[y + dy, x + dx], zeros outside; None if there is none."""
    padded = np.pad(before, ((3, 3), (3, 3), (0, 0)))
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            if np.array_equal(after, padded[3 + dy :, 3 + dx :][: len(before), : len(before)]):
                return dy, dx


def test_cutout_cuts_a_hole_of_half_the_size():
    images = noise(n=64)
    holes = augment(images, "cutout") == 0
    np.testing.assert_array_equal(augment(images, "cutout")[~holes], images[~holes])
    rows, columns = [np.any(holes, axis=axes) for axes in ((2, 3), (1, 3))]
    np.testing.assert_array_equal(holes[..., 0], rows[:, :, None] & columns[:, None, :])  # a rectangle, in all channels
    for side in (rows, columns):
        lengths = side.sum(axis=1)
        assert lengths.max() == 8 and lengths.min() >= 4  # a center on the border leaves half of it inside
        assert all(np.diff(np.flatnonzero(line)).max(initial=1) == 1 for line in side)  # contiguous


def test_color_is_brightness_saturation_and_contrast():
    images = noise(n=256, size=4)
    changed = augment(images, "color")
    brightness = changed.mean((1, 2, 3)) - images.mean((1, 2, 3))  # the other two keep the mean
    assert -0.5 <= brightness.min() < -0.4 and 0.4 < brightness.max() <= 0.5
    contrast = changed.mean(3).std((1, 2)) / images.mean(3).std((1, 2))  # of the gray images, which saturation leaves alone
    assert 0.5 <= contrast.min() < 0.6 and 1.4 < contrast.max() <= 1.5
    color = [(x - x.mean(3, keepdims=True)).std((1, 2, 3)) for x in (images, changed)]
    saturation = color[1] / color[0] / contrast
    assert 0 <= saturation.min() < 0.1 and 1.9 < saturation.max() <= 2.0


@KINDS
def test_gradients_flow_through(kind):
    images = tf.constant(noise())
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(tf.square(diff_augment(images, (kind,), SEED)))
    gradient = tape.gradient(loss, images).numpy()
    assert np.all(np.isfinite(gradient)) and np.mean(gradient != 0) > 0.3


@pytest.mark.parametrize("channels", [1, 4])
def test_any_channels_and_oblong_images(channels):
    images = np.random.default_rng(0).normal(size=(2, 8, 24, channels)).astype(np.float32)
    assert augment(images, *AUGMENTATIONS).shape == images.shape


def test_xla_gives_the_same_images():
    images = tf.constant(noise())
    compiled = tf.function(lambda x, seed: diff_augment(x, tuple(AUGMENTATIONS), seed), jit_compile=True)
    np.testing.assert_allclose(compiled(images, SEED), augment(images, *AUGMENTATIONS), atol=1e-5)
