"""A few steps of the real training, to tell its time and memory before it is begun."""

import statistics
import sys
import time
from typing import NamedTuple

import tensorflow as tf

from tfgan.config import TrainConfig
from tfgan.inference import open_inference
from tfgan.methods import method_class
from tfgan.runs.training.assembly import assemble, choose_machine
from tfgan.runs.training.frozen import tried_frozen
from tfgan.runs.training.validation import Validation
from tfgan.terminal import Waiting
from tfgan.training.strategy import describe

TIMED = 3  # steps
PATIENCE = 20.0  # seconds after which no further step is timed


class Prediction(NamedTuple):
    """The time and memory that a training will take."""

    devices: str
    seconds: float  # of one step, the dearest one of methods that grow; with its share of what is done in every N-th step alone
    memory: int  # bytes at the peak of this process; 0: the system does not tell
    device_memory: int  # bytes at the peak on a GPU; 0 without
    steps: int
    epochs: float
    total: float  # seconds of all steps, without checkpoints and sample pictures


def predict(method_name: str, training: TrainConfig, hparams, dataset) -> Prediction:
    """Predicts a training's time and memory: trains its networks on real batches for a few steps.

    The first step, which compiles, does not count. For a method that grows, the last stage that it reaches is tried; the steps of the
    others are taken to need time by the pixels of their batch.

    Raises:
        UserError: the method refuses these settings or this data set.
    """
    cls = method_class(method_name)
    machine = choose_machine(cls, training, hparams)
    run = assemble(cls, machine, hparams, dataset, tried_frozen(hparams, dataset.spec))
    if training.validate_every:
        Validation(run.method, open_inference(run.method), dataset, machine.training)  # refuses a metric that cannot be measured
    stage = run.timeline.stage(run.total - 1)
    run.step.enter(stage, reset=False)
    gpus = tf.config.list_logical_devices("GPU")
    iterator = run.batches(stage.first_step)

    def take_step(number):
        run.step.step.assign(number)
        run.step.run(iterator, tf.constant(1)).numpy()

    seconds = _time(take_step, run.method.hparams.intervals)
    device_memory = max((tf.config.experimental.get_memory_info(gpu.name.removeprefix("/device:"))["peak"] for gpu in gpus), default=0)
    return Prediction(
        f"{describe(machine.strategy)}, {machine.training.precision}",
        seconds,
        _peak_memory(),
        device_memory,
        run.total,
        run.timeline.epoch(run.total),
        seconds * _weight(run.timeline.stages, stage, run.total),
    )


def _time(take_step, intervals=()) -> float:
    """The time of a step, in seconds: the median of at most `TIMED` after the first, and the share of what not every step does.

    Args:
        take_step: does the step of a number, counted from 0.
        intervals: the numbers N of what is done in the steps N - 1, 2N - 1, …
    """

    def seconds(number):
        shown.advance()
        started = time.perf_counter()
        take_step(number)
        return time.perf_counter() - started

    times: list[float] = []
    longer: dict[int, float] = {}  # interval -> by how much a step takes longer for what it alone does
    with Waiting("Trying a few steps", 1 + TIMED + len(set(intervals))) as shown:
        take_step(0)
        began = time.perf_counter()
        while len(times) < TIMED and time.perf_counter() - began < PATIENCE:
            times.append(seconds(0))
        plain = statistics.median(times)
        for interval in sorted(set(intervals)):
            also = sum(more for other, more in longer.items() if interval % other == 0)
            longer[interval] = max(0.0, seconds(interval - 1) - plain - also)
    return plain + sum(more / interval for interval, more in longer.items())


def _weight(stages, tried, total: int) -> float:
    """The number of steps of the stage `tried` that take the time of all `total` steps."""

    def cost(stage):
        return stage.batch_size / stage.shrink**2

    ends = [*(stage.first_step for stage in stages[1:]), total]
    counts = [max(0, min(end, total) - stage.first_step) for stage, end in zip(stages, ends)]
    return sum(count * cost(stage) / cost(tried) for count, stage in zip(counts, stages))


def _peak_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux kilobytes
