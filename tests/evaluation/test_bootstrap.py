import warnings

import numpy as np
import pytest

from tfgan.evaluation.bootstrap import interval, mean_interval


def test_interval_of_a_mean_is_the_normal_one():
    scores = np.random.default_rng(0).normal(3.0, 2.0, 400)
    low, high = mean_interval(scores)
    error = scores.std() / 20
    assert low == pytest.approx(scores.mean() - 1.96 * error, abs=0.1 * error)
    assert high == pytest.approx(scores.mean() + 1.96 * error, abs=0.25 * error)


def test_19_of_20_intervals_hold_the_truth():
    held = 0
    for seed in range(150):
        scores = np.random.default_rng(seed).exponential(2.0, 60)
        low, high = interval(lambda rows, scores=scores: scores[rows].mean(), 60, seed, draws=200)
        held += low <= 2.0 <= high
    assert 0.88 < held / 150 < 0.99


def test_two_scores_by_hand():
    assert mean_interval(np.array([0.0, 1.0])) == (0.0, 1.0)  # each of the two means of one score has probability 1/4


def test_seeds():
    scores = np.random.default_rng(0).normal(size=30)
    assert mean_interval(scores, 1) == mean_interval(scores, 1) != mean_interval(scores, 2)


def test_one_score_and_equal_ones():
    assert mean_interval([0.7]) == (0.7, 0.7)
    assert mean_interval(np.full(9, 0.25)) == (0.25, 0.25)


def test_statistic_gets_as_many_indices_as_there_are_images():
    seen = []
    interval(lambda rows: float(seen.append(rows) or 0), 12, draws=50)
    assert {rows.shape for rows in seen} == {(12,)} and {i for rows in seen for i in rows} == set(range(12))
    assert any(len(set(rows)) < 12 for rows in seen)  # with replacement


def test_nan():
    with warnings.catch_warnings(action="error"):
        assert np.isnan(mean_interval([1.0, np.nan, 2.0])).all()
        assert np.isnan(interval(lambda rows: float("nan"), 3)).all()
        low, high = interval(lambda rows: float(rows[0]) if rows[0] else float("nan"), 5)
    assert (low, high) == (1.0, 4.0)
