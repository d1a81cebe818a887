"""Files that are whole or not there, and what is never replaced."""

import errno
import os
import socket
from pathlib import Path

import pytest

from tfgan.errors import OutputError, UserError
from tfgan.paths import files
from tfgan.paths.files import check_file, check_place, write_atomically


def test_whole_files_are_replaced(tmp_path):
    path = tmp_path / "deep" / "file"
    write_atomically(path, "old")
    write_atomically(path, b"new\n")
    assert path.read_bytes() == b"new\n"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["deep", "file"]  # no part is left behind


@pytest.mark.parametrize("name", ["x" * 250 + ".png", "é" * 120 + ".jpg", "字" * 84])
def test_the_longest_names_can_be_written(tmp_path, name):
    write_atomically(tmp_path / name, "x")
    check_file(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_new_files_have_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def blocked(folder: Path) -> dict[str, tuple[Path, str]]:
    """What cannot be written -> its path, and the reason."""
    (folder / "file").write_text("precious")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return {
        "under a file": (folder / "file" / "new", "file is no folder"),
        "long": (folder / ("x" * 256), "File name too long"),
        "long folder": (folder / ("x" * 256) / "new", "File name too long"),
        "null": (folder / "a\0b", "embedded null"),
        "folder": (folder / "folder", "a folder"),
        "pipe": (folder / "pipe", "pipe"),
    }


@pytest.mark.parametrize("kind", ["under a file", "long", "long folder", "null", "folder", "pipe"])
def test_what_cannot_be_written_is_one_line_and_harms_nothing(tmp_path, kind):
    path, reason = blocked(tmp_path)[kind]
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError, match=reason) as error:
        write_atomically(path, "x")
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before and (tmp_path / "file").read_text() == "precious"
    with pytest.raises((OutputError, UserError)):  # before anything is written
        check_file(path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_disk_that_does_not_take_it_keeps_the_old_file(tmp_path, monkeypatch, number):
    path = tmp_path / "file"
    path.write_text("old")

    def failing(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "replace", failing)
    with pytest.raises(OutputError, match=os.strerror(number)) as error:
        write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    assert (error.value.errno, error.value.filename) == (number, str(path))
    assert ("Make room" in str(error.value)) == (number == errno.ENOSPC)


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").write_text("old")
    (tmp_path / "link").symlink_to("precious")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "precious").read_text() == "old" and not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("target", ["precious", "nowhere"])
def test_a_link_is_no_place_for_a_result(tmp_path, target):
    (tmp_path / "precious").touch()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UserError, match=f"--out=.*link is a link, to {target}: name the file itself"):
        check_file(tmp_path / "link", "--out=")


def test_a_link_to_a_folder_is_a_place_for_results(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    check_file(tmp_path / "link" / "new")
    write_atomically(tmp_path / "link" / "new", "x")
    assert (tmp_path / "disk/new").read_text() == "x" and (tmp_path / "link").is_symlink()
    (tmp_path / "gone").symlink_to("nowhere")
    with pytest.raises(OutputError, match="gone is a broken link"):
        check_place(tmp_path / "gone" / "new")


@pytest.mark.parametrize("what", ["socket", "device"])
def test_devices_and_sockets_are_never_replaced(tmp_path, what, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    path = Path("/dev/null") if what == "device" else Path("socket")
    with socket.socket(socket.AF_UNIX) as own:
        own.bind("socket")
        with pytest.raises(UserError, match="is a device, a pipe, or a socket, not a file"):
            check_file(path)
        if what == "socket":
            with pytest.raises(OutputError):
                write_atomically(path, "x")
    assert path.exists() and not path.is_file()


def test_a_folder_without_the_right_to_write_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(OutputError, match="Permission denied"):
        check_place(tmp_path / "new" / "deep")
    assert not list(tmp_path.iterdir())
