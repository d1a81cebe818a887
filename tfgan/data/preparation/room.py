"""The memory that prepared images may take: as many stay in it as fit, and only the others are decoded again in each epoch."""

import contextlib
import math
import os
import threading
from pathlib import Path

MEMORY_SHARE = 0.5  # of the free memory that cached images may take
PROC, SYS = Path("/proc"), Path("/sys/fs/cgroup")
CONTROL_GROUPS = {  # controllers in /proc/self/cgroup -> folder, files of the limit and of what is taken, entry of what could be given back
    "": ("", "memory.max", "memory.current", "inactive_file"),  # version 2
    "memory": ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # version 1
}


class Room:
    """Bytes that the images of all streams of a data set may take together."""

    def __init__(self, size: float):
        self.size, self._left, self._lock = size, size, threading.Lock()

    def take(self, amount: int) -> bool:
        """Takes so many bytes; False if they are not there any more."""
        with self._lock:
            if amount > self._left:
                return False
            self._left -= amount
            return True

    @classmethod
    def of(cls, cache: str, free: int | None) -> "Room":
        """The room of a setting `cache`: always, never, or auto, for a share of the free memory, none where that is not known."""
        return cls({"always": math.inf, "auto": MEMORY_SHARE * (free or 0)}.get(cache, 0.0))

    def words(self, needed: int) -> str:
        """Where images stay that take `needed` bytes together."""
        if self.size > needed:
            return "kept in memory"
        if self.size < 0.01 * needed:
            return "decoded again for each step"
        return f"{self.size / needed:.0%} of them kept in memory, the others decoded again for each step"


def free_memory() -> int | None:
    """The memory, in bytes, that can be taken without swapping, and that the process's container or batch job may still take.

    On macOS it is half of the machine's memory. None where no system tells it.
    """
    meminfo = PROC / "meminfo"
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return min([int(line.split()[1]) * 1024, *_left_to_groups()])
    if not hasattr(os, "sysconf"):  # Windows
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2  # macOS tells only the total


def _left_to_groups() -> list[int]:
    """The bytes that each of the process's control groups with a limit may still take: a container, a Slurm job, a user's session.

    A container may see itself as the root of all, or only its place on a host whose files it does not see; then the root's count.
    """
    found = []
    with contextlib.suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            if controllers not in CONTROL_GROUPS:
                continue
            top, limit, taken, idle = CONTROL_GROUPS[controllers]
            folders = [SYS / top / place.strip("/"), *(SYS / top / place.strip("/")).parents]
            for folder in folders[: folders.index(SYS / top) + 1]:
                with contextlib.suppress(OSError, ValueError):  # ValueError: "max", no limit
                    left = int((folder / limit).read_text()) - int((folder / taken).read_text())
                    found.append(max(0, left + _entry(folder / "memory.stat", idle)))
    return found


def _entry(file: Path, name: str) -> int:
    return next((int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[0] == name), 0)
