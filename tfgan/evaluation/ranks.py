"""Spearman's rank correlation (Spearman 1904): whether one quantity grows with another, however it grows."""

import numpy as np


def rank_correlation(one: np.ndarray, two: np.ndarray) -> float:
    """The correlation of the ranks of two arrays of one size, from -1 to 1; equal values share their mean rank.

    NaN where all values of one of the two are equal: then neither order says anything of the other.
    """
    ranks = [_ranks(np.asarray(values).ravel()) for values in (one, two)]
    if any(np.ptp(values) == 0 for values in ranks):
        return float("nan")
    return float(np.corrcoef(np.stack(ranks))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]
