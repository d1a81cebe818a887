"""Pictures of several images side by side."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from tfgan.data.reading.columns import Column, Geometry
from tfgan.inference.lettering import missing, tell_missing, wrap, write

GAP = 8
LEAST_CELL = 128  # pixels of the shorter side of an image as it stands in a picture; smaller images are enlarged
FONT_SIZE, LINE_HEIGHT = 14, 18
TITLE_LINES, CAPTION_LINES = 2, 3  # at most
INK, FAINT_INK, HAIRLINE = "#1b1f24", "#5b6572", "#d0d7de"


class Strip(NamedTuple):
    """A column of a picture to be: its title, its images H×W×C float in [-1, 1], and whether a network made them."""

    title: str
    images: list[np.ndarray]
    made: bool = False


def to_rgb(image: np.ndarray) -> np.ndarray:
    """An image H×W×C float in [-1, 1] as H×W×3 uint8. Gray is repeated; transparency is not shown."""
    image = np.repeat(image[..., :1], 3, axis=2) if image.shape[2] < 3 else image[..., :3]
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def enlarge(image: np.ndarray, factor: int) -> np.ndarray:
    """An image H×W×C, `factor` times as high and wide, each of whose pixels is repeated: nothing is blurred or made up."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def lay_out(strips: list[Strip], caption: str = "", across: int | None = None) -> Geometry:
    """The places of all images of a picture: columns of one width, under their titles, which share a height.

    Images of less than 128 pixels on their shorter side are enlarged by a whole number.

    Args:
        caption: stands above all.
        across: columns side by side, at most; the others follow below. None: all.
    """
    height, width_ = strips[0].images[0].shape[:2]
    factor = max(1, -(-LEAST_CELL // min(height, width_)))
    height, width_ = height * factor, width_ * factor
    bands = -(-len(strips) // (across or len(strips)))
    per_band = -(-len(strips) // bands)
    caption = " · ".join(filter(None, [caption, f"each pixel is shown as {factor}×{factor}" if factor > 1 else ""])) if caption else ""
    total = per_band * (width_ + GAP) + GAP
    top = GAP + LINE_HEIGHT * len(_caption_lines(caption, total))
    title_height = max(len(_title_lines(strip, number, width_)) for number, strip in enumerate(strips)) * LINE_HEIGHT
    columns, pitch = [], height + GAP
    band_height = title_height + max(len(strip.images) for strip in strips) * pitch
    for number, (title, images, made) in enumerate(strips):
        band, place = divmod(number, per_band)
        columns.append(Column(title, GAP + place * (width_ + GAP), top + band * band_height + title_height, len(images), made))
    return Geometry(width_, height, pitch, factor, tuple(columns), caption)


def draw(strips: list[Strip], geometry: Geometry) -> np.ndarray:
    """The picture of `strips` that `lay_out` planned, H×W×3 uint8 on white; the titles of what networks made are darker."""
    total = max(column.left for column in geometry.columns) + geometry.width + GAP
    bottom = max(column.top + column.rows * geometry.pitch for column in geometry.columns)
    canvas = Image.new("RGB", (total, bottom), "white")
    pen = ImageDraw.Draw(canvas)
    for line, text in enumerate(_caption_lines(geometry.caption, total)):
        write(pen, GAP, GAP // 2 + line * LINE_HEIGHT, text, FONT_SIZE, INK)
    for number, (strip, column) in enumerate(zip(strips, geometry.columns)):
        lines = _title_lines(strip, number, geometry.width)
        for line, text in enumerate(reversed(lines), start=1):  # titles of fewer lines stand right above their images
            write(pen, column.left, column.top - line * LINE_HEIGHT - 2, text, FONT_SIZE, INK if strip.made else FAINT_INK)
        for row, image in enumerate(strip.images):
            left, top = column.left, column.top + row * geometry.pitch
            pen.rectangle((left - 1, top - 1, left + geometry.width, top + geometry.height), outline=HAIRLINE)  # where images are white
            canvas.paste(Image.fromarray(enlarge(to_rgb(image), geometry.factor)), (left, top))
    tell_missing([strip.title for strip in strips], FONT_SIZE)
    return np.asarray(canvas)


def grid(columns: dict[str, list[np.ndarray]]) -> np.ndarray:
    """One picture, H×W×3 uint8 on white, of columns of images H×W×C float in [-1, 1] of one size, under their titles.

    All columns are as wide as the images, which are enlarged by a whole number where they are small; long titles take two lines and end in
    an ellipsis.
    """
    strips = [Strip(title, images) for title, images in columns.items()]
    return draw(strips, lay_out(strips))


def _caption_lines(caption: str, total: int) -> list[str]:
    return wrap(caption, FONT_SIZE, total - 2 * GAP, CAPTION_LINES)


def _title_lines(strip: Strip, number: int, room: int) -> list[str]:
    """The lines of a title; one of which characters cannot be drawn has the column's number, from 0, too."""
    title = f"{number}: {strip.title}" if missing(strip.title, FONT_SIZE) else strip.title
    return wrap(title, FONT_SIZE, room, TITLE_LINES)
