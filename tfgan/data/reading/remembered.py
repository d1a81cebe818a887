"""What was found out of files before, remembered in the user's cache for as long as the files are as they were.

A hundred thousand files take minutes to read, and every start of a training asks the same of them.
"""

import contextlib
import hashlib
import json
import logging
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import PIL

from tfgan import __version__
from tfgan.errors import OutputError
from tfgan.paths.files import write_atomically
from tfgan.paths.home import cache

logger = logging.getLogger(__name__)

FOLDER = "checked"  # inside the cache
WORTH = 5.0  # seconds: what took less is asked anew
KEPT = 64  # files of answers; those that were not used for longest go


class Remembered:
    """Answers about files, each by a name, and with a stamp by which a change of its files is seen.

    Args:
        about: what is asked, and how: answers to anything else, or found by another version, are others.
        anew: know nothing, so that all is found out again.
    """

    def __init__(self, *about: object, anew: bool = False):
        self._began = time.monotonic()
        self._path = _place(hashlib.sha256(repr((__version__, PIL.__version__, *about)).encode(errors="surrogateescape")).hexdigest()[:32])
        self._before: dict[str, list[Any]] = {} if anew else _read(self._path)
        self._now: dict[str, list[Any]] = {}

    @property
    def known(self) -> int:
        """How many of the answers that were asked for were there."""
        return sum(entry is self._before.get(name) for name, entry in self._now.items())

    def ask(self, name: str, paths: Iterable[Path]) -> tuple[str, Any]:
        """The stamp of files as they are now, to be given to `note`, and the answer that was noted of such files; None if there is none."""
        stamp = _stamp(paths)
        before = self._before.get(name)
        if not stamp or not before or before[0] != stamp:
            return stamp, None
        self._now[name] = before
        return stamp, before[1]

    def note(self, name: str, stamp: str, answer: Any):
        """Notes an answer, anything that JSON holds, found out after the stamp was taken; nothing without a stamp."""
        if stamp:
            self._now[name] = [stamp, answer]

    def keep(self):
        """Keeps the answers that were asked for or noted, unless finding them took no time; says if they cannot be kept."""
        if not self._path or not self._now:
            return
        known = self.known
        if len(self._now) == known == len(self._before):
            with contextlib.suppress(OSError):
                self._path.touch()
        elif known or time.monotonic() - self._began >= WORTH:
            try:
                write_atomically(self._path, json.dumps(self._now, separators=(",", ":")))
                _drop_oldest(self._path.parent)
            except OutputError as error:
                logger.info(f"What is known of the files now cannot be remembered, so the next start reads them again: {error}")


def _place(name: str) -> Path | None:
    try:
        return cache() / FOLDER / f"{name}.json"
    except RuntimeError:  # there is no home folder
        return None


def _read(path: Path | None) -> dict[str, list[Any]]:
    try:
        found = json.loads(path.read_bytes()) if path else {}
    except (OSError, ValueError, RecursionError):  # none yet, or a damaged one
        return {}
    fits = isinstance(found, dict) and all(isinstance(entry, list) and len(entry) == 2 for entry in found.values())
    return found if fits else {}


def _stamp(paths: Iterable[Path]) -> str:
    """A hash of the files' places, sizes and times of change, of their content and of what is known of them; "" where one is not there.

    The second time changes where a program puts the first one back.
    """
    words = []
    for path in paths:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return ""
        words.append(f"{os.path.abspath(path)}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}")
    return hashlib.sha256("\n".join(words).encode(errors="surrogateescape")).hexdigest()[:16] if words else ""


def _drop_oldest(folder: Path):
    files = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)
