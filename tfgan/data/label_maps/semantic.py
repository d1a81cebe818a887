"""Shows pairs of a label map and an image as classes: indices for SPADE, indices or pictures in the classes' colors for pix2pix."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tfgan.config import Classes, DataConfig, Domain, as_flag
from tfgan.data.label_maps.classes import find_classes
from tfgan.data.label_maps.maps import LabelMap, paint, read_map, to_indices
from tfgan.data.label_maps.objects import read_instances
from tfgan.data.reading import images
from tfgan.data.source import Source, View
from tfgan.errors import UnreadableImage
from tfgan.instances import packed

NOTHING: Mapping[Path, Path] = MappingProxyType({})
Reader = Callable[[str], LabelMap]
"""Reads a label map in a coding; raises `UnreadableImage`."""


class _ClassifiedPairs(View):
    """Pairs of images, one of which, a label map, is read as classes."""

    def __init__(self, inner: Source, domains: Mapping[str, Domain], label_side: str):
        super().__init__(inner, domains)
        self.label_side = label_side

    def _load(self, index: int, classes: Classes) -> tuple[np.ndarray, np.ndarray]:
        """The class indices of a label map, H×W int32, and the image H×W×C that belongs to it."""
        example = self.inner.load(index)
        name, read = map_reader(self.inner, index, self.label_side, example)
        try:
            indices = to_indices(read(classes.coding).values, classes)
        except UnreadableImage as error:
            raise UnreadableImage(f"{name}: {error}") from None
        image = example[_other(self.label_side)]
        if indices.shape != image.shape[:2]:
            sizes = [f"{what} is {height}×{width}" for what, (height, width) in (("label map", indices.shape), ("image", image.shape[:2]))]
            raise UnreadableImage(f"{name}: {' but '.join(sizes)} (height×width); both images of a pair must have one size")
        return indices, image


class SemanticSource(_ClassifiedPairs):
    """Label maps as class indices, with their images, under the keys "labels" and "image".

    Args:
        inner, domains, label_side: of the pairs.
        instances: file of a label map -> that of its instance map, where the domain of labels has such.
    """

    def __init__(self, inner: Source, domains: Mapping[str, Domain], label_side: str, instances: Mapping[Path, Path]):
        super().__init__(inner, domains, label_side)
        self.instances = instances

    def load(self, index: int) -> dict[str, np.ndarray]:
        """The label map and the image of one pair.

        Returns:
            `labels`, H×W int32: the class of each pixel, -1 for none, with instances as `tfgan.instances` has it; `image`, H×W×C in its
            domain's channels and dtype.

        Raises:
            UnreadableImage: the pair cannot be read, its images differ in size, or values of the label map are none of the classes'.
        """
        domain = self.domains["labels"]
        indices, image = self._load(index, domain.require_classes())
        if domain.instances:
            indices = packed(indices, self._instances(index, indices.shape))
        return {"labels": indices, "image": image}

    def _instances(self, index: int, size) -> np.ndarray:
        label_map = self._label_map(index)
        name, file = self.inner.label(label_map), self.instances.get(label_map)
        if file is None:
            raise UnreadableImage(f"{name} has no instance map ({as_flag('instances', self.domains['labels'].instances)})")
        try:
            return read_instances(file, self.domains["labels"].pages, size)
        except UnreadableImage as error:
            raise UnreadableImage(f"{self.inner.label(file)}: {error}") from None

    def _label_map(self, index: int) -> Path:
        return self.inner.paths(index)["AB".index(self.label_side)]

    def paths(self, index: int) -> tuple[Path, ...]:
        """The files of an example: those of the pair, and its instance map, if there is one."""
        files = self.inner.paths(index)
        file = self.instances.get(self._label_map(index)) if self.instances else None
        return (*files, file) if file else files

    def content(self, index: int) -> bytes:
        return Source.content(self, index) if self.instances else self.inner.content(index)


class EncodedSource(_ClassifiedPairs):
    """Label maps as their domain has them, as indices or in colors of the classes, with their images, under the keys "A" and "B"."""

    def load(self, index: int) -> dict[str, np.ndarray]:
        """The label map, H×W int32, -1 for no class, or its picture, H×W×3 uint8, and the image, H×W×C in its domain's channels and dtype.

        Raises:
            UnreadableImage: the pair cannot be read, its images differ in size, or values of the label map are none of the classes'.
        """
        domain = self.domains[self.label_side]
        classes = domain.require_classes()
        indices, image = self._load(index, classes)
        return {self.label_side: indices if domain.is_map else paint(indices, classes), _other(self.label_side): image}


def open_semantic(
    pairs: Mapping[str, Source], label_side: str, settings: DataConfig, instances: Mapping[Path, Path] = NOTHING
) -> dict[str, SemanticSource]:
    """The splits of a set of pairs, seen as class indices and images.

    Args:
        pairs: split -> pairs with the keys A and B. The label map of a pair in two files is read from its file, so that a palette's indices
            are seen; any other is taken as the pairs give it.
        label_side: which of A and B is the label map.
        settings: label_coding, label_palette, label_names and ignore_label; see `tfgan.data.label_maps.classes.find_classes`. The
            classes are found in all splits together. With `instances`, pixels tell these, too.
        instances: file of a label map -> that of its instance map.

    Raises:
        UserError: the label maps have no classes, or others than the settings say.
    """
    classes = _find(pairs, label_side, settings)

    def domains(source):
        labels = dataclasses.replace(_map_of(source.domains[label_side], classes), instances=settings.instances)
        return {"labels": labels, "image": source.domains[_other(label_side)]}

    return {split: SemanticSource(source, domains(source), label_side, instances) for split, source in pairs.items()}


def open_encoded(pairs: Mapping[str, Source], label_side: str, settings: DataConfig) -> dict[str, EncodedSource]:
    """The splits of a set of pairs, with the label maps painted in the classes' colors, or as class indices, by `label_encoding`.

    Other arguments and errors are those of `open_semantic`.
    """
    classes = _find(pairs, label_side, settings)

    def domains(source):
        own = _map_of(source.domains[label_side], classes)
        encoded = own if settings.label_encoding == "onehot" else painted(own)
        return {side: encoded if side == label_side else domain for side, domain in source.domains.items()}

    return {split: EncodedSource(source, domains(source), label_side) for split, source in pairs.items()}


def painted(domain: Domain) -> Domain:
    """The domain of the pictures, in the colors of the classes, of the maps of a domain of class indices."""
    return dataclasses.replace(domain, channels=3, dtype="uint8")


def _map_of(domain: Domain, classes: Classes) -> Domain:
    return Domain(domain.name, 1, "int32", "nearest", classes, pages=domain.pages, format=domain.format)


def map_reader(source: Source, index: int, key: str, example: Mapping[str, np.ndarray] | None = None) -> tuple[str, Reader]:
    """The name of a label map for messages, and the function that reads it in a coding.

    One in a file of its own is read from there, so that a palette's indices are seen; any other as the source gives it.

    Args:
        source: pairs with the keys A and B, or images of one of these domains.
        index: place of the example in the source.
        key: which image of it is the label map.
        example: it, if it is loaded already.
    """
    files, pages = source.paths(index), source.domains[key].pages
    single = len(source.domains) == 1 and len(files) == 1
    file = files[0] if single else files["AB".index(key)] if len(files) == 2 else None

    def read(coding: str) -> LabelMap:
        if file and (not source.paged or _has_palettes(file, pages, file.stat().st_mtime_ns)):
            return read_map(file, coding, pages, source.page(index))
        return read_map((example or source.load(index))[key], coding)

    return source.label(file) if file and not source.paged else source.name(index), read


@functools.lru_cache(256)
def _has_palettes(file: Path, pages: str, _changed: int) -> bool:
    return images.has_palettes(file, pages)


def _find(pairs: Mapping[str, Source], label_side: str, settings: DataConfig) -> Classes:
    return find_classes([map_reader(source, index, label_side) for source in pairs.values() for index in range(len(source))], settings)


def _other(side: str) -> str:
    return "B" if side == "A" else "A"
