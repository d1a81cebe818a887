"""The report of runs, as a file."""

from pathlib import Path

from tfgan.config import write_atomically
from tfgan.config.verbs import ReportConfig
from tfgan.errors import UserError
from tfgan.evaluation.report.page import is_report, render
from tfgan.evaluation.report.records import read_run

NAME = "report.html"


def write_report(folders: list[Path], settings: ReportConfig) -> tuple[Path, int]:
    """Writes one HTML file about runs side by side; a report that is there is made anew. Returns where, and its size in bytes.

    Raises:
        UserError: a folder that is no run; a file that is there and is no report; a place that cannot be written to.
    """
    out = Path(settings.out).expanduser() if settings.out else (folders[0] / NAME if len(folders) == 1 else Path(NAME))
    if out.exists() and not is_report(out):
        raise UserError(f"{out} is there and is no report of tfgan: choose another name by --out=FILE.html.")
    content = render([read_run(folder) for folder in folders], settings.images)
    try:
        write_atomically(out, content)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): choose another place by --out=FILE.html.") from None
    return out, len(content)
