"""The classifier on bars that are drawn here, and on real digits where there are any."""

import gzip

import keras
import numpy as np
import pytest

from tfgan.evaluation.classifier import accuracy, build_classifier, classify, train_classifier


def bars(count, seed, channels=1, size=16):
    """Images of one bar and noise, and their classes: standing, lying, falling, rising."""
    noise = np.random.default_rng(seed)
    labels = noise.integers(0, 4, count)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    distances = np.stack([x, y, (x - y) / 2**0.5, (x + y) / 2**0.5])[labels] - noise.uniform(-2, 2, (count, 1, 1))
    images = np.where(np.abs(distances) < 1.5, 0.8, -0.8)[..., None] + noise.normal(0, 0.2, (count, size, size, channels))
    return np.clip(images, -1, 1).astype(np.float32), labels


class Reader(keras.Model):
    """The class is the number in the first pixel."""

    def call(self, images, training=False):
        assert not training
        return keras.ops.one_hot(keras.ops.cast(images[:, 0, 0, 0], "int32"), 4)


def test_accuracy_by_hand():
    images = np.zeros((6, 2, 2, 1), np.float32)
    images[:, 0, 0, 0] = [3, 1, 2, 0, 1, 3]
    assert accuracy(Reader(), images, np.array([3, 1, 2, 1, 1, 0])) == pytest.approx(4 / 6)
    np.testing.assert_array_equal(classify(Reader(), images, batch=4), [3, 1, 2, 0, 1, 3])  # the last batch is smaller


def test_shapes():
    model = build_classifier((20, 28), 3, 7)
    assert model.input_shape == (None, 20, 28, 3) and model.output_shape == (None, 7)
    assert model.layers[-1].activation is keras.activations.linear  # logits


def test_it_learns_to_read():
    model = train_classifier(*bars(600, 0, channels=3), 4, seed=1, epochs=6)
    images, labels = bars(200, 1, channels=3)
    assert accuracy(model, images, labels) > 0.95
    assert classify(model, np.tile(images[labels == 2][:1], (5, 1, 1, 1))).tolist() == [2] * 5


def test_fewer_images_than_a_batch_and_other_seeds():
    images, labels = bars(20, 0)
    models = [train_classifier(images, labels, 4, seed=seed, epochs=1) for seed in (0, 1)]
    kernels = [model.layers[1].kernel.numpy() for model in models]
    assert models[0](images[:3]).shape == (3, 4) and np.abs(kernels[0] - kernels[1]).max() > 0.01


def test_real_digits(test_data):
    """Three passes over a quarter of the digits; twelve over all of them read 99.7 % of the test images."""

    def read(name, header, shape):
        with gzip.open(test_data / "mnist" / name) as file:
            return np.frombuffer(file.read(), np.uint8, offset=header).reshape(shape)

    images, labels = read("train-images-idx3-ubyte.gz", 16, (-1, 28, 28, 1)), read("train-labels-idx1-ubyte.gz", 8, -1)
    model = train_classifier(images[:2000] / np.float32(127.5) - 1, labels[:2000].astype(int), 10, epochs=3)
    images, labels = read("t10k-images-idx3-ubyte.gz", 16, (-1, 28, 28, 1)), read("t10k-labels-idx1-ubyte.gz", 8, -1)
    assert accuracy(model, images / np.float32(127.5) - 1, labels) > 0.93
