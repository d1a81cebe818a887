"""Names of what is being written, which tell whose it is; what a killed process left under such a name is removed."""

import contextlib
import functools
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from tfgan.paths.processes import is_alive, place

NAME = re.compile(r"\.tfgan-(?:(?P<place>[0-9a-f]{8})-)?(?P<process>\d+)-[0-9a-f]{12}\.part(\.\w+)?")
"""The names that `temporary` gives, and those of earlier versions, which do not tell the machine."""

FORGOTTEN = 24 * 3600.0
"""Seconds without a change after which something is left over whoever wrote it: to write a file takes moments, an export minutes."""


def temporary(folder: Path, suffix: str = "") -> Path:
    """A name in `folder` for what is being written, which nobody else uses: short, whatever its own name is; machine and process are in it.

    Before the first one in a folder, this process removes there what killed processes left.

    Args:
        suffix: end of the name, where a library knows the format by it.
    """
    _tidy(os.path.abspath(folder))
    return folder / f".tfgan-{place()}-{os.getpid()}-{secrets.token_hex(6)}.part{suffix}"


@functools.lru_cache(1024)
def _tidy(folder: str):
    with contextlib.suppress(OSError):  # whoever writes there is told what cannot be done
        remove_leftovers(Path(folder))


def remove_leftovers(folder: Path):
    """Removes the temporary files and folders in `folder` whose process is gone. Of another machine's nothing is known but their age.

    Raises:
        OSError: the folder cannot be read, or not be written.
    """
    for entry in list(os.scandir(folder)):
        if (match := NAME.fullmatch(entry.name)) and is_left_over(Path(entry.path), match["place"], int(match["process"])):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                Path(entry.path).unlink(missing_ok=True)


def is_left_over(path: Path, where: str | None, process: int) -> bool:
    """Whether what is written under a temporary name will never be finished.

    Args:
        where: the `place` of the process that made it; None: not known.
    """
    if where == place() and not is_alive(process):
        return True
    with contextlib.suppress(OSError):
        return time.time() - max(_changed(path)) > FORGOTTEN
    return False


def _changed(path: Path) -> Iterator[float]:
    """When a file, or a folder and all that is in it, was changed, in seconds."""
    yield path.lstat().st_mtime
    for inner, folders, files in os.walk(path):
        yield from (os.lstat(os.path.join(inner, name)).st_mtime for name in (*folders, *files))
