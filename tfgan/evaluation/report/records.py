"""What the files of a run's folder say, as plain records. Nothing of the method is needed to read them."""

import math
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tfgan.config.rows import Alarm, Row, alarm_row, is_number, metrics_row
from tfgan.config.run import read_record
from tfgan.config.stored import Damaged, Unreadable, read_lines
from tfgan.errors import UserError
from tfgan.evaluation.entries import read_entries
from tfgan.evaluation.newest import newest_values
from tfgan.paths.inside import leads_outside

SAMPLE_NAME = re.compile(r"(epoch|step)_(\d+)\.png")

Parsed = TypeVar("Parsed")


class Sample(NamedTuple):
    """One sample picture, of a whole epoch or of a step."""

    path: Path
    unit: str  # epoch or step
    number: int
    epoch: float | None  # where it stands in training; None if the run has no log to tell


class Case(NamedTuple):
    """One validation image with its scores by metric, and files by what they show: input, result, truth."""

    name: str
    scores: dict[str, float]
    images: dict[str, Path]


class Result(NamedTuple):
    """One evaluation of a run, or what is newest of several."""

    step: float | None
    made: str  # ISO time
    stamps: dict[str, dict[str, Any]]  # metric -> how it was measured
    metrics: dict[str, Row]  # metric -> value, and low and high of its interval and the value of real images, as far as known
    warnings: list[str]
    cases: list[Case]


class Run(NamedTuple):
    folder: Path
    config: dict[str, Any]  # of config.json
    rows: list[Row]  # by step
    samples: list[Sample]  # in the order of training
    alarms: list[Alarm] | None  # None: the run was not watched
    results: list[Result]  # oldest first
    newest: Result | None  # the last one, completed by earlier ones of its checkpoint
    missing: dict[str, str]  # curves, samples, alarms, evaluation -> which command makes it
    notes: list[str]  # what could not be read
    changed: dict[str, tuple[str, str]] | None = None  # setting -> value and default, of those not at their default; None: not known
    command: tuple[str, ...] = ()  # that repeats the run, words as a shell takes them; () if there is none
    remark: str = ""  # about the command, or why there is none
    both_ways: bool | None = None  # whether each of two domains becomes the other; None: the method is not known


def read_run(folder: Path) -> Run:
    """The records of the run in `folder`. What is damaged becomes a note, except for its config.json.

    Raises:
        UserError: `folder` is not a run, or its config.json is damaged.
    """
    notes: list[str] = []
    if _is_foreign(folder / "config.json", notes):
        raise UserError(f"{folder}: {notes[0]}")
    config = _read_config(folder / "config.json")
    rows = list({row["step"]: row for row in _lines(folder / "metrics.jsonl", _row, notes)}.values())
    rows.sort(key=lambda row: row["step"])
    samples = _find_samples(folder / "samples", rows, notes)
    alarms = _lines(folder / "alarms.jsonl", alarm_row, notes)
    watched = (folder / "alarms.jsonl").exists() or config.get("training", {}).get("health") is True
    results, newest = _read_results(folder, notes)
    parts = {
        "curves": (rows, "Nothing is logged yet: `tfgan train` writes a row every `--log_every` steps."),
        "samples": (samples, "No sample pictures yet: `tfgan train` makes them, every `--sample_every` steps."),
        "alarms": (watched, "This run was not watched: `tfgan train --health` watches for trainings that go wrong."),
        "evaluation": (results, f"Not evaluated yet: `tfgan evaluate {shlex.quote(str(folder))}` measures it."),
    }
    missing = {part: text for part, (found, text) in parts.items() if not found}
    return Run(folder, config, rows, samples, alarms if watched else None, results, newest, missing, notes)


def tell_apart(folders: list[Path]) -> list[str]:
    """A short name for each folder: its own, with as many of its parents' as it takes to tell the folders apart.

    Raises:
        UserError: a folder is there twice.
    """
    parts = [folder.resolve().parts for folder in folders]
    for folder, own in zip(folders, parts):
        if parts.count(own) > 1:
            raise UserError(f"{folder} is named twice: name each run once.")
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(own[-depth:]) for own in parts]
        if len(set(names)) == len(names):
            break
    return names


def number(value) -> float | None:
    """A JSON value as a float, finite or not; None if it is no number, or is too large for one."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def _read_config(path: Path) -> dict[str, Any]:
    return {name: value for name, value in read_record(path).items() if isinstance(value, str if name == "method" else dict)}


def _is_foreign(path: Path, notes: list[str]) -> bool:
    """Whether a file of a run leads out of it, as a stranger's link may; a note says so."""
    if not leads_outside(path, path.parent):
        return False
    notes.append(f"{path.name} is a link that leads outside the run: it is not read.")
    return True


def _lines(path: Path, parse: Callable[[Any], Parsed], notes: list[str]) -> list[Parsed]:
    """The records of a log; lines that hold none, such as one that is being written, are counted in the notes."""
    if _is_foreign(path, notes):
        return []
    try:
        found = read_lines(path, parse)
    except (Damaged, Unreadable) as error:
        notes.append(str(error))
        return []
    if bad := found.bad + found.cut:
        notes.append(f"{path.name}: {bad} of {bad + len(found.records)} lines could not be read.")
    return found.records


def _row(values: Any) -> Row:
    """A row of metrics.jsonl; what is no number of it, as a program's own callback may log, is left out."""
    return metrics_row({name: float(value) for name, value in values.items() if is_number(value)})


def _find_samples(folder: Path, rows: list[Row], notes: list[str]) -> list[Sample]:
    named = [(match, path) for path in folder.glob("*.png") if (match := SAMPLE_NAME.fullmatch(path.name))]
    foreign = {path for _, path in named if leads_outside(path, folder.parent)}
    if foreign:
        notes.append(f"samples: {len(foreign)} of {len(named)} are links that lead outside the run: they are not read.")
    found = [(match[1], int(match[2]), path) for match, path in named if path not in foreign and path.is_file()]
    samples = [Sample(path, unit, count, float(count) if unit == "epoch" else epoch_at(count, rows)) for unit, count, path in found]
    return sorted(samples, key=lambda sample: (sample.epoch is None, sample.epoch or 0.0, sample.number))


def epoch_at(step: float, rows: list[Row]) -> float | None:
    """The epoch of a step, between the logged rows around it; before and behind them at the pace of the nearest.

    None if no row has both a step above 0 and an epoch.
    """
    known = [(0.0, 0.0), *((row["step"], row["epoch"]) for row in rows if math.isfinite(row.get("epoch", math.nan)) and row["step"] > 0)]
    if len(known) == 1:
        return None
    behind = next((place for place, (known_step, _) in enumerate(known) if known_step >= step), len(known) - 1)
    (low, low_epoch), (high, high_epoch) = known[max(behind, 1) - 1 : max(behind, 1) + 1]
    return low_epoch + (high_epoch - low_epoch) * (step - low) / (high - low)


def _read_results(folder: Path, notes: list[str]) -> tuple[list[Result], Result | None]:
    path = folder / "evaluation.json"
    if _is_foreign(path, notes):
        return [], None
    try:
        entries, bad = read_entries(path)
        if bad:
            notes.append(f"{path.name}: {bad} of {bad + len(entries)} results could not be read.")
        results = [_within(_result(values, folder), folder) for values in entries]
        newest = _result(newest_values(entries), folder) if entries else None
        foreign = [path for case in (newest.cases if newest else []) for path in case.images.values() if leads_outside(path, folder)]
        if foreign:
            notes.append(f"{path.name}: {len(foreign)} pictures of cases are outside the run: they are not read.")
        return results, newest and _within(newest, folder)
    except Unreadable as error:
        notes.append(str(error))
    except Damaged as error:
        notes.append(f"{path.name} is damaged: {error.problem}. Remove it, and run `tfgan evaluate` again.")
    return [], None


def _result(values: dict, folder: Path) -> Result:
    cases = [
        Case(str(case["name"]), _numbers(case["scores"]), {str(what): folder / name for what, name in case.get("images", {}).items()})
        for case in values.get("cases", [])
    ]
    return Result(
        step=_numbers(values).get("step"),
        made=str(values.get("made", "")),
        stamps={str(name): dict(part.get("stamp", {})) for part in values.get("parts", [values]) for name in part["metrics"]},
        metrics={str(name): _numbers(metric) for name, metric in values["metrics"].items()},
        warnings=[str(text) for text in values.get("warnings", [])],
        cases=cases,
    )


def _within(result: Result, folder: Path) -> Result:
    """The result with those pictures of its cases alone that are of the run, whatever evaluation.json says."""
    own = [{what: path for what, path in case.images.items() if not leads_outside(path, folder)} for case in result.cases]
    return result._replace(cases=[case._replace(images=images) for case, images in zip(result.cases, own)])


def _numbers(values: dict) -> Row:
    return {str(name): found for name, value in values.items() if (found := number(value)) is not None and math.isfinite(found)}
