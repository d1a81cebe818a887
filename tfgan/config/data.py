"""The settings of the data: where the images come from and how they are read."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from tfgan.config.kinds import BATCH_KINDS
from tfgan.config.ranges import AUTO, parse_ranges
from tfgan.config.setting import Settings, Strings, as_flag, setting
from tfgan.config.spec import AXIS, MOST_CHANNELS, OLD_CODINGS, PAGES, reading_of
from tfgan.config.unused import Table, Unused, given
from tfgan.errors import UserError, did_you_mean
from tfgan.paths.home import with_home

OWN = "own:"
"""Begin of the setting `dataset` of images that a program gives, before a hash of what they are."""
IMPORTED = "imported"
"""The setting `dataset` of runs whose weights are somebody else's, where nobody has named images."""
AUGMENTS = ("vertical_flip", "rot90", "scale", "color")
"""Random changes of training images beside crop and flip."""

_NAMING = {"data_dir", "dataset", "synthetic_images", "synthetic_seed"}
"""Settings each of which says which data set it is; where none is given, nobody has chosen one."""

_FEATURES = "it names a feature of --dataset=tfds:NAME"
_OF_FILES = ("tfds_dir", "skip_bad_files", "recheck", "read_patience", "alpha", "pages", "frame_step", "axis", "groups")
_OF_PAIRS = (
    *("domains", "direction", "label_domains", "pair_names", "pairs_file"),
    *("label_coding", "label_encoding", "label_palette", "label_names", "ignore_label"),
)


def _is_made(dataset: str) -> bool:
    return dataset == "synthetic"


def _is_other_set(dataset: str) -> bool:
    return not _is_made(dataset)


def _is_tfds(dataset: str) -> bool:
    return dataset.startswith("tfds:")


@dataclasses.dataclass(frozen=True)
class DataConfig(Settings):
    """The settings of the data: where the images come from and how they are read; each is also a flag.

    Raises:
        UserError: a value is of another type, outside its range, or not among its choices.
    """

    unused: ClassVar[Table] = (
        Unused(("dataset",), {"data_dir": given}, why="because --data_dir={data_dir} names the data", said=True),
        Unused(("synthetic_images", "synthetic_seed"), {"data_dir": given}, why="with a folder", said=True),
        Unused(("synthetic_images", "synthetic_seed"), {"dataset": _is_other_set}, said=True),
        Unused(("tfds_source", "tfds_target"), {"data_dir": given}, why=f"with a folder: {_FEATURES}", said=True),
        Unused(("tfds_source", "tfds_target"), {"dataset": lambda name: not _is_tfds(name)}, why=f"here: {_FEATURES}", said=True),
        Unused(("tfds_dir",), {"data_dir": given}, why="with a folder", said=True),
        Unused(_OF_FILES, {"dataset": _is_made, "data_dir": ("",)}, why="with images that the program makes", said=True),
        Unused(("pair_names", "pairs_file", "attributes_file", "extra_data_dirs"), {"data_dir": ("",)}, said=True),
        Unused(("pair_names",), {"pairs_file": given}, why="beside --pairs_file={pairs_file}, which lists the pairs"),
        Unused(_OF_PAIRS, {"colorize": given}, why="with --colorize={colorize}, which makes the pairs itself"),
        Unused(("frame_step",), {"pages": lambda pages: pages != "frames"}, why="without --pages=frames"),
        Unused(("validation_share",), {"groups": ("",)}),
        Unused(("validation_share",), where={"has validation": True}, why="for {subject}, where images are kept to validate", said=True),
    )

    dataset: str = setting("synthetic", "a built-in data set (see `tfgan list`), or tfds:NAME for any TensorFlow Datasets set")
    data_dir: str = setting("", "a folder of your images; used instead of --dataset", operational=True, path=True)
    domains: Strings = setting((), "names of the two halves or folders, A,B: for example photo,labels")
    direction: str = setting("AtoB", "which domain is translated into which: AtoB, BtoA, or by name, such as labels_to_photo")
    label_domains: Strings = setting((), "domains that are label maps: resized by nearest neighbor, never blended")
    pair_names: Strings = setting(
        (),
        "patterns of the file names of pairs, with {} for the part that both share: '{}_leftImg8bit,{}_gtFine_labelIds'; equal: only equal "
        "names; empty: detected",
    )
    pairs_file: str = setting(
        "", "a CSV file of pairs: one column of files for A, one for B, and, if you like, one called split", path=True
    )
    alpha: str = setting(
        "composite",
        "what to do with transparency: composite over white, drop it, or keep it as a channel",
        choices=("composite", "drop", "keep"),
    )
    value_range: Strings = setting(
        (),
        "the values that become -1 and 1, for each domain: ct:-1024:3071; auto, or ct:auto: the smallest and largest value of the training "
        "images; ct:auto:1:99: percentiles; full: all values of an unsigned type, the default for 8 and 16 bits",
    )
    pages: str = setting(
        "",
        "what the pages of a TIFF, the frames of a DICOM file or a video, or the slices of a volume are: frames, each is an image; "
        "channels, all together are one image; first, only the first is used; refuse, such files are errors; empty: refuse, or as the run "
        "began",
        choices=("", *PAGES),
        old_default="first",
    )
    frame_step: int = setting(
        1,
        "with --pages=frames: use only every Nth page of a file, such as every 5th frame of a video, as neighbors look alike",
        at_least=1,
        at_most=1_000_000,
    )
    axis: int = setting(AXIS, "the axis along which volumes (NIfTI) are cut into slices, which count as pages", at_least=0, at_most=2)
    show_bands: Strings = setting(
        (),
        "which bands pictures show as red, green, and blue, counted from 1, such as 4,3,2; or one band, shown in gray; empty: 1,2,3",
        operational=True,
    )
    colorize: str = setting(
        "",
        "learn to color gray pictures, from color pictures alone: lab, from the lightness L of CIELAB to its colors a and b",
        choices=("", "lab"),
    )
    max_images: int = setting(
        0, "use only so many training images, the first ones by name, of each domain or joined set; 0: all", at_least=0, at_most=2**31 - 1
    )
    skip_bad_files: bool = setting(False, "leave out unreadable or mismatched files, and list them, instead of stopping")
    recheck: bool = setting(
        False,
        "read every image before training, also those that were read before and whose files have not changed since",
        operational=True,
    )
    read_patience: int = setting(
        60,
        "how many seconds to retry a file that cannot be read, for example while a network drive is away; 0: no retry",
        operational=True,
        at_least=0,
    )
    cache: str = setting(
        "auto",
        "keep decoded images in memory; auto: as many as half of what is free holds",
        choices=("auto", "always", "never"),
        operational=True,
    )
    tfds_source: str = setting("", "for tfds:NAME: the image feature that is domain A")
    tfds_target: str = setting("", "for tfds:NAME: the image feature that is domain B")
    label_coding: str = setting(
        "auto",
        "how label maps are coded: ids (gray values), palette (indices of a palette PNG), or colors (RGB); auto: detected",
        choices=("auto", "ids", "palette", "colors"),
        old_choices=OLD_CODINGS,
    )
    label_encoding: str = setting(
        "colors",
        "how pix2pix sees and makes label maps that are read as classes: pictures of the classes' colors, or a channel for each class",
        choices=("colors", "onehot"),
    )
    label_palette: Strings = setting(
        (), "colors of the classes in order, as RRGGBB, or facades for those of CMP; empty: the colors found in the files"
    )
    label_names: Strings = setting((), "names of the classes, in the order of their ids or colors, or of the labels in idx files")
    instances: str = setting(
        "",
        "instance maps of the label maps, in which each object has a number or color of its own: a folder, such as inst, or, for files "
        "beside the label maps, a pattern of their names, such as {}_gtFine_instanceIds; SPADE then sees the edges between objects",
    )
    ignore_label: int = setting(255, "id of pixels that belong to no class; -1: there is none", at_least=-1, at_most=65535)
    attributes_file: str = setting(
        "",
        "a table of the attributes of the images in --data_dir: a CSV file or CelebA's list; empty: found in the folder, or class folders",
        path=True,
    )
    attributes: Strings = setting((), "which attributes to learn, in this order; empty: all")
    attribute_groups: Strings = setting((), "groups of attributes that exclude each other, joined by +: Black_Hair+Blond_Hair+Brown_Hair")
    extra_data_dirs: Strings = setting(
        (), "more folders of images, each with its own attributes, which are learned together", operational=True, path=True
    )
    half: str = setting("", "use only this half of side-by-side files; empty: each file is one image", choices=("", "left", "right"))
    fit: str = setting(
        "auto",
        "how images are brought to the network's size: squeeze, resize whatever the shape; crop, use the largest centered part of the "
        "network's shape; width, resize to the network's width; none, do not resize; auto: crop for classes and single images, squeeze for "
        "others, and of images with attributes the central squares",
        choices=("auto", "squeeze", "crop", "width", "none"),
    )
    augment: Strings = setting(
        (), f"more random changes of training images, the same for both images of a pair: {','.join(AUGMENTS)} (color: only photos)"
    )
    groups: str = setting(
        "",
        "which images belong together, such as those of one patient or scene, and stay in one split: a CSV file of names and groups, or a "
        "pattern of names in which {} is the group and * is any text: '{}_*'; without val and test, some groups are kept for validation",
        path=True,
    )
    validation_share: float = setting(
        0.1, "with --groups: share of the groups that is kept for validation, at least one", at_least=0.001, at_most=0.9
    )
    tfds_dir: str = setting("", "where TensorFlow Datasets keeps its files; empty: ~/tensorflow_datasets", operational=True, path=True)
    synthetic_images: int = setting(400, "number of training images of the built-in synthetic set", at_least=1, at_most=1_000_000)
    synthetic_seed: int = setting(0, "seed of the built-in synthetic set", at_least=0)

    def __post_init__(self):
        super().__post_init__()
        parse_ranges(self.value_range)
        known = all(band.isdecimal() and 1 <= int(band) <= MOST_CHANNELS for band in self.show_bands)
        if len(self.show_bands) not in (0, 1, 3) or not known:
            raise UserError(f"{as_flag('show_bands', self.show_bands)} must be three numbers of bands, from 1, such as 4,3,2, or one.")
        if self.colorize and "color" in self.augment:
            raise UserError("--augment=color changes the colors that --colorize is to learn: leave it out.")
        for word in self.augment:
            if word not in AUGMENTS:
                raise UserError(f"--augment={word} is unknown.{did_you_mean(word, AUGMENTS)} There are: {', '.join(AUGMENTS)}.")

    def fit_of(self, kind: str) -> str:
        """How images become those of batches of `kind`, a key of `tfgan.config.BATCH_KINDS`: `fit`, or what it is where it is auto."""
        return BATCH_KINDS[kind].fit if self.fit == "auto" else self.fit

    def fit_written_out(self, kind: str) -> str:
        """`fit`, or what stands for it where it is auto; of images that are cut to squares then, no other setting does."""
        return self.fit if BATCH_KINDS[kind].squares else self.fit_of(kind)

    def reading(self) -> str:
        """What becomes of files of several pages, one of `tfgan.config.spec.READINGS`."""
        return reading_of(self.pages or "refuse", self.axis)

    def effective(self) -> dict[str, Any]:
        """The settings by name, with what becomes of files of several pages written out."""
        return super().effective() | {"pages": self.pages or "refuse"}

    def settled(self, earlier: Settings | None = None) -> "DataConfig":
        """A copy with the settings as they count; of a run that goes on, with the ranges that it found when it began."""
        own = super().settled(earlier)
        if not isinstance(earlier, DataConfig) or own.value_range == earlier.value_range:
            return own
        given, found = parse_ranges(own.value_range), parse_ranges(earlier.value_range)
        follows = all(rule in found or rule.origin == AUTO for rule in given)
        return own.unchecked(value_range=earlier.value_range) if given and follows else own

    def with_home(self) -> "DataConfig":
        """The settings with `~` at the start of their paths replaced by the home folder."""
        return dataclasses.replace(
            self,
            data_dir=with_home(self.data_dir),
            pairs_file=with_home(self.pairs_file),
            attributes_file=with_home(self.attributes_file),
            extra_data_dirs=tuple(map(with_home, self.extra_data_dirs)),
        )

    def moved(self, data_dir: str) -> "DataConfig":
        """The settings of the same data in the folder where they are now; `data_dir` is empty where that is the old one."""
        return dataclasses.replace(self, data_dir=with_home(data_dir)) if data_dir else self

    def is_named(self, given: Iterable[str]) -> bool:
        """Whether somebody has said which data set it is, where `given` are the names of the settings that somebody gave."""
        return bool(self.data_dir) or (bool(self.dataset) and not _NAMING.isdisjoint(given))

    @property
    def name(self) -> str:
        """The name of the data set, as a word that can be part of a file's name: that of the folder, or `dataset` with _ for : and /."""
        return Path(self.data_dir).name or self.dataset.replace(":", "_").replace("/", "_")
