"""Checks label maps: files that blur them, domains that are some without saying so, classes that are not in the training images."""

from collections.abc import Sequence

import numpy as np

from tfgan.config import Classes, Domain, shell_flag
from tfgan.data.checks.finding import NOTE, WARNING, Finding, found_in
from tfgan.data.checks.headers import Header
from tfgan.data.checks.scan import Example, sample_colors, sample_middles
from tfgan.data.label_maps.classes import MAX_CLASSES, find_areas
from tfgan.data.label_maps.maps import is_flat, listed, pack
from tfgan.data.preparation.normalization import span
from tfgan.data.source import Source
from tfgan.errors import UserError

MOSTLY_IGNORED = 0.5
DARK = 64  # gray values below which images of large areas hold label ids: as pictures they would be nearly black
MOST_IDS, DENSE = 192, 1 / 3  # gray values below which they do too, if so many of those up to the largest occur
NO_CLASS = 255  # what maps of ids have beside the ids where a pixel belongs to no class
IN_AREAS = 0.6  # share of pixels that equal the one to the right, above which images consist of areas


def check_label_files(headers: dict[str, Header]) -> list[Finding]:
    """Findings on label maps in JPEG files.

    Args:
        headers: path -> header of each file that holds a label map alone.
    """
    blurred = [file for file, header in headers.items() if header.format in ("JPEG", "MPO")]
    problem = "{count} of label maps in JPEG, which blurs the edges between classes"
    return found_in(WARNING, "jpeg_labels", problem, "save label maps as PNG", blurred)


def check_undeclared(domain: Domain, images: Sequence[np.ndarray]) -> list[Finding]:
    """Findings on a domain that looks like label maps but is not said to be.

    Args:
        domain: the domain.
        images: some of its images, H×W×3 uint8.
    """
    count = count_areas(images)
    if not count:
        return []
    flag = shell_flag("label_domains", (domain.name,))
    cure = f"if these stand for classes, say {flag}: edges then stay sharp (and see --method=spade)"
    return [Finding(NOTE, "looks_like_labels", f"{domain.name} consists of areas of {count} colors", cure)]


def count_areas(images: Sequence[np.ndarray]) -> int:
    """The number of colors of the areas that images, H×W×3 uint8, consist of, as label maps do; 0 for photos and blank pages."""
    flat = np.zeros(2**24, np.int64)
    for image in images:
        values = pack(image)
        np.add.at(flat, values[is_flat(values)], 1)
    try:
        count = len(find_areas(flat))
    except UserError:
        return 0
    return count if 2 <= count <= MAX_CLASSES else 0


def label_ids(source: Source, key: str) -> list[int]:
    """The label ids that the pictures of one domain of a source hold, by some of them; [] for all other images."""
    domain = source.domains[key]
    if domain.classes is not None or domain.bands or domain.value_range:
        return []
    return find_deep_ids(sample_middles(source, key)) if domain.dtype == "uint16" else find_ids(sample_colors(source, key))


def find_ids(images: Sequence[np.ndarray]) -> list[int]:
    """The label ids, as dark gray values, that images, H×W×3 uint8, hold; [] for photos, and for maps whose classes can be seen."""
    if not images or any((image != image[..., :1]).any() for image in images):
        return []
    counts = sum(np.bincount(image[..., 0].ravel(), minlength=256) for image in images)
    values = np.flatnonzero(counts).tolist()
    ids = [value for value in values if value != NO_CLASS]
    equal = [float((np.diff(image[..., 0].astype(np.int16), axis=1) == 0).mean()) for image in images if image.shape[1] > 1]
    in_areas = bool(equal) and float(np.median(equal)) >= IN_AREAS
    low = len(ids) >= 2 and (ids[-1] < DARK or ids[-1] < MOST_IDS and len(ids) >= DENSE * (ids[-1] + 1))
    return values if in_areas and low else []


def find_deep_ids(images: Sequence[np.ndarray]) -> list[int]:
    """The label ids that gray images of 16 bits, H×W×1, consist of, which may be instances of objects; [] for measured values."""
    images = [image[..., 0] for image in images if image.shape[-1] == 1 and image.shape[1] > 1]
    equal = [float((image[:, 1:] == image[:, :-1]).mean()) for image in images]
    areas = bool(equal) and float(np.median(equal)) >= IN_AREAS
    values = np.unique(np.concatenate([image.ravel() for image in images])).tolist() if areas else []
    several = [len(np.unique(image)) for image in images if len(np.unique(image)) > 1]
    return values if len(values) >= 2 and several and np.median(several) <= MAX_CLASSES else []


def said_ids(domain_name: str, ids: Sequence[int], most: float = 255) -> str:
    """What is to be said of a domain that holds the label ids `ids`, as a clause; `most` is the largest value of its type."""
    dark = ": nearly black as pictures" if max(value for value in ids if value != NO_CLASS) < DARK * most / 255 else ""
    return f"{domain_name} holds the label ids {listed(ids)}{dark}"


def check_ids(domain: Domain, ids: Sequence[int]) -> list[Finding]:
    """A finding on a domain of pairs that holds label ids, and is read as pictures.

    Args:
        domain: the domain.
        ids: the ids, from `find_ids` or `find_deep_ids`; () if it holds none.
    """
    if not ids:
        return []
    if len(ids) > MAX_CLASSES:
        problem = (
            f"{domain.name} holds {len(ids)} different ids in areas: instances of objects, not classes, of which {MAX_CLASSES} are the most"
        )
        return [Finding(WARNING, "label_ids", problem, "take maps of classes, as Cityscapes' labelIds beside its instanceIds")]
    flags = f"{shell_flag('label_domains', (domain.name,))} --label_coding=ids"
    return [
        Finding(
            WARNING, "label_ids", said_ids(domain.name, ids, span(domain)), f"say {flags}: the ids become classes (or take --method=spade)"
        )
    ]


def check_classes(examples: Sequence[Example], classes: Classes) -> list[Finding]:
    """Findings on classes that no training pixel belongs to, and on maps that mostly belong to no class.

    Args:
        examples: what is known of all examples of the data set.
        classes: the classes of its label maps.
    """
    pixels = [(example.split, example.pixels) for example in examples if example.pixels is not None]
    taught = [found for split, found in pixels if split == "train"]
    if not taught:
        return []
    train = np.sum(taught, axis=0)
    known = train[:-1]
    elsewhere = np.sum([found[:-1] for split, found in pixels if split != "train"], axis=0)
    names = np.array(classes.names)
    untaught = names[(known == 0) & (np.broadcast_to(elsewhere, known.shape) > 0)]
    findings = []
    if len(untaught):
        problem = f"no training image has the class {listed(untaught.tolist())}, but others have"
        findings.append(Finding(WARNING, "untaught_classes", problem, "move some of these images to train"))
    if train[-1] > MOSTLY_IGNORED * train.sum():
        problem = f"{train[-1] / train.sum():.0%} of the training pixels belong to no class"
        findings.append(Finding(WARNING, "mostly_ignored", problem, "if they should, choose another id to ignore: --ignore_label"))
    return findings
