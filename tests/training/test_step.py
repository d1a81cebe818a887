"""The train step on one replica and on two, and in all precisions, run eagerly with pix2pix at its smallest."""

import functools

import pytest
import tensorflow as tf
from replicas import ONE, TWO
from tiny_step import build, check_two_replicas, gradients, largest_difference, one_step, train

pytestmark = pytest.mark.usefixtures("eagerly")


after_one_step = functools.cache(one_step)  # a cache of its own: another module's steps are run eagerly, or as graphs


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_two_replicas_equal_one(updates):
    check_two_replicas(after_one_step(ONE, updates=updates), after_one_step(TWO, updates=updates))


def test_two_replicas_differ_without_synchronized_statistics():
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


def test_first_bad_step_is_remembered():
    step = build(learning_rate=1e30, sync_batch_norm=False)
    train(step, 4)
    assert int(step.first_bad_step.numpy()) == 1  # the first step's losses come from weights that are still good
    assert step.names[int(step.first_bad_loss.numpy())] in ("discriminator_loss", "fake_logit", "gan_loss", "generator_loss", "real_logit")
