"""The way of a record back from JSON: types, ranges and choices of each value, as the fields of the record state them.

The dataclasses are the schema. A value that does not fit is named by its place, as in `data.label_names`.
"""

import dataclasses
import difflib
import json
import os
import types
import typing
from collections.abc import Iterable
from typing import Any

from tfgan.config.setting import LONGEST, SHOWN, Settings, Size, as_text, is_operational, unchecked, unfit
from tfgan.config.words import record_in_present_words
from tfgan.errors import UserError

MOST_WHOLE = 2**53  # beyond which a float, and many a program that reads JSON, does not tell whole numbers apart
MOST_ENTRIES = 100_000  # of a list or a table: classes, attributes, splits

WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number", Size: "height and width, two whole numbers"}


def from_dict(cls, values: Any, place: str = "", *, whole: bool = False):
    """The dataclass `cls` from what `dataclasses.asdict` and JSON made of it; fields that are absent keep their default.

    Old words of fields and values mean the present ones; names of no field are passed over. A subclass of `Settings` is made without its
    checks of settings that contradict each other, so that what an earlier version took can still be read, and absent fields of it have
    their `old_default`.

    Args:
        values: what JSON holds, which may be anything.
        place: where the record stands, for messages.
        whole: whether the values are of the present version: only operational settings may be absent, and settings may not contradict
            each other.

    Raises:
        UserError: a value of another type, outside its range or not among its choices, or a record that contradicts itself; the message
            names its place.
    """
    if not isinstance(values, dict):
        raise UserError(f"{place or 'it'} must be an object, not {shown(values)}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    known = {name: value for name, value in record_in_present_words(values, cls).items() if name in fields}
    prefix = f"{place}." if place else ""
    needed = [name for name, field in fields.items() if _needed(field, whole and issubclass(cls, Settings))]
    if absent := [name for name in needed if name not in known]:
        raise UserError(f"{prefix}{absent[0]} is missing")
    known = {name: _checked(fields[name], hints[name], value, f"{prefix}{name}", cls, whole) for name, value in known.items()}
    if not issubclass(cls, Settings):
        return _consistent(cls(**known), prefix)
    record = unchecked(cls, {name: field.metadata["old_default"] for name, field in fields.items()} | known)
    if whole:
        _uncontradicted(record, place)
    return record


def unknown_names(cls, values: dict[str, Any]) -> list[str]:
    """The names in what JSON has of a record that no field of it has, now or formerly."""
    fields = {field.name for field in dataclasses.fields(cls)}
    return [name for name in record_in_present_words(values, cls) if name not in fields]


def _needed(field: dataclasses.Field, whole: bool) -> bool:
    if whole:
        return not is_operational(field)
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _checked(field: dataclasses.Field, hint, value, place: str, cls, whole: bool):
    """The value of a field, from JSON; raises `UserError` if it does not fit."""
    if hint is str and issubclass(cls, Settings) and isinstance(value, int | float) and not isinstance(value, bool):
        value = as_text(value)  # a setting that was a number in earlier versions
    made = _from_json(hint, value, place, whole)
    problem = unfit(field, made) if issubclass(cls, Settings) else _beyond(field, made)
    if problem:
        raise UserError(f"{place} {problem}, not {shown(value)}")
    return os.path.expanduser(made) if field.metadata.get("path") and isinstance(made, str) else made


def _beyond(field: dataclasses.Field, value) -> str:
    """What is wrong with a value, or one of several, that is no setting, as the end of a sentence; "" if nothing is."""
    choices, least, most = (field.metadata.get(name) for name in ("choices", "at_least", "at_most"))
    if choices and value not in choices:
        return f"must be one of {', '.join(choices)}"
    if least is not None and not all(least <= part <= most for part in (value if isinstance(value, tuple) else (value,))):
        return f"must be from {least} to {most}"
    return ""


def _from_json(hint, value, place: str, whole: bool):
    if hint is Any:
        return value
    if isinstance(hint, types.UnionType):  # a record or None
        return None if value is None else _from_json(typing.get_args(hint)[0], value, place, whole)
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value, place, whole=whole)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint == Size:
        if isinstance(value, list) and len(value) == 2 and all(type(side) is int and 0 <= side <= MOST_WHOLE for side in value):
            return tuple(value)
        raise UserError(f"{place} must be {WORDS[Size]}, not {shown(value)}")
    if origin in (tuple, dict):
        return _many(origin, arguments, value, place, whole)
    fits = {str: _is_text, bool: lambda it: isinstance(it, bool), int: _is_whole, float: _is_number}[hint]
    if not fits(value):
        raise UserError(f"{place} must be {WORDS[hint]}, not {shown(value)}")
    return float(value) if hint is float else value


def _many(origin, arguments, value, place: str, whole: bool):
    """A tuple of a list, or a dictionary, with each of its values checked."""
    if not isinstance(value, list if origin is tuple else dict):
        raise UserError(f"{place} must be {'a list' if origin is tuple else 'an object'}, not {shown(value)}")
    if len(value) > MOST_ENTRIES:
        raise UserError(f"{place} must have {MOST_ENTRIES:,} entries at most, not {len(value):,}")
    if isinstance(value, list):
        return tuple(_from_json(arguments[0], item, f"{place}[{index}]", whole) for index, item in enumerate(value))
    for key in value:
        if not _is_text(key):
            raise UserError(f"{place} has a name that is no text: {shown(key)}")
    return {key: _from_json(arguments[1], item, f"{place}.{key}", whole) for key, item in value.items()}


def _is_text(value) -> bool:
    """Whether a value is a text that can be a path or stand on a terminal; a file's name that is not UTF-8 stands in surrogates."""
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        return False
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_whole(value) -> bool:
    return type(value) is int and abs(value) <= MOST_WHOLE


def _is_number(value) -> bool:
    return _is_whole(value) or isinstance(value, float)


def shown(value) -> str:
    """A wrong value as a message has it, cut where it is long."""
    if isinstance(value, dict) or (isinstance(value, list) and (len(value) > 4 or any(isinstance(item, dict | list) for item in value))):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value):,}"
    if any(isinstance(item, int) and abs(item) > 10**SHOWN for item in (value if isinstance(value, list) else [value])):
        return "a number of so many digits"
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _consistent(record, prefix: str):
    """The record; raises `UserError` if it has a method `contradiction` that finds one."""
    if hasattr(record, "contradiction") and (problem := record.contradiction()):
        raise UserError(f"{prefix}{problem}")
    return record


def _uncontradicted(record: Settings, place: str):
    """Raises `UserError` if settings contradict each other, as where they are given to a new run."""
    try:
        dataclasses.replace(record)
    except UserError as error:
        raise UserError(f"{place} holds settings that contradict each other: {str(error).rstrip('.')}") from None


def nearest(name: str, known: Iterable[str]) -> str:
    """` (NAME?)` for the known name that an unknown one may have been; "" if none is near."""
    close = difflib.get_close_matches(name, list(known), 1, 0.75)
    return f" ({close[0]}?)" if close else ""
