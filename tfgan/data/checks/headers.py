"""Reads what image files say of themselves, and lists which files of a folder are passed over."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfgan.data.finding.walk import walk
from tfgan.data.folders.layout import list_images
from tfgan.data.reading import images
from tfgan.data.reading.formats import ARRAYS, VIDEOS
from tfgan.errors import UnreadableImage

Progress = Callable[[Iterable, int], Iterable]
"""A function that shows progress: (items, their number) -> the items, shown as they go by."""


PAGED = ("TIFF", "DICOM", "NIfTI", *VIDEOS.values())
"""Formats whose files may have several pages, of which --pages says what they are."""


class Header(NamedTuple):
    """What an image file's first bytes tell of it."""

    format: str  # Pillow's name: JPEG, PNG
    mode: str  # Pillow's name: RGB, L, P, CMYK; of bands, how many of which type
    bits: int  # a channel: 8, 16 or 32
    alpha: bool
    frames: int
    bands: bool = False  # whether the channels are plain data


class Listing(NamedTuple):
    """The files of one folder, by their paths inside it."""

    folder: Path
    headers: dict[str, Header]  # of images whose header can be read
    passed_over: list[str]  # other files that are not hidden


def read_listing(folder: Path) -> Listing:
    """The files in a folder and in those inside it."""
    paths = list_images(folder)
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda path: read_header(folder / path), paths))
    headers = {path.as_posix(): header for path, header in zip(paths, found) if header}
    return Listing(folder, headers, _others(folder, {path.as_posix() for path in paths}))


def read_header(path: Path) -> Header | None:
    """The header of an image file, or None if it cannot be read; the reason is told when the image is loaded."""
    try:
        info = images.probe(path)
        bits = 8 * np.dtype(info.dtype).itemsize
        if info.format in VIDEOS.values():
            return Header(info.format, {1: "L", 3: "RGB", 4: "RGBA"}[info.channels], bits, info.alpha, info.pages)
        if info.bands or info.format in ARRAYS.values():
            kind = f"{info.channels} band{'s' * (info.channels > 1)} {info.dtype}" if info.bands else "RGB" if info.channels == 3 else "L"
            return Header(info.format, kind, bits, False, info.pages, info.bands)
        with Image.open(path) as image:
            return Header(str(image.format), image.mode, bits, info.alpha, getattr(image, "n_frames", 1))
    except (UnreadableImage, OSError, SyntaxError, ValueError, EOFError):
        return None


def _others(folder: Path, known: set[str]) -> list[str]:
    paths = (path.relative_to(folder).as_posix() for path in walk(folder) if not path.name.startswith("."))
    return sorted(path for path in paths if path not in known)
