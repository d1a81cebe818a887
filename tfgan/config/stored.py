"""Reads back what the program wrote as JSON: whatever stands there by now, a caller gets values, or one error in words.

A file of a run may be cut short, or be that of a stranger: a pipe, whose reading never ends, gigabytes of brackets, a key that is there
twice. All of it is refused before it takes memory.
"""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from tfgan.errors import UserError, first_line
from tfgan.paths.special import special

MOST_BYTES = 256 << 20  # of a file that is read as a whole: an evaluation of a hundred thousand images takes tens of megabytes
MOST_OF_LOG = 2 << 30  # bytes of a log: several million rows
LONGEST_LINE = 1 << 20  # bytes, of a log
DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What code may raise that takes values from JSON which may be anything."""

Parsed = TypeVar("Parsed")


class Damaged(UserError):
    """Raised for a file whose content cannot be used; `problem` says why, without the name of the file."""

    def __init__(self, path: Path, problem: str, cure: str = ""):
        self.path, self.problem = path, problem
        super().__init__(f"{path} is damaged: {problem}.{f' {cure}' if cure else ''}")


class Unreadable(UserError):
    """Raised for a file that is there and cannot be read, which tells nothing of what it holds.

    Attributes:
        refused: whether this process may not read it; otherwise the disk, or a network, did not give it just now.
    """

    def __init__(self, path: Path, error: OSError):
        self.refused = error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP)
        super().__init__(f"{path} cannot be read: {error.strerror or error}.")


class Lines(NamedTuple, Generic[Parsed]):
    """What a log holds.

    Attributes:
        records: of its lines, in order.
        texts: these lines as they stand there.
        bad: how many other lines hold no record.
        cut: whether the last line ends before its end, as where a kill met a write; it is not among the bad ones.
    """

    records: list[Parsed]
    texts: list[str]
    bad: int
    cut: bool


@contextlib.contextmanager
def _opened(path: Path, most: int):
    """The file, open to be read; raises `FileNotFoundError`, `Damaged` or `Unreadable`, also for what is raised while it is read."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            kind = os.fstat(file.fileno())
            if not stat.S_ISREG(kind.st_mode):
                raise Damaged(path, f"it is {special(path) or 'no file'}")
            if kind.st_size > most:
                raise Damaged(path, f"it has {kind.st_size / 1e6:,.0f} MB, more than the {most / 1e6:,.0f} that are read")
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
    except IsADirectoryError:
        raise Damaged(path, "it is a folder") from None
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise Damaged(path, f"it is {special(path) or 'no file'}") from None
        raise Unreadable(path, error) from None


def _at_once(path, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for somebody who writes into it


def _content(path: Path) -> bytes:
    with _opened(path, MOST_BYTES) as file:
        return file.read(MOST_BYTES)


def read_json(path: Path, *, finite: bool = True) -> Any:
    """What a JSON file holds.

    Args:
        finite: refuse NaN and Infinity, which Python writes and JSON does not know.

    Raises:
        FileNotFoundError: there is no such file.
        Damaged: it is no file, or no JSON in UTF-8 in which each name of an object stands once.
        Unreadable: it cannot be read.
    """
    try:
        return parse(_content(path).decode("utf-8-sig"), finite=finite)
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


def read_lines(path: Path, record: Callable[[Any], Parsed]) -> Lines[Parsed]:
    """The records in a log, a line of JSON each; lines that hold none are passed over and counted.

    Args:
        path: the file; without one there are no records.
        record: makes a record of what a line holds, which may be anything, or raises one of `DAMAGE`.

    Raises:
        Damaged: it is no file.
        Unreadable: it cannot be read.
    """
    texts, records, bad, cut = [], [], 0, False
    for line in _lines(path):
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError("a line of a log is never that long")
            text = line.decode("utf-8")
            records.append(record(parse(text, finite=False)))
            texts.append(text)
        except DAMAGE:
            cut = not line.endswith(b"\n") and len(line) <= LONGEST_LINE  # the last one
            bad += not cut
    return Lines(records, texts, bad, cut)


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; of one that is longer than `LONGEST_LINE` only the beginning."""
    try:
        with _opened(path, MOST_OF_LOG) as file:
            while line := file.readline(LONGEST_LINE + 1):
                yield line
                while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE + 1)
    except FileNotFoundError:
        return
