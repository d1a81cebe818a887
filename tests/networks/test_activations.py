"""What the layers of networks make, beside models that give it themselves."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import make_method

from tfgan.layers import SpectralConv2D
from tfgan.networks.activations import activations


def test_convolutions_and_dense_layers_in_order():
    image = keras.Input((8, 8, 1))
    first = keras.layers.Conv2D(3, 3)(image)
    second = SpectralConv2D(4, 3)(keras.layers.LeakyReLU()(first))
    dense = keras.layers.Dense(5)(keras.layers.Flatten()(second))
    network = keras.Model(image, keras.layers.Dense(1)(dense))
    expected = keras.Model(image, [first, second, dense])
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype(np.float32)
    found = activations(network, lambda: network(images, training=False))
    assert [tuple(maps.shape) for maps in found] == [(2, 6, 6, 3), (2, 6, 6, 4), (2, 1, 1, 5)]
    for one, other in zip(found, expected(images, training=False)):
        np.testing.assert_allclose(np.squeeze(one), other, rtol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(given := tf.constant(images))
        total = sum(map(tf.reduce_sum, activations(network, lambda: network(given, training=False))))
    assert np.any(tape.gradient(total, given))


def test_networks_are_as_before():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with pytest.raises(RuntimeError, match="mine"):
        activations(network, lambda: (_ for _ in ()).throw(RuntimeError("mine")))
    assert not any("call" in vars(layer) for layer in network.layers)
    assert len(activations(network, lambda: network(np.zeros([1, 4])))) == 1


@pytest.mark.parametrize("name", ["gan", "cgan", "dcgan", "acgan", "vaegan", "stylegan"])
def test_what_the_discriminator_sees_has_gradients_to_what_is_generated(name):
    """Of every method that makes images from noise, as `tfgan sample --sheet=projection` compares images."""
    generation = make_method(name).inference()["generate"]
    labels = [tf.constant([1])] * bool(generation.class_names)
    latents = tf.Variable(tf.ones([1, generation.latent_dim]) / 2)
    with tf.GradientTape() as tape:
        maps = generation.see(generation.function(latents, *labels), *labels)
        total = tf.add_n([tf.reduce_sum(found) for found in maps])
    assert len(maps) > 1 and all(found.dtype == tf.float32 and len(found.shape) == 4 for found in maps)
    assert np.any(tape.gradient(total, latents))
