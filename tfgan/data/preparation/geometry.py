"""How an image of any size and shape becomes one that a network learns from: the ways that `--fit` names."""

import numpy as np

from tfgan.config import Domain, Size
from tfgan.data.reading.images import middle, resize

KEEPING_SCALE = ("width", "none")
"""Ways by which images keep sizes of their own, out of which those of a batch are cut."""


def scaled(own: Size, fit: str, size: Size, least: Size) -> Size:
    """Height and width at which an image of the size `own` is seen, as a whole.

    Args:
        fit: "squeeze" gives it the height and width `size`, whatever its shape; all others keep its shape: "crop" makes the largest part
            of it that has the shape of `size` as large as that, "width" makes it as wide, and "none" leaves it as it is.
        size: height and width in pixels.
        least: height and width below which an image of "width" and "none" is enlarged, so that the network's images can be cut out of it.
    """
    if fit == "squeeze":
        return size
    ratios = [wanted / side for wanted, side in zip(least, own)]
    factor = {
        "crop": max(wanted / side for wanted, side in zip(size, own)),
        "width": max(size[1] / own[1], *ratios),
        "none": max(1.0, *ratios),
    }[fit]
    height, width = (max(1, round(side * factor)) for side in own)
    return (height, width) if fit == "crop" else (max(height, least[0]), max(width, least[1]))


def fitted(image: np.ndarray, fit: str, size: Size, least: Size, domain: Domain) -> np.ndarray:
    """An image, or a map of class indices, as training cuts its random crops out of it: of the height and width `size` by "squeeze" and
    "crop", else of those of `scaled`; the very same array if it is so already."""
    if fit in KEEPING_SCALE:
        return resize(image, scaled(image.shape[:2], fit, size, least), domain.resample, bands=domain.bands)
    return resize(middle(image, size) if fit == "crop" else image, size, domain.resample, bands=domain.bands)


def viewed(image: np.ndarray, fit: str, size: Size, domain: Domain) -> np.ndarray:
    """An image, or a map of class indices, as one of the height and width `size`, as validation and evaluation see it: what is too large
    by "width" and "none" is cut to the middle."""
    found = fitted(image, fit, size, size, domain)
    if found.shape[:2] == tuple(size):
        return found
    top, left = ((side - wanted) // 2 for side, wanted in zip(found.shape[:2], size))
    return found[top : top + size[0], left : left + size[1]].copy()  # which does not keep the rest in memory


def distortion(own: Size, size: Size) -> float:
    """By what share "squeeze" makes an image of the size `own` longer in one direction than in the other: 1.0 makes circles twice as long
    as wide."""
    ratio = (size[0] / own[0]) / (size[1] / own[1])
    return max(ratio, 1 / ratio) - 1.0
