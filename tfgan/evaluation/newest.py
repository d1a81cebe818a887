"""What is known of a checkpoint after several evaluations, of which the last ones may have measured a few metrics alone.

Apart from `tfgan.evaluation.results`, as the report reads it too, and needs no TensorFlow.
"""

from typing import Any


def newest_values(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest entry of RUN/evaluation.json, completed by the earlier ones of the same checkpoint.

    Args:
        results: the entries, oldest first, one at least.

    Returns:
        an entry with the newest value of each metric, the cases of the newest entry that has any, and `parts`: the entries that the
        values come from, newest first, each with its own stamp and with those metrics alone that no newer one has.
    """
    newest = results[-1]
    entries = [entry for entry in reversed(results) if entry.get("step") == newest.get("step")]
    parts: list[dict[str, Any]] = []
    metrics: dict[str, float] = {}
    for entry in entries:
        own = {name: value for name, value in entry["metrics"].items() if name not in metrics}
        metrics |= own
        if own:
            parts.append({key: value for key, value in entry.items() if key != "cases"} | {"metrics": own})
    warnings = [text for part in parts for text in part.get("warnings", [])]
    cases: list[dict] = next((entry["cases"] for entry in entries if entry.get("cases")), [])
    return newest | {"metrics": metrics, "warnings": list(dict.fromkeys(warnings)), "cases": cases, "parts": parts}
