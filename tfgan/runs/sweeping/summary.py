"""What the trials of a sweep came to: a table, the flags of the best one, and one report of all."""

import dataclasses
import math
import shlex
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from tfgan.config import as_flag, as_text, is_run
from tfgan.config.verbs import ReportConfig
from tfgan.data.own import is_own
from tfgan.paths.files import write_atomically
from tfgan.runs.report import write_report
from tfgan.runs.sweeping.recipe import Recipe

BEST, REPORT = "best.flags", "report.html"
BESIDE = 8  # runs that the report shows side by side: as many as it has colors
MOST_PICTURES = 6  # of each of them
STATES = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


class Row(NamedTuple):
    """A trial, as tables have it.

    Attributes:
        state: done, pruned, failed, or running, which an interrupted one is too.
        value: the best of its validations; None if it had none.
        epoch: of its last validation; None if it had none.
        values: of the settings that are searched, as texts.
        why: it failed; "" of others.
        seconds: from its begin to its end, with what lay between where it was interrupted; None before its end.
    """

    number: int
    state: str
    value: float | None
    epoch: int | None
    values: dict[str, str]
    why: str
    seconds: float | None


class Swept(NamedTuple):
    """What a sweep has come to, by this process and by all others."""

    folder: Path
    metric: str
    higher: bool  # whether more of it is better
    rows: list[Row]  # by number
    stopped_by: int  # the number of a signal; 0: it came to its end
    again: str  # what trains the best one again

    @property
    def best(self) -> Row | None:
        return best_of(self.rows, self.higher)

    @property
    def exit_code(self) -> int:
        return 128 + self.stopped_by if self.stopped_by else int(any(row.state == "failed" for row in self.rows))


def make_row(trial: FrozenTrial, higher: bool) -> Row:
    known = [value for value in trial.intermediate_values.values() if math.isfinite(value)]
    best = (max if higher else min)(known, default=None)
    return Row(
        trial.number,
        STATES.get(trial.state, "running"),
        trial.value if trial.state == TrialState.COMPLETE else best,
        trial.last_step,
        {name: as_text(value) for name, value in trial.params.items()},
        str(trial.user_attrs.get("why", "")),
        trial.duration.total_seconds() if trial.duration else None,
    )


def ranked(rows: Iterable[Row], higher: bool) -> list[Row]:
    """The rows, the best first: those that are done before the others, and those without a value last."""

    def rank(row: Row):
        return row.state != "done", row.value is None, (-row.value if higher else row.value) if row.value is not None else row.number

    return sorted(rows, key=rank)


def best_of(rows: Iterable[Row], higher: bool) -> Row | None:
    """The best one of those that are done."""
    return next((row for row in ranked(rows, higher) if row.state == "done"), None)


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def table(rows: list[Row], metric: str, higher: bool, width: int) -> str:
    """A table of all trials, the best first, in lines of at most `width` characters."""
    wide = max(len(metric), *(len(shown(row.value)) for row in rows))
    head = f"trial  {metric:>{wide}}  epochs  state    settings"
    lines = []
    for row in ranked(rows, higher):
        begin = f"{row.number:>5}  {shown(row.value):>{wide}}  {'–' if row.epoch is None else row.epoch:>6}  {row.state:<7}  "
        text = "  ".join(f"{name}={value}" for name, value in row.values.items()) + (f"  ({row.why})" if row.why else "")
        lines.append(textwrap.fill(text, width, initial_indent=begin, subsequent_indent=" " * len(begin), break_on_hyphens=False))
    return "\n".join([head, *lines])


def write_best(folder: Path, recipe: Recipe, best: Row, metric: str, done: int) -> Path:
    """Writes best.flags, a flag file that trains the best trial's settings again, and returns its path."""
    varied, own = recipe.varied(best.values), is_own(recipe.data)
    lines = [f"# Trial {best.number}, the best of {done} of a sweep: {metric} {shown(best.value)} at its best validation."]
    lines += ["# The images are a program's own, which gives them to `tfgan.train` as `data`."] * own
    lines += [as_flag("method", recipe.method), *[as_flag("dataset", recipe.data.dataset)] * (not own and not recipe.data.data_dir)]
    for record in varied.records:
        names = [field.name for field in dataclasses.fields(record) if field.name not in ("dataset", "workdir")]
        changed = {name: value for name in names if (value := getattr(record, name)) != getattr(type(record), name)}
        lines += [as_flag(name, value) for name, value in changed.items()]
    path = folder / BEST
    write_atomically(path, "\n".join(lines) + "\n")
    return path


def trains_again(folder: Path, recipe: Recipe) -> str:
    """The command that trains the best trial's settings again; in Python for a program's own images, which no command line can name."""
    path = str(folder / BEST)
    return f"tfgan.train(recipe={path!r}, data=…)" if is_own(recipe.data) else f"tfgan train --flagfile={shlex.quote(path)}"


def write_summary(folder: Path, rows: list[Row], metric: str, higher: bool, again: str) -> Path | None:
    """Writes the report of all trials, the best ones side by side, and returns its path; None if no trial has a run.

    Args:
        again: what trains the best one again.

    Raises:
        UserError: a file of another program has its name.
    """
    order, best = ranked(rows, higher), best_of(rows, higher)
    runs = [run for row in order if is_run(run := folder / f"trial_{row.number}")][:BESIDE]
    if not runs:
        return None
    search = {
        "title": f"sweep {folder.resolve().name}",
        "metric": metric,
        "higher": higher,
        "best": best and best.number,
        "command": again.split(" ") if best else [],
        "names": list(dict.fromkeys(name for row in rows for name in row.values)),
        "trials": [row._asdict() for row in order],
        "beside": len(runs),
    }
    return write_report(runs, ReportConfig(out=str(folder / REPORT), images=MOST_PICTURES), search)[0]


def describe(swept: Swept, width: int) -> str:
    """What a sweep came to, for the terminal, in lines of at most `width` characters but for commands."""
    if not swept.rows:
        return "No trial was begun."
    lines = [table(swept.rows, swept.metric, swept.higher, width)]
    left = [str(row.number) for row in swept.rows if row.state == "running"]
    if left:
        who = "stopped: the same command goes on" if swept.stopped_by else "trained by another process"
        lines.append(f"Not ended: {', '.join(left)}, {who}.")
    if swept.best:
        best = shlex.quote(str(swept.folder / f"trial_{swept.best.number}"))
        lines += ["Next:", f"  tfgan translate {best} IMAGES OUTPUT --checkpoint=best", f"  {swept.again}"]
    if (report := swept.folder / REPORT).is_file():
        lines.append(f"Report: {report}")
    return "\n".join(lines)
