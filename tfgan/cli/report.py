"""`tfgan report`: one HTML file about a run, or about several side by side."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import write_atomically
from tfgan.errors import UserError

USAGE = """usage: tfgan report RUN [RUN …] [--FLAGS]

Writes one HTML file to read, keep and send: settings, curves, sample pictures over training, alarms, and the evaluation
with its best and worst images. Several runs stand side by side, with the settings that differ. The file holds all it
shows; it needs no server and no network. A report that is there is made anew."""

NAME = "report.html"
MAILABLE = 10_000_000  # bytes: what mail servers commonly take, at the least


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("output", "out", "", "the file; empty: RUN/report.html, for several runs report.html here")
    flags.add("output", "images", 20, "sample pictures of each run at most, evenly over training", int)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folders = [Path(folder).expanduser() for folder in flags.parse(arguments, positional=None)]
    if not folders:
        raise UserError(f"Name a run, or several.\n{USAGE.splitlines()[0]}")
    if flags["images"] < 0:
        raise UserError(f"--images={flags['images']} must be at least 0.")
    out = Path(flags["out"]).expanduser() if flags["out"] else (folders[0] / NAME if len(folders) == 1 else Path(NAME))

    from tfgan.evaluation.report.page import is_report, render
    from tfgan.evaluation.report.records import read_run

    if out.exists() and not is_report(out):
        raise UserError(f"{out} is there and is no report of tfgan: choose another name by --out=FILE.html.")
    content = render([read_run(folder) for folder in folders], flags["images"])
    try:
        write_atomically(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another place by --out=FILE.html.") from None
    hint = f"; for a smaller file use fewer pictures, such as --images={flags['images'] // 2}" if len(content) > MAILABLE else ""
    print(f"{out}: {len(content) / 1e6:.1f} MB{hint}")
    return 0
