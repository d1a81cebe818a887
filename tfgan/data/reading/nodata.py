"""Pixels without data, as rasters declare them by a value (GDAL_NODATA): what networks see there, and how results say the same of them."""

import logging
import math
from pathlib import Path

import numpy as np

from tfgan.errors import UnreadableImage

logger = logging.getLogger(__name__)


def is_nodata(values: np.ndarray, nodata: float) -> np.ndarray:
    """Which of a raster's values are none, bool of the same shape."""
    return np.isnan(values) if math.isnan(nodata) else values == nodata


def has_none(pixels: np.ndarray, nodata: float) -> np.ndarray:
    """Which pixels of an image H×W×C hold no data: those of which no band has any, H×W bool."""
    return np.asarray(is_nodata(pixels, nodata).all(axis=-1))


def least(pixels: np.ndarray, nodata: float) -> np.ndarray:
    """The least value that is one in each band of an image H×W×C, (C,) float64; infinite where a band has none."""
    without = is_nodata(pixels, nodata)
    top = np.inf if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    found = np.min(pixels, axis=(0, 1), where=~without, initial=top).astype(np.float64)
    return np.where(without.all(axis=(0, 1)), np.inf, found)


def filled(pixels: np.ndarray, nodata: float, values: np.ndarray, name: str) -> np.ndarray:
    """An image H×W×C of which the values for no data are replaced; logged of the first such image of a process.

    Args:
        values: what is put in their place in each band, see `least`.
        name: the file, for the log.

    Raises:
        UnreadableImage: no pixel of a band has data, so that nothing is known of what could be put there.
    """
    without = is_nodata(pixels, nodata)
    if not without.any():
        return pixels
    if (without.any(axis=(0, 1)) & np.isposinf(values)).any():
        raise UnreadableImage(f"a band of it holds no data at all: {nodata:g} alone, which it declares to be none")
    _tell_once(name, nodata)
    return np.where(without, np.where(np.isposinf(values), 0, values).astype(pixels.dtype), pixels)


def put_back(pixels: np.ndarray, without: np.ndarray, nodata: float) -> np.ndarray:
    """A result H×W×C in which pixels have the value for no data, and no others: these move by the least step, as gdalwarp lets them.

    Args:
        without: which pixels have no data, H×W bool.
        nodata: a value that the result's type has, see `for_type`.
    """
    kind = pixels.dtype.type
    if pixels.dtype.kind == "f":
        step = kind(np.nan) if math.isnan(nodata) else np.nextafter(kind(nodata), kind(np.inf))
    else:
        step = kind(nodata - 1 if nodata == np.iinfo(pixels.dtype).max else nodata + 1)
    return np.where(without[..., None], kind(nodata), np.where(pixels == kind(nodata), step, pixels))


def for_type(nodata: float, dtype: str) -> float:
    """The value for no data in a result: that of its source, if the type of the result has it, else the least one that the type has."""
    if np.dtype(dtype).kind == "f":
        held = math.isnan(nodata) or abs(nodata) <= np.finfo(dtype).max
        return float(np.dtype(dtype).type(nodata)) if held else float(np.finfo(dtype).min)
    limits = np.iinfo(dtype)
    return nodata if limits.min <= nodata <= limits.max and nodata == int(nodata) else float(limits.min)


def as_text(nodata: float) -> str:
    """The value as GDAL writes it into a TIFF."""
    return "nan" if math.isnan(nodata) else f"{nodata:.17g}"


_told: list[str] = []


def _tell_once(name: str | Path, nodata: float):
    if not _told:
        _told.append(str(name))
        logger.info(f"{name}: {nodata:g} is declared to be no data: it is read as the least of its other values, as in others like it.")
