"""What of a run must be the same if it is repeated."""

import json

import tensorflow as tf


def tensors(prefix) -> dict:
    """All tensors of a checkpoint but the counter of saves, which a kill changes and nothing reads."""
    reader = tf.train.load_checkpoint(str(prefix))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if not name.startswith(("save_counter", "_CHECKPOINTABLE"))}


def newest_tensors(folder) -> dict:
    """Those of a run's newest checkpoint."""
    return tensors(tf.train.latest_checkpoint(str(folder / "checkpoints")))


def rows(folder) -> list[dict]:
    """Of metrics.jsonl, without speeds."""
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "images_per_second"} for row in found]
