"""Chooses what a contact sheet shows: some training images, as the network will see them, under the names of what they are to it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tfgan.config import BATCH_KINDS, DataConfig, Size
from tfgan.data import batch_keys
from tfgan.data.display import as_picture
from tfgan.data.images import convert
from tfgan.data.pipeline import crop_noise, random_crop
from tfgan.data.prepare import PreparedSource, may_crop
from tfgan.data.source import Source
from tfgan.errors import ReadFailed, UnreadableImage

ROWS, COLUMNS = 4, 10
LOOKED_AT = 400  # examples among which those of each class or attribute are found
LEAST_SIDE = 96  # pixels a side to which smaller images are enlarged by a whole number

Columns = dict[str, list[np.ndarray]]
"""Title of a column -> its images, H×W×3 uint8."""


class Cuts(NamedTuple):
    """How training images are cut out of the images of a data set."""

    image_size: Size  # height and width of the network's images, in pixels
    loaded_size: Size  # of the images before the random crop
    flip: bool = False  # half of them are mirrored
    seed: int = 0  # of the run


def sheet_columns(kind: str, sources: list[Source], settings: DataConfig, cuts: Cuts) -> Columns:
    """The columns of a contact sheet of training images, each at least 96 pixels a side: random crops, cut as training cuts them.

    Translations have a column for the source and one for the target, with their domains' names, so that pairs stand side by side; classes
    and attributes have a column each; single images stand in the order of their files.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        sources: sources of the training split, as `tfgan.data.open_sources` returns them.
        settings: the settings that the sources were opened with.
        cuts: what is shown of each image.
    """
    crop = may_crop(kind, settings)
    prepared = (
        PreparedSource(source, batch_keys(kind, source, settings.direction, sources), cuts.loaded_size, False, crop) for source in sources
    )
    streams = [_Stream(source, number, cuts) for number, source in enumerate(prepared)]
    if kind in ("labeled", "attributes"):
        return {title: column for stream in streams for title, column in _members(stream).items() if column}
    if kind == "images":
        pictures = [_shown(example, streams[0], "image") for example in streams[0].examples(ROWS * COLUMNS)]
        return {str(column + 1): pictures[column::COLUMNS] for column in range(min(COLUMNS, len(pictures)))}
    columns = {}
    for key in BATCH_KINDS[kind].translates:
        stream = next(stream for stream in streams if key in stream.domains)
        role = "target" if key in ("target", "image") else "source"
        columns[f"{role}: {stream.domains[key].name}"] = [_shown(example, stream, key) for example in stream.examples(ROWS)]
    return columns


class _Stream:
    """A prepared source whose examples are cut for training."""

    def __init__(self, prepared: PreparedSource, number: int, cuts: Cuts):
        self.source, self.domains = prepared.source, prepared.domains
        self._prepared, self._number, self._cuts = prepared, number, cuts

    def examples(self, most: int) -> Iterator[dict[str, np.ndarray]]:
        """Yields `most` examples at most, evenly spaced, without those that cannot be used."""
        count = min(most, len(self._prepared))
        for place in range(count):
            try:
                arrays = self._prepared.fetch(place * len(self._prepared) // count)
            except (UnreadableImage, ReadFailed):
                continue
            noise = crop_noise([self._cuts.seed, self._number], place)
            yield {key: self._cut(key, array, noise) for key, array in zip(self._prepared.keys, arrays)}

    def _cut(self, key: str, array, noise):
        return random_crop(array, self._cuts.image_size, noise, self._cuts.flip).numpy() if key in self.domains else array


def _members(stream: _Stream) -> Columns:
    """The columns of a source of classes or attributes: one for each class, or for each attribute, with images that have it."""
    source = stream.source
    names = source.class_names or source.attribute_names
    columns: Columns = {name: [] for name in names[:COLUMNS]}
    for example in stream.examples(LOOKED_AT):
        own = [names[example["label"]]] if "label" in example else [names[at] for at in np.flatnonzero(example["attributes"] == 1)]
        for name in own:
            if name in columns and len(columns[name]) < ROWS:
                columns[name].append(_shown(example, stream, "image"))
    return columns


def _shown(example: dict[str, np.ndarray], stream: _Stream, key: str) -> np.ndarray:
    image = convert(as_picture(example[key], stream.domains[key]), 3, "uint8")
    factor = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)
