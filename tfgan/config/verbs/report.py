"""The settings of `tfgan report`."""

import dataclasses
from typing import ClassVar

from tfgan.config.setting import Settings, setting
from tfgan.config.unused import Table, Unused


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
