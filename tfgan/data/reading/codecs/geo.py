"""Where an image lies on the map: the tags of GeoTIFF (OGC 19-008r4), which its translation takes over."""

import io
import logging
from pathlib import Path
from typing import Any

import tifffile

from tfgan.config import Size

logger = logging.getLogger(__name__)

TAGS = (33550, 33922, 34264, 34735, 34736, 34737)
"""ModelPixelScale, ModelTiepoint and ModelTransformation say where the pixels lie; the three of GeoKeys, by which coordinates."""

Tag = tuple[int, int, int, Any, bool]
"""Code, type, count, value, and True, as tifffile writes a tag that stands in the first page."""


def map_tags(source: Path | bytes, size: Size, form: str) -> list[Tag]:
    """The tags that say where a TIFF lies on the map, for a result that is made of it; none if the result cannot have them, which is said.

    Args:
        source: the file of the source, of any format.
        size: height and width of the result.
        form: its format.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            page = next(page for page in file.pages if isinstance(page, tifffile.TiffPage) and not page.is_reduced)
            own = page.imagelength, page.imagewidth
            tags = [(tag.code, int(tag.dtype), tag.count, tag.value, True) for code in TAGS if (tag := page.tags.get(code)) is not None]
    except (OSError, ValueError, StopIteration, LookupError):  # no TIFF
        return []
    if tags and form != "TIFF":
        _tell_once("Sources lie on the map, and a result says so only as TIFF (--format=tif).")
    elif tags and own != tuple(size):
        _tell_once("Sources lie on the map; results of another size do not say where.")
    else:
        return tags
    return []


_told: set[str] = set()


def _tell_once(sentence: str):
    if sentence not in _told:
        _told.add(sentence)
        logger.info(sentence)
