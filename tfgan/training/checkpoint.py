"""Checkpoints of a run: the newest few, whole, and the best one's weights; written so that a kill or a full disk loses nothing."""

import contextlib
import json
import logging
import math
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.errors import Diverged, TrainingFailed
from tfgan.methods.base import Method
from tfgan.paths.aside import gather
from tfgan.paths.files import write_atomically
from tfgan.training import manifest
from tfgan.training.kept import (
    BEST,
    DamagedRecord,
    Kept,
    Passed,
    best_names,
    best_record,
    kept_best,
    kept_checkpoints,
    names_in,
    resume_point,
    step_of,
)
from tfgan.training.leftovers import remove_leftovers, remove_save
from tfgan.training.manifest import Manifest, sums_on_disk
from tfgan.training.restoring import find_damage, fitting, readable_state
from tfgan.training.step import TrainStep

SPACE_MARGIN = 1.05  # of a checkpoint's size, for its index

logger = logging.getLogger(__name__)


class Checkpointer:
    """Saves and restores a `TrainStep`: networks, averages, optimizers, the method's state, loss scale and step.

    TensorFlow writes a checkpoint under temporary names, and the manifest then notes the sums of its files: what is damaged later is known.
    Nothing is deleted but temporaries, and the older ones of those checkpoints that the manifest says are the run's own.

    Args:
        folder: RUN/checkpoints.
        train_step: what is saved and restored.
        keep: how many of the newest checkpoints stay.
        chief: whether this process writes; the other workers of a cluster only read.
        keeps_best: whether the best checkpoint is to be kept too, for which the disk needs space.

    Attributes:
        size: bytes of a checkpoint's values, by which space on the disk is checked; best_size: of the best one's.
    """

    def __init__(self, folder: Path, train_step: TrainStep, keep: int, chief: bool = True, keeps_best: bool = False):
        self.folder, self.train_step, self.keep, self.chief, self.keeps_best = folder, train_step, keep, chief, keeps_best
        method = train_step.method
        self._weights = {"networks": method.networks, "averages": method.ema, "step": train_step.step, "state": method.state}
        loss_scale = {"loss_scale": train_step.loss_scale, "good_steps": train_step.good_steps}
        plateau = {"plateau": method.plateau} if method.plateau else {}
        self._parts = self._weights | {"optimizers": train_step.optimizers} | loss_scale | plateau
        self._checkpoint = tf.train.Checkpoint(**self._parts)
        kept_by_best = _variables(method) + [*method.state.values()]
        self.best_size = _size(kept_by_best)
        optimizers = {id(optimizer): optimizer for optimizer in train_step.optimizers.values()}  # which losses may share
        self.size = self.best_size + _size(v for optimizer in optimizers.values() for v in optimizer.variables)
        self._manifest = Manifest({})
        self._newest = ""  # name of the newest whole checkpoint
        self._best: dict = {}

    def restore(self) -> int:
        """Restores the newest whole checkpoint, and sets aside what is damaged; says so. Nothing is changed where this fails.

        Returns:
            Its step, or 0 if the run begins.

        Raises:
            UserError: there are checkpoints, but none is whole; or the newest whole one is of other networks.
            OSError: the folder cannot be written.
        """
        method, (found, passed) = self.train_step.method, resume_point(self.folder, find_damage)
        self._manifest = Manifest.read(self.folder)
        if found:
            with fitting(found.path), readable_state(method, found.path) as state:
                earlier = state is not method.state
                checkpoint = tf.train.Checkpoint(**self._parts | {"state": state}) if earlier else self._checkpoint
                checkpoint.restore(found.path).assert_consumed()
            self._newest = found.name
        if self.chief:
            remove_leftovers(self.folder.parent)
            self._set_aside_damaged(found, passed)
            self._set_aside_damaged_best()
        with contextlib.suppress(DamagedRecord):  # which the chief has set aside
            self._best = best_record(self.folder)
        if self.chief:
            self._bring_records_up_to_date()
            self._retire_other_best()
        return found.step if found else 0

    def _set_aside_damaged(self, found: Kept | None, passed: Passed):
        """Puts damaged checkpoints and records out of the way, and says so; the log's rows that will be dropped are kept beside them."""
        no_file = (path := self.folder / manifest.STATE).exists() and not path.is_file()
        for name, why in ((manifest.FILE, self._manifest.damage), (manifest.STATE, "it is no file" if no_file else "")):
            if why:
                aside = self._set_aside(name, [self.folder / name])
                logger.warning(f"{self.folder / name} is damaged ({why}), and not needed: it is kept in {aside}.")
        goal = f"the run goes back to {found.name}, the newest whole one" if found else "the run begins anew"
        for kept, why in passed:
            aside = self._set_aside(kept.name, kept.files)
            if (log := self.folder.parent / "metrics.jsonl").is_file():
                shutil.copy(log, aside)
            self._manifest.entries.pop(kept.name, None)
            logger.warning(f"{kept.path} is damaged ({why}): {goal}. It is kept in {aside}.")

    def _set_aside_damaged_best(self):
        try:
            best = kept_best(self.folder)
            why, names = (find_damage(best), [best.name]) if best else (f"{BEST} is missing", self._best_without_record())
        except DamagedRecord as error:
            why, names = str(error), [name for name in self._manifest.entries if name.startswith("best/")]
        if why and (names or (self.folder / BEST).exists()):
            record = [path for path in [self.folder / BEST] if path.exists()]
            aside = self._set_aside("best", [*record, *(path for name in names for path in self._files(name))])
            for name in names:
                self._manifest.entries.pop(name, None)
            logger.warning(
                f"The best checkpoint is damaged ({why.rstrip('.')}): it is kept in {aside}, and the next one is the best so far."
            )

    def _best_without_record(self) -> list[str]:
        """The best checkpoint, of which the record is gone. One of a later step is as a kill left it, and will be made again."""
        step = int(self.train_step.step.numpy())
        names = [name for name, sums in self._manifest.entries.items() if name.startswith("best/") and sums is not None]
        return [name for name in names if self._files(name) and step_of(name) <= step]

    def _bring_records_up_to_date(self):
        """Notes the best checkpoint of a version that had no manifest, the sums of what was read to its end, and what was set aside."""
        entries = self._manifest.entries
        best = f"best/{self._best['name']}" if self._best else ""
        if best:
            entries.setdefault(best, {})
        for name in (self._newest, best):
            if name in entries and not entries[name]:
                entries[name] = sums_on_disk(self._files(name))
        on_disk = Manifest.read(self.folder)
        if entries != on_disk.entries or on_disk.damage:
            self._manifest.write(self.folder)
            if own := self._own():
                manifest.write_state(self.folder, [kept.name for kept in reversed(own)])

    def _own(self) -> list[Kept]:
        """The checkpoints there that the run wrote itself, newest first."""
        return [kept for kept in kept_checkpoints(self.folder, self._manifest) if kept.files and kept.name in self._manifest.entries]

    def save(self, lasting: Callable[[int], bool] = lambda step: True) -> None:
        """Saves a checkpoint of the current step, unless it is saved already.

        Args:
            lasting: step -> whether its checkpoint is one of those of which the newest `keep` stay. The newest of all stays until the next
                one, and others fill up their number.

        Raises:
            TrainingFailed: not enough space, or the disk does not take it; earlier checkpoints are untouched.
        """
        name = f"ckpt-{int(self.train_step.step.numpy())}"
        if not self.chief or name == self._newest:
            return
        self._checkpoint.save_counter.assign_add(1)
        self._write(self._checkpoint, name, self.size)
        self._newest = name
        own = self._own()  # the newest first
        stay = [kept for kept in own if lasting(kept.step)][: self.keep]
        stay += [kept for kept in own[:1] if kept not in stay]
        stay += [kept for kept in own if kept not in stay][: max(self.keep - len(stay), 0)]
        manifest.write_state(self.folder, [kept.name for kept in reversed(own) if kept in stay])
        self._retire([kept.name for kept in own if kept not in stay])

    def best(self) -> dict:
        """The record of the best checkpoint so far, a dictionary of `metric`, `value`, `step` and `name`; empty if there is none."""
        return self._best

    def save_best(self, metric: str, value: float, better, images: str = "") -> bool:
        """Keeps the current weights as the best ones if `better(value, best value so far)`. The comparison survives a resume.

        The earlier best checkpoint stays until the new one is whole and recorded, also where both are of one step.

        Args:
            images: a hash of those by which it was measured, which is recorded.

        Returns:
            Whether they are the best ones. A value that is not finite never is.

        Raises:
            TrainingFailed: not enough space, or the disk does not take it; earlier checkpoints are untouched.
        """
        best = self.best()
        if not self.chief or not math.isfinite(value) or (best.get("metric") == metric and not better(value, best["value"])):
            return False
        step = int(self.train_step.step.numpy())
        name = next(name for name in best_names(step) if name != best.get("name"))
        self._write(tf.train.Checkpoint(**self._weights), f"best/{name}", self.best_size)
        self._best = {"metric": metric, "value": value, "step": step, "name": name} | ({"images": images} if images else {})
        write_atomically(self.folder / BEST, json.dumps(self._best) + "\n")
        self._retire_other_best()
        return True

    def _retire_other_best(self):
        """Deletes the best checkpoints that are not the recorded one: those before it, and one that a kill kept from being recorded."""
        if self._best:
            self._retire([name for name in self._manifest.entries if name.startswith("best/") and name != f"best/{self._best['name']}"])

    def _write(self, checkpoint: tf.train.Checkpoint, name: str, size: int):
        """Writes a checkpoint, and notes its sums when all of it is on the disk. What stands in its place and is not ours is set aside."""
        self._require(size, "the next one needs")
        path, entries = self.folder / name, self._manifest.entries
        if name not in entries and (others := self._files(name)):
            logger.warning(f"{path} was not written by this training: it is kept in {self._set_aside(path.name, others)}.")
        try:
            entries[name] = None
            self._manifest.write(self.folder)
            checkpoint.write(str(path))
            entries[name] = sums_on_disk(self._files(name))
            self._manifest.write(self.folder)
        except (OSError, tf.errors.OpError) as error:
            with contextlib.suppress(OSError):
                self._remove(name)
            raise TrainingFailed(f"The checkpoint of step {step_of(name)} could not be written: {error}\n{self.last_good()}") from error

    def _set_aside(self, name: str, files: Iterable[Path]) -> Path:
        """Moves damaged files out of the way, into a new folder of RUN/checkpoints/damaged."""
        return gather(files, self.folder / "damaged" / name)

    def _files(self, name: str) -> list[Path]:
        path = self.folder / name
        return [file for other, file in names_in(path.parent) if other == path.name]

    def _remove(self, name: str):
        """Deletes a checkpoint that the run wrote itself, or what there is of it."""
        for file in self._files(name):
            if file.is_file():
                file.unlink()
        if (unfinished := self.folder / f"{name}_temp").is_dir():
            remove_save(unfinished)
        self._manifest.entries.pop(name, None)
        self._manifest.write(self.folder)

    def _retire(self, names: list[str]):
        for name in names:
            self._remove(name)

    def check_space(self, saves: int, between: bool = False) -> None:
        """Raises `TrainingFailed` if the disk has no space for `saves` more checkpoints, with what stays beside them.

        Args:
            between: whether one more may lie between those of whole intervals, see `save`.
        """
        there, saves = len(self._own()), saves + between
        most = min(self.keep + between, there + saves - 1) + 1  # an old one goes when the new one is whole
        copies = max(most - there, 1)
        needed, what = copies * self.size, f"{copies} checkpoint(s) of {self.size / 1e9:.2f} GB"
        if self.keeps_best:
            more = 1 if self._best else 2  # of which the older one goes
            needed, what = needed + more * self.best_size, f"{what} and {more} of the best weights of {self.best_size / 1e9:.2f} GB"
        self._require(needed, f"{what} need")

    def _require(self, size: int, what: str):
        self.folder.mkdir(parents=True, exist_ok=True)
        free, needed = shutil.disk_usage(self.folder).free, int(size * SPACE_MARGIN)
        if free < needed:
            raise TrainingFailed(
                f"{self.folder} has {free / 1e9:.2f} GB free, and {what} {needed / 1e9:.2f} GB. "
                f"Make room, choose another --workdir, or lower --keep_checkpoints.\n{self.last_good()}"
            )

    def last_good(self) -> str:
        if not self._newest:
            return "There is no checkpoint yet."
        return f"The last good checkpoint is {self.folder / self._newest}; the same command goes on from there."

    def check_finite(self) -> None:
        """Raises `Diverged` if a loss was or a weight is not finite: such a state must never replace a good checkpoint."""
        train_step = self.train_step
        bad_step = int(train_step.first_bad_step.numpy())
        if bad_step >= 0:
            name = train_step.names[int(train_step.first_bad_loss.numpy())]
            what = f"{name} was not finite in step {bad_step + 1}."
        elif not all(bool(tf.reduce_all(tf.math.is_finite(v.value))) for v in _variables(train_step.method)):
            what = f"A weight is not finite after step {int(train_step.step.numpy())}."
        else:
            return
        raise Diverged(f"{what} {self._cure()}")

    def _cure(self) -> str:
        """Says what helps: other settings, as resuming is exact and would meet an equal loss again."""
        settings = "Try a lower --learning_rate, or --precision=float32"
        if not self._newest:
            return f"{settings}. There is no checkpoint yet."
        good = f"The last good checkpoint is {self.folder / self._newest}."
        return f"{settings}, with --init_from={self.folder.parent} and a new --workdir. {good}"


def _size(variables) -> int:
    """The bytes of variables' values."""
    return sum(int(np.prod(v.shape)) * tf.as_dtype(v.dtype).size for v in variables)


def _variables(method: Method):
    return [v for model in [*method.networks.values(), *method.ema.values()] for v in model.weights]
