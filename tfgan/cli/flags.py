"""Settings as flags: one absl flag for each field of a record."""

import dataclasses
import re
import sys
import textwrap
import typing
from collections.abc import Collection

from absl import flags

from tfgan.config import Strings, as_text, from_text, old_names, refuse_both, shortened, tell_old_names
from tfgan.config.unused import say_unused
from tfgan.errors import UserError, did_you_mean
from tfgan.methods import methods_with
from tfgan.paths.home import with_home
from tfgan.runs.recipes import by_place
from tfgan.terminal import columns, tint

NAME_WIDTH, LINE_WIDTH = 27, 118  # characters, in the help; the latter where no terminal says how wide it is
TITLED = re.compile("usage:|examples:|Signatures")
NARROW = 70  # of a terminal of fewer columns the names have lines of their own


class Parser(flags.ArgumentParser):
    """Reads a flag's text as a value of the type `hint`, one of `choices` if there are any, or of the old words for them."""

    def __init__(self, hint, choices: Strings = (), old_choices: Collection[str] = ()):
        super().__init__()
        self._hint, self._choices, self._old_choices = hint, choices, old_choices

    def parse(self, argument):
        if not isinstance(argument, str):
            return argument  # a default, which is a value already
        if self._choices and argument not in (*self._choices, *self._old_choices):
            raise ValueError(f"use one of {', '.join(filter(None, self._choices))}")
        return from_text(self._hint, argument)


class Serializer(flags.ArgumentSerializer):
    def serialize(self, value):
        return as_text(value)


class Flags:
    """The flags of one verb, apart from absl's global ones.

    Attributes:
        given: names of the flags that were given, be it with their default value, on the command line or in a flag file.

    Args:
        usage: paragraphs with blank lines between: the verb's line of usage, what it does, and examples.
    """

    def __init__(self, usage: str):
        self.usage = usage
        self.given: set[str] = set()
        self.values = flags.FlagValues()
        self.values.set_gnu_getopt(True)
        self._groups: dict[str, list[str]] = {}
        self._old: dict[str, str] = {}  # old name of a flag -> present one

    def add_record(self, group: str, record: type, hidden: Collection[str] = ()) -> None:
        """Adds a flag for each field of a record of settings.

        Args:
            group: the heading of those that have none of their own.
            hidden: those that do nothing, which the help leaves out.
        """
        hints = typing.get_type_hints(record)
        for field in dataclasses.fields(record):
            metadata, words = field.metadata, (field.metadata["choices"], field.metadata["old_choices"])
            heading = "" if field.name in hidden else metadata["group"] or group
            self.add(heading, field.name, field.default, metadata["help"], hints[field.name], *words)
        for old, name in old_names(record).items():
            flags.DEFINE_alias(old, name, self.values)
            self._old[old] = name

    def add(
        self,
        group: str,
        name: str,
        default,
        help: str,
        kind: type = str,
        choices: Strings = (),
        old_choices: Collection[str] = (),
    ) -> None:
        """Adds one flag.

        Args:
            group: its heading in the help; "": the help leaves it out.
            default: its value where it is not given.
            help: its line there; its choices are added to it.
            kind: type of its values.
            choices: all texts that it may be; old_choices: other words for them.
        """
        if choices:
            help = f"{help} [{', '.join(filter(None, choices))}]"
        self.values[name] = flags.Flag(Parser(kind, choices, old_choices), Serializer(), name, default, help, boolean=kind is bool)
        self._groups.setdefault(group, []).append(name)

    def parse(self, arguments: list[str], positional: int | None = 0) -> list[str]:
        """Reads the flags, those of flag files first.

        Args:
            positional: how many other arguments there must be; None: any number.

        Returns:
            the other arguments, which are paths: a leading `~` is the home folder.

        Raises:
            UserError: an unknown flag (with the nearest known one), a bad value, a wrong number of arguments.
        """
        usage = self.usage.splitlines()[0]
        try:
            others = [word for place in by_place(arguments)[0] for word in self._parse_place(place)]
        except flags.UnrecognizedFlagError as error:
            others = methods_with(error.flagname) or methods_with(error.flagname.removeprefix("no"))
            if "method" in self.values and others:
                whose = (
                    f"no setting of {method}, but of"
                    if (method := self["method"])
                    else f"used with --method={others[0]}: it is a setting of"
                )
                raise UserError(f"--{error.flagname} is {whose} {', '.join(others)}.\n{usage}") from None
            known = [name for name in [*self.values, "flagfile", "help"] if name not in self._old]
            hint = did_you_mean(f"--{error.flagname}", [f"--{name}" for name in known], 0.7)
            raise UserError(f"{shortened(f'--{error.flagname}')} is unknown.{hint}\n{usage} (--help lists the flags)") from None
        except UserError:
            raise
        except (flags.Error, ValueError) as error:  # the latter for --noflip=1
            raise UserError(f"{shortened(str(error), 400)}\n{usage}") from None
        if positional is not None and len(others) != positional:
            found = textwrap.shorten(" ".join(others), 100, placeholder=" …") or "none"
            raise UserError(f"{positional} argument(s) without -- expected, found {len(others)}: {found}\n{usage}")
        return [with_home(word) if word.startswith("~") else word for word in others]

    def _parse_place(self, arguments: list[str]) -> list[str]:
        """Reads the flags of one flag file or of the command line; returns the other arguments.

        Only here are two words of a flag one too many: the command line may beat a flag file by either of them.
        """
        for name in self.values:
            self.values[name].present = 0
        others = self.values(["tfgan", *arguments])[1:]
        times = {name: self.values[name].present for name in self.values}
        for old, name in self._old.items():
            times[name] -= times[old]  # an alias counts for both
        given = [name for name in times if times[name]]
        refuse_both(given, self._old)
        tell_old_names(given, self._old)
        self.given |= {self._old.get(name, name) for name in given}
        return others

    def record(self, record: type, **others):
        """An instance of a record that was given to `add_record`, with the flags' values; those that do nothing are said.

        Args:
            others: values that were given in another way.

        Raises:
            UserError: values that do not fit.
        """
        made = record(**{field.name: self[field.name] for field in dataclasses.fields(record)} | others)
        say_unused(made)
        return made

    def __getitem__(self, name: str):
        return self.values[name].value

    def help(self) -> str:
        """The usage, then every flag with its default, in groups and in the order in which they were added; as wide as the terminal."""
        width = columns(sys.stdout, LINE_WIDTH)
        described = [
            f"\n{tint(group, 'bold', sys.stdout)}\n" + "\n".join(_describe(self.values[name], width) for name in names)
            for group, names in self._groups.items()
            if group
        ]
        return "\n".join([_filled(self.usage, width), *described])


def _filled(usage: str, width: int) -> str:
    """A usage whose paragraphs fill lines of `width` characters; those of commands, which begin with a title, stay as they are."""
    paragraphs = usage.split("\n\n")
    return "\n\n".join(text if TITLED.match(text) else textwrap.fill(text, width, break_on_hyphens=False) for text in paragraphs)


def _describe(flag: flags.Flag, width: int) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    default = (flag.default_as_str or "").strip("'")
    together = "\N{NO-BREAK SPACE}"
    text = f"{flag.help} (default:{together}{default})" if default else flag.help
    if width < NARROW:
        lines = f"  {name}\n" + textwrap.fill(text, width, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False)
    else:
        first, next_ones = f"  {name:<{NAME_WIDTH - 3}} ", " " * NAME_WIDTH
        lines = textwrap.fill(text, width, initial_indent=first, subsequent_indent=next_ones, break_on_hyphens=False)
    return lines.replace(together, " ")


def wants_help(arguments: list[str]) -> bool:
    return any(argument in ("-h", "--help", "--helpfull", "--helpshort") for argument in arguments)
