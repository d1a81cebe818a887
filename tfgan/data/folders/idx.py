"""Reads files in the format idx: MNIST's own (LeCun, Cortes and Burges, yann.lecun.com/exdb/mnist), Fashion-MNIST's and others."""

import dataclasses
import gzip
import hashlib
import logging
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from tfgan.config import Domain, Strings
from tfgan.data.source import Source
from tfgan.errors import UserError

logger = logging.getLogger(__name__)

_STEMS = {"train": "train", "test": "t10k"}
"""Name of a split -> how the names of its idx files begin."""

_FILES = {"image": ("images", 3), "label": ("labels", 1)}
"""Key of an example -> the word for it in the name of its file, and the number of dimensions of the file's array."""

MAX_BYTES = 2**30
"""Largest array in an idx file that is read: 1.4 million images of 28×28 pixels, 23 times those of MNIST."""

_DOMAINS = {"image": Domain("image", 1)}


@dataclasses.dataclass(frozen=True)
class IdxSource(Source):
    """The images of one split, in the order of their file, with the keys "image" and perhaps "label"."""

    images: np.ndarray  # N×H×W uint8
    labels: np.ndarray | None  # N int32, indices in `class_names`; None: they are not wanted
    class_names: Strings = ()
    domains: Mapping[str, Domain] = dataclasses.field(default_factory=_DOMAINS.copy)

    def __len__(self) -> int:
        return len(self.images)

    def name(self, index: int) -> str:
        return f"{index:05d}"

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×1 uint8, and, if labels are wanted, its label, an int32 scalar."""
        label = {} if self.labels is None else {"label": self.labels[index]}
        return {"image": self.images[index, ..., None], **label}

    def content(self, index: int) -> bytes:
        return hashlib.sha256(self.images[index].tobytes()).digest()


def find_idx(folder: Path) -> dict[str, dict[str, Path]]:
    """The idx files that are there, as split -> "image" and "label" -> file; empty if `folder` holds no idx files of images.

    Of a file that is there both gzipped and unpacked, it is the unpacked one.
    """
    splits = {split: {key: path for key in _FILES if (path := _find(folder, stem, key))} for split, stem in _STEMS.items()}
    return {split: paths for split, paths in splits.items() if "image" in paths}


def open_idx(folder: Path, *, labeled: bool, class_names: Strings = ()) -> dict[str, IdxSource]:
    """The splits of a folder with idx files: "train" (train-images-idx3-ubyte and train-labels-idx1-ubyte) and "test" (t10k-…).

    The files may be gzipped (….gz), and have a dot in the place of the dash before idx.

    Args:
        folder: the folder that the files lie in.
        labeled: read the labels, too; otherwise they need not be there.
        class_names: names of the labels 0, 1, …; empty: "0", "1", … up to the largest label.

    Raises:
        UserError: a file is missing or damaged; images and labels are not as many; a label has no name, two have the same, or all images
            have one label.
    """
    files = find_idx(folder)
    if "train" not in files:
        raise UserError(f"{folder} has t10k-images-idx3-ubyte but no training images: train-images-idx3-ubyte[.gz] is missing.")
    images = {split: read_idx(paths["image"], 3) for split, paths in files.items()}
    if not labeled:
        return {split: IdxSource(found, None, ()) for split, found in images.items()}
    labels = {split: _read_labels(folder, split, paths, len(images[split])) for split, paths in files.items()}
    names = _name_classes(folder, labels, class_names)
    return {split: IdxSource(found, labels[split], names) for split, found in images.items()}


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array in an idx file, gzipped or not; it is read-only.

    Args:
        path: the file.
        dimensions: number of dimensions of the array: 3 for images N×H×W, 1 for labels.

    Raises:
        UserError: the file cannot be read, is cut off, holds none or too many, or does not hold bytes in so many dimensions.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"  # of gzip, as some browsers unpack a file and leave it its name
        with gzip.open(path) if packed else path.open("rb") as file:
            return _read_array(path, file, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _read_array(path: Path, file: gzip.GzipFile | IO[bytes], dimensions: int) -> np.ndarray:
    """The array in an unpacked file, of which no more is read than its header claims: a few megabytes can unpack to any number of them."""
    magic, start = bytes((0, 0, 8, dimensions)), 4 + 4 * dimensions
    header = file.read(start)
    if header[:4] != magic:
        raise UserError(f"{path} is no idx{dimensions} file of bytes: it begins with {header[:4].hex(' ')}, not with {magic.hex(' ')}.")
    shape = np.frombuffer(header[4:].ljust(start - 4, b"\0"), ">u4").tolist()
    claimed, shown = math.prod(shape), "×".join(map(str, shape))
    if not claimed and len(header) == start:
        raise UserError(f"{path} holds nothing: its header says {shown} bytes.")
    if claimed > MAX_BYTES:
        raise UserError(f"{path} is too large, or damaged: its header says {shown} bytes, of which {MAX_BYTES:,} are the most.")
    content = file.read(claimed + 1)
    if len(header) + len(content) != start + claimed:
        there = f"{'at least ' * (len(content) > claimed)}{len(header) + len(content)}"
        raise UserError(f"{path} is damaged: of {shown} bytes and a header of {start}, {there} are there.")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _find(folder: Path, stem: str, key: str) -> Path | None:
    what, dimensions = _FILES[key]
    names = [f"{stem}-{what}{mark}idx{dimensions}-ubyte{ending}" for ending in ("", ".gz") for mark in "-."]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_labels(folder: Path, split: str, paths: dict[str, Path], count: int) -> np.ndarray:
    """The labels of a split, int32, one for each of `count` images; raises `UserError` if they are missing or not as many."""
    if "label" not in paths:
        raise UserError(f"{folder} has {paths['image'].name} but no labels: {_STEMS[split]}-labels-idx1-ubyte[.gz] is missing.")
    labels = read_idx(paths["label"], 1)
    if len(labels) != count:
        raise UserError(f"{folder}: {paths['image'].name} holds {count} images, but {paths['label'].name} {len(labels)} labels.")
    return labels.astype(np.int32)


def _name_classes(folder: Path, labels: dict[str, np.ndarray], class_names: Strings) -> Strings:
    """The names of the classes, `class_names` or else the numbers of the labels; logs which classes have no training image."""
    largest = max(int(found.max(initial=0)) for found in labels.values())
    names = class_names or tuple(map(str, range(largest + 1)))
    if largest >= len(names):
        raise UserError(f"--label_names names {len(names)} classes, but {folder} has labels up to {largest}: name {largest + 1}.")
    if len(set(names)) < len(names):
        raise UserError(f"--label_names={','.join(names)}: every class needs a name of its own.")
    used = set(labels["train"].tolist())
    if len(used) < 2:
        raise UserError(f"all training images in {folder} have one label; classes need at least two.")
    if unused := [name for label, name in enumerate(names) if label not in used]:
        logger.info(f"{folder}: no training image has the class {', '.join(unused)}.")
    return names
