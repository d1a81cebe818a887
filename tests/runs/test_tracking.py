"""Trackers: what they are told, how a resume goes on with them, that none stops a training, and the real ones where they are installed."""

import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest

from tfgan.cli.main import main
from tfgan.runs.training import tracking

pytestmark = pytest.mark.usefixtures("eagerly")


class Told:
    """A tracker that keeps what it is told, and fails when it is told so."""

    name, fails = "run-7", ""
    heard: list = []

    def __init__(self, folder, settings, name):
        self.hear("begin", folder.name, settings["batch_size"], name)

    def hear(self, what, *values):
        if what == self.fails:
            raise ConnectionError(f"no {what}\nand more")
        self.heard.append((what, *values))

    def describe(self):
        return "nowhere"

    def log(self, row):
        self.hear("row", row["step"], "generator_loss" in row)

    def picture(self, step, picture):
        self.hear("picture", step, picture.dtype.name)

    def end(self, checkpoints):
        self.hear("end", *checkpoints)


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr(Told, "heard", [])
    monkeypatch.setattr(Told, "fails", "")
    monkeypatch.setattr(tracking, "TRACKERS", {"wandb": Told})
    monkeypatch.setattr("tfgan.runs.planning.plan.require", lambda *_: None)
    return Told


def test_rows_pictures_and_checkpoints_are_told_and_a_resume_goes_on(train, told, tmp_path):
    run = tmp_path / "run"
    assert train(run, "--epochs=1", "--track=wandb")[0] == 0
    assert told.heard[0] == ("begin", "run", "2", "") and told.heard[-1] == ("end", "ckpt-4")
    rows = [heard[1:] for heard in told.heard if heard[0] == "row"]
    assert [(step, True) for step in (1, 2, 3, 4)] == [row for row in rows if row[1]]
    assert [heard[1:] for heard in told.heard if heard[0] == "picture"] == [(0, "uint8"), (4, "uint8")]
    assert json.loads((run / "tracking.json").read_text()) == {"wandb": "run-7"}
    told.heard.clear()
    assert train(run, "--epochs=2", "--track=wandb")[0] == 0
    assert told.heard[0] == ("begin", "run", "2", "run-7")
    assert [heard[1] for heard in told.heard if heard[0] == "row"][-4:] == [5, 6, 7, 8]


@pytest.mark.parametrize("fails", ["begin", "row", "picture", "end"])
def test_a_tracker_that_fails_stops_no_training(train, told, tmp_path, monkeypatch, fails):
    monkeypatch.setattr(told, "fails", fails)
    code, output = train(tmp_path / "run", "--epochs=1", "--track=wandb")
    assert code == 0 and output.count(f"--track=wandb failed, and training goes on without it: no {fails}") == 1
    assert (tmp_path / "run" / "checkpoints" / "ckpt-4.index").exists()


def test_a_damaged_name_begins_a_new_record(train, told, tmp_path):
    run = tmp_path / "run"
    assert train(run, "--epochs=1")[0] == 0 and not told.heard  # nobody is told without --track
    (run / "tracking.json").write_text("[1")
    code, output = train(run, "--epochs=2", "--track=wandb")
    assert code == 0 and "tracking.json is damaged: wandb sees a new run" in output and told.heard[0][3] == ""


def test_a_tracker_that_is_not_installed_is_told_before_anything_is_made(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("tfgan.extras.find_spec", lambda name: None)
    assert main(["train", "--dataset=synthetic", "--track=mlflow", f"--workdir={tmp_path / 'run'}"]) == 2
    assert 'pip install "tfgan[mlflow]"' in capsys.readouterr().err and not (tmp_path / "run" / "config.json").exists()


TRAINER, MADE = SimpleNamespace(), SimpleNamespace(picture=np.zeros([8, 8, 3], np.uint8))


def tell(kind, folder):
    """What a training tells: two rows, a picture, its end, and once more after a resume."""
    names = []
    for first in (1, 3):
        callback = tracking.Tracking(kind, folder, {"loss": "bce", "long": "x" * 7000})
        callback.on_train_begin(TRAINER, first - 1)
        for step in (first, first + 1):
            callback.on_log(TRAINER, {"step": step, "epoch": step / 4, "generator_loss": 0.5 * step})
        callback.on_samples(TRAINER, first + 1, MADE)
        callback.on_train_end(TRAINER, first + 1)
        assert callback.tracker is not None  # none of it failed
        names.append(callback.tracker.name)
    assert names[0] == names[1]
    return names[0]


@pytest.mark.slow
def test_mlflow_keeps_it_in_the_folder_of_the_run(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("alembic")
    monkeypatch.undo()
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    name = tell("mlflow", tmp_path)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    found = client.get_run(name)
    assert [(point.step, point.value) for point in client.get_metric_history(name, "generator_loss")] == [
        (step, 0.5 * step) for step in (1, 2, 3, 4)
    ]
    assert found.data.params["loss"] == "bce" and found.info.status == "FINISHED" and "checkpoints" in found.data.tags
    assert len(list((tmp_path / "mlflow").rglob("*.png"))) == 2


@pytest.mark.slow
def test_wandb_is_offline_and_keeps_it_in_the_folder_of_the_run(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.undo()
    for variable in ("WANDB_MODE", "WANDB_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    name = tell("wandb", tmp_path)
    assert len(list((tmp_path / "wandb").glob(f"offline-run-*-{name}/*.wandb"))) == 2
    assert len(list((tmp_path / "wandb").rglob("*.png"))) == 2


def test_text_in_rows_is_left_out(told, tmp_path):
    callback = tracking.Tracking("wandb", tmp_path, {"batch_size": "2"})
    callback.on_train_begin(TRAINER, 0)
    callback.on_log(TRAINER, {"step": 1, "generator_loss": 0.5, "alarm": "text"})
    assert told.heard[-1] == ("row", 1, True)


def test_what_is_offline_is_said(told, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        tracking.Tracking("wandb", tmp_path, {"batch_size": "2"}).on_train_begin(TRAINER, 0)
    assert "--track=wandb: nowhere." in caplog.text
