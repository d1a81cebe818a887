"""The settings of `tfgan translate`."""

import dataclasses
from typing import ClassVar

from tfgan.config.scale import FULL, TRAINED
from tfgan.config.setting import MOST_SIDE, Settings, setting, shortened
from tfgan.config.unused import Table, Unused, given
from tfgan.config.verbs.uncertainty import lacks_spread, samples_setting, uncertainty_setting
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError, did_you_mean


@dataclasses.dataclass(frozen=True)
class TranslateConfig(Settings):
    """The settings of `tfgan translate`, which makes images from images with a trained run."""

    unused: ClassVar[Table] = (
        Unused(("set",), where={"attributes": False}, why="for {subject}, which has no attributes"),
        Unused(("style",), where={"styles of photos": False}, why="for {subject}, which has no style encoder (spade with --style_encoder)"),
        Unused(("instances",), where={"instances": False}, why="for {subject}, which was trained without instance maps"),
        Unused(("seed",), {"uncertainty": lacks_spread}, {"styles of photos": False}, why="for {subject}, which takes no random style"),
        Unused(("seed",), {"style": given, "uncertainty": lacks_spread}, why="with --style, which replaces the random one"),
        Unused(("uncertainty_samples",), {"uncertainty": lacks_spread}),
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
    instances: str = setting(
        "",
        "instance maps of the label maps, for a run that was trained with --instances: a file, a folder, or a quoted pattern",
        group="what to make",
        path=True,
    )
    seed: int = setting(0, "seed of the random style, if there is no --style", at_least=0, group="what to make")
    format: str = setting("", "file format of all results, for example png; empty: the format of each input", group="output")
    overwrite: bool = setting(False, "replace existing results", group="output")
    uncertainty: str = uncertainty_setting("write a map beside each result, NAME_uncertainty.tif, of how sure the run is", "uncertainty")
    uncertainty_samples: int = samples_setting("uncertainty")
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
