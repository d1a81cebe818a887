"""What tells pairs from strangers, on images whose edges are known."""

import numpy as np
import pytest

from tfgan.data.checks.edges import CELLS, agreement, common_shift, draw_sketch, standardized


def test_edges_stand_or_lie():
    image = np.zeros((128, 128, 3), np.uint8)
    image[:, 64:, 1] = 200  # one upright edge, in green alone
    upright, lying = draw_sketch(image)
    # The edge lies between the columns 63 and 64, so half of the cells of 2×2 pixels left of it: the root of 1/2.
    assert set(upright[:, 31]) == {round(255 * 0.5**0.5)} and np.delete(upright, 31, axis=1).max() == 0 and lying.max() == 0
    turned_upright, turned_lying = draw_sketch(image.swapaxes(0, 1))
    np.testing.assert_array_equal(turned_lying, upright.T)
    assert turned_upright.max() == 0


def test_strong_edges_count_alike_and_soft_ones_by_their_root():
    def strength(step):
        image = np.zeros((128, 128, 3), np.uint8)
        image[64:] = step
        return int(draw_sketch(image)[1].max())

    assert strength(64) == strength(255) == round(255 * 0.5**0.5)
    assert strength(16) == round(255 * (0.5 * 16 / 64) ** 0.5)


@pytest.mark.parametrize("size", [(16, 16), (128, 512), (700, 300)])
def test_every_size_becomes_one_sketch(size):
    sketch = draw_sketch(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))
    assert sketch.shape == (2, CELLS, CELLS) and sketch.dtype == np.uint8


def test_standardized():
    found = standardized(np.stack([np.random.default_rng(0).integers(0, 256, (2, CELLS, CELLS)), np.full((2, CELLS, CELLS), 9)]))
    np.testing.assert_allclose(found.mean(axis=(2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose((found**2).sum(axis=(1, 2, 3)), [1, 0], atol=1e-6)


def test_agreement_by_hand():
    scores = np.random.default_rng(0).normal(size=(5, 5))
    # A one-hot row in A picks its row of the scores out of B.
    a, b = np.eye(5).reshape(5, 1, 1, 5), scores.T.reshape(5, 1, 1, 5)
    off = scores[~np.eye(5, dtype=bool)].reshape(5, 4)
    rows, columns = off.mean(axis=1), (scores.sum(axis=0) - scores.diagonal()) / 4
    centered = scores - rows[:, None] - columns[None] + off.mean()
    expected = centered / centered[~np.eye(5, dtype=bool)].std()
    np.testing.assert_allclose(agreement(a, b), expected, rtol=1e-6)
    strangers = agreement(a, b)[~np.eye(5, dtype=bool)]
    assert strangers.std() == pytest.approx(1.0)


@pytest.mark.parametrize("shift", [(0, 0), (5, 0), (-3, 7), (0, -1)])
def test_common_shift(shift):
    rng = np.random.default_rng(0)
    a = standardized(rng.integers(0, 256, (6, 2, CELLS, CELLS)))
    noise = standardized(rng.integers(0, 256, (6, 2, CELLS, CELLS)))
    assert common_shift(a, np.roll(a, shift, axis=(2, 3)) + noise) == shift
