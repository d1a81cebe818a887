"""Finds the layout of a folder of the user's own images of two domains, and its files in order, and says what is wrong before training."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from tfgan.config import shell_flag
from tfgan.data import images
from tfgan.data.formats import FORMATS, told_unread
from tfgan.data.walk import walk
from tfgan.errors import UserError, did_you_mean, did_you_mean_path

LISTED = 10  # files named in a message
MOST_DIGITS = 300  # of a number inside a name, as Python reads no number of thousands

SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
"""Name of a split -> the names that its folder may have."""

_SPLIT_NAMES = [name for aliases in SPLITS.values() for name in aliases]

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
    unsplit: bool = False  # two folders of images without splits will do


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
    if wanted.names and (len(wanted.names) != 2 or wanted.names[0] == wanted.names[1]):
        found = ",".join(wanted.names)
        raise UserError(f"there are two domains with different names, for example --domains={wanted.example}; found {found}")
    finders = (_splits_on_top, _splits_inside, _splits_with_letters)
    layouts = [layout for find in finders if (layout := find(data_dir, wanted))] or [_without_splits(data_dir, wanted)]
    if len(layouts) > 1:
        raise _wrong_layout(data_dir, "several layouts are mixed in", wanted)
    splits, default_names = layouts[0]
    for folder in (folder for folders in splits.values() for folder in folders):
        if not list_images(folder):
            raise no_images(f"the folder {folder}", folder)
    names = wanted.names or default_names
    for unknown in sorted(set(wanted.label_domains) - set(names)):
        raise UserError(f"--label_domains: there is no domain {unknown!r}.{did_you_mean(unknown, names)} There are: {', '.join(names)}.")
    return splits, names


def list_images(folder: Path) -> list[Path]:
    """Paths, relative to `folder`, of the images in it and in its sub-folders, in natural order ("2" before "10").

    Files count by their ending. Hidden files and folders are passed over, links to folders are followed, see `tfgan.data.walk`. Pipes and
    the like are among them: they are refused when they are read, without being opened.

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


def split_folders(data_dir: Path) -> dict[str, str]:
    """Name of each folder directly in `data_dir` that is a split -> the split: "train", "val" or "test".

    Raises:
        UserError: two folders are names of one split, such as val and validation.
    """
    roots: dict[str, str] = {}
    for split, aliases in SPLITS.items():
        there = [name for name in aliases if (data_dir / name).is_dir()]
        if len(there) > 1:
            raise UserError(f"{data_dir / there[0]} and {data_dir / there[1]} are names of one split, {split}; keep one of them")
        roots |= dict.fromkeys(there, split)
    return roots


def natural_key(text: str) -> tuple:
    """A sort key by which numbers inside names count as numbers, and case only between names that are otherwise equal."""
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part[:MOST_DIGITS]) if index % 2 else part for index, part in enumerate(parts)], text


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
    return not name.startswith(".") and Path(name).suffix[1:].lower() in images.EXTENSIONS


def _subfolders(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: natural_key(path.name))


def _holds_images_directly(folder: Path) -> bool:
    return any(_is_image(path.name) and path.is_file() for path in folder.iterdir())


def _splits_on_top(data_dir: Path, wanted: Wanted):
    """The splits and names of the layout DATA/train/*.jpg, or DATA/train/A + DATA/train/B; None if it is not there."""
    splits = {split: _inside_split(folder, wanted) for split, (folder,) in _find_splits(lambda name: (data_dir / name,)).items()}
    if not splits:
        return None
    (first, folders), *others = splits.items()
    for split, other_folders in others:
        if _names(other_folders) != _names(folders) or len(other_folders) != len(folders):
            raise _wrong_layout(data_dir, f"{first} and {split} have different layouts in", wanted)
    return splits, _names(folders)


def _splits_inside(data_dir: Path, wanted: Wanted):
    """The splits and names of the layout DATA/A/train + DATA/B/train; None if it is not there."""
    domains = [folder for folder in _subfolders(data_dir) if any((folder / name).is_dir() for name in _SPLIT_NAMES)]
    if not domains:
        return None
    pair = _choose_two(data_dir, domains, wanted)
    return _find_splits(lambda name: tuple(folder / name for folder in pair)), _names(pair)


def _splits_with_letters(data_dir: Path, wanted: Wanted):
    """The splits and names of the layout DATA/trainA + DATA/trainB; None if it is not there."""
    splits = _find_splits(lambda name: (data_dir / f"{name}A", data_dir / f"{name}B"))
    return (splits, ("A", "B")) if splits else None


def _without_splits(data_dir: Path, wanted: Wanted):
    """The split train and the names of the layout DATA/*.jpg, or, if two folders will do, DATA/A/*.jpg + DATA/B/*.jpg."""
    nested = wanted.unsplit and any(map(list_images, _subfolders(data_dir)))
    if not nested and not _holds_images_directly(data_dir):
        raise _wrong_layout(data_dir, f"no image {wanted.sides} found in", wanted)
    folders = _inside_split(data_dir, wanted)
    names = _names(folders)
    # Train + Test, or two data sets side by side, would else silently be trained into each other.
    if len(folders) == 2 and set(names) != set(wanted.names) and any(map(_may_be_no_domain, folders)):
        problem = f"{' and '.join(names)} may be splits or whole data sets (if they are domains, say {shell_flag('domains', names)}), in"
        raise _wrong_layout(data_dir, problem, wanted)
    return {"train": folders}, names


def _may_be_no_domain(folder: Path) -> bool:
    named_as_split = folder.name.casefold() in (*_SPLIT_NAMES, "training", "testing")
    return named_as_split or not _holds_images_directly(folder) and bool(list_images(folder))


def _names(folders: Folders) -> tuple[str, ...]:
    """The names of A and B: those of two folders, else the letters."""
    return tuple(folder.name for folder in folders) if len(folders) == 2 else ("A", "B")


def _find_splits(locate: Callable[[str], Folders]) -> dict[str, Folders]:
    """The folders of each split that is there; `locate` says where the split called by a name would lie."""
    splits = {}
    for split, aliases in SPLITS.items():
        there = [folders for folders in map(locate, aliases) if any(folder.is_dir() for folder in folders)]
        if len(there) > 1:
            raise UserError(f"{there[0][0]} and {there[1][0]} are names of one split, {split}; keep one of them")
        if there:
            splits[split] = there[0]
            for folder, counterpart in zip(there[0], there[0][::-1]):
                if not folder.is_dir():
                    raise UserError(f"the folder {folder} is missing, the counterpart of {counterpart}")
    return splits


def _inside_split(folder: Path, wanted: Wanted) -> Folders:
    """The folder itself if side by side files lie directly in it, or its sub-folders of A and B."""
    with_images = [path for path in _subfolders(folder) if list_images(path)]
    if _holds_images_directly(folder):
        if len(with_images) == 2:
            raise _wrong_layout(folder, "side by side images and two folders of images are mixed in", wanted)
        return (folder,)
    subfolders = _subfolders(folder)
    return _choose_two(folder, subfolders if len(subfolders) == 2 else with_images, wanted) if with_images else (folder,)


def _choose_two(parent: Path, folders: list[Path], wanted: Wanted) -> Folders:
    """The folders of A and B: those called by `wanted.names`, else the only two there are."""
    by_name = {folder.name: folder for folder in folders}
    named = [name for name in wanted.names if name in by_name]
    if len(named) == 2:
        return tuple(by_name[name] for name in wanted.names)
    if len(named) == 1:
        (unknown,) = set(wanted.names) - set(named)
        raise UserError(f"{parent} has no folder of images {unknown!r}.{did_you_mean(unknown, by_name)} There are: {', '.join(by_name)}.")
    if len(folders) != 2:
        problem = f"two folders form the {wanted.sides} (of more, name them: --domains={wanted.example}), but not in"
        raise _wrong_layout(parent, problem, wanted)
    return tuple(folders)


def _wrong_layout(folder: Path, problem: str, wanted: Wanted) -> UserError:
    counts = [(f"{path.name}/", list_images(path)) for path in _subfolders(folder)]
    direct = [path for path in list_images(folder) if len(path.parts) == 1]
    found = [f"{name} with {len(files)} images" for name, files in counts[:10]] + ["…"] * (len(counts) > 10)
    found += [f"{len(direct)} images directly"] if direct or not counts else []
    return UserError(f"{problem} {folder}. It holds {', '.join(found)}.{told_unread(walk(folder))}\n{wanted.layouts}")
