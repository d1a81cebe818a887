"""Rank correlation beside SciPy's, and where it says nothing."""

import numpy as np
import pytest

from tfgan.evaluation.ranks import rank_correlation


def test_beside_scipy_with_ties():
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    for high in (3, 1000):
        one, two = random.integers(0, high, (2, 7, 8))
        assert rank_correlation(one, two + one) == pytest.approx(stats.spearmanr(one.ravel(), (two + one).ravel()).statistic)


def test_any_growth_is_1_and_any_fall_is_minus_1():
    values = np.array([0.1, 0.5, 0.2, 3.0])
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1.0)
    assert rank_correlation(values, -(values**3)) == pytest.approx(-1.0)


def test_one_value_alone_says_nothing():
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4)))
