"""Whether two results differ by more than chance: the bootstrap of their differences image by image (Efron 1979), paired by name.

Two runs are mostly better and worse on the same images, so that the intervals of their means overlap long after every image has improved.
"""

from typing import NamedTuple

import numpy as np

from tfgan.evaluation.bootstrap import mean_interval
from tfgan.evaluation.catalog import METRICS

FEWEST = 5  # images; of fewer, the bootstrap's draws are too much alike


class Difference(NamedTuple):
    """The mean over images of one metric of a result less that of another, with its 95 % interval."""

    metric: str
    images: int
    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        if self.low <= 0 <= self.high:
            return "no more than chance"
        return "better" if (self.mean > 0) == METRICS[self.metric].higher else "worse"


def paired_differences(one: dict, two: dict, seed: int = 0) -> list[Difference]:
    """The differences of result `two` less result `one`, entries of evaluation.json, in the metrics that both have of each image.

    Images are paired by their names; metrics of which fewer than five images are in both are left out. That two differ by more than chance
    speaks of these two checkpoints: how much another seed of training changes, only several runs tell.
    """
    scores = [{case["name"]: case["scores"] for case in result.get("cases", [])} for result in (one, two)]
    names = [name for name in scores[0] if name in scores[1]]
    found = []
    for metric in METRICS:
        both = [name for name in names if all(metric in side[name] for side in scores)]
        differences = np.array([scores[1][name][metric] - scores[0][name][metric] for name in both])
        if len(both) >= FEWEST and np.isfinite(differences).all():
            found.append(Difference(metric, len(both), float(differences.mean()), *mean_interval(differences, seed)))
    return found


def tell(results: list[dict]) -> str:
    """A table for the terminal of how each further result differs from the first, image by image; "" where nothing can be paired."""
    first, *others = results
    tables = []
    for other in others:
        if found := paired_differences(first, other):
            head = f"{other['name']} less {first['name']}, image by image (paired bootstrap, 95 %, {found[0].images} images):"
            texts = [(one.metric, f"{one.mean:+.4g} ({one.low:+.4g} to {one.high:+.4g})", one.verdict) for one in found]
            widths = [max(map(len, column)) for column in zip(*texts)]
            tables.append("\n".join([head, *("  ".join(cell.ljust(w) for cell, w in zip(text, widths)).rstrip() for text in texts)]))
    return "\n\n".join(tables)
