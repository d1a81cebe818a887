"""Chooses what a contact sheet shows: some training images, as the network will see them, under the names of what they are to it."""

import numpy as np

from tfgan.config import BATCH_KINDS, DataConfig, Size
from tfgan.data import batch_keys
from tfgan.data.checks.scan import colors
from tfgan.data.prepare import PreparedSource, may_crop
from tfgan.data.source import Source
from tfgan.errors import UnreadableImage

ROWS, COLUMNS = 4, 10
LOOKED_AT = 400  # examples among which those of each class or attribute are found
LEAST_SIDE = 96  # pixels a side to which smaller images are enlarged by a whole number

Columns = dict[str, list[np.ndarray]]
"""Title of a column -> its images, H×W×3 uint8."""


def sheet_columns(kind: str, sources: list[Source], settings: DataConfig, image_size: Size) -> Columns:
    """The columns of a contact sheet of training images, each at least 96 pixels a side.

    Translations have a column for the source and one for the target, with their domains' names, so that pairs stand side by side; classes
    and attributes have a column each; single images stand in the order of their files.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        sources: sources of the training split, as `tfgan.data.open_sources` returns them.
        settings: the settings that the sources were opened with.
        image_size: height and width of the network's images, in pixels.
    """
    crop = may_crop(kind, settings)
    streams = [PreparedSource(source, batch_keys(kind, source, settings.direction, sources), image_size, False, crop) for source in sources]
    if kind in ("labeled", "attributes"):
        return {title: column for stream in streams for title, column in _members(stream).items() if column}
    if kind == "images":
        pictures = [_shown(example, streams[0], "image") for example in _examples(streams[0], ROWS * COLUMNS)]
        return {str(column + 1): pictures[column::COLUMNS] for column in range(min(COLUMNS, len(pictures)))}
    columns = {}
    for key in BATCH_KINDS[kind].translates:
        stream = next(stream for stream in streams if key in stream.domains)
        role = "target" if key in ("target", "image") else "source"
        columns[f"{role}: {stream.domains[key].name}"] = [_shown(example, stream, key) for example in _examples(stream, ROWS)]
    return columns


def _members(stream: PreparedSource) -> Columns:
    """The columns of a source of classes or attributes: one for each class, or for each attribute, with images that have it."""
    source = stream.source
    names = source.class_names or source.attribute_names
    columns: Columns = {name: [] for name in names[:COLUMNS]}
    for example in _examples(stream, LOOKED_AT):
        own = [names[example["label"]]] if "label" in example else [names[at] for at in np.flatnonzero(example["attributes"] == 1)]
        for name in own:
            if name in columns and len(columns[name]) < ROWS:
                columns[name].append(_shown(example, stream, "image"))
    return columns


def _examples(stream: PreparedSource, most: int):
    """Yields `most` examples at most, evenly spaced, without those that cannot be used."""
    count = min(most, len(stream))
    for place in range(count):
        try:
            yield dict(zip(stream.keys, stream.fetch(place * len(stream) // count)))
        except UnreadableImage:
            continue


def _shown(example: dict[str, np.ndarray], stream: PreparedSource, key: str) -> np.ndarray:
    image = colors(example[key], stream.domains[key])
    factor = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)
