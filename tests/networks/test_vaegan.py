"""VAE-GAN's networks against the paper's parameter counts, an outside implementation, and the places of their norms and biases."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import BatchNorm, ForwardPass
from tfgan.networks.vaegan import vaegan_decoder, vaegan_discriminator, vaegan_encoder


def trainable(model):
    return sum(math.prod(v.shape) for v in model.trainable_variables)


def pattern(shape, phase, scale):
    """Numbers that any language makes alike."""
    return (scale * np.sin(1.7 * np.arange(math.prod(shape)) + phase)).reshape(shape).astype(np.float32)


def fill(model):
    """Weights from `pattern`: kernels of variance about 1/fan-in, gains about 1."""
    for phase, variable in enumerate(model.trainable_variables, start=1):
        shape = variable.shape
        fan = {1: 4, 2: shape[0], 4: math.prod(shape[:-1])}[len(shape)]
        if variable.path.startswith("conv2d_transpose"):
            fan = 25 * shape[-1] / 4  # of stride 2, which lets a quarter of the kernel meet each pixel
        variable.assign(pattern(shape, phase, 1.5 / math.sqrt(fan)) + variable.path.endswith("gamma"))
    return model


def train(model, inputs):
    """Outputs by batch statistics, with no variable written."""
    with ForwardPass(tf.constant([0, 0])):
        return model(inputs, training=True)


@pytest.mark.parametrize("units, weights, total", [(2048, 35_112_768, 35_117_760), (1024, 18_071_360, 18_074_304)])
def test_encoder_counts(units, weights, total):
    encoder = vaegan_encoder((64, 64), 3, units=units)
    assert (trainable(encoder), encoder.count_params()) == (weights, total)
    assert encoder.output_shape == [(None, 128), (None, 128)]


def test_decoder_counts():
    decoder = vaegan_decoder((64, 64), 3)
    assert (trainable(decoder), decoder.count_params()) == (4_693_155, 4_726_755)
    assert decoder.input_shape == (None, 128) and decoder.output_shape == (None, 64, 64, 3)


def test_discriminator_counts():
    discriminator = vaegan_discriminator((64, 64), 3)
    assert (trainable(discriminator), discriminator.count_params()) == (10_953_857, 10_956_161)
    assert discriminator.output_shape == [(None, 8, 8, 256), (None, 1)]


@pytest.mark.parametrize("size, channels", [((16, 40), 1), ((24, 16), 4)])
def test_any_size_and_channels(size, channels):
    encoder, decoder = vaegan_encoder(size, channels, 5, nef=2, units=7), vaegan_decoder(size, channels, 5, ngf=1)
    mean, log_variance = encoder(tf.ones((3, *size, channels)))
    assert mean.shape == log_variance.shape == (3, 5)
    images = decoder(mean)
    assert images.shape == (3, *size, channels) and np.abs(images).max() <= 1
    features, logits = vaegan_discriminator(size, channels, ndf=2)(images)
    assert features.shape == (3, size[0] // 8, size[1] // 8, 16) and logits.shape == (3, 1)


# The numbers below are PyTorch's: conv2d and conv_transpose2d in float64 with "same" padding written out (1 before and 2 behind at stride
# 2), batch_norm in training, and the same patterns.


def test_encoder_equals_pytorchs():
    mean, log_variance = train(fill(vaegan_encoder((16, 16), 2, 3, nef=2, units=6)), pattern((3, 16, 16, 2), 0.3, 1.0))
    torch_mean = [[0.434439, -0.212621, -0.379649], [0.278379, 1.205357, -0.588986], [0.322296, 0.858562, -0.543538]]
    torch_log_variance = [[-0.324426, -0.284753, 0.397804], [1.022282, -0.899267, -0.790551], [0.691204, -0.754247, -0.496843]]
    np.testing.assert_allclose(mean, torch_mean, atol=2e-4)
    np.testing.assert_allclose(log_variance, torch_log_variance, atol=2e-4)


def test_decoder_equals_pytorchs():
    images = train(fill(vaegan_decoder((16, 16), 2, 3, ngf=2)), pattern((3, 3), 0.3, 1.0)).numpy()
    torch_images = [
        [[0.921347, -0.033228], [0.941498, -0.251042], [0.564375, -0.388049]],
        [[0.858989, -0.012567], [0.938654, 0.094271], [0.784781, -0.653428]],
        [[0.849275, -0.032527], [0.910847, 0.206933], [0.807167, -0.467116]],
    ]
    np.testing.assert_allclose(images[:, [1, 6, 10], [3, 8, 12]], torch_images, atol=2e-4)


def test_discriminator_equals_pytorchs():
    features, logits = train(fill(vaegan_discriminator((16, 16), 2, ndf=1)), pattern((3, 16, 16, 2), 0.3, 1.0))
    torch_features = [[0.186368, -0.188172, -0.137878], [0.199941, -0.431307, -0.088798], [0.033536, 0.039003, -0.043586]]
    np.testing.assert_allclose(features[:, 1, 0, :3], torch_features, atol=2e-4)
    np.testing.assert_allclose(logits[:, 0], [-0.64708, 1.682077, -0.47653], atol=2e-4)


def test_where_norms_and_biases_are():
    sizes = {"nef": 2, "units": 4}, {"ngf": 1}, {"ndf": 2}
    encoder, decoder = vaegan_encoder((16, 16), 3, 5, **sizes[0]), vaegan_decoder((16, 16), 3, 5, **sizes[1])
    discriminator = vaegan_discriminator((16, 16), 3, **sizes[2])
    for model, norms, biased in (
        (encoder, 4, ["mean", "log_variance"]),
        (decoder, 4, ["conv2d"]),
        (discriminator, 4, ["conv2d", "logits"]),
    ):
        found = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
        assert (
            len(found) == norms == len([layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)]) - (model is discriminator)
        )
        assert {(norm.momentum, norm.epsilon) for norm in found} == {(0.9, 1e-6)}
        assert all(np.all(norm.gamma.numpy() == 1) for norm in found)
        names = [layer.name for layer in model.layers if getattr(layer, "use_bias", False)]
        assert len(names) == len(biased) and all(name.startswith(start) for name, start in zip(names, biased)), names
    features = discriminator.get_layer("features").input._keras_history.operation
    assert (
        isinstance(features, keras.layers.Conv2D) and features is [x for x in discriminator.layers if isinstance(x, keras.layers.Conv2D)][3]
    )


def test_kernels_start_as_in_the_papers_code():
    """Evenly within ±1/√(3 fan-in)."""
    for layer in vaegan_encoder((32, 32), 3, 8, nef=16, units=64).layers:
        if hasattr(layer, "kernel") and math.prod(layer.kernel.shape) > 3000:
            kernel = layer.kernel.numpy()
            bound = 1 / math.sqrt(3 * math.prod(kernel.shape[:-1]))
            assert 0.99 * bound < np.abs(kernel).max() <= bound * (1 + 1e-6)
            assert kernel.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision_ends_in_float32_under_xla(precision):
    keras.config.set_dtype_policy(precision)
    encoder, decoder = vaegan_encoder((16, 16), 3, 8, nef=2, units=8), vaegan_decoder((16, 16), 3, 8, ngf=2)
    discriminator = vaegan_discriminator((16, 16), 3, ndf=2)

    @tf.function(jit_compile=True)
    def run(images):
        with ForwardPass(tf.constant([0, 0])):
            mean, log_variance = encoder(images, training=True)
            image = decoder(mean, training=True)
            return mean, log_variance, image, *discriminator(image, training=True)

    outputs = run(tf.constant(pattern((3, 16, 16, 3), 0, 1.0)))
    assert {output.dtype for output in outputs} == {tf.float32} and all(np.isfinite(output).all() for output in outputs)
    assert {v.dtype for model in (encoder, decoder, discriminator) for v in model.weights} == {"float32"}
