"""Finds the layout of a folder of the user's own images of two domains, and its files in order, and says what is wrong before training."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tfgan.config import shell_flag
from tfgan.config.words import say_once
from tfgan.data.finding.order import natural_key
from tfgan.data.finding.walk import subfolders, walk
from tfgan.data.folders.splits import COMPANIONS, INSTANCES, LABEL_WORDS, SPLITS, split_and_domain, split_folders, split_of
from tfgan.data.reading.formats import FORMATS, is_picture, told_unread
from tfgan.errors import UserError, did_you_mean, did_you_mean_path

LISTED = 10  # files named in a message

_LETTERS = ("A", "B")
_PLAIN = "images"  # what DATA/train is called beside DATA/train_masks

Folders = tuple[Path, ...]
"""The folders that one split lies in: one folder of side by side files, or the folders of A and B."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a folder is searched for, and how messages call it."""

    names: tuple[str, ...]  # of the domains A and B, or empty
    label_domains: tuple[str, ...]  # those that are label maps
    sides: str  # what two folders form: pairs or domains
    example: str  # two names of domains
    layouts: str  # those that are accepted
    otherwise: tuple[str, ...] = ()  # folders that are used for something else


class _Layout(NamedTuple):
    splits: dict[str, Folders]
    names: tuple[str, ...]  # of A and B, as the folders have them


def find_layout(data_dir: Path, wanted: Wanted) -> tuple[dict[str, Folders], tuple[str, ...]]:
    """The folders of each split that is there, of "train", "val" and "test"; and the names of A and B.

    Every folder holds images. Of two freely named folders, A is the first in the alphabet, unless `wanted.names` are the names of folders:
    then A is the first of these. The names of A and B are `wanted.names`, else those of the two folders, else "A" and "B".

    Args:
        data_dir: the data folder.
        wanted: what it is searched for.

    Raises:
        UserError: there is no such folder, it holds no images or none of `wanted.layouts`, a name is unknown.
    """
    require_folder(data_dir)
    _check_names(wanted)
    finders = (_splits_on_top, _splits_inside, _splits_in_names)
    layouts = [layout for find in finders if (layout := find(data_dir, wanted))] or [_without_splits(data_dir, wanted)]
    if len(layouts) > 1:
        raise _wrong_layout(data_dir, "several layouts are mixed in", wanted)
    splits, default_names = layouts[0]
    for folder in (folder for folders in splits.values() for folder in folders):
        if not list_images(folder):
            raise no_images(f"the folder {folder}", folder)
    return splits, names_of_sides(wanted, default_names)


def _check_names(wanted: Wanted):
    if wanted.names and (len(wanted.names) != 2 or wanted.names[0] == wanted.names[1]):
        found = ",".join(wanted.names)
        raise UserError(f"there are two domains with different names, for example --domains={wanted.example}; found {found}")


def names_of_sides(wanted: Wanted, default_names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of A and B: `wanted.names`, else those that the files have. Raises `UserError` if a label domain is none of them."""
    _check_names(wanted)
    names = wanted.names or default_names
    for unknown in sorted(set(wanted.label_domains) - set(names)):
        raise UserError(f"--label_domains: there is no domain {unknown!r}.{did_you_mean(unknown, names)} There are: {', '.join(names)}.")
    return names


def list_images(folder: Path) -> list[Path]:
    """Paths, relative to `folder`, of the images in it and in its sub-folders, in natural order ("2" before "10").

    Files count by their ending. Hidden files and folders are passed over, links to folders are followed, see
    `tfgan.data.finding.walk`. Pipes and the like are among them: they are refused when they are read, without being opened.

    Raises:
        UserError: a folder cannot be read.
    """

    def unreadable(error: OSError):
        raise UserError(f"cannot read the folder {error.filename}: {error.strerror}") from None

    found = [path.relative_to(folder) for path in walk(folder, unreadable) if _is_image(path.name)]
    return sorted(found, key=lambda path: natural_key(path.as_posix()))


def require_folder(data_dir: Path):
    """Raises `UserError` unless the data folder exists and is a folder."""
    if data_dir.exists() and not data_dir.is_dir():
        raise UserError(f"the data folder {data_dir} is a file, not a folder")
    if not data_dir.is_dir():
        raise UserError(f"the data folder {data_dir} does not exist.{did_you_mean_path(data_dir, Path.is_dir)}")


def no_images(what: str, folder: Path) -> UserError:
    """The error to raise for a folder without images that are read; it names the formats of those that are not.

    Args:
        what: the folder, as the message calls it.
        folder: where it is.
    """
    return UserError(f"{what} holds no images (files ending in {', '.join(FORMATS)}).{told_unread(walk(folder))}")


def refuse(bad: list[tuple[str, str]], problem: str):
    """Raises `UserError` that lists the files that cannot be used, if there are any.

    Args:
        bad: file, and the reason why it cannot be used.
        problem: what is wrong with them, as the message goes on after their number.
    """
    if bad:
        more = [f"  … and {len(bad) - LISTED} more"] if len(bad) > LISTED else []
        shown = "\n".join([f"  {file}: {reason}" for file, reason in bad[:LISTED]] + more)
        raise UserError(f"{len(bad)} {problem} (leave them out with --skip_bad_files):\n{shown}")


def _is_image(name: str) -> bool:
    return not name.startswith(".") and is_picture(name)


def folders_in(folder: Path) -> list[Path]:
    """The folders directly in a folder, in natural order of their names; see `tfgan.data.finding.walk.subfolders`."""
    return sorted(subfolders(folder), key=lambda path: natural_key(path.name))


def holds_images(folder: Path) -> bool:
    """Whether images lie directly in a folder."""
    return any(_is_image(path.name) and path.is_file() for path in folder.iterdir())


def _splits_on_top(data_dir: Path, wanted: Wanted) -> _Layout | None:
    """DATA/train/*.jpg, or DATA/train/A + DATA/train/B."""
    if _labels_beside(data_dir):
        return None
    splits = {split: _inside_split(data_dir / name, wanted) for name, split in split_folders(data_dir).items()}
    if not splits:
        return None
    (first, folders), *others = splits.items()
    for split, other_folders in others:
        if _names(other_folders) != _names(folders) or len(other_folders) != len(folders):
            raise _wrong_layout(data_dir, f"{first} and {split} have different layouts in", wanted)
    return _Layout(splits, _names(folders))


def _splits_inside(data_dir: Path, wanted: Wanted) -> _Layout | None:
    """DATA/A/train + DATA/B/train; A may lie in folders that hold nothing else."""
    trees = {folder: tree for folder in folders_in(data_dir) if not split_of(folder.name) and (tree := _divided(folder))}
    plain = len({tree.name for tree in trees.values()}) < len(trees)
    sides = {
        (folder if plain else tree).name: {split: tree / name for name, split in split_folders(tree).items()}
        for folder, tree in trees.items()
    }
    return _joined(data_dir, sides, wanted) if sides else None


def _divided(folder: Path) -> Path | None:
    """The folder that holds splits: this one, or one that is alone in it, with nothing but folders around; None if there is none."""
    while not split_folders(folder):
        inner = folders_in(folder)
        if len(inner) != 1 or holds_images(folder):
            return None
        (folder,) = inner
    return folder


def _splits_in_names(data_dir: Path, wanted: Wanted) -> _Layout | None:
    """DATA/trainA + DATA/trainB, DATA/train_label + DATA/train_img, or DATA/train/*.jpg + DATA/train_masks/*.png."""
    sides: dict[str, dict[str, Path]] = {}
    beside, roots = _labels_beside(data_dir), split_folders(data_dir)
    for folder in folders_in(data_dir):
        split, domain = split_and_domain(folder.name)
        if not split or (beside and domain not in beside):
            continue
        if other := sides.setdefault(domain, {}).get(split):
            raise UserError(f"{other} and {folder} are names of one split, {split}; keep one of them")
        sides[domain][split] = folder
    if beside:
        sides[_PLAIN] = {split: data_dir / name for name, split in roots.items()}
    elif roots and not sides.keys() & set(_LETTERS):  # beside DATA/train, folders such as train_old say nothing
        return None
    if sides.keys() & set(_LETTERS):  # a missing one is said to be missing
        sides = {letter: sides.get(letter, {}) for letter in _LETTERS} | sides
    return _joined(data_dir, sides, wanted) if len(sides) > 1 and any("train" in own for own in sides.values()) else None


def _labels_beside(data_dir: Path) -> list[str]:
    """The names of label maps that lie in folders beside the images of a split: masks, for DATA/train/*.jpg + DATA/train_masks/*.png."""
    roots = split_folders(data_dir)
    plain = {split for name, split in roots.items() if holds_images(data_dir / name)}
    found = [split_and_domain(folder.name) for folder in folders_in(data_dir)] if "train" in plain else []
    return list(dict.fromkeys(domain for split, domain in found if split in plain and domain.casefold() in LABEL_WORDS))


def _joined(data_dir: Path, sides: Mapping[str, Mapping[str, Path]], wanted: Wanted) -> _Layout:
    """The layout of two of the domains in `sides`, name -> split -> folder. Of a test split that one of them lacks nothing is used."""
    names = _choose_two(data_dir, sorted(sides, key=natural_key), wanted)
    splits: dict[str, Folders] = {}
    for split in SPLITS:
        there = [name for name in names if split in sides[name]]
        if len(there) == len(names):
            splits[split] = tuple(sides[name][split] for name in names)
        elif there:
            folder = sides[there[0]][split]
            missing = _counterpart(split, there[0], next(name for name in names if name not in there), sides)
            if split != "test":
                raise UserError(f"the folder {missing} is missing, the counterpart of {folder}")
            say_once(f"{folder} is not used: its counterpart {missing} is missing.")
    return _Layout(splits, names)


def _counterpart(split: str, own: str, other: str, sides: Mapping[str, Mapping[str, Path]]) -> Path:
    """Where the folder of the domain `other` would lie for a split that only `own` has."""
    folder = sides[own][split]
    around = next(iter(sides[other].values()), folder).parent
    if around != folder.parent:
        return around / folder.name
    if _PLAIN in (own, other):
        return folder.with_name(split if other == _PLAIN else f"{split}_{other}")
    return folder.with_name(other.join(folder.name.rsplit(own, 1)))


def _without_splits(data_dir: Path, wanted: Wanted) -> _Layout:
    """DATA/*.jpg, or DATA/A/*.jpg + DATA/B/*.jpg: all of them train."""
    nested = any(map(list_images, folders_in(data_dir)))
    if not nested and not holds_images(data_dir):
        raise _wrong_layout(data_dir, f"no image {wanted.sides} found in", wanted)
    folders = _inside_split(data_dir, wanted)
    names = _names(folders)
    # Two data sets side by side would else silently be trained into each other.
    if len(folders) == 2 and set(names) != set(wanted.names) and any(map(_may_be_no_domain, folders)):
        problem = f"{' and '.join(names)} may be splits or whole data sets (if they are domains, say {shell_flag('domains', names)}), in"
        raise _wrong_layout(data_dir, problem, wanted)
    return _Layout({"train": folders}, names)


def _may_be_no_domain(folder: Path) -> bool:
    return bool(split_of(folder.name.casefold())) or not holds_images(folder) and bool(list_images(folder))


def _names(folders: Folders) -> tuple[str, ...]:
    """The names of A and B: those of two folders, else the letters."""
    return tuple(folder.name for folder in folders) if len(folders) == 2 else _LETTERS


def _inside_split(folder: Path, wanted: Wanted) -> Folders:
    """The folder itself if side by side files lie directly in it, or its sub-folders of A and B."""
    inner = folders_in(folder)
    with_images = [path for path in inner if list_images(path)]
    if holds_images(folder):
        if len(with_images) == 2:
            raise _wrong_layout(folder, "side by side images and two folders of images are mixed in", wanted)
        return (folder,)
    if not with_images:
        return (folder,)
    names = _choose_two(folder, [path.name for path in (inner if len(inner) == 2 else with_images)], wanted)
    return tuple(folder / name for name in names)


def _choose_two(parent: Path, names: list[str], wanted: Wanted) -> tuple[str, ...]:
    """The names of A and B among those of the domains in a folder: `wanted.names`, else the only two there are."""
    named = [name for name in wanted.names if name in names]
    if len(named) == 2:
        return wanted.names
    if len(named) == 1:
        (unknown,) = set(wanted.names) - set(named)
        raise UserError(f"{parent} has no folder of images {unknown!r}.{did_you_mean(unknown, names)} There are: {', '.join(names)}.")
    chosen = names if len(names) == 2 else [name for name in names if name.casefold() not in COMPANIONS]
    if len(chosen) == 2:
        for name in (name for name in names if name not in chosen and name not in wanted.otherwise):
            edges = f", {shell_flag('instances', name)} takes its edges for SPADE" * (name.casefold() in INSTANCES)
            others = f"{shell_flag('domains', tuple(chosen))} would name others{edges}"
            say_once(f"{parent}: {name} is not used for {wanted.sides}, only {' and '.join(chosen)}; {others}.")
        return tuple(chosen)
    which = f": of {', '.join(names)} name two, for example {shell_flag('domains', tuple(names[:2]))}" if len(names) > 2 else ""
    if which and wanted.sides == "pairs":
        which += f", or stack some: {shell_flag('domains', ('+'.join(names[:2]), names[2]))}"
    raise _wrong_layout(parent, f"two folders form the {wanted.sides}{which}; but not in", wanted)


def _wrong_layout(folder: Path, problem: str, wanted: Wanted) -> UserError:
    counts = [(f"{path.name}/", list_images(path)) for path in folders_in(folder)]
    direct = [path for path in list_images(folder) if len(path.parts) == 1]
    found = [f"{name} with {len(files)} images" for name, files in counts[:10]] + ["…"] * (len(counts) > 10)
    found += [f"{len(direct)} images directly"] if direct or not counts else []
    return UserError(f"{problem} {folder}. It holds {', '.join(found)}.{told_unread(walk(folder))}\n{wanted.layouts}")
