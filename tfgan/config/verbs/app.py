"""The settings of `tfgan app`."""

import dataclasses
from typing import ClassVar

from tfgan.config.setting import Settings, setting
from tfgan.config.unused import Table, Unused
from tfgan.config.verbs.which import CHECKPOINT


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
