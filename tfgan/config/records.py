"""Records of settings from what is given by name: texts of flag files and values of a Python program."""

import dataclasses
import typing
from typing import Any

from tfgan.config.setting import Settings, from_text
from tfgan.config.words import in_present_words, old_names, tell_old_names
from tfgan.errors import UserError, did_you_mean


def make_records(texts: list[dict[str, str]], values: dict[str, Any], kinds: list[type[Settings]]) -> list:
    """An instance of each kind of settings, from texts of flag files, of which the later ones beat the earlier, and `values` beat all.

    Raises:
        UserError: an unknown name, or a present and an old name of one setting in one place.
    """
    hints = {name: hint for kind in kinds for name, hint in typing.get_type_hints(kind).items()}
    old = old_names(*kinds)
    for name in (name for place in (*texts, values) for name in place):
        if name not in hints and name not in old:
            raise UserError(f"{name} is no setting here.{did_you_mean(name, hints)}")
        tell_old_names([name], old)
    merged: dict[str, Any] = {}
    for place in texts:
        merged |= {name: from_text(hints[name], text) for name, text in in_present_words(place, old).items()}
    merged |= in_present_words(values, old)
    return [kind(**{field.name: merged[field.name] for field in dataclasses.fields(kind) if field.name in merged}) for kind in kinds]
