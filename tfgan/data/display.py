"""Pictures of images that are none by themselves: of many bands, of signed numbers and floats, and of maps of classes."""

import numpy as np

from tfgan.config import Domain
from tfgan.data.label_maps.maps import paint
from tfgan.data.preparation.normalization import as_floats


def seen_bands(image: np.ndarray, domain: Domain) -> np.ndarray:
    """The channels of an image H×W×C that stand for gray, or for red, green and blue: H×W×1 or H×W×3; of a picture, all it has.

    Of bands these are the ones that the domain shows, or the first three, or the first one where there are fewer.
    """
    if not domain.bands:
        return image
    return image[..., list(domain.shown or range(3 if domain.channels >= 3 else 1))]


def painted(image: np.ndarray, domain: Domain) -> np.ndarray:
    """A map of class indices H×W in its classes' colors, H×W×3 float32 in [-1, 1]; any other image as it is."""
    return paint(image, domain.require_classes()) / np.float32(127.5) - np.float32(1.0) if domain.is_map else image


def as_picture(image: np.ndarray, domain: Domain) -> np.ndarray:
    """A picture of an image as batches hold it (`tfgan.data.preparation.normalization.held`), or of a map of classes, H×W int32.

    Returns:
        The image itself where it is a picture of the whole range of its type; the colors of the classes, or the domain's range from black
        to white, H×W×1 or H×W×3 uint8, otherwise.
    """
    if domain.is_map:
        return paint(image, domain.require_classes())
    if not domain.bands and not domain.value_range:
        return image
    floats = as_floats(image, domain)  # whose ranges may be one for each channel
    return np.rint((seen_bands(floats, domain) + 1.0) * 127.5).astype(np.uint8)
