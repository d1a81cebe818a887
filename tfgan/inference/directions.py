"""Directions of a generator's space: those along which it varies most, and those that lead to an attribute."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfgan.errors import UserError

PENALTY = 1.0  # on half the squared length of a classifier's weights, for points of unit deviation: what scikit-learn has as C = 1
ITERATIONS, SMALL = 100, 1e-8  # of Newton's method, and the largest step at its end
FOLDS = 5  # of the points, each of which is once judged by a classifier that the others were learned from


class Directions(NamedTuple):
    """Directions of a space.

    Attributes:
        vectors: N×length float32, of length 1; the image of `latents + strength * deviations[i] * vectors[i]` has more of direction i.
        deviations: N float32, the standard deviation of the space's points along each.
        names: what each leads to.
        shares: N float32, of the variance along each in that of all; for those of attributes, the share of labeled points that a classifier
            told which was learned from the others.
    """

    vectors: np.ndarray
    deviations: np.ndarray
    names: tuple[str, ...]
    shares: np.ndarray


def principal_directions(points: np.ndarray, count: int) -> Directions:
    """The directions along which points vary most, their principal components (GANSpace, Härkönen et al. 2020, §2.1), the most first.

    The largest part of each vector is positive.

    Args:
        points: of the space, N×length.
        count: of the directions.

    Raises:
        UserError: more directions than points have values.
    """
    if count > points.shape[1]:
        raise UserError(f"A space of {points.shape[1]} dimensions has no {count} directions: ask for {points.shape[1]} at most.")
    variances, vectors = np.linalg.eigh(np.cov(points.astype(np.float64), rowvar=False).reshape(points.shape[1], -1))
    variances, vectors = np.maximum(variances[::-1], 0.0), vectors.T[::-1]
    vectors = vectors * np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)])[:, None]
    names = tuple(f"component {number}" for number in range(1, count + 1))
    floats = [values.astype(np.float32) for values in (vectors[:count], np.sqrt(variances[:count]), variances[:count] / variances.sum())]
    return Directions(floats[0], floats[1], names, floats[2])


def attribute_directions(latents: np.ndarray, labels: np.ndarray, names: Sequence[str], points: np.ndarray) -> Directions:
    """Directions to attributes: each is perpendicular to the boundary that best parts the points with it from those without (InterFaceGAN,
    Shen et al. 2020, §2.2). The boundary is that of a logistic regression.

    Args:
        latents: N×length, whose images were labeled.
        labels: N×attributes, 1 for points whose image has the attribute, 0 for those without.
        names: of the attributes.
        points: of the space, by which deviations are measured.

    Raises:
        UserError: labels that are not 0 and 1 for each point, or an attribute that all points have, or none.
    """
    labels = np.asarray(labels)
    if labels.shape != (len(latents), len(names)) or not np.isin(labels, (0, 1)).all():
        raise UserError(f"labels must be 0 or 1, an array {len(latents)}×{len(names)}: a row for each latent, a column for each attribute.")
    for name, column in zip(names, labels.T):
        if column.min() == column.max():
            raise UserError(f"{name}: all {len(latents)} latents have the label {column[0]}; both 0 and 1 are needed for a direction.")
    scale = latents.std()
    scaled = (latents - latents.mean(axis=0, dtype=np.float64)) / (scale or 1.0)
    found = [classifier(scaled, column.astype(np.float64))[0] for column in labels.T]
    vectors = np.stack([weights / max(np.linalg.norm(weights), 1e-30) for weights in found])
    shares = [_told(scaled, column.astype(np.float64)) for column in labels.T]
    deviations = (points @ vectors.T).std(axis=0)
    return Directions(vectors.astype(np.float32), deviations.astype(np.float32), tuple(names), np.array(shares, np.float32))


def classifier(points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
    """The weights and the bias of a logistic regression of labels N, 0 or 1, on points N×length, by Newton's method.

    Half the squared length of the weights is added to the sum of losses, so that there is one solution where a plane parts all points.
    """
    inputs = np.concatenate([points, np.ones([len(points), 1])], axis=1)
    penalty = np.append(np.full(points.shape[1], PENALTY), 1e-9)  # the bias is free
    weights = np.zeros(inputs.shape[1])
    for _ in range(ITERATIONS):
        told = 0.5 + 0.5 * np.tanh(inputs @ weights / 2)  # the sigmoid, which overflows nowhere
        gradient = inputs.T @ (told - labels) + penalty * weights
        curvature = (inputs * (told * (1.0 - told))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < SMALL:
            break
    return weights[:-1], float(weights[-1])


def _told(points: np.ndarray, labels: np.ndarray) -> float:
    """The share of points whose label is told by a classifier that was learned from the others, fold by fold; NaN if a fold has all of a
    kind."""
    fold = np.empty(len(labels), int)
    for value in (0, 1):  # each fold has its share of both
        fold[labels == value] = np.arange(np.count_nonzero(labels == value)) % FOLDS
    right = 0
    for number in range(FOLDS):
        held_out = fold == number
        if len(np.unique(labels[~held_out])) < 2:
            return float("nan")
        weights, bias = classifier(points[~held_out], labels[~held_out])
        right += int(np.count_nonzero((points[held_out] @ weights + bias > 0) == (labels[held_out] > 0)))
    return right / len(labels)
