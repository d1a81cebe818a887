"""Judges where the page of a run goes, before TensorFlow is started."""

from pathlib import Path

from tfgan.app.build import FILES, is_page
from tfgan.config import refuse_part_of_run
from tfgan.config.unused import hold
from tfgan.config.verbs import AppConfig
from tfgan.errors import UserError
from tfgan.extras import require
from tfgan.paths.files import check_encoding, check_file, check_place, is_there
from tfgan.paths.folders import files_in
from tfgan.runs.judging import facts_of, judge_run, refuse_instances


def judge_app(run: str, settings: AppConfig) -> Path:
    """Where the page of a run goes.

    Raises:
        UserError: no such run or checkpoint; a file or folder that is there and is no page.
        OutputError: a place that cannot be written to.
    """
    config = judge_run(run, settings.checkpoint)
    refuse_instances(config, run, "a page")
    hold(settings, facts_of(config), run)
    require("tfgan app", ["ai_edge_litert"], "litert")  # by which the networks of a page are compared with the run
    out = Path(settings.out or Path(run).expanduser() / ("app" if settings.folder else "app.html"))
    flag = "--out=" if settings.out else ""
    check_encoding(out, flag)
    refuse_part_of_run(out, flag)
    if not settings.folder:
        check_file(out, flag)
        refuse_other(out)
        return out
    check_place(out)
    if is_there(out) and not (is_page(out / "index.html") and set(files_in(out)) <= FILES):
        raise UserError(f"{out} exists, and is not only a page of tfgan. It was left as it is: choose another name with --out=FOLDER.")
    return out


def refuse_other(out: Path):
    """Raises `UserError` for a file that is there and is no page, which must stay."""
    if is_there(out) and not is_page(out):
        raise UserError(f"{out} exists and is not a page of tfgan: choose another name with --out=FILE.html.")
