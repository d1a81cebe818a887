"""The data set as the rest of the program sees it: a spec, endless training batches, and single examples for samples and validation."""

from __future__ import annotations  # types of TensorFlow, which is imported when the first batch is made

import dataclasses
import functools
import hashlib
import logging
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfgan.config import BATCH_KINDS, DataConfig, DataSpec, Domain, Scale, Size
from tfgan.data.label_maps.results import find_written, may_be_coded
from tfgan.data.preparation.geometry import KEEPING_SCALE, viewed
from tfgan.data.preparation.jitter import is_photo
from tfgan.data.preparation.normalization import as_floats
from tfgan.data.preparation.pipeline import make_batches
from tfgan.data.preparation.prepare import Listing, PreparedSource
from tfgan.data.preparation.room import Room, free_memory
from tfgan.data.reading.images import resize
from tfgan.data.reading.patience import Patience
from tfgan.data.source import Source
from tfgan.errors import UserError
from tfgan.lazy import tf
from tfgan.terminal import waiting

logger = logging.getLogger(__name__)


OF_NO_FILE = ("skip_bad_files", "recheck", "cache", "read_patience", "fit", "augment", "max_images", "show_bands")
"""Settings of data that change nothing of what is in a file."""


class Dataset:
    """The training and validation images of one data set.

    Attributes:
        spec: what the batches hold.
        image_size: height and width of a batch's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        validation_split: the split that validates: val, or test, or, if there is neither, train.

    Args:
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        splits: split -> (source, keys of the batch -> keys of the source) for each stream: one; two for unpaired domains; or one for
            each of several joined sets, which take turns.
        image_size: height and width of a batch's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        settings: of these, skip_bad_files, recheck, cache, fit, augment and read_patience are used.
        check: load every training and validation image once before training; not needed for images that are made, not read.
        network: height and width in pixels at which a network sees the images, where those of this data set are to show the same at
            another size; None: they are what a network sees.

    Raises:
        UserError: no training images; images that cannot be used.
    """

    def __init__(
        self,
        kind: str,
        splits: dict[str, list[tuple[Source, dict[str, str]]]],
        image_size: Size,
        loaded_size: Size,
        settings: DataConfig,
        *,
        check: bool = True,
        network: Size | None = None,
    ):
        if "train" not in splits:
            raise UserError(f"The data set has no training images; it has: {', '.join(splits) or 'nothing'}.")
        self.image_size, self.loaded_size, self.augment = image_size, loaded_size, settings.augment
        self.fit = settings.fit_of(kind)
        self._seen = network if network and self.fit in KEEPING_SCALE else image_size
        self.validation_split = next(split for split in ("val", "test", "train") if split in splits)
        self._train, self._validation = self._prepare(splits, settings)
        if check:
            for split, streams in {self.validation_split: self._validation, "train": self._train}.items():
                for number, stream in enumerate(streams):
                    stream.check(split, settings.skip_bad_files, (number, _reading(settings)), settings.recheck)
        self._check_augment(kind)
        first = self._train[0].source
        self._alternate = BATCH_KINDS[kind].joined and len(self._train) > 1
        self.spec = DataSpec(
            kind=kind,
            image_size=image_size,
            domains={key: domain for stream in self._train for key, domain in stream.domains.items()},
            sizes={"train": self._count(self._train), "validation": self._count(self._validation)},
            fingerprint="-".join(stream.fingerprint() for stream in self._train),
            class_names=tuple(first.class_names),
            attribute_names=tuple(first.attribute_names),
            attribute_groups=tuple(first.attribute_groups),
            attribute_sets=tuple(first.attribute_sets),
        )

    def _check_augment(self, kind: str):
        """Raises `UserError` for changes that the images, or their size, do not allow."""
        height, width = self.image_size
        if "rot90" in self.augment and height != width:
            size = f"--image_size={height}x{width}"
            size = f"--image_size={height}x{width}"
            raise UserError(f"--augment=rot90 rotates images by 90°, and {size} is not square: use a square --image_size, or leave it out.")
        domains = [domain for stream in self._train for domain in stream.domains.values()]
        if "color" in self.augment and not any(map(is_photo, domains)):
            names = " and ".join(dict.fromkeys(domain.name for domain in domains))
            raise UserError(f"--augment=color is for color pictures, and {names} are none: leave it out.")

    def know_label_values(self, settings: DataConfig, known: Mapping[str, Domain]):
        """Notes in `spec` the values of label maps that are learned as pictures, and may be results: whose files hold few.

        Args:
            settings: those with which the sources were opened.
            known: key of a batch -> domain, of a run that goes on, which are not looked for again.
        """
        translates = BATCH_KINDS[self.spec.kind].translates
        keys = translates if self.spec.kind == "unpaired" else translates[1:]
        domains = dict(self.spec.domains)
        for stream in self._train:
            for key, own in stream.keys.items():
                domain = domains.get(key)
                if domain and key in keys and may_be_coded(domain):
                    written = known[key].written if key in known else find_written(stream.source, own, settings)
                    domains[key] = dataclasses.replace(domain, written=written)
        self.spec = dataclasses.replace(self.spec, domains=domains)

    def _count(self, streams: list[PreparedSource]) -> int:
        """The number of examples in one epoch: streams that take turns add up; of streams side by side, the longest counts."""
        return sum(map(len, streams)) if self._alternate else max(map(len, streams))

    def _prepare(self, splits, settings):
        """Returns the training and the validation streams, which keep as many images in memory as fit, and logs how many do."""
        patience = Patience(settings.read_patience)
        whole = self._seen != self.image_size  # nothing is trained on these
        training = ("train", self._seen, None) if whole else ("train", self.loaded_size, self.image_size)

        def prepare(room):
            return [
                [PreparedSource(source, keys, size, room, self.fit, crops, patience) for source, keys in splits[split]]
                for split, size, crops in (training, (self.validation_split, self._seen, None))
            ]

        needed, free = sum(stream.bytes() for streams in prepare(Room(0)) for stream in streams), free_memory()
        told, room = "an unknown amount" if free is None else f"{free / 1e6:.0f} MB", Room.of(settings.cache, free)
        logger.info(f"Images: {needed / 1e6:.0f} MB decoded, {told} of memory free: {room.words(needed)} (--cache={settings.cache}).")
        return prepare(room)

    @property
    def failure(self) -> Exception | None:
        """Why a training batch could not be made; None as long as all could."""
        return next((stream.failure for stream in self._train if stream.failure), None)

    def scale(self) -> dict[str, Scale]:
        """Key of a batch's images -> at what scale they are seen, by the training images that were loaded, which are all after a check."""
        sizes: dict[str, list[Size]] = {}
        for stream in self._train:
            for key in stream.domains:
                sizes[key] = sizes.get(key, []) + stream.original_sizes()
        return {key: Scale.of(found, self.loaded_size, self.image_size, self.fit) for key, found in sizes.items()}

    def train_batches(self, **settings: Any) -> tf.data.Dataset:
        """Endless training batches: dictionaries of tensors, images b×H×W×C float32 in [-1, 1].

        Args:
            settings: those of `tfgan.data.preparation.pipeline.make_batches`, such as batch_size, flip and seed.
        """
        return make_batches(self._train, self.image_size, alternate=self._alternate, augment=self.augment, **settings)

    def validation_example(self, index: int) -> dict[str, np.ndarray]:
        """One validation example, resized only: images H×W×C float32 in [-1, 1], anything else as the source has it.

        Args:
            index: place of the example, from 0; beyond the `spec.sizes["validation"]` examples of `validation_split`, it starts over.

        Raises:
            UnreadableImage: the files of this example cannot be used.
            ReadFailed: they cannot be read.
        """
        streams = self._validation
        if self._alternate:  # one set after the other
            index %= self.spec.sizes["validation"]
            while index >= len(streams[0]):
                index -= len(streams[0])
                streams = streams[1:]
            streams = streams[:1]
        example = {}
        for stream in streams:
            for key, array in zip(stream.keys, stream.fetch(index % len(stream))):
                domain = stream.domains.get(key)
                example[key] = array if domain is None or domain.is_map else as_floats(array, domain)
        return example

    def column(self, split: str, key: str, most: int) -> np.ndarray:
        """What stands under `key` in the examples of a split, each once.

        Args:
            split: "train" or "validation".
            key: a key of the batches.
            most: of more examples, so many are taken, evenly spaced; keys of one stream give the same ones.

        Returns:
            The entries of N examples, stacked: images N×H×W×C in the domain's dtype, or float32 in [-1, 1] where it has a range, of the
            size of a batch's images; maps of class ids
            N×H×W int32; labels N; attributes N×K.
        """
        found = []
        places = self._spaced(split, key, most)
        for stream, index in waiting(places, len(places), "Reading images"):
            array = stream.fetch(index)[list(stream.keys).index(key)]
            domain = stream.domains.get(key)  # training images have the size before the crop
            if domain is not None:
                if self.fit in KEEPING_SCALE:
                    array = viewed(array, self.fit, self._seen, domain)
                array = resize(array, self.image_size, domain.resample, bands=domain.bands)
            found.append(array)
        return np.stack(found)

    @functools.cached_property
    def listings(self) -> dict[str, list[Listing]]:
        """Split -> the examples of each of its streams: those of training, and of the split that validates if it is another one."""
        splits = {self.validation_split: self._validation, "train": self._train}
        return {split: [stream.listing() for stream in streams] for split, streams in splits.items()}

    def content(self, keys: tuple[str, ...]) -> str:
        """A hash, 16 hexadecimal digits, of what stands under `keys` in all training examples; `spec.fingerprint` is one of their names."""
        sha = hashlib.sha256()
        for stream in self._train:
            places = [place for place, key in enumerate(stream.keys) if key in keys]
            for index in waiting(range(len(stream)), len(stream), "Reading images") if places else ():
                arrays = stream.fetch(index)
                for place in places:
                    sha.update(np.ascontiguousarray(arrays[place]).data)
        return sha.hexdigest()[:16]

    def names(self, split: str, key: str, most: int) -> tuple[str, ...]:
        """The names of the examples that `column` returns for the same arguments, in its order."""
        return tuple(stream.name(index) for stream, index in self._spaced(split, key, most))

    def _spaced(self, split, key, most):
        streams = [stream for stream in (self._train if split == "train" else self._validation) if key in stream.keys]
        places = [(stream, index) for stream in streams for index in range(len(stream))]
        count = min(most, len(places))
        return [places[i * len(places) // count] for i in range(count)]


def _reading(settings: DataConfig) -> list[tuple[str, Any]]:
    """The settings by which files are read."""
    values = dataclasses.asdict(settings) | {"data_dir": os.path.abspath(settings.data_dir)}
    return [(name, value) for name, value in values.items() if name not in OF_NO_FILE]
