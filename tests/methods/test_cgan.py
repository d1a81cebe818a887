"""CGAN: its networks, both of which see the label, its settings and its losses."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.layers import BatchNorm, Dropout, ForwardPass
from tfgan.methods.cgan import CGAN, HParams

SIZE, BATCH = 8, 4
SEED = tf.constant([3, 4])
DIGITS = tuple("0123456789")


def make_method(size=SIZE, names=("brick", "wood", "stone"), **changes):
    keras.utils.set_random_seed(1)
    spec = DataSpec("labeled", (size, size), {"image": Domain("image", 1)}, {"train": 8, "validation": 2}, "", names)
    return CGAN(HParams(image_size=(size, size), **changes), spec)


def make_batch():
    noise = np.random.default_rng(0)
    return {"image": tf.constant(noise.uniform(-1, 1, (BATCH, SIZE, SIZE, 1)), tf.float32), "label": tf.constant([0, 1, 2, 0])}


def losses(method, number):
    with ForwardPass(SEED):
        result = method.phases()[number].losses(make_batch(), SEED)
    return {name: float(value) for name, value in result.losses.items()}


@pytest.mark.parametrize("size, generator, discriminator", [(28, 1_514_996, 932_965), (32, 1_760_996, 1_055_845)])
def test_the_ports_networks_to_mnist(size, generator, discriminator):
    method = make_method(size, DIGITS)
    assert (method.generator.count_params(), method.discriminator.count_params()) == (generator, discriminator)


def test_settings_of_the_networks():
    method = make_method(batch_norm="epsilon", dropout=0.25, latent_dim=7)
    assert {layer.epsilon for layer in method.generator.layers if isinstance(layer, BatchNorm)} == {0.8}
    assert [layer.rate for layer in method.discriminator.layers if isinstance(layer, Dropout)] == [0.25, 0.25]
    assert method.generator.input_shape == [(None, 7), (None,)]
    assert HParams().dropout == 0.4 and HParams().batch_norm == "momentum"


@pytest.mark.parametrize("loss, discriminator, generator", [("bce", 2 * math.log(2), math.log(2)), ("lsgan", 0.5, 1.0)])
def test_losses_of_an_undecided_discriminator(loss, discriminator, generator):
    """Both readings of a seed whose loss is not named: cross-entropy, and the ports' mean squares."""
    method = make_method(loss=loss)
    for variable in method.discriminator.layers[-1].trainable_variables:
        variable.assign(tf.zeros_like(variable))
    assert losses(method, 0) == pytest.approx({"discriminator": discriminator}, rel=1e-6)
    assert losses(method, 1) == pytest.approx({"generator": generator}, rel=1e-6)


@pytest.mark.parametrize("number, network", [(0, "discriminator"), (1, "generator")])
def test_the_label_is_learned(number, network):
    """The gradient reaches the embedding of all classes that are in the batch."""
    method = make_method()
    (embedding,) = (layer for layer in method.networks[network].layers if isinstance(layer, keras.layers.Embedding))
    with tf.GradientTape() as tape, ForwardPass(SEED):
        (loss,) = method.phases()[number].losses(make_batch(), SEED).losses.values()
    slopes = np.abs(tf.convert_to_tensor(tape.gradient(loss, embedding.embeddings.value))).sum(axis=1)
    _, drawn = method.draw(make_batch(), SEED)
    present = set(drawn.numpy()) | (set(make_batch()["label"].numpy()) if number == 0 else set())
    assert {n for n, slope in enumerate(slopes) if slope > 0} == present


def test_samples_are_of_the_class_asked_for():
    method = make_method(names=DIGITS)
    signature = method.inference()["generate"]
    assert signature.class_names == DIGITS
    latents = np.ones((3, 100), np.float32)
    images = signature.function(latents, np.array([3, 7, 3]))
    np.testing.assert_allclose(images[0], images[2], atol=1e-6)
    assert np.abs(images[0] - images[1]).max() > 1e-3
