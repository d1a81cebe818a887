"""The train step as a graph: on one replica and on two, several steps a call, and compiled by XLA."""

import functools

import numpy as np
import pytest
from replicas import ONE, TWO
from tiny_step import build, check_two_replicas, gradients, largest_difference, moving_statistics, one_step, state, train

after_one_step = functools.cache(one_step)  # a cache of its own: another module's steps are run eagerly, or as graphs


def test_two_replicas_equal_one():
    check_two_replicas(after_one_step(ONE, sync_batch_norm=True), after_one_step(TWO, sync_batch_norm=True))


def test_several_steps_a_call_are_the_same_steps():
    options = {"dropout": 0.5, "average_decay": 0.9, "diffaugment": ("color", "translation", "cutout")}
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
