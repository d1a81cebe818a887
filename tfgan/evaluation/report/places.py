"""Where the images of a sample picture stand: as its file says, or, of pictures of earlier versions, as those drew it."""

import math
from pathlib import Path
from typing import Any

from PIL import Image, ImageFont

from tfgan.data.reading.codecs.texts import KEYWORD
from tfgan.data.reading.columns import Column, Geometry
from tfgan.data.reading.headers import DECODER_ERRORS

OLD_GAP, OLD_TITLE_HEIGHT, OLD_FONT_SIZE = 8, 22, 13  # pixels, of the pictures of earlier versions
OLD_SHRINKS = (1, 2, 4, 8, 16, 32, 64)  # of images that grew while training


def places(path: Path, size: tuple[int, int], spec: Any) -> dict[str, Any] | None:
    """The places of a sample picture's images, `tfgan.data.reading.columns.Geometry` as a dictionary; None if they are not known.

    Args:
        path: the file, which can be read.
        size: width and height of the picture in pixels.
        spec: what the run's config.json says of the data set, of any version.
    """
    geometry = _stated(path)
    if geometry is None or not geometry.fits(*size):
        geometry = old_geometry(size, spec)
    return geometry and geometry._asdict() | {"columns": [column._asdict() for column in geometry.columns]}


def _stated(path: Path) -> Geometry | None:
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            text = picture.info.get(KEYWORD)
    except (*DECODER_ERRORS, Image.DecompressionBombError):
        return None
    return Geometry.from_text(text) if isinstance(text, str) else None


def old_geometry(size: tuple[int, int], spec: Any) -> Geometry | None:
    """The places of the images in a picture of an earlier version, which did not say them; None if no way to draw one has this size.

    Every image stood there in its own size, in columns that were as wide as their titles where these were wider. Columns of a method of a
    program's own have numbers for titles, and the last one counts as made.
    """
    try:
        return _find_old(size, spec)
    except (KeyError, TypeError, ValueError, AttributeError):  # a damaged configuration
        return None


def _find_old(size: tuple[int, int], spec: dict[str, Any]) -> Geometry | None:
    height, width = (int(side) for side in spec["image_size"])
    font = ImageFont.load_default(OLD_FONT_SIZE)
    for shrink in OLD_SHRINKS:
        image = width // shrink, height // shrink
        rows = (size[1] - OLD_TITLE_HEIGHT) / (image[1] + OLD_GAP) if min(image) else 0.0
        if rows < 1 or rows != int(rows):
            continue
        for titles in _old_columns(spec, int(rows)):
            widths = [max(image[0], math.ceil(font.getlength(title))) for title, _ in titles]
            if sum(widths) + OLD_GAP * (len(widths) + 1) == size[0]:
                return _old(image, int(rows), titles, widths)
        count = (size[0] - OLD_GAP) // (image[0] + OLD_GAP)
        if count and count * (image[0] + OLD_GAP) + OLD_GAP == size[0]:
            return _old(image, int(rows), [(f"column {number}", number == count) for number in range(1, count + 1)], [image[0]] * count)
    return None


def _old(image: tuple[int, int], rows: int, titles: list[tuple[str, bool]], widths: list[int]) -> Geometry:
    lefts = [OLD_GAP + sum(widths[:number]) + number * OLD_GAP for number in range(len(widths))]
    columns = [Column(title, left, OLD_TITLE_HEIGHT, rows, made) for (title, made), left in zip(titles, lefts)]
    return Geometry(*image, image[1] + OLD_GAP, 1, tuple(columns))


def _old_columns(spec: dict[str, Any], rows: int) -> list[list[tuple[str, bool]]]:
    """The columns, title and whether a network made them, that pictures of such data could have in earlier versions."""
    names = {key: str(domain["name"]) for key, domain in spec["domains"].items()}
    if "labels" in names:
        labels, image = names["labels"], names["image"]
        styles = [(f"{image}'s style", True), ("random style 1", True), ("random style 2", True)]
        return [[(labels, False), (image, False), *made] for made in ([(f"generated {image}", True)], styles)]
    if "source" in names:
        here, there = names["source"], names["target"]
        ways = ((here, there), (there, here))
        cycles = [(own, other, f"back to {own}") for own, other in ways]
        return [
            [(here, False), (there, False), (f"generated {there}", True)],
            [column for own, other, back in cycles for column in ((own, False), (f"{own} to {other}", True), (back, True))],
        ]
    if attributes := spec.get("attribute_names"):
        grouped = {name for group in spec.get("attribute_groups") or () for name in group}
        return [[("input", False), *((name if name in grouped else f"{name} flipped", True) for name in attributes)]]
    if classes := spec.get("class_names"):
        return [[(str(name), True) for name in classes]]
    numbers = [(str(number), True) for number in range(rows)]
    return [numbers, [(names["image"], False), ("reconstruction", True), *numbers]]
