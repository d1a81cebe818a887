"""Spectral norm against the singular values of NumPy, and the convolution that has it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import ForwardPass, SpectralConv2D


def spectral_conv(**options):
    """The layer of the PyTorch example below: 2×2 kernel, 2 channels to 3."""
    layer = SpectralConv2D(3, 2, padding="valid", **options)
    layer.build((None, None, None, 2))
    layer.kernel.assign(((7 * np.arange(24) % 11 - 5) / 4).reshape(2, 2, 2, 3))
    layer.bias.assign([0.5, -0.5, 0.0])
    layer.u.assign([0.6, 0.0, 0.8])
    return layer


SPECTRAL_X = ((3 * np.arange(18) % 7 - 3) / 2).reshape(1, 3, 3, 2).astype(np.float32)
SPECTRAL_STEPS = [  # torch.nn.utils.spectral_norm(Conv2d(2, 3, 2)): u and the first outputs and gradients of Σy² after 1, 2, 3 calls
    ([0.33119115, -0.48214224, 0.81108034], [1.47713757, -1.13513947, -0.09771377], [-1.31259561, -1.01671612, 2.51540709]),
    ([0.0983112, -0.56128472, 0.82176304], [1.38462687, -1.07500744, -0.08846268], [-1.63746202, -0.61214876, 1.48452652]),
    ([-0.04596559, -0.54191142, 0.83917767], [1.36013126, -1.05908537, -0.08601316], [-1.72227931, -0.34438369, 1.09795427]),
]


def test_spectral_norm_equals_pytorch():
    layer = spectral_conv()
    kernel = layer.kernel.numpy()
    for u, output, gradient in SPECTRAL_STEPS:
        with tf.GradientTape() as tape:
            y = layer(SPECTRAL_X, training=True)
            loss = tf.reduce_sum(tf.square(y))
        np.testing.assert_allclose(layer.u, u, rtol=1e-5)
        np.testing.assert_allclose(y[0, 0, 0], output, rtol=1e-5)
        np.testing.assert_allclose(np.ravel(tape.gradient(loss, layer.kernel.value))[:3], gradient, rtol=1e-4)
    np.testing.assert_array_equal(layer.kernel, kernel)


def test_spectral_norm_finds_the_largest_singular_value():
    layer, impulse = spectral_conv(), np.eye(8, dtype=np.float32).reshape(8, 2, 2, 2)
    layer.bias.assign(tf.zeros(3))
    for _ in range(200):
        layer(impulse, training=True)
    largest = np.linalg.svd(layer.kernel.numpy().reshape(8, 3))[1][0]
    normalized = layer(impulse).numpy().reshape(8, 3)  # the layer's matrix itself
    np.testing.assert_allclose(normalized, layer.kernel.numpy().reshape(8, 3) / largest, rtol=1e-4)
    assert np.linalg.norm(normalized, 2) == pytest.approx(1.0, rel=1e-4)


def test_spectral_norm_ignores_the_size_of_its_kernel():
    """So the gradient, which flows through σ, is orthogonal to the kernel."""
    layer = spectral_conv()
    kernel, before = layer.kernel.numpy(), layer(SPECTRAL_X).numpy()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(SPECTRAL_X)))
    gradient = tape.gradient(loss, layer.kernel.value).numpy()
    assert np.abs(gradient).max() > 0.1 and abs(np.sum(gradient * kernel)) < 1e-4
    layer.kernel.assign(10 * kernel)
    layer.u.assign(layer.u / 2)  # as moving averages of directions are shorter
    np.testing.assert_allclose(layer(SPECTRAL_X), before, rtol=1e-5)


def test_spectral_norm_writes_nothing_at_inference_or_in_a_forward_pass():
    layer = spectral_conv()
    before = layer(SPECTRAL_X).numpy()
    np.testing.assert_array_equal(layer(SPECTRAL_X), before)
    with ForwardPass(tf.constant([1, 2])) as forward_pass:
        first, second = layer(SPECTRAL_X, training=True), layer(SPECTRAL_X, training=True)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(layer.u, np.float32([0.6, 0.0, 0.8]))
    statistic, _ = forward_pass.statistics
    assert statistic.variable is layer.u and statistic.momentum == 0
    np.testing.assert_allclose(statistic.value, SPECTRAL_STEPS[0][0], rtol=1e-5)


@pytest.mark.parametrize("padding, strides, sizes", [("same", 1, (7, 8)), ("same", 2, (4, 4)), ("valid", 1, (5, 6)), ("valid", 2, (3, 3))])
def test_spectral_conv_is_a_convolution(padding, strides, sizes):
    layer, x = (
        SpectralConv2D(4, 3, strides, padding, use_bias=False),
        np.random.default_rng(0).normal(1.0, 3.0, (2, 7, 8, 2)).astype(np.float32),
    )
    plain = keras.layers.Conv2D(4, 3, strides, padding, use_bias=False)
    y = layer(x)
    plain.build(x.shape)
    plain.kernel.assign(layer.kernel)
    expected = plain(x).numpy()
    scale = np.vdot(y, expected) / np.vdot(expected, expected)  # 1 / σ
    np.testing.assert_allclose(y, scale * expected, rtol=1e-4, atol=1e-5 * np.abs(y).max())
    assert y.shape == layer.compute_output_shape(x.shape) == (2, *sizes, 4)
    assert layer.compute_output_shape((None, None, 8, 2)) == (None, None, sizes[1], 4)
    assert np.linalg.norm(layer.u) == pytest.approx(1.0, rel=1e-5)
    copy = SpectralConv2D.from_config(layer.get_config())
    copy.build(x.shape)
    assert [w.shape for w in copy.weights] == [w.shape for w in layer.weights] and copy.padding == padding


def test_spectral_norm_in_bfloat16_is_found_in_float32():
    layer = spectral_conv(dtype="mixed_bfloat16")
    y = layer(SPECTRAL_X, training=True)
    assert y.dtype == tf.bfloat16 and {v.dtype for v in layer.weights} == {"float32"}
    np.testing.assert_allclose(layer.u, SPECTRAL_STEPS[0][0], rtol=1e-5)
    np.testing.assert_allclose(tf.cast(y, tf.float32)[0, 0, 0], SPECTRAL_STEPS[0][1], atol=0.02)


def test_spectral_norm_is_the_same_under_xla():
    layer = spectral_conv()

    def step(x):
        with tf.GradientTape() as tape, ForwardPass(tf.constant([1, 2])) as forward_pass:
            loss = tf.reduce_sum(tf.square(layer(x, training=True)))
        return tape.gradient(loss, layer.kernel.value), forward_pass.statistics[0].value

    for compiled, plain in zip(tf.function(step, jit_compile=True)(SPECTRAL_X), step(SPECTRAL_X)):
        np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-5)
