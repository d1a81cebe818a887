"""Reads pairs of images out of TensorFlow Datasets (TFDS): those of pix2pix, and any set with two image features."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tfgan.config import Domain
from tfgan.data.folders.domains import shared_pixels
from tfgan.data.folders.splits import SPLITS
from tfgan.data.preparation.pairing import as_pair, split_halves
from tfgan.data.reading import images
from tfgan.data.source import Record, Records, RecordSource
from tfgan.data.tfds.builders import PIX2PIX, import_tfds, pix2pix_builder, prepare
from tfgan.errors import UnreadableImage, UserError

PROBED = 16  # examples looked at where a feature does not say how many channels it has


@dataclasses.dataclass(frozen=True)
class SideBySideSource(RecordSource):
    """Pairs of images that are stored as one image each, A the left half and B the right."""

    domains: dict[str, Domain]
    records: Records  # with `image` and `file_name`

    def name(self, index: int) -> str:
        return self.records[index]["file_name"].decode()

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both halves of an image, "A" and "B", each H×W×C in its domain's channels and dtype.

        Raises:
            UnreadableImage: the stored file is damaged, or its width is odd.
        """
        halves = split_halves(images.load(self.records[index]["image"]))
        return as_pair(dict(zip("AB", halves)), self.domains, "composite")


@dataclasses.dataclass(frozen=True)
class FeaturePairSource(RecordSource):
    """Pairs of images that are stored as two image features of one example."""

    domains: dict[str, Domain]
    records: Records
    features: dict[str, str]  # "A" and "B" -> feature
    alpha: str

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both images of a pair, "A" and "B", each H×W×C in its domain's channels and dtype.

        Raises:
            UnreadableImage: an image is damaged, or the two differ in size.
        """
        record = self.records[index]
        found = {feature: self._load(feature, record[feature]) for feature in (self.features["A"], self.features["B"])}
        return as_pair(found, self.domains, self.alpha)

    def _load(self, feature: str, content: bytes) -> images.Loaded:
        try:
            return images.load(content)
        except UnreadableImage as error:
            raise UnreadableImage(f"{feature}: {error}") from None


def open_pix2pix(name: str, tfds_dir: str) -> dict[str, SideBySideSource]:
    """The splits train, val and test, as far as they exist, of a data set of pix2pix, downloaded and prepared by TFDS at first use.

    Args:
        name: facades, maps, cityscapes, edges2shoes, edges2handbags or night2day.
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets.

    Raises:
        UserError: TFDS is not installed; the archive cannot be downloaded, is not the published one, or is damaged; the disk is full.
    """
    facts = PIX2PIX[name]
    domains = {
        side: Domain(name=half, channels=3, resample="nearest" if half == facts.label_domain else "bicubic")
        for side, half in (("A", facts.left), ("B", facts.right))
    }
    records = read_splits(pix2pix_builder(name, tfds_dir), ("image", "file_name"))
    return {split: SideBySideSource(domains, found) for split, found in records.items()}


def open_tfds(
    name: str, source_feature: str, target_feature: str, tfds_dir: str, label_domains: tuple[str, ...], alpha: str
) -> dict[str, FeaturePairSource]:
    """The splits train, val (also named valid or validation) and test, as far as they exist, of any TFDS set with two image features.

    A set that is not prepared yet is downloaded and written as ArrayRecord files, which give random access. One that was prepared in
    another format, as TFRecord files, is read once: the encoded images of all its splits then stay in memory.

    A domain bears the name of its feature. Its channels and dtype are the feature's; where the feature leaves the channels open, those of
    the first examples: 3 if any is in color, else 1. With alpha="keep" transparency makes it 4, otherwise it counts for nothing.

    Args:
        name: name of the set, as TFDS knows it: "name", "name/config" or "name/config:version".
        source_feature: the image feature that becomes "A"; a nested one is written "a/b".
        target_feature: the image feature that becomes "B".
        tfds_dir: where TFDS keeps its files; empty: ~/tensorflow_datasets.
        label_domains: features that are label maps, to be resized by nearest neighbor.
        alpha: what becomes of transparency: "composite", "drop" or "keep".

    Raises:
        UserError: TFDS is not installed, does not know the set or cannot prepare it; it has no such image feature; it has no known split.
    """
    tfds = import_tfds()
    try:
        builder = tfds.builder(name, data_dir=os.path.expanduser(tfds_dir) or None)
    except ValueError as error:  # no such set, configuration or version
        raise UserError(f"TensorFlow Datasets cannot open {name!r} (its sets: tensorflow.org/datasets/catalog): {error}") from None
    features = {"A": source_feature, "B": target_feature}
    known = _image_features(tfds, builder.info.features)
    _check_features(name, features, known)
    if source_feature == target_feature:
        raise UserError(f"--tfds_source and --tfds_target are both {source_feature}; tfds:{name} has {', '.join(known)}")
    for unknown in set(label_domains) - set(features.values()):
        raise UserError(f"unknown label domain {unknown!r}; the domains of tfds:{name} are {source_feature} and {target_feature}")

    prepare(builder, f"tfds:{name}")
    records = read_splits(builder, tuple(dict.fromkeys(features.values())))
    if not records:
        raise UserError(f"tfds:{name} has no split named train, validation or test, but {', '.join(builder.info.splits) or 'none'}")
    first = next(iter(records.values()))
    domains = {
        side: _domain(feature, known[feature], "nearest" if feature in label_domains else "bicubic", alpha, first)
        for side, feature in features.items()
    }
    return {split: FeaturePairSource(domains, found, features, alpha) for split, found in records.items()}


class _ArrayRecords:
    """Records read from the disk when they are asked for; only the wanted features are copied, and none is decoded."""

    def __init__(self, builder, split: str, features: tuple[str, ...]):
        method = import_tfds().decode.DeserializeMethod.DESERIALIZE_NO_DECODE
        self._source = builder.as_data_source(split, deserialize_method=method)
        self._features = features

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Record:
        if not 0 <= index < len(self):
            raise IndexError(index)  # which ends a loop; ArrayRecord itself raises ValueError
        stored = self._source[index].features.feature  # of a tf.train.Example
        return {feature: getattr(stored[feature], stored[feature].WhichOneof("kind")).value[0] for feature in self._features}


def read_splits(builder, features: tuple[str, ...], names=SPLITS) -> dict[str, Records]:
    """The name of each split that is there and not empty, train, val or test -> its records, read from a prepared TFDS set.

    Args:
        builder: the builder of the set.
        features: the features to read, nested ones as "a/b"; images stay encoded.
        names: name of a split -> the names that it may have in TFDS.
    """
    formats = {file_format.value for file_format in builder.info.available_file_formats()}
    read: Callable[..., Records] = _ArrayRecords if "array_record" in formats else _read_at_once
    splits = {split: alias for split, aliases in names.items() for alias in aliases if alias in builder.info.splits}
    return {split: read(builder, alias, features) for split, alias in splits.items() if builder.info.splits[alias].num_examples}


def _read_at_once(builder, split: str, features: tuple[str, ...]) -> list[Record]:
    """All records of a split that has no random access, in the order in which they are stored."""
    tfds = import_tfds()
    wanted: dict[str, Any] = {}
    decoders: dict[str, Any] = {}
    for feature in features:
        *parents, last = feature.split("/")
        for tree, leaf in ((wanted, True), (decoders, tfds.decode.SkipDecoding())):
            for parent in parents:
                tree = tree.setdefault(parent, {})
            tree[last] = leaf
    examples = builder.as_dataset(
        split,
        decoders=tfds.decode.PartialDecoding(wanted, decoders),
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    )
    return [{feature: _descend(example, feature) for feature in features} for example in tfds.as_numpy(examples)]


def _descend(example: Any, feature: str) -> bytes | int:
    for part in feature.split("/"):
        example = example[part]
    return example


def _image_features(tfds, features, prefix: str = "") -> dict[str, object]:
    """The path of each image feature with 8 or 16 bits a channel, such as "a/b" -> the feature."""
    found: dict[str, object] = {}
    for name, feature in features.items():
        if isinstance(feature, tfds.features.FeaturesDict):
            found |= _image_features(tfds, feature, f"{prefix}{name}/")
        elif isinstance(feature, tfds.features.Image) and feature.np_dtype in (np.uint8, np.uint16):
            found[prefix + name] = feature
    return found


def _check_features(name: str, features: dict[str, str], known: dict[str, object]):
    for (side, feature), flag in zip(features.items(), ("--tfds_source", "--tfds_target")):
        if feature not in known:
            problem = f"has no image feature {feature!r}" if feature else f"needs {flag}, the feature that holds domain {side}"
            raise UserError(f"tfds:{name} {problem}; its image features: {', '.join(known) or 'none'}")


def _domain(name: str, feature, resample: str, alpha: str, records: Records) -> Domain:
    channels, dtype = feature.shape[-1], feature.np_dtype.__name__
    if channels is None:
        infos = [info for index in range(min(PROBED, len(records))) if (info := _probe(records[index][name]))]
        channels = shared_pixels(infos, alpha)[0]
    if channels == 4 and alpha != "keep":
        channels = 3
    return Domain(name=name, channels=channels, dtype=dtype, resample=resample)


def _probe(content: bytes) -> images.ImageInfo | None:
    try:
        return images.probe(content)
    except UnreadableImage:
        return None
