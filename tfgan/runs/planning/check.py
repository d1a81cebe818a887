"""What one wants to know of a data set before hours of training: which method fits it, and what is wrong with it."""

import shlex
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig, TrainConfig
from tfgan.data import check_settings
from tfgan.data.checks import Finding, Inspection, inspect
from tfgan.data.checks.direction import propose_direction
from tfgan.data.checks.headers import Progress
from tfgan.data.checks.layouts import Layouts, find_layouts, unclear
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.methods.base import HParams
from tfgan.runs.planning.smaller import flags_for_smaller
from tfgan.runs.start import start_tensorflow

METHODS = {
    "paired": "pix2pix",
    "unpaired": "cyclegan",
    "attributes": "stargan",
    "semantic": "spade",
    "labeled": "acgan",
    "images": "dcgan",
}
"""Kind of batches -> the method that is taken where none is named."""


class Choice(NamedTuple):
    """A method that was chosen for a data set, and the layouts that the data set may have."""

    method: str
    guessed: bool  # from the layout, as none was named
    layouts: Layouts


def choose_method(data: DataConfig, method: str = "") -> Choice:
    """The method that was named, or else the one that fits the layout of the data set's folder; pix2pix if none does, or if it is in
    doubt, so that what the pairs lack is said."""
    layouts = find_layouts(data)
    kind = layouts.possible[0].kind if layouts.possible and not layouts.doubt else "paired"
    return Choice(method or METHODS[kind], not method, layouts)


def fitting_method(kind: str, layouts: Layouts) -> str:
    """The method that a folder is laid out for, as advice to a reader who wants another kind of batches; "" if none is likelier.

    Args:
        kind: kind of the batches that were asked for.
        layouts: what the folder can be read as, from `find_layouts`.
    """
    first = layouts.possible[0] if layouts.possible and not layouts.doubt else None
    fitting = f"the folder has the layout of --method={METHODS[first.kind]}: {first.words}" if first and first.kind != kind else ""
    unsure = first is None or first.sure == "possible"
    return "; ".join(filter(None, [fitting, layouts.nearest if unsure else ""]))


def advise(data: DataConfig, kind: str) -> str:
    """Where to look, as a line of its own to be put behind an error about the files of a folder; "" if the data set is no folder."""
    if not Path(data.data_dir).is_dir() or not data.data_dir:
        return ""
    try:
        cure = fitting_method(kind, find_layouts(data))
    except UserError:  # the error says it already
        cure = ""
    return "\n" + ". ".join(filter(None, [cure[:1].upper() + cure[1:], f"`tfgan check {shlex.quote(data.data_dir)}` says more."]))


def inspect_data(
    data: DataConfig,
    choice: Choice,
    hparams: HParams,
    training: TrainConfig,
    given: Collection[str],
    progress: Progress = lambda items, total: items,
) -> tuple[DataConfig, Inspection]:
    """Looks at every image of a data set for the chosen method.

    Args:
        given: names of the settings that somebody gave; the direction of pairs is proposed where it is not among them.
        progress: wraps the images that are looked at, and is told how many there are.

    Returns:
        the settings with what is proposed, and what was found with them.

    Raises:
        UserError: the data set cannot be opened at all, or a setting has no effect for the method.
    """
    kind = method_class(choice.method).batch_kind
    check_settings(data, kind)
    sizes = hparams.image_size, hparams.loaded_size()
    data, said = propose_direction(data, kind, given)
    seen = inspect(data, kind, *sizes, progress, lambda factor: flags_for_smaller(hparams, factor))
    cure = fitting_method(kind, choice.layouts)
    seen = seen._replace(findings=[replace(found, cure=cure) if found.name == "refused" else found for found in seen.findings])
    doubts = unclear(Path(data.data_dir), choice.layouts) if choice.guessed and data.data_dir else []
    return data, seen.also([*said, *doubts, *_check_precision(training)])


def _check_precision(training: TrainConfig) -> list[Finding]:
    """What there is to say of the precision that somebody has chosen; `auto` suits every machine."""
    if training.precision == "auto":
        return []
    start_tensorflow()  # which knows the machine
    from tfgan.training.hardware import slow_precision

    problem, _, cure = slow_precision(training.precision, training.tpu).partition("; ")
    return [Finding("warning", "slow_precision", problem, cure)] if problem else []
