"""Settings as flags: one absl flag for each field of a record."""

import dataclasses
import typing

from absl import flags

from tfgan.config import Size, Strings
from tfgan.errors import UserError


class SizeParser(flags.ArgumentParser):
    """286 or 256x512, height first -> (height, width)."""

    syntactic_help = "a number of pixels or HEIGHTxWIDTH"

    def parse(self, argument):
        if isinstance(argument, tuple):
            return argument
        numbers = argument.lower().split("x")
        if len(numbers) > 2 or not all(number.isdigit() for number in numbers):
            raise ValueError("use a number of pixels, 256, or HEIGHTxWIDTH, 256x512")
        return int(numbers[0]), int(numbers[-1])

    def flag_type(self):
        return "size"


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

    def add_record(self, group: str, record: type) -> None:
        """One flag for each field of a dataclass of settings."""
        hints = typing.get_type_hints(record)
        for field in dataclasses.fields(record):
            metadata = field.metadata
            self.add(group, field.name, field.default, metadata["help"], hints[field.name], metadata["choices"])

    def add(self, group: str, name: str, default, help: str, kind: type = str, choices: Strings = ()) -> None:
        if kind is bool:
            flag = flags.BooleanFlag(name, default, help)
        elif choices:
            flag = flags.EnumFlag(name, default, help, list(choices))
        else:
            parser, serializer = _PARSERS[kind]
            flag = flags.Flag(parser, serializer, name, list(default) if kind == Strings else default, help)
        flags.DEFINE_flag(flag, self.values, module_name=group)

    def parse(self, arguments: list[str], positional: int = 0) -> list[str]:
        """Reads the flags; returns the `positional` other arguments.

        Raises:
            UserError: an unknown flag (with the nearest known one), a bad value, a wrong number of arguments.
        """
        try:
            others = self.values(["tfgan", *arguments])[1:]
        except flags.Error as error:
            raise UserError(f"{error}\n{self.usage.splitlines()[0]}") from None
        if len(others) != positional:
            raise UserError(f"{positional} argument(s) expected, found {len(others)}: {' '.join(others) or 'none'}.\n{self.usage.splitlines()[0]}")
        return others

    def record(self, record: type):
        """An instance of a dataclass that was given to `add_record`."""
        values = {field.name: self[field.name] for field in dataclasses.fields(record)}
        return record(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})

    def __getitem__(self, name: str):
        return self.values[name].value

    def help(self) -> str:
        return f"{self.usage}\n{self.values.get_help(include_special_flags=False)}"


_PARSERS = {
    str: (flags.ArgumentParser(), flags.ArgumentSerializer()),
    int: (flags.IntegerParser(), flags.ArgumentSerializer()),
    float: (flags.FloatParser(), flags.ArgumentSerializer()),
    Strings: (flags.ListParser(), flags.ListSerializer(",")),
    Size: (SizeParser(), SizeSerializer()),
}


def wants_help(arguments: list[str]) -> bool:
    return any(argument in ("-h", "--help", "--helpfull", "--helpshort") for argument in arguments)
