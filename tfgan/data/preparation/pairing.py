"""Makes two images a pair: one rule for files and for stored data sets."""

from collections.abc import Mapping

import numpy as np

from tfgan.config import Domain
from tfgan.data.reading.images import Loaded, fit
from tfgan.errors import UnreadableImage


def split_halves(image: Loaded) -> list[Loaded]:
    """The left and the right half, each H×W×C, of a side by side image H×2W×C.

    Raises:
        UnreadableImage: the width is odd.
    """
    width = image.pixels.shape[1]
    if width % 2:
        raise UnreadableImage(f"the width of a side by side pair must be even, but is {width} pixels")
    return [image._replace(pixels=half) for half in np.split(image.pixels, 2, axis=1)]


def as_pair(found: Mapping[str, Loaded], domains: Mapping[str, Domain], alpha: str) -> dict[str, np.ndarray]:
    """Both images of a pair, H×W×C in their domains' channels and dtype, under the keys "A" and "B".

    Args:
        found: name, which messages use -> image; that of A, then that of B.
        domains: "A" and "B" -> domain.
        alpha: what becomes of transparency: "composite", "drop" or "keep".

    Raises:
        UnreadableImage: the images differ in size, or do not fit their domains; the message uses their names.
    """
    if len({image.pixels.shape[:2] for image in found.values()}) > 1:
        sizes = [f"{name} is {image.pixels.shape[0]}×{image.pixels.shape[1]}" for name, image in found.items()]
        raise UnreadableImage(f"{' but '.join(sizes)} (height×width); both images of a pair must have one size")
    return {side: _fitted(name, image, domains[side], alpha) for side, (name, image) in zip("AB", found.items())}


def _fitted(name: str, image: Loaded, domain: Domain, alpha: str) -> np.ndarray:
    try:
        return fit(image, domain, alpha)
    except UnreadableImage as error:
        raise UnreadableImage(f"{name}: {error}") from None
