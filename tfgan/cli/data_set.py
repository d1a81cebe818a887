"""Which data set `check` and `train` are asked about: a folder, a flag, or none."""

import os
from collections.abc import Collection
from pathlib import Path

import absl.flags

from tfgan.cli.flags import Flags
from tfgan.config import DataConfig, TrainConfig, idle_settings, shell_flag, shortened
from tfgan.data import DATASETS
from tfgan.errors import UserError, did_you_mean_path
from tfgan.methods import METHODS, method_class
from tfgan.runs.recipes import recipes


def add_settings(flags: Flags, method: str):
    """Adds the flags of the data, of training, and of a method; none of a method if its name is empty."""
    cls = method_class(method) if method else None
    flags.add_record("data", DataConfig, hidden=idle_settings(cls.batch_kind) if cls else ())
    flags.add_record("training", TrainConfig)
    if cls:
        flags.add_record(method, cls.HParams, hidden=cls.HParams.idle)


def first_look(flags: Flags, arguments: list[str]) -> list[str]:
    """Reads the flags that are known before the method is, and passes over the others; returns the words that are no flags.

    Flags of a method that is not known yet may have values behind a space, which are among these words.

    Args:
        flags: those that every method has.
        arguments: of the command line, with those of flag files before them.

    Raises:
        UserError: a bad value.
    """
    try:
        others = flags.values(["tfgan", *arguments], known_only=True)[1:]
    except (absl.flags.Error, ValueError) as error:  # the latter for --noflip=1
        raise UserError(f"{shortened(str(error), 400)}\n{flags.usage.splitlines()[0]}") from None
    flags.given |= {name for name in flags.values if flags.values[name].present}
    return [word for word in others if not word.startswith("-")]


def is_folder(word: str) -> bool:
    """Whether a word of the command line is a folder; it may be anything, also too long for a path, or begin with ~."""
    return os.path.isdir(os.path.expanduser(word))


def likely_folder(words: list[str]) -> list[str]:
    """Of the words of `first_look` the one that is the data folder, as a list; an empty one if there are none."""
    return [next(filter(is_folder, words), words[0])] if words else []


def name_data(flags: Flags, folders: list[str], done: str) -> DataConfig:
    """The settings of the data, with the folder that was named without a flag.

    Args:
        flags: those of the command.
        folders: the words that are no flags.
        done: what is done with the folder, for the message.

    Raises:
        UserError: several folders, or one that does not exist.
    """
    named = flags["data_dir"]
    if len(folders) > 1 or (folders and named):
        found = ", ".join([*folders, *[named] * bool(named)])
        raise UserError(f"one folder is {done} at a time, found {found}\n{flags.usage.splitlines()[0]}")
    if folders and not os.path.exists(os.path.expanduser(folders[0])):
        raise UserError(_missing(folders[0]))
    return flags.record(DataConfig, data_dir=(folders or [named])[0]).with_home()


def require_data(given: Collection[str], data: DataConfig, usage: str, other: str = ""):
    """Raises `UserError` unless somebody has said which data set it is.

    Args:
        given: names of the settings that were given.
        data: the settings.
        usage: of the command.
        other: what names a data set too, for the message.
    """
    if not data.is_named(given):
        raise UserError(f"which data set? Name a folder{other}, or --dataset=NAME (see `tfgan list`).\n{usage.splitlines()[0]}")


def _missing(word: str) -> str:
    """What is wrong with a word that names no folder, and what it may have been meant for."""
    if word in METHODS:
        meant = f"{word} is a method: name the folder, and --method={word}"
    elif word.removesuffix(".flags") in DATASETS and not word.endswith(".flags"):
        meant = f"to load the data set of that name, say --dataset={word}"
    elif f"{word.removesuffix('.flags')}.flags" in recipes():
        meant = f"for the recipe of that name, say {shell_flag('flagfile', word)}"
    else:
        return f"the data folder {word} does not exist.{did_you_mean_path(Path(os.path.expanduser(word)), Path.is_dir)}"
    return f"the data folder {word} does not exist; {meant}."
