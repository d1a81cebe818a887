"""Curves of logged scalars: which share a chart, and fewer points where there are more than a screen can show."""

import math
import re
from typing import Any, NamedTuple

import numpy as np

from tfgan.evaluation.report.records import Row

MOST_POINTS = 2000  # of a curve: more than a wide screen has columns, and still a few dozen kB of JSON
WINDOW_SHARE, LEAST_WINDOW = 0.04, 5  # of the smoothing, in a curve's rows

GROUPS = {
    "Validation": re.compile(r"val_.*"),
    "Speed": re.compile(r"images_per_second"),
    "Measures of sample pictures": re.compile(r"sample_.*"),
    "Scores": re.compile(r".*_(score|logit|accuracy|entropy)(_before|_after)?"),
    "Losses": re.compile(r".*"),
}
"""Title -> names of its scalars; the first that fits counts."""
SHOWN_FIRST = ("Losses", "Scores", "Validation", "Measures of sample pictures", "Speed")
TOGETHER = ("Losses", "Scores")  # whose scalars share a scale, so that one chart can hold those of one run


class Curve(NamedTuple):
    """One scalar of one run: of each point its step, epoch, value and smoothed value; None where not finite, or an epoch not known."""

    run: int
    name: str
    steps: list[float]
    epochs: list[float | None]
    values: list[float | None]
    smoothed: list[float | None]
    bad: int  # values that are not finite, of all rows


def group_of(name: str) -> str:
    return next(title for title, names in GROUPS.items() if names.fullmatch(name))


def charts(runs: list[list[Row]]) -> list[dict[str, Any]]:
    """The charts of the rows of each run, in groups, in the order of the page: {"title", "charts": [{"title", "curves"}]} each.

    One run's scalars of a kind share a chart, where colors are scalars. Several runs have a chart for each scalar, where colors are runs.
    """
    curves = [curve for run, rows in enumerate(runs) for curve in make_curves(run, rows)]
    groups = []
    for title in SHOWN_FIRST:
        own = [curve for curve in curves if group_of(curve.name) == title]
        together = title in TOGETHER and len(runs) == 1
        names = [title] if together else list(dict.fromkeys(curve.name for curve in own))
        parts = [{"title": name, "curves": [c._asdict() for c in own if together or c.name == name]} for name in names]
        if own:
            groups.append({"title": title, "charts": parts})
    return groups


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
