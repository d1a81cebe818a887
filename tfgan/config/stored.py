"""Reads back what the program wrote as JSON: whatever stands there by now, a caller gets values, or one error in words.

A file of a run may be cut short, or be that of a stranger: a pipe, whose reading never ends, gigabytes of brackets, a key that is there
twice. All of it is refused before it takes memory.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tfgan.errors import UserError, first_line

MOST_BYTES = 256 << 20  # of a file that is read as a whole: an evaluation of a hundred thousand images takes tens of megabytes
LONGEST_LINE = 1 << 20  # bytes, of a log
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What code may raise that takes values from JSON which may be anything."""

Parsed = TypeVar("Parsed")


class Damaged(UserError):
    """Raised for a file whose content cannot be used; `problem` says why, without the name of the file."""

    def __init__(self, path: Path, problem: str, cure: str = ""):
        self.path, self.problem = path, problem
        super().__init__(f"{path} is damaged: {problem}.{f' {cure}' if cure else ''}")


class Lines(NamedTuple):
    """The records of a log, and how many of its lines hold none; `cut` if a kill cut the last one short, which does not count as one."""

    records: list
    bad: int = 0
    total: int = 0
    cut: bool = False


def content(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file that the program wrote.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is a folder, a pipe or a device, has more than `most` bytes, or cannot be read.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            kind = os.fstat(file.fileno())
            if not stat.S_ISREG(kind.st_mode):
                raise Damaged(path, "it is no regular file")
            if kind.st_size > most:
                raise Damaged(path, f"it has {kind.st_size / 1e6:,.0f} MB, more than the {most / 1e6:,.0f} that are read")
            return file.read(most)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
    except OSError as error:
        raise Damaged(path, "it is a folder" if path.is_dir() else f"it cannot be read ({error.strerror or error})") from None


def _at_once(path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for somebody who writes into it


def read_json(path: Path, *, finite: bool = True) -> Any:
    """What a JSON file holds.

    Args:
        finite: refuse NaN and Infinity, which Python writes and JSON does not know.

    Raises:
        FileNotFoundError: there is no such file.
        Damaged: it cannot be read, or is no JSON in UTF-8, in which each name of an object stands once.
    """
    try:
        return parse(content(path).decode("utf-8-sig"), finite=finite)
    except UnicodeDecodeError:
        raise Damaged(path, "it is no text in UTF-8") from None
    except RecursionError:
        raise Damaged(path, "its brackets are nested too deeply") from None
    except Damaged:
        raise
    except ValueError as error:
        problem = first_line(error)
        raise Damaged(path, "it has a number of too many digits" if "digits" in problem else problem) from None


def parse(text: str, *, finite: bool = True) -> Any:
    """What a JSON text holds.

    Raises:
        ValueError: it is no JSON, has a name twice in one object, or, if `finite`, NaN or Infinity.
        RecursionError: its brackets are nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_each_once, parse_constant=_refuse if finite else None)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands there twice")
    return found


def _refuse(constant: str):
    raise ValueError(f"{constant} is no number in JSON")


def read_lines(path: Path, record: Callable[[Any], Parsed]) -> Lines:
    """The records in a log, a line of JSON each; lines that hold none are passed over and counted.

    Args:
        path: the file; without one there are no records.
        record: makes a record of what a line holds, which may be anything, or raises one of `DAMAGE`.

    Raises:
        Damaged: it is no file, or cannot be read.
    """
    records, bad, total, cut = [], 0, 0, False
    for line in _lines(path):
        total += 1
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError("a line of a log is never that long")
            records.append(record(parse(line.decode("utf-8"), finite=False)))
        except DAMAGE:
            cut = not line.endswith(b"\n") and len(line) <= LONGEST_LINE
            bad += not cut
    return Lines(records, bad, total, cut)


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; of one that is longer than `LONGEST_LINE` only the beginning."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Damaged(path, "it is no regular file")
            while line := file.readline(LONGEST_LINE + 1):
                yield line
                while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise Damaged(path, "it is a folder" if path.is_dir() else f"it cannot be read ({error.strerror or error})") from None


def set_aside(path: Path) -> Path:
    """Renames a damaged file or folder, so that a whole one can take its place and nothing of it is lost.

    Returns:
        Its new path: metrics.damaged-1.jsonl for metrics.jsonl, with the first number that is free.

    Raises:
        OSError: it cannot be renamed.
    """
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")):
        number += 1
    os.rename(path, aside)
    return aside
