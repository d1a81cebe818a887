"""The parts of `benchmarks.gpu` that time steps: pix2pix and CycleGAN beside PyTorch, StyleGAN, and what two logical GPUs cost."""

import multiprocessing
import statistics
import time
from typing import NamedTuple

from benchmarks import methods, train_step
from benchmarks.contestants import CONTESTANTS, Worker

FIRST_STEPS = 5  # by which the length of a turn is found
ARMS = {
    "tfgan_float32_eager": False,
    "tfgan_bfloat16_eager": False,
    "tfgan_float32": True,
    "tfgan_bfloat16": True,
    "tfgan_float32_xla": True,
    "tfgan_bfloat16_xla": True,
    "torch_eager": False,
    "torch_float32": False,
    "torch_channels_last": False,
    "torch_bfloat16": False,
    "torch_compiled": False,
    "torch_compiled_graphs": False,
}
"""Contestant -> whether it can also do several steps in one call of the compiled program."""

USUAL = "torch_eager"


class Turn(NamedTuple):
    """What is timed: a contestant, one step a call or all steps of a turn in one call."""

    worker: Worker
    together: bool
    steps: int  # in a turn

    @property
    def label(self) -> str:
        return CONTESTANTS[self.worker.name].summary + ", several steps a call" * self.together

    def seconds_per_step(self) -> float:
        return self.worker.seconds_per_step(self.steps, 1 if self.together else self.steps)


def matrix_products(options) -> dict:
    """How fast TensorFlow multiplies two large matrices: what the chip gives at most."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_matrix_products, (options.size,))


def _matrix_products(size: int) -> dict:
    import tensorflow as tf

    from benchmarks.tfgan_step import device, share_gpu, software

    share_gpu()
    products = {}
    for precision in ("float32", "bfloat16"):
        factors = [tf.cast(tf.random.normal((size, size)), precision) for _ in range(2)]
        seconds = []
        for _ in range(8):
            started = time.perf_counter()
            tf.reduce_sum(tf.linalg.matmul(*factors)[:1, :1]).numpy()
            seconds.append(time.perf_counter() - started)
        products[precision] = 2 * size**3 / statistics.median(seconds[3:])
    return {"products": products, "facts": [{"software": software(), "device": device()}]}


def beside_torch(options, method: str, batch_size: int) -> dict:
    """Every contestant's step of a method, taking turns; a contestant that cannot run says why in its row."""
    with_torch = train_step.has_torch(options.torch_python)
    names = [name for name in options.contestants if with_torch or CONTESTANTS[name].framework != "torch"]
    settings = {"method": method, "batch_size": batch_size, "image_size": options.image_size, "ngf": options.ngf}
    workers = [train_step.start(name, options.torch_python, **settings) for name in names]
    title = f"{method} {options.image_size}², batch {batch_size}: "
    try:
        turns, rows = [], []
        for worker in workers:  # side by side: XLA alone compiles for two minutes each
            worker.build()
        for worker in workers:
            try:
                worker.wait()
            except SystemExit as problem:
                rows.append({"label": title + CONTESTANTS[worker.name].summary, "problem": str(problem).strip().splitlines()[-1]})
        for worker in workers:
            if worker.facts:
                turns += [_turn(worker, together, options.seconds) for together in (False, True) if ARMS[worker.name] or not together]
        seconds = train_step.take_turns([turn.seconds_per_step for turn in turns], options.rounds)
        facts = [turn.worker.facts for turn in turns]
        timed = _rows(turns, seconds, batch_size)
    finally:
        for worker in workers:
            worker.close()
    return {"facts": facts, "rows": [row | {"label": title + row["label"]} for row in timed] + rows}


def _turn(worker: Worker, together: bool, seconds: float) -> Turn:
    calls = 1 if together else FIRST_STEPS
    worker.seconds_per_step(FIRST_STEPS, calls)
    return Turn(worker, together, max(FIRST_STEPS, round(seconds / worker.seconds_per_step(FIRST_STEPS, calls))))


def _rows(turns: list[Turn], seconds: list[list[float]], batch_size: int) -> list[dict]:
    """Medians over rounds; ratios of speed are medians of those within a round."""
    medians = [statistics.median(values) for values in seconds]
    torch = [i for i, turn in enumerate(turns) if CONTESTANTS[turn.worker.name].framework == "torch"]
    best = min(torch, key=medians.__getitem__, default=None)
    usual = next((i for i in torch if turns[i].worker.name == USUAL), None)
    operations = max((turn.worker.facts.get("operations", 0) for turn in turns), default=0)

    def faster(index, base):
        return statistics.median(b / own for own, b in zip(seconds[index], seconds[base])) if base is not None else None

    return [
        {
            "label": turn.label,
            "batch_size": batch_size,
            "seconds": medians[i],
            "by_usual": faster(i, usual),
            "by_best": faster(i, best),
            "memory": turn.worker.peak_memory,
            "operations": operations,
            "precision": "bfloat16" if "bfloat16" in turn.label else "float32",
        }
        for i, turn in enumerate(turns)
    ]


def stylegan(options) -> dict:
    """StyleGAN's step on images of full size, as `tfgan check` tries it."""
    rows = []
    for precision in methods.PRECISIONS:
        batch, seconds, memory = methods.in_own_process("stylegan", precision, options.image_size)
        label = f"stylegan {options.image_size}², batch {batch}: tfgan, {precision.removeprefix('mixed_')}, as it trains"
        rows.append({"label": label, "batch_size": batch, "seconds": seconds, "memory": memory})
    return {"rows": rows}


def two_logical_gpus(options) -> dict:
    """One step of two replicas beside two steps of one, and whether the replicas hold the same weights afterwards."""
    settings = {"method": "pix2pix", "image_size": options.image_size, "ngf": options.ngf}
    one = train_step.start("tfgan_bfloat16_xla", batch_size=1, **settings)
    two = train_step.start("tfgan_bfloat16_xla_replicas", batch_size=2, **settings)
    try:
        for worker in (one, two):
            worker.build()
        for worker in (one, two):
            worker.wait()
        turns = [_turn(worker, True, options.seconds) for worker in (one, two)]
        seconds = train_step.take_turns([turn.seconds_per_step for turn in turns], options.rounds)
    finally:
        for worker in (one, two):
            worker.close()
    overhead = statistics.median(second / (2 * first) for first, second in zip(*seconds)) - 1.0
    equal = "the same bits of" if two.facts["replicas_equal"] else "DIFFERENT bits of"
    what = f"pix2pix {options.image_size}², bfloat16, XLA, two replicas on two halves of the device"
    cost = f"a step of batch 2 in {statistics.median(seconds[1]):.4f} s, {overhead:+.0%} beside two steps of one replica"
    return {"facts": [one.facts], "lines": [f"{what}: {cost}; after the first steps both hold {equal} every weight."]}
