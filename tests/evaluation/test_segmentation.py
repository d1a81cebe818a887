import warnings

import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.evaluation.segmentation import confusion, segmentation_scores

TRUTH = np.array([[0, 0, 0, 1], [1, 1, 2, -1]])
TOLD = np.array([[0, 0, 1, 1], [1, 2, 2, 0]])


def test_confusion_by_hand():
    np.testing.assert_array_equal(confusion(TRUTH, TOLD, 3), [[2, 1, 0], [0, 2, 1], [0, 0, 1]])  # the last pixel does not count
    np.testing.assert_array_equal(confusion(TRUTH, TOLD, 3), confusion(TRUTH[None].astype(np.int8), TOLD[None].astype(np.uint8), 3))


def test_many_classes_in_small_integers():
    truth = np.arange(200, dtype=np.uint8).reshape(10, 20)
    np.testing.assert_array_equal(confusion(truth, truth, 200), np.eye(200))


def test_scores_by_hand():
    # Of classes 0, 1, 2: right 2, 2, 1; true 3, 3, 1; told 2, 3, 2; unions 3, 4, 2.
    scores = segmentation_scores(confusion(TRUTH, TOLD, 3))
    assert scores == pytest.approx(
        {"pixel_accuracy": 5 / 7, "class_accuracy": (2 / 3 + 2 / 3 + 1) / 3, "mean_iou": (2 / 3 + 1 / 2 + 1 / 2) / 3}
    )


def test_perfect_and_wrong():
    assert set(segmentation_scores(confusion(TRUTH, TRUTH, 3)).values()) == {1.0}
    assert set(segmentation_scores(confusion(TRUTH, np.maximum(TRUTH + 1, 0) % 3, 3)).values()) == {0.0}


def test_classes_that_never_occur():
    with warnings.catch_warnings(action="error"):
        scores = segmentation_scores(confusion(TRUTH, TOLD, 9))
        assert scores == segmentation_scores(confusion(TRUTH, TOLD, 3))
        # Class 2 is told but never true: it counts as 0 in the IoU, and not in the accuracy of classes.
        scores = segmentation_scores(confusion(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 4))
    assert scores == pytest.approx({"pixel_accuracy": 3 / 4, "class_accuracy": 3 / 4, "mean_iou": (1 + 1 / 2 + 0) / 3})


def test_as_the_code_of_the_fcn_has_it():
    random = np.random.default_rng(0)
    truth, told = random.integers(-1, 6, (5, 9, 9)), random.integers(0, 6, (5, 9, 9))
    table = np.zeros((7, 7))
    for t, p in zip(truth.ravel(), told.ravel()):
        table[t, p] += t >= 0
    with np.errstate(invalid="ignore"):  # acc and iu as in score.py of github.com/shelhamer/fcn.berkeleyvision.org
        right, union = np.diag(table), table.sum(1) + table.sum(0) - np.diag(table)
        expected = {"pixel_accuracy": right.sum() / table.sum(), "class_accuracy": np.nanmean(right / table.sum(1))}
        expected["mean_iou"] = np.nanmean(right / union)
    tables = [confusion(t, p, 7) for t, p in zip(truth, told)]
    assert segmentation_scores(np.sum(tables, axis=0)) == pytest.approx(expected)


def test_nothing_that_counts():
    with warnings.catch_warnings(action="error"):
        scores = segmentation_scores(confusion(np.full((2, 2), -1), TOLD[:, :2], 3))
    assert len(scores) == 3 and np.isnan(list(scores.values())).all()


def test_wrong_maps():
    with pytest.raises(UserError, match=r"\(2, 4\).*\(2, 3\)"):
        confusion(TRUTH, TOLD[:, :3], 3)
    with pytest.raises(UserError, match="True class maps hold 0 to 2; expected 0 to 1"):
        confusion(TRUTH, TOLD % 2, 2)
    with pytest.raises(UserError, match="Predicted class maps hold 0 to 2; expected 0 to 1"):
        confusion(TRUTH % 2, TOLD, 2)
    with pytest.raises(UserError, match="Predicted class maps hold -1 to 1"):
        confusion(TRUTH, TOLD - 1, 3)
