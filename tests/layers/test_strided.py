"""Convolutions of stride 2 as matrix products: the same sums as Keras' layers, forwards and backwards."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import strided, tuned

LAYERS = {"halving": (strided.HalvingConv, keras.layers.Conv2D), "doubling": (strided.DoublingConv, keras.layers.Conv2DTranspose)}
MOST = {"halving": strided.MOST_PIXELS_HALVED, "doubling": strided.MOST_PIXELS_DOUBLED}
SHAPES = [(1, 2, 2, 5), (1, 2, 6, 3), (3, 4, 2, 2), (2, 8, 6, 4)]


@pytest.fixture
def on_cpu(monkeypatch):
    """Layers take the form that is fastest there."""
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    with tuned():
        yield


@pytest.fixture
def products(monkeypatch):
    """How often matrix products were used."""
    calls = []
    for cls in (strided.HalvingConv, strided.DoublingConv):

        def counted(self, x, kernel, original=cls.by_products):
            calls.append(x.dtype)
            return original(self, x, kernel)

        monkeypatch.setattr(cls, "by_products", counted)
    return calls


def pair(kind, shape, policy="float32"):
    """Our layer and Keras', with the same weights."""
    ours, keras_layer = LAYERS[kind]
    layers = [ours(3, dtype=policy), keras_layer(3, 4, 2, "same", dtype=policy)]
    rng = np.random.default_rng(0)
    for layer in layers:
        layer.build(shape)
    weights = [rng.normal(size=v.shape).astype(np.float32) for v in layers[0].weights]
    for layer in layers:
        layer.set_weights(weights)
    return layers


def random(shape):
    return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))


def value_and_gradients(layer, x):
    """The layer's output, and of the sum of its cubes the gradients by the input and the weights, and of their squares by the input."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cast(layer(x), tf.float32)
            loss = tf.reduce_sum(y**3)
        first = tape.gradient(loss, [x, *(v.value for v in layer.trainable_variables)])
        penalty = tf.reduce_sum(tf.square(first[0]))
    return [y, *first, outer.gradient(penalty, x)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", LAYERS)
def test_products_equal_keras_layers(on_cpu, products, kind, shape):
    layer, reference = pair(kind, shape)
    assert [v.shape for v in layer.weights] == [v.shape for v in reference.weights]
    values = value_and_gradients(layer, random(shape))
    assert len(products) == 1
    for ours, theirs in zip(values, value_and_gradients(reference, random(shape)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3 * np.abs(theirs).max())


@pytest.mark.parametrize("kind", LAYERS)
def test_products_only_where_pixels_are_few(on_cpu, products, kind):
    side = int(MOST[kind] ** 0.5) * (2 if kind == "halving" else 1)
    few, many = (1, side, side, 2), (2, side, side, 2)
    layer, reference = pair(kind, few)
    layer(random(few))
    assert len(products) == 1
    np.testing.assert_allclose(layer(random(many)), reference(random(many)), rtol=1e-4, atol=1e-4)
    assert len(products) == 1


@pytest.mark.parametrize("kind", LAYERS)
def test_of_unknown_size_it_is_decided_when_the_network_runs(on_cpu, kind, monkeypatch):
    layer, reference = pair(kind, (1, 4, 4, 2))
    used, by_products = [], type(layer).by_products

    def counted(self, x, kernel):
        tf.py_function(lambda: used.append(True), [], [])
        return by_products(self, x, kernel)

    monkeypatch.setattr(type(layer), "by_products", counted)
    run = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 2))])
    for shape, expected in [((1, 4, 6, 2), 1), ((2, 32, 32, 2), 1), ((1, 5, 7, 2), 1 if kind == "halving" else 2)]:
        np.testing.assert_allclose(run(random(shape)), reference(random(shape)), rtol=1e-4, atol=1e-4)
        assert len(used) == expected
    assert run.get_concrete_function().output_shapes.as_list() == [None, None, None, 3]


@pytest.mark.parametrize("kind", LAYERS)
def test_no_products_beside_a_gpu(monkeypatch, products, kind):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["a GPU"])
    with tuned():
        pair(kind, SHAPES[0])[0](random(SHAPES[0]))
    assert not products


@pytest.mark.parametrize("kind", LAYERS)
def test_no_products_unless_this_machine_is_meant(products, kind):
    pair(kind, SHAPES[0])[0](random(SHAPES[0]))
    assert not products


@pytest.mark.parametrize("kind", LAYERS)
def test_bfloat16_only_where_conversion_pays(on_cpu, products, kind):
    """Of very few pixels the sums are float32, of more pixels bfloat16; the result is bfloat16 in both."""
    for shape in [(1, 4, 4, 8), (4, 8, 8, 8)]:
        layer, reference = pair(kind, shape, "mixed_bfloat16")
        y = layer(random(shape))
        assert y.dtype == tf.bfloat16
        exact = pair(kind, shape)[1](random(shape))
        np.testing.assert_allclose(tf.cast(y, tf.float32), exact, atol=0.02 * np.abs(exact).max())
        np.testing.assert_allclose(*(tf.cast(x, tf.float32) for x in (y, reference(random(shape)))), atol=0.02 * np.abs(exact).max())
    assert products == [tf.float32, tf.bfloat16]


def test_odd_sizes_are_convolved(on_cpu, products):
    layer, reference = pair("halving", (1, 5, 7, 2))
    np.testing.assert_allclose(layer(random((1, 5, 7, 2))), reference(random((1, 5, 7, 2))), rtol=1e-4, atol=1e-5)
    assert not products
