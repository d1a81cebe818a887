"""The one finder of files, for every verb alike: links to folders are followed once, loops are cut, and nothing is opened."""

import fnmatch
import glob
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfgan.config.words import say_once
from tfgan.errors import UserError
from tfgan.terminal import waiting

Problem = Callable[[OSError], None]


def _pass_over(error: OSError):
    """What becomes of a folder that cannot be read, where nobody asks: it is as if it were empty."""


def walk(folder: Path, problem: Problem = _pass_over, depth: int | None = None) -> Iterator[Path]:
    """Yields all that is in a folder and in those inside it and is no folder, by its path, whatever it is: a file, a pipe, a broken link.

    What takes long is told. Hidden folders are passed over. So are links to a folder that has been visited, and links to a folder that they
    lie in, which would never end; both are said once in a process.

    Args:
        problem: called for a folder that cannot be read.
        depth: levels that are looked at: 1 is the folder alone; None: all.

    Raises:
        UserError: the folder is the whole file system, which would take hours, and is named by mistake.
    """
    if depth is None and os.path.realpath(folder) == "/":
        raise UserError(f"{folder} is the whole file system: name the folder that holds the images.")
    yield from waiting(_walk(folder, problem, depth), None, f"Looking through {folder}, files")


def _walk(folder: Path, problem: Problem, depth: int | None) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    links: list[tuple[str, int]] = []
    pending = [(os.fspath(folder), 1)]
    while pending or links:
        linked = not pending
        place, level = pending.pop() if pending else links.pop(0)
        if linked and leads_back(place):
            continue
        if not _first_visit(place, seen):
            if linked:
                say_once(f"{place} is skipped: it is a link to a folder that is read already.")
            continue
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            problem(error)
            continue
        for entry in entries:
            if not _is_folder(entry):
                yield Path(entry.path)
            elif not entry.name.startswith(".") and (depth is None or level < depth):
                (links if entry.is_symlink() else pending).append((entry.path, level + 1))


def subfolders(folder: Path) -> list[Path]:
    """The folders directly in a folder, by their names; hidden ones, and links that lead back, are passed over as by `walk`.

    Raises:
        OSError: the folder cannot be read.
    """
    found = sorted((entry for entry in os.scandir(folder) if _is_folder(entry)), key=lambda entry: entry.name)
    return [Path(entry.path) for entry in found if entry.name[0] != "." and not (entry.is_symlink() and leads_back(entry.path))]


def leads_back(link: str) -> bool:
    """Whether a link leads to a folder that it lies in itself, be it by the links on the way to it; which is said once in a process."""
    target, way = os.path.realpath(link), Path(os.path.abspath(link)).parent
    if not Path(os.path.realpath(way)).is_relative_to(target) and target not in map(os.path.realpath, (way, *way.parents)):
        return False
    say_once(f"{link} is skipped: it is a link to a folder that contains it.")
    return True


def named(source: str) -> Iterable[Path]:
    """All that lies in the folder `source`, or that a glob pattern stands for, in which ** is any number of folders.

    Folders are walked through as by `walk`, and hidden files are passed over.
    """
    root = root_of(source)
    found = walk(root) if Path(source).is_dir() else matching(source, root)
    return (path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def root_of(source: str) -> Path:
    """The folder `source`, or the part of a glob pattern that has no wildcards, or has them in the name of a folder that is there."""
    path, root = Path(source), Path()
    if path.is_dir():
        return path
    for part in path.parts[:-1]:
        if glob.has_magic(part) and not (root / part).is_dir():
            break
        root = root / part
    return root


def matching(pattern: str, root: Path) -> Iterator[Path]:
    """Yields what `walk` finds in `root` and a glob pattern below it stands for, in which ** is any number of folders."""
    parts = Path(pattern).relative_to(root).parts
    yield from (path for path in walk(root, depth=None if "**" in parts else len(parts)) if _matches(path.relative_to(root).parts, parts))


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
