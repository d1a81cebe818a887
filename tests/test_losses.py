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


def test_l1():
    real, fake = tf.reshape([1.0, -1.0, 0.5, 0.0], (1, 2, 2, 1)), tf.reshape([0.0, 1.0, 0.5, -0.5], (1, 2, 2, 1))
    assert losses.l1_loss(real, fake).numpy() == pytest.approx((1 + 2 + 0 + 0.5) / 4)
    assert losses.l1_loss(real, real).numpy() == 0


def test_low_precision_is_averaged_in_float32():
    logits = tf.cast(tf.fill((100_000,), 0.1), tf.bfloat16)
    for discriminator_loss, generator_loss in losses.GAN_LOSSES.values():
        exact = tf.cast(logits, tf.float32)
        assert discriminator_loss(logits, logits).dtype == generator_loss(logits).dtype == tf.float32
        assert generator_loss(logits).numpy() == pytest.approx(generator_loss(exact).numpy(), rel=1e-6)
    assert losses.l1_loss(logits, tf.zeros_like(logits)).dtype == tf.float32
