"""What is seen of a run before its first epoch is over, and how it is stopped: none of it changes what is learned."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from run_state import tensors

from tfgan.cli import main as entry
from tfgan.cli.main import main
from tfgan.runs.training import pictures
from tfgan.training import logs
from tfgan.training.callbacks import Callback
from tfgan.training.kept import find_checkpoint, holds_checkpoints
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

FLAGS = ["--epochs=2", "--deterministic"]


def names(run) -> list[str]:
    return sorted(path.name for path in (run / "samples").glob("*.png"))


def rows(run) -> list[dict]:
    """The rows of the log, without times."""
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in found]


def assert_equal_runs(found, expected, step):
    ours, theirs = (tensors(run / "checkpoints" / f"ckpt-{step}") for run in (found, expected))
    assert ours.keys() == theirs.keys() and len(ours) > 20
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert rows(found) == rows(expected)


@pytest.fixture(scope="module")
def unbroken(tiny, tmp_path_factory):
    """A run of two epochs without early pictures."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pictures.Samples, "on_steps_begin", Callback.on_steps_begin)
        assert main(["train", *tiny, f"--workdir={folder}", *FLAGS]) == 0
    assert names(folder) == ["epoch_0001.png", "epoch_0002.png"]
    return folder


def test_early_pictures_change_nothing(train, unbroken, tmp_path, monkeypatch):
    """Of step 0, and of a step that depends on the clock, here the first; a run without them has the same weights and the same log."""
    monkeypatch.setattr(pictures, "SECOND_PICTURE", 0.0)
    assert train(tmp_path, *FLAGS)[0] == 0
    assert names(tmp_path) == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png", "step_00000001.png"]
    assert_equal_runs(tmp_path, unbroken, 8)


def test_a_run_that_goes_on_has_no_early_pictures_and_forgets_what_was_postponed_in_a_step_that_was_never_saved(
    train, tmp_path, monkeypatch
):
    assert train(tmp_path, "--epochs=1")[0] == 0
    (tmp_path / "postponed.json").write_text(json.dumps({"step": 3, "row": {"gan_loss": 7.0}}))
    monkeypatch.setattr(pictures, "SECOND_PICTURE", 0.0)
    assert train(tmp_path, "--epochs=2")[0] == 0
    assert names(tmp_path) == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png"]
    assert [row["step"] for row in rows(tmp_path)] == list(range(1, 9)) and not (tmp_path / "postponed.json").exists()


def signaled(monkeypatch, step: int, number: signal.Signals):
    """Sends this process a signal in a step."""
    run = TrainStep.run

    def send(self, iterator, count):
        if int(self.step.numpy()) == step - 1:
            os.kill(os.getpid(), number)
        return run(self, iterator, count)

    monkeypatch.setattr(TrainStep, "run", send)


@pytest.mark.parametrize("step", [3, 4])  # inside of an epoch, and at the end of one, where a picture is due
def test_ctrl_c_is_called_so_and_leaves_pictures_to_the_resumed_run(train, unbroken, tmp_path, monkeypatch, step):
    with monkeypatch.context() as patched:
        signaled(patched, step, signal.SIGINT)
        code, output = train(tmp_path, *FLAGS)
    assert code == 130
    assert f"Ctrl-C: saving step {step} …\nStopped by Ctrl-C; saved step {step}. The same command goes on from there.\n" in output
    assert output.partition("goes on from there.\n")[2].startswith("Pictures are in ") and names(tmp_path) == ["epoch_0000.png"]
    assert train(tmp_path, *FLAGS)[0] == 0
    assert_equal_runs(tmp_path, unbroken, 8)
    assert names(tmp_path) == ["epoch_0000.png", *names(unbroken)]
    for name in names(unbroken):
        assert (tmp_path / "samples" / name).read_bytes() == (unbroken / "samples" / name).read_bytes()
    assert not (tmp_path / "postponed.json").exists()


def test_sigterm_has_its_name(train, tmp_path, monkeypatch):
    signaled(monkeypatch, 2, signal.SIGTERM)
    code, output = train(tmp_path, "--epochs=1")
    assert code == 128 + signal.SIGTERM and "Stopped by SIGTERM; saved step 2." in output
    assert "Pictures are in " in output and "  tfgan report " in output  # what can be done with an unfinished run


def test_first_losses_are_shown_before_the_first_row_is_due(train, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "FIRST_LOSSES", 0.0)
    code, output = train(tmp_path, "--epochs=1", "--log_every=0", "--steps_per_execution=1")
    lines = [line for line in output.splitlines() if line.startswith("step ")]
    assert code == 0 and len(lines) == 2 and lines[0].startswith("step 1/4") and lines[1].startswith("step 4/4")
    assert "generator_loss" in lines[0] and [row["step"] for row in rows(tmp_path)] == [4]


def test_start_shows_what_differs_and_the_end_offers_all_that_a_run_is_for(train, tmp_path):
    code, output = train(tmp_path, "--epochs=1", "--noflip")
    assert code == 0 and f"\ntraining: workdir={tmp_path}  " in output and "  flip=false" in output
    assert "learning_rate" not in output and "domains=" not in output and "*" not in output.partition("Images:")[0]
    assert "Next:\n" in output
    for verb in (f"translate {tmp_path} IMAGES OUTPUT", f"evaluate {tmp_path}", f"report {tmp_path}", f"export {tmp_path}"):
        assert f"\n  tfgan {verb}\n" in output


def test_a_command_that_used_tensorflow_ends_at_once(monkeypatch, capsys):
    """Python's own end, which takes TensorFlow down for seconds, is left out; what was printed is written before."""
    ended = []
    monkeypatch.setattr(entry.logging, "shutdown", lambda: ended.append("logs"))  # of this process go on
    monkeypatch.setattr(entry.os, "_exit", lambda code: ended.append(code))
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert "tensorflow" in sys.modules
    with pytest.raises(SystemExit):  # as the process goes on here
        entry.command(["trian"])
    assert ended == ["logs", 2]
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(SystemExit, match="2"):  # a worker takes leave of the others
        entry.command(["trian"])
    assert ended == ["logs", 2]
    assert "`tfgan trian` is unknown" in capsys.readouterr().err


def test_a_run_that_was_moved_has_its_checkpoints(tmp_path):
    """They are found by their names, as the record may hold the paths of another place."""
    moved = shutil.copytree(Path(__file__).parents[1] / "kept_run" / "run", tmp_path / "moved")
    record = moved / "checkpoints" / "checkpoint"
    record.write_text(record.read_text().replace('"ckpt', f'"{tmp_path}/run/checkpoints/ckpt'))
    assert holds_checkpoints(moved) and find_checkpoint(moved / "checkpoints", "last")[0].path == str(moved / "checkpoints" / "ckpt-4")
    assert str(tmp_path / "run") in record.read_text() and not holds_checkpoints(tmp_path)
