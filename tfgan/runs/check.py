"""What one wants to know of a data set before hours of training: which method fits it, and what is wrong with it."""

from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig, TrainConfig
from tfgan.data import check_settings
from tfgan.data.checks import Finding, Inspection, inspect
from tfgan.data.checks.headers import Progress
from tfgan.data.checks.layouts import Layouts, find_layouts, unclear
from tfgan.methods import method_class
from tfgan.methods.base import HParams
from tfgan.training.hardware import slow_precision

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
    """The method that was named, or else the one that fits the layout of the data set's folder; pix2pix if none does."""
    layouts = find_layouts(data)
    return Choice(method or METHODS[layouts.possible[0].kind if layouts.possible else "paired"], not method, layouts)


def inspect_data(
    data: DataConfig, choice: Choice, hparams: HParams, training: TrainConfig, progress: Progress = lambda items, total: items
) -> Inspection:
    """Looks at every image of a data set for the chosen method, and returns what it found, and what of the settings does not suit.

    Args:
        progress: wraps the images that are looked at, and is told how many there are.

    Raises:
        UserError: the data set cannot be opened at all, or a setting means nothing for the method.
    """
    kind = method_class(choice.method).batch_kind
    check_settings(data, kind)
    seen = inspect(data, kind, hparams.image_size, hparams.loaded_size(), progress).also(_check_precision(training))
    return seen.also(unclear(Path(data.data_dir), choice.layouts)) if choice.guessed and data.data_dir else seen


def _check_precision(training: TrainConfig) -> list[Finding]:
    problem, _, cure = slow_precision(training.precision, training.tpu).partition("; ")
    return [Finding("warning", "slow_precision", problem, cure)] if problem else []
