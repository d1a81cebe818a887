"""Large images in overlapping tiles, blended where they overlap."""

import numpy as np

from tfgan.inference.translator import Translator

ROWS = 256  # that are divided and rounded together


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
        image: H×W×C as `tfgan.data.normalization.held` has it, or float32 in [-1, 1], or a map of class indices H×W.
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
    overlap = min(overlap, tile // 2)
    rows = _blended(translator, image, conditions, tile, overlap)
    result = np.empty((height, width, translator.target.channels), np.float32 if floats else translator.target.dtype)
    for top, band in rows:
        result[top : top + len(band)] = band if floats else translator.to_pixels(band).numpy()
    return result


def _blended(translator: Translator, image: np.ndarray, conditions: dict[str, np.ndarray], tile: int, overlap: int):
    """Yields the rows of the translation that are done, from the top on: the first one's place, and h×W×C float32 in [-1, 1].

    No more than a row of tiles is held as floats: those of a whole image are many times as large as its file.
    """
    height, width = image.shape[:2]
    given_floats = np.issubdtype(image.dtype, np.floating)
    high = min(tile, height)
    total = np.zeros((high, width, translator.target.channels), np.float32)
    weights = np.zeros((high, width, 1), np.float32)
    starts = _starts(height, tile, overlap)
    for top, below in zip(starts, [*starts[1:], height]):
        for left in _starts(width, tile, overlap):
            place = slice(left, left + tile)
            part = image[top : top + tile, place]
            part = part if given_floats else translator.to_floats(part).numpy()
            weight = _ramp(part.shape[0], overlap)[:, None, None] * _ramp(part.shape[1], overlap)[None, :, None]
            total[:, place] += weight * translator(part[None], **conditions).numpy()[0]
            weights[:, place] += weight
        done = below - top
        for begin in range(0, done, ROWS):
            rows = slice(begin, min(begin + ROWS, done))
            yield top + begin, total[rows] / weights[rows]
        for sums in (total, weights):
            sums[: high - done] = sums[done:].copy()
            sums[high - done :] = 0


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
