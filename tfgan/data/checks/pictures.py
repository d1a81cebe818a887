"""Checks single images: those that cannot be loaded, are too few, too small, too long, blank, gray among colors, or nearly black."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.config import BATCH_KINDS, Domain, Size, shell_flag
from tfgan.config.ranges import range_entry
from tfgan.data.checks.finding import ERROR, NOTE, WARNING, Finding, found_in, plural
from tfgan.data.checks.scan import Example, Picture
from tfgan.data.preparation.normalization import span
from tfgan.data.preparation.ranges import range_of

FEWEST = 20  # training images
ENLARGED = 1.5  # times, above which enlarged images are visibly soft
NEARLY_ALL = 0.9  # share of a domain's images that a size should suit
LONG = 2.0  # times longer than the network's shape
BLANK = 0.02  # contrast, as a share of the range, which JPEG leaves in a white page
NARROW = 1 / 2  # share of the range of a type which images should fill, from the smallest value to the largest
FAINT = 1 / 8  # share of the range which the largest value of all images should exceed

_CURES = {
    "unread_files": "see to the drive, or to the rights of these files; nothing is known of what they hold, so they are not left out",
    "unreadable_files": "repair or remove them",
    "several_pages": "say what their pages are, by one of these flags",
    "size_mismatch": "make both images of a pair one size: enlarge the small ones first",
    "odd_width": "cut side by side files to an even width",
    "unknown_labels": "fix these label maps or name their classes (--label_palette, --ignore_label)",
}
_SKIP = ", or leave them out with --skip_bad_files"


def check_loading(examples: Sequence[Example], used: tuple[str, str], skip_bad_files: bool) -> list[Finding]:
    """Findings on examples that cannot be loaded: errors in the splits that are used, unless bad files are skipped, else warnings.

    Args:
        examples: what is known of all examples of the data set.
        used: the splits that are used for training and for validation.
        skip_bad_files: whether training leaves bad files out.
    """
    findings = []
    empty = [split for split in dict.fromkeys(used) if _none_left([example for example in examples if example.split == split])]
    for name, cure in _CURES.items():
        bad = [example for example in examples if example.problem[0] == name]
        counts = not skip_bad_files or name == "unread_files"
        severity = ERROR if counts and {example.split for example in bad} & set(used) else WARNING
        files = list(dict.fromkeys(line for example in bad for line in example.problem[1].splitlines()))
        cure += "" if empty or name == "unread_files" else _SKIP  # which would leave nothing
        findings += found_in(severity, name, f"{{count}} that cannot be {'read' if name == 'unread_files' else 'used'}", cure, files)
    return findings + [
        Finding(ERROR, "nothing_left", f"no image of {split} can be used", "see the findings on its files") for split in empty
    ]


def _none_left(examples: Sequence[Example]) -> bool:
    return bool(examples) and not any(example.pictures for example in examples)


def check_counts(kind: str, counts: Mapping[str, int]) -> list[Finding]:
    """Findings on too few training images, and on a data set without images for validation.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        counts: split -> number of examples that can be used.
    """
    findings, train = [], counts.get("train", 0)
    few = BATCH_KINDS[kind].few
    advice = "" if kind in ("semantic", "attributes", "unpaired") else "; --diffaugment=color,translation,cutout helps against it"
    if 0 < train < FEWEST:
        cure = f"enough to try the program, not to learn from: gather {few:,} or more"
        findings.append(Finding(WARNING, "very_few_images", f"only {plural(train, 'training example')}", cure))
    elif 0 < train < few:
        cure = f"networks may memorize so few images: compare results with images that were not used for training{advice}"
        findings.append(Finding(NOTE, "few_images", f"{plural(train, 'training example')}", cure))
    if not set(counts) & {"val", "test"}:
        findings.append(
            Finding(NOTE, "no_validation", "no val or test: training images are used for validation", "move some images to a folder val")
        )
    return findings


def common_factor(examples: Sequence[Example], image_size: Size) -> float:
    """How many times smaller the network's images should be for nearly all images, of every domain, to fill them; below 1 if they do.

    Args:
        examples: what is known of the examples that can be used.
        image_size: height and width of the network's images, in pixels.
    """
    factors: dict[str, list[float]] = {}
    for example in examples:
        for key, picture in example.pictures.items():
            factors.setdefault(key, []).append(_enlargement(picture, image_size))
    return max((float(np.quantile(found, NEARLY_ALL)) for found in factors.values()), default=0.0)


def check_shapes(
    key: str, what: str, examples: Sequence[Example], image_size: Size, smaller: str = "", fit: str = "squeeze"
) -> list[Finding]:
    """Findings on images that the network's size does not suit: smaller ones, and those of which little is left; see `check_distortion`.

    Args:
        key: key of the images in the examples.
        what: " of NAME" for the images of one domain, or "", for messages.
        examples: what is known of the examples that can be used.
        image_size: height and width of the network's images, in pixels.
        smaller: the flags for images of a size that suits all domains, where the present one is too large for them; "" if it is not.
        fit: how images of another shape become those of the network.
    """
    seen = [(example.name, example.pictures[key]) for example in examples if key in example.pictures]
    long = [(name, picture) for name, picture in seen if fit == "crop" and _longer(picture, image_size) > LONG]
    slim = [f"{name}: {picture.height}×{picture.width}" for name, picture in long]
    problem = f"{{count}}{what} of extreme shape, to be cropped to their middle"
    return _small(what, seen, image_size, smaller) + found_in(WARNING, "extreme_shapes", problem, "crop them to what matters", slim)


def check_values(key: str, what: str, domain: Domain, examples: Sequence[Example], *, ids: bool = False) -> list[Finding]:
    """Findings on blank, gray and nearly black images, and on those that fill little of their range.

    Args:
        key: key of the images in the examples.
        what: " of NAME" for the images of one domain, or "", for messages.
        domain: domain of the images.
        examples: what is known of the examples that can be used.
        ids: the images hold label ids, of which neighbors differ by as little as 1.
    """
    seen = [(example.name, example.pictures[key]) for example in examples if key in example.pictures]
    if not seen:
        return []
    is_map = domain.resample == "nearest"
    blank = [name for name, picture in seen if picture.contrast <= (0 if ids or is_map else BLANK)]
    problem = f"{{count}}{what} of one {'class' if is_map else 'color'}"
    findings = found_in(NOTE if is_map else WARNING, "blank_images", problem, "remove them if nothing is in them", blank)
    gray = [name for name, picture in seen if picture.gray and picture.contrast > BLANK]
    if len(gray) < len(seen) and not is_map:
        findings += found_in(WARNING, "gray_among_color", f"{{count}}{what} without color among colored ones", "remove either", gray)
    elif len(gray) == len(seen) and domain.channels >= 3 and not domain.lab:
        findings.append(
            Finding(NOTE, "all_gray", f"all images{what} are gray but stored as color", "save them as gray images: one channel is enough")
        )
    highest = max(picture.high for _, picture in seen)
    if highest <= FAINT and not domain.is_map and not ids and len(blank) < len(seen):
        low, high = range_of(domain)
        problem = f"all images{what} are nearly black: their largest value is {low + highest * (high - low):.6g} of {high:.6g}"
        cure = f"for label ids use --label_domains and --label_coding=ids; else {shell_flag('value_range', (f'{domain.name}:auto',))}"
        findings.append(Finding(WARNING, "nearly_black", problem, cure))
    elif not domain.is_map and not ids and not is_map:
        findings += _narrow(what, domain, [picture for _, picture in seen])
    return findings


def _narrow(what: str, domain: Domain, pictures: Sequence[Picture]) -> list[Finding]:
    """A finding on images that fill less than half of the whole range of their type, where that is what networks would see."""
    least, most = min(picture.least for picture in pictures), max(picture.most for picture in pictures)
    if domain.value_range or not 0 < most - least < NARROW * span(domain):
        return []
    problem = f"all images{what} fill {(most - least) / span(domain):.0%} of their range: {least:g} to {most:g} of {span(domain)}"
    stated, found = (shell_flag("value_range", (entry,)) for entry in (range_entry(domain.name, least, most), f"{domain.name}:auto"))
    return [Finding(WARNING if domain.dtype == "uint16" else NOTE, "narrow_range", problem, f"use {stated}, or {found}")]


def _small(what: str, seen, image_size: Size, smaller: str) -> list[Finding]:
    """A finding on images that are enlarged for the network, if there are any; `seen`: name and picture of each."""
    height, width = image_size
    factors = [(name, _enlargement(picture, image_size)) for name, picture in seen]
    enlarged = tuple(name for name, factor in factors if factor > 1)
    if not enlarged:
        return []
    most = max(factor for _, factor in factors)
    all_of_them = len(enlarged) == len(seen)
    problem = (
        f"{'all ' * all_of_them}{plural(len(enlarged), 'image')}{what} smaller than the network's {height}×{width}, "
        f"enlarged up to {most:.1f} times"
    )
    cure = f"use {smaller}, or larger images" if smaller else "use larger images, or leave these out"
    if most <= ENLARGED:
        return [Finding(NOTE, "small_images", problem, files=() if all_of_them else enlarged)]
    return [Finding(WARNING, "small_images", problem, cure, () if all_of_them else enlarged)]


def _enlargement(picture, image_size: Size) -> float:
    """How many times an image is enlarged for the network; below 1 if it is reduced."""
    return max(image_size[0] / picture.height, image_size[1] / picture.width)


def _longer(picture, image_size: Size) -> float:
    """How many times longer an image is than the network's shape, in either direction."""
    ratio = picture.height * image_size[1] / (picture.width * image_size[0])
    return max(ratio, 1 / ratio)
