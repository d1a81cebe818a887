"""A saver of two numbers, whose checkpoints are made without training, and what may happen to their files."""

from pathlib import Path
from types import SimpleNamespace

import tensorflow as tf

from tfgan.training.checkpoint import Checkpointer


def saver(run, keep=2, chief=True, keeps_best=False) -> Checkpointer:
    """Of a `TrainStep` that has learned one number, its step."""
    method = SimpleNamespace(networks={}, ema={}, plateau={}, former_state=(), state={"learned": tf.Variable(0.0)})
    step = {name: tf.Variable(0, dtype=tf.int64) for name in ("step", "good_steps")}
    return Checkpointer(
        run / "checkpoints", SimpleNamespace(method=method, optimizers={}, loss_scale=tf.Variable(1.0), **step), keep, chief, keeps_best
    )


def train(checkpointer, *steps):
    """Learns each of these steps, saves it, and keeps it as the best so far, as it is the largest."""
    for step in steps:
        checkpointer.train_step.step.assign(step)
        checkpointer.train_step.method.state["learned"].assign(float(step))
        checkpointer.save()
        checkpointer.save_best("psnr", float(step), lambda new, old: new > old)


def make_run(run):
    """A run of checkpoints 4 and 8, of which 8 is the best, in the folder `run`."""
    checkpointer = saver(run)
    assert checkpointer.restore() == 0
    train(checkpointer, 4, 8)
    (run / "metrics.jsonl").write_text('{"step": 4}\n{"step": 8}\n')
    return run


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of_step(run, step, kind="ckpt") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run / "checkpoints").rglob(f"{kind}-{step}.*") if path.is_file()}


def resumed(run) -> tuple[int, float]:
    """The step of the run as it goes on, and what it has learned."""
    checkpointer = saver(run)
    return checkpointer.restore(), float(checkpointer.train_step.method.state["learned"].numpy())


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)


def make_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {"cut": cut, "flipped": flip, "missing": Path.unlink, "empty": lambda path: path.write_bytes(b""), "folder": make_folder}
