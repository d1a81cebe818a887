"""What every origin of images offers the pipeline: decoded examples by index."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from tfgan.config import Domain


def paths(source: "Source", index: int) -> tuple[Path, ...]:
    """The files of an example, also of one seen through another source; () if it has none of its own."""
    own = innermost(source)
    return own.paths(index) if hasattr(own, "paths") else ()


def innermost(source: "Source") -> "Source":
    """The source that reads files, or makes images, behind those that only see them another way."""
    while (inner := getattr(source, "pairs", getattr(source, "source", None))) is not None:
        source = inner
    return source


class Source(Protocol):
    """The examples of one split, in a fixed order.

    `domains` maps each image key of a batch (`source`, `target`, `image`, `labels`) to what stands there. `load` may be called from
    several threads at once. Sources of files also say which, by `paths`, with the signature of the function of that name.
    """

    domains: Mapping[str, Domain]

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """A name for messages and file names: the relative path of a file, or a number."""

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One example at its own size.

        Images are H×W×C in the domain's channels and dtype; maps of class ids are H×W int32; all images of one example have one size.
        A `label` is an int32 scalar, `attributes` and `mask` are float32 vectors.

        Raises:
            UnreadableImage: the files of this example cannot be used; the message gives the reason.
        """
