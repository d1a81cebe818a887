"""Finds, matches and reads pairs of images in the user's own folder, and says what is wrong with them before training starts."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.data import images
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import Folders, Wanted, find_layout, list_images, refuse
from tfgan.data.pairing import as_pair, split_halves
from tfgan.data.source import Source
from tfgan.errors import UnreadableImage, UserError

_LAYOUTS = """\
Accepted layouts (val and test beside train are optional):
  DATA/train/*.jpg                  both images of a pair side by side in one file: A the left half, B the right
  DATA/train/A   + DATA/train/B     two folders of any names, files matched by name
  DATA/A/train   + DATA/B/train     the same, split inside
  DATA/trainA    + DATA/trainB      the same, as CycleGAN names them
  DATA/*.jpg                        side by side files without splits: all of them train"""


@dataclasses.dataclass(frozen=True)
class PairedFolder(Source):
    """The pairs of one split, in natural order of their names, with the keys "A" and "B"."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[Folders]  # of each pair: one side by side file, or the files of A and B
    names: list[str]  # of each pair: path of the file (of A's file) inside the split's folder
    skipped: Sequence[tuple[str, str]] = ()  # files left out: path inside the data folder, reason

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.names[index]

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both images of a pair, "A" and "B", H×W×C of one size, in their domains' channels and dtype.

        Raises:
            UnreadableImage: a file is unreadable, a side by side file has an odd width, or the two files differ in size. The message
                names the files by their path inside the data folder.
        """
        paths = self.files[index]
        pages = self.domains["A"].pages  # one setting, which both domains have
        if len(paths) == 1:
            found = dict(zip("AB", self._named(paths[0], lambda path: split_halves(images.load(path, pages)))))
        else:
            found = {self.label(path): self._named(path, lambda path: images.load(path, pages)) for path in paths}
        return as_pair(found, self.domains, self.alpha)

    def paths(self, index: int) -> tuple[Path, ...]:
        return self.files[index]

    def _named(self, path: Path, read: Callable):
        try:
            return read(path)
        except UnreadableImage as error:
            raise UnreadableImage(f"{self.label(path)}: {error}") from None

    def label(self, path: Path) -> str:
        return path.relative_to(self.data_dir).as_posix()


def open_pairs(
    data_dir: Path, names: tuple[str, ...], label_domains: tuple[str, ...], alpha: str, skip_bad_files: bool, pages: str = "refuse"
) -> dict[str, PairedFolder]:
    """The splits that are there of a folder of image pairs: "train", "val" (also named valid or validation), "test".

    Layouts: side by side files in DATA/train (A the left half, B the right); DATA/train/A + DATA/train/B or DATA/A/train + DATA/B/train
    with any two folder names; DATA/trainA + DATA/trainB. A DATA folder without splits is taken as "train" only if side by side files lie
    directly in it. Folders inside those of the layout count too. Files of two folders match by their path without its ending.

    Of two freely named folders, A is the first in the alphabet, unless `names` are the names of folders: then A is `names[0]`.

    A domain has 3 channels if any of its files, over all splits, is in color, else 1; with alpha="keep" it has 4 if any file has
    transparency. It is uint16 if all its files are, else uint8. Only headers are read for this; files whose header cannot be read are
    passed over here and reported by `load`. Files of 8 and 16 bits, gray and color, may mix: see `tfgan.data.images.convert`.

    Args:
        data_dir: the folder.
        names: names of the domains A and B; empty: those of the two folders, or "A" and "B".
        label_domains: names of the domains that are label maps, to be resized by nearest neighbor.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out files without a counterpart, listed in `PairedFolder.skipped`, instead of stopping.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".

    Raises:
        UserError: there is no such folder, it holds no images or no layout of the above, files have no counterpart, a name is unknown.
    """
    splits, names = find_layout(data_dir, Wanted(names, label_domains, "pairs", "photo,labels", _LAYOUTS))
    pairs = {}
    unmatched: dict[str, list[tuple[str, str]]] = {}
    for split, folders in splits.items():
        pairs[split], unmatched[split] = match_files(data_dir, folders)
    bad = [entry for entries in unmatched.values() for entry in entries]
    if not skip_bad_files:
        refuse(bad, f"files in {data_dir} cannot be paired")
    for split, found in pairs.items():
        if not found:
            where = " and ".join(str(folder) for folder in splits[split])
            raise UserError(f"no file in {where} has a counterpart; files of a pair have the same name, as 1.jpg and 1.png do")

    files = [files for found in pairs.values() for _, files in found]
    domains = infer_domains({"A": [pair[0] for pair in files], "B": [pair[-1] for pair in files]}, names, label_domains, alpha, pages)
    return {
        split: PairedFolder(data_dir, domains, alpha, [files for _, files in found], [name for name, _ in found], unmatched[split])
        for split, found in pairs.items()
    }


def match_files(data_dir: Path, folders: Folders) -> tuple[list[tuple[str, Folders]], list[tuple[str, str]]]:
    """The pairs of a split as (name, files), and the files that cannot be paired as (path inside the data folder, reason).

    Files of two folders match by their path without its ending.

    Args:
        data_dir: the data folder.
        folders: the split's one folder of side by side files, or its folders of A and of B.
    """
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
    """The paths of the images in a folder, grouped by the path without its ending, in natural order."""
    found: dict[str, list[Path]] = {}
    for path in list_images(folder):
        found.setdefault(path.with_suffix("").as_posix(), []).append(path)
    return found
