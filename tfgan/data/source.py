"""Defines what every origin of images offers the pipeline: decoded examples by index."""

import abc
import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tfgan.config import Domain, Strings

Record = Mapping[str, Any]
"""A stored example: name of a feature, for a nested one "a/b" -> its bytes, or its number."""


class Records(Protocol):
    """Stored examples by their index."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Record: ...


class Source(abc.ABC):
    """The examples of one split, in a fixed order. `load` may be called from several threads at once.

    Attributes:
        domains: image key of an example -> what stands there.
        class_names: names of the classes, in the order of the numbers in an example's `label`; empty if there are no labels.
        attribute_names: names of an example's `attributes`, in their order; empty if there are none.
        attribute_groups: attributes that exclude each other, a tuple a group.
        attribute_sets: the attributes that each of several joined sets knows; empty if there is one set.
        skipped: what was left out: its name, and the reason.
        label_side: for pairs whose label map is read as classes, the side, A or B, on which it is; "" for all others.
        paged: whether examples are pages of their files, which hold others too.
    """

    domains: Mapping[str, Domain]
    class_names: Strings = ()
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()
    attribute_sets: tuple[Strings, ...] = ()
    skipped: Sequence[tuple[str, str]] = ()
    label_side: str = ""
    paged: bool = False

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def name(self, index: int) -> str:
        """A name for messages and file names: the relative path of a file, or a number."""

    @abc.abstractmethod
    def load(self, index: int) -> dict[str, np.ndarray]:
        """One example at its own size.

        Images are H×W×C in the domain's channels and dtype; maps of class ids are H×W int32; all images of one example have one size.
        A `label` is an int32 scalar. `attributes` and `mask` are float32 vectors: 1 or 0 for each attribute, and 1 where it is known.

        Raises:
            UnreadableImage: the files of this example cannot be used; the message gives the reason.
        """

    def paths(self, index: int) -> tuple[Path, ...]:
        """The files of an example: one, for a pair in two files that of A and that of B, or none if it has no file of its own."""
        return ()

    def label(self, path: Path) -> str:
        """The name by which messages call a file, one of those that `paths` returns."""
        return path.as_posix()

    def mark(self, index: int) -> str:
        """What tells an example from others of the same files, behind the name of one: #7 for the seventh page; "" where there is none."""
        return ""

    def page(self, index: int) -> int:
        """Where examples are pages of their files, the number of the one in its files, from 0."""
        return 0

    def beside(self) -> str:
        """A hash of what all examples hold that is not in their files, such as labels out of a table; "" where there is nothing."""
        return ""

    def content(self, index: int) -> bytes:
        """A hash of the images of an example as they are stored, which changes with them; b"" if it is not known.

        Decoded pixels would not do: other versions of a library round them otherwise.

        Raises:
            OSError: a file cannot be read.
        """
        return b"".join(map(_sha256_of, self.paths(index)))


def digest_of(array: np.ndarray) -> str:
    """A hash, 16 hexadecimal digits, of an array's values."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()[:16]


def _sha256_of(path: Path) -> bytes:
    """The SHA-256 of a file, 32 bytes; read once where it holds many examples."""
    now = path.stat()
    return _sha256(path, now.st_ino, now.st_size, now.st_mtime_ns)


@functools.lru_cache(256)
def _sha256(path: Path, *_) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


class FileSource(Source):
    """Examples of one file each.

    Attributes:
        data_dir: the data folder, inside which messages name files.
        files: path of each example's file inside `data_dir`.
    """

    data_dir: Path
    files: Sequence[str]

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.files[index]

    def paths(self, index: int) -> tuple[Path, ...]:
        return (self.data_dir / self.files[index],)

    def label(self, path: Path) -> str:
        return path.relative_to(self.data_dir).as_posix()


class RecordSource(Source):
    """Examples that a data set stores one after the other, without files of their own; their names are their numbers.

    Attributes:
        records: the stored examples, by index.
    """

    records: Records

    def __len__(self) -> int:
        return len(self.records)

    def name(self, index: int) -> str:
        return f"{index:06d}"


class View(Source):
    """A source that shows the examples of another source in another way; they keep their names and files.

    Args:
        inner: the other source.
        domains: image key of an example of this source -> what stands there.
    """

    def __init__(self, inner: Source, domains: Mapping[str, Domain]):
        self.inner, self.domains, self.skipped, self.paged = inner, domains, inner.skipped, inner.paged

    def __len__(self) -> int:
        return len(self.inner)

    def name(self, index: int) -> str:
        return self.inner.name(index)

    def paths(self, index: int) -> tuple[Path, ...]:
        return self.inner.paths(index)

    def label(self, path: Path) -> str:
        return self.inner.label(path)

    def mark(self, index: int) -> str:
        return self.inner.mark(index)

    def page(self, index: int) -> int:
        return self.inner.page(index)

    def content(self, index: int) -> bytes:
        return self.inner.content(index)

    def beside(self) -> str:
        return self.inner.beside()
