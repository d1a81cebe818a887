"""Where an image lies on the map, and where it has no data: the tags of GeoTIFF (OGC 19-008r4), which its translation takes over."""

import io
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tifffile

from tfgan.config import Size
from tfgan.data.reading.codecs import raster
from tfgan.data.reading.headers import first_bytes
from tfgan.data.reading.nodata import as_text as nodata_text
from tfgan.errors import UnreadableImage

logger = logging.getLogger(__name__)

TAGS = (33550, 33922, 34264, 34735, 34736, 34737)
"""ModelPixelScale, ModelTiepoint and ModelTransformation say where the pixels lie; the three of GeoKeys, by which coordinates."""

NODATA = 42113  # GDAL's: the value that pixels without data have, as text

Tag = tuple[int, int, int, Any, bool]
"""Code, type, count, value, and True, as tifffile writes a tag that stands in the first page."""


def map_tags(source: Path | bytes, size: Size, form: str) -> list[Tag]:
    """The tags that say where a raster lies on the map, for a result made of it; none if that cannot have them, which is said.

    Args:
        source: the file of the source, of any format.
        size: height and width of the result.
        form: its format.
    """
    own, tags = _place(source)
    if tags and form != "TIFF":
        _tell_once("Sources lie on the map, and a result says so only as TIFF (--format=tif).")
    elif tags and own != tuple(size):
        _tell_once("Sources lie on the map; results of another size do not say where.")
    else:
        return tags
    return []


def nodata_tag(nodata: float) -> Tag:
    """The tag by which GDAL declares a value to be no data."""
    text = nodata_text(nodata)
    return NODATA, 2, len(text) + 1, text, True


def _place(source: Path | bytes) -> tuple[Size, list[Tag]]:
    """Height and width of a raster, and its tags of `TAGS`."""
    try:
        if raster.is_raster(first_bytes(source, 16)):
            size, tags = raster.place(source)
            return size, _known(tags)
        with tifffile.TiffFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            page = next(page for page in file.pages if isinstance(page, tifffile.TiffPage) and not page.is_reduced)
            return (page.imagelength, page.imagewidth), _known(page.tags)
    except (UnreadableImage, OSError, ValueError, StopIteration, LookupError):  # none
        return (0, 0), []


def _known(tags: Iterable[tifffile.TiffTag]) -> list[Tag]:
    return [(tag.code, int(tag.dtype), tag.count, tag.value, True) for tag in tags if tag.code in TAGS]


_told: set[str] = set()


def _tell_once(sentence: str):
    if sentence not in _told:
        _told.add(sentence)
        logger.info(sentence)
