"""Options that would do nothing: one kind of entry, of which each record of settings has a table, `Settings.unused`.

An option counts as given where it is not at its default. Entries of the settings alone are held wherever a record is made, on the command
line and in Python; those of what a command is about, of a run or of two folders, as soon as that is known.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tfgan.config.words import say_once
from tfgan.errors import UserError

Facts = Mapping[str, bool]
"""What is known of what a command is about: a name, as entries have it -> whether it is so."""

NOTHING: Mapping = MappingProxyType({})


class Unused(NamedTuple):
    """Options that do nothing where the other settings are as in `beside` and what the command is about is as in `where`.

    Attributes:
        names: of the options.
        beside: name of another setting -> the values of it beside which they do nothing, or a function that says so of a value.
        where: name of a fact -> what it must be; an entry is passed over where the fact is not known.
        why: the end of the sentence "--rows does nothing …", in which {name} is the value of a setting, and {subject} what the command is
            about; "" where `beside` has one setting, which says it all.
        cure: what to do about it.
        said: whether this is a line alone, as of options that recipes bring, or old commands; all others are refused.
    """

    names: tuple[str, ...]
    beside: Mapping[str, tuple | Callable[[Any], bool]] = NOTHING
    where: Facts = NOTHING
    why: str = ""
    cure: str = "leave it out"
    said: bool = False

    def holds(self, settings, facts: Facts) -> bool:
        """Whether the options do nothing, as far as the facts tell."""
        return all(facts.get(name) is value for name, value in self.where.items()) and all(
            values(getattr(settings, name)) if callable(values) else getattr(settings, name) in values
            for name, values in self.beside.items()
        )

    def reason(self, settings, subject: str) -> str:
        texts = settings.texts()
        if self.why:
            return self.why.format(**texts, subject=subject)
        (name,) = self.beside
        value = getattr(settings, name)
        if isinstance(value, bool):
            return f"with --{'' if value else 'no'}{name}"
        return f"with --{name}={texts[name]}" if value else f"without --{name}"


Table = tuple[Unused, ...]


def given(value) -> bool:
    """Whether a setting whose default is empty has a value, for `Unused.beside`."""
    return bool(value)


def entries(record: type) -> list[Unused]:
    """The table of a class of settings, with those of the classes that it is made of."""
    return [entry for cls in reversed(record.__mro__) for entry in vars(cls).get("unused", ())]


def refuse_unused(settings, facts: Facts = NOTHING, subject: str = ""):
    """Raises `UserError` for the first option of a record of settings that is given although it does nothing.

    Args:
        facts: what is known of what the command is about.
        subject: what that is, as messages call it: the run's folder.
    """
    for name, entry in _found(settings, facts, said=False):
        raise UserError(f"--{name} does nothing {entry.reason(settings, subject)}: {entry.cure}.")


def say_unused(settings, facts: Facts = NOTHING, subject: str = ""):
    """Logs, once in a process, each option that is given although it does nothing, of those that are no reason to stop."""
    for name, entry in _found(settings, facts, said=True):
        say_once(f"--{name} does nothing {entry.reason(settings, subject)}.")


def idle_options(settings) -> dict[str, str]:
    """The options of a record that are given although they do nothing, of those that are no reason to stop: name -> why."""
    return {name: entry.reason(settings, "") for name, entry in _found(settings, NOTHING, said=True)}


def hold(settings, facts: Facts, subject: str):
    """Refuses the options that do nothing for what a command is about, or says so; those that do nothing beside others have been held."""
    refuse_unused(settings, facts, subject)
    say_unused(settings, facts, subject)


def _found(settings, facts: Facts, said: bool) -> Iterator[tuple[str, Unused]]:
    """The options that do nothing, each with its entry: of those that ask for facts, if some are given, else of the others."""
    for entry in entries(type(settings)):
        if entry.said is said and bool(entry.where) is bool(facts) and entry.holds(settings, facts):
            yield from ((name, entry) for name in entry.names if getattr(settings, name) != getattr(type(settings), name))


def unused_names(records: Iterable[type]) -> set[str]:
    """The names of all options that the tables of some records speak of."""
    return {name for record in records for entry in entries(record) for name in entry.names}
