"""Data sets from Python: lists of what there is, opening and checking a data set, and images that a program gives."""

from __future__ import annotations  # types of modules that are imported when they are needed

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgan.config import (
    BATCH_KINDS,
    DataConfig,
    Size,
    TrainConfig,
    as_size,
    as_text,
    in_present_words,
    make_records,
    old_names,
    present_kind,
)
from tfgan.data.catalog import DATASETS
from tfgan.errors import UserError, did_you_mean
from tfgan.methods import METHODS, method_class
from tfgan.runs import recipes
from tfgan.runs.start import start_tensorflow

if TYPE_CHECKING:
    from tfgan.data.checks import Inspection
    from tfgan.data.dataset import Dataset

BUILT_IN = '"synthetic" (for more see tfgan.list_datasets())'


def list_methods() -> dict[str, str]:
    """Returns the methods that `train` knows: name -> what it learns, and from which images."""
    return {name: entry.summary for name, entry in METHODS.items()}


def list_datasets() -> dict[str, str]:
    """Returns the built-in data sets, for the setting `dataset`: name -> what they hold. For other images, use `data_dir`."""
    return dict(DATASETS)


def list_recipes() -> dict[str, str]:
    """Returns the recipes of the package, for the argument `recipe` of `train`: name -> what they train."""
    return {Path(name).stem: summary for name, summary in recipes.recipes().items()}


def open_dataset(kind: str, image_size: int | Size, loaded_size: int | Size | None = None, **settings: Any) -> Dataset:
    """Opens a data set in the way in which methods read it.

    Args:
        kind: the kind of batches: paired, unpaired, labeled, attributes, semantic, or images.
        image_size: height and width in pixels, or one number for both.
        loaded_size: height and width of training images before the random crop; by default `image_size`.
        settings: data settings, as listed by `tfgan train --help`: `data_dir`, `dataset`, `direction`, …

    Returns:
        A `tfgan.data.dataset.Dataset`.

    Raises:
        UserError: an unknown name or setting, a layout that is not understood, or images that cannot be used.
    """
    (data,) = make_records([], settings, [DataConfig])
    kind, size = present_kind(kind), as_size("image_size", image_size)
    loaded = size if loaded_size is None else as_size("loaded_size", loaded_size)
    if kind not in BATCH_KINDS:
        raise UserError(f"kind={kind!r} is unknown.{did_you_mean(kind, BATCH_KINDS)} There are: {', '.join(BATCH_KINDS)}.")
    if min(size) < 1 or loaded[0] < size[0] or loaded[1] < size[1]:
        raise UserError(f"image_size={as_text(size)} must be at least one pixel, and loaded_size={as_text(loaded)} no smaller.")
    start_tensorflow()
    from tfgan.data import open_dataset as open_data

    return open_data(data.with_home(), kind, size, loaded)


def check(data_dir: str | Path = "", method: str = "", **settings: Any) -> Inspection:
    """Checks every image of a data set, as `tfgan check` does: what was found, what is wrong, and how to fix it.

    Args:
        data_dir: a folder; "" for a built-in set, named by `dataset`.
        method: the method to be trained, a name from `list_methods`; by default one that suits the layout.
        settings: what `tfgan train --method=NAME --help` lists.

    Returns:
        A `tfgan.data.checks.Inspection`. Its `findings` are a list; each has a severity, a name, a problem, and a cure.

    Raises:
        UserError: a folder that cannot be opened at all, or settings that do not fit.
    """
    if not data_dir and "dataset" not in settings:
        raise UserError(f"which data set? Name a folder, data_dir, or dataset={BUILT_IN}.")
    if method:
        method_class(method)  # a typo is reported before TensorFlow starts
    start_tensorflow()
    from tfgan.runs.planning.check import choose_method, inspect_data

    known, given = {field.name for field in dataclasses.fields(DataConfig)}, in_present_words(settings, old_names(DataConfig))
    data = DataConfig(data_dir=str(data_dir), **{name: value for name, value in given.items() if name in known}).with_home()
    choice = choose_method(data, method)
    kinds = [DataConfig, TrainConfig, method_class(choice.method).HParams]
    _, training, hparams = make_records([], {**settings, "data_dir": str(data_dir)}, kinds)
    _, inspection = inspect_data(data, choice, hparams, training, given)
    return inspection


def with_own(settings: DataConfig, data: Any, kind: str) -> DataConfig:
    """The settings with the name of a program's own images, if there are any."""
    if data is None:
        return settings
    if settings.data_dir or settings.dataset != DataConfig.dataset:
        raise UserError("data, data_dir and dataset each name images: give one of them.")
    from tfgan.data.own import keep

    return dataclasses.replace(settings, dataset=keep(data, kind, settings))
