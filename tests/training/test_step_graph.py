"""The train step as a graph: on one replica and on two, several steps a call, and compiled by XLA."""

import functools

import numpy as np
import pytest
from replicas import ONE, TWO
from tiny_step import build, gradients, largest_difference, moving_statistics, state, train


@functools.cache
def after_one_step(devices, **hparams):
    """A step run once, not to be run on, and its scalars."""
    step = build(devices, **hparams)
    return step, train(step, 1)


def test_two_replicas_equal_one():
    one, losses = after_one_step(ONE, sync_batch_norm=True)
    two, found_losses = after_one_step(TWO, sync_batch_norm=True)
    assert found_losses == pytest.approx(losses, abs=1e-5, rel=1e-5)
    for loss, expected in gradients(one).items():
        found = gradients(two)[loss]
        assert np.max(np.abs(expected)) > 1e-2
        assert largest_difference(found, expected) < 1e-5 * max(1.0, np.max(np.abs(expected)))
    assert largest_difference(moving_statistics(two), moving_statistics(one)) < 1e-5
    replicas = [v.value.values for v in two.method.generator.weights]
    assert all(len(values) == 2 and (values[0].numpy() == values[1].numpy()).all() for values in replicas)


def test_several_steps_a_call_are_the_same_steps():
    options = {"dropout": 0.5, "average_decay": 0.9, "diffaugment": ("color",)}
    single, several = build(**options), build(**options)
    scalars = train(single, 1, 1, 1, 1)
    assert train(several, 3, 1) == scalars
    assert int(single.step.numpy()) == int(several.step.numpy()) == 4
    for a, b in zip(state(single), state(several), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_xla_computes_the_same(devices):
    plain, losses = after_one_step(devices, sync_batch_norm=False)
    compiled = build(devices, sync_batch_norm=False, xla=True)
    assert train(compiled, 1) == pytest.approx(losses, rel=1e-5, abs=1e-5)
    for loss, expected in gradients(plain).items():
        assert largest_difference(gradients(compiled)[loss], expected) < 1e-4 * np.max(np.abs(expected))
    assert largest_difference(moving_statistics(compiled), moving_statistics(plain)) < 1e-5
