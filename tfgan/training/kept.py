"""The checkpoints that a run's folder holds, by their records alone: read without TensorFlow, so that a wrong name is told at once."""

import json
import re
from pathlib import Path

from tfgan.errors import UserError


def kept_checkpoints(folder: Path) -> dict[str, str]:
    """The checkpoints in RUN/checkpoints: number of a step, "last" or "best" -> path, as TensorFlow takes it. Empty if there is none."""
    record = folder / "checkpoint"  # of `tf.train.CheckpointManager`, a protocol buffer as text, which names all and the newest
    text = record.read_text() if record.exists() else ""
    named = re.findall(r'^(all_)?model_checkpoint_paths?: "(.*)"$', text, re.MULTILINE)
    newest = [path for among_all, path in named if not among_all]
    paths = {path.rpartition("-")[2]: path for among_all, path in named if among_all} | dict(zip(["last"], newest))
    found = {which: str(folder / Path(path).name) for which, path in paths.items()}  # a run may have been moved
    best = best_record(folder)
    return found | ({"best": str(folder / "best" / f"best-{best['step']}")} if best else {})


def best_record(folder: Path) -> dict:
    """The record of the best checkpoint in RUN/checkpoints: metric, value and step; empty if there is none."""
    record = folder / "best.json"
    return json.loads(record.read_text()) if record.exists() else {}


def has_checkpoint(run: Path) -> bool:
    """Whether the run in the folder `run` has got as far as its first checkpoint, so that what it learned is worth keeping."""
    newest = kept_checkpoints(run / "checkpoints").get("last", "")
    return bool(newest) and Path(f"{newest}.index").exists()


def find_checkpoint(folder: Path, which: str) -> str:
    """The path of a checkpoint in RUN/checkpoints, as TensorFlow takes it.

    Args:
        which: last, best, or the number of a step.

    Raises:
        UserError: there is no such checkpoint; the message lists those that are there.
    """
    paths = kept_checkpoints(folder)
    if which not in paths:
        there = f"There are: {', '.join(paths)}." if paths else "The run has no checkpoint yet."
        raise UserError(f"{folder} has no checkpoint {which!r}. {there}")
    return paths[which]
