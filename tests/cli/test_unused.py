"""Options that would do nothing are refused or said, by name and with the reason."""

import dataclasses
from types import SimpleNamespace

import pytest

from tfgan.cli.main import main
from tfgan.config import DataConfig
from tfgan.config.verbs import EvaluateConfig, SampleConfig
from tfgan.config.words import say_once
from tfgan.data.label_maps.classes import _given
from tfgan.errors import UserError
from tfgan.runs.judging import TOOL_SETTINGS, _refuse_label_settings, check_metrics


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"segmenter": "missing.keras"}, "--segmenter does nothing with --metrics=l1,ssim, none of which needs it: leave it out"),
        ({"label_palette": ["zz"]}, "--label_palette does nothing with"),
        ({"label_names": ["a", "b"]}, "--label_names does nothing with"),
        ({"classifier_epochs": 3}, "--classifier_epochs does nothing with"),
        ({"lpips_weights": "x"}, "--lpips_weights does nothing with"),
        ({"inception_weights": "x"}, "--inception_weights does nothing with"),
    ],
)
def test_settings_of_tools_that_no_metric_needs(settings, message):
    with pytest.raises(UserError, match=message):
        check_metrics(EvaluateConfig(metrics=("l1", "ssim"), **settings))
    check_metrics(EvaluateConfig(**settings))  # all metrics that fit


def test_settings_of_tools_that_a_metric_needs():
    check_metrics(EvaluateConfig(metrics=("mean_iou",), segmenter="x", label_palette=("zz",)))
    check_metrics(EvaluateConfig(metrics=("fid",), inception_weights="x"))
    check_metrics(EvaluateConfig(metrics=("fid",), features="own", segmenter_steps=3, classifier_epochs=2))
    check_metrics(EvaluateConfig(metrics=("lpips",), lpips_weights="x", vgg_weights="y"))
    names = {field.name for field in dataclasses.fields(EvaluateConfig)}
    assert all(names.issuperset(settings) for settings in TOOL_SETTINGS.values())


def test_settings_of_label_maps_for_a_run_without_any():
    config = SimpleNamespace(spec=SimpleNamespace(kind="images"))
    with pytest.raises(UserError, match="--label_palette does nothing for runs/a, which learns from images images, without label maps"):
        _refuse_label_settings("runs/a", config, EvaluateConfig(label_palette=("zz",)))
    _refuse_label_settings("runs/a", SimpleNamespace(spec=SimpleNamespace(kind="paired")), EvaluateConfig(label_palette=("zz",)))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"rows": 2}, "--rows does nothing without --sheet"),
        ({"columns": 2}, "--columns does nothing without --sheet"),
        ({"crossover": 2}, "--crossover does nothing without --sheet"),
        ({"sheet": "samples", "crossover": 2}, "--crossover does nothing without --sheet=mixing"),
        ({"sheet": "samples", "count": 2}, "--count does nothing with --sheet=samples"),
    ],
)
def test_settings_of_sheets_and_of_folders_are_said(settings, message, caplog):
    say_once.cache_clear()
    with caplog.at_level("INFO"):
        SampleConfig(**settings)
    assert [record.message for record in caplog.records] == [f"{message}."]


def test_names_given_twice():
    with pytest.raises(UserError, match="--label_names: two classes are called 'door'"):
        _given(DataConfig(label_names=("door", "wall", "door")))


def test_stored_results_are_not_measured(capsys, tmp_path):
    assert main(["evaluate", "--stored", "--count=9", str(tmp_path)]) == 2
    assert "--count does nothing with --stored, which does not measure" in capsys.readouterr().err
