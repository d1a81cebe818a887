"""Layers in a training loop of one's own and in `Model.fit`, where no `ForwardPass` is open: they behave as Keras' do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import BatchNorm, Dropout


def calls(function, count=5):
    """The number of different results of `count` calls."""
    return len({function().numpy().tobytes() for _ in range(count)})


@pytest.mark.parametrize("settings", [{}, {"spatial": True}, {"at_inference": True}])
def test_outside_a_pass_dropout_draws_anew_in_each_call(settings):
    one, two, x = Dropout(0.5, **settings), Dropout(0.5, **settings), tf.ones((1, 8, 8, 64))
    assert calls(lambda: one(x, training=True)) == 5
    assert calls(tf.function(lambda: one(x, training=True))) == 5
    assert calls(tf.function(lambda: one(x, training=True), jit_compile=True)) == 5
    assert np.any(one(x, training=True) != two(x, training=True))
    assert calls(lambda: one(x, training=False)) == 1


def test_outside_a_pass_the_seed_of_keras_decides():
    def masks():
        keras.utils.set_random_seed(7)
        layers = [Dropout(0.5), Dropout(0.5)]
        return [layer(tf.ones((1, 1000)), training=True).numpy() for layer in [*layers, *layers]]

    first, again = masks(), masks()
    np.testing.assert_array_equal(first, again)
    assert len({mask.tobytes() for mask in first}) == 4


def test_dropout_leaves_the_initializers_of_other_layers_their_numbers():
    def kernel(*before):
        keras.utils.set_random_seed(7)
        net = keras.Sequential([keras.Input((4,)), *(make() for make in before), keras.layers.Dense(3)])
        return net.layers[-1].kernel.numpy()

    np.testing.assert_array_equal(kernel(lambda: Dropout(0.5)), kernel())


def test_fit_draws_a_new_mask_for_each_batch():
    kept = []

    class Keep(keras.layers.Layer):
        def call(self, x):
            tf.py_function(lambda value: kept.append(value.numpy().tobytes()), [x], [])
            return x

    net = keras.Sequential([keras.Input((64,)), Dropout(0.5), Keep(), keras.layers.Dense(1)])
    net.compile("sgd", "mse", jit_compile=False)
    net.fit(np.ones((6, 64), np.float32), np.zeros((6, 1)), batch_size=2, epochs=2, shuffle=False, verbose=0)
    assert len(set(kept)) >= 6


def test_the_state_of_a_random_layer_is_in_no_checkpoint_and_no_file(tmp_path):
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), Dropout(0.5)])
    assert len(net.weights) == 2
    tf.train.Checkpoint(net=net).write(str(tmp_path / "checkpoint"))
    assert not [name for name, _ in tf.train.list_variables(str(tmp_path / "checkpoint")) if "seed" in name]
    plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    tf.train.Checkpoint(net=plain).write(str(tmp_path / "without"))
    tf.train.Checkpoint(net=net).read(str(tmp_path / "without")).expect_partial().assert_existing_objects_matched()
    np.testing.assert_array_equal(net.layers[0].kernel, plain.layers[0].kernel)
    net(np.ones((1, 4)), training=True)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    assert calls(lambda: loaded(np.ones((1, 4)), training=True)) > 1


def test_a_frozen_batch_norm_works_as_after_training_as_keras_one_does():
    x = np.random.default_rng(0).normal(1.0, 3.0, (4, 8, 8, 3)).astype(np.float32)
    for layer in (BatchNorm(), keras.layers.BatchNormalization()):
        before = layer(x).numpy()
        layer.trainable = False
        np.testing.assert_array_equal(layer(x, training=True), before)
        np.testing.assert_array_equal(layer.moving_mean, np.zeros(3))
        layer.trainable = True
        layer(x, training=True)
        assert np.all(layer.moving_mean != np.zeros(3))
