"""What a run's settings differ in from the defaults, and the command that trains such a run again."""

import contextlib
import dataclasses
import shlex
from typing import Any, NamedTuple

from tfgan.config import DataConfig, Settings, TrainConfig, as_flag, as_text, from_dict, from_text
from tfgan.data.own import is_own
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class
from tfgan.training.callbacks import Callback


class Repeat(NamedTuple):
    """How a run is repeated.

    Attributes:
        settings: name -> value and default, as texts, of those that are not at their default; None if the defaults are not known.
        command: that has the same settings, its words quoted for a shell; () if there is none.
        remark: a sentence about it, such as why there is no command; commands in it stand between backticks.
    """

    settings: dict[str, tuple[str, str]] | None
    command: tuple[str, ...]
    remark: str


def repeat(config: dict[str, Any]) -> Repeat:
    """How the run is repeated whose config.json holds `config`, which may be of any earlier version, or damaged."""
    method = config.get("method")
    if method not in METHODS:
        return Repeat(None, (), "The method is one of a program's own, which trains it by `tfgan.train`.")
    try:
        records = [_as_given(from_dict(kind, config[part], part)) for part, kind in _kinds(method).items()]
    except UserError as error:
        return Repeat(None, (), f"config.json is damaged, so no command can repeat the run: {error}.")
    except (KeyError, TypeError, AttributeError, ValueError):
        return Repeat(None, (), "config.json lacks settings, so no command can repeat the run.")
    settings = {"method": (method, TRAIN_DEFAULT)} if method != TRAIN_DEFAULT else {}
    settings |= {name: (as_text(value), as_text(default)) for name, value, default in _changed(records)}
    imported = config.get("imported")
    if isinstance(imported, dict) and imported:
        return Repeat(settings, (), f"Others trained its weights ({', '.join(imported)}): `tfgan import` makes such a run of their files.")
    return Repeat(settings, *_command(method, records))


TRAIN_DEFAULT = "pix2pix"  # the method of `tfgan train` without --method


def _kinds(method: str) -> dict[str, type[Settings]]:
    """The records of a run's settings, by their part of config.json."""
    return {"data": DataConfig, "training": TrainConfig, "hparams": method_class(method).HParams}


def _as_given(record: Settings) -> Settings:
    """The record with the defaults of settings that follow from others as they are in it; config.json has them written out."""
    for field in dataclasses.fields(record):
        with contextlib.suppress(UserError):  # of a default that does not go with the other settings
            tried = dataclasses.replace(record, **{field.name: field.default})
            record = tried if tried.effective() == record.effective() else record
    return record


def _changed(records: list) -> list[tuple[str, Any, Any]]:
    """(name, value, default) of each setting that is not at its default."""
    found = [(field.name, getattr(record, field.name), field.default) for record in records for field in dataclasses.fields(record)]
    return [(name, value, default) for name, value, default in found if value != default]


def _command(method: str, records: list) -> tuple[tuple[str, ...], str]:
    """The command and the remark of a `Repeat`."""
    data, training, _ = records
    if is_own(data):
        return (), "A program gave the images: give them again, as `data=` of `tfgan.train`, with these settings."
    try:
        checked = [type(record)(**dataclasses.asdict(record)) for record in records]
    except UserError as error:
        return (), f"This version would not train it so: {error}"
    words = [as_flag(name, value) for name, value, _ in _changed(checked)]
    lost = [f"--{name}" for name, value, _ in _changed(checked) if _is_names(value) and from_text(tuple[str, ...], as_text(value)) != value]
    if lost:
        return (), f"{', '.join(lost)}: names with white space around them cannot be given on a command line; `tfgan.train` takes them."
    here = f"In the folder where {training.workdir} is it goes on with this run: name another --workdir there for a new one."
    return ("tfgan", "train", *map(shlex.quote, [f"--method={method}", *words])), here


def _is_names(value) -> bool:
    return isinstance(value, tuple) and all(isinstance(word, str) for word in value)


class SettingsText(Callback):
    """Writes a run's settings as a text into TensorBoard, where training begins or goes on.

    Args:
        config: the run's record, as config.json holds it.
    """

    def __init__(self, config: dict[str, Any]):
        self.config = config

    def on_train_begin(self, trainer, step: int):
        if trainer.tensorboard:
            trainer.tensorboard.text(step, "settings", as_markdown(repeat(self.config)))


def as_markdown(found: Repeat) -> str:
    """The settings and the command as Markdown."""
    rows = [f"| {name} | {_cell(value)} | {_cell(default)} |" for name, (value, default) in (found.settings or {}).items()]
    command = ["", *(f"    {line}" for line in " ".join(found.command).splitlines())] if found.command else []
    return "\n".join(["| setting | value | default |", "|---|---|---|", *rows, *command, "", found.remark])


def _cell(text: str) -> str:
    """A text in a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ") if text else "–"
