"""Whether two runs are the same: every tensor of their checkpoints, every row of their logs, every picture."""

import json
from pathlib import Path

import numpy as np

CHANGING = ("save_counter", "_CHECKPOINTABLE")
"""Starts of names of what a kill changes in a checkpoint, and nothing reads."""


def differences(found: Path, expected: Path) -> list[str]:
    """What is not the same in the run `found` as in the run `expected`, a line each; speeds and the early pictures are passed over."""
    lines = []
    for prefix in sorted(path.relative_to(expected).with_suffix("") for path in (expected / "checkpoints").rglob("*.index")):
        lines += [f"{prefix}: {line}" for line in different_tensors(found / prefix, expected / prefix)]
    lines += ["metrics.jsonl has other rows"] * (rows(found) != rows(expected))
    files = [path.relative_to(expected) for path in (expected / "samples").rglob("*.png") if not path.name.startswith("step_")]
    for file in [*sorted(files), *([Path("checkpoints/best.json")] if (expected / "checkpoints/best.json").exists() else [])]:
        if not (found / file).is_file() or (found / file).read_bytes() != (expected / file).read_bytes():
            lines.append(f"{file} is another")
    return lines


def different_tensors(found: Path, expected: Path) -> list[str]:
    if not found.with_name(f"{found.name}.index").is_file():
        return ["missing"]
    ours, theirs = tensors(found), tensors(expected)
    return sorted(name for name in ours.keys() | theirs.keys() if not np.array_equal(ours.get(name), theirs.get(name)))


def tensors(prefix: Path) -> dict:
    """All tensors of a checkpoint but the counter of saves."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(prefix))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if not name.startswith(CHANGING)}


def rows(run: Path) -> list[dict]:
    """Of metrics.jsonl, without speeds."""
    found = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in found]
