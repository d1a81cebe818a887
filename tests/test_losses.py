"""Losses against numbers worked out by hand, for flat and for patch-shaped logits."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses

LN2 = math.log(2)
SHAPES = pytest.mark.parametrize("shape", [(4,), (2, 2, 1, 1)], ids=["flat", "patches"])


def constant(value, shape=(2, 3, 3, 1)):
    return tf.fill(shape, float(value))


def softplus(x):
    return math.log1p(math.exp(x))


@pytest.mark.parametrize(
    "name, real, fake, discriminator, generator",
    [
        ("bce", 0, 0, 2 * LN2, LN2),
        ("bce", 2, -1, softplus(-2) + softplus(-1), softplus(1)),
        ("lsgan", 0, 0, 0.5, 1.0),
        ("lsgan", 0.5, 0.5, 0.25, 0.25),
        ("lsgan", 1, 0, 0.0, 1.0),
        ("lsgan", 3, -1, 2.5, 4.0),
        ("hinge", 0, 0, 2.0, 0.0),
        ("hinge", 0.5, -3, 0.5, 3.0),
        ("hinge", -3, 2, 4.0 + 3.0, -2.0),
    ],
)
@SHAPES
def test_adversarial_losses_of_constant_logits(name, real, fake, discriminator, generator, shape):
    discriminator_loss, generator_loss = losses.GAN_LOSSES[name]
    assert discriminator_loss(constant(real, shape), constant(fake, shape)).numpy() == pytest.approx(discriminator, rel=1e-6)
    assert generator_loss(constant(fake, shape)).numpy() == pytest.approx(generator, rel=1e-6)


@SHAPES
def test_adversarial_losses_are_means_over_all_logits(shape):
    real, fake = tf.reshape([0.0, 1.0, 2.0, -1.0], shape), tf.reshape([0.0, 3.0, -1.0, 2.0], shape)
    on_real = (softplus(0) + softplus(-1) + softplus(-2) + softplus(1)) / 4
    on_fake = (softplus(0) + softplus(3) + softplus(-1) + softplus(2)) / 4
    to_one = (softplus(0) + softplus(-3) + softplus(1) + softplus(-2)) / 4
    assert losses.bce_discriminator_loss(real, fake).numpy() == pytest.approx(on_real + on_fake, rel=1e-6)
    assert losses.bce_generator_loss(fake).numpy() == pytest.approx(to_one, rel=1e-6)
    assert losses.lsgan_discriminator_loss(real, fake).numpy() == pytest.approx(0.5 * (6 / 4 + 14 / 4), rel=1e-6)
    assert losses.lsgan_generator_loss(fake).numpy() == pytest.approx((1 + 4 + 4 + 1) / 4, rel=1e-6)
    assert losses.hinge_discriminator_loss(real, fake).numpy() == pytest.approx((1 + 0 + 0 + 2) / 4 + (1 + 4 + 0 + 3) / 4, rel=1e-6)
    assert losses.hinge_generator_loss(fake).numpy() == pytest.approx(-(0 + 3 - 1 + 2) / 4, rel=1e-6)


def test_bce_is_cross_entropy_of_the_sigmoid():
    real, fake = tf.constant([0.3, -2.0]), tf.constant([1.2, -0.4])
    expected = -np.mean(np.log(tf.sigmoid(real))) - np.mean(np.log(1 - tf.sigmoid(fake)))
    assert losses.bce_discriminator_loss(real, fake).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("logit, slope", [(-20.0, -1.0), (0.0, -0.5), (2.0, -1 / (1 + math.exp(2)))])
def test_the_generators_gradient_does_not_vanish_when_it_loses(logit, slope):
    fake = tf.constant([logit])
    with tf.GradientTape() as tape:
        tape.watch(fake)
        loss = losses.bce_generator_loss(fake)
    assert tape.gradient(loss, fake).numpy()[0] == pytest.approx(slope, rel=1e-5)


def test_extreme_logits_stay_finite():
    assert losses.bce_discriminator_loss(constant(-1e4), constant(1e4)).numpy() == pytest.approx(2e4)
    assert losses.bce_discriminator_loss(constant(1e4), constant(-1e4)).numpy() == 0


def test_wgan_losses_are_differences_of_means():
    real, fake = tf.constant([1.0, 2.0, 6.0]), tf.constant([[0.5, 1.5]])
    assert losses.wgan_discriminator_loss(real, fake).numpy() == pytest.approx(1.0 - 3.0)
    assert losses.wgan_generator_loss(fake).numpy() == pytest.approx(-1.0)
    assert losses.wgan_discriminator_loss(tf.cast(real, tf.bfloat16), tf.cast(fake, tf.bfloat16)).dtype == tf.float32


def penalty(critic, real=None, fake=None, alpha=None):
    shape = (3, 2, 2, 1)
    noise = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    real, fake = noise[0] if real is None else real, noise[1] if fake is None else fake
    return losses.gradient_penalty(critic, real, fake, tf.fill((3, 1, 1, 1), 0.25) if alpha is None else alpha).numpy()


WEIGHT = np.array([1.0, 2.0, -2.0, 4.0], np.float32).reshape(2, 2, 1)  # of norm 5


@pytest.mark.parametrize(
    "critic, expected",
    [
        (lambda x: tf.zeros((3, 2, 2, 1)), 1.0),
        (lambda x: 0.0 * x, 1.0),
        (lambda x: tf.reduce_sum(x * WEIGHT, axis=[1, 2, 3]), (5 - 1) ** 2),
        (lambda x: tf.reduce_sum(x * WEIGHT, axis=[1, 2, 3])[:, None] * tf.ones(4), (4 * 5 - 1) ** 2),  # four equal cells, summed
        (lambda x: tf.reduce_sum(x * WEIGHT / 5.0, axis=[1, 2, 3]), 0.0),
    ],
    ids=["unconnected", "flat", "linear", "cells", "unit"],
)
def test_gradient_penalty_of_linear_critics(critic, expected):
    assert penalty(critic) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_gradient_penalty_is_taken_between_the_images_one_by_one():
    """The gradient of ½‖x‖² is x itself, so that the penalty shows the points."""
    real, fake = tf.fill((3, 2, 2, 1), 1.0), tf.fill((3, 2, 2, 1), -3.0)
    alpha = tf.reshape([0.0, 0.5, 0.75], (3, 1, 1, 1))
    norms = np.array([2 * 3.0, 2 * 1.0, 0.0])  # of points -3, -1 and 0 in four pixels
    assert penalty(lambda x: tf.reduce_sum(tf.square(x)) / 2, real, fake, alpha) == pytest.approx(np.mean((norms - 1) ** 2))


def test_gradient_penalty_of_a_zero_critic_can_be_trained():
    weight = tf.Variable(tf.zeros((2, 2, 1)))
    with tf.GradientTape() as tape:
        loss = losses.gradient_penalty(lambda x: x * weight, tf.ones((3, 2, 2, 1)), tf.zeros((3, 2, 2, 1)), tf.ones((3, 1, 1, 1)))
    assert loss.numpy() == 1 and np.all(np.isfinite(tape.gradient(loss, weight)))


@pytest.mark.parametrize(
    "critic, expected",
    [
        (lambda x: tf.zeros((3, 1)), 0.0),
        (lambda x: tf.reduce_sum(x * WEIGHT, axis=[1, 2, 3]), 25.0),
        (lambda x: tf.reduce_sum(x * WEIGHT, axis=[1, 2, 3])[:, None] * tf.ones(4), (4 * 5.0) ** 2),  # four equal cells, summed
        (lambda x: tf.reduce_sum(tf.square(x), axis=[1, 2, 3]) / 2, (4 * 1 + 0 + 4 * 9) / 3),  # the gradient is x itself
    ],
    ids=["unconnected", "linear", "cells", "square"],
)
def test_r1_penalty_is_the_mean_squared_gradient_at_real_images(critic, expected):
    real = tf.tile(tf.reshape([1.0, 0.0, -3.0], (3, 1, 1, 1)), (1, 2, 2, 1))
    penalty, outputs = losses.r1_penalty(critic, real)
    assert penalty.numpy() == pytest.approx(expected, rel=1e-6)
    np.testing.assert_array_equal(outputs, critic(real))


def test_r1_penalty_can_be_trained_and_is_float32():
    weight = tf.Variable(WEIGHT)
    with tf.GradientTape() as tape:
        penalty, _ = losses.r1_penalty(lambda x: x * weight, tf.ones((3, 2, 2, 1)))
    np.testing.assert_allclose(tape.gradient(penalty, weight), 2 * WEIGHT, rtol=1e-6)
    steep, _ = losses.r1_penalty(lambda x: 300 * x, tf.ones((1, 2, 2, 1), tf.float16))
    assert steep.dtype == tf.float32 and steep.numpy() == pytest.approx(4 * 300**2)


def test_l1():
    real, fake = tf.reshape([1.0, -1.0, 0.5, 0.0], (1, 2, 2, 1)), tf.reshape([0.0, 1.0, 0.5, -0.5], (1, 2, 2, 1))
    assert losses.l1_loss(real, fake).numpy() == pytest.approx((1 + 2 + 0 + 0.5) / 4)
    assert losses.l1_loss(real, real).numpy() == 0


def test_feature_matching_is_summed_over_maps_and_averaged_over_scales():
    real = [[constant(0), constant(1, (2, 1, 1, 8))], [constant(2), constant(-1, (2, 5, 5, 4))]]
    fake = [[constant(1), constant(3, (2, 1, 1, 8))], [constant(2), constant(-4, (2, 5, 5, 4))]]
    assert losses.feature_matching_loss(real, fake).numpy() == pytest.approx(((1 + 2) + (0 + 3)) / 2)
    assert losses.feature_matching_loss(real, real).numpy() == 0
    with pytest.raises(ValueError):
        losses.feature_matching_loss(real, [maps[:1] for maps in fake])


def test_feature_matching_leaves_the_real_features_alone():
    real, fake = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 0.0])
    with tf.GradientTape() as tape:
        loss = losses.feature_matching_loss([[real * 1.0]], [[fake * 1.0]])
    of_real, of_fake = tape.gradient(loss, [real, fake])
    assert of_real is None
    np.testing.assert_allclose(of_fake, [0.5, -0.5])


def test_kl_divergence():
    d = 256
    zeros, ones = tf.zeros((3, d)), tf.ones((3, d))
    np.testing.assert_array_equal(losses.kl_divergence(zeros, zeros), [0, 0, 0])
    np.testing.assert_allclose(losses.kl_divergence(ones, zeros), [d / 2] * 3)
    np.testing.assert_allclose(losses.kl_divergence(zeros, math.log(4) * ones), [d * 0.5 * (4 - 1 - math.log(4))] * 3, rtol=1e-5)
    np.testing.assert_allclose(losses.kl_divergence(tf.constant([[1.0, 0.0], [3.0, 1.0]]), tf.zeros((2, 2))), [0.5, 5.0])


@SHAPES
def test_saturating_generator_loss(shape):
    fake = tf.reshape([0.0, 3.0, -1.0, 2.0], shape)
    expected = -(softplus(0) + softplus(3) + softplus(-1) + softplus(2)) / 4
    assert losses.bce_saturating_generator_loss(fake).numpy() == pytest.approx(expected, rel=1e-6)
    assert losses.bce_saturating_generator_loss(constant(0, shape)).numpy() == pytest.approx(-LN2, rel=1e-6)
    assert losses.bce_saturating_generator_loss(tf.cast(fake, tf.float16)).dtype == tf.float32


def test_squared_error_is_a_sum_over_all_but_the_batch():
    real = tf.reshape(tf.range(12.0), (2, 3, 2, 1))
    np.testing.assert_allclose(losses.squared_error(real, real), [0, 0])
    np.testing.assert_allclose(losses.squared_error(real, real[::-1]), [0.5 * 6 * 36] * 2)
    np.testing.assert_allclose(losses.squared_error(real[:, 0, 0], tf.zeros((2, 1))), [0, 18])
    np.testing.assert_allclose(losses.squared_error(tf.fill((1, 9), tf.constant(300, tf.float16)), tf.zeros((1, 9))), [405_000])


def test_low_precision_is_averaged_in_float32():
    logits = tf.cast(tf.fill((100_000,), 0.1), tf.bfloat16)
    for discriminator_loss, generator_loss in losses.GAN_LOSSES.values():
        exact = tf.cast(logits, tf.float32)
        assert discriminator_loss(logits, logits).dtype == generator_loss(logits).dtype == tf.float32
        assert generator_loss(logits).numpy() == pytest.approx(generator_loss(exact).numpy(), rel=1e-6)
    assert losses.l1_loss(logits, tf.zeros_like(logits)).dtype == tf.float32
    assert losses.feature_matching_loss([[logits]], [[-logits]]).dtype == losses.kl_divergence(logits, logits).dtype == tf.float32
