"""`tfgan sample`: images from noise."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import SampleConfig
from tfgan.errors import UserError
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan sample RUN OUTPUT [--FLAGS]

Makes images with a run that learned to make them from noise. Each seed stands for one image, whatever else is made:
OUTPUT is a folder of seed000000.png …, in a folder for each class where the run knows classes. With --sheet, OUTPUT
is one picture: samples (a column for each class), interpolation, mixing and truncation (StyleGAN), reconstruction and
edit (VAE-GAN, of --images). With --images alone, OUTPUT holds their reconstructions under their names; --having and
--lacking move these by what sets two folders of images apart.

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
    settings = flags.record(SampleConfig)
    _check(settings, Path(output))
    from tfgan.runs.judging import judge_sample

    judge_sample(folder, settings)

    start_tensorflow()
    from tfgan.runs.sampling import sample

    said, exit_code = sample(folder, Path(output), settings)
    print(said)
    return exit_code


def _check(settings: SampleConfig, output: Path):
    """Raises `UserError` for an output that cannot be written to."""
    if settings.sheet and output.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UserError(f"--sheet makes one picture: name it, for example {output}.png")
    if settings.sheet and output.exists() and not settings.overwrite:
        raise UserError(f"{output} exists: use --overwrite, or another name.")
    if not settings.sheet and output.is_file():
        raise UserError(f"{output} is a file; images go to a folder. For one picture of many use --sheet.")
