"""Losses against numbers worked out by hand, for flat and for patch-shaped logits."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses

LN2 = math.log(2)
BCE, LSGAN, HINGE, RPGAN, WGAN = (losses.CRITIC_LOSSES[name] for name in ("bce", "lsgan", "hinge", "rpgan", "wgan_gp"))
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
    loss = losses.GAN_LOSSES[name]
    assert loss.discriminator(constant(real, shape), constant(fake, shape)).numpy() == pytest.approx(discriminator, rel=1e-6)
    assert loss.generator(constant(fake, shape)).numpy() == pytest.approx(generator, rel=1e-6)


@SHAPES
def test_adversarial_losses_are_means_over_all_logits(shape):
    real, fake = tf.reshape([0.0, 1.0, 2.0, -1.0], shape), tf.reshape([0.0, 3.0, -1.0, 2.0], shape)
    on_real = (softplus(0) + softplus(-1) + softplus(-2) + softplus(1)) / 4
    on_fake = (softplus(0) + softplus(3) + softplus(-1) + softplus(2)) / 4
    to_one = (softplus(0) + softplus(-3) + softplus(1) + softplus(-2)) / 4
    assert BCE.discriminator(real, fake).numpy() == pytest.approx(on_real + on_fake, rel=1e-6)
    assert BCE.generator(fake).numpy() == pytest.approx(to_one, rel=1e-6)
    assert LSGAN.discriminator(real, fake).numpy() == pytest.approx(0.5 * (6 / 4 + 14 / 4), rel=1e-6)
    assert LSGAN.generator(fake).numpy() == pytest.approx((1 + 4 + 4 + 1) / 4, rel=1e-6)
    assert HINGE.discriminator(real, fake).numpy() == pytest.approx((1 + 0 + 0 + 2) / 4 + (1 + 4 + 0 + 3) / 4, rel=1e-6)
    assert HINGE.generator(fake).numpy() == pytest.approx(-(0 + 3 - 1 + 2) / 4, rel=1e-6)


def test_bce_is_cross_entropy_of_the_sigmoid():
    real, fake = tf.constant([0.3, -2.0]), tf.constant([1.2, -0.4])
    expected = -np.mean(np.log(tf.sigmoid(real))) - np.mean(np.log(1 - tf.sigmoid(fake)))
    assert BCE.discriminator(real, fake).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("logit, slope", [(-20.0, -1.0), (0.0, -0.5), (2.0, -1 / (1 + math.exp(2)))])
def test_the_generators_gradient_does_not_vanish_when_it_loses(logit, slope):
    fake = tf.constant([logit])
    with tf.GradientTape() as tape:
        tape.watch(fake)
        loss = BCE.generator(fake)
    assert tape.gradient(loss, fake).numpy()[0] == pytest.approx(slope, rel=1e-5)


def test_extreme_logits_stay_finite():
    assert BCE.discriminator(constant(-1e4), constant(1e4)).numpy() == pytest.approx(2e4)
    assert BCE.discriminator(constant(1e4), constant(-1e4)).numpy() == 0


def test_wgan_losses_are_differences_of_means():
    real, fake = tf.constant([1.0, 2.0, 6.0]), tf.constant([[0.5, 1.5]])
    assert WGAN.discriminator(real, fake).numpy() == pytest.approx(1.0 - 3.0)
    assert WGAN.generator(fake).numpy() == pytest.approx(-1.0)
    assert WGAN.discriminator(tf.cast(real, tf.bfloat16), tf.cast(fake, tf.bfloat16)).dtype == tf.float32


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


def test_relativistic_losses_are_of_pairs_logit_by_logit():
    """Differences 0 - 1, 2 - -1 and -3 - 4 of real minus generated."""
    real, fake = tf.reshape([0.0, 2.0, -3.0], (3, 1, 1, 1)), tf.reshape([1.0, -1.0, 4.0], (3, 1, 1, 1))
    assert RPGAN.discriminator(real, fake).numpy() == pytest.approx((softplus(1) + softplus(-3) + softplus(7)) / 3, rel=1e-6)
    assert RPGAN.generator(fake, real).numpy() == pytest.approx((softplus(-1) + softplus(3) + softplus(-7)) / 3, rel=1e-6)
    sigmoids = [1 / (1 + math.exp(x)) for x in (1, -3, 7)]
    assert RPGAN.score(real, fake).numpy() == pytest.approx(np.mean(sigmoids), rel=1e-6)
    assert RPGAN.score(fake, real).numpy() == pytest.approx(1 - np.mean(sigmoids), rel=1e-6)
    assert RPGAN.discriminator(real + 100, fake + 100).numpy() == pytest.approx(RPGAN.discriminator(real, fake).numpy(), rel=1e-5)
    assert RPGAN.relative and RPGAN.discriminator(tf.cast(real, tf.bfloat16), tf.cast(fake, tf.bfloat16)).dtype == tf.float32


@pytest.mark.parametrize("name", [name for name, loss in losses.CRITIC_LOSSES.items() if not loss.relative])
def test_other_losses_look_at_each_kind_alone(name):
    loss, outputs = losses.CRITIC_LOSSES[name], tf.constant([0.5, -2.0])
    assert loss.generator(outputs).numpy() == loss.generator(outputs, outputs + 1.0).numpy()
    assert loss.score(outputs).numpy() == loss.score(outputs, outputs + 1.0).numpy()


REAL = tf.tile(tf.reshape([1.0, 0.0, -3.0], (3, 1, 1, 1)), (1, 2, 2, 1))


def squared_gradient(*critics, images=REAL):
    """Of a discriminator with a function for each scale."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        scales = [[critic(batch) for batch in tf.nest.flatten(images)] for critic in critics]
    return losses.squared_gradient(tape, scales, images).numpy()


def linear(x):
    return tf.reduce_sum(x * WEIGHT, axis=[1, 2, 3])


def quadratic(x):
    return tf.reduce_sum(tf.square(x), axis=[1, 2, 3]) / 2  # its gradient is x itself


@pytest.mark.parametrize(
    "critics, expected",
    [
        ([lambda x: tf.zeros((3, 1))], 0.0),
        ([linear], 25.0),
        ([quadratic], (4 * 1 + 0 + 4 * 9) / 3),
        ([lambda x: x * WEIGHT], 25.0 / 4),  # four patches of a pixel: the mean of 1, 4, 4 and 16
        ([linear, quadratic], (25 + 40 / 3) / 2),
    ],
    ids=["unconnected", "linear", "quadratic", "patches", "scales"],
)
def test_squared_gradients_by_hand(critics, expected):
    assert squared_gradient(*critics) == pytest.approx(expected, rel=1e-6)


def test_squared_gradients_of_several_batches_are_a_mean_over_all_images():
    assert squared_gradient(quadratic, images=[REAL, 2.0 * REAL[:1]]) == pytest.approx((40 + 16) / 4, rel=1e-6)


def test_larger_images_have_no_other_squared_gradient():
    """There are more patches, each of which counts less."""
    kernel = tf.reshape(tf.range(1.0, 5.0), (2, 2, 1, 1))
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 6, 6, 1)), tf.float32)

    def patches(x):
        return tf.square(tf.nn.conv2d(x, kernel, 2, "VALID"))

    once = squared_gradient(patches, images=images)
    assert once > 1 and squared_gradient(patches, images=tf.tile(images, (1, 2, 3, 1))) == pytest.approx(once, rel=1e-5)


def test_squared_gradients_can_be_trained_and_are_float32():
    weight, images = tf.Variable(WEIGHT), tf.ones((3, 2, 2, 1))
    with tf.GradientTape() as outer:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            scales = [[tf.reduce_sum(images * weight, axis=[1, 2, 3])]]
        penalty = losses.squared_gradient(tape, scales, images)
    np.testing.assert_allclose(outer.gradient(penalty, weight), 2 * WEIGHT, rtol=1e-6)
    steep = squared_gradient(lambda x: tf.reduce_sum(300 * x, axis=[1, 2, 3]), images=tf.ones((1, 2, 2, 1), tf.float16))
    assert steep.dtype == np.float32 and steep == pytest.approx(4 * 300**2)


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
    assert losses.bce_saturating(fake).numpy() == pytest.approx(expected, rel=1e-6)
    assert losses.bce_saturating(constant(0, shape)).numpy() == pytest.approx(-LN2, rel=1e-6)
    assert losses.bce_saturating(tf.cast(fake, tf.float16)).dtype == tf.float32


def test_squared_error_is_a_sum_over_all_but_the_batch():
    real = tf.reshape(tf.range(12.0), (2, 3, 2, 1))
    np.testing.assert_allclose(losses.squared_error(real, real), [0, 0])
    np.testing.assert_allclose(losses.squared_error(real, real[::-1]), [0.5 * 6 * 36] * 2)
    np.testing.assert_allclose(losses.squared_error(real[:, 0, 0], tf.zeros((2, 1))), [0, 18])
    np.testing.assert_allclose(losses.squared_error(tf.fill((1, 9), tf.constant(300, tf.float16)), tf.zeros((1, 9))), [405_000])


def test_low_precision_is_averaged_in_float32():
    logits = tf.cast(tf.fill((100_000,), 0.1), tf.bfloat16)
    for loss in losses.CRITIC_LOSSES.values():
        exact = tf.cast(logits, tf.float32)
        assert loss.discriminator(logits, logits).dtype == loss.generator(logits, -logits).dtype == tf.float32
        assert loss.score(logits, -logits).dtype == tf.float32
        assert loss.generator(logits, -logits).numpy() == pytest.approx(loss.generator(exact, -exact).numpy(), rel=1e-6)
    assert losses.l1_loss(logits, tf.zeros_like(logits)).dtype == tf.float32
    assert losses.feature_matching_loss([[logits]], [[-logits]]).dtype == losses.kl_divergence(logits, logits).dtype == tf.float32


def test_unit_distance_by_hand():
    """Two maps: opposite vectors of any length in one place, 4, and equal directions in the other; and perpendicular ones, 2."""
    real = [tf.constant([[[[1.0, 0.0], [3.0, 4.0]]]]), tf.constant([[[[0.0, 2.0]]]])]
    fake = [tf.constant([[[[-9.0, 0.0], [6.0, 8.0]]]]), tf.constant([[[[5.0, 0.0]]]])]
    assert losses.unit_distance(real, fake).numpy() == pytest.approx(((4 + 0) / 2 + 2) / 2)
    assert losses.unit_distance(real, real).numpy() == 0
    with tf.GradientTape() as tape:
        tape.watch(zeros := [tf.zeros([1, 1, 1, 2])])
        distance = losses.unit_distance(zeros, [tf.ones([1, 1, 1, 2])])
    assert np.all(np.isfinite(tape.gradient(distance, zeros)[0]))
    with pytest.raises(ValueError):
        losses.unit_distance(real, fake[:1])
