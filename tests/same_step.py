"""A step done in two ways, compared: losses, state and reduced gradients, with every draw the same."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgan import layers
from tfgan.methods import method_class
from tfgan.networks import stylegan


def fix_draws(monkeypatch, count):
    """Gives all draws of a batch those of its first `count` images again, and StarGAN the targets of each image's own labels."""
    for module, draw in itertools.product((layers, stylegan), ("uniform", "normal")):
        monkeypatch.setattr(module, draw, repeated_after(count), raising=False)
    monkeypatch.setattr(method_class("stargan"), "_targets", opposite_targets)


def assert_same_step(one, two):
    """Two trainings' first steps are the same.

    Adam's first update is a gradient's sign, also where the gradient is nothing but rounding, as of a bias in front of a norm; later phases
    would see that. With a large epsilon the update is in proportion to the gradient.
    """
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
