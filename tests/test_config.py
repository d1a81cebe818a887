"""The record of a run on its way to JSON and back."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tfgan import config
from tfgan.config import Classes, DataConfig, DataSpec, Domain, RunConfig, TrainConfig
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class HParams:
    epochs: int = config.setting(200, "passes", operational=True)
    norm: str = config.setting("batch", "normalization", choices=("batch", "none"))
    size: config.Size = config.setting((256, 256), "pixels")
    kinds: config.Strings = config.setting((), "names")


def spec(**changes):
    values = {
        "kind": "paired",
        "image_size": (256, 512),
        "domains": {"source": Domain("labels", 3, resample="nearest"), "target": Domain("photo", 1, "uint16")},
        "sizes": {"train": 400, "val": 100},
        "fingerprint": "abc",
        "class_names": ("cat", "dog"),
        "attribute_names": ("black", "blond", "male"),
        "attribute_groups": (("black", "blond"), ("male",)),
    }
    return DataSpec(**{**values, **changes})


def run_config(**changes):
    values = {
        "method": "pix2pix",
        "data": DataConfig(dataset="facades", domains=("photo", "labels")),
        "training": TrainConfig(seed=3),
        "hparams": HParams(norm="none", size=(64, 32), kinds=("color",)),
        "spec": spec(),
        "versions": {"tfgan": "0.1.0"},
    }
    return RunConfig(**{**values, **changes})


def hparams_class(name):
    assert name == "pix2pix"
    return HParams


def test_a_run_survives_its_file(tmp_path):
    path = tmp_path / "run" / "config.json"
    written = run_config()
    written.write(path)
    assert RunConfig.read(path, hparams_class) == written  # with tuples as tuples, and dataclasses all the way down
    assert json.loads(path.read_text())["hparams"]["size"] == [64, 32]
    assert [p.name for p in path.parent.iterdir()] == ["config.json"]


def test_a_run_of_another_version_is_read(tmp_path):
    """A field that is new since keeps its default; one that is gone is ignored."""
    path = tmp_path / "config.json"
    run_config().write(path)
    values = json.loads(path.read_text())
    del values["format"], values["training"]["xla"], values["hparams"]["norm"]
    values["training"]["gone"] = 1
    path.write_text(json.dumps(values))
    read = RunConfig.read(path, hparams_class)
    assert read.training == TrainConfig(seed=3) and read.hparams.norm == "batch"


def test_what_rounds_otherwise_is_told():
    """A fact that the older record lacks is no difference."""
    old = run_config(hardware={"threads": "2", "oneDNN": "off"})
    new = run_config(versions={"tfgan": "0.2.0"}, hardware={"threads": "1", "oneDNN": "off", "CPU": "avx2"})
    assert old.rounding_differences(new) == ["tfgan: 0.1.0 -> 0.2.0", "threads: 2 -> 1"]
    assert old.rounding_differences(old) == run_config().rounding_differences(new)[1:] == []


def test_reading_what_is_not_a_run(tmp_path):
    with pytest.raises(UserError, match=r"is not a run: it has no config\.json"):
        RunConfig.read(tmp_path / "config.json", hparams_class)
    (tmp_path / "config.json").write_text('{"method": "pix')
    with pytest.raises(UserError, match="is damaged"):
        RunConfig.read(tmp_path / "config.json", hparams_class)


def test_differences_name_what_changes_the_learning():
    assert run_config().differences(run_config()) == []
    assert run_config().differences(run_config(method="cyclegan")) == ["method: 'pix2pix' -> 'cyclegan'"]
    changed = run_config(training=TrainConfig(seed=4), hparams=HParams(norm="batch", size=(64, 32), kinds=("color",)))
    assert run_config().differences(changed) == ["seed: 3 -> 4", "norm: 'none' -> 'batch'"]
    assert run_config().differences(run_config(spec=spec(class_names=("cat",)))) == ["class_names: ('cat', 'dog') -> ('cat',)"]
    domains = {"source": Domain("labels", 1, resample="nearest", format="png"), "target": Domain("photo", 1, "uint16")}
    assert run_config().differences(run_config(spec=spec(domains=domains))) == ["channels of labels: 3 -> 1"]
    few, more = (Classes("ids", tuple(range(n)), ("#000000",) * n, ("wall", "door", "window")[:n]) for n in (2, 3))
    maps = [spec(domains={"source": Domain("labels", 1, "int32", "nearest", known), "target": Domain("photo", 1)}) for known in (few, more)]
    found = run_config(spec=maps[0]).differences(run_config(spec=maps[1]))
    assert found == ["classes of labels: ['wall', 'door'] -> ['wall', 'door', 'window']"]
    assert not run_config().differences(run_config(spec=spec(fingerprint="xyz", sizes={"train": 500})))  # which is judged by itself


def test_operational_settings_may_differ():
    training = TrainConfig(seed=3, workdir="elsewhere", steps=7, xla="on", log_every=1)
    data = DataConfig(dataset="facades", domains=("photo", "labels"), data_dir="/moved", cache="never")
    hparams = HParams(epochs=5, norm="none", size=(64, 32), kinds=("color",))
    assert run_config().differences(run_config(training=training, data=data, hparams=hparams)) == []


@pytest.mark.parametrize("record", [DataConfig, TrainConfig, HParams])
def test_every_setting_has_help_and_a_default_among_its_choices(record):
    for field in dataclasses.fields(record):
        assert field.metadata["help"], field.name
        assert not field.metadata["choices"] or field.default in field.metadata["choices"], field.name


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        run_config().training.seed = 4


def test_config_needs_no_tensorflow():
    code = "import sys, tfgan.config, tfgan.errors, tfgan.methods; print([m for m in ('tensorflow', 'keras', 'numpy') if m in sys.modules])"
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout == "[]\n"
