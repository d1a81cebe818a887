"""The rows of a run's logs: what stands in a line of metrics.jsonl, and of alarms.jsonl."""

import math
from typing import Any, NamedTuple

Row = dict[str, float]
"""Scalars of one logged step by name, with `step`; not always finite."""


class Alarm(NamedTuple):
    """A line of alarms.jsonl."""

    step: float
    epoch: float
    alarm: str  # its name
    message: str
    flag: str  # to try


def metrics_row(values: Any) -> Row:
    """A line of metrics.jsonl, from JSON. Raises `ValueError` for anything but numbers by name, with a step."""
    if not isinstance(values, dict) or not all(is_number(value) for value in values.values()):
        raise ValueError("no row of numbers")
    if not (math.isfinite(values.get("step", math.nan)) and values["step"] >= 0):
        raise ValueError("no step")
    return values


def alarm_row(values: Any) -> Alarm:
    """A line of alarms.jsonl, from JSON. Raises `ValueError` for anything else."""
    if not isinstance(values, dict):
        raise ValueError("no alarm")
    row = metrics_row({name: values.get(name) for name in ("step", "epoch")})
    texts = [values.get(name) for name in ("alarm", "message", "flag")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("no texts")
    return Alarm(row["step"], row["epoch"], *map(str, texts))


def is_number(value: Any) -> bool:
    """Whether a value of JSON is a number that a float can hold, finite or not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
