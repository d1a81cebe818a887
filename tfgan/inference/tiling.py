"""Large images in overlapping tiles, blended where they overlap."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from tfgan.data.reading import memory
from tfgan.data.reading.chunks import AT_ONCE
from tfgan.inference.translator import Translator

OVERLAP = 64  # pixels that neighboring tiles share at least
ROWS = 256  # that are weighted, divided and rounded together


class Tiled(Protocol):
    """An image of which tiles are asked for, each once: an array H×W×C or H×W, or what reads them from a file."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, place: tuple[slice, slice], /) -> np.ndarray: ...


def tile_count(height: int, width: int, tile: int, overlap: int = OVERLAP) -> int:
    """Into how many tiles an image is cut, see `translated_parts`."""
    overlap = min(overlap, tile // 2)
    return len(_starts(height, tile, overlap)) * len(_starts(width, tile, overlap))


def translate_image(
    translator: Translator,
    image: np.ndarray,
    conditions: dict[str, np.ndarray] | None = None,
    *,
    tile: int = 0,
    overlap: int = OVERLAP,
    floats: bool = False,
) -> np.ndarray:
    """Translates one image of any size, at once or in tiles.

    Args:
        image: H×W×C as `tfgan.data.preparation.normalization.held` has it, or float32 in [-1, 1], or a map of class indices H×W.
        floats: the result in float32, [-1, 1].
        conditions: what the image is translated by: name -> vector.
        tile: height and width of the tiles; 0, or an image no larger: all at once. Normalization by each image's own statistics then
            means each tile's own, so that tiles can differ in brightness: make them as large as memory allows.
        overlap: pixels that neighboring tiles share at least, over which one fades into the other; no more than half a tile.

    Returns:
        H×W×C' of the target's dtype, or a map of class indices H×W; float32 in [-1, 1] of the network's channels if `floats`.
    """
    height, width = image.shape[:2]
    given_floats = np.issubdtype(image.dtype, np.floating)
    if not tile or (height <= tile and width <= tile):
        conditions = {name: vector[None] for name, vector in (conditions or {}).items()}
        if not (floats or given_floats):
            return translator.pixels(image[None], **conditions).numpy()[0]
        result = translator(image[None] if given_floats else translator.to_floats(image[None]), **conditions)
        return (result if floats else translator.to_pixels(result)).numpy()[0]
    result = translator.empty((height, width), floats)
    for place, part in translated_parts(translator, image, conditions, tile=tile, overlap=overlap):
        result[place] = part if floats else translator.to_pixels(part).numpy()
    return result


def translated_parts(
    translator: Translator,
    image: Tiled,
    conditions: dict[str, np.ndarray] | None = None,
    *,
    tile: int,
    overlap: int = OVERLAP,
    done: Callable[[], None] = lambda: None,
) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
    """Yields the parts of the translation of an image in tiles, as they come: rows of tiles from the top down, each from the left.

    No more than a tile, and what tiles share with those below, is held as floats: those of a whole image are many times as large as its
    file.

    Args:
        image: as for `translate_image`, or what gives parts of such an image, one for each tile.
        conditions, tile, overlap: see `translate_image`.
        done: is called after each tile.

    Yields:
        the place of a part, slices of rows and columns, and the part, h×w×C' float32 in [-1, 1].
    """
    overlap = min(overlap, tile // 2)
    conditions = {name: vector[None] for name, vector in (conditions or {}).items()}
    height, width = image.shape[:2]
    high, wide, sums = min(tile, height), min(tile, width), translator.channels + 1  # of weighted values, and of weights
    tops, lefts = _starts(height, tile, overlap), _starts(width, tile, overlap)
    above = np.zeros((0, width, sums), np.float32)  # what the tiles of one row have added to the rows of the next
    for top, below in zip(tops, [*tops[1:], height]):
        finished, shared = below - top, np.zeros((high - (below - top), width, sums), np.float32)
        before = np.zeros((high, 0, sums), np.float32)  # what the tiles to the left have added
        for left, right in zip(lefts, [*lefts[1:], width]):
            window = np.zeros((high, wide, sums), np.float32)
            window[: len(above)] = above[:, left : left + wide]
            window[:, : before.shape[1]] = before
            _add_tile(window, translator, image[top : top + tile, left : left + tile], conditions, overlap)
            for rows in _few_rows(finished):
                yield (slice(top + rows.start, top + rows.stop), slice(left, right)), _mean(window[rows, : right - left])
            shared[:, left:right] = window[finished:, : right - left]
            before = window[:, right - left :].copy()
            done()
        above = shared


def _add_tile(window: np.ndarray, translator: Translator, part: np.ndarray, conditions: dict[str, np.ndarray], overlap: int):
    """Adds the translation of a tile, weighted, and its weights to the sums of its place."""
    floats = part[None] if np.issubdtype(part.dtype, np.floating) else translator.to_floats(part[None])
    translated = translator(floats, **conditions).numpy()[0]
    down, across = (_ramp(size, overlap) for size in part.shape[:2])
    for rows in _few_rows(len(window)):
        weights = down[rows, None, None] * across[None, :, None]
        window[rows, :, :-1] += weights * translated[rows]
        window[rows, :, -1:] += weights
    if part.shape[0] * part.shape[1] >= AT_ONCE:
        memory.give_back()


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., :-1] / sums[..., -1:]


def _few_rows(count: int) -> Iterator[slice]:
    """All of `count` rows, in slices of a few."""
    yield from (slice(begin, min(begin + ROWS, count)) for begin in range(0, count, ROWS))


def _starts(size: int, tile: int, overlap: int) -> list[int]:
    """Places where tiles begin, in pixels: evenly spread, at least `overlap` shared, the last one ending at `size`."""
    if size <= tile:
        return [0]
    count = -(-(size - overlap) // (tile - overlap))
    return [round(i * (size - tile) / (count - 1)) for i in range(count)]


def _ramp(size: int, overlap: int) -> np.ndarray:
    """Weights that rise from the border to 1 over `overlap` pixels, never 0."""
    distance = np.minimum(np.arange(size), np.arange(size)[::-1]) + 1.0
    return np.minimum(distance / max(overlap, 1), 1.0).astype(np.float32)
