"""Networks of the user's in training: which maps are taken, what they see; random mixing and heads of projected discriminators."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import frozen_network

from tfgan.errors import UserError
from tfgan.evaluation.classifier import build_classifier
from tfgan.evaluation.segmenter import build_segmenter
from tfgan.layers import SpectralConv2D, resize
from tfgan.networks.features import features_of, load_given
from tfgan.networks.projected import heads, projection
from tfgan.networks.resnet import resnet


def noise(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@pytest.mark.parametrize("size", [(5, 9), (16, 3), (8, 12), (1, 1)])
def test_resizing_is_tensorflows(size):
    x = noise(2, 8, 12, 3)
    np.testing.assert_allclose(resize(x, size), tf.image.resize(x, size, antialias=True), atol=1e-6)


def test_resizing_has_second_derivatives():
    """Which those of TensorFlow have not: of the square of a mean, 2 (1/n)² for each pair of pixels."""
    x = tf.ones([1, 4, 4, 1])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            square = tf.square(tf.reduce_sum(resize(x, (2, 2))))
        slope = tf.reduce_sum(inner.gradient(square, x))
    np.testing.assert_allclose(tf.reduce_sum(outer.gradient(slope, x)), 2.0 * 4.0**2, rtol=1e-5)


@pytest.mark.parametrize(
    "net, shapes",
    [
        (lambda: frozen_network(), [(32, 32, 2), (16, 16, 3), (8, 8, 4)]),
        (lambda: frozen_network(size=16), [(16, 16, 2), (8, 8, 3), (4, 4, 4)]),
        (lambda: build_segmenter(3, 2), [(32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]),  # the way up is left out
        (lambda: build_classifier((32, 32), 3, 2), [(32, 32, 32), (16, 16, 64), (8, 8, 128), (4, 4, 128)]),
        (lambda: resnet(3, 3, n_blocks=1, ngf=2), [(32, 32, 2), (16, 16, 4), (8, 8, 8)]),
    ],
    ids=["any size", "one size", "segmenter", "classifier", "generator"],
)
def test_maps_on_the_way_down(net, shapes):
    assert features_of(net(), (32, 32), "it").shapes == shapes


def test_the_segmenters_maps_are_those_that_evaluate_sees_with():
    net, x = build_segmenter(3, 2), noise(2, 16, 16, 3)
    levels = keras.Model(net.input, [net.get_layer(f"level{level}").output for level in range(4)])
    for found, expected in zip(features_of(net, (16, 16), "it").maps(x), levels(x), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_several_outputs_are_the_maps():
    image = keras.Input((None, None, 1))
    net = keras.Model(image, [keras.layers.AveragePooling2D(2)(image), 3.0 * image])
    half, three = features_of(net, (4, 4), "it").maps(tf.ones([1, 4, 4, 3]))  # RGB is made gray
    np.testing.assert_allclose(half, np.ones([1, 2, 2, 1]), atol=1e-3)
    np.testing.assert_allclose(three, np.full([1, 4, 4, 1], 3.0), atol=1e-3)


def test_it_stays_as_after_training():
    """Statistics of batch norm are not those of the images, nothing is dropped, and none of it is trained."""
    image = keras.Input((8, 8, 3))
    output = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization(epsilon=0.0)(image))
    features = features_of(keras.Model(image, output), (16, 16), "it")
    x = noise(2, 16, 16, 3)
    np.testing.assert_allclose(features.maps(x)[0], tf.image.resize(x, (8, 8), antialias=True), atol=1e-6)
    assert not features.model.trainable_variables


def vector_network():
    image = keras.Input((8, 8, 3))
    return keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(image)))


@pytest.mark.parametrize(
    "net, message",
    [
        (vector_network, "it gives (None, 2), and has no maps N×h×w×c."),
        (lambda: frozen_network(2), "of 1, 3 or 4 channels"),
        (lambda: keras.Sequential([keras.layers.Conv2D(1, 3)]), "it must take images and have maps of them: "),  # never built
    ],
    ids=["vectors", "channels", "unbuilt"],
)
def test_other_networks_are_refused(net, message):
    with pytest.raises(UserError) as caught:
        features_of(net(), (30, 30), "it")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_none_of_keras(tmp_path):
    (tmp_path / "a.keras").write_bytes(b"text")
    for name in ("a.keras", "b.keras"):
        with pytest.raises(UserError, match=rf"--frozen_features=.*{name} cannot be loaded: "):
            load_given("frozen_features", str(tmp_path / name))


# The projected discriminator


def test_mixing_by_hand():
    """Fine 1 and coarse 2: across channels 1 · 1 and (2, 2) · 3; across scales the coarse one's center, 6 + 6, is added to the fine one."""
    model = projection([1, 1], width=1)
    for weight in model.weights:
        values = np.zeros(weight.shape, np.float32)
        if weight.shape[:2] == (1, 1):
            values[:] = 3.0 if weight.shape[-1] == 2 else 1.0
        elif len(weight.shape) == 4:
            values[1, 1] = 1.0
        weight.assign(values)
    fine, coarse = model([tf.ones([1, 4, 4, 1]), tf.fill([1, 2, 2, 1], 2.0)])
    np.testing.assert_allclose(coarse, np.full([1, 2, 2, 2], 6.0))
    np.testing.assert_allclose(fine, np.full([1, 4, 4, 1], 13.0), rtol=1e-6)
    assert not model.trainable_weights


def test_each_scale_sees_all_coarser_ones_and_none_that_is_finer():
    model = projection([2, 3, 4], width=2)
    maps = [tf.constant(noise(1, size, size, c)) for size, c in ((8, 2), (4, 3), (2, 4))]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(maps)
        sums = [tf.reduce_sum(tf.square(mixed)) for mixed in model(maps)]
    seen = [[tape.gradient(total, x) is not None for x in maps] for total in sums]
    assert seen == [[True, True, True], [False, True, True], [False, False, True]]


@pytest.mark.parametrize("norm", ["batch", "instance", "spectral"])
def test_heads_end_at_the_coarsest_maps_size(norm):
    model = heads(3, width=2, given=1, norm=norm)
    outputs = model([noise(2, size, size, c + 1) for size, c in ((32, 2), (16, 4), (8, 8))])
    assert [[tuple(maps.shape[1:]) for maps in scale] for scale in outputs.values()] == [
        [(16, 16, 4), (8, 8, 8), (5, 5, 1)],
        [(8, 8, 8), (5, 5, 1)],
        [(5, 5, 1)],
    ]
    convolutions = [layer for layer in model.layers if isinstance(layer, (SpectralConv2D, keras.layers.Conv2D))]
    assert len(convolutions) == 6 and all(isinstance(layer, SpectralConv2D) for layer in convolutions)
