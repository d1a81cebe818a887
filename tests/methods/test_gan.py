"""GAN: its networks, and the game's own numbers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.layers import BatchNorm
from tfgan.losses import bce_saturating
from tfgan.methods.gan import GAN, HParams

SPEC = DataSpec("images", (28, 28), {"image": Domain("digit", 1)}, {"train": 60_000, "validation": 10_000}, "")


def make_method(**changes):
    keras.utils.set_random_seed(1)
    return GAN(HParams(**changes), SPEC)


def test_the_ports_networks_to_mnist():
    method = make_method()
    assert method.generator.count_params() == 1_513_616 and method.discriminator.count_params() == 533_505
    assert method.steps_per_epoch == math.ceil(60_000 / 64)


@pytest.mark.parametrize("batch_norm, momentum, epsilon", [("momentum", 0.8, 1e-5), ("epsilon", 0.9, 0.8)])
def test_both_meanings_of_the_ports_batch_norms(batch_norm, momentum, epsilon):
    norms = [layer for layer in make_method(batch_norm=batch_norm).generator.layers if isinstance(layer, BatchNorm)]
    assert [(norm.momentum, norm.epsilon) for norm in norms] == [(momentum, epsilon)] * 3


def test_the_average_has_the_same_networks():
    method = make_method(ema_decay=0.9, batch_norm="epsilon")
    assert method.ema["generator"].count_params() == 1_513_616
    assert {layer.epsilon for layer in method.ema["generator"].layers if isinstance(layer, BatchNorm)} == {0.8}


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_value_of_the_game_at_its_optimum(ratio):
    """D* = p / (p + q) has the logit ln(p / q): the value is -ln 4 + 2 JSD(p, q), -1.386 for equal distributions (Goodfellow, theorem 1).

    Two places with p = (r, 1) / (1 + r) and q = (1, r) / (1 + r).
    """
    method = make_method()
    p = np.array([ratio, 1]) / (1 + ratio)
    q, m = p[::-1], np.array([0.5, 0.5])
    divergence = 0.5 * np.sum(p * np.log(p / m)) + 0.5 * np.sum(q * np.log(q / m))
    logits = np.log(p / q).astype(np.float32)
    places = int(1 + ratio)
    real, fake = (tf.constant(np.repeat(logits, np.round(places * share).astype(int))) for share in (p, q))
    assert -float(method.loss.discriminator(real, fake)) == pytest.approx(-math.log(4) + 2 * divergence, rel=1e-6)


@pytest.mark.parametrize("logit", [-20.0, 0.0, 3.0])
def test_slopes_of_the_generators_loss(logit):
    """-ln D falls at σ(-a), which stays where D tells the images; ln(1 - D) falls at σ(a), which vanishes (Goodfellow et al. 2014, §3)."""
    method, a = make_method(), tf.constant(logit)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(a)
        used, minimax = method.loss.generator(a), bce_saturating(a)
    assert float(tape.gradient(used, a)) == pytest.approx(-1 / (1 + math.exp(logit)), rel=1e-5)
    assert float(tape.gradient(minimax, a)) == pytest.approx(-1 / (1 + math.exp(-logit)), rel=1e-5)
