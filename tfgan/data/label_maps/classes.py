"""Finds which classes a set of label maps has, by counting in the maps, and checks them against what the user says of them."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from tfgan.config import Classes, DataConfig, Strings
from tfgan.data.label_maps.maps import LabelMap, is_flat, listed, pack, to_hex, unpack
from tfgan.data.label_maps.palettes import CMP_CLASSES, CMP_PALETTE
from tfgan.data.reading.memory import budget
from tfgan.errors import UnreadableImage, UserError, did_you_mean

logger = logging.getLogger(__name__)

MAX_CLASSES = 255
"""Largest number of classes. More are instances, or shades of a photo; 8-bit maps hold no more beside the value of no class."""

PALETTES = {"facades": (tuple(map(to_hex, pack(CMP_PALETTE).tolist())), CMP_CLASSES)}
"""Name for --label_palette -> colors and names of the classes."""

_JPEG = (".jpg", ".jpeg")

# Measured on pixels inside areas of one color, of 450 JPEG maps of CMP Façades: the rarest class has 0.3 % of them, the most frequent
# color that is no class 0.00003 %; 99.9 % lie within 7 of their class's color; the nearest colors of two classes are 58 apart.
_RADIUS = 28
_SMALLEST = 3e-5
_SPREAD = 8
_COMPACT = 0.9  # share within `_SPREAD`, below which the colors shade into each other as in a photo

Maps = list[tuple[str, Callable[[str], LabelMap]]]
"""Name of each label map, and what reads it in the coding that is asked for."""


class _Counted(NamedTuple):
    """How often values occur in one label map."""

    coding: str
    values: np.ndarray
    pixels: np.ndarray
    flat_values: np.ndarray  # inside areas of one color; empty unless the values are colors
    flat_pixels: np.ndarray
    palette: Strings


class Census:
    """How often values occur in a whole set of label maps.

    Attributes:
        pixels: coding of the files -> number of pixels of each value: 2¹⁶ int64, or 2²⁴ for colors.
        flat: number of pixels of each color 0xRRGGBB, 2²⁴ int64, inside areas of one color alone.
        files: coding -> value -> the first file that has it; for colors, which are too many, one file under -1.
        palette: index -> its color "#rrggbb" in the first file that has it.
        one_palette: whether no other file gives an index another color.
    """

    def __init__(self):
        self.pixels: dict[str, np.ndarray] = {}
        self.flat = np.zeros(2**24, np.int64)  # of its 128 MB the system provides the pages in use
        self.files: dict[str, dict[int, str]] = {}
        self.palette: dict[int, str] = {}
        self.one_palette = True

    def add(self, name: str, counted: _Counted):
        coding, values = counted.coding, counted.values.tolist()
        pixels = self.pixels.setdefault(coding, np.zeros(2 ** (24 if coding == "colors" else 16), np.int64))
        pixels[counted.values] += counted.pixels
        self.flat[counted.flat_values] += counted.flat_pixels
        files = self.files.setdefault(coding, {})
        for value in [-1] if coding == "colors" else values:
            files.setdefault(value, name)
        if coding == "palette":
            self.one_palette &= all(self.palette.setdefault(value, counted.palette[value]) == counted.palette[value] for value in values)


def find_classes(maps: Maps, settings: DataConfig) -> Classes:
    """The classes of a set of label maps, all of which are read once or twice to find them; logs what was found.

    The coding is `settings.label_coding`, or if that is auto: palette where all files have palettes, unless those differ; ids where no file
    has any color, unless one is a JPEG file; else colors.

    Ids and palette indices become classes in their order, without gaps, except `settings.ignore_label`; maps of 0 and 255 alone are masks
    of two classes, whatever is ignored. If names or colors of n classes are given, their ids are the first n from 0, without the ignored.

    Colors are those given, else those found, in the order of their numbers 0xRRGGBB. Of more than 255 colors, or where a file is a
    JPEG, only those count that fill areas: colors nearer than 28 to a more frequent one are taken for it, edges for nothing.

    Maps that cannot be read are passed over here, and reported when they are loaded.

    Args:
        maps: name of each label map, and what reads it in a coding.
        settings: of these, label_coding, label_palette, label_names and ignore_label are used.

    Raises:
        UserError: no map can be read, or files of several codings are mixed; fewer than 2 or more than 255 classes; ids that are none of
            the named classes; wrong numbers of names or colors; ids in JPEG files, whose values are blurred.
    """
    colors, names = given_classes(settings)
    coding, lossy = settings.label_coding, [name for name, _ in maps if name.lower().endswith(_JPEG)]
    census = _count(maps, coding)
    if coding == "auto":
        coding = _coding(census, bool(lossy))
        if list(census.pixels) != [coding]:
            census = _count(maps, coding)
    if coding == "ids" and lossy:
        raise UserError(f"{lossy[0]}: JPEG blurs gray values, so they are no ids; save label maps as PNG, or use --label_coding=colors.")

    if coding == "colors":
        if settings.ignore_label != 255:
            raise UserError(
                f"--ignore_label={settings.ignore_label} names an id; these label maps are colors, which all belong to a class."
            )
        colors = colors or tuple(map(to_hex, _find_colors(census, bool(lossy))))
        values, ignored = tuple(int(color[1:], 16) for color in colors), -1
    else:
        values, ignored = _find_ids(census, coding, len(names) or len(colors), settings.ignore_label)
        own = tuple(census.palette.get(value, "") for value in values)
        colors = colors or (own if coding == "palette" and all(own) and len(set(own)) == len(own) else distinct_colors(len(values)))
        names = names or tuple(f"class {value}" for value in values)
    names = names or colors
    if len(names) != len(values) or len(colors) != len(values):
        raise UserError(
            f"the label maps have {len(values)} classes, but there are {len(names)} names (--label_names) and {len(colors)} colors; "
            f"the maps' {'colors' if coding == 'colors' else 'ids'}: {listed(colors if coding == 'colors' else values, 255)}"
        )
    pixels = census.pixels[coding]
    share = (
        f", {pixels[ignored] / pixels.sum():.1%} of the pixels ignored (id {ignored}; --ignore_label=-1 makes it a class)".replace(
            "%", " %"
        )
        if ignored >= 0 and pixels[ignored]
        else ""
    )
    logger.info(f"Labels: {len(values)} classes ({listed(names, 20)}){share}.")
    return Classes(coding, values, colors, names, ignored)


def distinct_colors(count: int) -> Strings:
    """The colors "#rrggbb" of classes 1 to `count` in PASCAL VOC's color map, whose class 0 is black.

    The bits of a class's number are spread over R, G and B.
    """
    numbers = np.arange(1, count + 1)
    channels = [sum(((numbers >> (3 * bit + channel)) & 1) << (7 - bit) for bit in range(8)) for channel in range(3)]
    return tuple(map(to_hex, pack(np.stack(channels, axis=-1)).tolist()))


def given_classes(settings: DataConfig) -> tuple[Strings, Strings]:
    """The colors and names of the classes as the settings give them, () for what they leave open.

    Raises:
        UserError: what is no color or palette; two classes of one color or name; one class, or more than there may be; different numbers.
    """
    palette, names = settings.label_palette, settings.label_names
    if len(palette) == 1:
        if palette[0] not in PALETTES:
            known = ", ".join(PALETTES)
            hint = did_you_mean(palette[0], PALETTES)
            raise UserError(f"--label_palette={palette[0]} is unknown; write RRGGBB,RRGGBB,… or {known}.{hint}")
        colors, own_names = PALETTES[palette[0]]
        names = names or own_names
    else:
        colors = tuple(f"#{color.lower().removeprefix('#')}" for color in palette)
        for color, written in zip(colors, palette):
            if len(color) != 7 or not set(color[1:]) <= set("0123456789abcdef"):
                raise UserError(f"--label_palette: {written!r} is not a color; write RRGGBB, for example ff0000.")
        if len(set(colors)) < len(colors):
            raise UserError(f"--label_palette={','.join(palette)}: two classes have one color.")
    if colors and names and len(colors) != len(names):
        raise UserError(f"--label_palette has {len(colors)} colors, --label_names {len(names)} names; the numbers must be equal.")
    if len(names) == 1:
        raise UserError(f"--label_names={names[0]}: one class is not enough; name two or more.")
    if len(colors or names) > MAX_CLASSES:
        raise UserError(f"{len(colors or names)} classes are too many: a set has {MAX_CLASSES} at most.")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"--label_names: two classes are called {twice!r}; every class needs a name of its own.")
    return colors, names


def _count(maps: Maps, coding: str) -> Census:
    census, reasons = Census(), []
    with ThreadPoolExecutor() as pool:
        for (name, _), found in zip(maps, pool.map(lambda entry: _count_one(entry[1], coding), maps)):
            if isinstance(found, str):
                reasons.append(f"{name}: {found}")
            else:
                census.add(name, found)
    if not census.pixels:
        raise UserError(f"no label map can be read. {reasons[0] if reasons else 'There is none.'}")
    return census


def _count_one(read: Callable[[str], LabelMap], coding: str) -> _Counted | str:
    """How often values occur in one label map, or the reason why it cannot be read."""
    with budget.turn():
        try:
            label_map = read(coding)
        except UnreadableImage as error:
            return str(error)
        values = label_map.values
        areas = values[is_flat(values)] if label_map.coding == "colors" else values[:0]
        found = np.unique(values, return_counts=True), np.unique(areas, return_counts=True)
    return _Counted(label_map.coding, *found[0], *found[1], label_map.palette)


def _coding(census: Census, lossy: bool) -> str:
    found = set(census.pixels)
    if found == {"palette"}:
        if not census.one_palette:
            logger.info("Labels: the palettes of the files differ, so classes are read by color, not by index.")
        return "palette" if census.one_palette else "colors"
    red, green, blue = unpack(np.flatnonzero(census.pixels["colors"])).T if "colors" in found else np.zeros([3, 0])
    if "palette" not in found and (red == green).all() and (green == blue).all():
        return "colors" if lossy else "ids"
    if found == {"colors"}:
        return "colors"
    files = [f"{coding} as in {next(iter(census.files[coding].values()))}" for coding in sorted(found)]
    raise UserError(f"label maps of several kinds are mixed: {', '.join(files)}; --label_coding=colors reads all by their colors.")


def _find_ids(census: Census, coding: str, count: int, ignored: int) -> tuple[tuple[int, ...], int]:
    """The ids or palette indices of the classes, `count` of them if it is not 0, and the one that is ignored, or -1."""
    pixels = census.pixels[coding]
    found = np.flatnonzero(pixels).tolist()
    ignored = ignored if ignored < 2**16 else -1
    if found == [0, 255] and count in (0, 2):
        logger.info("Labels: only the ids 0 and 255 occur; they are read as a mask of two classes.")
        return (0, 255), -1
    used = [value for value in found if value != ignored]
    if count:
        values = [value for value in range(count + 1) if value != ignored][:count]
        unknown = [value for value in used if value not in values]
        if unknown:
            lines = [f"  {value}: {pixels[value]} pixels, first in {census.files[coding][value]}" for value in unknown[:10]]
            more = [f"  … and {len(unknown) - 10} more"] if len(unknown) > 10 else []
            raise UserError(
                f"label maps have ids outside the {count} named classes ({values[0]} to {values[-1]}); name as many as there are, "
                "or say which one belongs to no class (--ignore_label):\n" + "\n".join(lines + more)
            )
        return tuple(values), ignored
    if not 2 <= len(used) <= MAX_CLASSES:
        many = "more than 255 are instances, or shades of a photo" if used[1:] else "one class is not enough"
        raise UserError(f"the label maps have {len(used)} different ids ({listed(used)}): {many}. Is it the right domain (--direction)?")
    missing = [value for value in range(used[-1]) if value not in used and value != ignored]
    if missing:
        logger.info(
            f"Labels: the ids {listed(missing)} do not occur; the {len(used)} others became classes 0 to {len(used) - 1} in their order."
        )
    return tuple(used), ignored


def _find_colors(census: Census, lossy: bool) -> list[int]:
    """The colors 0xRRGGBB of the classes, in the order of their numbers."""
    found = np.flatnonzero(census.pixels["colors"]).tolist()
    if lossy or len(found) > MAX_CLASSES:
        found = sorted(find_areas(census.flat))
    if not 2 <= len(found) <= MAX_CLASSES:
        raise UserError(
            f"the label maps have {len(found)} different colors: a photo has too many, and one class is not enough. "
            "Is it the right domain (--direction)? If so, name the colors (--label_palette)."
        )
    return found


def find_areas(flat: np.ndarray) -> list[int]:
    """The colors that blurred areas have: the most frequent one, then the most frequent of those far from it, and so on.

    Args:
        flat: number of pixels of each color 0xRRGGBB inside areas of one color: 2²⁴ int64.

    Returns:
        The colors 0xRRGGBB, from the most frequent one on; 256 of them where there are more than 255.

    Raises:
        UserError: the colors shade into each other, as in a photo.
    """
    values = np.flatnonzero(flat)
    pixels, colors = flat[values], unpack(values)
    total, compact = pixels.sum(), 0
    found: list[int] = []
    while pixels.any() and len(found) <= MAX_CLASSES:
        distance = ((colors - colors[pixels.argmax()]) ** 2).sum(axis=-1)
        near = np.where(distance <= _RADIUS**2, pixels, 0)
        if near.sum() < _SMALLEST * total:
            break
        median = [np.searchsorted(np.cumsum(np.bincount(channel, near, 256)), near.sum() / 2) for channel in colors.T]
        found.append(int(pack(np.array(median))))
        compact += pixels[distance <= _SPREAD**2].sum()
        pixels = np.where(distance <= _RADIUS**2, 0, pixels)
    if compact < _COMPACT * total:
        raise UserError(
            "the colors of the label maps shade into each other, as in a photo. "
            "Is it the right domain (--direction)? If so, name the colors of the classes (--label_palette)."
        )
    return found
