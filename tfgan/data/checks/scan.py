"""Looks at every example once: it is loaded as training will load it, and what the checks need of it is kept, not the pixels."""

import functools
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfgan.config import Domain
from tfgan.data.checks.edges import Sketch, draw_sketch
from tfgan.data.checks.headers import Progress
from tfgan.data.checks.reduced import reduced
from tfgan.data.display import as_picture
from tfgan.data.preparation.normalization import held, span
from tfgan.data.reading import images
from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.memory import budget
from tfgan.data.source import Source
from tfgan.errors import ReadFailed, UnreadableImage
from tfgan.instances import classes_of

HASH_SIDE = 16  # of the perceptual hash, which has its square in bits
HASHED_SIDE = 64  # smaller images have too little in them for one
GRAY = 2 / 255  # largest difference of R, G and B in gray images that went through JPEG, as a share of the range
SAMPLED = 32  # images of a domain that tell whether it looks like label maps
MIDDLE = 256  # pixels a side of the part of each that is looked at
MOST_COMPARED = 1000  # pairs of one split whose edges are compared


class Picture(NamedTuple):
    """What is known of one image of an example, or of one map of classes."""

    height: int
    width: int
    low: float  # smallest value of a color, as a share of the range
    high: float  # largest
    contrast: float  # largest difference inside one channel, be it transparency; of a map, 1 if it has two classes
    gray: bool  # R, G and B are equal
    digest: bytes  # of size and pixels
    hash: np.ndarray | None  # perceptual: bytes of `HASH_SIDE`² bits; None for small images and for maps
    least: float = 0.0  # smallest value of the file, of any channel; 0 for maps
    most: float = 0.0  # largest


class Example(NamedTuple):
    """What is known of one example of a data set, once it has been loaded."""

    split: str
    stream: int  # place of its source in the split
    name: str  # path inside the data folder, or what the source calls it
    pictures: dict[str, Picture]  # by key of the source; {} if it cannot be used
    problem: tuple[str, str] = ("", "")  # if it cannot be used: name of the finding, reason
    label: int | None = None
    attributes: np.ndarray | None = None  # 1, 0, or NaN where unknown
    pixels: np.ndarray | None = None  # of a map of classes: how many of each, those of none at the end
    sketches: tuple[Sketch, Sketch] | None = None  # of both images of a pair
    paged: bool = False  # whether it is one page of several in its files


def scan(splits: dict[str, list[Source]], progress: Progress) -> list[Example]:
    """What is known of all examples of all splits, each of which is loaded for it, in the order of their sources.

    Args:
        splits: split -> its sources, as `tfgan.data.open_sources` returns them.
        progress: shows how far the work has come.
    """
    jobs = []
    for split, sources in splits.items():
        for stream, source in enumerate(sources):
            step = max(1, -(-len(source) // MOST_COMPARED))
            jobs += [functools.partial(_look, split, stream, source, index, index % step == 0) for index in range(len(source))]

    def in_turn(job):
        with budget.turn():
            return job()

    with ThreadPoolExecutor() as pool:
        return list(progress(pool.map(in_turn, jobs), len(jobs)))


def file_name(source: Source, index: int) -> str:
    """The path of an example's first file inside its data folder, and which page of it is meant; or what the source calls it."""
    files = source.paths(index)
    return f"{source.label(files[0])}{source.mark(index)}" if files else source.name(index)


def colors(array: np.ndarray, domain: Domain) -> np.ndarray:
    """The colors, H×W×3 uint8, of the values of any domain's files, H×W×C, or of a map of classes, H×W int32, which is painted."""
    return images.convert(as_picture(held(array, domain), domain), 3, "uint8")


def sample_colors(source: Source, key: str) -> list[np.ndarray]:
    """The middle of some images of one domain, H×W×3 uint8, evenly spaced over those of a source; what cannot be loaded is left out."""
    return [colors(middle, source.domains[key]) for middle in sample_middles(source, key)]


def sample_middles(source: Source, key: str) -> list[np.ndarray]:
    """The same as the files' values, H×W×C, or of maps of classes H×W."""
    found = []
    for index in range(0, len(source), max(1, -(-len(source) // SAMPLED))):
        try:
            image = source.load(index)[key]
            top, left = (max(0, side - MIDDLE) // 2 for side in image.shape[:2])
            found.append(image[top : top + MIDDLE, left : left + MIDDLE])
        except (UnreadableImage, ReadFailed):
            continue
    return found


def _look(split: str, stream: int, source: Source, index: int, compared: bool) -> Example:
    name = file_name(source, index)
    try:
        example = source.load(index)
    except UnreadableImage as error:
        return Example(split, stream, name, {}, _problem(source, index, name, error))
    except ReadFailed as error:
        return Example(split, stream, name, {}, ("unread_files", str(error)))
    domains = source.domains
    example |= {key: classes_of(example[key]) for key, domain in domains.items() if domain.instances}
    pictures = {key: _picture(example[key], domain) for key, domain in domains.items()}
    maps = [(example[key], len(domain.require_classes().values) + 1) for key, domain in domains.items() if domain.is_map]
    return Example(
        split,
        stream,
        name,
        pictures,
        label=int(example["label"]) if "label" in example else None,
        attributes=np.where(example["mask"] > 0, example["attributes"], np.nan) if "mask" in example else None,
        pixels=np.bincount(maps[0][0].ravel() % maps[0][1], minlength=maps[0][1]) if maps else None,
        sketches=_sketches(example, domains) if compared and len(domains) == 2 else None,
        paged=bool(source.mark(index)),
    )


def _sketches(example: dict[str, np.ndarray], domains: Mapping[str, Domain]) -> tuple[Sketch, Sketch]:
    """The sketches of the edges of both images of a pair."""
    first, second = (draw_sketch(colors(reduced(example[key]), domain)) for key, domain in domains.items())
    return first, second


def _problem(source: Source, index: int, name: str, error: UnreadableImage) -> tuple[str, str]:
    """The name of the finding, and the reason, for an example whose files are damaged, do not fit together, or hold unknown labels."""
    reasons = {}
    sizes = []
    for path in source.paths(index):
        try:
            sizes.append(images.decode(path).shape[:2])
        except UnreadableImage as own:
            reasons[source.label(path)] = str(own)
        except ReadFailed as own:
            return "unread_files", str(own)
    if reasons:
        return "unreadable_files", "\n".join(f"{file}: {reason}" for file, reason in reasons.items())
    reason = str(error) if name in str(error) else f"{name}: {error}"
    if "--pages=" in reason:  # which names the ways to read them
        return "several_pages", reason
    if len(set(sizes)) > 1:
        return "size_mismatch", reason
    if len(sizes) == 1 and sizes[0][1] % 2 and len(source.domains) == 2:
        return "odd_width", reason
    return "unknown_labels" if source.label_side else "unreadable_files", reason


def _picture(array: np.ndarray, domain: Domain) -> Picture:
    height, width = array.shape[:2]
    hashed = hashlib.blake2b(f"{array.shape}{array.dtype}".encode(), digest_size=16)
    hashed.update(np.ascontiguousarray(array).data)
    digest = hashed.digest()
    if domain.is_map:
        return Picture(height, width, 0.0, 1.0, float(array.min() != array.max()), False, digest, None)
    least, most = array.min(axis=(0, 1)), array.max(axis=(0, 1))
    low, high = (_shares(values, domain) for values in (least, most))
    gray = array.shape[-1] in (3, 4) and not domain.bands and _largest_difference(array) <= GRAY * span(domain)
    found = float(least.min()), float(most.max())
    seen = slice(None) if domain.bands else slice(3)
    return Picture(height, width, low[seen].min(), high[seen].max(), (high - low).max(), gray, digest, _hash(array, domain), *found)


def _shares(values: np.ndarray, domain: Domain) -> np.ndarray:
    """Values of files, one for each channel, as shares of the domain's range."""
    return (held(values[None, None], domain)[0, 0] + 1.0) / 2 if domain.value_range else values / span(domain)


def _largest_difference(color: np.ndarray) -> int:
    """The largest difference, in any pixel of an image, between red and green, or green and blue."""
    largest = 0
    for rows in chunks(*color.shape[:2]):
        red, green, blue = (color[rows, :, channel].astype(np.int32) for channel in range(3))
        largest = max(largest, np.abs(red - green).max(), np.abs(green - blue).max())
    return largest


def _hash(image: np.ndarray, domain: Domain) -> np.ndarray | None:
    """The difference hash (dHash) of an image: signs of the differences between neighbors in the rows of a tiny gray copy."""
    if min(image.shape[:2]) < HASHED_SIDE:
        return None
    gray = Image.fromarray(images.convert(colors(reduced(image), domain), 1, "uint8")[..., 0]).resize(
        (HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX
    )
    return np.packbits(np.diff(np.asarray(gray).astype(np.int16), axis=1) > 0)
