"""The settings of `tfgan export`."""

import dataclasses
from typing import ClassVar

from tfgan.config.setting import Settings, Size, Strings, setting
from tfgan.config.unused import Table, Unused
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError, did_you_mean

FORMATS = ("savedmodel", "litert", "onnx", "keras", "safetensors")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")


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
