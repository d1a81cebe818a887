"""The settings of `tfgan sample`."""

import dataclasses
import math
from typing import ClassVar

from tfgan.config.setting import Settings, Strings, setting
from tfgan.config.unused import Table, Unused, given
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError

SHEETS = ("", "samples", "interpolation", "mixing", "truncation", "reconstruction", "edit")


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
