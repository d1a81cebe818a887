"""`tfgan sample`: images from noise."""

import dataclasses
import os
from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import SampleConfig
from tfgan.errors import UserError
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan sample RUN OUTPUT [--FLAGS]

Makes images with a run that learned to make them from noise. Each seed stands for one image, whatever else is made:
OUTPUT is a folder of seed000000.png …, in a folder for each class where the run knows classes. If OUTPUT is called
like a picture, such as digits.png, it is one picture of many samples, or with --count=1 of one. --sheet says what it
shows: samples (a column for each class), interpolation, mixing and truncation (StyleGAN), reconstruction and edit
(VAE-GAN, of --images). With --images alone, a folder OUTPUT holds their reconstructions under their names; --having
and --lacking move these by what sets two folders of images apart.

examples:
  tfgan sample runs/digits digits --count=100 --classes=3,7
  tfgan sample runs/faces sheet.png --sheet=interpolation --rows=6"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("sample", SampleConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, output = flags.parse(arguments, positional=2)
    settings = _with_sheet(flags.record(SampleConfig), Path(output), flags.given)
    from tfgan.runs.judging import judge_sample

    judge_sample(folder, Path(output), settings)

    start_tensorflow()
    from tfgan.runs.results.sampling import sample

    said, exit_code = sample(folder, Path(output), settings)
    print(said)
    return exit_code


def _with_sheet(settings: SampleConfig, output: Path, given: set[str]) -> SampleConfig:
    """The settings with the sheet that an output called like a picture asks for, where none is named; one image is no sheet."""
    from tfgan.data.formats import is_picture

    if settings.sheet or os.path.isdir(output) or not is_picture(output) or (settings.count == 1 and not settings.images):
        return settings
    if "count" in given and not settings.images:
        raise UserError(
            f"{output} is the name of one picture, and --count={settings.count} a number of files: name a folder, or say how many the "
            "picture shows by --rows and --columns."
        )
    return dataclasses.replace(settings, sheet="edit" if settings.having else "reconstruction" if settings.images else "samples")
