"""Finds pairs whose files lie beside each other in one folder, as 1.png and 1_mask.png do: by their names, and by what their heads say."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tfgan.config import Strings, shell_flag
from tfgan.data.finding.pair_names import parse_patterns
from tfgan.data.folders.layout import list_images, require_folder
from tfgan.data.folders.splits import split_folders
from tfgan.data.folders.within import Within, find_within, match_within
from tfgan.data.reading import images
from tfgan.errors import ReadFailed, UnreadableImage

PROBED = 16  # images, or pairs of them, whose heads are read
WIDE = 1.8  # width by height above which files look like two images side by side: photos are up to 16:9


Item = TypeVar("Item")


class Beside(NamedTuple):
    """The pairs that lie beside each other in the folder of each split."""

    splits: dict[str, Path]  # split -> its folder
    listed: dict[str, Path]  # split/path inside its folder -> file
    within: Within  # of these names
    sure: bool  # whether names or heads tell that they are pairs; of others somebody must say so

    @property
    def flag(self) -> str:
        return shell_flag("pair_names", self.within.patterns)


def find_beside(data_dir: Path, pair_names: Strings = ()) -> Beside | None:
    """The pairs of files beside each other in a folder, or in those of its splits; None if it holds none.

    Without patterns nearly all training images must belong to one pair each. That tells that they are pairs if one side's names speak of
    label maps, as X_mask beside X does, or one side is gray or has a palette and the other is in color. What else is named in pairs, of
    equal sizes, may be pairs, or may not: pictures before and after, or images and changed copies of them.

    Args:
        data_dir: the folder.
        pair_names: the setting of that name: two patterns; "equal", by which there are none; or nothing.

    Raises:
        UserError: there is no such folder, or both patterns are the same.
    """
    require_folder(data_dir)
    patterns = parse_patterns(pair_names)
    if pair_names and not patterns:
        return None
    splits = {split: data_dir / name for name, split in split_folders(data_dir).items()} or {"train": data_dir}
    listed = {f"{split}/{path.as_posix()}": folder / path for split, folder in splits.items() for path in list_images(folder)}
    if patterns:
        found = match_within(list(listed), patterns)
        return Beside(splits, listed, found, True) if found.pairs else None
    train = [name for name in listed if name.startswith("train/")] or list(listed)
    ways = find_within(train)
    chosen, sure = next(((way, True) for way in ways if way.labeled), None) or _by_heads(ways, listed) or (None, False)
    return Beside(splits, listed, match_within(list(listed), chosen.patterns), sure) if chosen else None


def _by_heads(ways: list[Within], listed: dict[str, Path]) -> tuple[Within, bool] | None:
    """The only way to pair names by which both files of most pairs have one size and are no halves, and whether their colors tell."""
    plain = [way for way in ways if any(map(str.isalpha, "".join(way.constant)))]  # 1 (1).png is a copy of 1.png
    told = [(way, [(_head(listed[a]), _head(listed[b])) for a, b in some(way.pairs)]) for way in plain]
    known = [(way, [(a, b) for a, b in heads if a and b]) for way, heads in told]
    fitting = [(way, heads) for way, heads in known if _mostly([a[:2] == b[:2] and not _wide(a) for a, b in heads])]
    for way, heads in fitting:
        if _mostly([b.gray and not a.gray for a, b in heads]):
            return way, True
        if _mostly([a.gray and not b.gray for a, b in heads]):
            return match_within(list(listed), (way.patterns[1], way.patterns[0])), True
    return (fitting[0][0], False) if len(fitting) == 1 else None


class _Head(NamedTuple):
    height: int
    width: int
    gray: bool


def _head(path: Path) -> _Head | None:
    """The size of an image, and whether it has one channel or a palette; None if its file does not tell."""
    try:
        info = images.probe(path)
        return _Head(info.height, info.width, info.channels == 1 or images.has_palettes(path, "first"))
    except (UnreadableImage, ReadFailed):
        return None


def _wide(head: _Head) -> bool:
    return head.width >= WIDE * head.height


def _mostly(facts: list[bool]) -> bool:
    return sum(facts) > len(facts) / 2


def some(items: Sequence[Item]) -> Sequence[Item]:
    """A few of the items, evenly over all: their heads tell what the others are."""
    return items[:: max(1, len(items) // PROBED)]
