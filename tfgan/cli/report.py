"""`tfgan report`: one HTML file about a run, or about several side by side."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import ReportConfig
from tfgan.errors import UserError

USAGE = """usage: tfgan report RUN [RUN …] [--FLAGS]

Writes one HTML file to read, keep, and send: settings, loss curves, sample pictures over training, alarms, and the
evaluation with its best and worst images. Several runs are shown side by side, with the settings that differ. The file
contains everything it shows; it needs no server and no network. An existing report is replaced.

With --card the run's MODEL_CARD.md is written instead: what it learned from, its settings, measures, and limits, with
places to fill in for licenses. A card in which somebody has written is never replaced.

examples:
  tfgan report runs/facades --card
  tfgan report runs/a runs/b --out=compared.html"""

MAILABLE = 10_000_000  # bytes: what mail servers commonly take, at the least


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("report", ReportConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folders = [Path(folder).expanduser() for folder in flags.parse(arguments, positional=None)]
    settings = flags.record(ReportConfig)
    if not folders:
        raise UserError(f"Name a run, or several.\n{USAGE.splitlines()[0]}")

    from tfgan.runs.report import write_card, write_report

    if settings.card:
        if len(folders) > 1:
            raise UserError(f"--card is of one run, not of {len(folders)}: name one.")
        print(f"{write_card(folders[0], settings)}: fill in what is marked, the license first")
        return 0
    out, size = write_report(folders, settings)
    hint = f"; for a smaller file use fewer pictures, such as --images={settings.images // 2}" if size > MAILABLE else ""
    print(f"{out}: {size / 1e6:.1f} MB{hint}")
    return 0
