"""What a study found, as Markdown: means over seeds, their spread, and which figures beat the first setting by more than it."""

import statistics

from tfgan.evaluation.catalog import METRICS

COSTS = {"ms / image": ("seconds_per_image", 1000), "MB": ("megabytes", 1)}


def table(results: dict[str, list[dict[str, float]]], shown: tuple[str, ...]) -> str:
    """A row for each setting: mean ± standard deviation over its seeds; `+` marks a better mean than the first setting's, `-` a worse one,
    where they differ by more than the larger of the two deviations.

    Args:
        results: setting -> for each seed its figures by name, those of `COSTS` among them.
        shown: the metrics that are columns, if any setting has them.
    """
    columns = [name for name in shown if any(name in found for runs in results.values() for found in runs)]
    heads = [f"{name} {'↑' if METRICS[name.rpartition(' ')[2]].higher else '↓'}" for name in columns]
    lines = [f"| | seeds | {' | '.join([*heads, *COSTS])} |", "|---|" + "---:|" * (1 + len(columns) + len(COSTS))]
    baseline = next(iter(results.values()))
    for name, runs in results.items():
        cells = [_cell(column, runs, baseline) for column in columns]
        costs = [f"{statistics.median(run[key] for run in runs) * scale:.0f}" for key, scale in COSTS.values()]
        lines.append(f"| {name} | {len(runs)} | {' | '.join([*cells, *costs])} |")
    return "\n".join(lines)


def _cell(column: str, runs: list[dict[str, float]], baseline: list[dict[str, float]]) -> str:
    found, first = ([run[column] for run in some if column in run] for some in (runs, baseline))
    if not found:
        return ""
    mean, deviation = statistics.mean(found), statistics.stdev(found) if len(found) > 1 else None
    text = f"{mean:.4g}" if deviation is None else f"{mean:.4g} ± {deviation:.2g}"
    if runs is baseline or not first:
        return text
    difference = mean - statistics.mean(first)
    spread = max([deviation or 0.0, statistics.stdev(first) if len(first) > 1 else 0.0])
    if len(found) < 2 or len(first) < 2 or abs(difference) <= spread:
        return text
    return f"{text} {'+' if (difference > 0) == METRICS[column.rpartition(' ')[2]].higher else '-'}"
