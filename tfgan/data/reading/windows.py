"""Images that are larger than memory, of which parts are read, by the package rasterio."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.config import Domain
from tfgan.data.reading import nodata
from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.codecs import raster, tiff
from tfgan.data.reading.codecs.numbers import narrowed
from tfgan.data.reading.headers import ImageInfo, first_bytes, reasons
from tfgan.data.reading.images import Loaded, fit, rule_of
from tfgan.errors import UnreadableImage


class Windows:
    """An image of a domain in a raster that is open.

    Attributes:
        info: what it is.
    """

    def __init__(self, dataset: Any, info: ImageInfo, path: Path, domain: Domain, alpha: str):
        self.info = info
        self._dataset, self._path, self._domain, self._alpha = dataset, path, domain, alpha
        self._least = self._find_least() if info.bands and info.nodata is not None else None

    def read(self, rows: slice, columns: slice) -> np.ndarray:
        """A part of what `tfgan.data.reading.images.read` would return for the whole file.

        Raises:
            UnreadableImage: it cannot be used, as `read` tells of the whole file.
        """
        pixels, name = self._stored(rows, columns), self._path.as_posix()
        try:
            if self._least is not None and self.info.nodata is not None:
                pixels = nodata.filled(pixels, self.info.nodata, self._least, name)
            return fit(Loaded(narrowed(pixels, self.info.dtype, name), self.info), self._domain, self._alpha)
        except UnreadableImage as error:
            raise UnreadableImage(f"rows {rows.start} to {rows.stop}, columns {columns.start} to {columns.stop}: {error}") from None

    def without_data(self, rows: slice) -> np.ndarray:
        """Which pixels of some rows are declared to hold no data, h×W bool."""
        if self.info.nodata is None:
            return np.zeros((rows.stop - rows.start, self.info.width), bool)
        return nodata.has_none(self._stored(rows, slice(0, self.info.width)), self.info.nodata)

    def _stored(self, rows: slice, columns: slice) -> np.ndarray:
        return raster.read(self._dataset, rows, columns)

    def _find_least(self) -> np.ndarray:
        """The least value in each band that is not the one for no data, of the whole image."""
        assert self.info.nodata is not None
        every = slice(0, self.info.width)
        parts = [nodata.least(self._stored(rows, every), self.info.nodata) for rows in chunks(self.info.height, self.info.width)]
        return np.min(parts, axis=0)


def is_possible(path: Path) -> bool:
    """Whether parts of a file can be read, by its format, where rasterio is installed."""
    return first_bytes(path, 4) in tiff.MAGICS or raster.is_raster(first_bytes(path, 16))


def is_installed() -> bool:
    """Whether the package is there that reads parts of files."""
    return find_spec("rasterio") is not None


@contextmanager
def opened(path: Path, domain: Domain, alpha: str) -> Iterator[Windows]:
    """A context with the image in a file, for a domain; see `is_possible` and `is_installed`.

    Args:
        domain: no map of classes.
        alpha: what becomes of transparency, see `tfgan.data.reading.images.convert`.

    Raises:
        UnreadableImage: it is damaged, or stored in a way that only a whole image is read of.
        ReadFailed: the system does not give it.
    """
    with ExitStack() as stack:
        with reasons(path):
            info = tiff.stored_info(path, rule_of(domain.pages)) if first_bytes(path, 4) in tiff.MAGICS else None
            dataset = stack.enter_context(raster.opened(path))
            found = Windows(dataset, info or raster.describe(dataset), path, domain, alpha)
        yield found
