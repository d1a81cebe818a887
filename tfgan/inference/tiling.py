"""Large images in overlapping tiles, blended where they overlap."""

from collections.abc import Iterator

import numpy as np

from tfgan.data.reading import memory
from tfgan.data.reading.chunks import AT_ONCE
from tfgan.inference.translator import Translator

ROWS = 256  # that are weighted, divided and rounded together


def translate_image(
    translator: Translator,
    image: np.ndarray,
    conditions: dict[str, np.ndarray] | None = None,
    *,
    tile: int = 0,
    overlap: int = 64,
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
        H×W×C' of the target's dtype, or float32 in [-1, 1] if `floats`.
    """
    height, width = image.shape[:2]
    conditions = {name: vector[None] for name, vector in (conditions or {}).items()}
    given_floats = np.issubdtype(image.dtype, np.floating)
    if not tile or (height <= tile and width <= tile):
        if not (floats or given_floats):
            return translator.pixels(image[None], **conditions).numpy()[0]
        result = translator(image[None] if given_floats else translator.to_floats(image[None]), **conditions)
        return (result if floats else translator.to_pixels(result)).numpy()[0]
    result = np.empty((height, width, translator.target.channels), np.float32 if floats else translator.target.dtype)
    for place, part in _blended(translator, image, conditions, tile, min(overlap, tile // 2)):
        result[place] = part if floats else translator.to_pixels(part).numpy()
    return result


def _blended(translator: Translator, image: np.ndarray, conditions: dict[str, np.ndarray], tile: int, overlap: int):
    """Yields the parts of the translation that are done: the place of each, slices of rows and columns, and h×w×C float32 in [-1, 1].

    No more than a tile, and what tiles share with those below, is held as floats: those of a whole image are many times as large as its
    file.
    """
    height, width = image.shape[:2]
    high, wide, sums = min(tile, height), min(tile, width), translator.target.channels + 1  # of weighted values, and of weights
    tops, lefts = _starts(height, tile, overlap), _starts(width, tile, overlap)
    above = np.zeros((0, width, sums), np.float32)  # what the tiles of one row have added to the rows of the next
    for top, below in zip(tops, [*tops[1:], height]):
        done, shared = below - top, np.zeros((high - (below - top), width, sums), np.float32)
        before = np.zeros((high, 0, sums), np.float32)  # what the tiles to the left have added
        for left, right in zip(lefts, [*lefts[1:], width]):
            window = np.zeros((high, wide, sums), np.float32)
            window[: len(above)] = above[:, left : left + wide]
            window[:, : before.shape[1]] = before
            _add_tile(window, translator, image[top : top + tile, left : left + tile], conditions, overlap)
            for rows in _few_rows(done):
                yield (slice(top + rows.start, top + rows.stop), slice(left, right)), _mean(window[rows, : right - left])
            shared[:, left:right] = window[done:, : right - left]
            before = window[:, right - left :].copy()
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
