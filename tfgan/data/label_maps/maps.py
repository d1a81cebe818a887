"""Reads label maps, that is which class each pixel of a file belongs to, and makes pictures of them."""

import functools
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfgan.config import Classes, Domain, Strings
from tfgan.data.reading import images
from tfgan.errors import UnreadableImage
from tfgan.instances import classes_of

FLAT_STEP = 4
"""Largest difference, in any of R, G and B, of a pixel to its four neighbors that JPEG leaves inside an area of one color."""

# In the maps of CMP Façades, JPEG files, all flat pixels but a few lie within 13 of their class's color; the few make up no more than
# 0.02 % of a map. The nearest colors of two of their classes are 58 apart: a class that is missing in a palette lies beyond.
_FAR = 40
_FAR_SHARE = 1e-3


MOST_ID = 65535
"""The largest id of a class in a file."""


class LabelMap(NamedTuple):
    """The pixels of a label map as the file has them."""

    coding: str  # what a value is: ids (gray values), palette (indices) or colors (0xRRGGBB)
    values: np.ndarray  # H×W int32
    palette: Strings = ()  # for palette: the color of each index, "#rrggbb"


def read_map(source: Path | bytes | np.ndarray, coding: str = "auto", pages: str = "first", number: int = 0) -> LabelMap:
    """A label map out of a file, the bytes of a file or an image that is decoded already. Transparency is passed over.

    Args:
        source: where the map is; an image is H×W×C, C from 1 to 4, of any type.
        coding: "ids": gray values, also of an image in RGB without color; "palette": indices of a palette file; "colors": RGB of any
            file; "auto": indices if the file has a palette, else ids if it has one channel, else colors.
        pages, number: of a file, see `tfgan.data.reading.images.decode_values`.

    Raises:
        UnreadableImage: the file is unreadable, or is not of the wanted coding, or has other values than whole numbers from 0 to 65535.
    """
    pixels, palette = (source, None) if isinstance(source, np.ndarray) else images.decode_values(source, pages, number)
    if palette is not None:
        if coding in ("auto", "palette"):
            return LabelMap("palette", pixels[..., 0].astype(np.int32), tuple(map(to_hex, pack(palette).tolist())))
        pixels = palette[pixels[..., 0]]
    pixels = _whole(pixels)
    if coding == "palette":
        raise UnreadableImage("the label map is no file with a palette, such as a PNG of indexed colors (see --label_coding)")
    if pixels.shape[-1] in (2, 4):
        pixels = pixels[..., :-1]
    if coding == "ids" and (pixels != pixels[..., :1]).any():
        raise UnreadableImage("the label map is in color, where gray values are expected (see --label_coding)")
    if coding == "ids" or (coding == "auto" and pixels.shape[-1] == 1):
        return LabelMap("ids", pixels[..., 0].astype(np.int32))
    return LabelMap("colors", pack(images.convert(pixels, 3, "uint8")))


def _whole(pixels: np.ndarray) -> np.ndarray:
    """The values of a label map as uint8 or uint16, in which NIfTI and arrays seldom are; raises `UnreadableImage` for what are no ids."""
    if pixels.dtype in (np.uint8, np.uint16):
        return pixels
    least, most = pixels.min(), pixels.max()
    if least < 0 or most > MOST_ID or (pixels.dtype.kind == "f" and (pixels != np.rint(pixels)).any()):
        raise UnreadableImage(
            f"the label map holds {pixels.dtype} values from {least:g} to {most:g}; ids of classes are whole numbers from 0 to {MOST_ID}"
        )
    return pixels.astype(np.uint16)


def load(source: Path | bytes, domain: Domain) -> np.ndarray:
    """A label file as a domain takes it.

    Args:
        source: the file, or its bytes.
        domain: a domain that has classes.

    Returns:
        The class of each pixel, H×W int32, -1 for none, if the domain's dtype is int32; else the picture of the classes, H×W×3 uint8.
        Where each page of a file is an image, the channels of one page after those of the other, H×W×pages of maps.

    Raises:
        UnreadableImage: the file is unreadable, of another coding, or has values that are none of the classes'.
    """
    classes = domain.require_classes()
    if domain.pages.startswith("frames"):
        if images.has_palettes(source, domain.pages):
            numbers = range(images.probe(source, domain.pages).pages)
            pages = [_as_taken(source, domain, classes, number) for number in numbers]
        else:
            pixels, info = images.load(source, domain.pages)
            pages = [_as_taken(page, domain, classes) for page in np.split(pixels, info.pages, axis=-1)]
        return np.concatenate([page[..., None] if page.ndim == 2 else page for page in pages], axis=-1)
    return _as_taken(source, domain, classes)


def _as_taken(source: Path | bytes | np.ndarray, domain: Domain, classes: Classes, number: int = 0) -> np.ndarray:
    indices = to_indices(read_map(source, classes.coding, domain.pages, number).values, classes)
    return indices if domain.is_map else paint(indices, classes)


def to_indices(values: np.ndarray, classes: Classes) -> np.ndarray:
    """The class of each pixel, H×W int32; -1 belongs to none.

    A color stands for the class with the nearest one in RGB, as JPEG blurs the edges between classes. Areas of an unknown color are
    refused.

    Args:
        values: pixels of the map, H×W int32, in the coding `classes.coding`.
        classes: the classes of the map.

    Raises:
        UnreadableImage: an id, an index or an area's color is none of the classes'; names it and those that are known.
    """
    if classes.coding == "colors":
        return _nearest(values, classes)
    table = _lookup(classes.values, classes.ignored)
    indices = table[values]
    if indices.min() < -1:
        unknown = np.unique(values[indices < -1]).tolist()
        ignored = f"; ignored: {classes.ignored}" if classes.ignored >= 0 else ""
        raise UnreadableImage(f"label {listed(unknown)} is none of the classes' (known: {listed(classes.values)}{ignored})")
    return indices


def paint(indices: np.ndarray, classes: Classes) -> np.ndarray:
    """The picture, H×W×3 uint8, of a map of class indices: each pixel in its class's color, black where there is no class.

    Args:
        indices: class of each pixel, H×W of any integer type, -1 for none; instances in them (`tfgan.instances`) are passed over.
        classes: the classes, which have the colors.
    """
    table = unpack(np.array([int(color.removeprefix("#"), 16) for color in classes.colors] + [0]))
    return table.astype(np.uint8)[classes_of(indices.astype(np.int32))]


def encode(indices: np.ndarray, classes: Classes) -> bytes:
    """The bytes of a PNG file of a map of class indices, in the classes' own coding, as `load` reads it.

    Args:
        indices: class of each pixel, H×W of any integer type, -1 for none.
        classes: the classes, which have the coding and the values.
    """
    if classes.coding == "colors":
        return images.encode(paint(indices, classes), "png")
    values = ids(indices, classes)
    if classes.coding == "ids":
        return images.encode(values, "png")
    palette = np.zeros((256, 3), np.uint8)
    palette[list(classes.values)] = unpack(np.array([int(color[1:], 16) for color in classes.colors]))
    picture, content = Image.fromarray(values[..., 0].astype(np.uint8)), io.BytesIO()
    picture.putpalette(palette.tobytes())
    picture.save(content, "PNG")
    return content.getvalue()


def ids(indices: np.ndarray, classes: Classes) -> np.ndarray:
    """The ids, or palette indices, of a map of class indices H×W, -1 for none: H×W×1 uint8, or uint16 if the classes' ids need it.

    Instances in it (`tfgan.instances`) are passed over.
    """
    values = np.array([*classes.values, max(classes.ignored, 0)])
    return values.astype(np.uint16 if values.max() > 255 else np.uint8)[classes_of(indices.astype(np.int32))][..., None]


def is_flat(values: np.ndarray) -> np.ndarray:
    """Which pixels of a map H×W of colors 0xRRGGBB lie inside an area of one color, not at an edge: H×W bool."""
    colors = unpack(values).astype(np.int16)
    flat = np.ones(values.shape, bool)
    for axis in (0, 1):
        same = (np.abs(np.diff(colors, axis=axis)) <= FLAT_STEP).all(axis=-1)
        border = np.ones_like(np.take(flat, [0], axis))
        flat &= np.concatenate([border, same], axis) & np.concatenate([same, border], axis)
    return flat


def pack(colors: np.ndarray) -> np.ndarray:
    """Colors as numbers 0xRRGGBB, int32, from R, G and B, 0 to 255, on the last axis, which goes."""
    return colors.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)


def unpack(values: np.ndarray) -> np.ndarray:
    """Colors as R, G and B, 0 to 255, on a new last axis, from numbers 0xRRGGBB, whose dtype stays."""
    return np.stack([values >> 16, values >> 8 & 255, values & 255], axis=-1)


def to_hex(value: int) -> str:
    """A color as text "#rrggbb", from its number 0xRRGGBB."""
    return f"#{value:06x}"


def listed(values, limit: int = 10) -> str:
    """The first `limit` values, joined by commas for a message, with … for others."""
    return ", ".join(map(str, values[:limit])) + (", …" if len(values) > limit else "")


@functools.lru_cache(maxsize=8)
def _lookup(values: tuple[int, ...], ignored: int) -> np.ndarray:
    """A table from a gray value of 16 bits, or an index, to its class: -1 for the ignored value, -2 for unknown ones."""
    table = np.full(2**16, -2, np.int32)
    table[list(values)] = np.arange(len(values))
    if ignored >= 0:
        table[ignored] = -1
    return table


@functools.lru_cache(maxsize=2)
def _known_nearest(values: tuple[int, ...]) -> np.ndarray:
    """A table from a color to the class with the nearest one: -1 for colors that `_nearest` has not met yet. Its threads share it."""
    return np.full(2**24, -1, np.int16)


def _nearest(values: np.ndarray, classes: Classes) -> np.ndarray:
    known, palette = _known_nearest(classes.values), unpack(np.array(classes.values, np.int32))
    new = np.unique(values[known[values] < 0])
    colors, nearest, least = unpack(new), np.zeros(len(new), np.int16), np.full(len(new), 2**30)
    for index, color in enumerate(palette):  # one by one, as a large map has a million colors
        distance = ((colors - color) ** 2).sum(axis=-1)
        nearest[distance < least] = index
        least = np.minimum(least, distance)
    known[new] = nearest
    indices = known[values].astype(np.int32)

    far = ((unpack(values) - palette[indices]) ** 2).sum(axis=-1) > _FAR**2
    if far.mean() > _FAR_SHARE:
        unknown = values[far & is_flat(values)]
        if len(unknown) > _FAR_SHARE * values.size:
            colors, counts = np.unique(unknown, return_counts=True)
            color = to_hex(colors[counts.argmax()])
            raise UnreadableImage(f"an area of color {color} belongs to none of the classes ({listed(classes.colors)})")
    return indices
