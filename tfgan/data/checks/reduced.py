"""Large images for checks, which need copies of them in wider types: in bands, or as every nth pixel."""

from collections.abc import Iterator

import numpy as np

AT_ONCE = 2**22  # pixels that are handled together


def bands(image: np.ndarray) -> Iterator[np.ndarray]:
    """Views of an image H×W×C, from its top to its bottom, each of so many rows as make `AT_ONCE` pixels at most, and of one at least."""
    rows = max(1, AT_ONCE // image.shape[1])
    yield from (image[top : top + rows] for top in range(0, len(image), rows))


def reduced(image: np.ndarray) -> np.ndarray:
    """A view of an image H×W×C, or of a map H×W, for what looks at it coarsely: of more than 4 times `AT_ONCE` pixels, every nth."""
    step = int((image.shape[0] * image.shape[1] / AT_ONCE) ** 0.5)
    return np.ascontiguousarray(image[::step, ::step]) if step > 1 else image
