"""The train step on one replica and on two, and in all precisions, run eagerly with pix2pix at its smallest."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO
from tiny_step import build, check_two_replicas, gradients, largest_difference, one_step, train

pytestmark = pytest.mark.usefixtures("eagerly")


after_one_step = functools.cache(one_step)  # a cache of its own: another module's steps are run eagerly, or as graphs


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_two_replicas_equal_one(updates):
    check_two_replicas(after_one_step(ONE, updates=updates), after_one_step(TWO, updates=updates))


def test_clipping_takes_the_norm_of_the_whole_batch():
    """Of each loss by itself, after the reduction: half of the discriminator's, so that the direction and the generator's factor differ."""
    plain, losses = after_one_step(ONE, updates="simultaneous")
    norms = {loss: float(np.linalg.norm(values)) for loss, values in gradients(plain).items()}
    assert not [name for name in losses if name.startswith("grad_norm")]
    most = norms["discriminator"] / 2
    assert norms["generator"] > 2 * most
    one = one_step(ONE, updates="simultaneous", clip_norm=most)
    check_two_replicas(one, one_step(TWO, updates="simultaneous", clip_norm=most))
    for loss, clipped in gradients(one[0]).items():
        assert largest_difference(clipped, gradients(plain)[loss] * most / norms[loss]) < 1e-6 * most
        assert one[1][f"grad_norm_{loss}"] == pytest.approx(norms[loss], rel=1e-5)


def test_gradients_below_the_norm_stay_and_overflows_are_left_out():
    plain, _ = after_one_step(ONE, updates="simultaneous")
    loose = one_step(ONE, updates="simultaneous", clip_norm=1e6)[0]
    for loss, found in gradients(loose).items():
        np.testing.assert_array_equal(found, gradients(plain)[loss])
    half = build(precision="mixed_float16", clip_norm=0.5)
    half.loss_scale.assign(1e38)
    scalars = train(half, 1)
    assert scalars["grad_norm_generator"] == 0 and int(half.first_bad_step.numpy()) == -1 and float(half.loss_scale.numpy()) < 1e38
    half.loss_scale.assign(2.0**8)
    scalars = train(half, 1)
    assert np.linalg.norm(gradients(half)["generator"]) == pytest.approx(0.5, rel=1e-2) and scalars["grad_norm_generator"] > 1


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
