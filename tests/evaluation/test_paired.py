"""Differences of two results image by image: hand-made scores, names out of order, and verdicts by the metric's better side."""

import numpy as np
import pytest

from tfgan.evaluation.paired import paired_differences, tell


def result(name, **scores):
    """An entry of evaluation.json; `scores` are lists, of image 0 on."""
    count = len(next(iter(scores.values())))
    cases = [{"name": f"{i}.png", "scores": {metric: values[i] for metric, values in scores.items()}} for i in range(count)]
    return {"name": name, "cases": cases}


SPREAD = [0.1, 0.9, 0.3, 0.7, 0.2, 0.6, 0.5, 0.4]


def test_a_small_gain_on_every_image_is_more_than_chance():
    """Means of 0.4625 and 0.4725, whose own intervals overlap by far; each image gains 0.01 and a little."""
    gains = [0.01, 0.011, 0.009, 0.01, 0.012, 0.008, 0.01, 0.01]
    one, two = result("a@1", ssim=SPREAD), result("b@1", ssim=[s + g for s, g in zip(SPREAD, gains)])
    (found,) = paired_differences(one, two)
    assert found.images == 8 and found.mean == pytest.approx(0.01) and 0.008 < found.low < found.mean < found.high < 0.012
    assert found.verdict == "better"
    (back,) = paired_differences(two, one)
    assert back.verdict == "worse" and back.mean == pytest.approx(-found.mean)


def test_images_are_paired_by_name_and_others_left_out():
    one, two = result("a", l1=SPREAD), result("b", l1=[s - 0.1 for s in SPREAD])
    two["cases"] = [*reversed(two["cases"]), {"name": "new.png", "scores": {"l1": 99.0}}]
    (found,) = paired_differences(one, two)
    assert (found.images, found.verdict) == (8, "better")  # less is better of l1
    assert found.low == pytest.approx(-0.1) == pytest.approx(found.high)


def test_noise_is_no_more_than_chance():
    random = np.random.default_rng(0)
    one, two = (result(name, psnr=list(random.normal(20, 3, 40))) for name in "ab")
    (found,) = paired_differences(one, two)
    assert found.verdict == "no more than chance" and found.low < 0 < found.high


def test_too_few_images_and_metrics_of_sets_say_nothing():
    assert paired_differences(result("a", l1=[1.0] * 4), result("b", l1=[2.0] * 4)) == []
    assert tell([result("a", l1=[1.0]), {"name": "folder", "cases": []}]) == ""
    assert tell([{"name": "alone"}]) == ""


def test_the_table_names_both_and_the_verdict():
    one, two = result("a@5", l1=SPREAD, ssim=SPREAD), result("b@5", l1=[s - 0.1 for s in SPREAD], ssim=SPREAD)
    assert tell([one, two]).splitlines() == [
        "b@5 less a@5, image by image (paired bootstrap, 95 %, 8 images):",
        "l1    -0.1 (-0.1 to -0.1)  better",
        "ssim  +0 (+0 to +0)        no more than chance",
    ]
