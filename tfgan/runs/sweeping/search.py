"""What a sweep searches: ranges and choices of settings, held to the settings' own rules before anything is trained."""

import dataclasses
import itertools
import math
import random
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from tfgan.config import Strings, as_text, idle_settings, is_operational, old_names, tell_old_names, unfit
from tfgan.config.setting import read_setting
from tfgan.config.unused import idle_options
from tfgan.config.words import present_choice
from tfgan.errors import UserError, did_you_mean, first_line
from tfgan.methods import method_class
from tfgan.runs.sweeping.recipe import Recipe

MOST_TRIED = 256  # combinations whose settings are made before the sweep begins, some of a larger number
LENGTHS = ("epochs", "steps")  # operational, as a run may go on for more of them, and yet a matter of results
OF_TRAINING_IMAGES = ("augment", "label_encoding")
"""Settings of the data that leave validation images as they are; by others, trials would not be compared on the same images."""
WAYS = "learning_rate=log:1e-5:1e-3, dropout=0:0.5, or ngf=32|64"


class Dimension(NamedTuple):
    """A setting that is searched: one of some texts, or a number of a range."""

    name: str
    choices: Strings = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False  # whether the range is even in its logarithm
    whole: bool = False  # whether its numbers are whole

    def __str__(self) -> str:
        ends = f"{'log:' * self.log}{as_text(self.low)}:{as_text(self.high)}"
        return f"{self.name}={'|'.join(self.choices) or ends}"

    @property
    def size(self) -> int | None:
        """How many values it has; None: any number."""
        return len(self.choices) or (int(self.high - self.low) + 1 if self.whole else None)

    def values(self) -> Iterator[Any]:
        """All its values, as the sweep's database has them, of a dimension that has a `size`."""
        yield from self.choices or range(int(self.low), int(self.high) + 1)

    def stands_for(self) -> Strings:
        """Texts of values by which it is judged: the choices, or the ends of the range."""
        return self.choices or (as_text(self.low), as_text(self.high))

    def holds(self, text: str, value: Any) -> bool:
        """Whether a value of the setting, and its text, is one of the dimension."""
        return text in self.choices if self.choices else self.low <= value <= self.high


def parse(words: Strings, recipe: Recipe) -> list[Dimension]:
    """The dimensions that words such as `ngf=32|64` name.

    Raises:
        UserError: no words, a name that cannot be searched or is there twice, or values that the setting does not take.
    """
    if not words:
        raise UserError(f"which settings are searched? Name them by --search, such as {WAYS}.")
    fields = {field.name: (field, type(record)) for record in recipe.records for field in dataclasses.fields(record)}
    old = old_names(*map(type, recipe.records))
    found: list[Dimension] = []
    for word in words:
        given, equals, text = word.partition("=")
        name = old.get(given, given)
        if not equals or not text:
            raise UserError(f"--search: {word} names no values: use {WAYS}.")
        if name == "method":
            raise UserError("--search: a sweep is of one method: begin another one for each.")
        if name not in fields:
            raise UserError(f"--search: {given} is not a setting here.{did_you_mean(given, fields)}")
        tell_old_names([given], old)
        if name in [other.name for other in found]:
            raise UserError(f"--search: {name} is there twice: name it once.")
        field, kind = fields[name]
        _refuse(recipe, field)
        found.append(_dimension(field, typing.get_type_hints(kind)[name], text))
    return found


def _refuse(recipe: Recipe, field: dataclasses.Field):
    """Raises `UserError` for a setting that a sweep cannot search."""
    name, of_data = field.name, field in dataclasses.fields(recipe.data)
    kind = method_class(recipe.method).batch_kind
    if name in idle_settings(kind) | set(recipe.hparams.idle):
        raise UserError(f"--search: {name} does nothing for {recipe.method}: leave it out.")
    if is_operational(field) and name not in LENGTHS:
        raise UserError(f"--search: {name} changes nothing of what is learned: give it to all trials, as a flag of its own.")
    if name == "image_size" or (of_data and name not in OF_TRAINING_IMAGES):
        raise UserError(f"--search: {name} changes the images by which trials are compared: begin a sweep for each of its values.")


def _dimension(field: dataclasses.Field, hint, text: str) -> Dimension:
    if "|" not in text and (":" not in text or hint not in (int, float)):
        ranges = ", or a range LOW:HIGH or log:LOW:HIGH" * (hint in (int, float))
        raise UserError(f"--search: {field.name}={text} is one value: use several, such as A|B{ranges}, or the flag --{field.name}={text}.")
    if "|" in text:
        values = [_value(field, hint, part) for part in text.split("|")]
        if len(set(values)) < len(values):
            raise UserError(f"--search: {field.name}={text} has a value twice.")
        return Dimension(field.name, tuple(map(as_text, values)))
    log, ends = text.startswith("log:"), text.removeprefix("log:").split(":")
    if len(ends) != 2:
        raise UserError(f"--search: {field.name}={text} is no range: use LOW:HIGH or log:LOW:HIGH, such as 1e-5:1e-3.")
    low, high = (_value(field, hint, end) for end in ends)
    if not low < high:
        raise UserError(f"--search: {field.name}={text}: the lower end comes first, and below the higher one.")
    if log and low <= 0:
        raise UserError(f"--search: {field.name}={text}: a logarithmic range begins above 0.")
    return Dimension(field.name, (), low, high, log, hint is int)


def _value(field: dataclasses.Field, hint, text: str):
    try:
        value = present_choice(field, read_setting(field.name, hint, text))
    except UserError as error:
        raise UserError(f"--search: {error}") from None
    if problem := unfit(field, value):
        raise UserError(f"--search: --{field.name}={text} {problem}.")
    return value


def combinations(dimensions: list[Dimension]) -> int | None:
    """How many combinations of values there are; None: any number."""
    sizes = [dimension.size for dimension in dimensions]
    return None if None in sizes else math.prod(size for size in sizes if size)


def judge(recipe: Recipe, dimensions: list[Dimension]) -> str:
    """Tries the settings of combinations of choices and ends of ranges, all or some of them.

    Returns:
        A sentence about those that contradict themselves, which are never drawn; "" if none does.

    Raises:
        UserError: a value that the other settings never take, or a setting that does nothing beside them.
    """
    tried, refused, taken = _tried(dimensions), {}, []
    for number, values in enumerate(tried):
        try:
            taken.append(recipe.varied(values))
        except UserError as error:
            refused[number] = first_line(error)
    for dimension in dimensions:
        for text in dimension.stands_for():
            own = [number for number, values in enumerate(tried) if values[dimension.name] == text]
            if own and all(number in refused for number in own):
                raise UserError(f"--search: {dimension.name}={text} cannot be trained: {refused[own[0]]}")
    for dimension in dimensions:
        if why := _does_nothing(dimension.name, taken):
            raise UserError(f"--search: {dimension.name} does nothing {why}: leave it out.")
    if not refused:
        return ""
    number, why = next(iter(refused.items()))
    return f"{len(refused)} of {len(tried)} combinations contradict themselves, and are never drawn: {describe(tried[number])} ({why})"


def _tried(dimensions: list[Dimension]) -> list[dict[str, str]]:
    ends = [dimension.stands_for() for dimension in dimensions]
    names = [dimension.name for dimension in dimensions]
    if math.prod(map(len, ends)) <= MOST_TRIED:
        return [dict(zip(names, texts)) for texts in itertools.product(*ends)]
    chance = random.Random(0)
    return [dict(zip(names, map(chance.choice, ends))) for _ in range(MOST_TRIED)]


def _does_nothing(name: str, taken: list[Recipe]) -> str:
    """Why a setting does nothing in each combination in which it is not at its default; "" if it does something in one."""
    why = ""
    for recipe in taken:
        record = next(record for record in recipe.records if hasattr(record, name))
        if getattr(record, name) != getattr(type(record), name):
            why = idle_options(record).get(name, "")
            if not why:
                return ""
    return why


def describe(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in values.items())
