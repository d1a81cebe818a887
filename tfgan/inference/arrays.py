"""Images as Python programs have them, arrays, PIL images and files, on their way to a network and back."""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfgan.config import Domain
from tfgan.data import images
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference.files import read_image

Pixels = np.ndarray | Image.Image | str | Path
"""An array H×W×C or N×H×W×C, a PIL image, or an image file's name."""


class Given(NamedTuple):
    """Images as a network's source takes them: H×W×C of its dtype or float32 in [-1, 1], or class indices H×W int32."""

    images: list[np.ndarray]
    batched: bool
    pictures: bool  # whether results are PIL images

    def back(self, results: list[np.ndarray], domain: Domain) -> Pixels:
        """Results H×W×C in the form in which the images were given: a PIL image, an array H×W×C or N×H×W×C.

        Raises:
            UserError: a PIL image that would have other pixels than uint8.
        """
        if not self.pictures:
            return np.stack(results) if self.batched else results[0]
        (result,) = results
        if result.dtype != np.uint8:
            raise UserError(f"{domain.name} has {domain.dtype} pixels, which a PIL image does not hold: give an array.")
        return Image.fromarray(result[..., 0] if result.shape[-1] == 1 else result)


def as_images(given: Pixels, domain: Domain, alpha: str, floats: bool = False) -> Given:
    """Images for a network whose source is `domain`.

    A file or a PIL image is converted to the domain's channels and pixel type. An array must have them, or be of floats in [-1, 1].

    Args:
        alpha: what becomes of a picture's transparency: composite, drop or keep.
        floats: whether float arrays are known to be in [-1, 1]; otherwise those that could as well be in [0, 1] are refused.

    Raises:
        UserError: the shape, the type or the range of an array does not fit; a file that cannot be read; class indices that the domain
            does not have.
    """
    if isinstance(given, str | os.PathLike):
        try:
            return Given([read_image(Path(given).expanduser(), domain, alpha)], False, True)
        except UnreadableImage as error:
            raise UserError(f"{given}: {error}") from None
    if isinstance(given, Image.Image):
        pixels = np.asarray(given if given.mode in ("L", "LA", "RGB", "RGBA") or domain.classes else given.convert("RGB"))
        if domain.classes:
            return Given([_maps(pixels, domain)], False, True)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return Given([images.convert(pixels, domain.channels, domain.dtype, alpha)], False, True)
    array = np.asarray(given)
    dimensions = 2 if domain.classes else 3
    if array.ndim not in (dimensions, dimensions + 1):
        wanted = "H×W or N×H×W" if domain.classes else "H×W×C or N×H×W×C"
        raise UserError(f"images have the shape {'×'.join(map(str, array.shape))}; give {wanted}.")
    batched = array.ndim == dimensions + 1
    array = array if batched else array[None]
    if np.issubdtype(array.dtype, np.floating) and not floats and array.size and array.min() >= 0:
        raise UserError(
            f"images of floats are in [-1, 1]; these begin at {array.min():g}, as if they were in [0, 1]. "
            f'Give {domain.dtype} pixels, or 2 × images - 1; dtype="float32" says that they are as they should be.'
        )
    check = _maps if domain.classes else _pixels
    return Given([check(image, domain) for image in array], batched, False)


def _maps(array: np.ndarray, domain: Domain) -> np.ndarray:
    """The array as class indices H×W int32, once it holds nothing else than the domain's classes and -1."""
    count = len(domain.require_classes().names)
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer) or array.min() < -1 or array.max() >= count:
        raise UserError(f"{domain.name} are maps of class indices H×W: whole numbers from 0 to {count - 1}, and -1 for none.")
    return array.astype(np.int32)


def _pixels(array: np.ndarray, domain: Domain) -> np.ndarray:
    """The array H×W×C in the domain's dtype, or float32 in [-1, 1], once its channels and its range fit."""
    if array.shape[-1] != domain.channels:
        raise UserError(f"{domain.name} has {domain.channels} channel(s), but an image has {array.shape[-1]}.")
    if array.dtype == domain.dtype:
        return array
    if np.issubdtype(array.dtype, np.floating):
        if array.min() < -1 or array.max() > 1:
            raise UserError(f"images of floats are in [-1, 1], but these are in [{array.min():g}, {array.max():g}].")
        return array.astype(np.float32)
    raise UserError(f"images are {array.dtype}; {domain.name} has {domain.dtype} pixels (or floats in [-1, 1]).")
