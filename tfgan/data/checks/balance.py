"""Checks how evenly classes and attributes occur in the training images."""

from collections.abc import Sequence

import numpy as np

from tfgan.config import Strings
from tfgan.data.checks.finding import NOTE, WARNING, Finding, plural
from tfgan.data.checks.scan import Example
from tfgan.data.label_maps.maps import listed

UNEVEN = 10.0  # times that the largest class has as many images as the smallest
RARE = 0.01  # share of the images that have an attribute, or lack it
RARE_PIXELS = 0.001


def class_counts(examples: Sequence[Example], class_names: Strings) -> dict[str, int]:
    """Name of each class -> number of training images that have it; empty if the examples have no labels."""
    labels = [example.label for example in examples if example.split == "train" and example.label is not None]
    return dict(zip(class_names, np.bincount(labels, minlength=len(class_names)).tolist())) if labels else {}


def check_class_balance(counts: dict[str, int]) -> list[Finding]:
    """Findings on classes without images, and on far more images of one class than of another.

    Args:
        counts: class -> number of training images, as from `class_counts`.
    """
    if not counts:
        return []
    findings = []
    empty = [name for name, count in counts.items() if not count]
    if empty:
        cure = "name only classes that are there, or add images"
        findings.append(Finding(WARNING, "empty_classes", f"no training image has the class {listed(empty)}", cure))
    filled = {name: count for name, count in counts.items() if count}
    least, most = min(filled, key=filled.__getitem__), max(filled, key=filled.__getitem__)
    if filled[most] > UNEVEN * filled[least]:
        problem = f"the class {most} has {plural(filled[most], 'image')}, {least} only {filled[least]:,}"
        findings.append(Finding(WARNING, "uneven_classes", problem, "add images to the small classes, or remove some from the large ones"))
    return findings


def attribute_shares(examples: Sequence[Example], names: Strings) -> dict[str, float]:
    """Attribute -> share, 0 to 1, of the training images that have it, among those where it is known; empty without attributes."""
    rows = [example.attributes for example in examples if example.split == "train" and example.attributes is not None]
    return dict(zip(names, np.nanmean(rows, axis=0).tolist())) if rows else {}


def check_attribute_balance(shares: dict[str, float]) -> list[Finding]:
    """Findings on attributes that hardly any image has, or lacks.

    Args:
        shares: attribute -> share of the training images that have it, as from `attribute_shares`.
    """
    rare = [f"{name} ({share:.1%})" for name, share in shares.items() if not RARE <= share <= 1 - RARE]
    if not rare:
        return []
    problem = f"hardly any training image has, or lacks, {listed(rare)}"
    return [Finding(WARNING, "rare_attributes", problem, "add images, or leave these out: name the others in --attributes")]


def pixel_shares(examples: Sequence[Example], class_names: Strings) -> dict[str, float]:
    """Class -> its share, 0 to 1, of the training pixels that belong to any class; empty without maps of classes."""
    pixels = [example.pixels for example in examples if example.split == "train" and example.pixels is not None]
    known = np.sum(pixels, axis=0)[:-1] if pixels else np.zeros(0)
    return dict(zip(class_names, (known / max(known.sum(), 1)).tolist()))


def check_pixel_balance(shares: dict[str, float]) -> list[Finding]:
    """Findings on classes that hardly any pixel belongs to.

    Args:
        shares: class -> share of the training pixels, as from `pixel_shares`.
    """
    rare = [f"{name} ({share:.2%})" for name, share in shares.items() if 0 < share < RARE_PIXELS]
    if not rare:
        return []
    problem = f"hardly any pixel belongs to {listed(rare)}"
    return [Finding(NOTE, "rare_classes", problem, "a class with so few pixels is hardly learned: do not expect much of it")]
