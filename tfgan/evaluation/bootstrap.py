"""Intervals by the bootstrap (Efron 1979): what else might have come out, had other images been drawn."""

from collections.abc import Callable

import numpy as np

DRAWS, LEVEL = 1000, 0.95


def mean_interval(scores: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval, (low, high), of the mean of N scores, each of one image alone; both ends are NaN if one score is."""
    scores = np.asarray(scores, np.float64)
    if np.isnan(scores).any():
        return float("nan"), float("nan")
    return interval(lambda rows: scores[rows].mean(), len(scores), seed)


def interval(statistic: Callable[[np.ndarray], float], count: int, seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic of `count` images, given the indices of those drawn, with replacement.

    For statistics that an image drawn twice does not mislead: sums and means of images, not distances of sets, for which there is
    `tfgan.evaluation.distribution.jackknife_error`. Draws for which the statistic is NaN do not count.

    Args:
        statistic: from `count` indices, int from 0 to `count` - 1, to a number.
        draws: samples of `count` images that are drawn.

    Returns:
        (low, high), both NaN if the statistic is NaN in every draw.
    """
    random = np.random.default_rng(seed)
    values = np.array([statistic(random.integers(count, size=count)) for _ in range(draws)])
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanpercentile(values, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)
