"""`tfgan translate`: images through a trained run."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import TranslateConfig
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan translate RUN INPUT OUTPUT [--FLAGS]

Puts INPUT, an image, a folder with all its sub-folders or a quoted pattern such as "photos/**/*.jpg", through the
run's generator. Results have their image's size, relative name and format, and say in the file what made them. The
command can be repeated: results of the same run, step, way, settings and input stay, and others that are in OUTPUT
are never replaced without --overwrite. A run that knows two ways is told --to=DOMAIN.

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

    judge_translation(folder, source, output, settings)
    start_tensorflow()
    from tfgan.runs.results.translate import translate

    written = translate(folder, source, output, settings)
    print(written.describe(output))
    return written.exit_code
