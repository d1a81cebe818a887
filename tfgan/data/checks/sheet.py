"""Chooses what a contact sheet shows: some training images, as the network will see them, under the names of what they are to it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tfgan.config import BATCH_KINDS, DataConfig, Domain, Size, Strings
from tfgan.data import batch_keys
from tfgan.data.checks.crops import DISTORTED
from tfgan.data.display import seen_bands
from tfgan.data.label_maps.maps import paint
from tfgan.data.preparation.geometry import distortion
from tfgan.data.preparation.jitter import Jitter
from tfgan.data.preparation.normalization import normalize
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.reading.images import convert, resize
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
    augment: Strings = ()  # what else is changed at random
    seed: int = 0  # of the run


def sheet_columns(kind: str, sources: list[Source], settings: DataConfig, cuts: Cuts) -> Columns:
    """The columns of a contact sheet of training images, each at least 96 pixels a side: random crops, changed as training changes them.

    Translations have a column for the source and one for the target, with their domains' names, so that pairs stand side by side; classes
    and attributes have a column each; single images stand in the order of their files. Where images are squeezed by 10 % or more, a column
    beside shows them in their own shape.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        sources: sources of the training split, as `tfgan.data.open_sources` returns them.
        settings: the settings that the sources were opened with.
        cuts: what is shown of each image.
    """
    keys, fit = [batch_keys(kind, source, settings.direction, sources) for source in sources], settings.fit_of(kind)
    prepared = (PreparedSource(source, own, cuts.loaded_size, Room(0), fit, cuts.image_size) for source, own in zip(sources, keys))
    streams = [_Stream(source, number, cuts) for number, source in enumerate(prepared)]
    if kind in ("labeled", "attributes"):
        columns = {title: column for stream in streams for title, column in _members(stream).items() if column}
        return columns | _beside(streams[0], "image", "not squeezed")
    if kind == "images":
        pictures = [_shown(example, streams[0], "image") for example in streams[0].examples(ROWS * COLUMNS)]
        columns = {str(column + 1): pictures[column::COLUMNS] for column in range(min(COLUMNS, len(pictures)))}
        return columns | _beside(streams[0], "image", "not squeezed")
    columns = {}
    for key in BATCH_KINDS[kind].translates:
        stream = next(stream for stream in streams if key in stream.domains)
        role, name = "target" if key in ("target", "image") else "source", stream.domains[key].name
        columns[f"{role}: {name}"] = [_shown(example, stream, key) for example in stream.examples(ROWS)]
        columns |= _beside(stream, key, f"{name}, not squeezed")
    return columns


def _beside(stream: "_Stream", key: str, title: str) -> Columns:
    """A column of images in their own shape; none where training keeps it."""
    column = stream.unsqueezed(key, ROWS)
    return {title: column} if column else {}


class _Stream:
    """A prepared source whose examples are cut for training."""

    def __init__(self, prepared: PreparedSource, number: int, cuts: Cuts):
        self.source, self.domains = prepared.source, prepared.domains
        self._prepared, self._number, self._cuts = prepared, number, cuts
        self._jitter = Jitter(cuts.image_size, cuts.flip, cuts.augment)

    def examples(self, most: int) -> Iterator[dict[str, np.ndarray]]:
        """Yields `most` examples at most, evenly spaced, without those that cannot be used."""
        count = min(most, len(self._prepared))
        for place in range(count):
            try:
                arrays = self._prepared.fetch(place * len(self._prepared) // count)
            except (UnreadableImage, ReadFailed):
                continue
            draws = self._jitter.draw([self._cuts.seed, self._number], place)
            yield {
                key: self._jitter.changed(array, self.domains[key], draws).numpy() if key in self.domains else array
                for key, array in zip(self._prepared.keys, arrays)
            }

    def unsqueezed(self, key: str, most: int) -> list[np.ndarray]:
        """The images of `examples` in their own shape, on white, H×W×3 uint8; none if training does not squeeze them visibly."""
        found, visible = [], False
        for place in range(count := min(most, len(self.source))):
            try:
                image = self.source.load(place * len(self.source) // count)[self._prepared.keys[key]]
            except (UnreadableImage, ReadFailed):
                continue
            visible |= distortion(image.shape[:2], self._cuts.loaded_size) >= DISTORTED
            found.append(_on_white(image, self.domains[key], self._cuts.image_size))
        return found if visible and self._prepared.fit == "squeeze" else []


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
    return _enlarged(_colors(example[key], stream.domains[key]))


def _enlarged(image: np.ndarray) -> np.ndarray:
    factor = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _colors(image: np.ndarray, domain: Domain) -> np.ndarray:
    """The colors, H×W×3 uint8, of what a network sees: an image H×W×C float32 in [-1, 1], or a map of class indices."""
    if domain.is_map:
        return paint(image, domain.require_classes())
    return convert(np.rint((seen_bands(image, domain) + 1.0) * 127.5).astype(np.uint8), 3, "uint8")


def _on_white(image: np.ndarray, domain: Domain, cell: Size) -> np.ndarray:
    """An image of the data set in its own shape, as large as it can be in a white field of the height and width `cell`."""
    own = image.shape[:2]
    factor = min(side / length for side, length in zip(cell, own))
    height, width = (max(1, round(length * factor)) for length in own)
    seen = resize(image if domain.is_map else normalize(image, domain), (height, width), domain.resample, bands=domain.bands)
    field, (top, left) = np.full((*cell, 3), 255, np.uint8), ((cell[0] - height) // 2, (cell[1] - width) // 2)
    field[top : top + height, left : left + width] = _colors(seen, domain)
    return _enlarged(field)
