"""A step of every method on two replicas equals the same step on one."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO
from tiny_methods import Training

from tfgan import layers
from tfgan.methods import METHODS, method_class
from tfgan.networks import stylegan

pytestmark = pytest.mark.usefixtures("eagerly")


def reduced_gradients(training):
    """Of the first step, by loss and network: Adam's m is (1 - β1) g after one update, a decaying sum after several."""
    found = {}
    for phase in training.step.phases:
        for loss, networks in phase.trains.items():
            assert training.step.optimizers[loss].iterations.numpy() >= 1
            optimizer = training.step.optimizers[loss]
            slopes = iter(getattr(optimizer, "_momentums", None) or optimizer._velocities)  # RMSProp's hold squares
            for network in networks:
                of_network = zip(training.method.networks[network].trainable_variables, slopes)
                found[loss, network] = np.concatenate([np.ravel(m.numpy()) for _, m in of_network])
    return found


def opposite_targets(method, batch, seed):
    """Of each image's own labels, where StarGAN's are those of other images of the replica."""
    return 1.0 - batch["attributes"], batch["mask"]


def repeated_after(count):
    """Noise that does not depend on the seed and repeats after `count` of the batch."""

    def draw(shape, seed):
        shape = tf.convert_to_tensor(shape, tf.int32)
        if shape.shape[0] == 0:
            return tf.constant(0.25)
        own = tf.random.stateless_uniform(tf.concat([[count], shape[1:]], axis=0), [1, 2])
        return tf.gather(own, tf.range(shape[0]) % count)

    return draw


STYLES = {"style_encoder": True, "encoder_size": 16, "latent_dim": 8, "kl_weight": 5.0}

STYLEGAN2 = {"architecture": "stylegan2", "path_length_interval": 1, "path_length_shrink": 1}

JUDGES = [
    ("pix2pix", {"discriminator_norm": "spectral", "discriminator_scales": 2, "feature_matching": 5.0}),
    (
        "pix2pix",
        {"discriminator": "projected", "discriminator_scales": 3, "norm": "instance", "perceptual_weight": 2.0, "frozen_features": "own"},
    ),
]

PAIRS = {"loss": "rpgan", "r1_gamma": 3.0, "r2_gamma": 2.0, "norm": "instance"}


@pytest.mark.parametrize(
    "name, changes",
    [
        *((name, {}) for name in METHODS),
        ("spade", STYLES),
        pytest.param("stylegan", STYLEGAN2, marks=pytest.mark.slow),
        *((name, PAIRS) for name in ("pix2pix", "cgan")),
        *JUDGES,
    ],
    ids=[*METHODS, "spade-styles", "stylegan2", "pix2pix-pairs", "cgan-pairs", "pix2pix-scales", "pix2pix-projected"],
)
def test_two_replicas_equal_one(name, changes, monkeypatch):
    """Losses and reduced gradients of one step, with dropout and pool off and every draw the same.

    Batch norms without synchronization see one replica: both get the same images where the method has no such setting. Adam's first
    update is a gradient's sign, also where the gradient is nothing but rounding, as of a bias in front of a norm; later phases would see
    that. With a large epsilon the update is in proportion to the gradient.
    """
    kind = method_class(name)
    share = 2 if name == "stylegan" else 4  # its groups of four images then hold the same ones; batch norm of two magnifies rounding
    for module, draw in itertools.product((layers, stylegan), ("uniform", "normal")):
        monkeypatch.setattr(module, draw, repeated_after(share), raising=False)
    monkeypatch.setattr(method_class("stargan"), "_targets", opposite_targets)
    settings = {"dropout": 0.0, "pool_size": 0, "sync_batch_norm": True, "beta_1": 0.5} | changes
    halves = kind.batch_kind in ("images", "labeled")
    one, two = (Training(name, devices, batch_size=2 * share, halves=halves, **settings) for devices in (ONE, TWO))
    for optimizer in (*one.step.optimizers.values(), *two.step.optimizers.values()):
        optimizer.epsilon = 1.0
    expected, found = one.run(), two.run()
    for scalar, value in expected.items():
        assert found[scalar] == pytest.approx(value, rel=2e-4, abs=2e-5), scalar
    for key, value in one.method.state.items():
        np.testing.assert_allclose(two.method.state[key].numpy(), value.numpy(), rtol=2e-4, atol=2e-5, err_msg=key)
    reduced = reduced_gradients(two)
    for key, gradient in reduced_gradients(one).items():
        largest = np.abs(gradient).max()
        assert largest > 0
        np.testing.assert_allclose(reduced[key], gradient, rtol=0, atol=2e-3 * largest, err_msg=str(key))
