"""Projection into spaces whose answer is known: planted points are found again."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.inference import projection, space
from tfgan.inference.projection import Distance, Projector, correlation, jitter, learning_rate
from tfgan.inference.sampler import Sampler
from tfgan.inference.space import Space, space_of
from tfgan.layers import fixed, normal
from tfgan.methods.base import Generation, Styles

GRAY, LENGTH, SIZE, STRENGTH = Domain("gray", 1), 3, 8, 0.2
MATRIX = np.random.default_rng(0).normal(size=(LENGTH, SIZE * SIZE)).astype(np.float32) / 2
PLANTED = np.array([0.8, -0.5, 1.1], np.float32)


def paint(points, strength=STRENGTH):
    """Images 8×8 of points N×3, each with the noise of one layer."""
    clean = tf.tanh(tf.reshape(tf.matmul(points, MATRIX), [-1, SIZE, SIZE, 1]))
    return clean + strength * fixed(normal, [1, SIZE, SIZE, 1], 5) if strength else clean


def squared(one, other):
    return tf.reduce_mean(tf.square(one - other))


SQUARED = Distance(lambda image: [image], lambda one, other: squared(one[0], other[0]), "pixels")


def make_space(synthesize=paint, **changes):
    return Space(
        "w",
        LENGTH,
        GRAY,
        lambda seeds: np.random.default_rng(seeds[0]).normal(size=(len(seeds), LENGTH)).astype(np.float32),
        synthesize,
        **changes,
    )


@pytest.fixture(scope="module", autouse=True)
def few_samples():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(space, "SAMPLES", 500)
        yield


@pytest.fixture(scope="module")
def found():
    """The projection of two images, the second of a planted point, and the projector."""
    projector = Projector(make_space(), SQUARED, 120)
    others = np.stack([-PLANTED, PLANTED])
    return projector.project(paint(tf.constant(others)).numpy(), shown=[0, 60]), projector


def test_planted_points_are_found(found):
    result, _ = found
    np.testing.assert_allclose(result.latents, [-PLANTED, PLANTED], atol=0.01)
    assert np.all(result.distances < 1e-5) and result.latents.dtype == np.float32
    np.testing.assert_allclose(result.images, paint(tf.constant(result.latents)), atol=1e-6)
    truth = paint(tf.constant([-PLANTED, PLANTED]))
    expected = [squared(*pair) for pair in zip(result.images, truth)]
    np.testing.assert_allclose(result.distances, expected, rtol=1e-3, atol=1e-9)
    np.testing.assert_array_equal(result.with_noise, result.distances)


def test_noise_maps_take_up_what_is_chance(monkeypatch):
    """An image with noise of its own, which the maps learn where little holds them to be noise; w is found still."""
    monkeypatch.setattr(projection, "MAPS_WEIGHT", 1e-3)
    own = np.random.default_rng(1).normal(size=(1, SIZE, SIZE, 1)).astype(np.float32)
    projector = Projector(make_space(), SQUARED, 100, noise=True)
    result = projector.project(paint(tf.constant(PLANTED[None]), strength=0).numpy() + STRENGTH * own)
    assert result.with_noise[0] < 0.1 * result.distances[0]
    (maps,) = (maps.numpy() for maps in projector.maps.values())
    assert np.corrcoef(maps.ravel(), own.ravel())[0, 1] > 0.7
    assert result.latents[0] @ PLANTED > 0.95 * np.linalg.norm(result.latents[0]) * np.linalg.norm(PLANTED)


def test_noise_maps_stay_noise():
    """Of an image of one gray they learn no lines, and keep mean 0 and variance 1."""
    projector = Projector(make_space(), SQUARED, 100, noise=True)
    result = projector.project(np.full((1, SIZE, SIZE, 1), 0.9, np.float32))
    (maps,) = (maps.numpy() for maps in projector.maps.values())
    assert maps.mean() == pytest.approx(0, abs=1e-5) and np.square(maps).mean() == pytest.approx(1, abs=1e-4)
    assert correlation(tf.constant(maps)) < 1e-3 < correlation(tf.constant(next(iter(projector.own.values()))))
    assert result.with_noise[0] != result.distances[0]


def test_an_image_alone_is_projected_as_among_others_and_as_its_seed_says(found):
    result, projector = found
    image = paint(tf.constant(PLANTED[None])).numpy()
    alone = projector.project(image)
    np.testing.assert_array_equal(alone.latents[0], result.latents[1])
    other = Projector(make_space(), SQUARED, 5, seed=1).project(image)
    assert np.any(other.latents != Projector(make_space(), SQUARED, 5).project(image).latents)


def test_noise_maps_begin_as_those_of_the_run():
    (own,) = Projector(make_space(), SQUARED, 1, noise=True).own.values()
    np.testing.assert_array_equal(own, fixed(normal, [1, SIZE, SIZE, 1], 5))


def test_steps_on_the_way(found):
    result, projector = found
    assert list(result.steps) == [0, 60] and result.steps[60].shape == (2, SIZE, SIZE, 1)
    np.testing.assert_allclose(result.steps[0][0], paint(tf.constant(projector.mean[None]))[0], atol=1e-6)


def test_points_of_a_uniform_prior_stay_in_it():
    result = Projector(make_space(bounded=True), SQUARED, 20).project(paint(tf.constant(3 * PLANTED[None])).numpy())
    assert np.abs(result.latents).max() == 1.0


def test_schedules_of_the_paper():
    assert [learning_rate(time) for time in (0, 0.025, 0.05, 0.5, 0.75, 0.875, 1)] == pytest.approx([0, 0.05, 0.1, 0.1, 0.1, 0.05, 0])
    assert [jitter(time) for time in (0, 0.375, 0.75, 1)] == pytest.approx([0.05, 0.0125, 0, 0])


def test_deviation_is_over_the_whole_space():
    points = make_space().samples()
    projector = Projector(make_space(), SQUARED, 1)
    assert projector.deviation == pytest.approx(np.sqrt(points.var(axis=0).sum()), rel=1e-5) and len(points) == 500


def test_correlation_of_neighbors():
    """Of one value: 1 to the right and 1 below, at each size down to 8; a checkerboard's neighbors are opposites, gone when halved."""
    checkerboard = tf.constant((-1.0) ** np.indices((16, 16)).sum(0)[None, ..., None], tf.float32)
    assert correlation(tf.ones([1, 8, 8, 1])) == 2 and correlation(tf.ones([1, 32, 32, 1])) == 6 and correlation(checkerboard) == 2
    assert correlation(normal([1, 64, 64, 1], [0, 0])) < 0.02


def test_projector_is_adam_by_hand(monkeypatch):
    """One step at full rate without noise on the point moves each of its values by the rate, against the gradient's sign."""
    monkeypatch.setattr(projection, "learning_rate", lambda time: 0.1)
    monkeypatch.setattr(projection, "jitter", lambda time: 0.0)
    projector = Projector(make_space(), SQUARED, 1)
    image = paint(tf.constant(PLANTED[None]))
    mean = tf.Variable(projector.mean[None])
    with tf.GradientTape() as tape:
        loss = squared(image, paint(mean))
    moved = projector.project(image.numpy()).latents[0] - projector.mean
    np.testing.assert_allclose(moved, -0.1 * np.sign(tape.gradient(loss, mean)[0]), rtol=1e-3)


def test_space_of_styles_is_w_before_truncation():
    def map_styles(latents, truncation):
        return tf.tile((truncation * 10.0 * latents)[:, None], [1, 4, 1])

    styles = Styles(map_styles, lambda styles: styles[:, :, None, :1], 4, 2, 0.5)
    sampler = Sampler(Generation(lambda z: styles.synthesize(map_styles(z, 0.5)), GRAY, 2, styles=styles))
    found = space_of(sampler)
    assert (found.name, found.length, found.bounded) == ("w", 2, False)
    np.testing.assert_allclose(found.draw([3]), 10.0 * sampler.latents([3]), rtol=1e-6)
    np.testing.assert_allclose(found.synthesize(tf.constant([[0.3, 0.4]])).numpy().ravel(), [0.3] * 4)


def test_space_of_noise_has_the_images_of_a_class():
    net = keras.layers.Embedding(3, 4)
    sampler = Sampler(Generation(lambda z, labels: net(labels)[:, None, None] + z[:, None, None], GRAY, 4, ("a", "b", "c"), "uniform"))
    found = space_of(sampler, 2)
    assert (found.name, found.length, found.bounded) == ("z", 4, True)
    latents = sampler.latents([0, 1])
    np.testing.assert_allclose(found.synthesize(tf.constant(latents)), sampler(latents, [2, 2]), rtol=1e-6)
    with pytest.raises(ValueError, match="say which, --classes=NAME of a, b, c"):
        space_of(sampler)
