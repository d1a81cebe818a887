"""Walks through folders, for every verb alike: links are followed, each folder is visited once, and nothing is opened."""

import fnmatch
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from tfgan.config.words import say_once

logger = logging.getLogger(__name__)

Problem = Callable[[OSError], None]


def _pass_over(error: OSError):
    """What becomes of a folder that cannot be read, where nobody asks: it is as if it were empty."""


def walk(folder: Path, problem: Problem = _pass_over) -> Iterator[Path]:
    """Yields all that is in a folder and in those inside it and is no folder, by its path, whatever it is: a file, a pipe, a broken link.

    Hidden folders are passed over. A link to a folder that has been visited is passed over too, which is said once in a process: one that
    leads back to where it lies would never end.

    Args:
        problem: called for a folder that cannot be read.
    """
    seen: set[tuple[int, int]] = set()
    links: list[str] = []
    pending = [os.fspath(folder)]
    while pending or links:
        linked = not pending
        place = pending.pop() if pending else links.pop(0)
        if not _first_visit(place, seen):
            if linked:
                say_once(f"{place} is passed over: it is a link to a folder that is looked at already.")
            continue
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            problem(error)
            continue
        for entry in entries:
            if not _is_folder(entry):
                yield Path(entry.path)
            elif not entry.name.startswith("."):
                (links if entry.is_symlink() else pending).append(entry.path)


def matching(pattern: str, root: Path) -> Iterator[Path]:
    """Yields what `walk` finds in `root` and a glob pattern below it stands for, in which ** is any number of folders."""
    parts = Path(pattern).relative_to(root).parts
    yield from (path for path in walk(root) if _matches(path.relative_to(root).parts, parts))


def _matches(names: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        return _matches(names, patterns[1:]) or bool(names) and _matches(names[1:], patterns)
    return bool(names) and fnmatch.fnmatchcase(names[0], patterns[0]) and _matches(names[1:], patterns[1:])


def _first_visit(place: str, seen: set[tuple[int, int]]) -> bool:
    try:
        found = os.stat(place)
    except OSError:  # it is gone; reading it tells
        return True
    known = (found.st_dev, found.st_ino) in seen
    seen.add((found.st_dev, found.st_ino))
    return not known


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False
