"""Defines what a setting is: a field of a frozen dataclass, a flag of the command line, and a keyword of the Python API."""

import csv
import dataclasses
import io
import math
import numbers
import os
import shlex
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from tfgan.config.unused import Unused, refuse_unused
from tfgan.config.words import present_choice, tell_old_choice
from tfgan.errors import UserError
from tfgan.paths.home import with_home

Size = tuple[int, int]
"""Height and width in pixels."""

Strings = tuple[str, ...]

MOST = {int: 2**31 - 1, float: 1e30}
"""The largest value of a whole number, and of another one, where a setting does not say: what int32 and the sums of float32 hold."""

MOST_SIDE = 2**14  # pixels of a `Size`
MOST_NAMES = 10_000  # of `Strings`
LONGEST = 4096  # characters of a text, as of a path
WIDE = 100  # between both limits, from which a message names only the one that is passed
SHOWN = 80  # characters of a wrong value that a message shows


def setting(
    default,
    help: str,
    *,
    choices: Strings = (),
    at_least=None,
    at_most=None,
    operational: bool = False,
    group: str = "",
    path: bool = False,
    formerly: str = "",
    old_choices: Mapping[str, str] = types.MappingProxyType({}),
    old_default=None,
) -> Any:
    """A dataclass field that is also a flag, for subclasses of `Settings`, which hold it to its choices or its range.

    Args:
        default: the value where none is given.
        help: what the setting means, as the command line's help shows it.
        choices: the values that are taken; empty: any.
        at_least: the smallest value; None: minus the largest one.
        at_most: the largest value; None: `MOST` of its type.
        operational: whether the setting may differ when a run is resumed (how long, where, how it is logged); all others say what is
            learned.
        group: heading of the setting in the help, where a record has several.
        path: whether the value is a path, or paths: a leading `~` is the home folder.
        formerly: what the setting was called before, which is still taken; see `tfgan.config.words`.
        old_choices: former words for its values, old -> present, which are still taken.
        old_default: what the JSON of a record means that lacks the setting, as it is of an earlier version; None: the default.

    Returns:
        The field, as `dataclasses.field` makes it, with all of this as its metadata.
    """
    limits = {"choices": choices, "at_least": at_least, "at_most": at_most}
    words = {"formerly": formerly, "old_choices": old_choices, "old_default": default if old_default is None else old_default}
    kind = {"operational": operational, "group": group, "path": path}
    return dataclasses.field(default=default, metadata={"help": help, **kind, **limits, **words})


@dataclasses.dataclass(frozen=True)
class Settings:
    """A record whose fields are made with `setting`, and checked when it is made.

    Subclasses add to `__post_init__` the checks of settings that contradict each other.

    Lists become tuples, one number for a `Size` becomes two, and a `Path`, or a number where text is wanted, its text.

    Attributes:
        idle: names of inherited settings that do nothing, which the help leaves out.
        unused: the table of settings that do nothing beside others, or for what a command is about, beside those of the parent classes.

    Raises:
        UserError: a value of another type, outside its range, or not among its choices, or of a setting that does nothing; the message
            names the flag.
    """

    idle: typing.ClassVar[Strings] = ()
    unused: typing.ClassVar[tuple[Unused, ...]] = ()

    def __post_init__(self):
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            given = _convert(field.name, hints[field.name], getattr(self, field.name))
            tell_old_choice(field, given)
            value = present_choice(field, given)
            if field.metadata.get("path"):
                value = tuple(map(_at_home, value)) if isinstance(value, tuple) else _at_home(value)
            object.__setattr__(self, field.name, value)  # the way of a frozen dataclass' own __init__
            problem = unfit(field, value)
            if problem:
                raise UserError(f"{shortened(as_flag(field.name, value))} {problem}.")
        refuse_unused(self)

    def texts(self) -> dict[str, str]:
        """The settings by name, as flags have them."""
        return {field.name: as_text(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def effective(self) -> dict[str, Any]:
        """The settings by name as they count. Subclasses fill in those that follow from others, and give idle ones their default."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def settled(self, earlier: "Settings | None" = None) -> "typing.Self":
        """A copy whose settings are written out as they count, made without the checks.

        Args:
            earlier: the settings of a run that goes on. What follows from others is taken from it, as it was when the run began.
        """
        values = self.effective()
        if earlier is not None:
            values |= {name: value for name, value in earlier.effective().items() if name in values and values[name] != getattr(self, name)}
        return self.unchecked(**values)

    def unchecked(self, **changes) -> "typing.Self":
        """A copy with other values of the settings in `changes`, made without the checks."""
        return unchecked(type(self), {field.name: getattr(self, field.name) for field in dataclasses.fields(self)} | changes)


def unfit(field: dataclasses.Field, value) -> str:
    """What is wrong with a value of the setting `field`, as the end of a sentence; "" if nothing is."""
    choices, least, most = (field.metadata.get(name) for name in ("choices", "at_least", "at_most"))
    if choices and value not in choices:
        return f"must be one of {', '.join(filter(None, choices))}"
    if isinstance(value, str | tuple):
        return _unfit_words(value)
    if isinstance(value, bool):
        return ""
    limit = MOST[type(value)] if most is None else most
    bottom = -limit if least is None else least
    if bottom <= value <= limit:
        return ""
    if most is not None and most - bottom < WIDE:
        return f"must be from {bottom} to {most}"
    if math.isinf(value):
        return "must be a finite number"
    return f"must be at least {bottom}" if not value >= bottom else f"must be at most {limit}"


def _unfit_words(value: str | tuple) -> str:
    """What is wrong with a text, with names, or with a size, as the end of a sentence; "" if nothing is."""
    words = (value,) if isinstance(value, str) else value
    if len(words) > MOST_NAMES:
        return f"must be at most {MOST_NAMES} names, found {len(words)}"
    texts = [word for word in words if isinstance(word, str)]
    if any(len(word) > LONGEST for word in texts):
        return f"is too long: {LONGEST} characters are the most"
    if any("\0" in word for word in texts):
        return "holds a null character, which no name does"
    if any(isinstance(word, int) and word > MOST_SIDE for word in words):
        return f"must be at most {MOST_SIDE} pixels a side"
    return ""


def as_size(name: str, value) -> Size:
    """Height and width in pixels, from one whole number for both, or from a list or tuple of two.

    Args:
        name: the setting, for the message.

    Raises:
        UserError: `value` is anything else.
    """
    sides = value if isinstance(value, list | tuple) else (value, value)
    if len(sides) == 2 and all(_is_number(side) and isinstance(side, numbers.Integral) and int(side) >= 0 for side in sides):
        height, width = map(int, sides)
        return height, width
    raise UserError(f"--{name} must be a number of pixels, or height and width.")


def _convert(name: str, hint, value):
    """The value of the setting `name` as the type `hint`, if it means the same as such; raises `UserError` if not."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if any(_is_endless(number) for number in (value if isinstance(value, list | tuple) else (value,))):
        raise UserError(f"--{name} has more digits than any setting takes.")
    if hint == Size:
        return as_size(name, value)
    if hint == Strings:
        words = read_setting(name, Strings, value) if isinstance(value, str) else value if isinstance(value, list | tuple) else [None]
        words = tuple(as_text(word) if _is_number(word) else word for word in words)
        if all(isinstance(word, str) for word in words):
            return words
    elif hint is float and _is_number(value):
        return float(value)
    elif hint is int and _is_number(value) and isinstance(value, numbers.Integral):
        return int(value)
    elif hint is str and _is_number(value):  # the step of a checkpoint, say
        return as_text(value)
    elif hint in (str, bool) and isinstance(value, hint):
        return value
    wanted = {Strings: "names", float: "a number", int: "a whole number", str: "text", bool: "True or False"}[hint]
    raise UserError(f"{shortened(f'--{name}={value!r}')} must be {wanted}.")


def shortened(text: str, most: int = SHOWN) -> str:
    """A text for a message: its beginning, … and its end, where it has more than `most` characters, in which the message would be lost."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]}…{text[-most // 4 :]}"


def _is_endless(value) -> bool:
    """Whether a whole number is beyond what Python turns into a float, or into text."""
    return _is_number(value) and isinstance(value, numbers.Integral) and abs(int(value)) >= 10**300


def _at_home(path: str) -> str:
    return with_home(path) if path.startswith("~") else path


def _is_number(value) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def from_text(hint, text: str):
    """A setting's value, read from a flag's text.

    Args:
        hint: type of the setting: str, bool, int, float, `Strings` or `Size`.
        text: for example "true", "20", "0.5", "a,b" or "256x512".

    Raises:
        ValueError: the text cannot be read so; the message says what to write instead.
    """
    convert, wanted = _READERS[hint]
    try:
        return convert(text)
    except (ValueError, KeyError, csv.Error):  # ValueError: also more digits than Python reads
        raise ValueError(f"use {wanted}") from None


def read_setting(name: str, hint, text: str):
    """The value of the setting `name`, of the type `hint`, read from a flag's text; raises `UserError` if it cannot be read so."""
    try:
        return from_text(hint, text)
    except ValueError as error:
        raise UserError(f"{shortened(f'--{name}={text}')}: {error}.") from None


def _read_size(text: str) -> Size:
    """Height and width in pixels from text such as 286 or 256x512, height first."""
    numbers = text.lower().split("x")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise ValueError(text)
    return int(numbers[0]), int(numbers[-1])


_BOOLEANS = dict.fromkeys(("true", "t", "1"), True) | dict.fromkeys(("false", "f", "0"), False)
_READERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, "text"),
    bool: (lambda text: _BOOLEANS[text.lower()], "true or false"),
    int: (int, "a whole number, such as 20"),
    float: (float, "a number, such as 0.5"),
    Strings: (lambda text: tuple(word.strip() for row in csv.reader([text], strict=True) for word in row), "names, separated by commas"),
    Size: (_read_size, "a number of pixels, 256, or HEIGHTxWIDTH, 256x512"),
}


def as_text(value) -> str:
    """The text of a setting's value as a flag has it: 256, 256x512, a,b, true, 0.5. `from_text` makes the same value of it.

    Names that hold a comma or a quote are quoted as in a CSV file; white space around a name is the one thing that a flag cannot say.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        if not value or isinstance(value[0], str):
            return _joined(value)
        return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        text = f"{value:.12g}"
        return text if float(text) == value else repr(float(value))
    return str(value)


def _joined(words: Strings) -> str:
    """Names as a flag has them, separated by commas; those with commas of their own are quoted, as in CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(words)  # its line ends are what it quotes in names
    return line.getvalue().removesuffix("\r\n")


def shell_flag(name: str, value) -> str:
    """A setting as a word of the command line, see `as_flag`, that can be pasted into a shell whatever the value holds."""
    return shlex.quote(as_flag(name, value))


def as_flag(name: str, value) -> str:
    """A setting as a word of the command line: --name=value, or --name and --noname for True and False."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={as_text(value)}"


def is_operational(field: dataclasses.Field) -> bool:
    return bool(field.metadata.get("operational"))


def unchecked(cls, values: dict[str, Any]):
    """An instance of a subclass of `Settings` with these values of all its fields, made without its checks."""
    record = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(record, name, value)
    return record


def differences(old, new) -> list[str]:
    """Lines `name: old -> new` for the settings in which two records of one class differ as they count, but for operational ones."""
    before, now = (record.effective() if isinstance(record, Settings) else vars(record) for record in (old, new))
    names = [field.name for field in dataclasses.fields(new) if field.compare and not is_operational(field)]
    return [f"{name}: {before[name]!r} -> {now[name]!r}" for name in names if before[name] != now[name]]
