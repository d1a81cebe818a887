"""The checkpoints of a run are never lost and never wrongly trusted: by a saver of two numbers, without training."""

import hashlib
import json
import os
import shutil
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf
from tiny_saver import DAMAGES, contents, cut, flip, make_folder, make_run, of_step, resumed, saver, train

from tfgan.errors import Diverged, TrainingFailed, UserError
from tfgan.paths.processes import place
from tfgan.training import kept
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.kept import find_checkpoint, holds_checkpoints, kept_checkpoints, resume_point
from tfgan.training.restoring import find_damage

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


FILES = [".index", ".data-00000-of-00001"]
STATES = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "other": lambda path: path.write_text(
        'model_checkpoint_path: "/elsewhere/ckpt-99"\nall_model_checkpoint_paths: "/elsewhere/ckpt-99"\n'
    ),
    "older": lambda path: path.write_text('model_checkpoint_path: "ckpt-4"\nall_model_checkpoint_paths: "ckpt-4"\n'),
    "folder": make_folder,
}
by_state = pytest.mark.parametrize("state", STATES)
by_damage = pytest.mark.parametrize("damage", DAMAGES)
by_file = pytest.mark.parametrize("file", FILES)


@by_state
def test_tensorflows_record_does_not_matter(run, state):
    before = of_step(run, "*")
    STATES[state](run / "checkpoints" / "checkpoint")
    assert resumed(run) == (8, 8.0) and of_step(run, "*") == before
    checkpointer = saver(run)
    checkpointer.restore()
    train(checkpointer, 12)
    assert {one.step for one in kept_checkpoints(run / "checkpoints")} == {8, 12}  # which the run knows as its own
    assert tf.train.latest_checkpoint(str(run / "checkpoints")).endswith("ckpt-12")


def test_a_moved_run_goes_on(run, tmp_path):
    assert resumed(shutil.move(run, tmp_path / "elsewhere")) == (8, 8.0)


@by_file
@by_damage
@pytest.mark.parametrize("sums", [True, False], ids=["sums", "earlier version"])
def test_a_run_goes_back_to_the_newest_whole_checkpoint(run, damage, file, sums, caplog):
    if not sums:
        (run / "checkpoints" / "manifest.json").unlink()
    DAMAGES[damage](run / "checkpoints" / f"ckpt-8{file}")
    left = of_step(run, 8)
    assert resumed(run) == (4, 4.0)
    aside = run / "checkpoints" / "damaged" / "ckpt-8"
    assert {path.name: path.read_bytes() for path in aside.glob("ckpt-8.*") if path.is_file()} == left
    assert (aside / "metrics.jsonl").read_text() == (run / "metrics.jsonl").read_text()
    (line,) = (record.message for record in caplog.records)
    assert f"{run}/checkpoints/ckpt-8 is damaged (" in line and "goes back to ckpt-4" in line and str(aside) in line
    caplog.clear()
    checkpointer = saver(run)
    assert checkpointer.restore() == 4 and not caplog.records  # which is said once
    train(checkpointer, 8)
    assert resumed(run) == (8, 8.0)


def test_a_second_damage_does_not_replace_the_first(run):
    for _ in range(2):
        flip(run / "checkpoints" / "ckpt-8.index")
        checkpointer = saver(run)
        assert checkpointer.restore() == 4
        train(checkpointer, 8)
    assert {path.name for path in (run / "checkpoints" / "damaged").iterdir()} == {"ckpt-8", "ckpt-8-2"}


@by_damage
def test_a_run_never_starts_over(run, damage):
    for step in (4, 8):
        DAMAGES[damage](run / "checkpoints" / f"ckpt-{step}.index")
    before = contents(run)
    with pytest.raises(UserError, match=r"(?s)none is whole.*ckpt-8: ckpt-8.index .*ckpt-4: .*Nothing was changed.*another --workdir"):
        saver(run).restore()
    assert contents(run) == before and holds_checkpoints(run)


def test_checkpoints_that_are_gone_are_missed(run):
    for path in (run / "checkpoints").glob("ckpt-*"):
        path.unlink()
    with pytest.raises(UserError, match=r"(?s)ckpt-8: its files are missing"):
        resume_point(run / "checkpoints")


def test_a_first_save_that_was_killed_is_no_checkpoint(tmp_path):
    checkpointer = saver(tmp_path)
    checkpointer.restore()
    train(checkpointer, 4)
    record = json.loads((tmp_path / "checkpoints" / "manifest.json").read_text())
    checkpointer._manifest.entries = dict.fromkeys(record["checkpoints"])
    checkpointer._manifest.write(tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / "ckpt-4.index").unlink()
    assert resumed(tmp_path) == (0, 0.0)
    assert (tmp_path / "checkpoints" / "damaged" / "ckpt-4" / "ckpt-4.data-00000-of-00001").exists()


def test_a_save_that_was_killed_before_its_sums_were_noted_counts_if_it_is_whole(run):
    checkpointer = saver(run)
    checkpointer.restore()
    checkpointer._manifest.entries["ckpt-8"] = None
    checkpointer._manifest.write(run / "checkpoints")
    assert not kept_checkpoints(run / "checkpoints")[0].sums
    assert resumed(run) == (8, 8.0) and kept_checkpoints(run / "checkpoints")[0].sums


def test_copies_inside_are_left_alone(run):
    folder = run / "checkpoints"
    for path in list(folder.glob("ckpt-4.*")):
        shutil.copy(path, folder / path.name.replace("-4", "-3"))
        shutil.copy(path, folder / path.name.replace("-4", "-60-backup"))
    shutil.copytree(folder / "best", folder / "ckpt-5")
    (folder / "ckpt-6_temp").mkdir()
    (folder / "ckpt-6_temp" / "notes.txt").write_text("mine")
    (folder / "best" / "best-1.index").write_text("mine")
    (folder / "ckpt-4.index.bak").write_text("mine")
    before = contents(folder)
    checkpointer = saver(run, keep=1)
    assert checkpointer.restore() == 8
    train(checkpointer, 12, 16)
    own = {"manifest.json", "checkpoint", "best.json", *(f"ckpt-{step}{file}" for step in (4, 8) for file in FILES)}
    own |= {f"best/best-8{file}" for file in FILES}
    assert {name: data for name, data in contents(folder).items() if name in before.keys() - own} == {
        name: data for name, data in before.items() if name not in own
    }
    assert {one.step for one in kept_checkpoints(folder)} == {3, 16}


def test_a_file_in_the_way_of_a_new_checkpoint_is_kept(run):
    checkpointer = saver(run)
    checkpointer.restore()
    (run / "checkpoints" / "ckpt-12.index").write_text("mine")
    train(checkpointer, 12)
    assert (run / "checkpoints" / "damaged" / "ckpt-12" / "ckpt-12.index").read_text() == "mine" and resumed(run) == (12, 12.0)


def test_a_newer_copy_that_was_put_back_counts_and_is_never_retired(run):
    folder = run / "checkpoints"
    backup = of_step(run, 8)
    checkpointer = saver(run, keep=1)
    checkpointer.restore()
    train(checkpointer, 12)
    for path in folder.glob("ckpt-12.*"):
        path.unlink()
    for name, data in backup.items():
        (folder / name).write_bytes(data)
    checkpointer = saver(run, keep=1)
    assert checkpointer.restore() == 8
    train(checkpointer, 12, 16)
    assert of_step(run, 8) == backup | {} and {one.step for one in kept_checkpoints(folder)} == {8, 16}


def test_what_killed_saves_left_is_removed(run):
    gone, here = 4_194_304, os.getpid()  # Linux numbers no process so high
    temporary, folder = run / "checkpoints" / "ckpt-12_temp", run / "checkpoints"
    temporary.mkdir()
    for name in ("part-00000-of-00001.index", "part-00000-of-00001.data-00000-of-00001.tempstate1795"):
        (temporary / name).write_text("")
    day = [run / f".config.json.{gone}.part", folder / f".tfgan-{gone}-0123456789ab.part"]  # of earlier versions, which name no machine
    old = [folder / f".tfgan-{place()}-{gone}-0123456789ab.part", folder / f"checkpoint.tmp{'0a' * 16}", *day]
    stay = [
        run / f".config.json.{gone}0.part",
        run / ".film.part",
        folder / "ckpt-9.part",
        run / f".tfgan-{place()}-{here}-{'0a' * 6}.part",
    ]
    for path in [*old, *stay]:
        path.write_text("")
    for path in day:
        os.utime(path, (0, 0))
    assert resumed(run) == (8, 8.0)
    assert not temporary.exists() and not any(path.exists() for path in old) and all(path.exists() for path in stay)


def test_sums_are_computed_once_as_long_as_the_file_stays(run, monkeypatch):
    """Before TensorFlow starts and as the run is restored; of a file that was changed in between, also with its old time stamp, anew."""
    read, path, digest = [], run / "checkpoints" / "ckpt-8.index", hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: (read.append(Path(file.name).name), digest(file, name))[1])
    monkeypatch.chdir(run)
    assert resume_point(Path("checkpoints"))[0].step == 8 and resumed(run) == (8, 8.0)
    assert sorted(read) == sorted(set(read)) and path.name in read
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert resume_point(run / "checkpoints")[0].step == 4
    copy = run / "copy"
    copy.write_bytes(path.read_bytes())
    flip(copy)
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(copy, path)
    assert resume_point(run / "checkpoints")[0].step == 8


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink, make_folder, lambda path: path.write_text('{"checkpoints": {"a": 1}}')])
def test_a_damaged_manifest_condemns_nothing(run, damage):
    damage(run / "checkpoints" / "manifest.json")
    before = of_step(run, "*")
    assert resumed(run) == (8, 8.0) and of_step(run, "*") == before
    assert kept_checkpoints(run / "checkpoints")[0].sums  # noted anew


def test_the_manifest_of_a_stranger_names_no_other_files(run):
    manifest = saver(run)._manifest
    manifest.entries = {"ckpt-8": {"../../../secret": kept.Manifest.read(run / "checkpoints").entries["ckpt-8"]["ckpt-8.index"]}}
    manifest.write(run / "checkpoints")
    assert kept.Manifest.read(run / "checkpoints").damage and resumed(run) == (8, 8.0)


@by_file
@by_damage
def test_readers_take_the_newest_whole_one_and_change_nothing(run, damage, file):
    DAMAGES[damage](run / "checkpoints" / f"ckpt-8{file}")
    before = contents(run)
    found, passed = find_checkpoint(run / "checkpoints", "last", find_damage)
    assert found.name == "ckpt-4" and [one.name for one, _ in passed] == ["ckpt-8"]
    with pytest.raises(UserError, match=r"ckpt-8 is damaged: ckpt-8.* There are: 4, last, best\."):
        find_checkpoint(run / "checkpoints", "8", find_damage)
    assert contents(run) == before


def test_workers_of_a_cluster_read_alone(run):
    flip(run / "checkpoints" / "ckpt-8.index")
    before = contents(run)
    worker = saver(run, chief=False)
    assert worker.restore() == 4
    train(worker, 8)
    assert contents(run) == before


def test_a_file_that_cannot_be_read_is_not_called_damaged(run, monkeypatch):
    opened = Path.open

    def refuse(path, *arguments, **named):
        if path.name == "ckpt-8.index":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    before = contents(run)
    with monkeypatch.context() as patched, pytest.raises(UserError, match=r"ckpt-8.index cannot be read: Permission denied"):
        patched.setattr(Path, "open", refuse)
        saver(run).restore()
    assert contents(run) == before


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(UserError, match="is a file, where a run keeps its checkpoints"):
        holds_checkpoints(tmp_path)


def test_a_checkpoint_of_other_networks_is_not_called_damaged(run):
    checkpointer = saver(run)
    checkpointer._checkpoint = tf.train.Checkpoint(other=tf.Variable([1.0, 2.0]))
    before = contents(run)
    with pytest.raises(UserError, match="ckpt-8 is whole, but not of the run's networks"):
        checkpointer.restore()
    assert contents(run) == before


@pytest.mark.parametrize("keeps_best, free, fits", [(False, 1300, True), (True, 1300, False), (True, 2500, True)])
def test_space_for_the_best_checkpoint_counts(tmp_path, monkeypatch, keeps_best, free, fits):
    """A checkpoint of 1,200 bytes; the best weights have 500, of which two stand for a moment."""
    checkpointer = saver(tmp_path, keep=1, keeps_best=keeps_best)
    checkpointer.restore()
    checkpointer.size, checkpointer.best_size = 1200, 500
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free, 0, free))
    if fits:
        checkpointer.check_space(1)
    else:
        with pytest.raises(TrainingFailed, match="GB free, and 1 checkpoint.* and 2 of the best weights"):
            checkpointer.check_space(1)


def test_a_disk_that_fills_up_costs_no_checkpoint(run, monkeypatch):
    checkpointer = saver(run)
    checkpointer.restore()
    before = contents(run)

    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfgan.training.manifest.write_atomically", full)
    with pytest.raises(TrainingFailed, match=r"step 12 could not be written.*No space(?s:.*)ckpt-8; the same command"):
        train(checkpointer, 12)
    assert contents(run) == before


def test_a_loss_that_is_not_finite_is_told_apart_from_other_failures():
    step = SimpleNamespace(first_bad_step=tf.constant(2), first_bad_loss=tf.constant(1), names=["gan_loss", "l1_loss"])
    with pytest.raises(Diverged, match="l1_loss was not finite in step 3. Try"):
        Checkpointer.check_finite(SimpleNamespace(train_step=step, _cure=lambda: "Try"))
