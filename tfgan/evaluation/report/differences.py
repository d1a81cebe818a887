"""Whether runs differ by more than chance, where the same images of both were measured alike."""

from typing import Any

from tfgan.evaluation.paired import paired_differences
from tfgan.evaluation.report.records import Result
from tfgan.evaluation.report.settings import unlike_metric


def differences(results: list[Result | None]) -> list[dict[str, Any]]:
    """How each further run that was evaluated differs from the first one, metric by metric.

    Args:
        results: the newest of each run.

    Returns:
        For each further run `run` and `less`, the numbers of the two, and `rows`, one for each metric: its name, the number of images,
        the mean difference with its interval, and the verdict. Runs that share nothing are left out.
    """
    known = [(run, result) for run, result in enumerate(results) if result]
    found = []
    for run, result in known[1:]:
        first, base = known[0]
        one, two = ({"cases": [case._asdict() for case in each.cases]} for each in (base, result))
        alike = [row for row in paired_differences(one, two) if not unlike_metric(row.metric, [base, result])]
        if alike:
            found.append({"run": run, "less": first, "rows": [row._asdict() | {"verdict": row.verdict} for row in alike]})
    return found
