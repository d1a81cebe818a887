"""Groups of images that belong together, of one patient or one scene: a network must not be judged on images of those it learned from."""

import collections
import csv
import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfgan.config import DataConfig
from tfgan.config.unused import hold
from tfgan.data.reading.formats import is_picture
from tfgan.data.source import Source, View
from tfgan.errors import UserError
from tfgan.paths.special import special

logger = logging.getLogger(__name__)

MAX_BYTES = 2**26  # of a table
LISTED = 5  # images named in a message

Splits = dict[str, list[Source]]


class Subset(View):
    """Some of the examples of a source, in their order.

    Args:
        indices: of these, in the inner source.
    """

    def __init__(self, inner: Source, indices: list[int]):
        super().__init__(inner, inner.domains)
        self.indices = indices
        self.class_names, self.label_side, self.attribute_names = inner.class_names, inner.label_side, inner.attribute_names
        self.attribute_groups, self.attribute_sets = inner.attribute_groups, inner.attribute_sets

    def __len__(self) -> int:
        return len(self.indices)

    def name(self, index: int) -> str:
        return self.inner.name(self.indices[index])

    def paths(self, index: int) -> tuple[Path, ...]:
        return self.inner.paths(self.indices[index])

    def load(self, index: int) -> dict[str, np.ndarray]:
        return self.inner.load(self.indices[index])


def split_by_groups(splits: Splits, settings: DataConfig) -> Splits:
    """The sources, of which, where all train, some groups validate instead: no group does both.

    Which groups these are follows from their names alone, so that it is the same again when there are more images.

    Args:
        settings: of these, `groups` and `validation_share` are used.

    Raises:
        UserError: the groups cannot be read, an image has none, or there are too few of them.
    """
    hold(settings, {"has validation": set(splits) != {"train"}}, settings.data_dir or settings.dataset)
    if not settings.groups or set(splits) != {"train"}:
        return splits
    found = [_of_source(source, settings) for source in splits["train"]]
    names = sorted({name for groups in found for name in groups}, key=_draw)
    if len(names) < 2:
        raise UserError(f"--groups={settings.groups} makes one group of all images, {names[0]!r}: some groups are needed for validation.")
    share = [name for name in names if _draw(name) < settings.validation_share]
    held = set(share[: len(names) - 1] or names[:1])
    parts: Splits = {"train": [], "val": []}
    for source, groups in zip(splits["train"], found):
        for split, chosen in parts.items():
            own = [index for index, name in enumerate(groups) if (name in held) == (split == "val")]
            if not own:
                domain = " and ".join(domain.name for domain in source.domains.values())
                raise UserError(f"--groups={settings.groups} leaves no image of {domain} in {split}: use another --validation_share.")
            chosen.append(Subset(source, own))
    counts = {split: sum(map(len, sources)) for split, sources in parts.items()}
    logger.info(f"Groups: {len(held)} of {len(names)} validate, {counts['val']:,} images; the others train, {counts['train']:,} images.")
    return parts


def shared_groups(splits: Mapping[str, list[Source]], settings: DataConfig) -> dict[str, list[str]]:
    """Group -> the splits that it lies in, of those that lie in several; none if `settings` name no groups."""
    if not settings.groups:
        return {}
    places: dict[str, dict[str, bool]] = collections.defaultdict(dict)
    for split, sources in splits.items():
        for source in sources:
            for name in _of_source(source, settings):
                places[name][split] = True
    return {name: list(found) for name, found in places.items() if len(found) > 1}


def _of_source(source: Source, settings: DataConfig) -> list[str]:
    """The group of each example. Raises `UserError` if one has none."""
    table = _read_table(Path(settings.groups)) if settings.groups.lower().endswith(".csv") else None
    pattern = None if table is not None else _compile(settings.groups)
    names = [source.name(index).removesuffix(source.mark(index)) for index in range(len(source))]  # pages of a file are of its group
    if pattern is not None:
        nested = "/" in settings.groups
        matches = [pattern.fullmatch(_stem(name) if nested else _stem(name).rpartition("/")[2]) for name in names]
        groups = ["/".join(match.groups()) if match else "" for match in matches]
    else:
        assert table is not None
        groups = [next((table[key] for key in _keys(name) if key in table), "") for name in names]
    if missing := [name for name, group in zip(names, groups) if not group]:
        more = f" and {len(missing) - LISTED:,} more" if len(missing) > LISTED else ""
        raise UserError(f"--groups={settings.groups} has no group for {', '.join(missing[:LISTED])}{more}: each image needs one.")
    return groups


def _compile(pattern: str) -> re.Pattern:
    """The regular expression of a pattern in which {} is the group, and * anything."""
    if "{}" not in pattern:
        raise UserError(
            f"--groups={pattern} must be a CSV file of names and groups, or a pattern of names in which {{}} is the group and * anything "
            "else: '{}_*' for p1_003.png."
        )
    parts = {"{}": "([^/]+?)", "*": ".*"}
    return re.compile("".join(parts.get(word, re.escape(word)) for word in re.split(r"(\{\}|\*)", pattern)))


def _read_table(path: Path) -> dict[str, str]:
    """Name of an image -> its group, by the first two columns of a CSV file; a heading harms nothing."""
    try:
        if other := special(path):
            raise UserError(f"--groups={path} is {other}, not a file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"--groups={path} cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES or b"\0" in content:
        raise UserError(f"--groups={path} is not a table of names and groups.")
    lines = content.decode("utf-8-sig", errors="surrogateescape").splitlines()
    try:
        rows = [row for row in csv.reader(lines, delimiter=";" if lines and ";" in lines[0] else ",", strict=True) if any(row)]
    except csv.Error as error:
        raise UserError(f"--groups={path} is not a CSV file: {error}") from None
    if short := next((row for row in rows if len(row) < 2), None):
        raise UserError(f"--groups={path} must have two columns, name and group; found {','.join(short)[:80]!r}.")
    return {_stem(name.strip()): group.strip() for name, group, *_ in rows}


def _keys(name: str) -> list[str]:
    """What a table may call an image: its path inside the folder or its name, with or without the ending."""
    return list(dict.fromkeys((_stem(name), name, _stem(name).rpartition("/")[2], name.rpartition("/")[2])))


def _stem(name: str) -> str:
    """A path without the ending of an image's file; other dots are part of a name."""
    return Path(name).with_suffix("").as_posix() if is_picture(name) else name


def _draw(name: str) -> float:
    """A number in [0, 1) of a group's name alone."""
    return int.from_bytes(hashlib.sha256(name.encode(errors="surrogateescape")).digest()[:7], "big") / 2**56
