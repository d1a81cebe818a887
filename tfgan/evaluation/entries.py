"""The entries of RUN/evaluation.json as they are read back: what each must hold, whoever wrote it.

Apart from `tfgan.evaluation.results`, as the report reads them too, and needs no TensorFlow.
"""

import dataclasses
from pathlib import Path
from typing import Any

from tfgan.config import Strings, from_dict
from tfgan.config.stored import Damaged, read_json
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class Figure:
    """A value, its interval, and what real images score; any of them may be missing in what others wrote."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    real: float | None = None


@dataclasses.dataclass(frozen=True)
class Shown:
    """One image with its scores, and the files that show it."""

    name: str
    scores: dict[str, float]
    images: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One evaluation, as `tfgan.evaluation.results.make_result` describes it."""

    metrics: dict[str, Figure]
    stamp: dict[str, Any]
    name: str = ""
    step: float | None = None
    made: str = ""
    warnings: Strings = ()
    cases: tuple[Shown, ...] = ()


def read_entries(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The entries of an evaluation.json, oldest first, and how many others are damaged; none if there is no such file.

    Raises:
        Damaged: it holds no entries at all.
        Unreadable: it cannot be read.
    """
    try:
        values = read_json(path, finite=False)
    except FileNotFoundError:
        return [], 0
    if not isinstance(values, dict) or not isinstance(values.get("results"), list):
        raise Damaged(path, "a JSON object with results is expected")
    whole = [values for values in values["results"] if _is_whole(values)]
    return whole, len(values["results"]) - len(whole)


def _is_whole(values: Any) -> bool:
    try:
        from_dict(Entry, values)
    except UserError:
        return False
    return True
