"""Curves of logged scalars: which share a chart, and fewer points where there are more than a screen can show."""

import math
from typing import Any, NamedTuple

import numpy as np

from tfgan.config.scalars import GROUPS, group_of, under_domains
from tfgan.evaluation.report.records import Row

MOST_POINTS = 2000  # of a curve: more than a wide screen has columns, and still a few dozen kB of JSON
WINDOW_SHARE, LEAST_WINDOW = 0.04, 5  # of the smoothing, in a curve's rows

TITLES = {
    "loss": "Losses",
    "validation": "Validation",
    "score": "Scores",
    "sample": "Measures of sample pictures",
    "gradient": "Norms of gradients before clipping",
    "rate": "Learning rates",
    "speed": "Speed",
}
"""Groups of scalars in the order of the page, with their headings."""


class Curve(NamedTuple):
    """One scalar of one run: of each point its step, epoch, value and smoothed value; None where not finite, or an epoch not known."""

    run: int
    name: str
    steps: list[float]
    epochs: list[float | None]
    values: list[float | None]
    smoothed: list[float | None]
    bad: int  # values that are not finite, of all rows


def charts(runs: list[list[Row]], domains: list[dict[str, str]] | None = None) -> list[dict[str, Any]]:
    """The charts of the rows of each run, in groups, in the order of the page: {"title", "charts": [{"title", "curves"}]} each.

    Each scalar has a chart, and with it a scale of its own: a loss of 0.3 is readable beside one of 30. The scores of one run that are
    measured alike, such as the logits of real and of generated images, share a chart, where colors are scalars; elsewhere colors are runs.

    Args:
        domains: for each run, what stands at the keys of its batches; a scalar of one of them has its name.
    """
    domains = domains or [{} for _ in runs]
    curves = [curve for run, rows in enumerate(runs) for curve in make_curves(run, rows)]
    groups = []
    for group, title in TITLES.items():
        own = [curve for curve in curves if group_of(curve.name) == group]
        if group == "rate" and all(len(set(curve.values)) == 1 for curve in own):
            continue  # which the settings say
        together = {name: _kind(name) if group == "score" and len(runs) == 1 else name for name in dict.fromkeys(c.name for c in own)}
        parts = []
        for chart in dict.fromkeys(together.values()):
            found = [curve for curve in own if together[curve.name] == chart]
            shown = [{**curve._asdict(), "name": under_domains(curve.name, domains[curve.run])} for curve in found]
            names = {curve["name"] for curve in shown}
            parts.append({"title": names.pop() if len(names) == 1 else chart, "curves": shown})
        if own:
            groups.append({"title": title, "charts": parts})
    return groups


def _kind(name: str) -> str:
    """What a score measures, in the plural: `real_logit` and `fake_logit` are logits."""
    match = GROUPS["score"].fullmatch(name)
    assert match, name
    return {"accuracy": "accuracies", "entropy": "entropies"}.get(match[1], f"{match[1]}s")


def make_curves(run: int, rows: list[Row]) -> list[Curve]:
    """A curve for each scalar of the rows but `step` and `epoch`, in the order of their first appearance."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in ("step", "epoch")]
    return [_curve(run, name, [row for row in rows if name in row]) for name in names]


def _curve(run: int, name: str, rows: list[Row]) -> Curve:
    values = np.array([row[name] for row in rows])
    smoothed, kept = smooth(values, smoothing_window(len(values))), thin(values, MOST_POINTS)
    return Curve(
        run,
        name,
        [rows[i]["step"] for i in kept],
        [short(rows[i].get("epoch", math.nan)) for i in kept],
        [short(values[i]) for i in kept],
        [short(smoothed[i]) for i in kept],
        int(np.sum(~np.isfinite(values))),
    )


def short(value: float) -> float | None:
    """Six digits of a number, for the file's size; None if it is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def thin(values: np.ndarray, most: int) -> list[int]:
    """Indices of at most about `most` values that draw the same curve.

    Of each stretch of the curve the lowest and the highest value stay, so that no spike is lost, and the first one that is not finite;
    beside them the first and the last of all.
    """
    if len(values) <= most:
        return list(range(len(values)))
    kept = {0, len(values) - 1}
    for stretch in np.array_split(np.arange(len(values)), max(most // 2, 1)):
        finite = np.isfinite(values[stretch])
        kept |= set(stretch[~finite][:1].tolist())
        if finite.any():
            places = stretch[finite]
            kept |= {int(places[np.argmin(values[places])]), int(places[np.argmax(values[places])])}
    return sorted(kept)


def smoothing_window(count: int) -> float:
    """The number of rows, about, over which a curve of `count` rows is smoothed."""
    return max(LEAST_WINDOW, count * WINDOW_SHARE)


def smooth(values: np.ndarray, window: float) -> np.ndarray:
    """Exponential moving average of N values, N float64, about a mean of `window` values: each new one counts 2 / (window + 1).

    The weights are normalized, as Adam's are (Kingma and Ba 2015, §3), so that the first values are not drawn toward 0. Values that are
    not finite are left out, and stay in their places.
    """
    decay = 1.0 - 2.0 / (window + 1.0)
    total, weight, smoothed = 0.0, 0.0, np.array(values, np.float64)
    for place in np.flatnonzero(np.isfinite(values)):
        total, weight = decay * total + values[place], decay * weight + 1.0
        smoothed[place] = total / weight
    return smoothed
