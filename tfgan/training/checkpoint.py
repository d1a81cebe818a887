"""Checkpoints of a run: the newest few, whole, and the best one's weights; written so that a kill or a full disk loses nothing."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.config import write_atomically
from tfgan.errors import TrainingFailed, UserError
from tfgan.methods.base import Method
from tfgan.training.kept import best_record, find_checkpoint, kept_checkpoints
from tfgan.training.step import TrainStep

SPACE_MARGIN = 1.05  # of a checkpoint's size, for its index


class Checkpointer:
    """Saves and restores a `TrainStep`: networks, averages, optimizers, the method's state, loss scale and step.

    TensorFlow writes a checkpoint under temporary names and points to it last, so that the newest known checkpoint is always whole.

    Args:
        folder: RUN/checkpoints.
        train_step: what is saved and restored.
        keep: how many of the newest checkpoints stay.
        chief: whether this process writes; the other workers of a cluster only read.

    Attributes:
        size: bytes of a checkpoint's values, by which space on the disk is checked.
    """

    def __init__(self, folder: Path, train_step: TrainStep, keep: int, chief: bool = True):
        self.folder, self.train_step, self.keep, self.chief = folder, train_step, keep, chief
        self._weights = {"networks": train_step.method.networks, "averages": train_step.method.ema, "step": train_step.step}
        self._weights["state"] = train_step.method.state
        state = {
            **self._weights,
            "optimizers": train_step.optimizers,
            "loss_scale": train_step.loss_scale,
            "good_steps": train_step.good_steps,
        }
        variables = _variables(train_step.method) + [v for o in train_step.optimizers.values() for v in o.variables]
        variables += train_step.method.state.values()
        self._checkpoint = tf.train.Checkpoint(**state)
        self._manager = tf.train.CheckpointManager(self._checkpoint, str(folder), max_to_keep=keep)
        self.size = sum(int(np.prod(v.shape)) * tf.as_dtype(v.dtype).size for v in variables)
        if chief:
            self._remove_unfinished()

    def _remove_unfinished(self):
        """Removes what no record points to: the older best checkpoint, and what a kill or a full disk left of a save."""
        known = {Path(path).name for path in self._manager.checkpoints} | {f"best-{best_record(self.folder).get('step')}"}
        for path in [*self.folder.glob("ckpt-*"), *self.folder.glob("best/best-*")]:
            if path.name.partition(".")[0] not in known:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def restore(self) -> int:
        """Restores the newest checkpoint.

        Returns:
            Its step, or 0 if there is none.

        Raises:
            UserError: the checkpoint is damaged, or of other networks.
        """
        newest = self._manager.latest_checkpoint
        if newest is None:
            return 0
        with _readable(newest, "Remove its files to go on from the one before."):
            self._checkpoint.restore(newest).assert_consumed()
        return int(self.train_step.step.numpy())

    def save(self) -> None:
        """Saves a checkpoint of the current step, unless it is saved already.

        Raises:
            TrainingFailed: not enough space, or the disk does not take it; earlier checkpoints are untouched.
        """
        step = int(self.train_step.step.numpy())
        newest = self._manager.latest_checkpoint
        if not self.chief or (newest and newest.endswith(f"ckpt-{step}")):
            return
        self._write(lambda: self._manager.save(checkpoint_number=step), step)

    def best(self) -> dict:
        """The record of the best checkpoint so far, a dictionary of `metric`, `value` and `step`; empty if there is none."""
        return best_record(self.folder)

    def save_best(self, metric: str, value: float, better) -> bool:
        """Keeps the current weights as the best ones if `better(value, best value so far)`. The comparison survives a resume.

        Returns:
            Whether they are the best ones.

        Raises:
            TrainingFailed: not enough space, or the disk does not take it; earlier checkpoints are untouched.
        """
        best = self.best()
        if not self.chief or (best.get("metric") == metric and not better(value, best["value"])):
            return False
        step = int(self.train_step.step.numpy())
        self._write(lambda: tf.train.Checkpoint(**self._weights).write(str(self.folder / "best" / f"best-{step}")), step)
        write_atomically(self.folder / "best.json", json.dumps({"metric": metric, "value": value, "step": step}) + "\n")
        self._remove_unfinished()
        return True

    def _write(self, write, step: int):
        self.check_space(1)
        try:
            write()
        except (OSError, tf.errors.OpError) as error:
            self._remove_unfinished()
            raise TrainingFailed(f"The checkpoint of step {step} could not be written: {error}\n{self.last_good()}") from error

    def check_space(self, saves: int) -> None:
        """Raises `TrainingFailed` if the disk has no space for `saves` more checkpoints, of which the newest `keep` stay."""
        there = len(self._manager.checkpoints)
        most = min(self.keep, there + saves - 1) + 1  # an old one goes when the new one is whole
        copies = max(most - there, 1)
        self.folder.mkdir(parents=True, exist_ok=True)
        free, needed = shutil.disk_usage(self.folder).free, int(copies * self.size * SPACE_MARGIN)
        if free < needed:
            raise TrainingFailed(
                f"{self.folder} has {free / 1e9:.2f} GB free, and {copies} checkpoint(s) of {self.size / 1e9:.2f} GB must fit. "
                f"Make room, choose another --workdir, or lower --keep_checkpoints.\n{self.last_good()}"
            )

    def last_good(self) -> str:
        newest = self._manager.latest_checkpoint
        return f"The last good checkpoint is {newest}; the same command goes on from there." if newest else "There is no checkpoint yet."

    def check_finite(self) -> None:
        """Raises `TrainingFailed` if a loss was or a weight is not finite: such a state must never replace a good checkpoint."""
        train_step = self.train_step
        bad_step = int(train_step.first_bad_step.numpy())
        if bad_step >= 0:
            name = train_step.names[int(train_step.first_bad_loss.numpy())]
            what = f"{name} was not finite in step {bad_step + 1}."
        elif not all(bool(tf.reduce_all(tf.math.is_finite(v.value))) for v in _variables(train_step.method)):
            what = f"A weight is not finite after step {int(train_step.step.numpy())}."
        else:
            return
        raise TrainingFailed(f"{what} {self._cure()}")

    def _cure(self) -> str:
        """Says what helps: other settings, as resuming is exact and would meet an equal loss again."""
        settings = "Try a lower --learning_rate, or --precision=float32"
        if self._manager.latest_checkpoint is None:
            return f"{settings}. There is no checkpoint yet."
        good = f"The last good checkpoint is {self._manager.latest_checkpoint}."
        return f"{settings}, with --init_from={self.folder.parent} and a new --workdir. {good}"


@contextlib.contextmanager
def _readable(path: str, cure: str):
    """Turns what TensorFlow raises inside for a damaged or foreign checkpoint at `path` into a `UserError`, which names the `cure`."""
    try:
        yield
    except (tf.errors.OpError, AssertionError, IndexError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        tf.get_logger().setLevel("ERROR")  # one warning for each of a thousand values that were not restored
        raise UserError(f"The checkpoint {path} cannot be read: {reason}\n{cure}") from error


def _variables(method: Method):
    return [v for model in [*method.networks.values(), *method.ema.values()] for v in model.weights]


def load_weights(folder: Path, method: Method, which: str = "last") -> int:
    """Loads networks, averages and state from RUN/checkpoints into `method`.

    Args:
        folder: RUN/checkpoints.
        method: its networks have the run's sizes.
        which: last, best, or the number of a step.

    Returns:
        The step of the checkpoint.

    Raises:
        UserError: there is no such checkpoint, or it cannot be read; the message lists those that are there.
    """
    path, paths = find_checkpoint(folder, which), kept_checkpoints(folder)
    step = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(networks=method.networks, averages=method.ema, state=method.state, step=step)
    with _readable(path, f"There are: {', '.join(paths)}."):
        checkpoint.read(path).expect_partial().assert_existing_objects_matched()
    return int(step.numpy())
