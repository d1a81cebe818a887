"""Finds and reads images in one folder a class, and says what is wrong with them before training starts."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgan.config import Domain, Strings
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import folders_in, list_images, no_images, refuse, require_folder
from tfgan.data.folders.splits import SPLITS, split_folders
from tfgan.data.reading import images
from tfgan.data.source import FileSource, digest_of
from tfgan.errors import UserError, did_you_mean

_LAYOUTS = """\
Accepted layouts, one folder a class:
  DATA/train/CLASS/*.jpg    (val and test beside train are optional)
  DATA/CLASS/*.jpg          without splits: all of them train
or MNIST's own files: DATA/train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz and perhaps t10k-…"""


@dataclasses.dataclass(frozen=True)
class LabeledFolder(FileSource):
    """The images of one split, in natural order of their paths; with the keys "image" and "label".

    A label is the index of the image's folder among `class_names`.
    """

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[str]  # of each image: path inside the data folder
    labels: list[int]
    class_names: Strings = ()
    skipped: Sequence[tuple[str, str]] = ()  # files left out, told with those of train: path inside the data folder, reason

    def beside(self) -> str:
        return digest_of(np.array(self.labels, np.int32))

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×C in its domain's channels and dtype, and its label, an int32 scalar.

        Raises:
            UnreadableImage: the file is missing, damaged or no image.
        """
        domain = self.domains["image"]
        image = images.read(self.data_dir / self.files[index], domain, self.alpha)
        return {"image": image, "label": np.array(self.labels[index], np.int32)}


@dataclasses.dataclass(frozen=True)
class ClassFolders:
    """What was found in a folder of class folders."""

    class_names: Strings  # the folders' names, in natural order
    splits: dict[str, list[tuple[str, int]]]  # train, val, test, as far as they exist -> path inside the data folder, class
    skipped: list[tuple[str, str]]  # images that lie in no class folder: path, reason


def open_labeled(data_dir: Path, alpha: str, skip_bad_files: bool, pages: str = "refuse") -> dict[str, LabeledFolder]:
    """The splits that are there of a folder of class folders: "train", "val" (also named valid or validation), "test".

    The image has 3 channels if any file is in color, else 1, and 4 if `alpha` is "keep" and any file has transparency. It is uint16 if all
    files are, else uint8. Only headers are read for this; files whose header cannot be read are reported by `load`.

    Args:
        data_dir: the folder: DATA/train/CLASS/*.jpg, val and test beside train, or DATA/CLASS/*.jpg, all of which train.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out images that lie in no class folder, listed in `LabeledFolder.skipped`, instead of stopping.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".

    Raises:
        UserError: there is no such folder, or its class folders cannot be used: see `find_class_folders`.
    """
    found = find_class_folders(data_dir, skip_bad_files)
    paths = [data_dir / file for rows in found.splits.values() for file, _ in rows]
    domains = infer_domains({"image": paths}, ("image",), alpha=alpha, pages=pages)
    splits = {}
    for split, rows in found.splits.items():
        files, labels = map(list, zip(*rows))
        splits[split] = LabeledFolder(data_dir, domains, alpha, files, labels, found.class_names, found.skipped * (split == "train"))
    return splits


def find_class_folders(data_dir: Path, skip_bad_files: bool) -> ClassFolders:
    """The images of class folders; those in folders inside a class folder count too. Only the training images say which classes there are.

    Args:
        data_dir: the folder: DATA/train/CLASS/*.jpg, val and test beside train, or DATA/CLASS/*.jpg, all of which train.
        skip_bad_files: leave out images that lie in no class folder, listed in `ClassFolders.skipped`, instead of stopping.

    Raises:
        UserError: there is no such folder, or it has no class folders, only one, an empty one, a class that is not in train, or images
            beside the class folders (unless `skip_bad_files`).
    """
    require_folder(data_dir)
    roots = split_folders(data_dir)
    train = next((data_dir / name for name, split in roots.items() if split == "train"), data_dir)
    if roots and train == data_dir:
        raise UserError(f"{data_dir} has no folder named train, only {', '.join(roots)}.\n{_LAYOUTS}")

    class_names = tuple(path.name for path in folders_in(train))
    labels = {name: label for label, name in enumerate(class_names)}
    splits: dict[str, list[tuple[str, int]]] = {split: [] for split in SPLITS}
    stray = []
    for path in list_images(data_dir):
        split, parts = (roots.get(path.parts[0]), path.parts[1:]) if roots else ("train", path.parts)
        if split is None or len(parts) < 2:
            stray.append((path.as_posix(), "lies in no class folder"))
        elif parts[0] not in labels:
            hint = did_you_mean(parts[0], labels)
            raise UserError(f"the class {parts[0]!r} of {path.as_posix()} is not in {train}.{hint} There are: {', '.join(labels)}.")
        else:
            splits[split].append((path.as_posix(), labels[parts[0]]))
    _check_classes(train, class_names, {label for _, label in splits["train"]}, stray)
    if not skip_bad_files:
        refuse(stray, f"images in {data_dir} lie outside the class folders")
    return ClassFolders(class_names, {split: files for split, files in splits.items() if files}, stray)


def _check_classes(train: Path, class_names: Strings, used: set[int], stray: list[tuple[str, str]]):
    """Raises `UserError` unless there are two classes or more, each with training images."""
    if len(class_names) < 2:
        found = f"only one class folder, {class_names[0]}," if class_names else "no class folders"
        beside = f" but {len(stray)} images directly" if stray else ""
        raise UserError(f"{train} has {found}{beside}; classes need at least two.\n{_LAYOUTS}")
    for label, name in enumerate(class_names):
        if label not in used:
            raise no_images(f"the class folder {train / name}", train / name)
