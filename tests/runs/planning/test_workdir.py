"""A run is made in a new or an empty folder, or goes on in its own: whatever else is in a folder stays, byte for byte."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

import tfgan
from tfgan.cli.main import main
from tfgan.errors import UserError
from tfgan.runs.planning import workdir
from tfgan.runs.planning.workdir import judge_workdir

KEPT = Path(__file__).parents[2] / "kept_run" / "run"


def write(path, text="mine"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 16)).save(path)


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def folder_of_photos(folder):
    picture(folder / "day.png")
    picture(folder / "samples" / "epoch_0001.png")


def project(folder):
    for name in ("README.md", "checkpoints/ckpt-1.index", "metrics.jsonl", ".git/config"):
        write(folder / name)


def node_project(folder):
    write(folder / "config.json", '{"name": "app", "scripts": {"data": "x"}}')


def hugging_face_model(folder):
    write(folder / "config.json", json.dumps({"architectures": ["Bert"], "hidden_size": 768}))
    write(folder / "checkpoints" / "checkpoint", "x")


def list_as_record(folder):
    write(folder / "config.json", '["method", "data", "training", "hparams", "spec"]')


def no_json(folder):
    write(folder / "config.json", "name = app")


def nested_too_deep(folder):
    write(folder / "config.json", "[" * 100_000)


def not_text(folder):
    folder.mkdir()
    (folder / "config.json").write_bytes(b"\xff\xfe\x00{}")


def record_as_folder(folder):
    write(folder / "config.json" / "inside")


def one_empty_file(folder):
    write(folder / "notes", "")


def file_deep_down(folder):
    write(folder / "a" / "b" / "c.txt")


def lock_of_another_program(folder):
    write(folder / "lock", "apt")


def run_with_a_lock_of_another_program(folder):
    shutil.copytree(KEPT, folder)
    write(folder / "lock", '{"pid": 7}')


def record_is_gone(folder):
    shutil.copytree(KEPT, folder)
    (folder / "config.json").unlink()


REFUSED = [
    (folder_of_photos, "holds other things (day.png, samples) and is not a run"),
    (project, "has checkpoints, but no config.json"),
    (node_project, "config.json is not a run's: another program made it"),
    (hugging_face_model, "config.json is not a run's"),
    (list_as_record, "config.json is not a run's"),
    (no_json, "config.json is damaged, or of another program"),
    (nested_too_deep, "config.json is damaged, or of another program"),
    (not_text, "config.json is damaged, or of another program"),
    (record_as_folder, "holds other things (config.json)"),
    (one_empty_file, "holds other things (notes)"),
    (file_deep_down, "holds other things (a)"),
    (lock_of_another_program, "holds other things (lock)"),
    (record_is_gone, "has checkpoints, but no config.json"),
    (run_with_a_lock_of_another_program, "lock is not a lock file of tfgan"),
]


@pytest.mark.parametrize("make, said", REFUSED, ids=[make.__name__ for make, _ in REFUSED])
def test_folders_of_other_things_are_refused_and_stay(make, said, tmp_path, capsys):
    folder = tmp_path / "mine"
    make(folder)
    before = contents(folder)
    assert main(["train", "--dataset=synthetic", f"--workdir={folder}"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.err.count("\n") == 1, captured
    with pytest.raises(UserError):
        tfgan.train("pix2pix", dataset="synthetic", workdir=str(folder))
    assert contents(folder) == before


def test_the_folder_that_is_proposed_is_taken(tmp_path):
    folder_of_photos(tmp_path / "mine")
    write(tmp_path / "mine" / "run" / "taken")
    with pytest.raises(UserError) as error:
        judge_workdir(str(tmp_path / "mine"))
    proposed = str(error.value).partition("such as --workdir=")[2].removesuffix(".")
    assert proposed == str(tmp_path / "mine" / "run-2")
    judge_workdir(proposed)


def nothing(folder):
    pass


def empty(folder):
    folder.mkdir()


def what_systems_leave(folder):
    for name in (".DS_Store", "Thumbs.db", ".gitignore", ".git/config", "lost+found/x"):
        write(folder / name)


def empty_folders(folder):
    (folder / "a" / "b").mkdir(parents=True)


def what_a_kill_leaves_at_once(folder):
    write(folder / ".config.json.77.part", "{")
    write(folder / "lock", "")


def link_to_an_empty_folder(folder):
    folder.with_name("there").mkdir()
    folder.symlink_to("there")


def run(folder):
    shutil.copytree(KEPT, folder)


def link_to_a_run(folder):
    folder.symlink_to(KEPT)


def run_with_backups(folder):
    shutil.copytree(KEPT, folder)
    for name in ("config.json.bak", "backup/a.png", "checkpoints/ckpt-30-backup.index", "notes.txt"):
        write(folder / name)


def run_without_checkpoint(folder):
    shutil.copytree(KEPT, folder)
    shutil.rmtree(folder / "checkpoints")


TAKEN = [
    *(nothing, empty, what_systems_leave, empty_folders, what_a_kill_leaves_at_once, link_to_an_empty_folder),
    *(run, link_to_a_run, run_with_backups, run_without_checkpoint),
]


@pytest.mark.parametrize("make", TAKEN, ids=lambda make: make.__name__)
def test_new_folders_empty_ones_and_runs_are_taken(make, tmp_path):
    folder = tmp_path / "mine"
    make(folder)
    judge_workdir(str(folder))


def test_the_home_folder_is_refused_even_if_it_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UserError, match=r"is the home folder.*--workdir=\S*/run\."):
        judge_workdir(str(tmp_path))
    judge_workdir(str(tmp_path / "run"))


def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "run").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match="is a broken link"):
        judge_workdir(str(tmp_path / "run"))


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(workdir.os, "scandir", denied)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        judge_workdir(str(tmp_path))


@pytest.mark.parametrize(
    "layout, place, refused",
    [
        (["a.png"], "", True),
        (["a.png"], "runs/x", True),
        (["day/a.png", "night/b.png"], "runs/x", True),
        (["train/a.png", "val/b.png"], "train/run", True),
        (["train/a.png", "val/b.png"], "runs/x", False),
        (["trainA/a.png", "trainB/b.png"], "run", False),
        (["trainA/a.png", "trainB/b.png"], "trainB/run", True),
        (["a.png"], "../data_run", False),
    ],
)
def test_a_new_run_does_not_lie_among_its_images(layout, place, refused, tmp_path):
    data = tmp_path / "data"
    for name in layout:
        picture(data / name)
    (tmp_path / "link").symlink_to("data")
    for folder in (data / place, tmp_path / "link" / place):
        for data_dir in (data, tmp_path / "link", tmp_path / "x" / ".." / "data"):
            if not refused:
                judge_workdir(str(folder), [str(data_dir)])
                continue
            with pytest.raises(UserError, match="would become images of the data set") as error:
                judge_workdir(str(folder), ["", str(data_dir)])
            judge_workdir(str(error.value).partition("such as --workdir=")[2].removesuffix("."), [str(data_dir)])


def test_the_data_folder_is_refused_by_the_command_line(tmp_path, capsys, monkeypatch):
    picture(tmp_path / "data" / "day" / "a.png")
    monkeypatch.chdir(tmp_path / "data")
    before = contents(tmp_path)
    for words in (["train", "--data_dir=.", "--method=dcgan"], ["train", "--data_dir=.", "--method=dcgan", "--workdir=."]):
        assert main(words) == 2
        assert "would become images of the data set" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_run_that_was_made_among_its_images_goes_on(tmp_path):
    run(tmp_path / "data" / "run")
    judge_workdir(str(tmp_path / "data" / "run"), [str(tmp_path / "data")])


def test_what_the_user_put_into_a_run_stays(train, tmp_path):
    """Also in a run that died before its first checkpoint, and through a link."""
    folder = tmp_path / "run"
    (tmp_path / "link").symlink_to("run")
    assert train(folder, "--steps=1")[0] == 0
    shutil.rmtree(folder / "checkpoints")
    backups = ["notes.txt", "backup/ckpt-1.index", "samples/mine.png", "config.json.bak"]
    for name in backups:
        write(folder / name, name)
    code, output = train(tmp_path / "link", "--steps=2")
    assert code == 0, output
    assert all((folder / name).read_text() == name for name in backups)
    assert os.readlink(tmp_path / "link") == "run" and not (folder / "lock").exists()


def test_a_folder_made_for_a_run_that_cannot_be_goes_again(tmp_path):
    folder = tmp_path / "a" / "b"
    assert main(["train", f"--data_dir={tmp_path / 'nowhere'}", f"--workdir={folder}"]) == 2
    assert not folder.parent.exists()
