"""Handles words that settings were called by in earlier versions: they are still taken, and one line names the present word.

A field made with `setting(…, formerly="old")` had another name, and its `old_choices` are values that are spelled otherwise now. `recorded`
says the same of a field that is no setting, for what JSON files of earlier versions hold.
"""

import dataclasses
import functools
import logging
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tfgan.errors import UserError

logger = logging.getLogger(__name__)


def recorded(
    *,
    formerly: str = "",
    old_choices: Mapping[str, str] = MappingProxyType({}),
    choices: tuple = (),
    at_least: int | None = None,
    at_most: int | None = None,
) -> dict[str, Any]:
    """Metadata for a dataclass field that is no setting: the words that it had, and the limits of its values.

    Args:
        formerly: the old name of the field.
        old_choices: old words for its values, old -> present.
        choices: the values that it has; empty: any.
        at_least: the smallest value, of each if there are several; None: no limits.
        at_most: the largest value, which goes with `at_least`.
    """
    return {"formerly": formerly, "old_choices": old_choices, "choices": choices, "at_least": at_least, "at_most": at_most}


@functools.cache
def say_once(line: str):
    """Logs a line once in a process, however often it is said: commands read a setting, or a run's record, several times."""
    logger.info(line)


def old_names(*records: type) -> dict[str, str]:
    """Old name -> present name of the fields of some dataclasses; a name that a field of one of them has now is no old name."""
    fields = [field for record in records for field in dataclasses.fields(record)]
    present = {field.name for field in fields}
    return {old: field.name for field in fields if (old := field.metadata.get("formerly")) and old not in present}


def refuse_both(names: Iterable[str], old: dict[str, str]):
    """Raises `UserError` if `names`, all given in one place, hold a setting by both its present and its old name.

    Args:
        names: names of settings.
        old: old name -> present one, as from `old_names`.
    """
    names = set(names)
    for name in names & set(old):
        if old[name] in names:
            raise UserError(f"--{name} is called --{old[name]} now: give --{old[name]} alone.")


def in_present_words(values: dict[str, Any], old: dict[str, str]) -> dict[str, Any]:
    """Values by name, all given in one place, under their present names.

    Args:
        values: name, present or old -> value.
        old: old name -> present one, as from `old_names`.

    Raises:
        UserError: a setting is given by both its names.
    """
    refuse_both(values, old)
    return {old.get(name, name): value for name, value in values.items()}


def present_choice(field: dataclasses.Field, value):
    """The present spelling of a value of the setting `field`; the value itself if it has no other."""
    return field.metadata.get("old_choices", {}).get(value, value) if isinstance(value, str) else value


def record_in_present_words(values: dict[str, Any], record: type) -> dict[str, Any]:
    """The values that JSON has of a record, in the present words for its names and its values.

    Args:
        values: name, present or old -> value.
        record: dataclass of the record.

    Raises:
        UserError: a field is given by both its names.
    """
    fields = {field.name: field for field in dataclasses.fields(record)}
    named = in_present_words(values, old_names(record))
    return {name: present_choice(fields[name], value) if name in fields else value for name, value in named.items()}


def tell_old_names(names: Iterable[str], old: dict[str, str]):
    """Logs a line for each name of a setting that is an old one, with the present name."""
    for name in names:
        if name in old:
            say_once(f"--{name} is called --{old[name]} now.")


def tell_old_choice(field: dataclasses.Field, value):
    """Logs a line if a value of the setting `field` is spelled otherwise now."""
    if present_choice(field, value) != value:
        say_once(f"--{field.name}={value} is called --{field.name}={present_choice(field, value)} now.")


def tell_old_words(file: str, parts: Iterable[tuple[dict[str, Any], type]]):
    """Logs one line for all old words in a file.

    A single line, because a run of an earlier version has a word for every setting, also for those that nobody gave.

    Args:
        file: name of the file, for the line.
        parts: the values that JSON has of each record, with the dataclass of the record.
    """
    words = [f"{old} is called {present}" for values, record in parts for old, present in _old_words(values, record)]
    if words:
        say_once(f"{file}: {', '.join(words)} now.")


def _old_words(values: dict[str, Any], record: type) -> Iterator[tuple[str, str]]:
    old, fields = old_names(record), {field.name: field for field in dataclasses.fields(record)}
    for name, value in values.items():
        if name in old:
            yield f"--{name}", f"--{old[name]}"
        field = fields.get(old.get(name, name))
        if field and present_choice(field, value) != value:
            yield f"--{field.name}={value}", f"--{field.name}={present_choice(field, value)}"
