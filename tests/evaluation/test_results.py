"""Tables, files, and stamps that must agree."""

import json

import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.evaluation.results import Measured, Value, add_result, differences, make_result, read_results, refuse_unlike, table

STAMP = {"reference": "facades", "size": "64×64", "features": {"weights": "ab"}, "segmenter": {"segmenter": "12"}}


def result(name="a", stamp=STAMP, **values):
    measured = Measured({key: Value(value) for key, value in values.items()}, {}, [])
    return make_result(name, 3, stamp, {"": measured}, [])


def test_table_by_hand():
    first = make_result("a", 1, {}, {"": Measured({"l1": Value(0.5, 0.4, 0.6), "fid": Value(10.0, real=2.0)}, {}, [])}, [])
    second = make_result("b", 1, {}, {"": Measured({"l1": Value(0.25), "ssim": Value(0.75)}, {}, [])}, [])
    assert table([first, second]).splitlines() == [
        "        a                 b       real images",
        "l1 ↓    0.5 (0.4 to 0.6)  0.25 *",
        "fid ↓   10                –       2",
        "ssim ↑  –                 0.75",
    ]
    assert "*" not in table([first])


def test_higher_is_better_where_it_is():
    shown = table([result("a", psnr=20.0), result("b", psnr=30.0)])
    assert "30 *" in shown and "20 *" not in shown


def test_parts_and_warnings_are_named():
    found = make_result("a", 1, {}, {"photo": Measured({"swd": Value(1.0)}, {}, ["few images"])}, [])
    assert found["metrics"] == {"photo.swd": {"value": 1.0}} and found["warnings"] == ["photo: few images"]


def test_files_keep_earlier_results(tmp_path):
    assert read_results(tmp_path) == []
    add_result(tmp_path, result("a", l1=1.0))
    add_result(tmp_path, result("b", l1=np.float32(0.5).item()))
    assert [found["name"] for found in read_results(tmp_path)] == ["a", "b"]
    assert json.loads((tmp_path / "evaluation.json").read_text())["results"][1]["metrics"] == {"l1": {"value": 0.5}}


@pytest.mark.parametrize("text", ["{", "[]", '{"results": 3}', '{"results": [{"name": "a"}]}'])
def test_damaged_files_are_named_and_stay(tmp_path, text):
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(UserError, match=r"evaluation.json is damaged"):
        add_result(tmp_path, result(l1=1.0))
    assert (tmp_path / "evaluation.json").read_text() == text


@pytest.mark.parametrize(
    "changes, metric, refused",
    [
        ({}, "fid", ""),
        ({"size": "32×32"}, "l1", "size 64×64 and 32×32"),
        ({"features": {"weights": "cd"}}, "fid", "weights ab and cd"),
        ({"features": {"weights": "cd"}}, "inception_score", "weights ab and cd"),
        ({"features": {"weights": "cd"}}, "l1", ""),
        ({"segmenter": {"segmenter": "34"}}, "mean_iou", "segmenter 12 and 34"),
        ({"segmenter": {"segmenter": "34"}}, "fid", ""),
        ({"reference": "maps"}, "photo.swd", "reference facades and maps"),
    ],
)
def test_unlike_stamps_are_refused_where_they_matter(changes, metric, refused):
    pair = [result("a", **{metric: 1.0}), result("b", STAMP | changes, **{metric: 2.0})]
    if not refused:
        return refuse_unlike(pair)
    with pytest.raises(UserError, match=f"of a and of b cannot be compared: {refused}"):
        refuse_unlike(pair)


def test_a_tool_that_only_one_had():
    assert differences({"features": {"weights": "a"}}, {}, "features") == ["weights a and None"]
    assert differences({"features": {"weights": "a"}}, {}, "") == []
