"""The report of runs, as a file."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfgan.config import DataConfig, DataSpec, TrainConfig, record_in_present_words, refuse_part_of_run
from tfgan.config.verbs import ReportConfig
from tfgan.errors import UserError
from tfgan.evaluation.report.card import is_own_card, render_card
from tfgan.evaluation.report.page import is_report, render
from tfgan.evaluation.report.records import Run, read_run
from tfgan.methods import METHODS, method_class
from tfgan.paths.files import check_file, is_there, write_atomically
from tfgan.runs.repeat import repeat

logger = logging.getLogger(__name__)

NAME, CARD = "report.html", "MODEL_CARD.md"


def write_report(folders: list[Path], settings: ReportConfig, search: dict[str, Any] | None = None) -> tuple[Path, int]:
    """Writes one HTML file about runs side by side; a report that is there is made anew.

    Args:
        search: what the page says of the sweep that they are trials of, see `tfgan.evaluation.report.page`.

    Returns:
        the file, and its size in bytes.

    Raises:
        UserError: a folder that is no run; a file that is there and is no report.
        OutputError: a place that cannot be written to.
    """
    runs = [_with_command(_in_present_words(read_run(folder))) for folder in folders]
    for run in runs:
        for note in (note for note in run.notes if "outside the run" in note):
            logger.warning(f"{run.folder}: {note}")
    out = Path(settings.out) if settings.out else (folders[0] / NAME if len(folders) == 1 else Path(NAME))
    flag = "--out=" if settings.out else ""
    check_file(out, flag)
    refuse_part_of_run(out, flag)
    if is_there(out) and not is_report(out):
        raise UserError(f"{out} exists and is not a report of tfgan: choose another name with --out=FILE.html.")
    content = render(runs, settings.images, search)
    write_atomically(out, content)
    return out, len(content)


def write_card(folder: Path, settings: ReportConfig) -> Path:
    """Writes the card of a run; one that is there is made anew, unless somebody has written in it.

    Returns:
        the file.

    Raises:
        UserError: a folder that is no run; a file that is there and is no card, or one that was changed.
        OutputError: a place that cannot be written to.
    """
    out, flag = Path(settings.out) if settings.out else folder / CARD, "--out=" if settings.out else ""
    card = make_card(folder, lambda picture: Path(os.path.relpath(picture.resolve(), out.resolve().parent)).as_posix())
    check_file(out, flag)
    refuse_part_of_run(out, flag)
    if is_there(out) and not (out.is_file() and is_own_card(out.read_bytes())):
        raise UserError(f"{out} exists, and somebody has written in it, or it is no card of tfgan: move it, or write to --out=FILE.md.")
    write_atomically(out, card)
    return out


def make_card(folder: Path, link: Callable[[Path], str]) -> bytes:
    """The card of the run in `folder`, see `tfgan.evaluation.report.card`. Raises `UserError` for a folder that is no run."""
    return render_card(_with_command(_in_present_words(read_run(folder))), link)


def _in_present_words(run: Run) -> Run:
    """The run with its settings in one vocabulary, so that runs of several versions share the rows of a table, and what its method does."""
    records = {"data": DataConfig, "training": TrainConfig, "spec": DataSpec}
    if run.config.get("method") in METHODS:
        method = method_class(run.config["method"])
        records["hparams"] = method.HParams
        run = run._replace(both_ways=method.both_ways)
    parts = {name: run.config[name] for name in records if isinstance(run.config.get(name), dict)}
    return run._replace(config=run.config | {name: record_in_present_words(part, records[name]) for name, part in parts.items()})


def _with_command(run: Run) -> Run:
    """The run with what it differs in from the defaults, and the command that repeats it."""
    found = repeat(run.config)
    return run._replace(changed=found.settings, command=found.command, remark=found.remark)
