"""Finds and reads images that stand alone: any folder of them, with all its sub-folders."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import list_images, no_images, refuse, require_folder
from tfgan.data.folders.splits import SPLITS, split_folders
from tfgan.data.preparation.pairing import split_halves
from tfgan.data.reading import images
from tfgan.data.source import FileSource
from tfgan.errors import UserError

_LAYOUTS = """\
Accepted layouts (val and test beside train are optional; folders inside these count too):
  DATA/train/*.jpg
  DATA/*.jpg          without splits: all of them train"""


@dataclasses.dataclass(frozen=True)
class ImageFolder(FileSource):
    """The images of one split, in natural order of their paths; with the key "image"."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    half: str  # "left" or "right": this half of each file; "": all of it
    files: list[str]  # of each image: path inside the data folder
    skipped: Sequence[tuple[str, str]] = ()  # files left out, told with those of train: path inside the data folder, reason

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×C in its domain's channels and dtype.

        Raises:
            UnreadableImage: the file is missing, damaged or no image, or has an odd width where a half of it is wanted.
        """
        domain = self.domains["image"]
        image = images.load(self.data_dir / self.files[index], domain.pages)
        if self.half:
            half = split_halves(image)[self.half == "right"]
            image = half._replace(pixels=half.pixels.copy())  # which does not keep the other half
        return {"image": images.fit(image, domain, self.alpha)}


def open_images(data_dir: Path, half: str, alpha: str, skip_bad_files: bool, pages: str = "refuse") -> dict[str, ImageFolder]:
    """The splits that are there of a folder of images: "train", "val" (also named valid or validation), "test".

    Without folders of these names all images train. The image has 3 channels if any file is in color, else 1, and 4 if `alpha` is "keep"
    and any file has transparency. It is uint16 if all files are, else uint8. Only headers are read for this; files whose header cannot be
    read are reported by `load`.

    Args:
        data_dir: the folder: DATA/train, with val and test beside it, or DATA itself; images may lie in folders inside, however deep.
        half: "left" or "right", to take this half of side by side files; "" for all of each file.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out images beside the folders of the splits, listed in `ImageFolder.skipped`, instead of stopping.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".

    Raises:
        UserError: there is no such folder; a split holds no images; there is val or test, but no train; images lie beside the splits
            (unless `skip_bad_files`).
    """
    require_folder(data_dir)
    roots = split_folders(data_dir)
    if roots and "train" not in roots.values():
        raise UserError(f"{data_dir} has no folder named train, only {', '.join(roots)}.\n{_LAYOUTS}")
    files: dict[str, list[str]] = {split: [] for split in SPLITS if split in roots.values()} or {"train": []}
    stray = []
    for path in list_images(data_dir):
        split = roots.get(path.parts[0], "") if roots else "train"
        if split:
            files[split].append(path.as_posix())
        else:
            stray.append((path.as_posix(), f"does not lie in {', '.join(roots)}"))
    for split, found in files.items():
        if not found:
            folder = next((data_dir / name for name, root in roots.items() if root == split), data_dir)
            raise no_images(f"the folder {folder}", folder)
    if not skip_bad_files:
        refuse(stray, f"images in {data_dir} lie outside the folders of its splits")
    domains = infer_domains(
        {"image": [data_dir / file for found in files.values() for file in found]}, ("image",), alpha=alpha, pages=pages
    )
    return {split: ImageFolder(data_dir, domains, alpha, half, found, stray * (split == "train")) for split, found in files.items()}
