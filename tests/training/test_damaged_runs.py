"""Runs of which files are damaged, through the real command line: they go on exactly, or are refused in a line with nothing changed."""

import shutil

import numpy as np
import pytest
from run_state import rows, tensors

import tfgan
from benchmarks import damages
from tfgan.cli.main import main

pytestmark = pytest.mark.usefixtures("eagerly")

FLAGS = ["--deterministic", "--epochs=2"]


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    """A run of checkpoints 4 and 8."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert main(["train", *tiny, f"--workdir={folder}", *FLAGS]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def flip(run, step):
    path = run / "checkpoints" / f"ckpt-{step}.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def test_a_run_goes_back_and_ends_as_it_did(train, run, trained):
    flip(run, 8)
    code, output = train(run, *FLAGS)
    assert code == 0 and "goes back to ckpt-4" in output and "from step 4" in output, output
    ours, theirs = (tensors(folder / "checkpoints" / "ckpt-8") for folder in (run, trained))
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert rows(run) == rows(trained)


@pytest.mark.parametrize("steps", [(8,), (4, 8)], ids=["the newest", "all"])
def test_other_settings_are_refused_before_anything_is_written(train, run, steps):
    for step in steps:
        flip(run, step)
    before = damages.contents(run)
    code, output = train(run, "--deterministic", "--epochs=3", "--ngf=8", "--log_every=2")
    assert code == 2 and ("ngf: 4 -> 8" if steps == (8,) else "none is whole") in output, output
    assert damages.contents(run) == before


def test_a_run_without_a_whole_checkpoint_is_left_as_it_is(train, run):
    for step in (4, 8):
        flip(run, step)
    before = damages.contents(run)
    code, output = train(run, *FLAGS)
    assert code == 2 and "none is whole" in output and "ckpt-4" in output and "another --workdir" in output
    assert damages.contents(run) == before


def test_a_run_of_which_the_records_are_gone_is_left_as_it_is(train, run):
    (run / "config.json").unlink()
    before = damages.contents(run)
    code, output = train(run, *FLAGS)
    assert code == 2 and "config.json" in output.partition("error: ")[2] and damages.contents(run) == before


def test_a_folder_in_the_way_of_an_input_is_seen_before_the_record_is_written(train, run):
    place = run / "samples" / "inputs" / "source_0.png"
    place.unlink()
    place.mkdir()
    before = damages.contents(run)
    code, output = train(run, "--deterministic", "--epochs=3")
    assert code == 2 and f"{place} cannot be written" in output and damages.contents(run) == before, (code, output)


def test_readers_say_which_checkpoint_they_took(run, capsys):
    """The report reads no weights; all others open a run as `tfgan.load` does."""
    flip(run, 8)
    before = damages.contents(run)
    source = str(run / "samples" / "inputs" / "source_0.png")
    capsys.readouterr()
    assert tfgan.load(run).step == 4
    assert main(["translate", str(run), source, str(run.parent / "out.png")]) == 0
    output = capsys.readouterr().out
    assert output.count("ckpt-4, the newest whole one, is used") == 2
    assert main(["translate", str(run), source, str(run.parent / "other.png"), "--checkpoint=8"]) == 2
    error = capsys.readouterr().err
    assert "ckpt-8 is damaged: ckpt-8.data-00000-of-00001 holds other bytes than were written. There are: 4, last." in error
    assert damages.contents(run) == before


def test_weights_of_a_damaged_run_start_a_new_one(train, run, tmp_path):
    flip(run, 8)
    code, output = train(tmp_path / "new", f"--init_from={run}", "--steps=1")
    assert code == 0 and "ckpt-4, the newest whole one, is used" in output and "--init_from: generator: 29 of 29" in output


def test_the_campaign_of_damages_tells_right_from_wrong(run, monkeypatch):
    """On one file, with a trainer that loses a checkpoint, one that is refused, one that fails, and the real one's result."""
    runs = damages.Runs(run, shutil.copytree(run, run.parent / "trained"), {})
    copy = shutil.copytree(run, run.parent / "copy")

    def outcome(code, output="", spoil=lambda: None):
        monkeypatch.setattr(damages, "train", lambda *_: (spoil(), (code, output))[1])
        return damages.try_train(runs, copy, "config.json")[0]

    assert outcome(0) == damages.RIGHT
    assert outcome(2, "error: no") == damages.REFUSED
    assert outcome(70, "Traceback") == damages.TRACEBACK
    assert outcome(2, "error: no", (copy / "alarms.jsonl").touch) == damages.REFUSED
    assert outcome(2, "error: no", lambda: (copy / "new").touch()) == damages.LOSS
    assert outcome(0, "", (copy / "checkpoints" / "ckpt-8.index").unlink) == damages.LOSS
    cases = [damages.Case("a", "empty", "train", damages.RIGHT), damages.Case("a", "empty", "train", damages.LOSS)]
    assert "| a | 1 | 0 | 0 | 1 |" in damages.table(cases)


@pytest.mark.slow
def test_a_damaged_checkpoint_is_right_or_refused(tmp_path, monkeypatch):
    """A few of the cases of `python -m benchmarks.damages`."""
    monkeypatch.setattr(damages, "DAMAGES", {name: damages.DAMAGES[name] for name in ("one bit", "a folder")})
    cases = damages.try_file(damages.make_runs(tmp_path), "checkpoints/ckpt-4.index", tmp_path)
    assert [(case.verb, case.outcome) for case in cases if case.damage == "one bit"] == [
        ("train", damages.RIGHT),
        ("translate --checkpoint=last", damages.RIGHT),
        ("translate --checkpoint=best", damages.RIGHT),
    ]
    assert {case.outcome for case in cases} == {damages.RIGHT}
