"""Rasters that are larger than memory through a translator: they are read and written by windows, and are whole or not there."""

import logging
from collections.abc import Callable, Iterator

import numpy as np

from tfgan.config import Domain
from tfgan.data.finding.files import Task
from tfgan.data.label_maps.results import as_written, is_coded, snap
from tfgan.data.preparation.normalization import held
from tfgan.data.reading import memory, nodata, windows
from tfgan.data.reading.codecs import raster
from tfgan.data.reading.codecs.geo import map_tags, nodata_tag
from tfgan.data.reading.codecs.tiff import TILE, write_tiles
from tfgan.data.reading.formats import FORMATS, ending
from tfgan.errors import TooLarge
from tfgan.inference.passage import Passage
from tfgan.inference.room import fitting_tile, used_up
from tfgan.inference.tiling import tile_count, translated_parts
from tfgan.inference.translator import Translator
from tfgan.paths.files import new_file
from tfgan.terminal import Waiting

logger = logging.getLogger(__name__)


class Seen:
    """An image by windows as the network's tiles are taken of it, see `tfgan.inference.tiling.Tiled`."""

    def __init__(self, image: windows.Windows, domain: Domain):
        self.shape = (image.info.height, image.info.width, domain.channels)
        self._image, self._domain = image, domain

    def __getitem__(self, place: tuple[slice, slice], /) -> np.ndarray:
        rows, columns = (slice(wanted.start, min(wanted.stop, side)) for wanted, side in zip(place, self.shape))
        return held(self._image.read(rows, columns), self._domain)


def check_possible(task: Task, source: Domain, translator: Translator, passage: Passage, refusal: TooLarge):
    """Raises `TooLarge` for an image that takes more memory than images may, unless it can go through by windows.

    Args:
        source: the domain as the file is read for it.
        refusal: why it does not go through as a whole.
    """
    if not windows.is_possible(task.source) or task.beside:
        raise TooLarge(refusal.reason)
    cures = {
        'pip install "tfgan[raster]"': not windows.is_installed(),
        "--size=full": not passage.keeps_scale,
        "a --tile such as 1024": not passage.tile,
        "a result that is TIFF (--format=tif)": FORMATS.get(ending(task.result)) != "TIFF",
    }
    lacking = [cure for cure, lacks in cures.items() if lacks]
    if "attributes" in translator.lengths or source.classes is not None:
        raise TooLarge(refusal.reason)
    if lacking:
        raise TooLarge(f"{refusal.reason}; or let it be read and written by windows, with {' and '.join(lacking)}")


def translate_windows(
    task: Task, source: Domain, translator: Translator, passage: Passage, conditions: Callable, alpha: str, comment: str
) -> str:
    """Translates a raster by windows, pixel by pixel as a whole image would be in tiles of the same size; returns what there is to
    say of its scale.

    Args:
        task: a raster and its result, for which `check_possible` holds.
        conditions: what the image is translated by; nothing that depends on the image.
        comment: ASCII text beside the pixels.

    Raises:
        TooLarge: not even small tiles of so wide an image fit into memory.
        UnreadableImage, ReadFailed, OutputError: as for images as a whole.
    """
    with windows.opened(task.source, source, alpha) as image:
        seen, target = Seen(image, source), as_written(translator.target)
        height, width, _ = seen.shape
        tile = check_tile((height, width), translator, passage.tile)
        logger.info(f"{task.source}: larger than the memory for images; it is read and written by windows, in tiles of {tile} pixels.")
        tags, without = map_tags(task.source, (height, width), "TIFF"), None
        if image.info.nodata is not None and not is_coded(target):
            without = nodata.for_type(image.info.nodata, target.dtype)
            tags.append(nodata_tag(without))
        with (
            used_up((height, width), passage.smaller()),
            new_file(task.result) as part,
            Waiting(f"Translating {task.source.name}", tile_count(height, width, tile)) as shown,
        ):
            parts = translated_parts(translator, seen, conditions(None), tile=tile, done=shown.advance)
            pixels = ((place, to_pixels(translator, floats)) for place, floats in parts)
            blocks = in_rows(pixels, (height, width, target.channels), target.dtype, tile)
            masked = (with_nodata(block, image, rows, without) for rows, block in blocks)
            tiles = (np.ascontiguousarray(block[:, left : left + TILE]) for block in masked for left in range(0, width, TILE))
            bands = target.bands or target.channels > 4 or target.dtype not in ("uint8", "uint16")
            write_tiles(part, tiles, (height, width, target.channels), target.dtype, bands, comment, tags)
    memory.give_back()
    return passage.unlike_training((height, width))


def to_pixels(translator: Translator, floats: np.ndarray) -> np.ndarray:
    """A part of a translation as the values of files; of a label map, those of its classes."""
    pixels = translator.to_pixels(floats).numpy()
    return snap(pixels, translator.target) if is_coded(translator.target) else pixels


def with_nodata(block: np.ndarray, image: windows.Windows, rows: slice, without: float | None) -> np.ndarray:
    """Some rows of a result, with the value for no data where the image has none."""
    return block if without is None else nodata.put_back(block, image.without_data(rows), without)


def in_rows(parts, shape: tuple[int, int, int], dtype: str, tile: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Whole rows of an image, `TILE` at a time: their place, and h×W×C, which the next ones replace.

    Args:
        parts: the place and the pixels of each part, see `tfgan.inference.tiling.translated_parts`.
        shape, dtype: of the image.
        tile: at most so many rows come in parts until all columns are there.
    """
    height, width, channels = shape
    waiting, begin = np.empty((min(tile + TILE, height), width, channels), dtype), 0
    for (rows, columns), pixels in parts:
        waiting[rows.start - begin : rows.stop - begin, columns] = pixels
        if columns.stop < width:
            continue
        first = begin
        while rows.stop - begin >= TILE or begin < rows.stop == height:
            stop = min(begin + TILE, height)
            yield slice(begin, stop), waiting[begin - first : stop - first]
            begin = stop
        gone = begin - first
        for top in range(0, len(waiting) - gone if gone else 0, TILE):  # piece by piece, as a copy of all would take as much again
            stop = min(top + TILE, len(waiting) - gone)
            waiting[top:stop] = waiting[top + gone : stop + gone]


def check_tile(size: tuple[int, int], translator: Translator, tile: int) -> int:
    """The size of tiles at which an image goes through by windows, see `fitting_tile`.

    Raises:
        TooLarge: not even the smallest ones of so wide an image fit into memory.
    """
    source, target = translator.source, as_written(translator.target)
    sums, pixel = 4 * (translator.channels + 1), target.channels * np.dtype(target.dtype).itemsize

    def held(tile: int) -> int:
        shared = max(tile - _step(size[0], tile), 0)
        rows = size[1] * (pixel * (min(tile, size[0]) + TILE) + 2 * sums * shared)
        return rows + tile * tile * (sums + 4 * source.channels) + raster.cache_bytes()

    chosen = fitting_tile(tile, translator, size, held)
    if held(chosen) > memory.limit():
        raise TooLarge(f"with {size[0]}×{size[1]} pixels, in tiles of {chosen}, it {memory.refusal(held(chosen))}")
    return chosen


def _step(height: int, tile: int) -> int:
    """Rows from one tile to the one below."""
    return height if height <= tile else (height - tile) // max(tile_count(height, 1, tile) - 1, 1)
