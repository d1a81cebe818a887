"""Where the images of a picture of many stand, as the text of its PNG file says.

Sample pictures are cut up again by the report. Those of earlier versions have no such text.
"""

import json
from typing import NamedTuple

from tfgan.config.stored import DAMAGE, parse


class Column(NamedTuple):
    """Images below each other, under one title.

    Attributes:
        title: in full, also where the picture has no room for it; "" if the column goes on with what the one before it shows.
        left: pixels from the picture's left edge.
        top: pixels from its upper edge to the first image.
        rows: number of images.
        made: whether a network made them; otherwise the data set has them.
    """

    title: str
    left: int
    top: int
    rows: int
    made: bool = False


class Geometry(NamedTuple):
    """The places of all images in a picture, in pixels.

    Attributes:
        width: of each image, as it stands in the picture.
        height: of each image.
        pitch: from an image's upper edge to that of the next one in its column.
        factor: how many times larger than the images themselves they stand there; each pixel is repeated, so that nothing is blurred.
        columns: from left to right, and then down.
        caption: of the picture.
    """

    width: int
    height: int
    pitch: int
    factor: int
    columns: tuple[Column, ...]
    caption: str = ""

    def to_text(self) -> str:
        """The geometry as JSON, in ASCII."""
        return json.dumps(self._asdict() | {"columns": [column._asdict() for column in self.columns]})

    @classmethod
    def from_text(cls, text: str) -> "Geometry | None":
        """The geometry that `to_text` wrote; None if it is anything else."""
        try:
            values = parse(text)
            columns = tuple(_column(**column) for column in values.pop("columns"))
            geometry = cls(**values, columns=columns)
        except DAMAGE:
            return None
        numbers = (geometry.width, geometry.height, geometry.pitch, geometry.factor)
        whole = all(type(number) is int and number > 0 for number in numbers) and isinstance(geometry.caption, str)
        return geometry if whole and columns else None

    def fits(self, width: int, height: int) -> bool:
        """Whether all images lie inside a picture of this size."""
        return all(
            column.left + self.width <= width and column.top + (column.rows - 1) * self.pitch + self.height <= height
            for column in self.columns
        )


def _column(*, title: str, left: int, top: int, rows: int, made: bool) -> Column:
    """A column read from JSON; raises `ValueError` if it is none."""
    if not isinstance(title, str) or type(made) is not bool:
        raise ValueError(title)
    if not all(type(number) is int and number >= least for number, least in ((left, 0), (top, 0), (rows, 1))):
        raise ValueError((left, top, rows))
    return Column(title, left, top, rows, made)
