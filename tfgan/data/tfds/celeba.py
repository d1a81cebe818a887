"""Reads CelebA out of TensorFlow Datasets (TFDS): faces with 40 attributes.

Source: Liu et al., Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import dataclasses
import os
from pathlib import Path

import numpy as np

from tfgan.config import DataConfig, Domain, Strings
from tfgan.data.attributes.folder import find_table, join, open_set
from tfgan.data.attributes.selection import select
from tfgan.data.reading import images
from tfgan.data.source import Records, RecordSource, Source
from tfgan.data.tfds.builders import import_tfds, prepare
from tfgan.data.tfds.classes import ImageRecords
from tfgan.data.tfds.pairs import read_splits
from tfgan.errors import UserError

STARGAN = {"hair": ("Black_Hair", "Blond_Hair", "Brown_Hair"), "Male": ("Male",), "Young": ("Young",)}
"""The attributes that are learned if none are named, those of StarGAN (Choi et al., CVPR 2018, section 5.2); hair has one color."""


@dataclasses.dataclass(frozen=True)
class CelebASource(RecordSource):
    """One split of CelebA, with the keys "image", "attributes" and "mask"; all attributes are known."""

    domains: dict[str, Domain]
    records: Records
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()
    whole: bool = False  # faces as they are, 218×178, instead of their central squares

    def load(self, index: int) -> dict[str, np.ndarray]:
        """The central square of a face, 178×178×3 uint8, or all of it, its attributes, float32 of 1 and 0, and their mask, float32 ones.

        Raises:
            UnreadableImage: the stored file is damaged.
        """
        record = self.records[index]
        attributes = np.array([record[f"attributes/{name}"] for name in self.attribute_names], np.float32)
        image = images.convert(images.decode(record["image"]), 3, "uint8")
        image = image if self.whole else images.middle(image, (1, 1))
        return {"image": image, "attributes": attributes, "mask": np.ones_like(attributes)}


def open_celeba(settings: DataConfig) -> dict[str, list[Source]]:
    """The splits train, val and test of CelebA, downloaded and prepared by TFDS at first use; one source for each set.

    Sets of the user's own in `settings.extra_data_dirs` are joined to it, see `tfgan.data.attributes.folder.open_attributes`.

    Args:
        settings: `tfds_dir` is where TFDS keeps its files; `attributes` says what is learned (empty: `STARGAN`, and all of the other sets),
            `attribute_groups` what excludes each other; without `fit`, images are their central squares.

    Raises:
        UserError: an unknown attribute; TFDS is not installed or cannot download the set, which is often beyond the quota of its server.
    """
    builder = _builder(settings.tfds_dir)
    columns = {name: (name,) for name in builder.info.features["attributes"]} if settings.attributes else STARGAN
    folders = [Path(folder) for folder in settings.extra_data_dirs]
    tables = [find_table(folder, "", settings) for folder in folders]
    (names, groups), *others = select([columns, *(table.columns for table in tables)], settings.attributes, settings.attribute_groups)
    _prepare(builder)
    records = read_splits(builder, ("image", *(f"attributes/{name}" for name in names)))
    domains, whole = {"image": Domain("image", 3)}, settings.fit != "auto"
    celeba = {split: CelebASource(domains, found, names, groups, whole) for split, found in records.items()}
    sets = [open_set(*one, settings) for one in zip(folders, tables, others)]
    return join([celeba, *sets], settings.alpha)


def open_faces(tfds_dir: str) -> dict[str, ImageRecords]:
    """The faces of CelebA without attributes, 218×178×3 uint8, for the splits train, val and test.

    Args:
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets.

    Raises:
        UserError: TFDS is not installed or cannot download the set, which is often beyond the quota of its server.
    """
    builder = _builder(tfds_dir)
    _prepare(builder)
    return {split: ImageRecords({"image": Domain("image", 3)}, found) for split, found in read_splits(builder, ("image",)).items()}


def _builder(tfds_dir: str):
    return import_tfds().builder("celeb_a", data_dir=os.path.expanduser(tfds_dir) or None)


def _prepare(builder):
    try:
        prepare(builder, "celeba")
    except UserError as error:
        raise UserError(
            f"{error}\nCelebA's server, Google Drive, often refuses downloads. With a copy of your own, which has list_attr_celeba.txt and "
            "img_align_celeba/, use --data_dir=FOLDER."
        ) from None
