"""Reads images with attributes: one set or several joined ones, each with its own file of attributes or a folder a class.

Unless `fit` says otherwise, images that are not square are cropped to their central square, so that nothing is squeezed when they are
resized: of CelebA's 218×178 that is the 178×178 of StarGAN (Choi et al., CVPR 2018, section 5.2).
"""

import dataclasses
import hashlib
import logging
import shlex
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from tfgan.config import DataConfig, Domain, Strings, shell_flag
from tfgan.data.attributes.selection import Selection, select
from tfgan.data.attributes.tables import Table, names_images, read_table
from tfgan.data.folders.classes import find_class_folders
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import list_images, refuse, require_folder
from tfgan.data.reading import images
from tfgan.data.source import FileSource, Source, View, digest_of
from tfgan.errors import UserError

logger = logging.getLogger(__name__)

FILES = ("list_attr_celeba.txt", "list_attr_celeba.csv", "attributes.csv")
"""Names by which a file of attributes in a data folder is found first; without one of them, any table that names images will do."""

HELD_OUT = 0.05  # share of a set without validation images that is kept from training for it
MOST_HELD_OUT = 2000

# Where the images lie whose names a table gives: beside it, or as CelebA's archives unpack.
_IMAGE_FOLDERS = ("", "images/", "img_align_celeba/", "img_align_celeba/img_align_celeba/")


@dataclasses.dataclass(frozen=True)
class AttributeFolder(FileSource):
    """The images of one split of one set; with the keys "image", "attributes" and "mask"."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[str]  # paths inside the data folder
    values: np.ndarray  # N × attributes float32: 1, 0, or NaN for unknown
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()
    skipped: Sequence[tuple[str, str]] = ()  # files and rows left out: path, reason
    whole: bool = False  # images as they are, instead of their central squares

    def beside(self) -> str:
        return digest_of(self.values)

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image or its central square, with its attributes.

        Returns:
            `image`, H×W×C in its domain's channels and dtype; `attributes`, float32 of 1 and 0, 0 where unknown; `mask`, float32, 1 where
            an attribute is known, else 0.

        Raises:
            UnreadableImage: the file is damaged or no image.
        """
        domain, values = self.domains["image"], self.values[index]
        image = images.read(self.data_dir / self.files[index], domain, self.alpha)
        image = image if self.whole else images.middle(image, (1, 1))
        return {"image": image, "attributes": np.nan_to_num(values), "mask": np.float32(~np.isnan(values))}


class JoinedSource(View):
    """A split of one of several joined sets, with the attributes of all sets: those of the other sets are 0 and unknown.

    Args:
        inner: the split of the one set.
        sets: one split of each set, in order, for the names of its attributes.
        image: the domain that the images of all sets share.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
    """

    def __init__(self, inner: Source, sets: Sequence[Source], image: Domain, alpha: str):
        super().__init__(inner, {"image": image})
        self.alpha = alpha
        self.attribute_names = tuple(chain(*(source.attribute_names for source in sets)))
        self.attribute_groups = tuple(chain(*(source.attribute_groups for source in sets)))
        self.attribute_sets = tuple(source.attribute_names for source in sets)

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One example of the set: `image`, H×W×C in the channels and dtype that all sets share, and `attributes` and `mask` of all sets.

        Raises:
            UnreadableImage: the files of this example cannot be used.
        """
        example, domain = self.inner.load(index), self.domains["image"]
        first = self.attribute_names.index(self.inner.attribute_names[0])
        after = len(self.attribute_names) - first - len(self.inner.attribute_names)
        widened = {key: np.pad(example[key], (first, after)) for key in ("attributes", "mask")}
        return {"image": images.convert(example["image"], domain.channels, domain.dtype, self.alpha), **widened}


def open_attributes(settings: DataConfig) -> dict[str, list[Source]]:
    """The splits of images with attributes: "train", and "val" and "test" as far as they exist; one source for each set.

    A set is a folder with a file of attributes (see `tfgan.data.attributes.tables.read_table`) and the images it names beside it, in
    images/ or in img_align_celeba/; or else class folders (see `tfgan.data.folders.classes`), whose names are attributes that exclude
    each other. Without validation and test images, a share of each set is held out for validation, chosen by a hash of the files' names.

    Attributes of one group are known together or not at all: one that is present says that the others are not; if none is present and one
    is unknown, all are.

    Args:
        settings: `data_dir` is the first set, with `attributes_file`; `extra_data_dirs` are the others. `attributes` says what is learned
            and in which order. `attribute_groups` says what excludes each other, in place of groups of the data that share a name with it.

    Raises:
        UserError: a set has no attributes, or images and rows do not match (unless `skip_bad_files`); a name is unknown, or is in two sets
            or groups; an attribute is the same in all training images.
    """
    folders = [Path(settings.data_dir), *map(Path, settings.extra_data_dirs)]
    files = [settings.attributes_file] + [""] * len(settings.extra_data_dirs)
    tables = [find_table(folder, file, settings) for folder, file in zip(folders, files)]
    selections = select([table.columns for table in tables], settings.attributes, settings.attribute_groups)
    return join([open_set(*one, settings) for one in zip(folders, tables, selections)], settings.alpha)


def find_table(folder: Path, file: str, settings: DataConfig) -> Table:
    """The attributes of a set of images, with the images' paths inside its folder.

    Args:
        folder: the folder of the set.
        file: the file of attributes, a path inside the folder or an absolute one; empty: one of `FILES`, or else class folders.
        settings: `attributes` says which columns are read, `skip_bad_files` whether images and rows without the other are left out.

    Raises:
        UserError: there is no file of attributes and there are no class folders; images and rows do not match (unless `skip_bad_files`).
    """
    require_folder(folder)
    found = [folder / file] if file else find_files(folder)
    if len(found) > 1:
        names = " or ".join(shlex.quote(path.name) for path in found)
        raise UserError(f"{folder} has several files of attributes: choose with --attributes_file={names}")
    if not found:
        try:
            return _class_table(folder, settings.skip_bad_files)
        except UserError as error:
            expected = f"{', '.join(FILES)}, another table that names the images, or what --attributes_file names"
            raise UserError(f"{folder} has no file of attributes ({expected}), and these are no class folders: {error}") from None
    return _with_images(folder, found[0], read_table(found[0], settings.attributes), settings.skip_bad_files)


def find_files(folder: Path) -> list[Path]:
    """The files of attributes in a folder: those of usual names, or else, unless it has class folders, all tables that name images."""
    usual = [folder / name for name in FILES if (folder / name).is_file()]
    return usual or (_tables(folder) if not _has_classes(folder) else [])


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and names_images(path))


def _has_classes(folder: Path) -> bool:
    try:
        find_class_folders(folder, True)
    except UserError:
        return False
    return True


def _class_table(folder: Path, skip_bad_files: bool) -> Table:
    found = find_class_folders(folder, skip_bad_files)
    for path in _tables(folder):
        logger.info(
            f"{path} is not read, as class folders say the attributes; {shell_flag('attributes_file', path.name)} reads it instead."
        )
    rows = [(file, label, split) for split, files in found.splits.items() for file, label in files]
    values = np.eye(len(found.class_names), dtype=np.float32)[[label for _, label, _ in rows]]
    # A set that is all training images does not say what validates.
    splits = [split if len(found.splits) > 1 else "" for _, _, split in rows]
    return Table({"class": found.class_names}, [file for file, _, _ in rows], values, splits, found.skipped)


def _with_images(folder: Path, path: Path, table: Table, skip_bad_files: bool) -> Table:
    """The table `table`, of the file `path`, cut down to the images that are in the folder, with their paths inside it."""
    there = [path.as_posix() for path in list_images(folder)]
    known = set(there)
    inside = max(_IMAGE_FOLDERS, key=lambda inside: sum(inside + file in known for file in table.files))
    kept = [at for at, file in enumerate(table.files) if inside + file in known]
    if not kept:
        places = ", ".join(f"{folder}/{place}" for place in _IMAGE_FOLDERS[:3])
        problems = [f"{file}: {reason}" for file, reason in table.bad] + [f"{file} is not in {places}" for file in table.files]
        raise UserError(f"{path} describes none of the images: {(problems or ['it has no rows'])[0]}")
    files = [inside + file for file in table.files]
    listed = {*files, *(inside + file for file, _ in table.bad)}
    bad = [(inside + file, reason) for file, reason in table.bad]
    bad += [(file, f"is in {path.name} but not in the folder") for file in files if file not in known]
    bad += [(file, f"has no row in {path.name}") for file in there if file.startswith(inside) and file not in listed]
    if not skip_bad_files:
        refuse(bad, f"rows or images of {path} cannot be used")
    return Table(table.columns, [files[at] for at in kept], table.values[kept], [table.splits[at] for at in kept], bad)


def open_set(folder: Path, table: Table, selection: Selection, settings: DataConfig) -> dict[str, AttributeFolder]:
    """The splits of one set of images with attributes.

    Logs how many images are held out for validation, and how many have none or several of the attributes of a group.

    Args:
        folder: the folder of the set.
        table: its attributes, as `find_table` returns them.
        selection: which attributes are learned, and which exclude each other.
        settings: of these, `alpha`, what becomes of transparency, `fit`, without which images are squares, and `pages` are used.

    Raises:
        UserError: there are no training images; an attribute is the same in all of them.
    """
    values = table.values[:, [table.names.index(name) for name in selection.names]].astype(np.float32)
    for group in selection.groups:
        _settle(values, group, selection.names, folder)
    splits = list(table.splits)
    if not {"val", "test"} & set(splits):
        held = _held_out(table.files)
        splits = ["val" if file in held else "train" for file in table.files]
        logger.info(f"{folder}: {len(held)} of {len(table.files)} images kept for validation, the same ones every time.")
    rows = {split: [at for at, found in enumerate(splits) if found == split] for split in ("train", "val", "test") if split in splits}
    if "train" not in rows:
        raise UserError(f"{folder} has no training images, only {', '.join(rows)}")
    _check_learnable(folder, values[rows["train"]], selection.names)
    domains = infer_domains(
        {"image": [folder / file for file in table.files]}, ("image",), alpha=settings.alpha, pages=settings.effective()["pages"]
    )
    return {
        split: AttributeFolder(
            folder,
            domains,
            settings.alpha,
            [table.files[at] for at in kept],
            values[kept],
            *selection,
            skipped=table.bad if split == "train" else [],
            whole=settings.fit != "auto",
        )
        for split, kept in rows.items()
    }


def _settle(values: np.ndarray, group: Strings, names: Strings, folder: Path):
    """Makes a group of attributes known as a whole or not at all, in place; logs how many images have none or several of them."""
    columns = [names.index(name) for name in group]
    block = values[:, columns]
    block[np.isnan(block) & (block == 1).any(axis=1, keepdims=True)] = 0
    block[np.isnan(block).any(axis=1)] = np.nan
    values[:, columns] = block
    none, several = (block.sum(axis=1) == 0).sum(), (block.sum(axis=1) > 1).sum()
    if none or several:
        logger.info(f"{folder}: of {len(block)} images, {none} have none of {'+'.join(group)} and {several} have more than one.")


def _held_out(files: list[str]) -> set[str]:
    """The files that are kept from training: a share that does not depend on their order."""
    count = min(max(1, round(HELD_OUT * len(files))), MOST_HELD_OUT, len(files) - 1)
    return set(sorted(files, key=lambda file: hashlib.sha256(file.encode(errors="surrogateescape")).digest())[:count])


def _check_learnable(folder: Path, values: np.ndarray, names: Strings):
    constant = {
        name: f"always {column.max():.0f}" if (column := values[~np.isnan(values[:, at]), at]).size else "never known"
        for at, name in enumerate(names)
        if not {0, 1} <= set(values[:, at])
    }
    if constant:
        shown = ", ".join(f"{name} ({what})" for name, what in constant.items())
        others = tuple(name for name in names if name not in constant)
        cure = f"leave out with {shell_flag('attributes', others)}" if others else "no other is there"
        raise UserError(f"{folder}: attributes that are the same in all training images cannot be learned: {shown}; {cure}")


def join(sets: Sequence[Mapping[str, Source]], alpha: str) -> dict[str, list[Source]]:
    """Split -> its sources, one for each of the joined sets.

    For a split that only other sets have, a set gives its validation images, or else its test or training images.

    Args:
        sets: split -> source of images with attributes, for each set; each has a split "train".
        alpha: what becomes of transparency: "composite", "drop" or "keep".
    """
    if len(sets) == 1:
        return {split: [source] for split, source in sets[0].items()}
    first = [splits["train"] for splits in sets]
    found = [source.domains["image"] for source in first]
    dtype = "uint16" if all(domain.dtype == "uint16" for domain in found) else "uint8"
    image = Domain("image", max(domain.channels for domain in found), dtype)

    def sources(split: str) -> list[Source]:
        nearest = (next(splits[name] for name in (split, "val", "test", "train") if name in splits) for splits in sets)
        return [JoinedSource(source, first, image, alpha) for source in nearest]

    return {split: sources(split) for split in ("train", "val", "test") if any(split in splits for splits in sets)}
