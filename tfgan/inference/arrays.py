"""Images as Python programs have them, arrays, PIL images and files, on their way to a network and back."""

import dataclasses
import io
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageOps

from tfgan.config import Domain
from tfgan.data.label_maps import maps as label_maps
from tfgan.data.label_maps.maps import read_map
from tfgan.data.label_maps.objects import numbered, read_instances
from tfgan.data.preparation.normalization import held
from tfgan.data.reading import images
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference.files import read_image
from tfgan.instances import packed
from tfgan.values import as_array

Picture = Image.Image | str | os.PathLike
"""A PIL image, or an image file's name."""

Pixels = ArrayLike | Picture | list[Picture]
"""What NumPy takes for an array H×W×C or N×H×W×C, a PIL image, an image file's name, or a list of these two."""

Results = np.ndarray | Image.Image | list[Image.Image]
"""What comes back: an array for an array, PIL images for pictures."""


def give_instances(given: "Given", instances: Pixels, domain: Domain) -> "Given":
    """Label maps with the instances in as many instance maps: arrays H×W or N×H×W of any whole numbers, PIL images or files.

    Raises:
        UserError: there are more or fewer of them; one does not fit its label map, or is no instance map.
    """
    listed = instances if isinstance(instances, list | tuple) and instances and isinstance(instances[0], Picture) else None
    if listed is None and not isinstance(instances, Picture):
        array = as_array("instances", instances)
        listed = list(array) if array.ndim > 2 else [array]
    listed = [instances] if listed is None else listed
    if len(listed) != len(given.images):
        raise UserError(f"There are {len(given.images)} label maps, but {len(listed)} instance maps: give one for each.")
    return given._replace(images=[_with_instances(*both, domain) for both in zip(given.images, listed)])


def _with_instances(labels: np.ndarray, instances, domain: Domain) -> np.ndarray:
    try:
        if isinstance(instances, str | os.PathLike):
            return packed(labels, read_instances(Path(instances).expanduser(), domain.pages, labels.shape))
        values = read_map(images.from_pillow(instances)).values if isinstance(instances, Image.Image) else np.asarray(instances)
        if not np.issubdtype(values.dtype, np.integer):
            raise UserError(f"instances are {values.dtype}: give whole numbers, H×W or N×H×W.")
        return packed(labels, numbered(values, labels.shape))
    except UnreadableImage as error:
        raise UserError(f"instances: {error}.") from None


class Given(NamedTuple):
    """Images as they are held for a network's source: H×W×C of its dtype or float32 in [-1, 1], or class indices H×W int32."""

    images: list[np.ndarray]
    batched: bool
    pictures: bool  # whether results are PIL images

    def back(self, results: list[np.ndarray], domain: Domain) -> Results:
        """Results H×W×C, or maps of classes H×W, in the form in which the images were given: a PIL image or a list of them, an array of
        one or of N; of maps, PIL images have the values that files have.

        Raises:
            UserError: a PIL image that would have other pixels than uint8.
        """
        if not self.pictures:
            return np.stack(results) if self.batched else results[0]
        pictures = [_picture(result, domain) for result in results]
        return pictures if self.batched else pictures[0]


def _picture(result: np.ndarray, domain: Domain) -> Image.Image:
    if domain.is_map and result.dtype == np.int32:
        return Image.open(io.BytesIO(label_maps.encode(result, domain.require_classes())))
    if result.dtype != np.uint8:
        raise UserError(f"{domain.name} has {domain.dtype} pixels, which a PIL image does not hold: give an array.")
    return Image.fromarray(result[..., 0] if result.shape[-1] == 1 else result)


def as_images(given: Pixels, domain: Domain, alpha: str, floats: bool = False) -> Given:
    """Images for a network whose source is `domain`.

    A file or a PIL image is converted to the domain's channels and pixel type. An array must have them, or be of floats in [-1, 1]; whole
    numbers of 32 or 64 bits, as in lists of Python's, are taken for pixels of the domain's type. Gray ones may lack their axis of channels.
    Where the domain has a range, an array holds values of its files, of any type that fits into theirs, unless `floats` says otherwise.

    Args:
        given: what NumPy takes for an array, in whatever place and order of memory; a PIL image or a file's name; or a list of these two.
        alpha: what becomes of a picture's transparency: composite, drop or keep.
        floats: whether float arrays are known to be in [-1, 1]; otherwise those that could as well be in [0, 1] are refused.

    Raises:
        UserError: the shape, the type or the range of an array does not fit; a file that cannot be read; class indices that the domain
            does not have.
    """
    if isinstance(given, Picture):
        return Given([_of_picture(given, domain, alpha)], False, True)
    if isinstance(given, list | tuple) and given and all(isinstance(one, Picture) for one in given):
        return Given([_of_picture(one, domain, alpha) for one in given], True, True)
    array = as_array("images", given)
    if array.dtype.kind in "USO":
        raise UserError(f"images are given as {type(given).__name__}: give an array, a PIL image or a file's name.")
    if domain.channels == 1 and not domain.is_map and array.ndim == 2:
        array = array[..., None]
    dimensions = 2 if domain.is_map else 3
    if array.ndim not in (dimensions, dimensions + 1):
        wanted = "H×W or N×H×W" if domain.is_map else f"H×W×C or N×H×W×C, where {domain.name} has C = {domain.channels}"
        raise UserError(f"images have the shape {_shape(array)}; give {wanted}.")
    if 0 in array.shape:
        raise UserError(f"images have the shape {_shape(array)}, which holds no pixel: give one image at least.")
    batched = array.ndim == dimensions + 1
    array = array if batched else array[None]
    if np.issubdtype(array.dtype, np.floating) and not floats and not domain.value_range and array.min() >= 0:
        raise UserError(
            f"images of floats are in [-1, 1]; these begin at {array.min():g}, as if they were in [0, 1]. "
            f'Give {domain.dtype} pixels, or 2 × images - 1; dtype="float32" says that they are as they should be.'
        )
    if domain.value_range and not floats:
        return Given([held(_values(image, domain), domain) for image in array], batched, False)
    check = _maps if domain.is_map else _pixels
    return Given([check(image, domain) for image in array], batched, False)


def _shape(array: np.ndarray) -> str:
    return "×".join(map(str, array.shape)) or "of a single value"


def _of_picture(given: Picture, domain: Domain, alpha: str) -> np.ndarray:
    """A PIL image or a file as the domain takes it; a PIL image is turned as its EXIF orientation says, as files are."""
    if not isinstance(given, Image.Image):
        try:
            own = dataclasses.replace(domain, instances="")  # which are given beside it
            return held(read_image([Path(given).expanduser()], own, alpha), domain)
        except UnreadableImage as error:
            raise UserError(f"{given}: {error}") from None
    upright = ImageOps.exif_transpose(given)
    if domain.is_map:
        return _maps(np.asarray(upright), domain)
    if domain.classes:  # painted out of the values that files have
        return _of_values(upright, domain)
    if domain.bands:
        return held(_values(np.atleast_3d(np.asarray(upright)), domain), domain)
    return held(images.convert(images.from_pillow(upright), domain.channels, domain.dtype, alpha), domain)


def _of_values(image: Image.Image, domain: Domain) -> np.ndarray:
    content = io.BytesIO()
    image.save(content, "PNG")
    try:
        return label_maps.load(content.getvalue(), domain)
    except UnreadableImage as error:
        raise UserError(f"The image is no label map of {domain.name}: {error}.") from None


def _maps(array: np.ndarray, domain: Domain) -> np.ndarray:
    """The array as class indices H×W int32, once it holds nothing else than the domain's classes and -1."""
    count = len(domain.require_classes().names)
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.integer) or array.min() < -1 or array.max() >= count:
        raise UserError(f"{domain.name} are maps of class indices H×W: whole numbers from 0 to {count - 1}, and -1 for none.")
    return array.astype(np.int32)


def _check_channels(array: np.ndarray, domain: Domain):
    if array.shape[-1] != domain.channels:
        alpha = array.shape[-1] in (2, 4) and not domain.bands
        cure = ": leave the transparency out, or give a PIL image or a file, which is converted" if alpha else ""
        raise UserError(f"{domain.name} has {domain.channels} channel(s), but an image has {array.shape[-1]}{cure}.")


def _values(array: np.ndarray, domain: Domain) -> np.ndarray:
    """Values of files H×W×C in the domain's dtype, once its channels and its type fit."""
    _check_channels(array, domain)
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        raise UserError("images hold values that are not finite (NaN or infinity).")
    floats = np.issubdtype(domain.dtype, np.floating)
    if floats or np.can_cast(array.dtype, domain.dtype):
        return array.astype(domain.dtype)
    if np.issubdtype(array.dtype, np.floating):
        raise UserError(
            f"images of floats may be values of {domain.name}, or in [-1, 1]: give the former as {domain.dtype}, and say "
            'dtype="float32" for the latter.'
        )
    limits = np.iinfo(domain.dtype)
    if array.min() < limits.min or array.max() > limits.max:
        raise UserError(f"{domain.name} has {domain.dtype} values, but these are from {array.min()} to {array.max()}.")
    return array.astype(domain.dtype)


def _pixels(array: np.ndarray, domain: Domain) -> np.ndarray:
    """The array H×W×C in the domain's dtype, or float32 in [-1, 1], once its channels and its range fit."""
    _check_channels(array, domain)
    if array.dtype == domain.dtype and not domain.value_range:
        return array
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise UserError("images hold values that are not finite (NaN or infinity).")
        if array.min() < -1 or array.max() > 1:
            raise UserError(f"images of floats are in [-1, 1], but these are in [{array.min():g}, {array.max():g}].")
        return array.astype(np.float32)
    if domain.value_range:
        raise UserError(f'images are {array.dtype}, and dtype="float32" says that they are floats in [-1, 1].')
    most = np.iinfo(domain.dtype).max
    if array.dtype.kind in "iu" and array.dtype.itemsize >= 4:  # what Python's numbers become in a list
        if array.min() < 0 or array.max() > most:
            raise UserError(f"{domain.name} has pixels from 0 to {most}, but these are in [{array.min()}, {array.max()}].")
        return array.astype(domain.dtype)
    raise UserError(f"images are {array.dtype}; {domain.name} has {domain.dtype} pixels (or floats in [-1, 1]).")
