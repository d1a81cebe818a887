"""The normal distribution of latents by hand values and by a mixture written out, and VAE-GAN's samples from it."""

import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO
from tiny_methods import Training

from tfgan.errors import UserError
from tfgan.methods import latents
from tfgan.methods.vaegan import HParams

pytestmark = pytest.mark.usefixtures("eagerly")
FITTED = {"sample_from": "latents"}


def values(state):
    return {name: variable.numpy() for name, variable in state.items()}


def test_the_first_step_by_hand():
    """Means 1 and 3 with variances 1 and 2: N(2, 1 + 1.5), and a tenth of N(0, 1): mean 1.8, variance 0.1 + 0.9 · 2.5 + 0.09 · 2²."""
    state = latents.first_state(1)
    latents.follow(state, tf.constant([[1.0], [3.0]]), tf.math.log([[1.0], [2.0]]), 0)
    found = values(state)
    assert found["latent_mean"] == pytest.approx(1.8, rel=1e-6) and found["latent_covariance"] == pytest.approx(2.71, rel=1e-6)
    assert found["latent_factor"] == pytest.approx(2.71**0.5, rel=1e-5) and found["latent_inverse"] == pytest.approx(2.71**-0.5, rel=1e-5)
    np.testing.assert_allclose(latents.from_noise(state, tf.constant([[0.0], [2.0]])), [[1.8], [1.8 + 2 * 2.71**0.5]], rtol=1e-5)


def test_steps_are_a_mixture_of_all_images():
    """Written out: the weight, mean and covariance of each image's normal distribution."""
    draw, state = np.random.default_rng(0), latents.first_state(3)
    weights, means, covariances = [1.0], [np.zeros(3)], [np.eye(3)]
    for step in (*range(4), 10**6):
        mean, log_variance = draw.normal([2, 0, -1], [1, 3, 0.1], (5, 3)), draw.normal(0, 1, (5, 3))
        latents.follow(state, tf.constant(mean, tf.float32), tf.constant(log_variance, tf.float32), tf.constant(step, tf.int64))
        decay = min(0.998, (1 + step) / (10 + step))
        weights = [decay * weight for weight in weights] + [(1 - decay) / 5] * 5
        means, covariances = [*means, *mean], [*covariances, *map(np.diag, np.exp(log_variance))]
    assert sum(weights) == pytest.approx(1)
    mean = np.average(means, axis=0, weights=weights)
    covariance = sum(w * (c + np.outer(m, m)) for w, m, c in zip(weights, means, covariances)) - np.outer(mean, mean)
    np.testing.assert_allclose(state["latent_mean"], mean, atol=1e-5)
    np.testing.assert_allclose(state["latent_covariance"], covariance, atol=1e-4)
    factor = state["latent_factor"].numpy()
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-4)
    np.testing.assert_allclose(factor @ state["latent_inverse"].numpy(), np.eye(3), atol=1e-5)


def test_noise_has_the_distribution_and_comes_back():
    draw, state = np.random.default_rng(1), latents.first_state(2)
    latents.follow(state, tf.constant([[0.0, 1.0], [2.0, 5.0]]), tf.constant([[0.0, -3.0], [-1.0, -3.0]]), 10**6)
    noise = draw.normal(size=(200_000, 2)).astype(np.float32)
    made = latents.from_noise(state, noise)
    np.testing.assert_allclose(np.mean(made, axis=0), state["latent_mean"], atol=0.02)
    np.testing.assert_allclose(np.cov(made, rowvar=False), state["latent_covariance"], atol=0.02)
    np.testing.assert_allclose(latents.to_noise(state, made), noise, atol=1e-4)


def test_one_latent_for_all_images_has_a_factor():
    state = latents.first_state(4)
    for step in range(300):
        latents.follow(state, tf.ones([2, 4]), tf.fill([2, 4], -60.0), step)
    np.testing.assert_allclose(latents.from_noise(state, tf.random.stateless_normal([8, 4], [1, 2])), 1, atol=0.05)
    assert all(np.isfinite(value).all() for value in values(state).values())


def test_samples_are_drawn_from_the_latents_and_reconstructions_stay():
    training = Training("vaegan", **FITTED)
    training.run(2)
    method = training.method
    images, noise = next(training.iterator)["image"], tf.random.stateless_normal([4, 8], [1, 2])
    method.networks["decoder"] = lambda latents, training: latents
    generate, encode = (method.inference()[name].function for name in ("generate", "encode"))
    mean, factor = method.state["latent_mean"].numpy(), method.state["latent_factor"].numpy()
    np.testing.assert_allclose(generate(noise), mean + noise.numpy() @ factor.T, atol=1e-5)
    assert np.abs(generate(noise) - noise).max() > 1e-2
    np.testing.assert_allclose(generate(encode(images)), method.encoder(images, training=False)[0], atol=1e-5)


def test_training_is_the_same_with_either():
    prior, fitted = Training("vaegan"), Training("vaegan", **FITTED)
    assert prior.run(2) == fitted.run(2)
    assert prior.method.state == {} and len(fitted.method.state) == 4


def test_two_replicas_see_all_latents(monkeypatch):
    """Half of the images each, with the same statistics in batch norms: each half of the batch is the other one."""
    monkeypatch.setattr("tfgan.layers.normal", lambda shape, seed: tf.zeros(shape))
    one, two = (values(trained.method.state) for trained in map(trained_on, (ONE, TWO)))
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=1e-5, err_msg=name)
    assert np.abs(one["latent_mean"]).min() > 0


def trained_on(devices):
    training = Training("vaegan", devices, halves=True, **FITTED)
    training.run()
    return training


def test_long_latents_are_refused():
    with pytest.raises(UserError, match="--sample_from=latents needs --latent_dim up to 2048; found 4096."):
        HParams(latent_dim=4096, **FITTED)
    assert HParams(latent_dim=4096).sample_from == "prior"
