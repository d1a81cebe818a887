"""Tables of settings, facts, metrics and cases."""

import json
import math

import pytest
from reported_run import ALARM, CONFIG, write_alarms, write_evaluation, write_run

from tfgan.evaluation.report import settings
from tfgan.evaluation.report.page import make_record
from tfgan.evaluation.report.records import read_run


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "a")


def test_flat_records():
    assert settings.flatten({"a": {"b": 1, "c": {"d": [2]}}, "e": {}}) == {"a.b": 1, "a.c.d": [2], "e": {}}


@pytest.mark.parametrize(
    "scale, shown",
    [
        ({}, None),
        ({"source": [3]}, None),
        ({"source": {"median": [8, 8]}}, None),
        ({"source": {"median": 8, "smallest": 8, "largest": 8, "loaded": 4, "network": 4}}, None),
        ({"source": (8, 8), "target": (8, 8)}, "4×4 pixels, of images of 8×8"),
        ({"source": (8, 8), "target": (9, 6)}, "4×4 pixels, of images of 8×8; 4×4 pixels, of images of 9×6"),
    ],
)
def test_the_scale_is_a_fact(tmp_path, scale, shown):
    other = {"loaded": (5, 5), "network": (4, 4)}
    record = {
        key: dict.fromkeys(("median", "smallest", "largest"), size) | other if isinstance(size, tuple) else size
        for key, size in scale.items()
    }
    facts = dict(settings.facts([read_run(write_run(tmp_path / "a", CONFIG | {"scale": record}))]))
    assert facts.get("scale of samples and evaluations") == (shown and [shown])


@pytest.mark.parametrize(
    "value, shown",
    [
        ("x", "x"),
        ("", '""'),
        ([], "[]"),
        ([256, 512], "256, 512"),
        (["a", "b"], "a, b"),
        ([["a"]], '[["a"]]'),
        (True, "true"),
        (None, "null"),
    ],
)
def test_values_as_text(value, shown):
    assert settings.text(value) == shown


@pytest.mark.parametrize(
    "value, shown", [(0.0002, "0.0002"), (100.0, "100"), (1 / 3, "0.3333333333333333"), (1e-8, "1e-08"), (math.nan, "NaN")]
)
def test_numbers_as_text(value, shown):
    assert settings.text(value) == shown


def test_settings_that_differ():
    records = [{"a": 1, "b": [1], "c": ""}, {"a": 1, "b": [2], "d": 0.5}]
    assert settings.differing(records) == [("b", ["1", "2"]), ("c", ['""', "–"]), ("d", ["–", "0.5"])]


def test_settings_that_differ_between_runs(tmp_path):
    hparams = CONFIG["hparams"] | {"batch_size": 8, "ndf": 64}
    training = CONFIG["training"] | {"workdir": "runs/b"}
    spec = CONFIG["spec"] | {"sizes": {"train": 21, "validation": 4}}
    other = CONFIG | {"method": "spade", "hparams": hparams, "training": training, "spec": spec}
    runs = [read_run(write_run(tmp_path / "a")), read_run(write_run(tmp_path / "b", other))]
    assert settings.differing_settings(runs) == [
        ("method", ["pix2pix", "spade"]),
        ("batch_size", ["2", "8"]),
        ("ndf", ["–", "64"]),
        ("spec.sizes.train", ["20", "21"]),
    ]
    assert make_record(runs, 0)["differing"] == settings.differing_settings(runs)
    assert make_record(runs[:1], 0)["differing"] == []


def test_all_settings_are_shown_in_their_parts(folder):
    parts = dict(settings.all_settings([read_run(folder)]))
    assert list(parts) == ["Data", "Training", "Method", "What the data holds", "Versions"]
    assert ("domains", ["photo, labels"]) in parts["Data"] and ("sizes.train", ["20"]) in parts["What the data holds"]


def test_facts(folder):
    write_alarms(folder, ALARM)
    facts = {name: value for name, (value,) in settings.facts([read_run(folder)])}
    assert facts == {
        "method": "pix2pix",
        "data": "facades",
        "from → to": "labels → photo",
        "images": "20 train, 4 validation",
        "image size": "16 × 16",
        "trained": "step 40, epoch 4 of 4",
        "batch size": "2",
        "precision": "float32",
        "seed": "0",
        "images a second (median)": "50",
        "alarms": "1",
        "val_l1": "0.35 (best 0.3 at step 20)",
        "versions": "tfgan 0.1.0, python 3.11.7",
    }


def test_facts_of_a_run_that_has_only_begun(tmp_path):
    config = {"method": "gan", "spec": {"domains": [], "sizes": 3}, "training": []}
    (run,) = [read_run(write_run(tmp_path / "b", config, [{"step": 5, "images_per_second": math.nan, "val_ssim": math.nan}]))]
    assert dict(settings.facts([run])) == {"method": ["gan"], "trained": ["step 5"], "val_ssim": ["not finite"]}


@pytest.mark.parametrize("size, shown", [([8, 4], "8 × 4"), (7, "7"), (-0.5, "-0.5"), ("ab", "ab"), (True, "true"), (None, None)])
def test_the_size_is_shown_as_the_record_states_it(tmp_path, size, shown):
    """Also where it is damaged: the report needs nothing to be right."""
    run = read_run(write_run(tmp_path / "a", CONFIG | {"spec": CONFIG["spec"] | {"image_size": size}}))
    assert dict(settings.facts([run])).get("image size") == ([shown] if shown else None)
    make_record([run], 0)


@pytest.mark.parametrize("name, best", [("val_psnr", "3 (best 5 at step 2)"), ("val_l1", "3 (best 1 at step 1)"), ("val_novel", "3")])
def test_best_is_lowest_or_highest(name, best):
    rows = [{"step": 1, name: 1.0}, {"step": 2, name: 5.0}, {"step": 3, name: 3.0}, {"step": 4, name: math.nan}]
    assert settings.validation_scores(rows) == {name: best}


OTHERS = {"l1": {"value": 1.0}, "odd": {"low": 1.0}, "photo.fid": {"value": 8.0}}


def test_metrics_side_by_side(tmp_path):
    for name in "abc":
        write_run(tmp_path / name)
    write_evaluation(tmp_path / "a")
    write_evaluation(tmp_path / "b", stamp={"real": 10, "features": {"hash": "abd"}}, metrics=OTHERS)
    shown = make_record([read_run(tmp_path / name) for name in "abc"], 0)["evaluation"]
    assert shown["metrics"] == [
        {"name": "l1", "higher": False, "unlike": False, "cells": [{"value": 0.25, "low": 0.125, "high": 0.5}, {"value": 1.0}, None]},
        {"name": "photo.fid", "higher": False, "unlike": True, "cells": [{"value": 12.5, "real": 3.0}, {"value": 8.0}, None]},
        {"name": "odd", "higher": None, "unlike": False, "cells": [None, None, None]},
    ]
    assert shown["unlike"] == [("features.hash", ["abc", "abd", "–"])]
    assert [about and about["step"] for about in shown["about"]] == [40, 40, None]
    assert [[result["metrics"] for result in earlier] for earlier in shown["earlier"]] == [[{"l1": 0.75}], [{"l1": 0.75}], []]


def add_partial(folder, **changes):
    """A newest entry of swd alone, on fewer images."""
    path = folder / "evaluation.json"
    stored = json.loads(path.read_text())["results"]
    partial = {"metrics": {"swd": {"value": 7.0}}, "stamp": {"real": 4}, "warnings": ["4 images are few."], "cases": []}
    path.write_text(json.dumps({"results": [*stored, stored[-1] | partial | changes]}))


def test_a_partial_evaluation_completes_the_full_one(tmp_path):
    for name in "ab":
        write_evaluation(write_run(tmp_path / name))
    add_partial(tmp_path / "a", made="2026-02-03")
    shown = make_record([read_run(tmp_path / name) for name in "ab"], 0)["evaluation"]
    assert {row["name"]: [cell and cell["value"] for cell in row["cells"]] for row in shown["metrics"]} == {
        "swd": [7.0, None],
        "l1": [0.25, 0.25],
        "photo.fid": [12.5, 12.5],
    }
    assert [len(cases) for cases in shown["cases"]] == [8, 8] and shown["higher"] == {"l1": False, "psnr": True, "odd": None}
    assert shown["about"][0] == {"step": 40, "made": "2026-02-03", "warnings": ["4 images are few.", "10 images are few."]}
    assert shown["stamps"] == [("real", ["4 (swd); 10 (l1, photo.fid)", "10"]), ("features.hash", ["abc", "abc"])]
    assert shown["unlike"] == []  # each metric that both have was measured alike


def test_what_was_measured_again_is_the_newest(tmp_path):
    for name in "ab":
        write_evaluation(write_run(tmp_path / name))
    add_partial(tmp_path / "a", metrics={"l1": {"value": 0.125}})
    shown = make_record([read_run(tmp_path / name) for name in "ab"], 0)["evaluation"]
    assert [(row["name"], row["unlike"], row["cells"][0]["value"]) for row in shown["metrics"]] == [
        ("l1", True, 0.125),
        ("photo.fid", False, 12.5),
    ]
    assert shown["unlike"] == [("real", ["4 (l1); 10 (photo.fid)", "10"])]


def test_only_best_and_worst_cases_are_shown(folder):
    """Four at either end of ten."""
    write_evaluation(folder)
    shown = make_record([read_run(folder)], 0)["evaluation"]
    (cases,) = shown["cases"]
    assert shown["higher"] == {"l1": False, "psnr": True, "odd": None}
    assert [case["scores"]["l1"] for case in cases] == [0, 1, 2, 3, 6, 7, 8, 9]
    assert set(cases[0]["images"]) == {"input", "truth", "result"} and cases[0]["images"]["input"]["width"] == 16


def test_few_cases_are_all_shown(folder):
    write_evaluation(folder, cases=3)
    assert settings.extreme_cases(read_run(folder).results[-1], 4) == [0, 1, 2]
