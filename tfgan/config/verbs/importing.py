"""The settings of `tfgan import`."""

import dataclasses
from typing import ClassVar

from tfgan.config.setting import Settings, Size, Strings, setting
from tfgan.config.unused import Table, Unused

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
    instance_edges: bool = setting(
        False,
        "of SPADE: its last channel of labels is the edges of instances, and is left out; --instances has it seen instead",
        group=_OF,
    )
    num_upsampling_layers: str = setting(
        "", "of SPADE: normal or more, which the file does not tell; empty: normal", choices=("", "normal", "more", "most"), group=_OF
    )
