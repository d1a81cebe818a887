"""Cuts the images out of a picture of many, for tests that compare them."""

from pathlib import Path

import numpy as np
from PIL import Image

from tfgan.data.reading.codecs.texts import KEYWORD
from tfgan.data.reading.columns import Geometry
from tfgan.inference.grids import Strip, lay_out


def stated(path: Path) -> Geometry:
    """Where the images stand, as the file says."""
    geometry = Geometry.from_text(Image.open(path).info[KEYWORD])
    assert geometry is not None
    return geometry


def planned(titles, rows: int, size: int) -> Geometry:
    """Where the square images of a `tfgan.inference.grids.grid` stand."""
    return lay_out([Strip(title, [np.zeros((size, size, 3))] * rows) for title in titles])


def column(picture, geometry: Geometry, title: str) -> list[np.ndarray]:
    """The images of a column, first row first, in their own size: of each pixel's copies, which must be equal, one is kept."""
    (found,) = (column for column in geometry.columns if column.title == title)
    cells = []
    for row in range(found.rows):
        top = found.top + row * geometry.pitch
        cell = picture[top : top + geometry.height, found.left : found.left + geometry.width]
        small = cell[:: geometry.factor, :: geometry.factor]
        np.testing.assert_array_equal(small.repeat(geometry.factor, axis=0).repeat(geometry.factor, axis=1), cell)
        cells.append(small)
    return cells
