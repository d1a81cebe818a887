"""Copies of JSON documents in which one value is another one, is missing, or has another name."""

import copy
from collections.abc import Iterator
from typing import Any


def places(values: Any, place: tuple = ()) -> Iterator[tuple]:
    """The places of all values in a document, the names and numbers that lead to each, from the outer ones to the inner ones."""
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for name, value in items:
        yield (*place, name)
        yield from places(value, (*place, name))


def changed(values: Any, place: tuple, *wrong: Any, rename: bool = False) -> Any:
    """A copy of a document with the value `wrong` at a place; without one, what stands there is taken away, or renamed."""
    document = copy.deepcopy(values)
    part = document
    for name in place[:-1]:
        part = part[name]
    old = part[place[-1]]
    if wrong:
        part[place[-1]] = wrong[0]
    else:
        del part[place[-1]]
        if rename and isinstance(part, dict):
            part[f"{place[-1]}x"] = old
    return document
