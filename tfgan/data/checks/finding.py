"""Defines a finding, which is what a check of a data set says."""

import dataclasses
from collections.abc import Iterable

from tfgan.config import Strings

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
"""How grave a finding is, the gravest first: training would fail; it would learn something else than was meant; good to know."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing to know of a data set before training."""

    severity: str  # one of SEVERITIES
    name: str  # of this kind of finding, such as unreadable_files
    problem: str  # what was found
    cure: str = ""  # what to do about it
    files: Strings = ()  # where: all of them, perhaps with a reason behind a colon


def plural(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is 1: "1 pair", "2,000 pairs"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def found_in(severity: str, name: str, problem: str, cure: str, files: Iterable[str], noun: str = "image") -> list[Finding]:
    """One finding about files, or none if there are no files.

    Args:
        severity: one of `SEVERITIES`.
        name: name of this kind of finding.
        problem: what was found; {count} in it becomes the number of files with `noun`: "3 images".
        cure: what to do about it.
        files: the files, perhaps with a reason behind a colon.
        noun: what a file is, in the singular.
    """
    files = tuple(files)
    return [Finding(severity, name, problem.format(count=plural(len(files), noun)), cure, files)] if files else []
