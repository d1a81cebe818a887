"""Tables, files, and stamps that must agree."""

import json

import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.evaluation.results import (
    Measured,
    Value,
    add_result,
    differences,
    make_result,
    read_results,
    refuse_unlike,
    stored_results,
    table,
)

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


@pytest.mark.parametrize("text", ["{", "[]", '{"results": 3}', "[" * 99_999, '{"results": [], "results": []}'])
def test_a_damaged_file_is_kept_beside_the_new_one(tmp_path, text, capsys):
    """It does not stand in the way of what was measured for hours."""
    (tmp_path / "evaluation.json").write_text(text)
    with pytest.raises(UserError, match=r"evaluation\.json is damaged"):
        read_results(tmp_path)
    add_result(tmp_path, result(l1=1.0))
    assert (tmp_path / "evaluation.damaged.json").read_text() == text and len(read_results(tmp_path)) == 1
    assert "kept as evaluation.damaged.json" in capsys.readouterr().out


def test_damaged_results_are_left_out_and_kept_beside(tmp_path, capsys):
    whole, figure = result(l1=1.0), {"value": "0.5"}
    wrong = [{"name": "a"}, 7, None, whole | {"metrics": {"l1": figure}}, whole | {"cases": [{"name": "x"}]}, whole | {"step": "last"}]
    text = json.dumps({"results": [wrong[0], whole, *wrong[1:]]})
    (tmp_path / "evaluation.json").write_text(text)
    assert read_results(tmp_path) == [whole] and "6 of 7 results are damaged, and skipped" in capsys.readouterr().out
    add_result(tmp_path, result("b", l1=2.0))
    assert [entry["name"] for entry in read_results(tmp_path)] == ["a", "b"]
    assert (tmp_path / "evaluation.damaged.json").read_text() == text


def test_a_metric_of_another_version_is_passed_over_and_said(tmp_path, capsys):
    add_result(tmp_path, result(l1=1.0) | {"metrics": {"l1": {"value": 1.0}, "beauty": {"value": 7.0}}})
    (found,) = stored_results([str(tmp_path)])
    assert list(found["metrics"]) == ["l1"] and "does not know are skipped: beauty" in capsys.readouterr().out


def test_a_place_that_is_no_file_does_not_stand_in_the_way(tmp_path):
    (tmp_path / "evaluation.json").mkdir()
    add_result(tmp_path, result(l1=1.0))
    assert (tmp_path / "evaluation.damaged.json").is_dir() and len(read_results(tmp_path)) == 1


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
