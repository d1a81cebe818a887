"""Opens the data set that settings name, as a `Dataset`. Readers are imported when they are asked for."""

from __future__ import annotations  # types of modules that are imported when they are needed

import dataclasses
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from tfgan.config import BATCH_KINDS, SPECIFIC, DataConfig, Size, idle_settings
from tfgan.config.data import IMPORTED
from tfgan.data.catalog import DATASETS, MEASURED
from tfgan.data.directions import parse_direction, side_names
from tfgan.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from tfgan.data.dataset import Dataset
    from tfgan.data.source import Source

logger = logging.getLogger(__name__)

TFDS_FEATURES = ("tfds_source", "tfds_target")

__all__ = [
    "DATASETS",
    "batch_keys",
    "check_settings",
    "is_made",
    "is_stored",
    "make_dataset",
    "open_dataset",
    "open_sources",
    "parse_direction",
]


def open_dataset(settings: DataConfig, kind: str, image_size: Size, loaded_size: Size, network: Size | None = None) -> Dataset:
    """The data set that `settings` name, as batches of `kind`.

    Args:
        settings: which data set, and how it is read.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        image_size: height and width of a batch's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        network: see `tfgan.data.dataset.Dataset`.

    Raises:
        UserError: unknown name, wrong layout, unreadable images, no network for a download; images of another kind; a setting that does
            nothing for them.
    """
    made = is_made(settings)
    sources = open_sources(settings, kind, loaded_size)
    _tell_shared_groups(sources, settings)
    if settings.data_dir:
        _tell_unread(Path(settings.data_dir))
    return make_dataset(sources, settings, kind, image_size, loaded_size, check=not made, network=network)


def _tell_shared_groups(splits: dict[str, list[Source]], settings: DataConfig):
    """Logs a warning for groups of images that lie in several splits, whose figures are better than those of new images."""
    from tfgan.data.groups import shared_groups

    if shared := shared_groups(splits, settings):
        name, places = next(iter(shared.items()))
        logger.warning(f"Warning: {len(shared)} groups are in several splits, such as {name} in {' and '.join(places)} (--groups).")


def _tell_unread(folder: Path):
    """Logs a warning for pictures in a folder that are passed over, as their format is not read."""
    from tfgan.data.finding.walk import walk
    from tfgan.data.reading.formats import told_unread

    if unread := told_unread(walk(folder)):
        logger.warning(f"{folder}:{unread} Skipped.")


def is_made(settings: DataConfig) -> bool:
    """Whether the images are made by the program, as those of --dataset=synthetic, not read."""
    return not settings.data_dir and settings.dataset in ("synthetic", MEASURED)


def is_stored(settings: DataConfig) -> bool:
    """Whether the images come out of TensorFlow Datasets, which imports TensorFlow; a name that does not exist does not."""
    return not settings.data_dir and not is_made(settings) and (settings.dataset in DATASETS or settings.dataset.startswith("tfds:"))


def open_sources(settings: DataConfig, kind: str, loaded_size: Size) -> dict[str, list[Source]]:
    """Split -> its sources, which have not loaded any image yet: one, or one for each unpaired domain or each of several joined sets.

    Args:
        settings: which data set, and how it is read.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        loaded_size: height and width in pixels at which images are made, for the built-in set.

    Raises:
        UserError: unknown name, wrong layout, no network for a download; a setting that does nothing for this kind. Images that cannot be
            used are met when they are loaded.
    """
    from tfgan.data.colorization import Colorized
    from tfgan.data.first import first_of
    from tfgan.data.frames import Frames
    from tfgan.data.groups import split_by_groups
    from tfgan.data.openers import OPENERS, synthetic
    from tfgan.data.own import is_own, open_own
    from tfgan.data.preparation.ranges import with_ranges

    check_settings(settings, kind)
    if settings.dataset == IMPORTED and not settings.data_dir:
        raise UserError("The run was imported and has no images: name a folder of them, --data_dir=FOLDER.")
    read = "images" if settings.colorize else kind
    if is_made(settings):
        splits = synthetic(settings, read, loaded_size)
    elif is_own(settings) and not BATCH_KINDS[kind].translates:  # as they were given; of two domains, sides and classes are still chosen
        splits = open_own(settings)
    else:
        splits = OPENERS[read](settings)
    if not settings.data_dir and BATCH_KINDS[kind].sides:
        _check_names(settings, tuple(side_names(splits["train"]).values()))
    splits = split_by_groups(splits, settings)
    if settings.pages == "frames":
        step = settings.frame_step
        splits = {split: [source if source.paged else Frames(source, step) for source in sources] for split, sources in splits.items()}
    if settings.colorize:
        splits = {split: [Colorized(source) for source in sources] for split, sources in splits.items()}
    if settings.max_images and "train" in splits:
        splits = splits | {"train": first_of(splits["train"], settings.max_images)}
        counts = " and ".join(f"{len(source):,}" for source in splits["train"])
        logger.info(f"--max_images={settings.max_images}: {counts} training images are used.")
    return with_ranges(splits, settings) if "train" in splits else splits


def make_dataset(
    splits: dict[str, list[Source]],
    settings: DataConfig,
    kind: str,
    image_size: Size,
    loaded_size: Size,
    *,
    check: bool,
    network: Size | None = None,
) -> Dataset:
    """The data set made of opened sources.

    Args:
        splits: split -> its sources, as `open_sources` returns them.
        settings: those that the sources were opened with.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        image_size: height and width of a batch's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        check: load every image once, as before training.
        network: see `tfgan.data.dataset.Dataset`.

    Raises:
        UserError: no training images; images that cannot be used; a direction between other domains.
    """
    from tfgan.data.dataset import Dataset

    streams = {
        split: [(source, batch_keys(kind, source, settings.direction, sources)) for source in sources] for split, sources in splits.items()
    }
    for found in streams.values():
        found.sort(key=lambda stream: "target" in stream[1])  # what is said of a run names its source first
    return Dataset(kind, streams, image_size, loaded_size, settings, check=check, network=network)


def check_settings(settings: DataConfig, kind: str):
    """Raises `UserError` for a setting that would do nothing for batches of `kind`, or for the data set."""
    known, idle = BATCH_KINDS[kind], idle_settings(kind) | ({"half"} if kind == "paired" and not settings.colorize else set())
    for name in _changed(settings):
        if name in idle:
            eaten = "images alone" if kind == "images" else f"{kind} images"
            raise UserError(f"--{name} has no effect for a method that learns from {eaten}: leave it out.")
        fits = known.sides and name in ("domains", "direction", "label_domains", "colorize")  # the built-in set has them too
        if is_made(settings) and name in SPECIFIC and name not in TFDS_FEATURES and not fits:
            raise UserError(
                f"--{name} has no effect for --dataset={settings.dataset}: leave it out, or name another --dataset or --data_dir."
            )


def _changed(settings: DataConfig) -> list[str]:
    return [field.name for field in dataclasses.fields(settings) if getattr(settings, field.name) != field.default]


def _check_names(settings, names):
    """Raises `UserError` for domains that the set does not have: a folder's are named by the user, but any other set names its own."""
    if settings.domains and settings.domains != names and not settings.dataset.startswith("tfds:"):
        raise UserError(f"--domains={','.join(settings.domains)}: the domains of --dataset={settings.dataset} are {','.join(names)}.")
    for unknown in sorted(set(settings.label_domains) - set(names)):
        hint = did_you_mean(unknown, names)
        raise UserError(f"--label_domains: --dataset={settings.dataset} has no domain {unknown!r}.{hint} There are: {', '.join(names)}.")


def batch_keys(kind: str, source: Source, direction: str, sources: list[Source]) -> dict[str, str]:
    """Keys of a batch -> keys of the examples of `source`.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        source: one of `sources`; a source of one domain has one of the keys alone.
        direction: which domain becomes which, as `parse_direction` takes it.
        sources: all sources of the split.

    Raises:
        UserError: the direction is between other domains.
    """
    if kind == "images":  # half of a pair has the key of its side
        (key,) = source.domains
        return {"image": key}
    if not BATCH_KINDS[kind].sides:
        return {key: key for key in BATCH_KINDS[kind].keys}
    sides = side_names(sources)
    keys = dict(zip(("source", "target"), parse_direction(direction, sides["A"], sides["B"])))
    return {key: side for key, side in keys.items() if side in source.domains}
