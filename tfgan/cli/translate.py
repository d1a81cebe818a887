"""`tfgan translate`: images through a trained run."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import TranslateConfig
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan translate RUN INPUT OUTPUT [--FLAGS]

Translates INPUT with a trained run. INPUT is an image, a video, a folder with all its subfolders, or a quoted pattern such
as "photos/**/*.jpg". Results keep the size, relative name, and format of their input. Each file records how it was made.
If the command is repeated, results of the same run, step, direction, settings, and input are kept; other files in
OUTPUT are replaced only with --overwrite. A run that translates both ways needs --to=DOMAIN.

examples:
  tfgan translate runs/facades photos results
  tfgan translate runs/faces face.jpg older.png --set=~Young"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("translate", TranslateConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, source, output = flags.parse(arguments, positional=3)
    settings = flags.record(TranslateConfig)

    from tfgan.runs.judging import judge_translation

    tasks = judge_translation(folder, source, output, settings)
    start_tensorflow()
    from tfgan.runs.results.translate import translate

    written = translate(folder, tasks, settings)
    print(written.describe(output))
    return written.exit_code
