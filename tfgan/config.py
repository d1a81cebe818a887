"""The frozen record of a run, and its way to JSON and back.

Every setting of the program is one field of a frozen dataclass made with `setting`: `DataConfig` and `TrainConfig` here, and the
`HParams` of each method. The command line derives its flags from these fields, and `RUN/config.json` stores them resolved.
"""

import dataclasses
import json
import os
import types
import typing
from pathlib import Path
from typing import Any

from tfgan.errors import UserError

Size = tuple[int, int]
"""Height and width in pixels."""

Strings = tuple[str, ...]


def setting(default, help: str, *, choices: Strings = (), at_least=None, at_most=None, operational: bool = False):
    """A dataclass field that is also a flag. The command line refuses numbers outside [`at_least`, `at_most`].

    `operational` settings may differ when a run is resumed (how long, where, how it is logged); all others say what is learned.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "choices": choices, "at_least": at_least, "at_most": at_most, "operational": operational}
    )


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where the images come from and how they are read."""

    dataset: str = setting("synthetic", "a built-in data set (see `tfgan list`), or tfds:NAME for any TensorFlow Datasets set")
    data_dir: str = setting("", "a folder of your images; beats --dataset", operational=True)
    domains: Strings = setting((), "names of the two halves or folders, A,B: for example photo,labels")
    direction: str = setting("AtoB", "which domain becomes which: AtoB, BtoA, or by name, for example labels_to_photo")
    label_domains: Strings = setting((), "domains that are label maps: resized by nearest neighbour, never blended")
    alpha: str = setting(
        "composite", "transparency: composite over white, drop it, or keep it as a channel", choices=("composite", "drop", "keep")
    )
    skip_bad_files: bool = setting(False, "leave out unreadable or mismatched files, counted and listed, instead of stopping")
    cache: str = setting("auto", "keep decoded images in memory: auto when they fit", choices=("auto", "always", "never"), operational=True)
    tfds_source: str = setting("", "for tfds:NAME, the image feature that is domain A, the source of AtoB")
    tfds_target: str = setting("", "for tfds:NAME, the image feature that is domain B")
    label_coding: str = setting(
        "auto",
        "how a label map names classes: ids (grey values), palette (indices of a palette PNG) or colours (RGB); auto: as the files are",
        choices=("auto", "ids", "palette", "colours"),
    )
    label_palette: Strings = setting((), "colours of the classes in order, as RRGGBB, or facades; empty: those found in the files")
    label_names: Strings = setting((), "names of the classes, in order of their ids or colours, or of the labels in idx files")
    ignore_label: int = setting(255, "id of pixels that belong to no class; -1: none", at_least=-1)
    attributes_file: str = setting(
        "", "attributes of the images in --data_dir: a CSV file or CelebA's list; empty: such a file in the folder, or class folders"
    )
    attributes: Strings = setting((), "which attributes to learn, in this order; empty: all")
    attribute_groups: Strings = setting((), "attributes that exclude each other, joined by +: Black_Hair+Blond_Hair+Brown_Hair")
    extra_data_dirs: Strings = setting((), "more folders of images with attributes of their own, learnt together", operational=True)
    half: str = setting("", "take this half of side by side files; empty: each file is one image", choices=("", "left", "right"))
    fit: str = setting(
        "crop",
        "images of another shape than the network's: crop them to their largest middle part of its shape, or squeeze them",
        choices=("crop", "squeeze"),
    )
    tfds_dir: str = setting("", "where TensorFlow Datasets keeps its files; empty: ~/tensorflow_datasets", operational=True)
    synthetic_images: int = setting(400, "number of training images of the built-in synthetic set", at_least=1)
    synthetic_seed: int = setting(0, "seed of the built-in synthetic set", at_least=0)


VALIDATED = ("", "l1", "psnr", "ssim", "ms_ssim", "cycle_l1", "swd", "fid", "kid")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a run is carried out."""

    workdir: str = setting("", "the run's folder; empty: runs/NAME after the recipe", operational=True)
    steps: int = setting(0, "total steps of the run; 0: as --epochs says", operational=True, at_least=0)
    seed: int = setting(0, "seed of weights, order of data, jitter and noise", at_least=0, at_most=2**31 - 1)
    deterministic: bool = setting(False, "only operations that give the same bits every time (slower)", operational=True)
    precision: str = setting(
        "auto",
        "arithmetic of the networks; auto: mixed_bfloat16 where the hardware multiplies it fast, else float32",
        choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"),
    )
    xla: str = setting(
        "auto", "compile forward and backward pass with XLA; auto: on GPUs, not on CPUs", choices=("auto", "on", "off"), operational=True
    )
    steps_per_call: int = setting(
        0, "most steps inside one call of the compiled program, which never takes much over a second; 0: 200", operational=True, at_least=0
    )
    gpus: int = setting(0, "number of GPUs; 0: the largest number of visible ones that divides the batch", operational=True, at_least=0)
    tpu: str = setting("", "name of a TPU (untested), or local", operational=True)
    init_from: str = setting("", "start from the weights of another run")
    checkpoint_every: int = setting(20, "epochs between checkpoints", operational=True, at_least=1)
    keep_checkpoints: int = setting(2, "how many of the newest checkpoints stay", operational=True, at_least=1)
    validate_every: int = setting(0, "epochs between validations; 0: never", operational=True, at_least=0)
    validate_count: int = setting(1000, "images at most on each side of a validation", operational=True, at_least=2)
    features: str = setting(
        "", "what sees images for FID and its kin in validations: inception, or a Keras model's file; empty: nothing", operational=True
    )
    inception_weights: str = setting("", "file of Keras' InceptionV3 weights, for --features=inception; empty: download", operational=True)
    best_metric: str = setting(
        "", "keep the checkpoint that is best in this metric of the validations", choices=VALIDATED, operational=True
    )
    patience: int = setting(0, "stop after so many validations without a better --best_metric; 0: never", operational=True, at_least=0)
    sample_every: int = setting(0, "steps between sample pictures; 0: after every epoch", operational=True, at_least=0)
    num_samples: int = setting(4, "rows of each sample picture: validation images, or noise", operational=True, at_least=1)
    log_every: int = setting(50, "steps between log entries; 0: only the last", operational=True, at_least=0)
    health: bool = setting(True, "watch for trainings that go wrong, and say so with a flag to try", operational=True)
    tensorboard: bool = setting(True, "also write TensorBoard files", operational=True)


@dataclasses.dataclass(frozen=True)
class Classes:
    """How the files of a label map name the classes; the i-th entry of each tuple belongs to class i."""

    coding: str  # what a pixel's value is: ids (grey values), palette (indices of a palette PNG) or colours (0xRRGGBB)
    values: tuple[int, ...]
    colours: Strings  # "#rrggbb", in which pictures show the class
    names: Strings
    ignored: int = -1  # the value of pixels that belong to no class, which are -1 in a batch; -1: there are none


@dataclasses.dataclass(frozen=True)
class Domain:
    """What one image of a batch is."""

    name: str  # as the user calls it: photo, labels, horse
    channels: int  # 1 grey, 3 RGB, 4 RGBA
    dtype: str = "uint8"  # of the files: uint8 or uint16; "int32" marks a map of class indices, H×W without channels
    resample: str = "bicubic"  # or "nearest", for label maps
    classes: Classes | None = None  # of a label map whose pixels are read as classes


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """What a data set's batches hold: stated once, stored in the run, and all that a method knows of the data."""

    kind: str  # paired, unpaired, labelled, attributes, semantic or images
    image_size: Size
    domains: dict[str, Domain]  # batch key -> domain
    sizes: dict[str, int]  # split -> number of images
    fingerprint: str  # of the training images' names, in order
    class_names: Strings = ()
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()  # names in one group exclude each other; all others are independent
    attribute_sets: tuple[Strings, ...] = ()  # names known in each of several joined data sets; empty for a single one


def is_operational(field: dataclasses.Field) -> bool:
    return bool(field.metadata.get("operational"))


def from_dict(cls, values: dict[str, Any]):
    """The dataclass `cls` from what `dataclasses.asdict` and JSON made of it; fields that are absent keep their default."""
    hints = typing.get_type_hints(cls)
    known = {field.name for field in dataclasses.fields(cls)}
    return cls(**{name: _from_json(hints[name], value) for name, value in values.items() if name in known})


def _from_json(hint, value):
    if isinstance(hint, types.UnionType):  # a record or None
        return None if value is None else _from_json(typing.get_args(hint)[0], value)
    if dataclasses.is_dataclass(hint):
        return from_dict(hint, value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return tuple(_from_json(arguments[0], item) for item in value)
    if origin is dict:
        return {key: _from_json(arguments[1], item) for key, item in value.items()}
    return value


def differences(old, new) -> list[str]:
    """Lines `name: old -> new` for the settings of two records of one class that change what is learned."""
    return [
        f"{field.name}: {getattr(old, field.name)!r} -> {getattr(new, field.name)!r}"
        for field in dataclasses.fields(new)
        if not is_operational(field) and getattr(old, field.name) != getattr(new, field.name)
    ]


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """All that a later command must know of a run; `hparams` is the `HParams` of the method."""

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: Any
    spec: DataSpec
    versions: dict[str, str]
    hardware: dict[str, str] = dataclasses.field(default_factory=dict)  # what rounding depends on; empty in runs of older versions

    def write(self, path: Path):
        write_atomically(path, json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path, hparams_class) -> "RunConfig":
        """The record in the file `path`; `hparams_class(method name)` gives the class of its hyper-parameters."""
        try:
            values = json.loads(path.read_text())
        except FileNotFoundError:
            raise UserError(f"{path.parent} is not a run: it has no {path.name}. A run is the --workdir of `tfgan train`.") from None
        except ValueError as error:
            raise UserError(f"{path} is damaged: {error}") from None
        try:
            hparams = from_dict(hparams_class(values["method"]), values.pop("hparams"))
            return dataclasses.replace(from_dict(cls, {**values, "hparams": None}), hparams=hparams)
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is damaged: {error!r}") from None

    def differences(self, new: "RunConfig") -> list[str]:
        """What resuming this run as `new` would change of what is learned; empty if nothing."""
        if self.method != new.method:
            return [f"method: {self.method!r} -> {new.method!r}"]
        lines = differences(self.data, new.data) + differences(self.training, new.training) + differences(self.hparams, new.hparams)
        return lines or differences(self.spec, new.spec)

    def rounding_differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what lets the same settings round otherwise: versions, devices, threads, kinds of CPU."""
        pairs = ((self.versions, new.versions), (self.hardware, new.hardware))
        return [f"{name}: {old[name]} -> {now[name]}" for old, now in pairs for name in now if old.get(name, now[name]) != now[name]]


def write_atomically(path: Path, content: str | bytes):
    """Writes the file whole or not at all: a reader, or a kill, never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
