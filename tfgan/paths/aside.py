"""Puts what is in the way under another name, by which nothing of it is lost."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path


def free_name(path: Path, suffix: str = "") -> Path:
    """The path with `suffix` at its end, or, where that is taken, with -2 before it, or the first higher number that is free."""
    names = itertools.chain([path.name], (f"{path.name}-{number}" for number in itertools.count(2)))
    return next(free for name in names if not os.path.lexists(free := path.with_name(name + suffix)))


def damaged_name(path: Path) -> Path:
    """The name under which a damaged file is kept: metrics.damaged.jsonl for metrics.jsonl, or metrics.damaged-2.jsonl and so on."""
    return free_name(path.with_name(f"{path.stem}.damaged"), path.suffix)


def set_aside(path: Path) -> Path:
    """Renames a damaged file or folder, so that a whole one can take its place; returns its new path.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = damaged_name(path)
    os.rename(path, aside)
    return aside


def gather(paths: Iterable[Path], folder: Path) -> Path:
    """Moves files that belong together into a new folder, `folder` or the next name that is free; returns the folder.

    Raises:
        OSError: they cannot be moved.
    """
    folder.parent.mkdir(exist_ok=True)
    aside = free_name(folder)
    aside.mkdir()
    for path in paths:
        path.rename(aside / path.name)
    return aside
