"""Reads the unpaired data sets of CycleGAN (Zhu et al., ICCV 2017) out of TensorFlow Datasets (TFDS)."""

import dataclasses
import os

import numpy as np

from tfgan.config import Domain
from tfgan.data.reading import images
from tfgan.data.source import Records, RecordSource
from tfgan.data.tfds.builders import import_tfds, prepare
from tfgan.data.tfds.pairs import read_splits
from tfgan.errors import UnreadableImage, UserError

URL = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip"
"""Address of the archives, where TFDS, too, finds them; each holds trainA, trainB, testA and testB, full of JPEG files."""


@dataclasses.dataclass(frozen=True)
class Collection:
    """What is known of one data set of CycleGAN: the names of its domains and the numbers of its images."""

    domains: tuple[str, str]  # names of A and B
    images: dict[str, tuple[int, int]]  # split -> number of images of A and of B


# Counts: the TFDS catalog (cycle_gan). The authors' docs/datasets.md has others, for example 939 horses and 1,177 zebras to train.
# The other sets of the same home, facades, maps and cityscapes, are pairs: see `tfgan.data.tfds.builders.PIX2PIX`.
CYCLEGAN = {
    "horse2zebra": Collection(("horse", "zebra"), {"train": (1067, 1334), "test": (120, 140)}),
    "apple2orange": Collection(("apple", "orange"), {"train": (995, 1019), "test": (266, 248)}),
    "summer2winter_yosemite": Collection(("summer", "winter"), {"train": (1231, 962), "test": (309, 238)}),
    "monet2photo": Collection(("monet", "photo"), {"train": (1072, 6287), "test": (121, 751)}),
    "cezanne2photo": Collection(("cezanne", "photo"), {"train": (525, 6287), "test": (58, 751)}),
    "ukiyoe2photo": Collection(("ukiyoe", "photo"), {"train": (562, 6287), "test": (263, 751)}),
    "vangogh2photo": Collection(("vangogh", "photo"), {"train": (400, 6287), "test": (400, 751)}),
    "iphone2dslr_flower": Collection(("iphone", "dslr"), {"train": (1812, 3325), "test": (569, 480)}),
}
"""Name of a data set of CycleGAN -> what is known of it."""


@dataclasses.dataclass(frozen=True)
class CollectionSource(RecordSource):
    """The images of one domain in one split, with the one key `side`.

    TFDS keeps no file names. An image's name is its number in the order in which TFDS stores the split, which depends on the images alone.
    """

    side: str  # "A" or "B"
    domains: dict[str, Domain]  # of the side alone
    records: Records  # with `image`

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×3 uint8, under the key `side`.

        Raises:
            UnreadableImage: the stored file is damaged. The message names the domain.
        """
        domain = self.domains[self.side]
        try:
            image = images.decode(self.records[index]["image"])
        except UnreadableImage as error:
            raise UnreadableImage(f"{domain.name}: {error}") from None
        return {self.side: images.convert(image, domain.channels, domain.dtype, "composite")}


def open_cyclegan(name: str, tfds_dir: str) -> dict[str, list[CollectionSource]]:
    """The sources of A and of B, for the splits train and test of a data set of CycleGAN, which TFDS downloads and prepares at first use.

    Args:
        name: a key of `CYCLEGAN`.
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets.

    Raises:
        UserError: TFDS is not installed, or cannot download or write the set.
    """
    facts = CYCLEGAN[name]
    builder = import_tfds().builder(f"cycle_gan/{name}", data_dir=os.path.expanduser(tfds_dir) or None)
    try:
        prepare(builder, name)
    except UserError as error:
        by_hand = f"Or download {URL.format(name=name)} by hand, unpack it and train with --data_dir=FOLDER/{name}."
        raise UserError(f"{error}\n{by_hand}") from None
    parts = [f"{split}{side}" for split in facts.images for side in "AB"]
    records = read_splits(builder, ("image",), {part: (part,) for part in parts})
    domains = {side: Domain(name=called, channels=3) for side, called in zip("AB", facts.domains)}
    return {split: [CollectionSource(side, {side: domains[side]}, records[f"{split}{side}"]) for side in "AB"] for split in facts.images}
