"""The settings of `tfgan check`."""

import dataclasses
from pathlib import Path

from tfgan.config.setting import Settings, setting
from tfgan.errors import UserError


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
