"""Reads two domains of images that belong to no pairs: the user's own folders, and any source of pairs taken apart.

A split has a source for each domain, so that each is drawn at its own pace and the longer one is not cut short.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import Wanted, find_layout, list_images
from tfgan.data.folders.pairs import PerhapsPairs, open_pairs
from tfgan.data.reading import images
from tfgan.data.source import FileSource, Source, View
from tfgan.errors import UnreadableImage, UserError

_LAYOUTS = """\
Accepted layouts (val and test beside train are optional; numbers, names and sizes of the images are free):
  DATA/trainA    + DATA/trainB      two folders of images, as CycleGAN names them
  DATA/train/A   + DATA/train/B     two folders of any names
  DATA/A/train   + DATA/B/train     the same, split inside
  DATA/A/*.jpg   + DATA/B/*.jpg     the same without splits: all of them train
  DATA/train/*.jpg                  two images side by side in one file: A the left half, B the right, used as if they were no pair
  DATA/*.jpg                        side by side files without splits: all of them train"""


@dataclasses.dataclass(frozen=True)
class UnpairedFolder(FileSource):
    """The images of one domain in one split, in natural order of their names, with the one key `side`."""

    data_dir: Path
    side: str  # "A" or "B"
    domains: dict[str, Domain]  # of the side alone
    alpha: str
    folder: Path  # of the split
    files: list[str]  # inside `folder`

    def paths(self, index: int) -> tuple[Path, ...]:
        return (self.folder / self.files[index],)

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×C in its domain's channels and dtype, under the key `side`.

        Raises:
            UnreadableImage: the file is unreadable. The message names it by its path inside the data folder.
        """
        (path,), domain = self.paths(index), self.domains[self.side]
        try:
            return {self.side: images.read(path, domain, self.alpha)}
        except UnreadableImage as error:
            raise UnreadableImage(f"{self.label(path)}: {error}") from None


class OneSide(View):
    """The images of one domain of a source of pairs, with the one key `side`, "A" or "B"."""

    def __init__(self, inner: Source, side: str):
        super().__init__(inner, {side: inner.domains[side]})
        self.side = side

    def load(self, index: int) -> dict[str, np.ndarray]:
        """The image of one side of a pair, H×W×C in its domain's channels and dtype.

        Raises:
            UnreadableImage: the pair cannot be used, be it for the other image's sake.
        """
        return {self.side: self.inner.load(index)[self.side]}


def sides(pairs: Mapping[str, Source]) -> dict[str, list[Source]]:
    """Split -> the sources of A and of B that a set of pairs falls into.

    Args:
        pairs: split -> source of pairs with the keys "A" and "B".
    """
    return {split: [OneSide(source, side) for side in "AB"] for split, source in pairs.items()}


def open_unpaired(
    data_dir: Path, names: tuple[str, ...], label_domains: tuple[str, ...], alpha: str, skip_bad_files: bool, pages: str = "refuse"
) -> dict[str, list[Source]]:
    """The sources of A and of B for each split that a folder has: "train", "val" (also named valid or validation), "test".

    Layouts: DATA/trainA + DATA/trainB; DATA/train/A + DATA/train/B, DATA/A/train + DATA/B/train or, without splits and all "train",
    DATA/A + DATA/B, with any two folder names. Files of one domain may come in any number, size and name; folders inside those of the
    layout count too. Side by side files, in DATA/train or directly in DATA, are accepted as well: A has their left and B their right
    halves, each drawn in its own order, so that the halves of a file meet only by chance.

    Of two freely named folders, A is the first in the alphabet, unless `names` are the names of folders: then A is `names[0]`. Two folders
    without splits must hold images directly, and not bear the names of splits, unless `names` name them.

    Channels and dtype of each domain are inferred from its files over all splits: see `tfgan.data.folders.domains.infer_domains`.

    Args:
        data_dir: the folder.
        names: names of the domains A and B; empty: those of the two folders, or "A" and "B".
        label_domains: names of the domains that are label maps, to be resized by nearest neighbor.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: for side by side files, as for `tfgan.data.folders.pairs.open_pairs`; files of two folders need no counterpart.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".

    Raises:
        UserError: there is no such folder, a domain is missing or empty, no layout of the above is found, or a name is unknown.
    """
    splits, domain_names = find_layout(data_dir, Wanted(names, label_domains, "domains", "horse,zebra", _LAYOUTS))
    if any(len(folders) == 1 for folders in splits.values()):
        try:
            return sides(open_pairs(data_dir, names, label_domains, alpha, skip_bad_files, pages))
        except PerhapsPairs as error:
            raise UserError(f"{error.problem}: put each domain into a folder of its own, or the files would be cut into halves") from None
    by_side = {side: [folders["AB".index(side)] for folders in splits.values()] for side in "AB"}
    listed = {folder: list_images(folder) for folders in splits.values() for folder in folders}
    files = {side: [folder / path for folder in folders for path in listed[folder]] for side, folders in by_side.items()}
    domains = infer_domains(files, domain_names, label_domains, alpha, pages)
    return {
        split: [
            UnpairedFolder(data_dir, side, {side: domains[side]}, alpha, folder, [path.as_posix() for path in listed[folder]])
            for side, folder in zip("AB", folders)
        ]
        for split, folders in splits.items()
    }
