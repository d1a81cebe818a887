"""Pairs of images in the user's own folder: finding them, matching them, and saying what is wrong before training starts."""

import dataclasses
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.data import images
from tfgan.data.pairs import as_pair, split_halves
from tfgan.errors import UnreadableImage, UserError, did_you_mean

SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
"""Split -> the names its folder may have."""

_LAYOUTS = """\
Accepted layouts (val and test beside train are optional):
  DATA/train/*.jpg                  both images of a pair side by side in one file: A the left half, B the right
  DATA/train/A   + DATA/train/B     two folders of any names, files matched by name
  DATA/A/train   + DATA/B/train     the same, split inside
  DATA/trainA    + DATA/trainB      the same, as CycleGAN names them
  DATA/*.jpg                        side by side files without splits: all of them train"""

Folders = tuple[Path, ...]
"""Where one split lies: one folder of side by side files, or the folders of A and B."""


@dataclasses.dataclass(frozen=True)
class PairedFolder:
    """The pairs of one split, in natural order of their names; a `tfgan.data.source.Source` with the keys "A" and "B"."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[Folders]  # of each pair: one side by side file, or the files of A and B
    names: list[str]  # of each pair: path of the file (of A's file) inside the split's folder
    skipped: list[tuple[str, str]]  # files left out: path inside the data folder, reason

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.names[index]

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both images of a pair, H×W×C of one size, in their domains' channels and dtype.

        Raises:
            UnreadableImage: a file is unreadable, a side by side file has an odd width, or the two files differ in size. The message
                names the files by their path inside the data folder.
        """
        paths = self.files[index]
        if len(paths) == 1:
            found = dict(zip("AB", self._named(paths[0], lambda path: split_halves(images.decode(path)))))
        else:
            found = {self._label(path): self._named(path, images.decode) for path in paths}
        return as_pair(found, self.domains, self.alpha)

    def _named(self, path: Path, read: Callable):
        try:
            return read(path)
        except UnreadableImage as error:
            raise UnreadableImage(f"{self._label(path)}: {error}") from None

    def _label(self, path: Path) -> str:
        return path.relative_to(self.data_dir).as_posix()


def open_pairs(
    data_dir: Path, names: tuple[str, ...], label_domains: tuple[str, ...], alpha: str, skip_bad_files: bool
) -> dict[str, PairedFolder]:
    """The splits of a folder of image pairs, of those that are there: "train", "val" (also named valid or validation), "test".

    Layouts: side by side files in DATA/train (A the left half, B the right); DATA/train/A + DATA/train/B or DATA/A/train + DATA/B/train
    with any two folder names; DATA/trainA + DATA/trainB. A DATA folder without splits is taken as "train" only if side by side files lie
    directly in it. Folders inside those of the layout count too. Files of two folders match by their path without its ending.

    Of two freely named folders, A is the first in the alphabet, unless `names` are the names of folders: then A is `names[0]`.

    A domain has 3 channels if any of its files, over all splits, is in colour, else 1; with alpha="keep" it has 4 if any file has
    transparency. It is uint16 if all its files are, else uint8. Only headers are read for this; files whose header cannot be read are
    passed over here and reported by `load`. Files of 8 and 16 bits, grey and colour, may mix: see `tfgan.data.images.convert`.

    Args:
        data_dir: the folder.
        names: names of the domains A and B; empty: those of the two folders, or "A" and "B".
        label_domains: names of the domains that are label maps, to be resized by nearest neighbour.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out files without a counterpart, listed in `PairedFolder.skipped`, instead of stopping.

    Raises:
        UserError: there is no such folder, it holds no images or no layout of the above, files have no counterpart, a name is unknown.
    """
    if not data_dir.is_dir():
        raise UserError(f"the data folder {data_dir} " + ("is a file, not a folder" if data_dir.exists() else "does not exist"))
    if names and (len(names) != 2 or names[0] == names[1]):
        raise UserError(f"a pair has two domains with different names, for example --domains=photo,labels; found {','.join(names)}")
    splits, default_names = _find_layout(data_dir, names)
    names = names or default_names
    for unknown in sorted(set(label_domains) - set(names)):
        raise UserError(f"--label_domains: there is no domain {unknown!r}.{did_you_mean(unknown, names)} There are: {', '.join(names)}.")

    pairs = {}
    unmatched: dict[str, list[tuple[str, str]]] = {}
    for split, folders in splits.items():
        pairs[split], unmatched[split] = _match(data_dir, folders)
    bad = [entry for entries in unmatched.values() for entry in entries]
    if bad and not skip_bad_files:
        shown = "\n".join(f"  {file}: {reason}" for file, reason in bad[:10]) + (f"\n  … and {len(bad) - 10} more" if len(bad) > 10 else "")
        raise UserError(f"{len(bad)} files in {data_dir} cannot be paired (leave them out with --skip_bad_files):\n{shown}")
    for split, found in pairs.items():
        if not found:
            where = " and ".join(str(folder) for folder in splits[split])
            raise UserError(f"no file in {where} has a counterpart; files of a pair have the same name, as 1.jpg and 1.png do")

    domains = _infer_domains(names, label_domains, alpha, [files for found in pairs.values() for _, files in found])
    return {
        split: PairedFolder(data_dir, domains, alpha, [files for _, files in found], [name for name, _ in found], unmatched[split])
        for split, found in pairs.items()
    }


def list_images(folder: Path) -> list[Path]:
    """Paths, relative to `folder`, of the images in it and in its sub-folders, in natural order ("2" before "10").

    Files count by their ending. Hidden files and folders are passed over, links to folders are followed.
    """

    def unreadable(error: OSError):
        raise UserError(f"cannot read the folder {error.filename}: {error.strerror}") from None

    found = []
    for parent, subfolders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        found += [Path(parent, name).relative_to(folder) for name in files if _is_image(name)]
    return sorted(found, key=lambda path: natural_key(path.as_posix()))


def natural_key(text: str) -> tuple:
    """Sort key by which numbers inside names count as numbers, and case only between names that are otherwise equal."""
    parts = re.split(r"(\d+)", text.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], text


def _is_image(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix[1:].lower() in images.EXTENSIONS


def _subfolders(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: natural_key(path.name))


def _holds_images_directly(folder: Path) -> bool:
    return any(_is_image(path.name) and path.is_file() for path in folder.iterdir())


def _find_layout(data_dir: Path, names: tuple[str, ...]) -> tuple[dict[str, Folders], tuple[str, ...]]:
    """Split -> where it lies, and the names that A and B have by themselves."""
    layouts = [layout for find in (_splits_on_top, _splits_inside, _splits_with_letters) if (layout := find(data_dir, names))]
    if not layouts and _holds_images_directly(data_dir):
        layouts = [({"train": _inside_split(data_dir, names)}, ("A", "B"))]
    if len(layouts) != 1:
        raise _wrong_layout(data_dir, "several layouts are mixed in" if layouts else "no image pairs found in")
    for folder in (folder for folders in layouts[0][0].values() for folder in folders):
        if not list_images(folder):
            raise UserError(f"the folder {folder} holds no images (files ending in {', '.join(images.EXTENSIONS)})")
    return layouts[0]


def _splits_on_top(data_dir: Path, names: tuple[str, ...]):
    """DATA/train/*.jpg, or DATA/train/A + DATA/train/B."""
    splits = {split: _inside_split(folder, names) for split, (folder,) in _find_splits(lambda name: (data_dir / name,)).items()}
    if not splits:
        return None
    found = {split: tuple(folder.name for folder in folders) if len(folders) == 2 else ("A", "B") for split, folders in splits.items()}
    (first, default_names), *others = found.items()
    for split, other_names in others:
        if other_names != default_names or len(splits[split]) != len(splits[first]):
            raise _wrong_layout(data_dir, f"{first} and {split} are not laid out alike in")
    return splits, default_names


def _splits_inside(data_dir: Path, names: tuple[str, ...]):
    """DATA/A/train + DATA/B/train."""
    known = [name for aliases in SPLITS.values() for name in aliases]
    domains = [folder for folder in _subfolders(data_dir) if any((folder / name).is_dir() for name in known)]
    if not domains:
        return None
    pair = _choose_two(data_dir, domains, names)
    return _find_splits(lambda name: tuple(folder / name for folder in pair)), tuple(folder.name for folder in pair)


def _splits_with_letters(data_dir: Path, names: tuple[str, ...]):
    """DATA/trainA + DATA/trainB."""
    splits = _find_splits(lambda name: (data_dir / f"{name}A", data_dir / f"{name}B"))
    return (splits, ("A", "B")) if splits else None


def _find_splits(locate: Callable[[str], Folders]) -> dict[str, Folders]:
    """Split -> its folders; `locate` says where the split called by a name would lie."""
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


def _inside_split(folder: Path, names: tuple[str, ...]) -> Folders:
    """The folder itself if side by side files lie directly in it, or its sub-folders of A and B."""
    with_images = [path for path in _subfolders(folder) if list_images(path)]
    if _holds_images_directly(folder):
        if len(with_images) == 2:
            raise _wrong_layout(folder, "side by side images and two folders of images are mixed in")
        return (folder,)
    subfolders = _subfolders(folder)
    return _choose_two(folder, subfolders if len(subfolders) == 2 else with_images, names) if with_images else (folder,)


def _choose_two(parent: Path, folders: list[Path], names: tuple[str, ...]) -> Folders:
    """The folders of A and B: those called by `names`, else the only two there are."""
    by_name = {folder.name: folder for folder in folders}
    named = [name for name in names if name in by_name]
    if len(named) == 2:
        return tuple(by_name[name] for name in names)
    if len(named) == 1:
        (unknown,) = set(names) - set(named)
        raise UserError(f"{parent} has no folder of images {unknown!r}.{did_you_mean(unknown, by_name)} There are: {', '.join(by_name)}.")
    if len(folders) != 2:
        raise _wrong_layout(parent, "two folders form the pairs (of more, name them: --domains=photo,labels), but not in")
    return tuple(folders)


def _wrong_layout(folder: Path, problem: str) -> UserError:
    counts = [(f"{path.name}/", list_images(path)) for path in _subfolders(folder)]
    direct = [path for path in list_images(folder) if len(path.parts) == 1]
    found = [f"{name} with {len(files)} images" for name, files in counts[:10]] + ["…"] * (len(counts) > 10)
    found += [f"{len(direct)} images directly"] if direct or not counts else []
    return UserError(f"{problem} {folder}. It holds {', '.join(found)}.\n{_LAYOUTS}")


def _match(data_dir: Path, folders: Folders) -> tuple[list[tuple[str, Folders]], list[tuple[str, str]]]:
    """The pairs of a split as (name, files), and the files that cannot be paired as (path inside the data folder, reason)."""
    if len(folders) == 1:
        return [(path.as_posix(), (folders[0] / path,)) for path in list_images(folders[0])], []
    sides = [_by_stem(folder) for folder in folders]
    pairs, unmatched = [], []
    for stem in dict.fromkeys(stem for side in sides for stem in side):
        found = [side.get(stem, []) for side in sides]
        if [len(paths) for paths in found] == [1, 1]:
            pairs.append((found[0][0].as_posix(), tuple(folder / paths[0] for folder, paths in zip(folders, found))))
            continue
        for folder, other, paths, others in zip(folders, folders[::-1], found, found[::-1]):
            counterpart = (other / stem).relative_to(data_dir).as_posix() + ".*"
            reason = f"no {counterpart}" if not others else f"several files are called {stem}"
            unmatched += [((folder / path).relative_to(data_dir).as_posix(), reason) for path in paths]
    return pairs, unmatched


def _by_stem(folder: Path) -> dict[str, list[Path]]:
    """Path without its ending -> the files of that path, in natural order."""
    found: dict[str, list[Path]] = {}
    for path in list_images(folder):
        found.setdefault(path.with_suffix("").as_posix(), []).append(path)
    return found


def _infer_domains(names: tuple[str, ...], label_domains: tuple[str, ...], alpha: str, pairs: list[Folders]) -> dict[str, Domain]:
    """The domains A and B from the headers of all files."""
    by_side = {"A": [files[0] for files in pairs], "B": [files[-1] for files in pairs]}
    paths = list(dict.fromkeys(path for side in by_side.values() for path in side))
    with ThreadPoolExecutor() as pool:
        infos = dict(zip(paths, pool.map(_probe, paths)))
    domains = {}
    for name, (side, files) in zip(names, by_side.items()):
        found = [info for path in files if (info := infos[path])]
        coloured = any(info.channels >= 3 for info in found)
        kept = alpha == "keep" and any(info.alpha for info in found)
        domains[side] = Domain(
            name=name,
            channels=4 if kept else 3 if coloured or not found else 1,
            dtype="uint16" if found and all(info.dtype == "uint16" for info in found) else "uint8",
            resample="nearest" if name in label_domains else "bicubic",
        )
    return domains


def _probe(path: Path) -> images.ImageInfo | None:
    try:
        return images.probe(path)
    except UnreadableImage:
        return None
