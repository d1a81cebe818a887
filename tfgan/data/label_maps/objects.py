"""Reads instance maps: images in which each object has a number, an index of a palette, or a color of its own."""

from pathlib import Path

import numpy as np

from tfgan.config import Size
from tfgan.data.label_maps.maps import read_map
from tfgan.data.reading.images import probe
from tfgan.errors import UnreadableImage
from tfgan.instances import MOST


def read_instances(source: Path | bytes, pages: str, size: Size) -> np.ndarray:
    """The numbers of the instances in a file, H×W int32 from 0 on, in the order of its values, of which nothing else counts.

    Args:
        source: the file, or its bytes.
        pages: see `tfgan.data.reading.images.decode_values`.
        size: height and width of the label map that it belongs to, in pixels.

    Raises:
        UnreadableImage: it is unreadable, a JPEG by its content, of another size, or has more than 65,536 instances.
    """
    if probe(source, pages).format == "JPEG":
        raise UnreadableImage("JPEG blurs the edges between instances: save instance maps as PNG")
    return numbered(read_map(source, "auto", pages).values, size)


def numbered(values: np.ndarray, size: Size) -> np.ndarray:
    """The numbers of instances, H×W int32 from 0 on, in the order of the values H×W of whatever map of them.

    Raises:
        UnreadableImage: it has another `size` than the label map, height and width in pixels, or more than 65,536 instances.
    """
    if values.shape != tuple(size):
        (height, width), (own_height, own_width) = size, values.shape
        raise UnreadableImage(f"instance map is {own_height}×{own_width} but label map is {height}×{width} (height×width)")
    found, numbers = np.unique(values, return_inverse=True)
    if len(found) > MOST + 1:
        raise UnreadableImage(f"instance map has {len(found):,} instances, and {MOST + 1:,} are the most: is it one?")
    return numbers.reshape(values.shape).astype(np.int32)
