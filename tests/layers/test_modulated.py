"""Weight demodulation against values worked out by hand and a convolution with weights of each image's own; binomial blurs."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import ModulatedConv2D
from tfgan.layers.resizing import binomial, blur


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def make_layer(channels=3, units=5, kernel_size=3, w_dim=4, **changes):
    """A layer with random weights, styles of shift 0.5 among them."""
    layer = ModulatedConv2D(units, kernel_size, **changes)
    layer.build((None, None, None, channels), (None, w_dim))
    layer.set_weights([random(*weight.shape, seed=number) for number, weight in enumerate(layer.weights)])
    return layer


def own_weights(layer, style):
    """N×k×k×C×units: the kernel as each image has it (Karras et al. 2020, equations 1 to 3)."""
    kernel, affine, shift = (weight.numpy() for weight in (layer.kernel, layer.affine.kernel, layer.affine.bias))
    factors = style @ affine / np.sqrt(len(affine)) + shift + 1.0
    kernels = kernel / np.sqrt(np.prod(kernel.shape[:-1])) * factors[:, None, None, :, None]
    return kernels / np.sqrt(np.sum(kernels**2, axis=(1, 2, 3), keepdims=True) + 1e-8) if layer.demodulate else kernels


@pytest.mark.parametrize("demodulate", [True, False])
def test_it_is_a_convolution_with_weights_of_each_images_own(demodulate):
    x, style, layer = random(2, 6, 6, 3), random(2, 4, seed=9), make_layer(demodulate=demodulate)
    expected = [tf.nn.conv2d(image[None], kernel, 1, "SAME")[0] for image, kernel in zip(x, own_weights(layer, style))]
    np.testing.assert_allclose(layer(x, style), expected, atol=1e-5)
    assert layer(x[:1], style).shape == (2, 6, 6, 5)  # one map for all styles, as the constant


def test_doubling_is_a_transposed_convolution_and_a_blur():
    """In the authors' order: zeros between pixels, the kernel, then [1, 3, 3, 1]² / 16; the edges too."""
    x, style, layer = random(2, 5, 5, 3), random(2, 4, seed=9), make_layer(upscale=True)
    weights = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 16
    expected = []
    for image, kernel in zip(x, own_weights(layer, style)):
        turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        y = tf.pad(tf.nn.conv2d_transpose(image[None], turned, [1, 11, 11, 5], 2, "VALID"), [[0, 0], [1, 1], [1, 1], [0, 0]])
        expected.append(sum(weights[i, j] * y[0, i : i + 10, j : j + 10] for i in range(4) for j in range(4)))
    np.testing.assert_allclose(layer(x, style), expected, atol=1e-5)


def test_demodulation_by_hand():
    """Weights 3 and 4 have length 5; factors of 4 and 3 make them 12 and 12."""
    layer = make_layer(channels=2, units=1, kernel_size=1, w_dim=2)
    layer.set_weights([np.float32([3, 4]).reshape(1, 1, 2, 1), np.sqrt(2.0) * np.eye(2, dtype=np.float32), np.zeros(2, np.float32)])
    x = np.float32([10, 20]).reshape(1, 1, 1, 2)
    y = layer(x, np.float32([[0, 0], [3, 2], [7, 5]]))
    np.testing.assert_allclose(np.ravel(y), [(30 + 80) / 5, 30 / np.sqrt(2), 30 / np.sqrt(2)], rtol=1e-5)


def test_outputs_have_deviation_1_whatever_the_style():
    layer = make_layer(channels=16, units=8, w_dim=8)
    x = random(3, 32, 32, 16)
    for scale in (0.1, 1.0, 100.0):
        y = layer(x, scale * random(3, 8, seed=9)).numpy()[:, 1:-1, 1:-1]  # zeros lie beyond the border
        np.testing.assert_allclose(y.std(axis=(1, 2)), 1.0, atol=0.15)
        assert y.std() == pytest.approx(1.0, abs=0.03)


def test_half_precision_does_not_overflow():
    expected, style = make_layer(channels=16), 1e4 * random(2, 4, seed=9)
    layer, x = make_layer(channels=16, dtype="mixed_float16"), 50.0 * random(2, 8, 8, 16)
    y = layer(x, style)
    assert y.dtype == tf.float16 and layer.kernel.value.dtype == tf.float32
    np.testing.assert_allclose(tf.cast(y, tf.float32), expected(x, style), atol=0.5)


@pytest.mark.parametrize("taps, row", [(3, [1, 2, 1]), (4, [1, 3, 3, 1])])
def test_binomial_weights(taps, row):
    x = np.zeros((1, 9, 9, 1), np.float32)
    x[0, 4, 4] = sum(row) ** 2
    y = binomial(x, taps, margin=0).numpy()[0, :, :, 0]
    begin = 4 - taps + 1
    np.testing.assert_allclose(y[begin : begin + taps, begin : begin + taps], np.outer(row, row))
    assert y.sum() == sum(row) ** 2 and y.shape == (10 - taps, 10 - taps)


def test_margins_and_strides():
    x = random(2, 8, 8, 3)
    np.testing.assert_array_equal(binomial(x, 3, margin=1), blur(x))
    wide = binomial(x, 4, margin=2)
    assert wide.shape == (2, 9, 9, 3)
    np.testing.assert_allclose(binomial(x, 4, margin=1, stride=2), wide[:, 1:-1:2, 1:-1:2], atol=1e-6)
