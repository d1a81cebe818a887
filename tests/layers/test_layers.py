"""The layers against values computed by hand or by NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import (
    BatchNorm,
    Dropout,
    ForwardPass,
    InstanceNorm,
    ReflectionPadding,
    fold_in,
    instance_norm,
    normal,
    tuned_function,
    uniform,
)

GAMMA, BETA = np.float32([2.0, 0.5, 1.0]), np.float32([0.1, -1.0, 0.0])
MEAN, VARIANCE = np.float32([0.3, -0.2, 1.0]), np.float32([2.0, 0.5, 1.5])


def images(*shape, seed=0):
    return np.random.default_rng(seed).normal(1.0, 3.0, shape).astype(np.float32)


def batch_norm(kind=BatchNorm, shape=(None, None, None, 3), **kwargs):
    """A built layer with weights that are not their defaults."""
    layer = kind(**kwargs)
    layer.build(shape)
    layer.set_weights([GAMMA, BETA, MEAN, VARIANCE])
    return layer


def normalize(x, mean, variance, epsilon=1e-5):
    return (x - mean) / np.sqrt(variance + epsilon) * GAMMA + BETA


def weights(layer):
    return [np.array(w) for w in layer.get_weights()]


def test_batch_norm_uses_the_papers_constants():
    layer = BatchNorm()
    layer.build((None, None, None, 20_000))
    assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)
    assert np.mean(layer.gamma) == pytest.approx(1.0, abs=1e-3)
    assert np.std(layer.gamma) == pytest.approx(0.02, abs=1e-3)
    assert not np.any(layer.beta)


def test_batch_norm_of_a_batch_worked_out_by_hand():
    layer = BatchNorm(epsilon=0.0, gamma_initializer="ones")
    y = layer(np.float32([1, 3]).reshape(2, 1, 1, 1), training=True)
    np.testing.assert_allclose(np.ravel(y), [-1, 1], atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean, [0.9 * 0 + 0.1 * 2], rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, [0.9 * 1 + 0.1 * 1], rtol=1e-6)  # biased: 1, where the unbiased estimate is 2


@pytest.mark.parametrize("shape", [(4, 5, 6, 3), (8, 3)], ids=["images", "vectors"])
@pytest.mark.parametrize("synchronized", [False, True])
def test_batch_norm_in_training(shape, synchronized):
    layer, x = batch_norm(shape=shape, synchronized=synchronized), images(*shape)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(layer(x, training=True), normalize(x, x.mean(axes), x.var(axes)), atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.9 * MEAN + 0.1 * x.mean(axes), atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 * VARIANCE + 0.1 * x.var(axes), atol=1e-5)
    np.testing.assert_array_equal(layer.gamma, GAMMA)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_without_weights(training):
    layer, x = BatchNorm(center=False, scale=False), images(4, 5, 6, 3)
    expected = (x - x.mean((0, 1, 2))) / x.std((0, 1, 2)) if training else x
    np.testing.assert_allclose(layer(x, training=training), expected, rtol=1e-5, atol=1e-5)
    assert [v.path.split("/")[-1] for v in layer.weights] == ["moving_mean", "moving_variance"]


def test_synchronized_batch_norm_of_one_replica_is_the_fused_one():
    layer, x = batch_norm(synchronized=True), images(4, 5, 6, 3)
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])

    @tf.function
    def forward():
        return strategy.run(lambda: layer(x, training=True))

    np.testing.assert_allclose(forward(), normalize(x, x.mean((0, 1, 2)), x.var((0, 1, 2))), atol=1e-5)
    assert "FusedBatchNormV3" in {op.type for op in forward.get_concrete_function().graph.get_operations()}


def test_batch_norm_of_a_single_value_is_beta():
    layer = batch_norm()
    np.testing.assert_allclose(layer(images(1, 1, 1, 3), training=True)[0, 0, 0], BETA, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 * VARIANCE, rtol=1e-5)


def test_batch_norm_in_a_forward_pass_reports_instead_of_writing():
    layer, x = batch_norm(momentum=0.7), images(4, 5, 6, 3)
    with ForwardPass(tf.constant([1, 2])) as forward_pass:
        layer(x, training=True)
    np.testing.assert_array_equal(layer.moving_mean, MEAN)
    np.testing.assert_array_equal(layer.moving_variance, VARIANCE)
    mean, variance = forward_pass.statistics
    assert (mean.variable, variance.variable) == (layer.moving_mean, layer.moving_variance)
    assert mean.momentum == variance.momentum == 0.7
    np.testing.assert_allclose(mean.value, x.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(variance.value, x.var((0, 1, 2)), rtol=1e-5)
    layer(x, training=True)
    assert len(forward_pass.statistics) == 2  # a closed pass collects no more


def test_forward_passes_nest():
    with ForwardPass(tf.constant([0, 1])) as outer:
        with ForwardPass(tf.constant([0, 2])) as inner:
            assert ForwardPass.current() is inner
        assert ForwardPass.current() is outer
    assert ForwardPass.current() is None


def test_batch_norm_by_moving_averages():
    layer, x = batch_norm(), images(4, 5, 6, 3)
    np.testing.assert_allclose(layer(x, training=False), normalize(x, MEAN, VARIANCE), atol=1e-5)
    np.testing.assert_array_equal(weights(layer), [GAMMA, BETA, MEAN, VARIANCE])


def test_batch_norm_by_image_statistics_is_training_at_batch_1():
    layer, x = batch_norm(inference_statistics="image"), images(3, 5, 6, 3)
    together = layer(x, training=False)
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    np.testing.assert_allclose(together, normalize(x, mean, variance), atol=1e-5)
    np.testing.assert_array_equal(weights(layer), [GAMMA, BETA, MEAN, VARIANCE])
    for n in range(len(x)):
        alone = x[n : n + 1]
        np.testing.assert_allclose(layer(alone, training=False), together[n : n + 1], atol=1e-6)
        np.testing.assert_allclose(layer(alone, training=True), together[n : n + 1], atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_equals_keras(training):
    constants = {"momentum": 0.8, "epsilon": 1e-3}
    ours, keras_layer = batch_norm(**constants), batch_norm(keras.layers.BatchNormalization, **constants)
    x = images(4, 5, 6, 3)
    np.testing.assert_allclose(ours(x, training=training), keras_layer(x, training=training), atol=1e-5)
    for mine, theirs in zip(weights(ours), weights(keras_layer)):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("statistics", ["moving", "image"])
def test_batch_norm_in_bfloat16_keeps_float32_statistics(statistics, training):
    layer = batch_norm(inference_statistics=statistics, dtype="mixed_bfloat16")
    x = tf.cast(images(4, 16, 16, 3), tf.bfloat16)
    exact = tf.cast(x, tf.float32).numpy()
    with ForwardPass(tf.constant([1, 2])) as forward_pass:
        y = layer(x, training=training)
    assert y.dtype == tf.bfloat16
    assert {w.dtype for w in layer.weights} == {"float32"}
    moments = {"moving": (MEAN, VARIANCE), "image": (exact.mean((1, 2), keepdims=True), exact.var((1, 2), keepdims=True))}
    if training:
        moments[statistics] = (exact.mean((0, 1, 2)), exact.var((0, 1, 2)))
        for found, expected in zip(forward_pass.statistics, moments[statistics]):
            assert found.value.dtype == tf.float32
            np.testing.assert_allclose(found.value, expected, rtol=1e-4)  # bfloat16 itself would be off by up to 4e-3
    np.testing.assert_allclose(tf.cast(y, tf.float32), normalize(exact, *moments[statistics]), rtol=0.02, atol=0.02)


def test_layers_come_back_from_their_config():
    for layer in (BatchNorm(inference_statistics="image"), Dropout(0.3, at_inference=True), ReflectionPadding(2)):
        copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert copy.get_config() == layer.get_config()


def dropped(seed, *layers, shape=(2, 32, 32, 4)):
    with ForwardPass(tf.constant(seed)):
        return [layer(tf.ones(shape), training=True).numpy() for layer in layers]


def test_dropout_mask_follows_from_seed_and_place():
    layer = Dropout(0.5)
    first, second = dropped([1, 2], layer, layer)
    assert np.any(first != second)
    again, _ = dropped([1, 2], Dropout(0.5), layer)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != dropped([1, 3], layer)[0])
    assert np.any(first[0] != first[1])  # each image of a training batch has its own mask


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_dropout_rate_and_scale(rate):
    (y,) = dropped([3, 4], Dropout(rate), shape=(4, 64, 64, 4))
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    assert np.mean(y == 0) == pytest.approx(rate, abs=0.01)  # the deviation of the mean of 65536 is 0.002


def test_dropout_is_the_identity_when_off():
    x = images(2, 8, 8, 3)
    np.testing.assert_array_equal(Dropout(0.5)(x, training=False), x)
    np.testing.assert_array_equal(Dropout(0.0, at_inference=True)(x, training=True), x)


def test_dropout_at_inference_has_one_mask_for_every_image():
    layer = Dropout(0.5, at_inference=True)
    y = layer(tf.ones((3, 16, 16, 4))).numpy()
    assert 0.4 < np.mean(y == 0) < 0.6
    for alone in (y[1], y[2], layer(tf.ones((1, 16, 16, 4)))[0]):
        np.testing.assert_array_equal(alone, y[0])
    with ForwardPass(tf.constant([8, 9])):
        np.testing.assert_array_equal(layer(tf.ones((3, 16, 16, 4)), training=False), y)


def test_dropout_keeps_bfloat16():
    y = Dropout(0.5, dtype="mixed_bfloat16")(tf.ones((1, 8, 8, 1)), training=True)
    assert y.dtype == tf.bfloat16 and set(np.unique(tf.cast(y, tf.float32))) == {0.0, 2.0}


def test_fold_in_separates_numbers_and_seeds():
    seeds = [tuple(fold_in(tf.constant(seed), n).numpy()) for seed in ([0, 0], [0, 1]) for n in range(4)]
    assert len(set(seeds)) == 8


def test_uniform_noise_is_the_same_under_xla():
    seed = tf.constant([5, 7])
    noise = uniform((50_000,), seed).numpy()
    np.testing.assert_array_equal(tf.function(uniform, jit_compile=True)((50_000,), seed), noise)
    assert noise.min() >= 0 and noise.max() < 1
    np.testing.assert_allclose(np.histogram(noise, 10, (0, 1))[0] / 50_000, 0.1, atol=0.006)  # deviation 0.0013


def test_normal_noise():
    seed = tf.constant([5, 7])
    noise = normal((100_000,), seed).numpy()
    np.testing.assert_allclose(tf.function(normal, jit_compile=True)((100_000,), seed), noise, atol=1e-5)
    assert np.all(noise != normal((100_000,), tf.constant([5, 8])))
    within = [np.mean(np.abs(noise) < deviations) for deviations in (0.5, 1, 2, 3)]
    np.testing.assert_allclose(within, [0.3829, 0.6827, 0.9545, 0.9973], atol=0.005)  # deviation 0.0015
    assert abs(noise.mean()) < 0.015 and abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.015  # deviation 0.003
    assert np.all(np.isfinite(noise))


def test_reflection_padding():
    row = np.arange(4, dtype=np.float32)
    layer = ReflectionPadding(2)
    x = (10 * row[:, None] + row[None, :])[None, :, :, None]
    y = np.array(layer(x))[0, :, :, 0]
    mirrored = [2, 1, 0, 1, 2, 3, 2, 1]
    np.testing.assert_array_equal(y, [[10 * r + c for c in mirrored] for r in mirrored])
    assert layer.compute_output_shape((None, 4, None, 1)) == (None, 8, None, 1)


def first_and_second_gradients(layer, x):
    """Of the sum of cubes of a layer's output by its input, and of that gradient's squares."""
    x = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x) ** 3)
        first = tape.gradient(loss, x)
        squares = tf.reduce_sum(tf.square(first))
    return first, outer.gradient(squares, x)


@pytest.mark.parametrize(("padding", "size"), [(1, (4, 5)), (3, (8, 9)), (3, (4, 12)), (2, (3, 6))])
def test_reflection_padding_and_its_gradients_are_those_of_tf_pad(padding, size):
    x, paddings = images(2, *size, 3), [[0, 0], [padding] * 2, [padding] * 2, [0, 0]]
    layer = ReflectionPadding(padding)

    def reference(x):
        return tf.pad(x, paddings, mode="REFLECT")

    np.testing.assert_array_equal(layer(x), reference(x))
    of_unknown_size = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    np.testing.assert_array_equal(of_unknown_size(x), reference(x))
    for ours, theirs in zip(first_and_second_gradients(layer, x), first_and_second_gradients(reference, x)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, InstanceNorm.MOST_FUSED + 1])
def test_instance_norm(count):
    layer, x = instance_norm(), images(count, 5, 6, 3)
    expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    for made in (layer(x), layer(x, training=True), tuned_function(layer)(x)):
        np.testing.assert_allclose(made, expected, atol=1e-5)
    assert layer.weights == []
    tiny = np.float32([0.001, -0.001]).reshape(1, 1, 2, 1)  # variance 1e-6: epsilon decides the result
    np.testing.assert_allclose(np.ravel(instance_norm()(tiny)), np.ravel(tiny) / np.sqrt(1.1e-5), rtol=1e-3)


def test_instance_norm_differentiates_as_keras_layer_does():
    layer, reference, x = InstanceNorm(), keras.layers.GroupNormalization(groups=-1, epsilon=1e-5), images(3, 5, 6, 2)
    for norm in (layer, reference):
        norm.build(x.shape)
        norm.set_weights([np.float32([1.5, -0.5]), np.float32([0.25, 2.0])])
    for own in (layer, tuned_function(layer)):  # the plain form, and the fused one
        np.testing.assert_allclose(own(x), reference(x), atol=1e-5)
        for ours, theirs in zip(first_and_second_gradients(own, x), first_and_second_gradients(reference, x)):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())


def test_instance_norm_of_bfloat16_keeps_its_weights_exact():
    layer = InstanceNorm(dtype="mixed_bfloat16")
    layer.build((None, None, None, 1))
    layer.set_weights([np.float32([1.0]), np.float32([0.001])])
    y = layer(tf.zeros((1, 2, 2, 1)))  # nothing but the shift is left
    assert y.dtype == tf.bfloat16
    assert layer.beta.value.dtype == tf.float32
    np.testing.assert_allclose(np.float32(y), 0.001, rtol=4e-3)
