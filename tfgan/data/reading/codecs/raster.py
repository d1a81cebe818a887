"""Rasters that GDAL reads, by the package rasterio: JPEG 2000, Erdas Imagine, and TIFF of rare compressions or by windows.

GDAL is never left to find out what a file is: by its drivers for virtual rasters and services a file could name other files, or addresses.
Of the files that lie beside, with statistics or overviews, none is read either.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tfgan.config import MOST_CHANNELS, Size
from tfgan.data.reading import memory
from tfgan.data.reading.codecs.numbers import read_as
from tfgan.data.reading.headers import ImageInfo, check_room, first_bytes
from tfgan.data.reading.memory import BYTES_PER_PIXEL, budget
from tfgan.errors import UnreadableImage, first_line

# Its log repeats what it raises; most images lie nowhere on the map.
logging.getLogger("rasterio").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", message="Dataset has no geotransform")

DRIVERS = {
    b"\0\0\0\x0cjP  \r\n\x87\n": "JP2OpenJPEG",
    b"\xff\x4f\xff\x51": "JP2OpenJPEG",
    b"EHFA_HEADER_TAG": "HFA",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "GTiff"),
}
"""What a file begins with -> GDAL's driver that reads it."""

FORMATS = {"JP2OpenJPEG": "JPEG 2000", "HFA": "Erdas Imagine", "GTiff": "TIFF"}

_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}


def cache_bytes() -> int:
    """Bytes that GDAL keeps of what it has unpacked; by itself it would take a twentieth of the machine's memory."""
    return min(2**26, memory.limit() // 8)


def is_raster(head: bytes) -> bool:
    """Whether a file that begins so is one that is read here, and by no other reader; TIFF is not."""
    return _driver(head) not in ("", "GTiff")


def probe(source: Path | bytes, pages: str) -> ImageInfo:
    """Size and type of the image in a raster, from its header alone; it has no `pages`.

    Raises:
        UnreadableImage: bands of no known type, of different types, or too many; too large.
    """
    with opened(source) as dataset:
        info = describe(dataset)
    check_room(info, _room(info))
    return info


def decode(content: bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The bands H×W×C of a raster as they are stored, and what they are; of classes with a palette, the classes.

    Raises:
        UnreadableImage: `probe` would refuse it, or values are missing or damaged.
    """
    info = probe(content, pages)
    budget.take(_room(info))
    with opened(content) as dataset:
        return read(dataset, slice(0, info.height), slice(0, info.width)), info


def read(dataset: Any, rows: slice, columns: slice) -> np.ndarray:
    """A part of an open raster, h×w×C in its own number type; raises `UnreadableImage` if it is damaged."""
    from rasterio.errors import RasterioError
    from rasterio.windows import Window

    window = Window(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    try:
        return np.ascontiguousarray(np.moveaxis(dataset.read(window=window), 0, -1))
    except RasterioError as error:
        raise UnreadableImage(f"damaged or incomplete: {first_line(error.__cause__ or error)}") from None


def read_page(content: bytes, index: int) -> np.ndarray:
    """A page of a TIFF, H×W×C as it is stored."""
    with opened(content, page=index) as dataset:
        return read(dataset, slice(0, dataset.height), slice(0, dataset.width))


@contextmanager
def opened(source: Path | bytes, page: int = 0) -> Iterator[Any]:
    """A context with rasterio's dataset of a file, or of its bytes; another page than the first is for TIFF in bytes alone.

    Raises:
        UnreadableImage: it is damaged, or its pixels lie in another file.
    """
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    driver = _driver(first_bytes(source, 16))
    with rasterio.Env(GDAL_CACHEMAX=cache_bytes(), **_OPTIONS):
        try:
            if isinstance(source, bytes):
                with MemoryFile(source) as file:
                    name = f"GTIFF_DIR:{page + 1}:{file.name}" if page else file.name
                    with rasterio.open(name, driver=driver) as dataset:
                        yield _whole(dataset, source)
            else:
                with rasterio.open(source.absolute(), driver=driver) as dataset:
                    yield _whole(dataset, source)
        except RasterioError as error:
            raise UnreadableImage(f"damaged or incomplete: {first_line(error)}") from None


def describe(dataset: Any) -> ImageInfo:
    """Size and type of an open raster, whatever memory it takes."""
    form, count = FORMATS[dataset.driver], dataset.count
    what = f"{form}, {count} {'band' if count == 1 else 'bands'}"
    if len(set(dataset.dtypes)) > 1:
        raise UnreadableImage(f"{what} of different types, {', '.join(dict.fromkeys(dataset.dtypes))}: not supported; give them one")
    if count > MOST_CHANNELS:
        raise UnreadableImage(f"{what}, and {MOST_CHANNELS} are the most; choose some of them")
    try:
        found = np.dtype(dataset.dtypes[0])
    except TypeError:
        raise UnreadableImage(f"{what}, {dataset.dtypes[0]}: not supported; save it as float32") from None
    dtype = read_as(found, what)
    pictures = dtype in ("uint8", "uint16")
    alpha = pictures and count in (2, 4) and dataset.colorinterp[-1].name == "alpha"
    bands = not alpha and not (pictures and count in (1, 3))
    return ImageInfo(dataset.height, dataset.width, count, dtype, alpha, bands, format=form, nodata=_nodata(dataset, what))


def place(source: Path | bytes) -> tuple[Size, list[tifffile.TiffTag]]:
    """Height and width of a raster, and the tags of a GeoTIFF that lies on the map where it does."""
    from rasterio.io import MemoryFile

    with opened(source) as dataset, MemoryFile() as file:
        like = {"width": 1, "height": 1, "count": 1, "dtype": "uint8", "crs": dataset.crs, "transform": dataset.transform}
        with file.open(driver="GTiff", **like):
            pass
        with tifffile.TiffFile(io.BytesIO(file.read())) as tiff:
            return (dataset.height, dataset.width), list(tiff.pages.first.tags)


def _driver(head: bytes) -> str:
    return next((driver for beginning, driver in DRIVERS.items() if head.startswith(beginning)), "")


def _whole(dataset: Any, source: Path | bytes) -> Any:
    """The dataset, unless its pixels lie in other files, which the file names and which could be any."""
    other = b".ige\0" in source if isinstance(source, bytes) else len(dataset.files) > 1
    if dataset.driver == "HFA" and other:
        raise UnreadableImage(
            "Erdas Imagine whose pixels lie in another file (.ige): not supported; `rio convert IN.img OUT.tif` makes one TIFF of both"
        )
    return dataset


def _nodata(dataset: Any, what: str) -> float | None:
    """The value that all bands declare to be none."""
    found = {str(value): value for value in dataset.nodatavals}  # as NaN is unlike itself
    if len(found) > 1:
        raise UnreadableImage(
            f"{what} with different values for no data, {', '.join(found)}: give them one (`rio edit-info --nodata VALUE FILE`)"
        )
    return next(iter(found.values()))


def _room(info: ImageInfo) -> int:
    """The bytes of memory that an image takes until it is an array: as GDAL reads it, and channels last."""
    return info.height * info.width * max(info.channels * 2 * np.dtype(info.dtype).itemsize, BYTES_PER_PIXEL)
