"""A leading `~`, in every setting that is a path and wherever else a path is named."""

import dataclasses
import os
from pathlib import Path

import pytest

from tfgan.cli.flags import Flags
from tfgan.config import DataConfig, Strings, TrainConfig, from_dict
from tfgan.config.verbs import AppConfig, CheckConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class
from tfgan.paths.home import with_home

RECORDS = [DataConfig, TrainConfig, AppConfig, CheckConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "home")


def test_home(home):
    assert with_home("~") == home and with_home("~/a/b/") == f"{home}/a/b" and with_home("a/~") == "a/~" and with_home("") == ""
    assert with_home("~root/x") == os.path.expanduser("~root/x") != "~root/x"


def test_a_name_that_begins_so_is_a_file_or_refused(tmp_path):
    with pytest.raises(UserError, match=r"there is no user 'nobody-here' .* write \./~nobody-here/x"):
        with_home("~nobody-here/x")
    (tmp_path / "~$draft.png").touch()
    assert Path(with_home("~$draft.png")) == tmp_path / "~$draft.png"


PATHS = [
    *("workdir", "init_from", "data_dir", "attributes_file", "tfds_dir", "sheet", "style", "images", "having", "lacking", "output", "out"),
    *("inception_weights", "lpips_weights", "vgg_weights", "segmenter", "classifier", "features", "runtime"),
]


def test_every_setting_that_is_a_path_is_known_as_one():
    """A new setting whose help speaks of a file or a folder is a path."""
    records = [*RECORDS, *(method_class(name).HParams for name in METHODS)]
    for field in (field for record in records for field in dataclasses.fields(record)):
        if field.type not in (str, "str", Strings) or field.metadata["choices"]:
            continue
        speaks = any(word in field.metadata["help"] for word in ("folder", "file of", "'s file", "or a file", "the file;"))
        if speaks and field.name not in ("half", "domains", "dataset", "pair_names", "value_range", "instances"):
            assert field.metadata["path"], (field.name, field.metadata["help"])
        if field.name in PATHS:
            assert field.metadata["path"], field.name


@pytest.mark.parametrize(
    "record, given",
    [
        (TrainConfig, {"workdir": "~/x", "init_from": "~/x"}),
        (DataConfig, {"data_dir": "~/x", "attributes_file": "~/x", "tfds_dir": "~/x"}),
        (CheckConfig, {"sheet": "~/x.png"}),
        (TranslateConfig, {"style": "~/x"}),
        (SampleConfig, {"images": "~/x", "having": "~/x", "lacking": "~/x"}),
        (SampleConfig, {"sheet": "projection", "images": "~/x", "features": "~/x.keras"}),
        (EvaluateConfig, {"data_dir": "~/x", "segmenter": "~/x", "classifier": "~/x", "features": "~/x", "lpips_weights": "~/x"}),
        (ExportConfig, {"output": "~/x"}),
        (ReportConfig, {"out": Path("~/x")}),
        (AppConfig, {"out": Path("~/x"), "runtime": "~/x"}),
    ],
)
def test_settings_are_expanded(record, given, home):
    made = record(**given)
    assert {name: getattr(made, name) for name in given} == {name: str(value).replace("~", home) for name, value in given.items()}


def test_lists_of_folders_are_expanded(home):
    assert DataConfig(extra_data_dirs=("~/a", "b")).extra_data_dirs == (f"{home}/a", "b")


def test_records_of_earlier_versions_are_read_alike(home):
    cls = method_class("spade").HParams
    assert from_dict(cls, {"vgg_weights": "~/vgg.h5"}).vgg_weights == cls(vgg_weights="~/vgg.h5").vgg_weights == f"{home}/vgg.h5"


def test_words_of_the_command_line_are_expanded(home):
    assert Flags("usage: x").parse(["~/run", "out"], positional=2) == [f"{home}/run", "out"]
