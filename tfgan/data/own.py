"""Keeps images that a program gives as arrays, or by a reader of its own, in the place of a folder.

The process keeps them under a name, `own:` and a hash of what they are, which the run's config.json records. So a run is resumed
only with the images it began with, and every verb of the process finds them.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tfgan.config import BATCH_KINDS, DTYPES, MOST_CHANNELS, DataConfig, Domain, Strings
from tfgan.config.data import OWN
from tfgan.data.folders.domains import shared_pixels
from tfgan.data.folders.splits import SPLITS
from tfgan.data.reading import images
from tfgan.data.reading.headers import ImageInfo
from tfgan.data.source import Source
from tfgan.errors import UserError
from tfgan.values import as_array

Column = Sequence | np.ndarray
"""The entries of one key, one for each example."""

_kept: dict[str, dict[str, list[Source]]] = {}


def is_own(settings: DataConfig) -> bool:
    """Whether the images that `settings` name were given by a program, not read from a folder or a named data set."""
    return not settings.data_dir and settings.dataset.startswith(OWN)


def open_own(settings: DataConfig) -> dict[str, list[Source]]:
    """Split -> the sources that `keep` has kept under the name `settings.dataset`.

    Raises:
        UserError: this process was not given these images.
    """
    try:
        return _kept[settings.dataset]
    except KeyError:
        raise UserError(
            f"--dataset={settings.dataset}: a program gave these images. Give them again, as data= of tfgan.train or tfgan.load, "
            "or name a folder of such images, --data_dir."
        ) from None


def keep(data: Any, kind: str, settings: DataConfig) -> str:
    """Keeps the images for this process, and returns the name under which `open_own` finds them.

    Args:
        data: what `tfgan.train` takes as its `data`.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        settings: `domains`, `label_names`, `attributes` and `attribute_groups` name what the arrays do not.

    Raises:
        UserError: arrays of other keys, shapes or types than batches of this kind have.
    """
    parts = data if isinstance(data, Mapping) and data and set(data) <= set(SPLITS) else {"train": data}
    if "train" not in parts:
        raise UserError(f"data has no train, only {', '.join(parts)}.")
    splits = {split: _sources(parts[split], kind, settings) for split in SPLITS if split in parts}
    _agree(splits)
    digest = hashlib.sha256()
    for split, sources in splits.items():
        for source in sources:
            digest.update(f"{split} {type(source).__name__} {len(source)} {_told(source.domains)}".encode(errors="surrogateescape"))
            digest.update(source.digest() if isinstance(source, ArraySource) else _names_of(source))
    name = f"{OWN}{digest.hexdigest()[:12]}"
    _kept[name] = splits
    return name


def _told(domains: Mapping[str, Domain]) -> str:
    """The domains as text, on which the names of kept images depend: those of pictures are told as in the first versions, so that runs of
    theirs go on."""
    told = []
    for key, domain in domains.items():
        words = [f"{name}={getattr(domain, name)!r}" for name in ("name", "channels", "dtype", "resample", "classes")]
        words += [f"{name}={getattr(domain, name)!r}" for name in ("bands", "value_range", "parts") if getattr(domain, name)]
        told.append(f"{key!r}: Domain({', '.join(words)})")
    return f"{{{', '.join(told)}}}"


def _agree(splits: dict[str, list[Source]]):
    """Gives a domain the same channels and type in all splits, as folders have them."""
    for sources in zip(*splits.values()):
        if all(isinstance(source, ArraySource) for source in sources):
            shared = {key: _joint([source.domains[key] for source in sources]) for key in sources[0].domains}
            for source in sources:
                source.domains = shared


def _joint(domains: list[Domain]) -> Domain:
    """The domain of images of several splits, given that of each."""
    channels = {domain.channels for domain in domains}
    if any(domain.bands for domain in domains) and len(channels) > 1:
        raise UserError(f"data: {domains[0].name} has {' and '.join(map(str, sorted(channels)))} channels in different splits.")
    found = shared_pixels(
        [ImageInfo(1, 1, domain.channels, domain.dtype, domain.channels == 4, domain.bands) for domain in domains], "keep"
    )
    return dataclasses.replace(domains[0], channels=found[0], dtype=found[1], bands=found[2])


def _names_of(source: Source) -> bytes:
    return "\n".join(source.name(index) for index in range(len(source))).encode(errors="surrogateescape")


def _sources(data: Any, kind: str, settings: DataConfig) -> list[Source]:
    if isinstance(data, Source):
        return [data]
    if isinstance(data, list | tuple) and data and all(isinstance(source, Source) for source in data):
        return list(data)
    return from_arrays(_columns(data, kind), kind, settings)


def _columns(data: Any, kind: str) -> dict[str, Column]:
    """The columns of `data` by the keys of the batch; raises `UserError` for data of another form."""
    keys = BATCH_KINDS[kind].keys
    if hasattr(data, "as_numpy_iterator"):  # a tf.data.Dataset, which has no random access
        examples = list(data.as_numpy_iterator())
        if not all(isinstance(example, Mapping) for example in examples):
            raise UserError(f"data: the elements of a tf.data.Dataset must be dictionaries with the keys {', '.join(keys)}.")
        return {key: [example[key] for example in examples] for key in (examples[0] if examples else {})}
    if isinstance(data, Mapping):
        return {str(key): values for key, values in data.items()}
    if len(keys) == 1 and (isinstance(data, list | tuple) or hasattr(data, "__array__")):
        return {keys[0]: data if isinstance(data, list | tuple) else as_array("data", data)}
    raise UserError(
        f"data must be a dictionary of arrays with the keys {', '.join(keys)}, a tf.data.Dataset of such dictionaries, or a "
        f"tfgan.data.source.Source; found {type(data).__name__}."
    )


class ArraySource(Source):
    """Examples that lie in memory.

    Args:
        columns: key of an example -> N images H×W×C of any sizes in their domain's dtype; labels, N int32; or `attributes` and `mask`,
            N×K float32.
        domains: image key -> what stands there; other keys have none.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
    """

    def __init__(self, columns: Mapping[str, Column], domains: Mapping[str, Domain], alpha: str = "composite"):
        self.columns, self.domains, self.alpha = columns, domains, alpha

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def name(self, index: int) -> str:
        return f"{index:06d}"

    def load(self, index: int) -> dict[str, np.ndarray]:
        return {key: self._one(key, values[index]) for key, values in self.columns.items()}

    def _one(self, key: str, value) -> np.ndarray:
        if key not in self.domains:
            return value
        domain = self.domains[key]
        if domain.bands:
            return value.astype(domain.dtype, copy=False)
        return images.convert(value, domain.channels, domain.dtype, self.alpha)

    def content(self, index: int) -> bytes:
        stored = [(key, np.asarray(values[index])) for key, values in self.columns.items() if key in self.domains]
        return hashlib.sha256(b"".join(f"{key}{image.shape}".encode() + image.tobytes() for key, image in stored)).digest()

    def digest(self) -> bytes:
        """The SHA-256 hash, 32 bytes, of all that is in the examples."""
        sha = hashlib.sha256()
        for key, values in self.columns.items():
            for value in values:
                sha.update(f"{key}{np.shape(value)}".encode() + np.ascontiguousarray(value).tobytes())
        return sha.digest()


def from_arrays(columns: Mapping[str, Column], kind: str, settings: DataConfig) -> list[Source]:
    """The sources of one split: two for unpaired images, one for others; images of A and B for kinds with two domains.

    Args:
        columns: key of the batch -> its entries. Images are H×W or H×W×C: pictures with C from 1 to 4, uint8 or uint16; or bands, C
            from 1 to 64, of which `settings.value_range` says what range their values have;
            labels, whole numbers from 0; attributes, N×K of 0, 1 and NaN for unknown, or with a `mask` of their shape, above 0 where known.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        settings: `domains`, `label_domains`, `label_names`, `attributes` and `attribute_groups` name what the arrays do not; `alpha` says
            what becomes of transparency.

    Raises:
        UserError: other keys than the kind's; numbers of examples that differ; images of another type, shape or size.
    """
    known = BATCH_KINDS[kind]
    wanted = [key for key in known.keys if key != "mask"]
    if set(columns) - {"mask"} != set(wanted):
        raise UserError(
            f"data has the keys {', '.join(columns) or 'none'}; a method that learns from {kind} images needs {', '.join(wanted)}."
        )
    counts = {key: len(values) for key, values in columns.items()}
    if min(counts.values()) == 0 or (kind != "unpaired" and len(set(counts.values())) > 1):
        found = ", ".join(f"{count} of {key}" for key, count in counts.items())
        raise UserError(f"data must have one entry of each key for every example; found {found}.")
    if known.translates:
        return _two_domains(columns, kind, settings)
    pictures = [_image("image", number, value) for number, value in enumerate(columns["image"])]
    domains = {"image": _domain("image", pictures, settings)}
    if kind == "labeled":
        labels = _labels(columns["label"], settings.label_names)
        source = ArraySource({"image": pictures, "label": labels}, domains, settings.alpha)
        source.class_names = settings.label_names or tuple(map(str, range(labels.max() + 1)))
        return [source]
    if kind == "attributes":
        return [_with_attributes(columns, pictures, domains, settings)]
    return [ArraySource({"image": pictures}, domains, settings.alpha)]


def _two_domains(columns, kind: str, settings: DataConfig) -> list[Source]:
    keys = BATCH_KINDS[kind].translates
    names = settings.domains or keys
    found = {}
    for side, key, name in zip("AB", keys, names):
        pictures = [_image(key, number, value) for number, value in enumerate(columns[key])]
        if key == "labels" and len({image.dtype for image in pictures}) > 1:
            pictures = [image.astype(np.uint16) for image in pictures]  # ids are no share of a range
        found[side] = pictures, _domain(name, pictures, settings)
    if kind == "unpaired":
        return [ArraySource({side: pictures}, {side: domain}, settings.alpha) for side, (pictures, domain) in found.items()]
    for number, (one, other) in enumerate(zip(found["A"][0], found["B"][0])):
        if one.shape[:2] != other.shape[:2]:
            sizes = " and ".join(f"{key} {image.shape[0]}×{image.shape[1]}" for key, image in zip(keys, (one, other)))
            raise UserError(f"data: example {number} has {sizes} (height×width); both images of a pair must have one size.")
    pairs = {side: pictures for side, (pictures, _) in found.items()}
    return [ArraySource(pairs, {side: domain for side, (_, domain) in found.items()}, settings.alpha)]


def _with_attributes(columns, pictures: list[np.ndarray], domains: dict[str, Domain], settings: DataConfig) -> Source:
    values = as_array("data: attributes", columns["attributes"])
    if values.dtype.kind not in "biuf":
        raise UserError(f"data: attributes must be N×K numbers 0 and 1, NaN where unknown; found {values.dtype}.")
    values = values.astype(np.float32)
    known = ~np.isnan(values) if "mask" not in columns else as_array("data: mask", columns["mask"]) > 0
    if values.ndim != 2 or known.shape != values.shape or not np.isin(values[known], (0, 1)).all():
        raise UserError("data: attributes must be N×K numbers 0 and 1, NaN where unknown; a mask, if there is one, of the same shape.")
    names = settings.attributes or tuple(f"attribute_{number}" for number in range(values.shape[1]))
    if len(names) != values.shape[1]:
        raise UserError(f"--attributes names {len(names)} attributes, but data has {values.shape[1]}.")
    arrays: dict[str, Column] = {
        "image": pictures,
        "attributes": np.where(known, values, 0).astype(np.float32),
        "mask": known.astype(np.float32),
    }
    source = ArraySource(arrays, domains, settings.alpha)
    source.attribute_names, source.attribute_groups = names, tuple(tuple(group.split("+")) for group in settings.attribute_groups)
    for unknown in {name for group in source.attribute_groups for name in group} - set(names):
        raise UserError(f"--attribute_groups: there is no attribute {unknown!r}. There are: {', '.join(names)}.")
    return source


def _labels(values: Iterable, names: Strings) -> np.ndarray:
    labels = as_array("data: label", values if hasattr(values, "__array__") else list(values))
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise UserError("data: label must be N whole numbers, 0 for the first class.")
    if names and labels.max() >= len(names):
        raise UserError(f"--label_names names {len(names)} classes, but data has labels up to {labels.max()}.")
    return labels.astype(np.int32)


def _image(key: str, number: int, value) -> np.ndarray:
    """One image as H×W×C of one of `DTYPES`, a map of classes as H×W×1 ids; raises `UserError` for another type or shape."""
    is_picture = isinstance(value, Image.Image) and key != "labels"  # of a map, the indices of its palette are wanted
    image = images.from_pillow(value) if is_picture else as_array(f"data: {key} {number}", value)
    if key == "labels" and image.dtype.kind in "iu" and image.size and image.min() >= 0 and image.max() < 2**16:
        image = image.astype(np.uint8 if image.max() < 2**8 else np.uint16)
    if image.dtype == np.float64:
        image = image.astype(np.float32)
    if image.dtype.name not in (("uint8", "uint16") if key == "labels" else DTYPES):
        raise UserError(f"data: {key} {number} is {image.dtype}; give pixels as uint8 or uint16, or values as {', '.join(DTYPES[2:])}.")
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or not 1 <= image.shape[-1] <= MOST_CHANNELS or 0 in image.shape:
        shape = "×".join(map(str, image.shape))
        raise UserError(f"data: {key} {number} has the shape {shape}; give H×W or H×W×C, C from 1 to {MOST_CHANNELS}.")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise UserError(f"data: {key} {number} holds values that are not finite (NaN or infinity).")
    return image


def _domain(name: str, pictures: list[np.ndarray], settings: DataConfig) -> Domain:
    """The domain of images: in color if any of them is, with transparency if it is kept and any has it, uint16 if all are.

    Images of other types or of more than 4 channels are bands, of which all must have the same number.
    """
    bands = any(image.shape[-1] > 4 or image.dtype.name not in ("uint8", "uint16") for image in pictures)
    if bands and len(found := {image.shape[-1] for image in pictures}) > 1:
        raise UserError(f"data: images of {name} have {' and '.join(map(str, sorted(found)))} channels: give all the same.")
    sizes = [image.shape for image in pictures]  # the transparency of gray is laid over white, as it ever was for arrays
    infos = [ImageInfo(h, w, count, image.dtype.name, count == 4 and not bands, bands) for image, (h, w, count) in zip(pictures, sizes)]
    channels, dtype, bands = shared_pixels(infos, settings.alpha)
    return Domain(name, channels, dtype, "nearest" if name in settings.label_domains else "bicubic", bands=bands)
