"""The settings of `tfgan sample`."""

import dataclasses
import math
from typing import ClassVar

from tfgan.config.setting import Settings, Strings, setting
from tfgan.config.unused import Table, Unused, given
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError

SHEETS = ("", "samples", "interpolation", "mixing", "truncation", "reconstruction", "edit", "projection", "directions")
PROJECTION = ("features", "projection_steps", "projection_noise")
NOISE_MODES = ("const", "random", "none")


def _projects_nothing(sheet: str) -> bool:
    return sheet not in ("projection", "directions")


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
        Unused(("columns",), {"sheet": ("truncation", "reconstruction", "edit", "directions")}, said=True),
        Unused(("columns",), {"sheet": ("samples",)}, {"classes": True}, "for {subject}, whose classes are the columns", said=True),
        Unused(("images",), {"sheet": ("samples", "mixing", "truncation")}),
        Unused(("count",), {"images": given, "sheet": ("",)}, why="with --images, all of which are taken", said=True),
        Unused(("seed",), {"images": given, "sheet": _projects_nothing}, why="with --images, which replace the noise", said=True),
        Unused(("classes",), {"images": given, "sheet": _projects_nothing}, why="with --images, which replace the noise"),
        Unused(("classes",), {"sheet": ("mixing", "truncation")}),
        Unused(("classes",), where={"classes": False}, why="for {subject}, which was trained without classes"),
        Unused(("truncation",), {"sheet": ("truncation",)}, why="with --sheet=truncation, which shows several"),
        Unused(("truncation", "truncation_layers"), {"sheet": ("projection",)}, why="with --sheet=projection, whose w is not truncated"),
        Unused(
            ("truncation", "truncation_layers", "noise_mode", "projection_noise"),
            where={"styles": False},
            why="for {subject}: it is for StyleGAN",
        ),
        Unused(("noise_mode",), {"sheet": lambda sheet: sheet not in ("", "samples")}),
        Unused(("noise_mode",), {"images": given}, why="with --images"),
        Unused(PROJECTION, {"sheet": _projects_nothing}, why="without --sheet=projection or directions"),
        Unused(
            PROJECTION,
            {"sheet": ("directions",), "images": ("",), "having": ("",)},
            why="without images to project",
        ),
        Unused(("inception_weights",), {"features": lambda features: features != "inception"}, why="without --features=inception"),
        Unused(
            ("strengths",),
            {"having": ("",), "sheet": lambda sheet: sheet != "directions"},
            why="without an edit",
            cure="give --having=FOLDER and --lacking=FOLDER too",
        ),
    )

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    count: int = setting(64, "number of images in a folder", at_least=1, at_most=10_000_000, group="what to make")
    seed: int = setting(0, "seed of the first image; the next ones have the next numbers", at_least=0, group="what to make")
    classes: Strings = setting((), "names of the classes to make, in turn; empty: all", group="what to make")
    truncation: str = setting("", "StyleGAN's ψ, from 0 (the mean image) to 1 (full variety); empty: the run's own", group="what to make")
    truncation_layers: int = setting(
        -1, "StyleGAN: number of first layers that ψ is for; -1: the run's own", at_least=-1, group="what to make"
    )
    noise_mode: str = setting(
        "const",
        "StyleGAN's noise: const (the same for all images), random (each image's own, which follows from its seed), none",
        choices=NOISE_MODES,
        group="what to make",
    )
    sheet: str = setting("", "make one picture of many samples instead of a folder", choices=SHEETS, group="sheets")
    rows: int = setting(4, "rows of the sheet", at_least=1, at_most=1000, group="sheets")
    columns: int = setting(8, "columns of the sheet, if classes or --strengths do not decide it", at_least=1, at_most=1000, group="sheets")
    crossover: int = setting(4, "with --sheet=mixing: the first layer that takes the style of the fine source", group="sheets")
    images: str = setting("", "images to encode instead of noise: an image, a folder, or a pattern", group="from images", path=True)
    having: str = setting("", "images that have what the edit adds", group="from images", path=True)
    lacking: str = setting("", "images without it", group="from images", path=True)
    strengths: Strings = setting(
        (), "strengths of the edit; empty: 1, for a sheet -1,-0.5,0,0.5,1, of directions -3,-1.5,0,1.5,3 deviations", group="from images"
    )
    features: str = setting(
        "",
        "to project images: the network by whose features they are compared, a Keras model's file, or inception; empty: by pixels and the "
        "run's own discriminator",
        group="from images",
        path=True,
    )
    inception_weights: str = setting("", "file of Keras' InceptionV3 weights; empty: download", group="from images", path=True)
    projection_steps: int = setting(1000, "steps by which each image is projected", at_least=1, group="from images")
    projection_noise: bool = setting(
        False, "StyleGAN: learn noise maps beside w, as in the paper, which take up what is chance in an image", group="from images"
    )
    overwrite: bool = setting(False, "replace existing results", group="output")

    def __post_init__(self):
        super().__post_init__()
        self.numbers("truncation")
        self.numbers("strengths")
        edits = bool(self.having and self.lacking)
        if self.sheet in ("reconstruction", "edit", "projection") and not self.images:
            raise UserError(f"--sheet={self.sheet} needs --images=FOLDER.")
        if bool(self.having or self.lacking) != edits or (self.sheet == "edit" and not edits):
            raise UserError("An edit needs images with and without something: give both, --having=FOLDER and --lacking=FOLDER.")
        if edits and self.sheet != "directions" and (not self.images or self.sheet not in ("", "edit")):
            raise UserError("--having and --lacking edit --images, one by one or with --sheet=edit, or are for --sheet=directions.")
        if self.sheet == "directions" and self.images and not edits:
            raise UserError("--sheet=directions shows --images with --having and --lacking; main directions are shown of --seed.")

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
