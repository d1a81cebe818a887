"""Makes records of settings from what is given by name: texts of flag files and values of a Python program."""

import dataclasses
import typing
from collections.abc import Collection
from typing import Any

from tfgan.config.setting import Settings, read_setting
from tfgan.config.unused import say_unused
from tfgan.config.words import in_present_words, old_names, tell_old_names
from tfgan.errors import UserError, did_you_mean


def make_records(
    texts: list[dict[str, str]], values: dict[str, Any], kinds: list[type[Settings]], later: Collection[type[Settings]] = ()
) -> list:
    """An instance of each class in `kinds`, from settings that are given by name; those that are not given keep their defaults.

    Args:
        texts: name -> text of the value, one dictionary for each flag file; later ones beat earlier ones.
        values: name -> value, from a Python program; these beat all texts.
        kinds: classes of settings, whose instances are returned in this order; what is given and does nothing is said.
        later: those of `kinds` of which the caller says that, as it knows more of them.

    Raises:
        UserError: an unknown name, a present and an old name of one setting in one place, or a value that the setting does not take; a
            text that cannot be read as the setting's type.
    """
    hints = {name: hint for kind in kinds for name, hint in typing.get_type_hints(kind).items()}
    old = old_names(*kinds)
    for name in (name for place in (*texts, values) for name in place):
        if name not in hints and name not in old:
            raise UserError(f"{name} is not a setting here.{did_you_mean(name, hints)}")
        tell_old_names([name], old)
    merged: dict[str, Any] = {}
    for place in texts:
        merged |= {name: read_setting(name, hints[name], text) for name, text in in_present_words(place, old).items()}
    merged |= in_present_words(values, old)
    records = [kind(**{field.name: merged[field.name] for field in dataclasses.fields(kind) if field.name in merged}) for kind in kinds]
    for record in records:
        if type(record) not in later:
            say_unused(record)
    return records
