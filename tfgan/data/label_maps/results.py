"""Results that are label maps: a network's colors or grays become the values of the classes, exactly, in the coding of the files."""

import dataclasses
from pathlib import Path

import numpy as np

from tfgan.config import Classes, DataConfig, Domain
from tfgan.data.label_maps import maps
from tfgan.data.label_maps.classes import find_classes
from tfgan.data.label_maps.semantic import map_reader, painted
from tfgan.data.reading import images
from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.codecs import texts
from tfgan.data.reading.codecs.geo import map_tags
from tfgan.data.source import Source
from tfgan.errors import UserError


def find_written(source: Source, key: str, settings: DataConfig) -> Classes | None:
    """The values that the label maps under `key` of a source hold, as `find_classes` finds them; None where it finds no classes."""
    plain = dataclasses.replace(settings, label_coding="auto", label_palette=(), label_names=(), ignore_label=255)

    try:
        return find_classes([map_reader(source, index, key) for index in range(len(source))], plain)
    except UserError:  # shades of a photo, or one value alone
        return None


def may_be_coded(domain: Domain) -> bool:
    """Whether the images of a domain are label maps that are learned as pictures, and whose values are not known yet."""
    known = domain.classes or domain.written
    return domain.resample == "nearest" and not (known or domain.bands or domain.value_range)


def is_coded(domain: Domain) -> bool:
    """Whether the images of a domain are label maps, or pictures of such, whose values are known."""
    return (domain.classes or domain.written) is not None


def as_written(domain: Domain) -> Domain:
    """The domain of what files of results hold: of maps of classes, their ids, or pictures in their colors, see `snap`."""
    if not domain.is_map:
        return domain
    classes = domain.require_classes()
    if classes.coding != "ids":
        return painted(domain)
    return dataclasses.replace(domain, dtype=maps.ids(np.zeros([1, 1], np.int32), classes).dtype.name)


def to_classes(pixels: np.ndarray, domain: Domain) -> np.ndarray:
    """The class of each pixel of a picture H×W×C of a label map, H×W int32: the one whose color or gray value is nearest; -1 for none.

    A map of classes H×W is what it is.
    """
    if domain.is_map:
        return pixels
    return np.concatenate([_nearest(pixels[rows], domain) for rows in chunks(*pixels.shape[:2])])


def _nearest(pixels: np.ndarray, domain: Domain) -> np.ndarray:
    classes = _known(domain)
    candidates = [*classes.values, *([classes.ignored] if classes.ignored >= 0 else [])]
    if domain.classes is None and classes.coding == "ids":
        gray = pixels.astype(np.float32).mean(axis=-1)
        order = np.argsort(candidates)
        edges = np.convolve(np.array(candidates, np.float32)[order], (0.5, 0.5), "valid")
        found = order[np.searchsorted(edges, gray)].astype(np.int32)
    else:
        found, least = np.zeros(pixels.shape[:2], np.int32), np.full(pixels.shape[:2], 2**30, np.int32)
        colors = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels[..., :3]
        for index, color in enumerate(_colors(classes)):  # one by one, as a distance to each of 255 would take the memory of as many images
            distance = ((colors.astype(np.int32) - color) ** 2).sum(axis=-1)
            found[distance < least] = index
            least = np.minimum(least, distance)
    return np.where(found == len(classes.values), -1, found)


def snap(pixels: np.ndarray, domain: Domain) -> np.ndarray:
    """A picture H×W×C of a label map with the classes' values alone, the nearest ones; of a map of classes, their ids or colors."""
    classes, indices = _known(domain), to_classes(pixels, domain)
    if domain.is_map:
        return maps.paint(indices, classes) if classes.coding != "ids" else maps.ids(indices, classes)
    return pixels_of_classes(domain)[indices].astype(pixels.dtype)


def pixels_of_classes(domain: Domain) -> np.ndarray:
    """The pixel that stands for each class in pictures of a label map, and for no class, K+1×C of the domain's dtype."""
    classes = _known(domain)
    if domain.classes is None and classes.coding == "ids":
        return np.repeat(np.array([*classes.values, max(classes.ignored, 0)], domain.dtype)[:, None], domain.channels, axis=-1)
    row = np.array([[*range(len(classes.values)), -1]])
    return images.convert(maps.paint(row, classes), domain.channels, domain.dtype)[0]


def as_values(pixels: np.ndarray, domain: Domain) -> np.ndarray:
    """A result of a domain that is coded as files hold it whose format knows no palettes: ids H×W×1, or colors H×W×3."""
    classes = _known(domain)
    return maps.ids(to_classes(pixels, domain), classes) if classes.coding == "ids" else snap(pixels, domain)


def encode_result(pixels: np.ndarray, domain: Domain, extension: str, comment: str, like: Path | None = None) -> bytes:
    """The bytes of a file of a result of a domain that is coded: a PNG in the coding of the classes, or else a picture of their colors.

    Args:
        pixels: H×W×C of the domain's dtype, or a map of classes H×W.
        domain: see `is_coded`.
        extension: of the file.
        comment: ASCII text beside the pixels.
        like: the file that it was made of, see `tfgan.data.reading.images.encode`.
    """
    if extension.removeprefix(".").lower() != "png":
        return images.encode(snap(pixels, domain), extension, comment, like=like)
    if like:
        map_tags(like, pixels.shape[:2], "PNG")  # says what is lost
    return texts.with_comment(maps.encode(to_classes(pixels, domain), _known(domain)), "PNG", comment)


def _known(domain: Domain) -> Classes:
    classes = domain.classes or domain.written
    assert classes is not None, f"{domain.name} has no classes"
    return classes


def _colors(classes: Classes) -> np.ndarray:
    """The colors of the classes, and black for pixels of none where there are such, N×3."""
    numbers = [int(color[1:], 16) for color in classes.colors] + [0] * (classes.ignored >= 0)
    return maps.unpack(np.array(numbers, np.int32))
