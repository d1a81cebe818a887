"""Large images for checks that look at them coarsely: every nth pixel."""

import numpy as np

from tfgan.data.reading.chunks import AT_ONCE


def reduced(image: np.ndarray) -> np.ndarray:
    """A view of an image H×W×C, or of a map H×W, for what looks at it coarsely: of more than 4 times `AT_ONCE` pixels, every nth."""
    step = int((image.shape[0] * image.shape[1] / AT_ONCE) ** 0.5)
    return np.ascontiguousarray(image[::step, ::step]) if step > 1 else image
