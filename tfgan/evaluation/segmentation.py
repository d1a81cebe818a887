"""Scores of class maps beside the true ones (Long et al. 2015, §5), as pix2pix' FCN score states them."""

import numpy as np

from tfgan.errors import UserError


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Pixels by true class (row) and predicted class (column), `classes`×`classes` int64; a truth of -1 does not count.

    Raises:
        UserError: maps of two shapes, or classes that there are not.
    """
    if truth.shape != predicted.shape:
        raise UserError(f"True class maps of shape {truth.shape} and predicted ones of shape {predicted.shape}: use one size.")
    counted = truth != -1
    true, told = truth[counted].astype(np.int64), predicted[counted].astype(np.int64)
    for name, found in (("True", true), ("Predicted", told)):
        if found.size and not 0 <= found.min() <= found.max() < classes:
            raise UserError(f"{name} class maps hold {found.min()} to {found.max()}; expected 0 to {classes - 1}.")
    return np.bincount(true * classes + told, minlength=classes**2).reshape(classes, classes)


def segmentation_scores(confusion: np.ndarray) -> dict[str, float]:
    """Pixel accuracy, class accuracy and mean intersection over union, from 0 to 1, by name (Long et al. 2015, §5).

    Classes that occur in no truth are left out of class accuracy, and of the IoU those that occur neither there nor in a prediction, as in
    the FCN's own code. pix2pix' script counts them as 0, so that its means are lower where a class is missing. NaN if nothing counts.

    Args:
        confusion: pixels by true class (row) and predicted class (column), K×K.
    """
    right, true, told = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    union = true + told - right
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "pixel_accuracy": float(right.sum() / true.sum()),
            "class_accuracy": _mean((right / true)[true > 0]),
            "mean_iou": _mean((right / union)[union > 0]),
        }


def _mean(values) -> float:
    return float(values.mean()) if len(values) else float("nan")
