"""Folders that are whole or not there."""

import errno
import logging
import os

import pytest

from tfgan.errors import OutputError
from tfgan.paths import folders
from tfgan.paths.folders import files_in, new_folder


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def old(folder):
    (folder / "out/deep").mkdir(parents=True)
    (folder / "out/empty").mkdir()
    for name in ("a", "deep/b"):
        (folder / "out" / name).write_text("old")
    return folder / "out"


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path):
    out = old(tmp_path)
    assert files_in(out) == ["a", "deep/b", "empty/"]
    with new_folder(out, files_in(out)) as part:
        assert part.parent == tmp_path and listed(out) == ["a", "deep", "deep/b", "empty"]
        (part / "c").write_text("new")
    assert listed(tmp_path) == ["out", "out/c"]


def test_what_fails_leaves_the_old_folder_alone(tmp_path):
    out = old(tmp_path)
    with pytest.raises(RuntimeError), new_folder(out, files_in(out)) as part:
        (part / "c").write_text("new")
        raise RuntimeError
    assert listed(out) == ["a", "deep", "deep/b", "empty"] and listed(tmp_path)[0] == "out"


def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(OutputError, match="out cannot be written: No space left on device"), new_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(tmp_path.iterdir())


def test_a_rename_that_fails_puts_the_old_folder_back(tmp_path, monkeypatch):
    out, rename = old(tmp_path), os.rename

    def failing(one, other):
        if str(other) == str(out) and "c" in os.listdir(one):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(one, other)

    monkeypatch.setattr(folders.os, "rename", failing)
    with pytest.raises(OutputError, match="out cannot be written"), new_folder(out, files_in(out)) as part:
        (part / "c").touch()
    assert listed(tmp_path) == ["out", "out/a", "out/deep", "out/deep/b", "out/empty"]


def test_what_came_to_be_there_in_the_meantime_stays(tmp_path, caplog):
    out = old(tmp_path)
    with caplog.at_level(logging.WARNING, "tfgan"), new_folder(out, files_in(out)) as part:
        (out / "deep/notes").write_text("precious")
        (part / "c").touch()
    (kept,) = tmp_path.glob("kept-*")
    assert listed(kept) == ["deep", "deep/notes"] and listed(out) == ["c"] and str(kept) in caplog.text


def test_a_folder_of_the_users_that_is_called_like_a_part_stays(tmp_path):
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part/precious").touch()
    with new_folder(tmp_path / "out"):
        pass
    assert listed(tmp_path) == [".out.part", ".out.part/precious", "out"]


def test_links_are_listed_and_never_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/precious").touch()
    out = old(tmp_path)
    (out / "link").symlink_to(tmp_path / "disk")
    assert "link" in files_in(out) and not [name for name in files_in(out) if "precious" in name]
    with new_folder(out, files_in(out)):
        pass
    assert (tmp_path / "disk/precious").exists() and not list(out.iterdir())


def test_a_folder_under_a_file_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/out cannot be written"), new_folder(tmp_path / "file/out"):
        pass
