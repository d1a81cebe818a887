"""Whether runs differ by more than chance, from the cases that their evaluations left."""

import pytest

from tfgan.evaluation.report.differences import differences
from tfgan.evaluation.report.records import Case, Result


def result(stamp=0, count=12, **scores):
    """A result whose metrics are functions of a case's number."""
    cases = [Case(f"{number}.png", {name: float(score(number)) for name, score in scores.items()}, {}) for number in range(count)]
    return Result(1, "", {name: {"real": stamp} for name in scores}, {}, [], cases)


def test_each_further_run_is_compared_with_the_first_image_by_image():
    first = result(l1=lambda n: n, ssim=lambda n: n % 2)
    better = result(l1=lambda n: n - 1, ssim=lambda n: (n + 1) % 2)
    found = differences([None, first, None, better, first])
    assert [(one["run"], one["less"]) for one in found] == [(3, 1), (4, 1)]
    l1, ssim = found[0]["rows"]
    assert l1 == {"metric": "l1", "images": 12, "mean": -1.0, "low": -1.0, "high": -1.0, "verdict": "better"}
    assert ssim["mean"] == 0 and ssim["low"] < 0 < ssim["high"] and ssim["verdict"] == "no more than chance"
    assert [row["mean"] for row in found[1]["rows"]] == [0, 0]


@pytest.mark.parametrize("other", [result(stamp=1, l1=lambda n: n), result(count=4, l1=lambda n: n), result(psnr=lambda n: n)])
def test_what_was_measured_otherwise_or_of_few_images_is_left_out(other):
    assert differences([result(l1=lambda n: n), other]) == []
