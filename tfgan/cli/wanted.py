"""What `train` and `sweep` are asked to train: method, data and settings, of the command line and of flag files."""

import dataclasses
import sys
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

from tfgan.cli.data_set import add_settings, first_look, is_folder, name_data
from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, as_text, idle_settings
from tfgan.data import check_settings
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.terminal import columns


class Wanted(NamedTuple):
    """A training that is asked for."""

    flags: Flags
    method: str
    why: str  # it is that method, if nobody named one, as the end of a sentence
    data: DataConfig
    training: TrainConfig
    hparams: Any  # the `HParams` of the method
    name: str  # of its folder, where none is named


def training_flags(usage: str, method: str) -> Flags:
    """All flags of a command that trains, and of a method; without those of a method if its name is empty."""
    flags = Flags(usage)
    flags.add("method", "method", method, "method; see `tfgan list`")
    flags.add("method", "dry_run", False, "print all settings and stop", bool)
    flags.add("method", "show_settings", False, "print all settings, not only those that differ from their defaults", bool)
    add_settings(flags, method)
    return flags


def read_wanted(arguments: list[str], make_flags: Callable[[str], Flags]) -> Wanted | None:
    """Reads the flags of a command that trains; None if help was asked for, which is printed.

    Args:
        make_flags: name of a method, "" if it is not known yet -> all flags of the command and of the method.

    Raises:
        UserError: unknown flags, and values that do not fit.
    """
    expanded, recipe = expand(arguments)
    method, why = _choose_method(make_flags(""), expanded)
    cls, flags = method_class(method), make_flags(method)
    if wants_help(arguments):
        print(flags.help())
        return None
    folders = flags.parse(arguments, positional=None)
    data, training, hparams = name_data(flags, folders, "trained on"), flags.record(TrainConfig), flags.record(cls.HParams)
    check_settings(data, cls.batch_kind)
    if folders:
        data = _propose(data, cls.batch_kind, flags.given)
    return Wanted(flags, method, why, data, training, hparams, recipe or f"{method}_{data.name}")


def _choose_method(first: Flags, arguments: list[str]) -> tuple[str, str]:
    """The method, which is needed before the other flags, as it decides which there are; and why, if nobody named it.

    It is the one of --method, or one that fits the layout of a folder that is named without a flag, or else pix2pix.
    """
    folders = list(filter(is_folder, first_look(first, arguments)))
    if first["method"] or len(folders) != 1 or first["data_dir"] or wants_help(arguments):
        return first["method"] or "pix2pix", ""
    from tfgan.runs.planning.check import choose_method

    chosen = choose_method(name_data(first, folders, "trained on"))
    layouts = chosen.layouts.possible
    return chosen.method, f", as {folders[0]} holds {layouts[0].words} (--method=NAME chooses another)" if layouts else ""


def _propose(data: DataConfig, kind: str, given: set[str]) -> DataConfig:
    """The settings with the direction that `tfgan check` proposes, if nobody gave one; prints why."""
    from tfgan.data.checks.direction import propose_direction

    data, said = propose_direction(data, kind, given)
    for finding in said:
        print(f"{finding.problem}, {finding.cure}.")
    return data


def print_settings(wanted: Wanted):
    """Prints the settings that differ from their default; or, if asked, all as they count, with a star at those that differ.

    Those that do nothing are left out.
    """
    every = wanted.flags["dry_run"] or wanted.flags["show_settings"]
    idle = idle_settings(method_class(wanted.method).batch_kind) | set(wanted.hparams.idle)
    print(f"method: {wanted.method}{wanted.why}")
    for group, record in {"data": wanted.data, "training": wanted.training, wanted.method: wanted.hparams}.items():
        values = record.effective()
        given = {field.name for field in dataclasses.fields(record) if getattr(record, field.name) != field.default}
        shown = [name for name in values if name not in idle and (every or name in given)]
        text = f"{group}: {'  '.join('*' * (every and name in given) + f'{name}={as_text(values[name])}' for name in shown)}"
        if shown:
            width = columns(sys.stdout, 140)
            print(textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))
