"""`tfgan sample`: images from noise."""

import os
from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import SampleConfig
from tfgan.errors import UserError
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan sample RUN OUTPUT [--FLAGS]

Makes images from noise with a trained run. The same seed always gives the same image. OUTPUT is a folder for
seed000000.png …, with a subfolder for each class if the run has classes. If OUTPUT is the name of a picture, such as
digits.png, it becomes one picture of many samples, or of a single one with --count=1. --sheet says what the picture
shows: samples (a column for each class), interpolation, mixing and truncation (StyleGAN), reconstruction and edit
(VAE-GAN, of --images), projection (the nearest images to --images, whose latents go to PICTURE_latents/), directions
(of change, which go to PICTURE.npz). With --images and a folder as OUTPUT, the images are encoded and reconstructed;
--having and --lacking edit them by the difference between two folders of images.

examples:
  tfgan sample runs/digits digits --count=100 --classes=3,7
  tfgan sample runs/faces found.png --sheet=projection --images=PHOTOS"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("sample", SampleConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, output = flags.parse(arguments, positional=2)
    settings = flags.record(SampleConfig, sheet=_sheet(flags, Path(output)))
    from tfgan.runs.judging import judge_sample

    inputs = judge_sample(folder, Path(output), settings)

    start_tensorflow()
    from tfgan.runs.results.sampling import sample

    said, exit_code = sample(folder, Path(output), settings, inputs)
    print(said)
    return exit_code


def _sheet(flags: Flags, output: Path) -> str:
    """The sheet that is named, or else that which an output called like a picture asks for; one image is no sheet."""
    from tfgan.data.reading.formats import is_picture

    sheet, images, count = flags["sheet"], flags["images"], flags["count"]
    if sheet or os.path.isdir(output) or not is_picture(output) or (count == 1 and not images):
        return sheet
    if "count" in flags.given and not images:
        raise UserError(
            f"{output} is the name of one picture, and --count={count} a number of files: name a folder, or say how many the picture "
            "shows by --rows and --columns."
        )
    return "edit" if flags["having"] else "reconstruction" if images else "samples"
