"""Directions of spaces in which they were planted."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tfgan.inference.directions import PENALTY, attribute_directions, classifier, principal_directions

RANDOM = np.random.default_rng(0)
BASIS = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0].T  # rows
POINTS = (RANDOM.normal(size=(4000, 6)) * [5, 3, 1, 0.5, 0.1, 0.1]) @ BASIS + 7.0


def test_main_directions_are_those_of_the_largest_variance():
    found = principal_directions(POINTS, 3)
    assert found.vectors.shape == (3, 6) and found.vectors.dtype == np.float32
    assert np.all(np.abs(np.sum(found.vectors * BASIS[:3], axis=1)) > 0.995)
    np.testing.assert_allclose(found.deviations, [5, 3, 1], rtol=0.04)
    np.testing.assert_allclose(found.shares, np.array([25, 9, 1]) / 35.27, rtol=0.06)
    assert found.names == ("component 1", "component 2", "component 3")
    assert all(vector[np.abs(vector).argmax()] > 0 for vector in found.vectors)
    with pytest.raises(ValueError, match="has no 7 directions: ask for 6 at most"):
        principal_directions(POINTS, 7)


def test_a_planted_attribute_is_found():
    """Labels by the side of a plane, one in twenty wrong, in a space that is far wider along other directions."""
    normal = np.array([1.0, -2.0, 0.5, 0.3, 2.0, 1.5]) / np.linalg.norm([1.0, -2.0, 0.5, 0.3, 2.0, 1.5])
    points = RANDOM.normal(size=(3000, 6)) * [1, 1, 2, 1, 1, 2] + 3.0
    labels = (points @ normal > (points @ normal).mean() + 0.5).astype(int)
    labels[::20] = 1 - labels[::20]
    both = np.stack([labels, 1 - labels], axis=1)
    found = attribute_directions(points, both, ["hat", "no hat"], points)
    assert found.vectors[0] @ normal > 0.99 and found.vectors[1] @ normal < -0.99 and found.names == ("hat", "no hat")
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(found.deviations, (points @ normal).std(), rtol=0.02)
    assert 0.92 < found.shares[0] < 0.97


def test_shares_of_labels_by_chance_are_no_better_than_chance():
    points = RANDOM.normal(size=(60, 40))
    found = attribute_directions(points, RANDOM.permutation(np.arange(60) % 2)[:, None], ["x"], points)
    assert 0.25 < found.shares[0] < 0.75
    assert np.isnan(attribute_directions(points[:3], [[0], [1], [1]], ["x"], points).shares[0])  # one fold has the only 0


@pytest.mark.parametrize("separable", [False, True])
def test_the_classifier_is_the_least_of_its_loss(separable):
    points = RANDOM.normal(size=(80, 5))
    labels = (points[:, 0] + (0 if separable else 1) * RANDOM.normal(size=80) > 0.3).astype(float)

    def loss(values):
        logits = points @ values[:-1] + values[-1]
        return np.sum(np.logaddexp(0, logits) - labels * logits) + PENALTY / 2 * np.sum(values[:-1] ** 2)

    weights, bias = classifier(points, labels)
    expected = minimize(loss, np.zeros(6), tol=1e-10).x
    np.testing.assert_allclose([*weights, bias], expected, atol=1e-4)


@pytest.mark.parametrize(
    "labels, message",
    [(np.zeros((5, 1)), "all 5 latents have the label 0"), (np.full((5, 1), 2), "must be 0 or 1"), (np.zeros((4, 1)), "an array 5×1")],
)
def test_labels_that_tell_nothing(labels, message):
    with pytest.raises(ValueError, match=message):
        attribute_directions(POINTS[:5], labels, ["x"], POINTS)
