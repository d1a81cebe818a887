"""Results of evaluations: RUN/evaluation.json, tables on the terminal, and which of them may stand beside each other."""

import datetime
import json
import logging
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config.stored import Damaged, Unreadable
from tfgan.errors import UserError
from tfgan.evaluation.catalog import FROM_FEATURES, METRICS
from tfgan.evaluation.entries import read_entries
from tfgan.evaluation.newest import newest_values
from tfgan.paths.aside import damaged_name, set_aside
from tfgan.paths.files import write_atomically

logger = logging.getLogger(__name__)

FILE = "evaluation.json"


class Value(NamedTuple):
    """A figure with its 95 % interval, and what real images score in its place."""

    value: float
    low: float | None = None
    high: float | None = None
    real: float | None = None


class Measured(NamedTuple):
    """What was measured on one comparison."""

    values: dict[str, Value]
    cases: dict[str, np.ndarray]  # matched metric -> score of each image
    warnings: list[str]


def make_result(name: str, step: int | None, stamp: dict, measured: dict[str, Measured], cases: list[dict]) -> dict:
    """One entry of RUN/evaluation.json, ready for JSON.

    Args:
        name: what was evaluated; step: of its checkpoint, None for a folder.
        stamp: what must be alike for figures to be comparable: n, size, reference …, and a part for each tool, by the tool's name.
        measured: by comparison; the metrics of a named one are called NAME.METRIC.
        cases: matched images with their scores.
    """
    values = {join(part, metric): value for part, found in measured.items() for metric, value in found.values.items()}
    return {
        "name": name,
        "step": step,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "stamp": stamp,
        "metrics": {metric: {k: v for k, v in value._asdict().items() if v is not None} for metric, value in values.items()},
        "warnings": [f"{part}: {text}" if part else text for part, found in measured.items() for text in found.warnings],
        "cases": cases,
    }


def join(part: str, metric: str) -> str:
    return f"{part}.{metric}" if part else metric


def read_results(folder: Path) -> list[dict]:
    """The entries of FOLDER/evaluation.json, oldest first; none if there is no such file. Those that are damaged are left out, and said.

    Raises:
        UserError: it holds none at all.
    """
    entries, bad = read_entries(folder / FILE)
    if bad:
        logger.warning(f"{folder / FILE}: {bad} of {bad + len(entries)} results are damaged, and skipped.")
    return entries


def stored_results(folders: list[str]) -> list[dict]:
    """The newest values of each run's evaluation.json.

    Raises:
        UserError: a run without one, or with a damaged one.
    """
    found = []
    for folder in folders:
        results = read_results(Path(folder))
        if not results:
            raise UserError(f"{folder} has no evaluation.json: leave out --stored.")
        newest = {"name": Path(folder).name} | newest_values(results)
        unknown = [name for name in newest["metrics"] if name.rpartition(".")[2] not in METRICS]
        if unknown:
            logger.warning(f"{folder}/{FILE}: metrics that this tfgan does not know are skipped: {', '.join(unknown)[:200]}.")
        known = {name: value for name, value in newest["metrics"].items() if name not in unknown}
        found.append(newest | {"metrics": known})
    return found


def add_result(folder: Path, result: dict):
    """Adds an entry to FOLDER/evaluation.json; those of earlier checkpoints and settings stay.

    What is damaged of it does not stand in the way of a result that took hours: the file as it was is kept beside it, and said.
    """
    path = folder / FILE
    try:
        entries, bad = read_entries(path)
        if bad:
            shutil.copyfile(path, kept := damaged_name(path))
            logger.warning(f"{path}: {bad} of {bad + len(entries)} results are damaged: the file as it was is kept as {kept.name}.")
    except (Damaged, Unreadable) as error:
        entries = []
        logger.warning(f"{error} It is kept as {set_aside(path).name}.")
    write_atomically(path, json.dumps({"results": [*entries, result]}, indent=2) + "\n")


def refuse_unlike(results: list[dict]):
    """Refuses results of which a shared metric was measured in different ways.

    Args:
        results: entries of evaluation.json, one at least; each is compared with the first.

    Raises:
        UserError: naming the metric, the two results and what sets them apart.
    """
    first, *others = results
    for other in others:
        for metric in [name for name in first["metrics"] if name in other["metrics"]]:
            unlike = differences(first["stamp"], other["stamp"], METRICS[metric.rpartition(".")[2]].tool)
            if unlike:
                names = f"{first['name']} and of {other['name']}"
                raise UserError(
                    f"{metric} of {names} cannot be compared: {'; '.join(unlike)}. Measure both on the same data, in one command."
                )


def differences(one: dict, two: dict, tool: str) -> list[str]:
    """What sets two stamps apart, of what a metric that needs `tool` depends on: a text for each setting, none if they are alike."""
    tool = "features" if tool in FROM_FEATURES else tool
    parts = [{key: value for key, value in stamp.items() if not isinstance(value, dict)} | stamp.get(tool, {}) for stamp in (one, two)]
    return [f"{key} {parts[0].get(key)} and {parts[1].get(key)}" for key in parts[0] | parts[1] if parts[0].get(key) != parts[1].get(key)]


def table(results: list[dict]) -> str:
    """A table for the terminal: a row a metric, a column a result, with intervals, and a column of what real images score.

    The best of several results has a star.
    """
    names = list(dict.fromkeys(metric for result in results for metric in result["metrics"]))
    rows = [["", *(result["name"] for result in results), "real images"]]
    for name in names:
        values = [_value(result["metrics"].get(name, {})) for result in results]
        higher = METRICS[name.rpartition(".")[2]].higher
        numbers = [value.value for value in values if value]
        best = (max if higher else min)(numbers) if len(numbers) > 1 else None
        shown = [_shown(value, value is not None and value.value == best) for value in values]
        real = next((f"{value.real:.4g}" for value in values if value and value.real is not None), "")
        rows.append([f"{name} {'↑' if higher else '↓'}", *shown, real])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def _value(figure: dict[str, float]) -> Value | None:
    """A figure of an entry, of which a newer version may say more; None if there is none."""
    if figure.get("value") is None:
        return None
    return Value(figure["value"], *(figure.get(name) for name in Value._fields[1:]))


def _shown(value: Value | None, best: bool) -> str:
    if value is None:
        return "–"
    interval = "" if value.low is None else f" ({value.low:.4g} to {value.high:.4g})"
    return f"{value.value:.4g}{interval}{' *' if best else ''}"
