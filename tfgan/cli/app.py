"""`tfgan app`: a page that runs a run's networks in the visitor's browser."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import AppConfig
from tfgan.errors import UserError
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan app RUN [OUT.html] [--FLAGS]

Writes one HTML file that runs the run's networks in the visitor's browser: paint a label map and see the photo, drop a
picture or use the camera, switch attributes, go from seed to seed. It opens from disk by a double click and from any web
server, asks no server for anything, and sends nothing. Before it is written, its networks are compared with the run.

The browser's part, LiteRT.js, is fetched once by npm; a machine without Node or network takes it from --runtime=FOLDER.
An existing page is replaced.

examples:
  tfgan app runs/facades facades.html --quantize=dynamic
  tfgan app runs/facades site/facades --folder"""

SMALLER = {"none": "float16", "float16": "dynamic"}
"""Quantization -> the next one, with networks of half the size."""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("app", AppConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    given = flags.parse(arguments, positional=None)
    if not 1 <= len(given) <= 2:
        raise UserError(f"Name one run, and where the page goes if not to RUN/app.html.\n{USAGE.splitlines()[0]}")
    settings = flags.record(AppConfig)
    if given[1:]:
        if settings.out:
            raise UserError(f"{given[1]} and --out={settings.out} are two names for the page: give one of them.")
        settings = flags.record(AppConfig, out=given[1])

    from tfgan.runs.pages import judge_app

    out = judge_app(given[0], settings)
    start_tensorflow()
    from tfgan.runs.results.app import make_app

    made = make_app(given[0], settings, out)
    parts = ", ".join(f"{what} {size / 1e6:.1f}" for what, size in made.parts.items())
    print(f"{made.path}: {made.size / 1e6:.1f} MB ({parts})")
    for way, difference in made.differences.items():
        print(f"{way}: {difference}")
    if smaller := SMALLER.get(settings.quantize):
        print(f"--quantize={smaller} makes its networks half as large. A web server that compresses sends less, too.")
    return 0
