"""Settings as flags: one absl flag for each field of a record."""

import dataclasses
import math
import textwrap
import typing
from collections.abc import Callable
from pathlib import Path

from absl import flags

from tfgan.cli.recipes import expand
from tfgan.config import DataConfig, Size, Strings
from tfgan.errors import UserError, did_you_mean

NAME_WIDTH, LINE_WIDTH = 27, 118  # characters, in the help


class Parser(flags.ArgumentParser):
    """From a flag's text to its value by `convert`, which raises ValueError for what is none; `wanted` then says what to write."""

    def __init__(self, convert: Callable, wanted: str):
        super().__init__()
        self._convert, self._wanted = convert, wanted

    def parse(self, argument):
        if not isinstance(argument, str):
            return argument  # a default, which is a value already
        try:
            return self._convert(argument)
        except ValueError:
            raise ValueError(f"use {self._wanted}") from None


def _size(text: str) -> Size:
    """286 or 256x512, height first -> (height, width)."""
    numbers = text.lower().split("x")
    if len(numbers) > 2 or not all(number.isdecimal() for number in numbers):
        raise ValueError(text)
    return int(numbers[0]), int(numbers[-1])


class SizeSerializer(flags.ArgumentSerializer):
    def serialize(self, value):
        height, width = value
        return str(height) if height == width else f"{height}x{width}"


class Flags:
    """The flags of one verb, apart from absl's global ones.

    Args:
        usage: the verb's line of usage and what it does.
    """

    def __init__(self, usage: str):
        self.usage = usage
        self.values = flags.FlagValues()
        self.values.set_gnu_getopt(True)
        self._groups: dict[str, list[str]] = {}

    def add_record(self, group: str, record: type) -> None:
        """One flag for each field of a dataclass of settings."""
        hints = typing.get_type_hints(record)
        for field in dataclasses.fields(record):
            metadata = field.metadata
            self.add(group, field.name, field.default, metadata["help"], hints[field.name], metadata["choices"])

    def add(self, group: str, name: str, default, help: str, kind: type = str, choices: Strings = ()) -> None:
        """One flag; `group` is its heading in the help."""
        parser, serializer = _PARSERS[kind]
        if choices:
            listed = ", ".join(filter(None, choices))
            parser, help = Parser(flags.EnumParser(list(choices)).parse, f"one of {listed}"), f"{help} [{listed}]"
        default = list(default) if kind == Strings else default
        self.values[name] = flags.Flag(parser, serializer, name, default, help, boolean=kind is bool)
        self._groups.setdefault(group, []).append(name)

    def parse(self, arguments: list[str], positional: int | None = 0) -> list[str]:
        """Reads the flags, those of flag files first; returns the `positional` other arguments, None: any number.

        Raises:
            UserError: an unknown flag (with the nearest known one), a bad value, a wrong number of arguments.
        """
        usage = self.usage.splitlines()[0]
        try:
            others = self.values(["tfgan", *expand(arguments)[0]])[1:]
        except flags.UnrecognizedFlagError as error:
            hint = did_you_mean(f"--{error.flagname}", [f"--{name}" for name in [*self.values, "flagfile", "help"]], 0.7)
            raise UserError(f"--{error.flagname} is unknown.{hint}\n{usage} (--help lists the flags)") from None
        except flags.Error as error:
            raise UserError(f"{error}\n{usage}") from None
        if positional is not None and len(others) != positional:
            found = textwrap.shorten(" ".join(others), 100, placeholder=" …") or "none"
            raise UserError(f"{positional} argument(s) without -- expected, found {len(others)}: {found}\n{usage}")
        return others

    def record(self, record: type):
        """An instance of a dataclass that was given to `add_record`. Raises `UserError` for a number outside its range."""
        for field in dataclasses.fields(record):
            least, most = field.metadata["at_least"], field.metadata["at_most"]
            if least is not None and not least <= self[field.name] <= (math.inf if most is None else most):
                wanted = f"at least {least}" if most is None else f"from {least} to {most}"
                raise UserError(f"--{field.name}={self[field.name]} must be {wanted}.")
        values = {field.name: self[field.name] for field in dataclasses.fields(record)}
        return record(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})

    def __getitem__(self, name: str):
        return self.values[name].value

    def help(self) -> str:
        """The usage, then every flag with its default, in groups and in the order in which they were added."""
        described = (f"\n{group}\n" + "\n".join(_describe(self.values[name]) for name in names) for group, names in self._groups.items())
        return "\n".join([self.usage, *described])


def _describe(flag: flags.Flag) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    default = flag.default_as_str.strip("'")
    together = "\N{NO-BREAK SPACE}"
    text = f"{flag.help} (default:{together}{default})" if default else flag.help
    first, next_ones = f"  {name:<{NAME_WIDTH - 3}} ", " " * NAME_WIDTH
    lines = textwrap.fill(text, LINE_WIDTH, initial_indent=first, subsequent_indent=next_ones, break_on_hyphens=False)
    return lines.replace(together, " ")


_PARSERS = {
    str: (flags.ArgumentParser(), None),
    bool: (Parser(flags.BooleanParser().parse, "true or false"), None),
    int: (Parser(int, "a whole number, such as 20"), None),
    float: (Parser(float, "a number, such as 0.5"), None),
    Strings: (flags.ListParser(), flags.ListSerializer(",")),
    Size: (Parser(_size, "a number of pixels, 256, or HEIGHTxWIDTH, 256x512"), SizeSerializer()),
}


def wants_help(arguments: list[str]) -> bool:
    return any(argument in ("-h", "--help", "--helpfull", "--helpshort") for argument in arguments)


def expanded(path: str) -> str:
    """`~` in a path; shells leave it alone behind the = of a flag."""
    return str(Path(path).expanduser()) if path else ""


def with_home(data: DataConfig) -> DataConfig:
    """The settings with `~` in their paths replaced."""
    more = tuple(map(expanded, data.extra_data_dirs))
    return dataclasses.replace(data, data_dir=expanded(data.data_dir), extra_data_dirs=more, attributes_file=expanded(data.attributes_file))
