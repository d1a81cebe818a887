"""Makes two images a pair: one rule for files and for stored data sets."""

from collections.abc import Mapping

import numpy as np

from tfgan.config import Domain
from tfgan.data import images
from tfgan.errors import UnreadableImage


def split_halves(image: np.ndarray) -> list[np.ndarray]:
    """The left and the right half, each H×W×C, of a side by side image H×2W×C.

    Raises:
        UnreadableImage: the width is odd.
    """
    width = image.shape[1]
    if width % 2:
        raise UnreadableImage(f"the width of a side by side pair must be even, but is {width} pixels")
    return np.split(image, 2, axis=1)


def as_pair(found: Mapping[str, np.ndarray], domains: Mapping[str, Domain], alpha: str) -> dict[str, np.ndarray]:
    """Both images of a pair, H×W×C in their domains' channels and dtype, under the keys "A" and "B".

    Args:
        found: name, which messages use -> image H×W×C, C from 1 to 4, uint8 or uint16; that of A, then that of B.
        domains: "A" and "B" -> domain.
        alpha: what becomes of transparency: "composite", "drop" or "keep".

    Raises:
        UnreadableImage: the images differ in size; the message uses their names.
    """
    if len({image.shape[:2] for image in found.values()}) > 1:
        sizes = [f"{name} is {image.shape[0]}×{image.shape[1]}" for name, image in found.items()]
        raise UnreadableImage(f"{' but '.join(sizes)} (height×width); both images of a pair must have one size")
    return {side: images.convert(image, domains[side].channels, domains[side].dtype, alpha) for side, image in zip("AB", found.values())}
