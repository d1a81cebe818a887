"""Temporary names, and what killed processes leave under them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tfgan.paths import temporary
from tfgan.paths.files import write_atomically
from tfgan.paths.folders import new_folder
from tfgan.paths.processes import is_alive, place

GONE = 4_194_304  # Linux numbers no process so high
ELSEWHERE = f"{int(place(), 16) ^ 1:08x}"
KILLED = """
import os, signal, sys
from pathlib import Path
from tfgan.paths.folders import new_folder
from tfgan.paths.temporary import temporary
out = Path(sys.argv[1])
temporary(out.parent, ".keras").touch()
with new_folder(out) as part:
    (part / "deep").mkdir()
    (part / "deep" / "file").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def first_look():
    """Each folder is looked at once by a process."""
    temporary._tidy.cache_clear()


def name(where, process):
    return f".tfgan-{f'{where}-' if where else ''}{process}-{'0a' * 6}.part"


def make(folder, where, process, age=0.0):
    """A folder that is being written, with a file in it, unchanged for `age` seconds."""
    path = folder / name(where, process)
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").touch()
    then = time.time() - age
    for changed in (path / "deep" / "file", path / "deep", path):
        os.utime(changed, (then, then))
    return path


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    command = [sys.executable, "-c", KILLED, str(tmp_path / "out")]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".tfgan-*.part*"))) == 2
    (tmp_path / ".out.part").mkdir()
    with new_folder(tmp_path / "other"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"out", "other", ".out.part"} and (tmp_path / "out" / "old").exists()


@pytest.mark.parametrize(
    "where, process, age, goes",
    [
        (place(), GONE, 0, True),
        (place(), os.getpid(), 0, False),
        (ELSEWHERE, GONE, 0, False),  # which may be alive there
        (ELSEWHERE, GONE, 23 * 3600, False),
        (ELSEWHERE, GONE, 25 * 3600, True),
        ("", GONE, 0, False),  # of an earlier version, on any machine
        ("", GONE, 25 * 3600, True),
    ],
    ids=["gone", "this_process", "elsewhere", "a_day_elsewhere", "over_a_day_elsewhere", "unmarked", "unmarked_over_a_day"],
)  # by name, as workers that share the tests out must call them alike, and have other numbers
def test_only_what_nobody_writes_any_more_goes(tmp_path, where, process, age, goes):
    path = make(tmp_path, where, process, age)
    write_atomically(tmp_path / "file", "x")
    assert path.exists() != goes


def test_a_folder_that_is_still_filled_is_not_old(tmp_path):
    path = make(tmp_path, ELSEWHERE, GONE, 25 * 3600)
    os.utime(path / "deep" / "file")
    write_atomically(tmp_path / "file", "x")
    assert path.exists()


def test_a_link_is_removed_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / name(place(), GONE)).symlink_to("precious")
    write_atomically(tmp_path / "file", "x")
    assert {path.name for path in tmp_path.iterdir()} == {"precious", "file"} and (tmp_path / "precious" / "file").exists()


def test_names_tell_machine_and_process(tmp_path):
    match = temporary.NAME.fullmatch(temporary.temporary(tmp_path, ".keras").name)
    assert match["place"] == place() and int(match["process"]) == os.getpid()
    assert is_alive(os.getpid()) and not is_alive(GONE)


def test_a_kill_as_a_new_folder_takes_the_place_of_an_old_one_costs_neither(tmp_path, monkeypatch):
    """The earlier one has no temporary name, by which the next process would remove it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").touch()
    rename, renamed = os.rename, []

    def killed(one, other):
        if renamed:
            raise KeyboardInterrupt
        renamed.append(other)
        rename(one, other)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt), new_folder(out, ["old"]) as part:
        (part / "new").touch()
        patched.setattr("tfgan.paths.folders.os.rename", killed)
    temporary._tidy.cache_clear()
    write_atomically(tmp_path / "file", "x")
    (kept,) = tmp_path.glob("kept-*")
    assert (kept / "old").exists() and not list(tmp_path.glob(".tfgan-*"))
