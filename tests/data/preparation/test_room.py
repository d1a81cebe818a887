"""The memory that images may take: as much as is free, also in containers and batch jobs, whose limits are written out here."""

import math

import pytest

from tfgan.data.preparation import room
from tfgan.data.preparation.room import Room, free_memory


def test_room_is_taken_until_there_is_none():
    found = Room(100)
    assert [found.take(amount) for amount in (60, 50, 40, 1)] == [True, False, True, False]
    assert Room(math.inf).take(2**60) and not Room(0).take(1)


@pytest.mark.parametrize(
    "cache, free, size", [("always", None, math.inf), ("never", 100, 0), ("auto", None, 0), ("auto", 100, 50), ("always", 1, math.inf)]
)
def test_room_of_a_setting(cache, free, size):
    assert Room.of(cache, free).size == size


def test_words():
    found = [Room(size).words(1000) for size in (0, 9, 10, 500, 1000, 1001, math.inf)]
    again = "decoded again for each step"
    shares = [f"{share} of them kept in memory, the others {again}" for share in ("1%", "50%", "100%")]
    assert found == [again, again, *shares, "kept in memory", "kept in memory"]


MEGABYTE = 2**20


def machine(tmp_path, monkeypatch, groups, **folders):
    """The MB that are free of 1,000, where folders of control groups have a limit, what is taken, and what of it could be given back."""
    monkeypatch.setattr(room, "PROC", tmp_path / "proc")
    monkeypatch.setattr(room, "SYS", tmp_path / "sys")
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:  {1000 * 1024} kB\n")
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    for place, (limit, taken, idle) in folders.items():
        first = place.startswith("memory")
        folder = tmp_path / "sys" / place.replace("__", "/").strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if first else ("memory.max", "memory.current")
        for name, value in zip(names, (limit, taken)):
            (folder / name).write_text(value if isinstance(value, str) else f"{value * MEGABYTE}\n")
        entry = "total_inactive_file" if first else "inactive_file"
        (folder / "memory.stat").write_text(f"anon 5\n{entry} {idle * MEGABYTE}\nlast 1\n")
    return free_memory() / MEGABYTE


def test_the_machines_memory_counts_without_groups(tmp_path, monkeypatch):
    assert machine(tmp_path, monkeypatch, "12:cpu:/\n0::/\n") == 1000


def test_a_container_that_sees_itself_as_the_root(tmp_path, monkeypatch):
    assert machine(tmp_path, monkeypatch, "0::/\n", __=(500, 200, 50)) == 350


def test_a_job_below_a_job_without_a_limit_of_its_own(tmp_path, monkeypatch):
    groups = {"slurm__job_7": (300, 250, 0), "slurm__job_7__step": ("max\n", 100, 0), "slurm": ("max\n", 900, 0)}
    assert machine(tmp_path, monkeypatch, "0::/slurm/job_7/step\n", **groups) == 50


def test_groups_of_the_first_version(tmp_path, monkeypatch):
    """With the host's place of the container, which it does not see."""
    assert machine(tmp_path, monkeypatch, "9:cpu:/docker/1\n4:memory:/docker/1\n0::/\n", memory=(400, 100, 20)) == 320


def test_no_limit_and_more_than_the_limit(tmp_path, monkeypatch):
    assert machine(tmp_path, monkeypatch, "4:memory:/a\n", memory__a=(2**43, 100, 0)) == 1000


def test_a_group_that_is_full(tmp_path, monkeypatch):
    assert machine(tmp_path, monkeypatch, "0::/\n", __=(500, 600, 0)) == 0
