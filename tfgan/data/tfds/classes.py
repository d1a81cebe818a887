"""Reads single images out of TensorFlow Datasets (TFDS): MNIST, Fashion-MNIST and CIFAR-10, small images of ten classes."""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np

from tfgan.config import Domain, Strings
from tfgan.data.reading import images
from tfgan.data.source import Records, RecordSource
from tfgan.data.tfds.builders import import_tfds, prepare
from tfgan.data.tfds.pairs import read_splits
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class ImageRecords(RecordSource):
    """The images of one split, with the key "image" and, if there are class names, "label"."""

    domains: Mapping[str, Domain]
    records: Records  # with `image` and, if there are class names, `label`
    class_names: Strings = ()

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One image, H×W×C uint8, and, if there are class names, its label, an int32 scalar.

        Raises:
            UnreadableImage: the stored file is damaged.
        """
        record = self.records[index]
        image = images.convert(images.decode(record["image"]), self.domains["image"].channels, "uint8")
        label = {"label": np.array(record["label"], np.int32)} if self.class_names else {}
        return {"image": image, **label}


def open_classes(name: str, tfds_dir: str, *, labeled: bool) -> dict[str, ImageRecords]:
    """The splits train and test of a data set, downloaded and prepared by TFDS at first use.

    Args:
        name: mnist, fashion_mnist or cifar10.
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets.
        labeled: whether examples have labels, too.

    Raises:
        UserError: TFDS is not installed, or cannot download or write the set.
    """
    builder = import_tfds().builder(name, data_dir=os.path.expanduser(tfds_dir) or None)
    try:
        prepare(builder, name)
    except UserError as error:
        own = "a folder for each class" if name == "cifar10" else "train-images-idx3-ubyte.gz and the three other files"
        raise UserError(f"{error}\nWith a copy of your own ({own}) use --data_dir=FOLDER.") from None
    features = builder.info.features
    domains, names = {"image": Domain("image", features["image"].shape[-1])}, tuple(features["label"].names) if labeled else ()
    return {
        split: ImageRecords(domains, records, names)
        for split, records in read_splits(builder, ("image", "label") if labeled else ("image",)).items()
    }
