"""Finds images that are there more than once: in a split, in two of them, in both domains, in two classes; or nearly so."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from tfgan.data.checks.finding import NOTE, WARNING, Finding, plural
from tfgan.data.checks.pictures import BLANK
from tfgan.data.checks.scan import Example

NEAR = 10  # bits of 256 in which the hashes of near duplicates differ at most; those of two façades differ in 52 or more
BANDS = 16  # of 16 bits: hashes that differ in fewer bits than bands are equal in one of these at least
CROWDED = 2000  # images with an equal band, such as a white margin, above which that band is passed over: the others tell them apart


def check_duplicates(examples: Sequence[Example], nearest: set[str]) -> list[Finding]:
    """Findings on equal images, which have the same pixels, whatever the files are called; near duplicates are a note.

    For pairs, all images must be equal within a split, or the partners contradict each other; across splits one photo is enough, as it was
    trained on whatever its partner is.

    Args:
        examples: what is known of all examples of the data set.
        nearest: keys of label maps, whose likeness says nothing.
    """
    seen = [example for example in examples if any(picture.contrast > BLANK for picture in example.pictures.values())]
    same = _groups((_digests(example), example) for example in seen)
    photos = [group for key in _keys(seen) if key not in nearest for group in _groups(_pictured(seen, key))]
    across = _largest(group for group in [*photos, *same] if _differ(example.split for example in group))
    contradictory = _largest(group for photo in photos for group in _by_split(photo) if _differ(map(_digests, group)))
    domains = [group for group in same if _differ(example.stream for example in group) and _one_source_each(group)]
    classes = [group for group in same if _differ(example.label for example in group)]
    said = {id(group) for group in [*domains, *classes]}
    within = [group for group in same if id(group) not in said and not _differ(example.split for example in group)]
    near = _near([example for example in seen if any(key not in nearest for key in example.pictures)], nearest)
    return [
        *_said(WARNING, "duplicates", within, "in one split", "keep one of each: the others only weigh it more"),
        *_said(WARNING, "leaked_images", across, "in several splits", "remove them from one: what was trained on cannot validate"),
        *_said(WARNING, "images_in_both_domains", domains, "in both domains", "remove them from one"),
        *_said(WARNING, "contradictory_classes", classes, "in several classes", "keep the right one"),
        *_said(WARNING, "contradictory_pairs", contradictory, "in one split, with different partners", "keep the right pair"),
        *_said(NOTE, "near_duplicates", near, "or nearly", "look at them: copies in train and val make validation look better"),
    ]


def _differ(values: Iterable) -> bool:
    return len(set(values)) > 1


def _digests(example: Example) -> tuple[bytes, ...]:
    return tuple(picture.digest for picture in example.pictures.values())


def _keys(examples: Sequence[Example]) -> list[str]:
    return list(dict.fromkeys(key for example in examples for key in example.pictures))


def _pictured(examples: Sequence[Example], key: str) -> Iterable[tuple]:
    """The digest of the image under `key` with its example, for each example whose image shows anything."""
    found = ((example.pictures[key], example) for example in examples if key in example.pictures)
    return ((picture.digest, example) for picture, example in found if picture.contrast > BLANK)


def _by_split(group: list[Example]) -> list[list[Example]]:
    return [[example for example in group if example.split == split] for split in dict.fromkeys(example.split for example in group)]


def _largest(groups: Iterable[list[Example]]) -> list[list[Example]]:
    """The groups that are no part of a larger group, or of an equal one."""
    kept: list[list[Example]] = []
    places: dict[int, set[int]] = {}  # by identity of an example: the groups in `kept` that have it
    for group in sorted(groups, key=len, reverse=True):
        holders = [places.setdefault(id(example), set()) for example in group]
        if not set.intersection(*holders):
            for own in holders:
                own.add(len(kept))
            kept.append(group)
    return kept


def _one_source_each(group: list[Example]) -> bool:
    """Whether the examples come from streams with different keys, as those of unpaired domains have; those of joined sets share keys."""
    return len({tuple(example.pictures) for example in group}) > 1


def _said(severity: str, name: str, groups: list[list[Example]], where: str, cure: str) -> list[Finding]:
    if not groups:
        return []
    problem = f"{plural(len(groups), 'image')} there more than once {where}"
    return [Finding(severity, name, problem, cure, tuple(" = ".join(_label(example) for example in group) for group in groups))]


def _label(example: Example) -> str:
    """The name of an example, with its split where the name alone does not tell it."""
    return example.name if "/" in example.name else f"{example.split} {example.name}"


def _groups(entries: Iterable[tuple]) -> list[list[Example]]:
    """The groups of two or more examples whose entries (key, example) have equal keys."""
    found: dict = {}
    for key, example in entries:
        found.setdefault(key, []).append(example)
    return [group for group in found.values() if len(group) > 1]


def _near(examples: list[Example], nearest: set[str]) -> list[list[Example]]:
    """Pairs of examples of one stream whose perceptual hashes, but not their pixels, are nearly the same."""
    pictures = [next(picture for key, picture in example.pictures.items() if key not in nearest) for example in examples]
    hashed = {at: picture.hash for at, picture in enumerate(pictures) if picture.hash is not None and picture.contrast > BLANK}
    if len(hashed) < 2:
        return []
    kept, hashes = list(hashed), np.stack(list(hashed.values()))
    files = np.unique([_file(examples[at]) for at in kept], return_inverse=True)[1]
    pairs = set()
    for band in np.split(hashes, BANDS, axis=1):
        for bucket in _equal_rows(band):
            for place, first in enumerate(bucket[:-1] if len(bucket) <= CROWDED else []):
                rest = bucket[place + 1 :]
                close = np.unpackbits(hashes[rest] ^ hashes[first], axis=1).sum(axis=1) <= NEAR
                close &= files[rest] != files[first]  # what follows on each other in one video is told by `check_frames`
                pairs |= {(int(first), int(second)) for second in rest[close]}
    found = [(kept[first], kept[second]) for first, second in sorted(pairs)]
    return [[examples[a], examples[b]] for a, b in found if pictures[a].digest != pictures[b].digest]


def _file(example: Example) -> str:
    """What tells the examples apart that are no pages of one file."""
    return f"{example.stream} {example.name.rpartition('#')[0] if example.paged else example.name}"


def check_frames(examples: Sequence[Example], nearest: set[str]) -> list[Finding]:
    """A finding on pages of files, such as frames of videos, most of which are nearly the one before, from which little is to be learned.

    Args:
        examples: what is known of all examples of the data set, in order.
        nearest: keys of label maps, whose likeness says nothing.
    """
    following = [(one, two) for one, two in pairwise(examples) if one.paged and two.paged and _file(one) == _file(two)]
    alike = [two.name for one, two in following if _alike(one, two, nearest)]
    if len(alike) <= len(following) / 2:
        return []
    problem = f"{len(alike):,} of {len(following):,} frames are nearly the one before"
    return [Finding(NOTE, "frames_alike", problem, "--frame_step=N takes every Nth: as much is learned from fewer", tuple(alike))]


def _alike(one: Example, two: Example, nearest: set[str]) -> bool:
    pairs = [(one.pictures[key], two.pictures[key]) for key in one.pictures if key not in nearest and key in two.pictures]
    return bool(pairs) and all(
        first.digest == second.digest
        or (first.hash is not None and second.hash is not None and int(np.unpackbits(first.hash ^ second.hash).sum()) <= NEAR)
        for first, second in pairs
    )


def _equal_rows(rows: np.ndarray) -> list[np.ndarray]:
    """The numbers of the rows in each group of equal rows, in order."""
    order = np.lexsort(rows.T)  # which keeps the order of equal rows
    ends = np.flatnonzero((np.diff(rows[order], axis=0) != 0).any(axis=1)) + 1
    return np.split(order, ends)
