"""Tables of settings and facts: a row a setting, a column a run."""

import json
import math
import statistics
from collections.abc import Sequence
from typing import Any

from tfgan.config import DataSpec, Scale, from_dict
from tfgan.errors import UserError
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.report.records import Result, Row, Run

Table = list[tuple[str, list[str]]]
"""Rows: name, and a text for each run."""

ABSENT = "–"
TITLES = {
    "data": "Data",
    "training": "Training",
    "hparams": "Method",
    "spec": "What the data holds",
    "versions": "Versions",
    "hardware": "Hardware",
    "scale": "Scale of the images",
}
FLAGS = ("method", "data", "training", "hparams")  # parts of the configuration that are flags; no two have one name
OF_EACH_RUN = ("workdir",)  # differs always, and says nothing of what was learned


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested records as one: {"a": {"b": 1}} -> {"a.b": 1}. An empty record is a value."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        nested = isinstance(value, dict) and value
        flat |= flatten(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}": value}
    return flat


def differing(records: list[dict[str, Any]]) -> Table:
    """The settings of flat records that are not the same in all of them, those that only some have included."""
    return [(name, row) for name, row in rows(records) if len(set(row)) > 1]


def differing_settings(runs: list[Run]) -> Table:
    """The settings in which runs differ: those that are flags under the flags' names, the others under PART.NAME."""
    prefixes = {part: "" if part in FLAGS else f"{part}." for part in _parts(runs)}
    tables = [differing([flatten(_part(run, part), prefix) for run in runs]) for part, prefix in prefixes.items()]
    return [(name, row) for table in tables for name, row in table if name not in OF_EACH_RUN]


def all_settings(runs: list[Run]) -> list[tuple[str, Table]]:
    """The settings of the runs, (title, rows) for each part of the configuration."""
    return [(TITLES.get(part, part), rows([flatten(_part(run, part)) for run in runs])) for part in _parts(runs) if part != "method"]


def changed_settings(runs: list[Run]) -> Table:
    """The settings that are not at their default, a text for each run and at last the default; several where methods have their own."""
    known = [run.changed or {} for run in runs]
    table: Table = []
    for name in dict.fromkeys(name for changed in known for name in changed):
        defaults = list(dict.fromkeys(_visible(changed[name][1]) for changed in known if name in changed))
        values = [_visible(changed[name][0]) if name in changed else _value(run, name) for run, changed in zip(runs, known)]
        table.append((name, [*values, " or ".join(defaults)]))
    return table


def _value(run: Run, name: str) -> str:
    """The value that a run has of a setting, whichever part of the configuration it is of."""
    found = [_part(run, part)[name] for part in FLAGS if name in _part(run, part)]
    return text(found[0]) if found else ABSENT


def _visible(shown: str) -> str:
    return shown or ABSENT


def domain_names(run: Run) -> dict[str, str]:
    """Key of a batch -> name of what stands there, as far as the run's configuration has it."""
    domains = _part(run, "spec").get("domains")
    known = domains if isinstance(domains, dict) else {}
    return {key: str(domain["name"]) for key, domain in known.items() if isinstance(domain, dict) and "name" in domain}


def rows(records: list[dict[str, Any]]) -> Table:
    names = dict.fromkeys(name for record in records for name in record)
    return [(name, [text(record[name]) if name in record else ABSENT for record in records]) for name in names]


def text(value) -> str:
    """A setting as it is shown: lists without brackets, texts without quotes, unless nothing would be left to see."""
    if isinstance(value, list) and value and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(text(item) for item in value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _parts(runs: list[Run]) -> list[str]:
    return list(dict.fromkeys(part for run in runs for part in run.config))


def _part(run: Run, name: str) -> dict[str, Any]:
    part = run.config.get(name)
    return part if isinstance(part, dict) else {name: part} if part is not None else {}


def facts(runs: list[Run]) -> Table:
    """The table of what one wants to know of a run first, and of its validation scores."""
    records = [_facts(run) for run in runs]
    return [(name, row) for name, row in rows(records) if set(row) != {ABSENT}]


def _facts(run: Run) -> dict[str, str]:
    data, training, hparams, spec = (_part(run, name) for name in ("data", "training", "hparams", "spec"))
    domains, sizes = (spec[name] if isinstance(spec.get(name), dict) else {} for name in ("domains", "sizes"))
    size = spec.get("image_size")
    found = {
        "method": run.config.get("method"),
        "data": data.get("data_dir") or data.get("dataset"),
        "from → to": " → ".join(str(domains[key].get("name")) for key in _ways(domains)),
        "images": ", ".join(f"{count} {split}" for split, count in sizes.items()),
        "learned from": _learned_from(spec),
        "image size": " × ".join(map(str, size)) if isinstance(size, list) else size,
        "scale of samples and evaluations": _scale(_part(run, "scale")),
        "trained": _progress(run.rows, hparams),
        "batch size": hparams.get("batch_size"),
        "precision": training.get("precision"),
        "seed": training.get("seed"),
        "images a second (median)": _median([row["images_per_second"] for row in run.rows if "images_per_second" in row]),
        "alarms": None if run.alarms is None else len(run.alarms) or "none",
        **validation_scores(run.rows),
        "versions": ", ".join(f"{name} {version}" for name, version in _part(run, "versions").items()),
    }
    return {name: text(value) for name, value in found.items() if value not in (None, "")}


def _scale(parts: dict[str, Any]) -> str:
    """What becomes of the images of each domain, once where it is the same; "" where the run does not say, or is damaged there."""
    try:
        return "; ".join(dict.fromkeys(from_dict(Scale, part).describe() for part in parts.values()))
    except (TypeError, AttributeError, IndexError, UserError):
        return ""


def _learned_from(spec: dict[str, Any]) -> str:
    """What training images there were from which step on, where they have become others; "" for all other runs, and damaged ones."""
    try:
        found = from_dict(DataSpec, spec)
        return found.learned_from() if found.growth() else ""
    except UserError:
        return ""


def _ways(domains: dict) -> list[str]:
    """The batch keys of what is translated to what, where both are known."""
    pairs = (("source", "target"), ("labels", "image"))
    return next((list(pair) for pair in pairs if all(isinstance(domains.get(key), dict) for key in pair)), [])


def _progress(rows: list[Row], hparams: dict) -> str:
    if not rows:
        return ""
    epochs = f" of {hparams['epochs']}" if "epochs" in hparams else ""
    return f"step {rows[-1]['step']:g}" + (f", epoch {rows[-1]['epoch']:.4g}{epochs}" if "epoch" in rows[-1] else "")


def _median(values: list[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    return f"{statistics.median(finite):.4g}" if finite else ""


def validation_scores(rows: list[Row]) -> dict[str, str]:
    """Each val_NAME's last value, and its best one with its step where it is known which way is better."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name.startswith("val_")]
    return {name: _last_and_best(rows, name) for name in names}


def _last_and_best(rows: list[Row], name: str) -> str:
    values = [(row[name], row["step"]) for row in rows if math.isfinite(row.get(name, math.nan))]
    if not values:
        return "not finite"
    last, higher = f"{values[-1][0]:.4g}", higher_is_better(name.removeprefix("val_"))
    if higher is None:
        return last
    best, step = max(values, key=lambda pair: pair[0] if higher else -pair[0])
    return f"{last} (best {best:.4g} at step {step:g})"


def higher_is_better(metric: str) -> bool | None:
    """Whether more is better of a metric, or of PART.METRIC; None if it is not in the catalog."""
    known = METRICS.get(metric.rpartition(".")[2])
    return known.higher if known else None


def stamps(results: list[Result | None]) -> Table:
    """The table of how metrics were measured; where those of a run were not measured alike, each text with its metrics."""
    return rows([_stamp_texts(result) if result else {} for result in results])


def _stamp_texts(result: Result) -> dict[str, str]:
    metrics: dict[str, dict[str, list[str]]] = {}  # of each setting and text
    for metric, stamp in result.stamps.items():
        for name, value in _matters(metric, stamp).items():
            metrics.setdefault(name, {}).setdefault(text(value), []).append(metric)
    return {
        name: "; ".join(shown if len(found) == 1 else f"{shown} ({', '.join(own)})" for shown, own in found.items())
        for name, found in metrics.items()
    }


def _matters(metric: str, stamp: dict[str, Any]) -> dict[str, Any]:
    """What a metric depends on, flat: all of the stamp but the parts of tools that it does not need."""
    known = METRICS.get(metric.rpartition(".")[2])
    if known is None:
        return flatten(stamp)
    tool = "features" if known.tool == "probabilities" else known.tool
    return flatten({name: value for name, value in stamp.items() if name == tool or not isinstance(value, dict)})


def unlike(results: list[Result | None]) -> Table:
    """The table of what sets runs apart in how a metric that they share was measured."""
    names = {name for metric in _metrics(results) for name in unlike_metric(metric, results)}
    return [(name, row) for name, row in stamps(results) if name in names]


def unlike_metric(metric: str, results: Sequence[Result | None]) -> list[str]:
    """The names of what sets runs apart in how one metric was measured."""
    return [
        name for name, _ in differing([_matters(metric, result.stamps[metric]) for result in results if result and metric in result.stamps])
    ]


def _metrics(results: list[Result | None]) -> list[str]:
    return list(dict.fromkeys(name for result in results if result for name in result.metrics))


def evaluation_table(results: list[Result | None]) -> list[dict[str, Any]]:
    """The table of metrics, a row each: its name, which way is better, whether runs measured it unlike, and a cell for each run.

    A cell holds value, low, high and real, as far as they are known; it is None if the run does not have the metric.
    """
    return [
        {
            "name": name,
            "higher": higher_is_better(name),
            "unlike": bool(unlike_metric(name, results)),
            "cells": [result.metrics.get(name) if result and "value" in result.metrics.get(name, {}) else None for result in results],
        }
        for name in _metrics(results)
    ]


def directions(results: list[Result | None]) -> dict[str, bool | None]:
    """Whether more is better, by the name of each metric that cases have scores of; None for those that are not in the catalog."""
    return {name: higher_is_better(name) for result in results if result for case in result.cases for name in case.scores}


def extreme_cases(result: Result, count: int) -> list[int]:
    """Indices of the `count` lowest and the `count` highest cases by each metric, sorted and each once."""
    kept = set()
    for metric in {name for case in result.cases for name in case.scores}:
        order = sorted((case.scores[metric], place) for place, case in enumerate(result.cases) if metric in case.scores)
        kept |= {place for _, place in [*order[:count], *order[-count:]]}
    return sorted(kept)
