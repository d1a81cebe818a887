"""The training loop, which all methods share."""

import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgan.config.rows import Row, metrics_row
from tfgan.config.stored import DAMAGE, Damaged, Unreadable, read_json
from tfgan.errors import ReadFailed, TrainingFailed, UnreadableImage
from tfgan.paths.aside import set_aside
from tfgan.paths.files import write_atomically
from tfgan.training.callbacks import Callback
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.logs import MetricLog, Progress, TensorBoardLog
from tfgan.training.pace import PROBED_STEPS, Pace
from tfgan.training.step import TrainStep
from tfgan.training.strategy import is_chief
from tfgan.training.timeline import Interval, Timeline

logger = logging.getLogger(__name__)

CALL_SECONDS = 1.0  # a signal is served between calls
MOST_STEPS_PER_EXECUTION = 200

NAMES: dict[int, str] = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
"""A signal -> what its sender calls it."""


class Trainer:
    """Trains a run until a total number of steps.

    Args:
        train_step: under its strategy, as it was restored, or with fresh weights.
        make_iterator: (first step) -> distributed iterator of batches, those of the stage in which that step is.
        checkpointer: of the run's folder, which has restored `train_step`.
        timeline: of the run, turns steps into epochs.
        total: steps of the whole run.
        settings: the run's `TrainConfig`.
        input_failure: () -> why a batch could not be made, or None; TensorFlow, which passes such an error on, leaves some text of it.
        callbacks: in the order in which they are called. The workers of a cluster have the same, as they must pause at the same steps, and
            the chief alone calls them.

    Attributes:
        input_wait: share of the time before the last log entry in which steps waited for images; None if it was not measured then.
    """

    clock = staticmethod(time.monotonic)

    def __init__(
        self,
        train_step: TrainStep,
        make_iterator: Callable,
        checkpointer: Checkpointer,
        *,
        timeline: Timeline,
        total: int,
        settings,
        callbacks: Sequence[Callback],
        input_failure: Callable[[], Exception | None] = lambda: None,
    ):
        self.checkpointer, self.workdir = checkpointer, checkpointer.folder.parent
        self.train_step, self.make_iterator, self.timeline = train_step, make_iterator, timeline
        self.total, self.settings, self.callbacks = total, settings, callbacks
        self.strategy, self.input_failure = train_step.strategy, input_failure
        self.chief = is_chief(self.strategy)
        self.cluster = isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self.log_every, self.checkpoint_every = Interval(settings.log_every), Interval(settings.checkpoint_every, "epochs")
        self.progress: Progress | None = None
        self.tensorboard: TensorBoardLog | None = None
        self.input_wait: float | None = None
        self._postponed = self.workdir / "postponed.json"
        self._pace = Pace()
        self._saved = self.clock()
        self._signal = 0
        self._steps_per_execution = max(settings.steps_per_execution, 1) if self.cluster else 1

    def fit(self) -> int:
        """Trains to the end, or until a signal.

        Returns:
            The number of the signal that stopped it, or 0.

        Raises:
            TrainingFailed: a loss or weight that is not finite, or no space for a checkpoint, where the last good checkpoint stays; or an
                image that cannot be read any more, where the steps that are done are saved.
        """
        step = int(self.train_step.step.numpy())
        if step >= self.total:
            logger.info(f"{self.workdir} is complete: step {step} of {self.total}. Raise --epochs or --steps to train on.")
            return 0
        if step and (why := self._why_stop(step)):
            logger.info(f"{self.workdir} is complete: {why}")
            return 0
        if step:
            logger.info(f"Resuming {self.workdir} from step {step} (epoch {self.timeline.epoch(step):.2f}).")
        if self.chief:
            self.checkpointer.check_space(self._saves(step), between=bool(self.settings.checkpoint_minutes))
            self._metrics = MetricLog(self.workdir / "metrics.jsonl", step)
            if self.settings.tensorboard:
                domains = {key: domain.name for key, domain in self.train_step.method.spec.domains.items()}
                self.tensorboard = TensorBoardLog(self.workdir / "tensorboard", step, domains)
            self.progress = Progress(step, self.total, self.timeline)
        for callback in self.callbacks if self.chief else ():
            callback.on_train_begin(self, step)
        # Python lets the main thread alone listen to signals.
        heard = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
        handlers = {number: signal.signal(number, self._on_signal) for number in heard}
        try:
            stopped_by = self._loop(step)
            for callback in self.callbacks if self.chief else ():
                callback.on_train_end(self, int(self.train_step.step.numpy()))
            return stopped_by
        except Exception as error:
            if not isinstance(error, (ReadFailed, UnreadableImage)) and error is not self.input_failure():
                raise
            kept = self._save_what_is_done()
            if not isinstance(error, (ReadFailed, UnreadableImage)):  # of a program's own source
                self.say(kept)
                raise
            raise TrainingFailed(f"{error}. {kept}") from error
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            if self.progress:
                self.progress.close()
            if self.tensorboard:
                self.tensorboard.close()

    def _saves(self, step: int) -> int:
        """The number of checkpoints that are to come after `step`."""
        saves = 0
        while step < self.total:
            step, saves = min(self.timeline.next(self.checkpoint_every, step) or self.total, self.total), saves + 1
        return saves

    def _on_signal(self, number, _):
        self._signal = number
        signal.signal(number, signal.SIG_DFL)  # a second one stops at once

    def _loop(self, step: int) -> int:
        if self.chief and (why := self._catch_up(step)):
            self.say(f"Stopped early at step {step}: {why}")
            return 0
        entered, images, seconds = None, 0, 0.0  # images and time since the last log entry that went into steps
        while step < self.total:
            stage = self.timeline.stage(step)
            compiles = stage is not entered
            if compiles:
                self.train_step.enter(stage, reset=step == stage.first_step > 0)
                iterator, entered = self.make_iterator(step), stage
            for callback in self.callbacks if self.chief else ():
                callback.on_steps_begin(self, step)
            room = self._next_boundary(step) - step
            # The workers of a cluster must do the same number of steps a call, and wait for each other.
            probes = self.settings.health and not self.cluster and self._pace.pause(room)
            count = PROBED_STEPS if probes else min(self._steps_per_execution, room)
            started = time.perf_counter()
            scalars = self._run(iterator, count)
            elapsed = time.perf_counter() - started
            self._pace.took(count, elapsed, compiles, probes)
            self._adapt(count, elapsed, compiles or probes)
            step, images, seconds = step + count, images + count * self.timeline.images_per_step(stage), seconds + elapsed
            stop, overdue = self._agreed()
            if stop or overdue or self._boundary(step):
                self.checkpointer.check_finite()  # on every worker: they stop together
            if self.progress:
                values, row = dict(zip(self.train_step.names, map(float, scalars))), {}
                if self._due(self.log_every, step):
                    self.input_wait = self._pace.waiting()
                    rate, images, seconds = images / seconds, 0, 0.0
                    row = {"images_per_second": rate} | values
                    self.progress.show(step, row)
                    row |= self.train_step.learning_rates()
                self.progress.advance(step, count, values, None if compiles else count * self.timeline.images_per_step(stage) / elapsed)
                if stop and step < self.total:
                    self._save_in_haste(stop, step, row)
                    return stop
                self._log(step, row)
                why = self._why_stop(step) if self._boundary(step) else ""
                if why or overdue or self._due(self.checkpoint_every, step):
                    self._save()
                if why:
                    self.say(f"Stopped early at step {step}: {why}")
                    return 0
            if stop and step < self.total:
                return stop
        return 0

    def _save_in_haste(self, stop: int, step: int, row: dict[str, float]):
        """Saves a checkpoint for whoever sent the signal `stop` and will not wait: pictures and validations are left to the resumed run."""
        name = NAMES.get(stop, f"signal {stop}")
        self.say(f"{name}: saving step {step} …")
        if any(self._due(callback.every, step) for callback in self.callbacks):
            self._postpone(step, row)
        else:
            self._write(step, row)
        self._save()
        self.say(f"Stopped by {name}; saved step {step}. The same command goes on from there.")

    def _catch_up(self, step: int) -> str:
        """Does what was due at `step` when a signal stopped the run there. Returns why there is no use in training on, "" if there is."""
        row = self._postponed_row(step)
        if row is None:
            return ""
        self._log(step, row)
        return self._why_stop(step)

    def _postponed_row(self, step: int) -> Row | None:
        """The row that a signal left to be written at `step`; None if there is none, or it is of a step that was never saved."""
        try:
            postponed = read_json(self._postponed, finite=False)
            row = metrics_row({"step": postponed["step"], **postponed["row"]})
        except FileNotFoundError:
            return None
        except Unreadable:  # a UserError as damage is, and none
            raise
        except (Damaged, *DAMAGE):
            kept = set_aside(self._postponed)
            logger.warning(f"{self._postponed} is damaged, and kept as {kept.name}: the pictures and scores of step {step} are left out.")
            return None
        self._postponed.unlink()
        return {name: value for name, value in row.items() if name != "step"} if row["step"] == step else None

    def _postpone(self, step: int, row: dict[str, float]):
        """Leaves what is due at `step` to the run that goes on from there; it counts if that step is saved."""
        write_atomically(self._postponed, json.dumps({"step": step, "row": row}) + "\n")

    def _log(self, step: int, row: dict[str, float]):
        """Does what is due at `step`, and writes the row with what came of it."""
        try:
            values = self._call_back(step)
        except (ReadFailed, UnreadableImage):
            self._postpone(step, row)
            raise
        self._write(step, row | values)

    def _run(self, iterator, count: int):
        """Does `count` steps; returns the last one's scalars. Where images do not arrive, steps before are done, theirs is not begun."""
        try:
            return self.train_step.run(iterator, tf.constant(count)).numpy()
        except tf.errors.OpError:
            if failure := self.input_failure():
                raise failure from None
            raise

    def _save_what_is_done(self) -> str:
        """Saves a checkpoint of the steps that are done, and says in a sentence what is kept.

        Not in a cluster, whose workers may be in the middle of a step.
        """
        step = int(self.train_step.step.numpy())
        if self.cluster or not step:
            return self.checkpointer.last_good()
        self.checkpointer.check_finite()
        self._save()
        return f"Step {step} is saved; the same command goes on from there."

    def _save(self):
        """Saves a checkpoint. One between whole intervals stays until the next, and those of whole intervals stay as they would without."""
        self.checkpointer.save(lambda step: self._due(self.checkpoint_every, step))
        self._saved = self.clock()

    def _overdue(self) -> bool:
        """Whether the last checkpoint is as old as the user wants to risk, by the chief's clock."""
        minutes = self.settings.checkpoint_minutes
        return self.chief and bool(minutes) and self.clock() - self._saved >= 60 * minutes

    def _due(self, every: Interval, step: int) -> bool:
        return step == self.total or self.timeline.due(every, step)

    def _intervals(self) -> list[Interval]:
        return [self.log_every, self.checkpoint_every, *(callback.every for callback in self.callbacks)]

    def _boundary(self, step: int) -> bool:
        return any(self._due(every, step) for every in self._intervals())

    def _next_boundary(self, step: int) -> int:
        """The step with which a call from `step` on must end at the latest: something is due then, or another stage begins."""
        boundaries = [self.timeline.next_stage(step), *(self.timeline.next(every, step) for every in self._intervals())]
        return min([self.total, *(boundary for boundary in boundaries if boundary is not None)])

    def _adapt(self, count: int, seconds: float, compiles: bool):
        """Sets the steps of a call to as many as fit in a second, or fewer if the user says so.

        It does not in a cluster, whose workers must agree, nor from the time of a call that compiles.
        """
        if not compiles and not self.cluster:
            most = self.settings.steps_per_execution or MOST_STEPS_PER_EXECUTION
            self._steps_per_execution = max(1, min(most, int(CALL_SECONDS * count / seconds)))

    def _agreed(self) -> tuple[int, bool]:
        """The signal that any worker got, 0 if none did, and whether a checkpoint is overdue: all workers must do the same."""
        if not self.cluster:
            return self._signal, self._overdue()
        own = tf.constant([float(self._signal > 0), float(self._overdue())])
        agreed = self.strategy.reduce(tf.distribute.ReduceOp.SUM, self.strategy.run(tf.identity, args=(own,)), axis=None)
        signaled, overdue = (float(value) > 0 for value in agreed.numpy())
        return signal.SIGTERM if signaled else 0, overdue

    def _call_back(self, step: int) -> dict[str, float]:
        values: dict[str, float] = {}
        for callback in self.callbacks:
            if self._due(callback.every, step):
                values |= callback.on_interval(self, step)
        return values

    def show_samples(self, step: int, made) -> dict[str, float]:
        """Shows all callbacks the sample picture that one of them made.

        Returns:
            Name -> scalar, from all of them.
        """
        return {name: value for callback in self.callbacks for name, value in callback.on_samples(self, step, made).items()}

    def _why_stop(self, step: int) -> str:
        if self.cluster:  # whose other workers would wait for a chief that has stopped
            return ""
        return next((why for callback in self.callbacks if (why := callback.why_stop(self, step))), "")

    def _write(self, step: int, row: dict[str, float]):
        if row:
            epoch = self.timeline.epoch(step)
            self._metrics.write(step, {"epoch": epoch, **row})
            if self.tensorboard:
                self.tensorboard.scalars(step, row)
            for callback in self.callbacks:
                callback.on_log(self, {"step": step, "epoch": epoch, **row})

    def say(self, text: str):
        """Shows a line to whoever watches, which leaves the progress bar whole."""
        if self.progress:
            self.progress.say(text)
