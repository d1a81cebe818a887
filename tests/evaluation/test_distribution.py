"""Distances of feature sets against closed forms, plain loops, and what other packages give for the same rows."""

import itertools

import numpy as np
import pytest
import scipy.linalg

from tfgan.errors import UserError
from tfgan.evaluation import distribution
from tfgan.evaluation.distribution import (
    FEWEST,
    density_coverage,
    frechet_distance,
    inception_score,
    jackknife_error,
    kernel_distance,
    precision_recall,
)

DISTANCES = (frechet_distance, kernel_distance, precision_recall, density_coverage)


def rows(count, length, seed, mean=0.0, deviation=1.0):
    return np.random.default_rng(seed).normal(mean, deviation, (count, length))


def two_sets():
    return rows(60, 12, 0), rows(50, 12, 1, 0.3, 0.8)


def with_moments(count, mean, deviations, seed=0):
    """Rows that have exactly this mean and this diagonal covariance."""
    noise = rows(count, len(mean), seed)
    noise -= noise.mean(axis=0)
    return noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise, rowvar=False)).T) * deviations + mean


def means(pair):
    return [float(np.mean(shares)) for shares in pair]


# Fréchet distance


def test_fid_of_diagonal_gaussians():
    means_of, deviations = np.array([[1.0, 2.0, 0.0], [0.0, 2.0, -1.0]]), np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 1.5]])
    real, fake = (with_moments(40 + i, means_of[i], deviations[i], seed=i) for i in range(2))
    assert frechet_distance(real, fake) == pytest.approx(2.0 + (2.0**2 + 0.0 + 1.0), rel=1e-9)  # |μ₁ − μ₂|² + Σ (σ₁ − σ₂)²


def test_fid_with_the_matrix_root_of_scipy():
    real, fake = two_sets()
    fake = fake @ rows(12, 12, 5)  # covariances that do not commute
    covariances = [np.cov(features, rowvar=False) for features in (real, fake)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    "real, fake, expected",  # torch-fidelity 0.4.0, fid_statistics_to_metric
    [(*two_sets(), 3.8192311396), (rows(20, 48, 2), rows(30, 48, 3, 0.3, 0.8), 48.8415584)],
    ids=["long", "fewer rows than features"],
)
def test_fid_as_torch_fidelity_has_it(real, fake, expected):
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance(fake, real) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance(real.astype(np.float32) + 100, fake.astype(np.float32) + 100) == pytest.approx(expected, rel=1e-4)


# Kernel distance


def kid_by_loops(real, fake):
    """Bińkowski et al. 2018, eq. 4."""

    def kernel(x, y):
        return (float(x @ y) / len(x) + 1.0) ** 3

    own = [np.mean([kernel(x, y) for x, y in itertools.permutations(features, 2)]) for features in (real, fake)]
    return own[0] + own[1] - 2 * np.mean([kernel(x, y) for x in real for y in fake])


def test_kid_by_loops_and_as_torch_fidelity_has_it(monkeypatch):
    real, fake = two_sets()
    monkeypatch.setattr(distribution, "ROWS", 16)  # several blocks, the last one smaller
    assert kernel_distance(real, fake)[0] == pytest.approx(kid_by_loops(real, fake), rel=1e-10)
    assert kernel_distance(real[:50], fake)[0] == pytest.approx(0.490457462178, rel=1e-10)  # torch-fidelity 0.4.0, one subset of 50


def test_kid_has_no_bias():
    values = [kernel_distance(rows(20, 6, seed), rows(25, 6, 1000 + seed))[0] for seed in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20 and min(values) < 0


def test_error_of_kid_is_that_of_the_plain_jackknife(monkeypatch):
    real, fake = rows(60, 12, 0), rows(25, 12, 1, 0.3, 0.8)
    alone = [[kernel_distance(np.delete(real, i, axis=0), fake)[0] for i in range(60)]]
    alone += [[kernel_distance(real, np.delete(fake, i, axis=0))[0] for i in range(25)]]
    expected = np.sqrt(sum((len(values) - 1) * np.var(values) for values in alone))
    monkeypatch.setattr(distribution, "ROWS", 16)
    assert kernel_distance(real, fake)[1] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("mean, least, most", [(0.5, 0.8, 1.25), (0.0, 1.0, 1.8)])
def test_error_of_kid_is_its_spread(mean, least, most):
    found = np.array([kernel_distance(rows(60, 6, seed), rows(90, 6, 1000 + seed, mean)) for seed in range(200)])
    assert least < found[:, 1].mean() / found[:, 0].std() < most


# Inception Score


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_inception_score_by_hand():
    assert inception_score(np.eye(7)) == pytest.approx(7)  # sure, and all classes alike
    assert inception_score(np.full((9, 4), 0.25)) == pytest.approx(1)
    assert inception_score(softmax(rows(1, 5, 0))) == pytest.approx(1)
    # Half the images are sure of class 0, half cannot tell it from class 1: p(y) = 3/4, 1/4.
    expected = np.exp(0.5 * np.log(4 / 3) + 0.5 * (0.5 * np.log(2 / 3) + 0.5 * np.log(2)))
    assert inception_score(np.array([[1.0, 0.0], [0.5, 0.5]])) == pytest.approx(expected)


def test_inception_score_as_torch_fidelity_has_it():
    assert inception_score(softmax(rows(40, 5, 4, 0.0, 2.0))) == pytest.approx(2.0713554858, rel=1e-9)  # 0.4.0, one part


# Precision, recall, density, coverage


def neighborhoods_by_loops(real, fake, k):
    """Kynkäänniemi et al. 2019, eq. 1 and 2; Naeem et al. 2020, §3."""

    def radius(point, points):
        return np.sort(np.linalg.norm(points - point, axis=1))[k]

    inside_real = np.array([[np.linalg.norm(x - y) < radius(x, real) for y in fake] for x in real])
    inside_fake = np.array([[np.linalg.norm(x - y) < radius(y, fake) for y in fake] for x in real])
    return {
        "precision": inside_real.any(axis=0),
        "recall": inside_fake.any(axis=1),
        "density": inside_real.sum(axis=0) / k,
        "coverage": inside_real.any(axis=1),
    }


@pytest.mark.parametrize("block", [7, 1024])
def test_neighborhoods_by_loops(block, monkeypatch):
    monkeypatch.setattr(distribution, "ROWS", block)
    real, fake = rows(30, 3, 0), rows(23, 3, 1, 1.2, 0.9)
    expected = neighborhoods_by_loops(real, fake, 4)
    found = dict(zip(expected, (*precision_recall(real, fake, 4), *density_coverage(real, fake, 4))))
    for name, shares in expected.items():
        np.testing.assert_allclose(found[name], shares, err_msg=name)
    assert {len(np.unique(shares)) > 1 for shares in expected.values()} == {True}


@pytest.mark.parametrize(
    "k, precision, recall, density, coverage",  # prdc 0.2; precision and recall also torch-fidelity 0.4.0
    [(3, 0.92, 0.3, 1.68, 43 / 60), (5, 0.98, 25 / 60, 1.74, 52 / 60)],
)
def test_neighborhoods_as_prdc_has_them(k, precision, recall, density, coverage):
    real, fake = two_sets()
    assert means(precision_recall(real, fake, k)) == pytest.approx([precision, recall])
    assert means(density_coverage(real, fake, k)) == pytest.approx([density, coverage])


def test_usual_neighbors():
    real, fake = two_sets()
    assert means(precision_recall(real, fake)) == means(precision_recall(real, fake, 3))
    assert means(density_coverage(real, fake)) == means(density_coverage(real, fake, 5))


def test_far_sets_and_a_collapsed_one():
    real = rows(40, 4, 0)
    assert means(precision_recall(real, real + 100)) == [0, 0]
    assert means(density_coverage(real, real + 100)) == [0, 0]
    collapsed = np.repeat(real[:1], 40, axis=0)
    precision, recall = means(precision_recall(real, collapsed))
    assert precision == 1 and recall == 1 / 40  # the one that it repeats
    assert means(density_coverage(real, collapsed))[1] < 0.3


def test_large_features_keep_their_small_differences():
    real, fake = two_sets()
    for function in (precision_recall, density_coverage):
        assert means(function(1e-3 * real + 3e5, 1e-3 * fake + 3e5)) == means(function(real, fake))


def test_copies_lie_among_their_originals():
    real = rows(13, 40, 0, mean=5.0)
    assert means(precision_recall(np.repeat(real, 5, axis=0), real)) == [1, 1]  # where the third neighbor is at 0


# All of them


@pytest.mark.parametrize("count, length", [(40, 8), (10, 32)])
def test_identical_sets(count, length):
    real = rows(count, length, 0)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
    value, error = kernel_distance(real, real[::-1])
    assert value < 0 and abs(value) < 4 / count * (np.mean(np.square(real)) + 1) ** 3 and error >= 0  # each is its own counterpart
    assert means(precision_recall(real, real)) == [1, 1]
    assert means(density_coverage(real, real)) == pytest.approx([1, 1])


@pytest.mark.parametrize("value", [0.0, 0.1, -123.456])
def test_constant_features(value):
    real = np.full((50, 20), value)
    assert frechet_distance(real, real[:30]) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(kernel_distance(real, real[:30]), [0, 0], atol=1e-6 * (value**2 + 1) ** 3)
    assert means(precision_recall(real, real[:30])) == [1, 1]
    assert frechet_distance(real, real + 2) == pytest.approx(4 * 20)


def test_one_image():
    for function, least in zip(DISTANCES, (2, 2, 4, 6)):
        with pytest.raises(UserError, match=f"1 real and 9 generated images are too few.* {least} of each"):
            function(rows(1, 3, 0), rows(9, 3, 1))
        with pytest.raises(UserError, match=f"9 real and {least - 1} generated"):
            function(rows(9, 3, 0), rows(least - 1, 3, 1))
        function(rows(least, 3, 0), rows(least, 3, 1))


@pytest.mark.parametrize("function", DISTANCES)
def test_unlike_or_broken_features(function):
    with pytest.raises(UserError, match="length 3, of generated ones 4"):
        function(rows(9, 3, 0), rows(9, 4, 1))
    broken = rows(9, 3, 0)
    broken[[2, 5], [0, 1]] = np.nan, np.inf
    for pair in ((broken, rows(9, 3, 1)), (rows(9, 3, 1), broken)):
        with pytest.raises(UserError, match="2 of 9 images are not finite"):
            function(*pair)
    with pytest.raises(UserError, match="2 of 9"):
        inception_score(broken)


def test_few_images_are_told_of():
    assert set(FEWEST) == {"fid", "kid", "inception_score", "precision", "recall", "density", "coverage"}


# Their spread


def test_jackknife_of_a_mean_by_hand():
    features = rows(10, 1, 0)  # as many as groups: the plain jackknife, s / √n
    assert jackknife_error(lambda x: float(x.mean()), features) == pytest.approx(features.std(ddof=1) / 10**0.5)
    assert jackknife_error(lambda x: float(x.mean()), features[:4]) == pytest.approx(features[:4].std(ddof=1) / 2)


def test_jackknife_of_several_and_of_two_sets():
    sets = rows(200, 2, 0), rows(300, 2, 1)
    both = jackknife_error(lambda x, y: [x.mean(), y.mean(), x.mean() - y.mean()], *sets, seed=3)
    alone = [jackknife_error(lambda x, y, i=i: (x, y)[i].mean(), *sets, seed=3) for i in range(2)]
    np.testing.assert_allclose(both[:2], alone)
    spreads = [np.mean([jackknife_error(lambda x, y: x.mean() - y.mean(), *sets, seed=seed) for seed in range(40)])]
    expected = np.hypot(*(features.mean(axis=1).std() / len(features) ** 0.5 for features in sets))
    assert spreads[0] == pytest.approx(expected, rel=0.15)
    assert jackknife_error(lambda x, y: x.mean(), *sets, seed=4) != alone[0]


def test_jackknife_of_fid_is_its_spread_and_the_bootstrap_is_not():
    values, errors, doubled = [], [], []
    for seed in range(60):
        real, fake = rows(100, 8, seed), rows(100, 8, 1000 + seed, 0.4, 0.8)
        values.append(frechet_distance(real, fake))
        errors.append(jackknife_error(frechet_distance, real, fake, seed=seed))
        drawn = np.random.default_rng(seed).integers(100, size=(2, 100))
        doubled.append(frechet_distance(real[drawn[0]], fake[drawn[1]]) - values[-1])
    assert 0.75 < np.mean(errors) / np.std(values) < 1.35
    assert np.mean(doubled) > 0.5 * np.std(values)


def test_jackknife_of_precision_is_its_spread():
    found, errors = [], []
    for seed in range(40):
        sets = rows(120, 4, seed), rows(120, 4, 1000 + seed, 0.5, 0.7)
        found.append(means(precision_recall(*sets)))
        errors.append(jackknife_error(lambda *parts: means(precision_recall(*parts)), *sets, seed=seed))
    ratios = np.mean(errors, axis=0) / np.std(found, axis=0)
    assert (ratios > 0.85).all() and (ratios < 2.2).all()
