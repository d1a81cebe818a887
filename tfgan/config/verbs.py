"""The settings of what is done with a data set or a run: check, translate, sample, evaluate, export, report, app."""

import dataclasses
import math
from pathlib import Path
from typing import ClassVar

from tfgan.config.scale import FULL, TRAINED
from tfgan.config.setting import MOST_SIDE, Settings, Size, Strings, setting, shortened
from tfgan.config.spec import OLD_CODINGS
from tfgan.config.unused import Table, Unused, given
from tfgan.errors import UserError, did_you_mean

FORMATS = ("savedmodel", "litert", "onnx", "keras", "safetensors")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
SHEETS = ("", "samples", "interpolation", "mixing", "truncation", "reconstruction", "edit")
UNCERTAINTIES = ("", "dropout", "styles", "checkpoints", "cycle", "segmenter")
TOKEN = "TFGAN_TOKEN"
"""Environment variable: the token of `tfgan serve`, which neither the command nor the list of processes shows."""
CHECKPOINT = "which checkpoint: last, best, or the number of a step"

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

    method: str = setting("", "method to be trained; empty: one that suits the layout")
    sheet: str = setting("", "write a contact sheet of training images to this picture", path=True)
    probe: bool = setting(True, "try a few steps of training, to measure time and memory")

    def __post_init__(self):
        super().__post_init__()
        if self.sheet and Path(self.sheet).suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise UserError(f"--sheet={self.sheet} must name a picture, for example {self.sheet}.png")


def _uncertainty_setting(what: str, group: str):
    """Makes the setting `uncertainty`, whose help begins with `what`."""
    return setting(
        "",
        f"{what}: dropout (the spread over masks of dropout), styles (over random styles), checkpoints (over those that the run keeps), "
        "cycle (what is lost on the way there and back), or segmenter (where a segmenter does not see in the result what the label map "
        "asks for); empty: none",
        choices=UNCERTAINTIES,
        group=group,
    )


def _samples_setting(group: str):
    return setting(8, "with --uncertainty=dropout or styles: number of masks or styles", at_least=2, at_most=1000, group=group)


def _lacks_spread(uncertainty: str) -> bool:
    return uncertainty not in ("dropout", "styles")


@dataclasses.dataclass(frozen=True)
class TranslateConfig(Settings):
    """The settings of `tfgan translate`, which makes images from images with a trained run."""

    unused: ClassVar[Table] = (
        Unused(("set",), where={"attributes": False}, why="for {subject}, which has no attributes"),
        Unused(("style",), where={"styles of photos": False}, why="for {subject}, which has no style encoder (spade with --style_encoder)"),
        Unused(("seed",), {"uncertainty": _lacks_spread}, {"styles of photos": False}, why="for {subject}, which takes no random style"),
        Unused(("seed",), {"style": given, "uncertainty": _lacks_spread}, why="with --style, which replaces the random one"),
        Unused(("uncertainty_samples",), {"uncertainty": _lacks_spread}),
        Unused(("segmenter",), {"uncertainty": lambda kind: kind != "segmenter"}, why="without --uncertainty=segmenter"),
        Unused(
            ("tile",), where={"one size": True}, why=f"for {{subject}} at --size={TRAINED}, at which all images have one size", said=True
        ),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    to: str = setting("", "domain to translate into; required if the run translates both ways", group="what to make")
    set: str = setting(
        "", "attributes that the results have, and, after ~, those that they do not have: Black_Hair,~Male", group="what to make"
    )
    style: str = setting("", "image whose style the results take; needs a run with a style encoder", group="what to make", path=True)
    seed: int = setting(0, "seed of the random style, if there is no --style", at_least=0, group="what to make")
    format: str = setting("", "file format of all results, for example png; empty: the format of each input", group="output")
    overwrite: bool = setting(False, "replace existing results", group="output")
    uncertainty: str = _uncertainty_setting("write a map beside each result, NAME_uncertainty.tif, of how sure the run is", "uncertainty")
    uncertainty_samples: int = _samples_setting("uncertainty")
    segmenter: str = setting(
        "",
        "with --uncertainty=segmenter: Keras model or SavedModel that finds the classes in photos; empty: the one that evaluate trains",
        group="uncertainty",
        path=True,
    )
    axis: str = setting(
        "",
        "of volumes (NIfTI), along which they are cut into slices: 0, 1 or 2; empty: as in training, or the last",
        choices=("", "0", "1", "2"),
        group="what to make",
    )
    size: str = setting(
        "",
        "size at which the network gets the images; results have the size of the input: trained, as in training and sample pictures; full, "
        "not resized; or the number of pixels of the shorter side; empty: the method's default, trained for all methods of tfgan",
        group="size",
    )
    tile: int = setting(
        2048,
        "with --size=full or a number: larger images are translated in overlapping tiles of this many pixels; 0: never",
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
        Unused(("seed",), {"images": given}, why="with --images, which replace the noise", said=True),
        Unused(("classes",), {"images": given}, why="with --images, which replace the noise"),
        Unused(("classes",), {"sheet": ("mixing", "truncation")}),
        Unused(("classes",), where={"classes": False}, why="for {subject}, which was trained without classes"),
        Unused(("truncation",), {"sheet": ("truncation",)}, why="with --sheet=truncation, which shows several"),
        Unused(("truncation",), where={"styles": False}, why="for {subject}: it is for StyleGAN"),
        Unused(("strengths",), {"having": ("",)}, why="without an edit", cure="give --having=FOLDER and --lacking=FOLDER too"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    count: int = setting(64, "number of images in a folder", at_least=1, at_most=10_000_000, group="what to make")
    seed: int = setting(0, "seed of the first image; the next ones have the next numbers", at_least=0, group="what to make")
    classes: Strings = setting((), "names of the classes to make, in turn; empty: all", group="what to make")
    truncation: str = setting("", "StyleGAN's ψ, from 0 (the mean image) to 1 (full variety); empty: the run's own", group="what to make")
    sheet: str = setting("", "make one picture of many samples instead of a folder", choices=SHEETS, group="sheets")
    rows: int = setting(4, "rows of the sheet", at_least=1, at_most=1000, group="sheets")
    columns: int = setting(8, "columns of the sheet, if classes or --strengths do not decide it", at_least=1, at_most=1000, group="sheets")
    crossover: int = setting(4, "with --sheet=mixing: the first layer that takes the style of the fine source", group="sheets")
    images: str = setting("", "images to encode instead of noise: an image, a folder, or a pattern", group="from images", path=True)
    having: str = setting("", "images that have what the edit adds", group="from images", path=True)
    lacking: str = setting("", "images without it", group="from images", path=True)
    strengths: Strings = setting((), "strengths of the edit; empty: 1, or for a sheet -1,-0.5,0,0.5,1", group="from images")
    overwrite: bool = setting(False, "replace existing results", group="output")

    def __post_init__(self):
        super().__post_init__()
        self.numbers("truncation")
        self.numbers("strengths")
        edits = bool(self.having and self.lacking)
        if self.sheet in ("reconstruction", "edit") and not self.images:
            raise UserError(f"--sheet={self.sheet} needs --images=FOLDER.")
        if bool(self.having or self.lacking) != edits or (self.sheet == "edit" and not edits):
            raise UserError("An edit needs images with and without something: give both, --having=FOLDER and --lacking=FOLDER.")
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
        Unused(("uncertainty",), where={"true images": False}, why="for {subject}, which makes no image that has a true one"),
        Unused(("uncertainty",), where={"run": False}, why="for {subject}: it is for a run"),
        Unused(("uncertainty_samples",), {"uncertainty": _lacks_spread}),
        Unused(("inception_weights",), {"features": lambda features: features != "inception"}, why="beside --features={features}"),
        Unused(("segmenter_steps",), {"segmenter": given}, why="with --segmenter, which is trained already"),
        Unused(("classifier_epochs",), {"classifier": given}, why="with --classifier, which is trained already"),
        Unused(("vgg_weights",), {"lpips_weights": ("",)}, cure="give LPIPS' weights too, or leave it out"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="what")
    data_dir: str = setting("", "where the run's data is now, if it was moved", group="what", path=True)
    count: int = setting(5000, "maximum number of real and of generated images", at_least=2, at_most=10_000_000, group="what")
    pair_names: Strings = setting(
        (),
        "for two folders: patterns of the file names of pairs, with {} for the part that both share: '{}_real_B,{}_fake_B'; equal: only "
        "equal names; empty: detected",
        group="what",
    )
    value_range: Strings = setting(
        (),
        "for two folders: the lowest and the highest possible value: -1024:3071; auto: those of the real images; empty: all values of the "
        "type, for 8 and 16 bits",
        group="what",
    )
    metrics: Strings = setting((), "names of metrics, for example l1,ssim,fid; empty: all that suit the run", group="how")
    features: str = setting(
        "inception",
        "network for FID and similar metrics: inception (ImageNet weights, downloaded once), own (a small network trained on the data), or "
        "the file of a Keras model; empty: leave these metrics out",
        group="how",
        path=True,
    )
    inception_weights: str = setting("", "file of Keras' InceptionV3 weights; empty: download", group="how", path=True)
    lpips_weights: str = setting("", "file of LPIPS' trained weights for VGG16, .npz; empty: no LPIPS", group="how", path=True)
    vgg_weights: str = setting(
        "imagenet", "for LPIPS: imagenet, or the file of Keras' VGG16 weights without the top layers", group="how", path=True
    )
    segmenter: str = setting(
        "", "Keras model or SavedModel that finds the classes in photos; empty: one is trained on the data", group="how", path=True
    )
    segmenter_steps: int = setting(1000, "steps of that training", at_least=1, group="how")
    classifier: str = setting(
        "", "Keras model that finds the classes or attributes of images; empty: one is trained on the data", group="how", path=True
    )
    classifier_epochs: int = setting(12, "epochs of that training", at_least=1, group="how")
    label_palette: Strings = setting((), "colors of the label maps' classes, as RRGGBB, or facades; empty: as in the run", group="how")
    label_names: Strings = setting((), "names of these classes", group="how")
    label_coding: str = setting(
        "", "how label maps are coded: ids, palette, or colors; empty: as in the run", group="how", old_choices=OLD_CODINGS
    )
    seed: int = setting(0, "seed of intervals, subsets, and projections", at_least=0, group="how")
    uncertainty: str = _uncertainty_setting("measure how well maps of the run's uncertainty tell where it errs", "how")
    uncertainty_samples: int = _samples_setting("how")
    cases: int = setting(
        4, "number of best and of worst validation images to keep for the report, for each metric", at_least=0, group="output"
    )

    def check_folders(self, real: str, fake: str):
        """Raises `UserError` if two folders cannot be compared by these settings, or one of them is not named."""
        if not (real and fake):
            raise UserError("To compare two folders, name both: --real=FOLDER and --fake=FOLDER.")
        if self.features == "own":
            raise UserError("--features=own is trained on a run's data; for two folders use inception or a Keras model's file.")


def _lacks(name: str):
    """Whether a setting of several names lacks one, for `Unused.beside`."""
    return lambda names: name not in names


@dataclasses.dataclass(frozen=True)
class ExportConfig(Settings):
    """The settings of `tfgan export`, which writes a run's networks as a SavedModel, or for other runtimes."""

    unused: ClassVar[Table] = (
        Unused(("max_pixels",), where={"translates": False}, why="for {subject}, whose export takes no files"),
        Unused(("max_pixels",), {"format": _lacks("savedmodel")}, why="without --format=savedmodel, which alone takes files"),
        Unused(("quantize",), {"format": _lacks("litert")}, why="without --format=litert, whose files alone are quantized"),
        Unused(("export_size",), {"format": _lacks("litert")}, why="without --format=litert, whose files alone have one size"),
        Unused(("export_size",), where={"translates": False}, why="for {subject}, whose images have one size"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    format: Strings = setting(("savedmodel",), f"formats, separated by commas: {', '.join(FORMATS)}", group="what to write")
    quantize: Strings = setting(
        ("none",),
        "numbers in LiteRT files, one file for each: none (float32), float16, dynamic (weights of 8 bits), or int8 "
        "(all of 8 bits, whose ranges are found on the run's own images)",
        group="what to write",
    )
    export_size: Size = setting(
        (0, 0), "height and width of the images that LiteRT files take; 0: the size of training", group="what to write"
    )
    license: str = setting("", "license of the weights, for people who get the files; empty: the files state none", group="what to write")
    output: str = setting("", "folder for the export; empty: RUN/export", group="output", path=True)
    overwrite: bool = setting(False, "replace an existing export", group="output")
    max_pixels: int = setting(
        2**24, "maximum number of pixels of a file in serve_bytes: a larger one is refused before it is decoded", at_least=1, group="output"
    )

    def __post_init__(self):
        super().__post_init__()
        for name, known in (("format", FORMATS), ("quantize", QUANTIZATIONS)):
            for word in getattr(self, name):
                if word not in known:
                    raise UserError(f"--{name}={word} is unknown.{did_you_mean(word, known)} There are: {', '.join(known)}.")
            if not getattr(self, name):
                raise UserError(f"--{name}= names none. There are: {', '.join(known)}.")


@dataclasses.dataclass(frozen=True)
class ServeConfig(Settings):
    """The settings of `tfgan serve`, which answers requests over HTTP with runs."""

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    host: str = setting("127.0.0.1", "address to listen on; another one than this machine's own needs a token", group="where")
    port: int = setting(8501, "port, that of TensorFlow Serving; 0: a free one", at_least=0, at_most=65535, group="where")
    token: str = setting(
        "", f"what requests must bring (Authorization: Bearer TOKEN); empty: the variable {TOKEN}, or none on this machine", group="where"
    )
    token_file: str = setting("", "file that holds the token, which the list of processes then does not show", group="where", path=True)
    max_bytes: int = setting(2**25, "bytes of a request's body", at_least=1024, group="limits")
    max_pixels: int = setting(2**22, "pixels that a request reads or makes", at_least=1, group="limits")
    queue: int = setting(64, "requests in hand at a time; more are asked to come again", at_least=1, at_most=10_000, group="limits")
    timeout: float = setting(
        60.0, "seconds for a request's body to come, and for its answer", at_least=0.01, at_most=86_400.0, group="limits"
    )
    batch: int = setting(8, "images of one size that waiting requests may share a call for", at_least=1, at_most=256, group="limits")

    def __post_init__(self):
        super().__post_init__()
        if self.token and self.token_file:
            raise UserError("--token and --token_file both give the token: use one of them.")


_OF = "what it is of"


@dataclasses.dataclass(frozen=True)
class ImportConfig(Settings):
    """The settings of `tfgan import`, which makes a run of weights that somebody else trained: what their file does not tell."""

    unused: ClassVar[Table] = (
        Unused(("label_ids", "instance_edges", "num_upsampling_layers"), where={"spade": False}, why="for {subject}: it is for SPADE"),
        Unused(("statistics",), where={"batch norm": False}, why="for {subject}, which has no batch norm"),
        Unused(("dropout",), where={"unet": False}, why="for {subject}: it is for a U-Net"),
    )

    weights_b: str = setting("", "file of the generator of the other way, from B to A: both make a CycleGAN", group="which", path=True)
    alone: bool = setting(False, "take this file alone, and no discriminator or other generator beside it", group="which")
    image_size: Size = setting((0, 0), "size of the images that the networks were trained on; 0: by their structure", group=_OF)
    statistics: str = setting(
        "image",
        "statistics of batch norm in translations: those of each image, as in the authors' test without --eval, or moving averages",
        choices=("image", "moving"),
        group=_OF,
    )
    dropout: float = setting(
        0.5, "of a U-Net, whose file does not tell whether it has dropout: the rate", at_least=0, at_most=0.99, group=_OF
    )
    label_ids: Strings = setting(
        (), "of SPADE: ids of the classes in label maps, in the order of its channels: 1-150,0; empty: from 0", group=_OF
    )
    instance_edges: bool = setting(False, "of SPADE: its last channel of labels is the edges of instances; they are left out", group=_OF)
    num_upsampling_layers: str = setting(
        "", "of SPADE: normal or more, which the file does not tell; empty: normal", choices=("", "normal", "more", "most"), group=_OF
    )


@dataclasses.dataclass(frozen=True)
class ReportConfig(Settings):
    """The settings of `tfgan report`, which writes one HTML page about one or several runs, or the card of a run."""

    unused: ClassVar[Table] = (Unused(("images",), {"card": (True,)}, why="with --card, which shows the newest sample picture"),)

    out: str = setting(
        "",
        "file to write; empty: RUN/report.html, or for several runs report.html in this folder; with --card RUN/MODEL_CARD.md",
        group="output",
        path=True,
    )
    card: bool = setting(False, "write the card of a run instead, in Markdown with Hugging Face's front matter", group="output")
    images: int = setting(20, "maximum number of sample pictures of each run, evenly spaced over training", at_least=0, group="output")


@dataclasses.dataclass(frozen=True)
class AppConfig(Settings):
    """The settings of `tfgan app`, which writes a page that runs a run's networks in the visitor's browser."""

    unused: ClassVar[Table] = (
        Unused(("examples",), where={"translates": False}, why="for {subject}, which makes images from noise alone"),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    out: str = setting("", "file to write, or folder with --folder; empty: RUN/app.html, or RUN/app", group="output", path=True)
    folder: bool = setting(False, "write a folder of parts for a web server instead of one file", group="output")
    quantize: str = setting(
        "float16",
        "numbers of the networks' weights: none (float32), float16, half its size, or dynamic (8 bits), a quarter of it and farther from "
        "the run's results",
        choices=("none", "float16", "dynamic"),
        group="output",
    )
    examples: int = setting(4, "maximum number of the run's sample images to begin with", at_least=1, at_most=1000, group="output")
    runtime: str = setting(
        "", "folder of the unpacked npm package of LiteRT.js; empty: fetched once by npm, and kept", group="output", path=True
    )
