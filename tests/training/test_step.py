"""The train step on one replica and on two, and in all precisions, run eagerly with pix2pix at its smallest."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO
from tiny_step import build, check_two_replicas, gradients, largest_difference, one_step, state, train

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


after_one_step = functools.cache(one_step)  # a cache of its own: another module's steps are run eagerly, or as graphs


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_two_replicas_equal_one(updates):
    check_two_replicas(after_one_step(ONE, updates=updates), after_one_step(TWO, updates=updates))


def test_two_replicas_differ_without_synchronised_statistics():
    one, _ = after_one_step(ONE, updates="simultaneous")
    two, _ = after_one_step(TWO, sync_batch_norm=False)
    assert largest_difference(gradients(two)["generator"], gradients(one)["generator"]) > 1e-2


def test_replicas_draw_their_own_noise():
    """Both replicas get the same images; only a mask of its own makes a replica's gradient differ from the other's."""
    step = build(TWO, dropout=0.5, sync_batch_norm=False)
    images = tf.random.stateless_uniform([2, 16, 16, 3], [1, 2], -1.0, 1.0)

    @tf.function
    def both():
        batch = {"source": images, "target": -images}
        results = step.strategy.run(step._replica_gradients, args=(step.phases[0], batch, tf.constant([0, 1]), tf.constant(1.0)))
        return step.strategy.experimental_local_results(results[1]["l1_loss"])

    first, second = both()
    assert abs(float(first) - float(second)) > 1e-5


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains(precision):
    exact, step = build(sync_batch_norm=False), build(precision=precision, sync_batch_norm=False)
    assert train(step, 3) == pytest.approx(train(exact, 3), rel=0.05, abs=0.05)
    assert all(w.dtype == np.float32 for w in step.method.generator.get_weights())
    assert all(np.isfinite(values).all() for values in state(step))
    assert int(step.first_bad_step.numpy()) == -1
    assert int(step.optimizers["generator"].iterations.numpy()) + int(step.loss_scale.numpy() < 2**15) >= 3


@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_float16_leaves_out_an_overflowing_update(devices):
    step = build(devices, precision="mixed_float16", sync_batch_norm=False)
    step.loss_scale.assign(3e38)
    before = step.method.generator.get_weights()
    trainable = [v.trainable for v in step.method.generator.weights]
    train(step, 1)
    assert float(step.loss_scale.numpy()) == pytest.approx(1.5e38)
    assert int(step.good_steps.numpy()) == 0 and int(step.step.numpy()) == 1
    for old, new, is_trained in zip(before, step.method.generator.get_weights(), trainable):
        assert not is_trained or (old == new).all()
    step.loss_scale.assign(8.0)
    train(step, 1)
    assert int(step.good_steps.numpy()) == 1
    assert any((old != new).any() for old, new in zip(before, step.method.generator.get_weights()))


def test_first_bad_step_is_remembered():
    step = build(learning_rate=1e30, sync_batch_norm=False)
    train(step, 4)
    assert int(step.first_bad_step.numpy()) == 1  # the first step's losses come from weights that are still good
    assert step.names[int(step.first_bad_loss.numpy())] in ("discriminator_loss", "fake_logit", "gan_loss", "generator_loss", "real_logit")
