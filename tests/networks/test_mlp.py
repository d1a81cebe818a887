"""The perceptrons of GAN and CGAN: parameter counts, what the label does, inference, and PyTorch's numbers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import BatchNorm, Dropout, ForwardPass
from tfgan.networks.mlp import conditional_mlp_discriminator, mlp_discriminator, mlp_generator

MOMENTUM = {"momentum": 0.8}


def counts(model):
    """Trainable, and all."""
    return sum(math.prod(v.shape) for v in model.trainable_variables), model.count_params()


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def fill(model, scale=0.1):
    """Fixed weights that any library can make: scale · cos(i²), i counting over all weights in Keras' order; variances 1 + cos(i²)/2."""
    start = 0
    for variable in model.weights:
        values = np.cos(np.arange(start, start + math.prod(variable.shape), dtype=np.float64) ** 2)
        variable.assign((1 + values / 2 if "variance" in variable.path else scale * values).reshape(variable.shape))
        start += values.size


@pytest.mark.parametrize(
    "size, classes, trainable, total",
    [(28, 0, 1_510_032, 1_513_616), (28, 10, 1_511_412, 1_514_996), (32, 10, 1_757_412, 1_760_996)],
)
def test_generator_counts(size, classes, trainable, total):
    generator = mlp_generator(100, (size, size), 1, batch_norm=MOMENTUM, classes=classes)
    assert counts(generator) == (trainable, total)
    assert generator.output_shape == (None, size, size, 1)


def test_discriminator_counts():
    assert counts(mlp_discriminator((28, 28), 1)) == (533_505, 533_505)
    assert counts(conditional_mlp_discriminator((28, 28), 1, 10)) == (932_965, 932_965)
    assert counts(conditional_mlp_discriminator((32, 32), 1, 10)) == (1_055_845, 1_055_845)


def test_batch_norm_is_behind_all_hidden_layers_but_the_first():
    generator = mlp_generator(5, (4, 6), 3, batch_norm={"epsilon": 0.8})
    norms = layers(generator, BatchNorm)
    assert [norm.gamma.shape[0] for norm in norms] == [256, 512, 1024]
    assert all(norm.epsilon == 0.8 and norm.momentum == 0.9 and np.all(norm.gamma.numpy() == 1) for norm in norms)
    kinds = [type(layer).__name__ for layer in generator.layers[1:]]
    assert kinds == ["Dense", "LeakyReLU", *["Dense", "BatchNorm", "LeakyReLU"] * 3, "Dense", "Activation", "Reshape"]


def test_what_the_ports_epsilon_does():
    """Input of variance 1 leaves a batch norm of epsilon 0.8 with the deviation 1/√1.8."""
    norm = BatchNorm(epsilon=0.8, gamma_initializer="ones")
    x = np.array([[-1.0], [1.0]], np.float32)
    assert np.std(norm(x, training=True)) == pytest.approx(1 / math.sqrt(1.8), rel=1e-5)  # 0.745


def test_images_of_any_shape_are_in_range():
    generator = mlp_generator(5, (4, 6), 3, batch_norm=MOMENTUM)
    fill(generator, 1.0)
    images = generator(tf.ones((2, 5)))
    assert images.shape == (2, 4, 6, 3) and images.dtype == tf.float32 and 0.5 < np.abs(images).max() <= 1
    assert mlp_discriminator((4, 6), 3)(images).shape == (2, 1)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_results_are_float32(policy):
    keras.config.set_dtype_policy(policy)
    generator = mlp_generator(5, (4, 4), 1, batch_norm=MOMENTUM, classes=3)
    images = generator([tf.ones((2, 5)), tf.constant([0, 2])])
    logits = conditional_mlp_discriminator((4, 4), 1, 3)([images, tf.constant([0, 2])])
    assert images.dtype == logits.dtype == mlp_discriminator((4, 4), 1)(images).dtype == tf.float32
    assert layers(generator, keras.layers.Dense)[0].compute_dtype == policy.removeprefix("mixed_")


# Labels


def conditional(size=4, latents=5, classes=3):
    keras.utils.set_random_seed(1)
    generator = mlp_generator(latents, (size, size), 1, batch_norm=MOMENTUM, classes=classes)
    return generator, conditional_mlp_discriminator((size, size), 1, classes)


def embedding(model):
    (layer,) = layers(model, keras.layers.Embedding)
    return layer.embeddings


def joined(model, *inputs):
    """What the first dense layer is fed."""
    (layer,) = layers(model, keras.layers.Concatenate)
    return keras.Model(model.inputs, layer.output)(list(inputs)).numpy()


def test_an_identity_embedding_gives_one_hot_labels_before_the_noise_and_behind_the_image():
    generator, discriminator = conditional()
    for model in (generator, discriminator):
        embedding(model).assign(np.eye(3))
    latents = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)
    images = np.random.default_rng(1).uniform(-1, 1, (2, 4, 4, 1)).astype(np.float32)
    labels, one_hot = np.array([2, 0], np.int32), np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    np.testing.assert_array_equal(joined(generator, latents, labels), np.concatenate([one_hot, latents], axis=1))
    np.testing.assert_array_equal(joined(discriminator, images, labels), np.concatenate([images.reshape(2, 16), one_hot], axis=1))


def test_embeddings_start_as_pytorchs():
    values = embedding(mlp_generator(5, (4, 4), 1, batch_norm=MOMENTUM, classes=40)).numpy()
    assert values.shape == (40, 40) and abs(values.mean()) < 0.1 and values.std() == pytest.approx(1, abs=0.1)


def test_renamed_classes_change_nothing():
    labels, renamed = np.array([0, 1, 2]), np.array([2, 0, 1])
    for model, first in zip(conditional(), (np.ones((3, 5)), np.ones((3, 4, 4, 1)))):
        before = model([first, labels]).numpy()
        rows = embedding(model).numpy()
        assert np.abs(before - model([first, labels[renamed]]).numpy()).max() > 1e-4
        changed = rows.copy()
        changed[renamed] = rows
        embedding(model).assign(changed)
        np.testing.assert_array_equal(model([first, renamed[labels]]), before)


def test_without_the_embeddings_columns_labels_do_nothing():
    generator, discriminator = conditional()
    for model, first, columns in ((generator, np.ones((2, 5)), slice(0, 3)), (discriminator, np.ones((2, 4, 4, 1)), slice(16, 19))):
        kernel = layers(model, keras.layers.Dense)[0].kernel
        values = kernel.numpy()
        values[columns] = 0
        kernel.assign(values)
        np.testing.assert_array_equal(model([first, np.array([0, 1])]), model([first, np.array([2, 2])]))


def test_dropout_stands_before_the_activation_of_the_second_and_third_layer():
    discriminator = conditional_mlp_discriminator((4, 4), 1, 3, dropout=0.4)
    kinds = [type(layer).__name__ for layer in discriminator.layers[5:]]
    assert kinds == ["Dense", "LeakyReLU", *["Dense", "Dropout", "LeakyReLU"] * 2, "Dense"]
    assert [layer.rate for layer in layers(discriminator, Dropout)] == [0.4, 0.4]
    assert not layers(conditional_mlp_discriminator((4, 4), 1, 3, dropout=0.0), Dropout)
    assert [dense.units for dense in layers(discriminator, keras.layers.Dense)] == [512, 512, 512, 1]
    inputs = [tf.ones((2, 4, 4, 1)), tf.constant([0, 1])]
    np.testing.assert_array_equal(discriminator(inputs), discriminator(inputs))
    with ForwardPass(tf.constant([1, 2])):
        assert np.abs(discriminator(inputs, training=True) - discriminator(inputs)).max() > 1e-4


def test_inference_does_not_depend_on_the_batch():
    generator, _ = conditional()
    fill(generator)
    latents, labels = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32), np.array([0, 1, 2, 0])
    together = generator([latents, labels]).numpy()
    np.testing.assert_allclose(generator([latents[2:3], labels[2:3]]), together[2:3], atol=1e-6)
    with ForwardPass(tf.constant([0, 0])):
        trained = generator([latents, labels], training=True)[2:3]
        assert np.abs(trained - generator([latents[2:], labels[2:]], training=True)[:1]).max() > 1e-3


def test_generator_equals_pytorchs():
    """Linear, BatchNorm1d(n, 0.8) and LeakyReLU(0.2) of PyTorch 2 in evaluation mode, with the same weights: its numbers."""
    generator = mlp_generator(100, (28, 28), 1, batch_norm={"epsilon": 0.8})
    fill(generator)
    images = generator(np.cos(np.arange(200.0).reshape(2, 100) ** 2).astype(np.float32)).numpy()
    np.testing.assert_allclose(images.reshape(2, 784)[0, :5], [-0.12529, 0.046134, -0.012793, 0.081278, -0.126955], atol=2e-6)
    np.testing.assert_allclose(images.reshape(2, 784)[1, 390:393], [0.207786, -0.201155, 0.016232], atol=2e-6)
    assert images.mean() == pytest.approx(-0.0036935, abs=1e-6) and images.std() == pytest.approx(0.1274730, abs=1e-6)
