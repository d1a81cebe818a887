"""The page: all that it shows as one JSON object, and the script that shows it, in one HTML file that asks nothing of any server."""

import datetime
import html
from importlib import metadata, resources
from pathlib import Path
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

import tfgan
from tfgan.errors import UnreadableImage
from tfgan.evaluation.report import settings
from tfgan.evaluation.report.curves import charts, short
from tfgan.evaluation.report.differences import differences
from tfgan.evaluation.report.pictures import embed, evenly
from tfgan.evaluation.report.places import places
from tfgan.evaluation.report.records import Result, Run, tell_apart
from tfgan.markup import begins_as, island, source_hash

SCRIPTS = ("page.js", "charts.js", "pictures.js", "trials.js", "start.js")
MARK = '<meta name="generator" content="tfgan report">'
"""In the head of every report, by which it is known again."""

SHOWN_CASES = 4  # best and worst by each metric


def render(runs: list[Run], most_images: int, search: dict[str, Any] | None = None) -> bytes:
    """The report of the runs, the bytes of an HTML file in UTF-8.

    Args:
        most_images: sample pictures of each run, at most.
        search: of the sweep that the runs are trials of: `title`, `metric`, whether `higher` is better, the number of the `best` trial or
            None, the `command` that trains it, `names` of the settings that are searched, all `trials` in order, each with `number`,
            `state`, `value`, `epoch`, `values`, `why` and `seconds`, and how many are `beside` each other here; None: of no sweep.

    Raises:
        UserError: a run's folder is there twice.
    """
    record = make_record(runs, most_images, search)
    library, script = get_plotlyjs(), "\n".join(_read(name) for name in SCRIPTS)
    page = Template(_read("template.html")).substitute(
        mark=MARK,
        title=html.escape(record["title"]),
        library=library,
        library_hash=source_hash(library),
        script=script,
        script_hash=source_hash(script),
        style=_read("page.css"),
        license=html.escape(_license()),
        record=island(record),
    )
    return page.encode(errors="replace")  # a file's name may hold what UTF-8 does not know


def make_record(runs: list[Run], most_images: int, search: dict[str, Any] | None = None) -> dict[str, Any]:
    """The record of all that the page shows of the runs, ready for JSON; for the arguments see `render`."""
    names = tell_apart([run.folder for run in runs])
    notes: list[list[str]] = [[*run.notes] for run in runs]
    newest = [run.newest for run in runs]
    return {
        "title": search["title"] if search else ", ".join(names),
        "search": search,
        "made": f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        "version": tfgan.__version__,
        "runs": names,
        "facts": settings.facts(runs),
        "differing": settings.differing_settings(runs) if len(runs) > 1 else [],
        "settings": settings.all_settings(runs),
        "changed": settings.changed_settings(runs),
        "repeat": [{"command": run.command, "remark": run.remark} for run in runs],
        "groups": charts([run.rows for run in runs], [settings.domain_names(run) for run in runs]),
        "samples": [_samples(run, most_images, own) for run, own in zip(runs, notes)],
        "alarms": [None if run.alarms is None else [_alarm(alarm) for alarm in run.alarms] for run in runs],
        "evaluation": {
            "metrics": settings.evaluation_table(newest),
            "about": [None if result is None else _about(result) for result in newest],
            "stamps": settings.stamps(newest),
            "unlike": settings.unlike(newest),
            "differences": differences(newest),
            "earlier": [_earlier(run.results[:-1]) for run in runs],
            "cases": [_cases(result, own) if result else [] for result, own in zip(newest, notes)],
            "higher": settings.directions(newest),
        },
        "missing": [run.missing for run in runs],
        "notes": notes,
    }


def _samples(run: Run, most: int, notes: list[str]) -> list[dict]:
    chosen = evenly(run.samples, most)
    if len(chosen) < len(run.samples):
        notes.append(f"{len(chosen)} of {len(run.samples)} sample pictures are shown, evenly over training: `--images` says how many.")
    shown = []
    for sample in chosen:
        if picture := _embedded(sample.path, f"samples/{sample.path.name}", notes):
            found = places(sample.path, (picture["width"], picture["height"]), run.config.get("spec"))
            shown.append({"label": f"{sample.unit} {sample.number}", "epoch": short(sample.epoch), **picture, "places": found})
    return shown


def _embedded(path: Path, name: str, notes: list[str]) -> dict | None:
    """The picture in a file, see `embed`; None if it cannot be shown, which a note says, with the reason."""
    try:
        return embed(path)
    except UnreadableImage as error:
        notes.append(f"{name} {error}.")
        return None


def _alarm(alarm) -> dict:
    return {**alarm._asdict(), "epoch": short(alarm.epoch)}


def _about(result: Result) -> dict:
    return {"step": result.step, "made": result.made, "warnings": result.warnings}


def _earlier(results: list[Result]) -> list[dict]:
    return [_about(result) | {"metrics": {name: values.get("value") for name, values in result.metrics.items()}} for result in results]


def _cases(result: Result, notes: list[str]) -> list[dict]:
    shown = []
    for place in settings.extreme_cases(result, SHOWN_CASES):
        case = result.cases[place]
        images = {what: _embedded(path, path.name, notes) for what, path in case.images.items()}
        pictures = {what: picture for what, picture in images.items() if picture}
        shown.append({"name": case.name, "scores": case.scores, "images": pictures})
    return shown


def _license() -> str:
    """Plotly's license, which goes wherever its script goes; packagers may leave out the file."""
    return metadata.distribution("plotly").read_text("licenses/LICENSE.txt") or "MIT"


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def is_report(path: Path) -> bool:
    """Whether a file is a report that this program wrote: it begins as each of them does, which a page that quotes one does not."""
    return begins_as(path, _read("template.html"), MARK)
