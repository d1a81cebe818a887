"""ACGAN's networks, and without classes the ports' DCGAN: parameter counts, what the label does, heads, and PyTorch's numbers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import BatchNorm, Dropout, ForwardPass
from tfgan.networks.acgan import cifar_discriminator, cifar_generator, upsampling_discriminator, upsampling_generator

MOMENTUM = {"momentum": 0.8}


def counts(model):
    """Trainable, and all."""
    return sum(math.prod(v.shape) for v in model.trainable_variables), model.count_params()


def kinds(model):
    return [type(layer).__name__ for layer in model.layers[1:]]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def upsampling(size=32, classes=10, channels=1):
    generator = upsampling_generator(100, (size, size), channels, batch_norm=MOMENTUM, classes=classes)
    return generator, upsampling_discriminator((size, size), channels, batch_norm=MOMENTUM, classes=classes)


@pytest.mark.parametrize(
    "size, classes, generator, discriminator",
    [
        (32, 10, (1_050_985, 1_051_625), (103_243, 103_691)),
        (28, 10, (857_065, 857_705), (103_243, 103_691)),  # 28 / 16, rounded up: as many features as at 32
        (32, 0, (1_049_985, 1_050_625), (98_113, 98_561)),  # the ports' DCGAN
    ],
)
def test_counts_of_the_ports(size, classes, generator, discriminator):
    models = upsampling(size, classes)
    assert [counts(model) for model in models] == [generator, discriminator]
    assert models[0].output_shape == (None, size, size, 1)
    assert models[1].output_shape == ([(None, 1), (None, 10)] if classes else (None, 1))


def test_the_papers_counts():
    """CIFAR-10's networks: 100 numbers of noise and ten of the class."""
    assert counts(cifar_generator(100, (32, 32), 3, 10)) == (2_994_051, 2_994_627)
    assert counts(cifar_discriminator((32, 32), 3, 10)) == (1_664_875, 1_666_859)


def test_layers_of_the_ports():
    generator, discriminator = upsampling(classes=0)
    up = ["NearestDoubling", "Conv2D", "BatchNorm", "LeakyReLU"]
    assert kinds(generator) == ["Dense", "Reshape", "BatchNorm", *up * 2, "Conv2D", "Activation"]
    down = ["ZeroPadding2D", "Conv2D", "LeakyReLU", "Dropout"]
    assert kinds(discriminator) == [*down, *[*down, "BatchNorm"] * 3, "Flatten", "Dense"]
    assert {layer.momentum for layer in generator.layers[4:] if isinstance(layer, BatchNorm)} == {0.8}
    assert all(layer.spatial and layer.rate == 0.25 for layer in discriminator.layers if isinstance(layer, Dropout))
    plain = upsampling_discriminator((32, 32), 1, batch_norm=MOMENTUM, norm="none")
    assert kinds(plain) == [*down * 4, "Flatten", "Dense"]


def test_layers_of_the_paper():
    generator, discriminator = cifar_generator(5, (16, 16), 3, 2, ngf=2), cifar_discriminator((32, 32), 3, 2, ndf=2)
    assert [
        layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Reshape | keras.layers.Conv2DTranspose)
    ] == [
        (2, 2, 8),
        (4, 4, 4),
        (8, 8, 2),
        (16, 16, 3),
    ]
    block = ["Conv2D", "BatchNorm", "LeakyReLU", "Dropout"]
    assert kinds(discriminator) == ["Conv2D", "LeakyReLU", "Dropout", *block * 5, "Flatten", "Dense", "Dense"]
    convolutions = [layer for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [2, 4, 8, 16, 32, 64]
    assert [layer.strides[0] for layer in convolutions] == [2, 1] * 3
    assert {layer.rate for layer in discriminator.layers if isinstance(layer, Dropout)} == {0.5}
    plain = cifar_discriminator((32, 32), 3, 2, ndf=2, norm="none")
    assert "BatchNorm" not in kinds(plain)


def test_widths():
    generator = upsampling_generator(5, (8, 12), 3, ngf=4, batch_norm=MOMENTUM, classes=2)
    discriminator = upsampling_discriminator((8, 12), 3, ndf=2, batch_norm=MOMENTUM, classes=2)
    assert [layer.filters for layer in generator.layers if isinstance(layer, keras.layers.Conv2D)] == [8, 4, 3]
    assert [layer.filters for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)] == [2, 4, 8, 16]
    images = generator([noise(2, 5), np.array([0, 1])])
    logits, classes = discriminator(images)
    assert images.shape == (2, 8, 12, 3) and np.abs(images).max() <= 1 and logits.shape == (2, 1) and classes.shape == (2, 2)


def test_kernels_start_as_in_the_paper():
    keras.utils.set_random_seed(1)
    for model in (*upsampling(), cifar_generator(100, (32, 32), 3, 10), cifar_discriminator((32, 32), 3, 10)):
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose):
                assert np.std(layer.kernel) == pytest.approx(0.02, rel=0.15) and not np.any(layer.bias), layer.name


# Labels


def test_noise_is_multiplied_by_the_embedded_label():
    keras.utils.set_random_seed(1)
    generator = upsampling_generator(5, (8, 8), 1, ngf=2, batch_norm=MOMENTUM, classes=3)
    (embedding,) = (layer for layer in generator.layers if isinstance(layer, keras.layers.Embedding))
    (product,) = (layer for layer in generator.layers if isinstance(layer, keras.layers.Multiply))
    latents, labels = noise(3, 5), np.array([2, 0, 1])
    np.testing.assert_allclose(
        keras.Model(generator.inputs, product.output)([latents, labels]), embedding.embeddings.numpy()[labels] * latents
    )
    zeros = np.zeros((2, 5), np.float32)
    np.testing.assert_array_equal(*np.split(generator([zeros, np.array([0, 2])]).numpy(), 2))  # no noise: no class
    embedding.embeddings.assign(embedding.embeddings * [[0.0], [1.0], [1.0]])
    nothing = generator([latents, np.zeros(3, np.int64)]).numpy()
    np.testing.assert_array_equal(nothing[1:], nothing[:-1])  # a class without an embedding: no noise
    assert np.ptp(generator([latents, np.ones(3, np.int64)]), axis=0).max() > 1e-4


def test_the_papers_generator_takes_noise_and_one_hot_label():
    generator = cifar_generator(3, (8, 8), 1, 4, ngf=2)
    (joined,) = (layer for layer in generator.layers if isinstance(layer, keras.layers.Concatenate))
    fed = keras.Model(generator.inputs, joined.output)([noise(2, 3), np.array([3, 0])])
    np.testing.assert_array_equal(fed, np.concatenate([noise(2, 3), [[0, 0, 0, 1], [1, 0, 0, 0]]], axis=1).astype(np.float32))


# Inference and precision

GENERATORS = [
    lambda: upsampling_generator(5, (16, 16), 1, ngf=4, batch_norm=MOMENTUM, classes=3),
    lambda: cifar_generator(5, (16, 16), 1, 3, ngf=4),
]
DISCRIMINATORS = [
    lambda: upsampling_discriminator((16, 16), 1, ndf=2, batch_norm=MOMENTUM, classes=3),
    lambda: cifar_discriminator((16, 16), 1, 3, ndf=2),
]


@pytest.mark.parametrize("build", [*GENERATORS, *DISCRIMINATORS])
def test_inference_does_not_depend_on_the_batch(build):
    keras.utils.set_random_seed(1)
    model = build()
    inputs = [noise(4, 5), np.array([0, 1, 2, 0])] if len(model.inputs) == 2 else noise(4, 16, 16, 1)

    def outputs(part, **how):
        given = [x[part] for x in inputs] if isinstance(inputs, list) else inputs[part]
        return np.concatenate([np.reshape(y, (y.shape[0], -1)) for y in tf.nest.flatten(model(given, **how))], axis=1)

    for _ in range(3):
        outputs(slice(None), training=True)  # moving averages that are not those of the start
    together = outputs(slice(None))
    np.testing.assert_allclose(outputs(slice(2, 3)), together[2:3], atol=1e-5)
    np.testing.assert_array_equal(outputs(slice(None)), together)
    with ForwardPass(tf.constant([0, 0])):
        trained = outputs(slice(None), training=True)
    assert np.abs(trained - together).max() > 1e-3 * np.abs(together).max()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_results_are_float32(policy):
    keras.config.set_dtype_policy(policy)
    for build, judge in zip(GENERATORS, DISCRIMINATORS):
        images = build()([noise(2, 5), np.array([0, 2])])
        assert {images.dtype, *(y.dtype for y in judge()(images))} == {tf.float32}


@pytest.mark.parametrize("build", GENERATORS)
def test_generators_compile(build):
    model = build()
    inputs = [tf.constant(noise(2, 5)), tf.constant([0, 2])]
    np.testing.assert_allclose(tf.function(model, jit_compile=True)(inputs), model(inputs), atol=1e-5)


# PyTorch's Conv2d(…, 3, 2, 1), LeakyReLU(0.2), Dropout2d, BatchNorm2d(n, 0.8) and Linear in evaluation mode, with the weights and images of
# `test_discriminator_equals_pytorchs`: the scores of two images, and the class logits of the second.
TORCH = {
    32: ([0.1844537, 0.1830815], [-0.2982253, -0.2890692, 0.0217352, 0.3779249, 0.1499984]),
    28: ([0.1754063, 0.1787456], [-0.3030168, -0.2927057, 0.0179989, 0.3882884, 0.1499633]),
}


@pytest.mark.parametrize("size", TORCH)
def test_discriminator_equals_pytorchs(size):
    discriminator = upsampling_discriminator((size, size), 1, batch_norm={"epsilon": 0.8}, classes=10)
    start = 0
    for variable in discriminator.weights:
        values = np.cos(np.arange(start, start + math.prod(variable.shape), dtype=np.float64) ** 2)
        variable.assign((1 + values / 2 if "variance" in variable.path else 0.2 * values).reshape(variable.shape))
        start += values.size
    images = np.cos(np.arange(2.0 * size * size) ** 2).reshape(2, size, size, 1).astype(np.float32)
    scores, classes = discriminator(images)
    np.testing.assert_allclose(scores[:, 0], TORCH[size][0], atol=2e-6)
    np.testing.assert_allclose(classes[1, :5], TORCH[size][1], atol=2e-6)
