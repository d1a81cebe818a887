"""The settings of what is done with a data set or a run: check, translate, sample, evaluate, export, report."""

import dataclasses
import math
from pathlib import Path
from typing import ClassVar

from tfgan.config.scale import FULL, TRAINED
from tfgan.config.setting import MOST_SIDE, Settings, Strings, setting, shortened
from tfgan.config.spec import OLD_CODINGS
from tfgan.config.unused import Table, Unused, given
from tfgan.errors import UserError, did_you_mean

SHEETS = ("", "samples", "interpolation", "mixing", "truncation", "reconstruction", "edit")
CHECKPOINT = "last, best, or the number of a step"

LABELS = ("label_palette", "label_names", "label_coding")
TOOL_SETTINGS = {
    "segmenter": ("segmenter", "segmenter_steps", *LABELS),
    "classifier": ("classifier", "classifier_epochs"),
    "perceptual": ("lpips_weights", "vgg_weights"),
    "features": ("inception_weights",),
}
"""Tool that metrics need -> the settings of an evaluation that are its own."""


@dataclasses.dataclass(frozen=True)
class CheckConfig(Settings):
    """The settings of `tfgan check`, which looks at a data set before training."""

    method: str = setting("", "which GAN is to be trained; empty: one that fits the layout found")
    sheet: str = setting("", "write a contact sheet of training images to this picture", path=True)
    probe: bool = setting(True, "try a few steps of training, to tell its time and memory")

    def __post_init__(self):
        super().__post_init__()
        if self.sheet and Path(self.sheet).suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UserError(f"--sheet={self.sheet} must name a picture, for example {self.sheet}.png")


@dataclasses.dataclass(frozen=True)
class TranslateConfig(Settings):
    """The settings of `tfgan translate`, which makes images from images with a trained run."""

    unused: ClassVar[Table] = (
        Unused(("set",), where={"attributes": False}, why="for {subject}, which knows no attributes"),
        Unused(("style",), where={"styles of photos": False}, why="for {subject}, which has no style encoder (spade with --style_encoder)"),
        Unused(("seed",), where={"styles of photos": False}, why="for {subject}, which takes no random style"),
        Unused(("seed",), {"style": given}, why="with --style, which replaces the random one"),
        Unused(
            ("tile",), where={"one size": True}, why=f"for {{subject}} at --size={TRAINED}, at which all images have one size", said=True
        ),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    to: str = setting("", "the domain to translate into, by name, where a run knows several ways", group="what to make")
    set: str = setting("", "attributes the results have, and, after ~, those they do not have: Black_Hair,~Male", group="what to make")
    style: str = setting("", "an image whose style the results take, for a run with a style encoder", group="what to make", path=True)
    seed: int = setting(0, "of the random style, where --style names none", at_least=0, group="what to make")
    format: str = setting("", "format of all results, for example png; empty: that of each source", group="output")
    overwrite: bool = setting(False, "replace results that exist", group="output")
    size: str = setting(
        "",
        "at which images go through, to come back in their own: trained, the network's, whatever their shape, as for sample pictures; "
        "full, their own pixels; or so many pixels on the shorter side; empty: as the method says, trained for all that come with tfgan",
        group="size",
    )
    tile: int = setting(
        2048,
        "with --size=full or a number, what is larger than so many pixels goes through in overlapping tiles of this size; 0: never",
        at_least=0,
        group="size",
    )

    def __post_init__(self):
        super().__post_init__()
        if self.size not in ("", TRAINED, FULL) and not (self.size.isdecimal() and 1 <= int(self.size) <= MOST_SIDE):
            hint = did_you_mean(self.size, (TRAINED, FULL))
            sides = f"or the pixels of the shorter side, such as 512, up to {MOST_SIDE}"
            raise UserError(f"{shortened(f'--size={self.size}')} must be {TRAINED}, {FULL}, {sides}.{hint}")


@dataclasses.dataclass(frozen=True)
class SampleConfig(Settings):
    """The settings of `tfgan sample`, which makes images from noise, or from encoded images, with a trained run.

    Raises:
        UserError: a value outside its range or choices, or settings that contradict each other or miss one that they need.
    """

    unused: ClassVar[Table] = (
        Unused(("rows", "columns", "crossover"), {"sheet": ("",)}, said=True),
        Unused(("count",), {"sheet": given}, said=True),
        Unused(("crossover",), {"sheet": lambda sheet: sheet not in ("", "mixing")}, why="without --sheet=mixing", said=True),
        Unused(("columns",), {"sheet": ("truncation", "reconstruction", "edit")}, said=True),
        Unused(("columns",), {"sheet": ("samples",)}, {"classes": True}, "for {subject}, whose classes are the columns", said=True),
        Unused(("images",), {"sheet": ("samples", "mixing", "truncation")}),
        Unused(("count",), {"images": given, "sheet": ("",)}, why="with --images, all of which are taken", said=True),
        Unused(("seed",), {"images": given}, why="with --images, which are in the place of noise", said=True),
        Unused(("classes",), {"images": given}, why="with --images, which are in the place of noise"),
        Unused(("classes",), {"sheet": ("mixing", "truncation")}),
        Unused(("classes",), where={"classes": False}, why="for {subject}, which was trained without classes"),
        Unused(("truncation",), {"sheet": ("truncation",)}, why="with --sheet=truncation, which shows several"),
        Unused(("truncation",), where={"styles": False}, why="for {subject}: it is for StyleGAN"),
        Unused(("strengths",), {"having": ("",)}, why="without an edit", cure="give --having=FOLDER and --lacking=FOLDER too"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    count: int = setting(64, "images, in folders", at_least=1, at_most=10_000_000, group="what to make")
    seed: int = setting(0, "of the first image; the others count on from it", at_least=0, group="what to make")
    classes: Strings = setting((), "names of the classes to make, in turns; empty: all", group="what to make")
    truncation: str = setting(
        "", "StyleGAN's ψ: 0 one mean image, 1 full variety; empty: as the run was trained to show", group="what to make"
    )
    sheet: str = setting("", "make one picture instead of a folder", choices=SHEETS, group="sheets")
    rows: int = setting(4, "of the sheet", at_least=1, at_most=1000, group="sheets")
    columns: int = setting(8, "of the sheet, where classes or --strengths do not say how many", at_least=1, at_most=1000, group="sheets")
    crossover: int = setting(4, "of --sheet=mixing: the first layer that takes the fine source's style", group="sheets")
    images: str = setting("", "an image, a folder or a pattern, encoded in the place of noise", group="from images", path=True)
    having: str = setting("", "images that have what an edit adds", group="from images", path=True)
    lacking: str = setting("", "images that lack it", group="from images", path=True)
    strengths: Strings = setting((), "of the edits; empty: 1, or for a sheet -1,-0.5,0,0.5,1", group="from images")
    overwrite: bool = setting(False, "replace results that exist", group="output")

    def __post_init__(self):
        super().__post_init__()
        self.numbers("truncation")
        self.numbers("strengths")
        edits = bool(self.having and self.lacking)
        if self.sheet in ("reconstruction", "edit") and not self.images:
            raise UserError(f"--sheet={self.sheet} needs --images=FOLDER.")
        if bool(self.having or self.lacking) != edits or (self.sheet == "edit" and not edits):
            raise UserError("An edit leads from images that lack something to others: give both, --having=FOLDER and --lacking=FOLDER.")
        if edits and (not self.images or self.sheet not in ("", "edit")):
            raise UserError("--having and --lacking edit --images, one by one or with --sheet=edit.")

    def numbers(self, name: str) -> list[float]:
        """The numbers in the setting `name`, "truncation" or "strengths"; empty if it is not given.

        Raises:
            UserError: a word of it is no finite number.
        """
        value = getattr(self, name)
        words = value if isinstance(value, tuple) else (value,) * bool(value)
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = [math.nan]
        if not all(map(math.isfinite, numbers)):
            raise UserError(f"--{name}={','.join(words)}: use numbers, such as 0.5")
        return numbers


@dataclasses.dataclass(frozen=True)
class EvaluateConfig(Settings):
    """The settings of `tfgan evaluate`, which measures the images that a trained run makes."""

    unused: ClassVar[Table] = (
        *(
            Unused(names, {"metrics": given}, {tool: False}, "with --metrics={metrics}, none of which needs it")
            for tool, names in TOOL_SETTINGS.items()
        ),
        Unused(("features",), {"metrics": given, "features": given}, {"features": False}, "with --metrics={metrics}", said=True),
        Unused(("checkpoint", "data_dir", "cases"), where={"run": False}, why="for {subject}: it is of a run"),
        Unused(("value_range",), where={"run": True}, why="for {subject}, a run, which records the ranges of its domains"),
        Unused(("pair_names",), where={"run": True}, why="for {subject}, a run, whose data set says which images are pairs"),
        Unused(TOOL_SETTINGS["segmenter"], where={"label maps": False}, why="for {subject}, without label maps"),
        Unused(LABELS, where={"label maps of files": False}, why="for {subject}, whose label maps are made by the program"),
        Unused(TOOL_SETTINGS["classifier"], where={"labels": False}, why="for {subject}, without classes and attributes"),
        Unused(TOOL_SETTINGS["perceptual"], where={"true images": False}, why="for {subject}, which makes no image that has a true one"),
        Unused(("cases",), where={"true images": False}, why="for {subject}, which makes no image that has a true one", said=True),
        Unused(("inception_weights",), {"features": lambda features: features != "inception"}, why="beside --features={features}"),
        Unused(("segmenter_steps",), {"segmenter": given}, why="with --segmenter, which is trained already"),
        Unused(("classifier_epochs",), {"classifier": given}, why="with --classifier, which is trained already"),
        Unused(("vgg_weights",), {"lpips_weights": ("",)}, cure="give LPIPS' weights too, or leave it out"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="what")
    data_dir: str = setting("", "where the run's data is now, if it was moved", group="what", path=True)
    count: int = setting(5000, "images at most on each side", at_least=2, at_most=10_000_000, group="what")
    pair_names: Strings = setting(
        (), "of two folders, what names of pairs share: '{}_real_B,{}_fake_B'; equal: equal names alone; empty: as found", group="what"
    )
    value_range: Strings = setting(
        (),
        "of two folders, the values that are the lowest and the highest there are: -1024:3071; auto: those of the real images; "
        "empty: all of the type, for 8 and 16 bits",
        group="what",
    )
    metrics: Strings = setting((), "names, for example l1,ssim,fid; empty: all that fit", group="how")
    features: str = setting(
        "inception",
        "the network whose features FID and similar metrics compare: inception (ImageNet weights, downloaded once), own (a small network "
        "trained on the data), or a Keras model's file; empty: none",
        group="how",
        path=True,
    )
    inception_weights: str = setting("", "file of Keras' InceptionV3 weights; empty: download", group="how", path=True)
    lpips_weights: str = setting("", "file of LPIPS' learned weights for VGG16, .npz; empty: no LPIPS", group="how", path=True)
    vgg_weights: str = setting(
        "imagenet", "for LPIPS: imagenet, or the file of Keras' VGG16 weights without the top", group="how", path=True
    )
    segmenter: str = setting(
        "", "Keras model or SavedModel that reads classes in photos; empty: one is trained on the data", group="how", path=True
    )
    segmenter_steps: int = setting(1000, "of that training", at_least=1, group="how")
    classifier: str = setting(
        "", "Keras model that reads the run's classes or attributes; empty: one is trained on the data", group="how", path=True
    )
    classifier_epochs: int = setting(12, "of that training", at_least=1, group="how")
    label_palette: Strings = setting((), "colors of the label maps' classes as RRGGBB, or facades; empty: as the run has them", group="how")
    label_names: Strings = setting((), "names of these classes", group="how")
    label_coding: str = setting(
        "", "how a label map names classes: ids, palette or colors; empty: as the run has it", group="how", old_choices=OLD_CODINGS
    )
    seed: int = setting(0, "of intervals, subsets and projections", at_least=0, group="how")
    cases: int = setting(4, "best and worst validation images kept for the report, by each metric", at_least=0, group="output")

    def check_folders(self, real: str, fake: str):
        """Raises `UserError` if two folders cannot be compared by these settings, or one of them is not named."""
        if not (real and fake):
            raise UserError("Two folders are compared: name both, --real=FOLDER and --fake=FOLDER.")
        if self.features == "own":
            raise UserError("--features=own is trained on a run's data; for two folders use inception or a Keras model's file.")


@dataclasses.dataclass(frozen=True)
class ExportConfig(Settings):
    """The settings of `tfgan export`, which writes a run's networks as a SavedModel."""

    unused: ClassVar[Table] = (Unused(("max_pixels",), where={"translates": False}, why="for {subject}, whose export takes no files"),)

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    output: str = setting("", "folder of the SavedModel; empty: RUN/export", group="output", path=True)
    overwrite: bool = setting(False, "replace an export that exists", group="output")
    max_pixels: int = setting(
        2**24, "of a file in serve_bytes, at most: one that claims more is refused before it is decoded", at_least=1, group="output"
    )


@dataclasses.dataclass(frozen=True)
class ReportConfig(Settings):
    """The settings of `tfgan report`, which writes one HTML page about one or several runs."""

    out: str = setting("", "the file; empty: RUN/report.html, for several runs report.html here", group="output", path=True)
    images: int = setting(20, "sample pictures of each run at most, evenly over training", at_least=0, group="output")
