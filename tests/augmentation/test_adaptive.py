"""Adaptive augmentation: what each kind does to images, that pairs see the same, that both derivatives are right, and how p moves."""

import numpy as np
import pytest
import tensorflow as tf
from alike import one_seed_changes_a_pair_alike

from tfgan.augmentation import ADAPTIVE, adapt, adaptive_augment

SEED = tf.constant([5, 7])
KINDS = pytest.mark.parametrize("kind", ADAPTIVE)


def noise(n=4, size=8, channels=3, seed=0, width=None):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (n, size, width or size, channels)).astype(np.float32)


def augment(images, *kinds, probability=1.0, seed=SEED):
    return adaptive_augment(tf.constant(images), probability, seed, kinds).numpy()


@KINDS
@pytest.mark.parametrize("width", [8, 5])
def test_probability_0_is_exactly_the_identity(kind, width):
    images = noise(width=width)
    np.testing.assert_array_equal(augment(images, kind, probability=0.0), images)


@KINDS
def test_same_seed_changes_a_pair_alike(kind):
    one_seed_changes_a_pair_alike(augment, kind, noise, tolerance=1e-5)


@KINDS
def test_each_image_has_its_own_draw(kind):
    assert len(np.unique(augment(np.repeat(noise(n=1), 8, axis=0), kind), axis=0)) > 4


@KINDS
def test_a_share_of_the_images_is_changed(kind):
    """A kind has several changes, each of probability p, of which a mirror or a quarter turn may also be none."""
    images = noise(n=512, size=16, channels=1)
    changed = (augment(images, kind, probability=0.1) != images).any(axis=(1, 2, 3)).mean()
    most = 1 - 0.9 ** {"blit": 3, "geometry": 4, "color": 5}[kind]
    assert 0.5 * most < changed < most + 0.07


def test_blit_moves_whole_pixels():
    """Of 8 pixels up to one is shifted, and a mirrored edge repeats pixels: all values are some of the image's."""
    images = noise(n=16)
    for before, after in zip(images, augment(images, "blit")):
        assert set(after.ravel()) <= set(before.ravel())
        assert len(np.unique(after)) >= 7 * 7 * 3


def test_blit_of_a_corner_reaches_all_eight_places():
    """A bright pixel is brought to 8 places by a mirror and four turns; 4 pixels are not shifted."""
    image = np.zeros((1, 4, 4, 1), np.float32)
    image[0, 0, 1] = 1.0
    places = {tuple(np.argwhere(found[..., 0])[0]) for found in augment(np.repeat(image, 256, axis=0), "blit")}
    assert places == {(0, 1), (0, 2), (3, 1), (3, 2), (1, 0), (2, 0), (1, 3), (2, 3)}


def test_images_that_are_not_square_are_turned_by_half_turns():
    image = np.zeros((1, 4, 6, 1), np.float32)
    image[0, 0, 2] = 1.0
    found = augment(np.repeat(image, 64, axis=0), "blit")
    assert found.shape == (64, 4, 6, 1)
    assert {0, 3} == {int(np.argwhere(one[..., 0])[0][0]) for one in found}  # rows stay rows


def test_geometry_of_a_plane_is_the_plane_elsewhere():
    """Values that grow evenly across the image go on doing so: bilinear interpolation is exact there, away from mirrored edges."""
    image = np.tile(np.linspace(-1, 1, 64, dtype=np.float32)[None, None, :, None], (8, 64, 1, 1))
    for found in augment(image, "geometry"):
        inner = found[24:40, 24:40, 0]
        second = np.abs(np.diff(inner, 2, axis=0)).max(), np.abs(np.diff(inner, 2, axis=1)).max()
        kinks = (np.abs(np.diff(inner, 2, axis=1)) > 1e-4).sum()
        assert max(second) < 1e-4 or kinks < 64  # a mirrored edge that reaches the middle is one line of kinks


def test_color_keeps_gray_gray_and_turns_hue():
    gray = np.full((32, 2, 2, 3), 0.25, np.float32)
    found = augment(gray, "color")
    np.testing.assert_allclose(found, np.repeat(found[..., :1], 3, axis=3), atol=1e-5)
    red = np.zeros((64, 1, 1, 3), np.float32)
    red[..., 0] = 1.0
    strongest = set(np.argmax(augment(red, "color"), axis=3).ravel())
    assert strongest == {0, 1, 2}


def test_gradients_and_their_gradients_are_those_of_differences():
    """R1 differentiates through a discriminator twice: for f = Σ (augmented)⁴ / 4, along a random direction."""
    images, direction = noise(n=2, size=6), noise(n=2, size=6, seed=1)

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(adaptive_augment(x, 1.0, SEED, tuple(ADAPTIVE)) ** 4) / 4
        return value, tf.reduce_sum(tape.gradient(value, x) * direction)

    step = 1e-2
    (below, slope_below), (above, slope_above) = (slope(tf.constant(images + sign * step * direction)) for sign in (-1, 1))
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        _, first = slope(x)
    second = tf.reduce_sum(tape.gradient(first, x) * direction)
    np.testing.assert_allclose(first, (above - below) / (2 * step), rtol=2e-3)
    np.testing.assert_allclose(second, (slope_above - slope_below) / (2 * step), rtol=2e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_half(dtype):
    found = adaptive_augment(tf.cast(noise(), dtype), 1.0, SEED, tuple(ADAPTIVE))
    exact = adaptive_augment(tf.cast(tf.cast(noise(), dtype), tf.float32), 1.0, SEED, tuple(ADAPTIVE))
    assert found.dtype == dtype
    np.testing.assert_allclose(tf.cast(found, tf.float32), exact, atol=0.1)


def test_a_graph_knows_no_batch_size_and_gives_the_same():
    images = noise()
    traced = tf.function(
        lambda x, p: adaptive_augment(x, p, SEED, tuple(ADAPTIVE)), input_signature=[tf.TensorSpec([None, 8, 8, 3]), tf.TensorSpec([])]
    )
    np.testing.assert_allclose(traced(images, 0.5), augment(images, *ADAPTIVE, probability=0.5), atol=1e-5)


def test_p_moves_every_fourth_step_by_the_sign():
    """Target 0.6; steps of 8 images of 1,000 move p by 4 × 0.008 = 0.032: up after mean 0.75, down after 0.25; never below 0 or above 1."""
    state = (tf.constant(0.0), tf.constant(0.0), tf.constant(0.0))
    found = []
    for sign in [0.5, 1.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.5, -1.0, -1.0, -1.0, -1.0]:
        state = adapt(*state, tf.constant(sign), target=0.6, images=0.008)
        found.append(float(state[0]))
    np.testing.assert_allclose(found, [0.0] * 3 + [0.032] * 4 + [0.0] * 5, atol=1e-7)
    up = adapt(tf.constant(0.99), tf.constant(3.0), tf.constant(3.0), tf.constant(1.0), target=0.6, images=0.008)
    assert [float(value) for value in up] == [1.0, 0.0, 0.0]
