"""Weights of losses that papers do not have, or have at 1: StarGAN's identity and VAE-GAN's prior, by hand values."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.layers import ForwardPass
from tfgan.methods import method_class

pytestmark = pytest.mark.usefixtures("eagerly")
SIZE, LATENTS, SEED = 16, 5, tf.constant([3, 4])
IMAGES = tf.constant(np.random.default_rng(0).uniform(-1, 1, (4, SIZE, SIZE, 3)), tf.float32)
OWN = tf.constant([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])


def make_method(name, kind, **settings):
    names = ("young", "smiling") if kind == "attributes" else ()
    spec = DataSpec(kind, (SIZE, SIZE), {"image": Domain("image", 3)}, {"train": 4, "validation": 2}, "", attribute_names=names)
    kind = method_class(name)
    return kind(kind.HParams(image_size=(SIZE, SIZE), batch_size=4, ndf=2, ngf=2, **settings), spec)


def run_stargan(**weights):
    """The part of the generator's loss that is not the critic's, the scalars, and the generator's inputs, call by call, of a generator that
    adds 1/4."""
    method, asked = make_method("stargan", "attributes", n_blocks=1, n_layers=2, classification_weight=0.0, **weights), []
    method.generator = lambda inputs, training: asked.append([x.numpy() for x in inputs]) or inputs[0] + 0.25
    with ForwardPass(SEED):
        result = method._generator_loss({"image": IMAGES, "attributes": OWN, "mask": tf.ones_like(OWN)}, SEED)
    return float(result.losses["generator"] - result.scalars["gan_loss"]), result.scalars, asked


def test_stargans_identity_is_of_the_own_labels_and_a_share_of_the_cycle():
    """1/4 from an image to itself, 1/2 there and back: 8 · (1/2 + 3/4 · 1/4) = 5.5, and 4 without it."""
    loss, scalars, asked = run_stargan(reconstruction_weight=8.0, identity_weight=0.75)
    assert loss == pytest.approx(5.5, rel=1e-4) and float(scalars["identity_loss"]) == pytest.approx(0.25, rel=1e-5)
    np.testing.assert_array_equal(asked[-1][0], IMAGES)
    np.testing.assert_array_equal(asked[-1][1], OWN)
    loss, scalars, asked = run_stargan(reconstruction_weight=8.0)
    assert loss == pytest.approx(4.0, rel=1e-4) and "identity_loss" not in scalars and len(asked) == 2


def test_vaegans_prior_is_weighed_in_the_encoder_alone():
    """KL of N(1, 1) in five dimensions: 2.5."""
    method = make_method("vaegan", "images", nef=2, encoder_units=8, latent_dim=LATENTS, prior_weight=4.0, similarity_weight=0.5)
    method.encoder = lambda images, training: [tf.ones((4, LATENTS)), tf.zeros((4, LATENTS))]
    with ForwardPass(SEED):
        result = method.phases()[0].losses({"image": IMAGES}, SEED)
    found = {name: float(value) for name, value in (result.scalars | result.losses).items()}
    assert found["prior_loss"] == pytest.approx(2.5, rel=1e-5)
    assert found["encoder"] == pytest.approx(10 + found["similarity_loss"], rel=1e-5)
    assert found["decoder"] == pytest.approx(0.5 * found["similarity_loss"] + found["gan_loss"], rel=1e-5)
