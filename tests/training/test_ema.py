"""The moving averages of weights: how much of the first weights is left in them after how many steps."""

import math

import pytest
from tiny_step import build

pytestmark = pytest.mark.usefixtures("eagerly")


def kept(step, done):
    """The shares that a step after `done` steps keeps of the average and takes from the weights."""
    step.step.assign(done)
    return [float(share) for share in step._ema_shares()]


@pytest.fixture(scope="module")
def warm():
    return build(ema_decay=0.999)


@pytest.mark.parametrize("done, share", [(0, 1 / 10), (1, 2 / 11), (90, 91 / 100), (8989, 8990 / 8999), (8990, 0.999), (10**6, 0.999)])
def test_warm_up_is_that_of_tensorflow(warm, done, share):
    assert kept(warm, done) == pytest.approx([share, 1 - share], rel=2e-6)


def test_a_short_run_forgets_its_first_weights(warm):
    """In 500 steps a decay of 0.999 alone leaves 61 % of noise in what makes the results."""
    assert math.prod(kept(warm, done)[0] for done in range(500)) < 1e-9
    cold = build(ema_decay=0.999, ema_warmup="off")
    assert kept(cold, 0) == kept(cold, 500) == [0.999, pytest.approx(0.001)]
    assert kept(cold, 0)[0] ** 500 == pytest.approx(0.606, abs=1e-3)


def test_the_longest_average_takes_its_share_of_the_weights():
    """In float32, in which 1 - 0.999999 is 1.3 % off."""
    assert kept(build(ema_decay=0.999999), 10**9)[1] == pytest.approx(1e-6, rel=1e-6)
