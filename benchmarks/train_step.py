"""Seconds a train step of pix2pix or CycleGAN: tfgan beside TensorFlow's tutorial and PyTorch, taking turns in one run.

python -m benchmarks.train_step [--method=cyclegan --image_size=128]
"""

import argparse
import functools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks.contestants import CONTESTANTS, METHODS, Worker, default
from benchmarks.machine import describe

PAUSE = 0.3  # seconds between turns: an idle OpenMP pool spins for up to 0.2 s


def main(arguments=None, task="train_step", description=__doc__):
    options = _parse(arguments, task, description)
    names = [name for name in options.contestants if CONTESTANTS[name].framework != "torch" or has_torch(options.torch_python)]
    if len(names) < len(options.contestants):
        print(f"{options.torch_python} has no PyTorch: its contestants are left out. --torch_python names another interpreter.")
    if not names:
        raise SystemExit("There is no contestant left.")
    sizes = {"method": options.method, "batch_size": options.batch_size, "image_size": options.image_size, "ngf": options.ngf}
    workers = [start(name, options.torch_python, **sizes) for name in names]
    try:
        for worker in workers:
            worker.build()
            worker.wait()
        seconds = measure(workers, options.rounds, options.steps)
    finally:
        for worker in workers:
            worker.close()
    facts = [worker.facts for worker in workers]
    versions = dict.fromkeys(fact["software"] for fact in facts)
    print(f"{describe(facts[0]['device'])}; {'; '.join(versions)}.")
    print(f"{options.method}, batch {options.batch_size}, {options.image_size}²; {options.rounds} rounds of {options.steps} steps.\n")
    weights = {worker.name: worker.facts["weights"] for worker in workers}
    print(table(seconds, weights, options.batch_size, options.baseline or fastest_torch(seconds)))


def start(name: str, torch_python: str = sys.executable, **sizes) -> Worker:
    """A contestant's process, by the interpreter that has its framework."""
    return Worker(name, python=torch_python if CONTESTANTS[name].framework == "torch" else sys.executable, **sizes)


def has_torch(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0
    except OSError as error:
        raise SystemExit(f"--torch_python={python} is no Python interpreter: {error}") from None


def measure(workers: list[Worker], rounds: int, steps: int) -> dict[str, list[float]]:
    """Seconds a step of every contestant in every round."""
    timers = [functools.partial(worker.seconds_per_step, steps) for worker in workers]
    return dict(zip((worker.name for worker in workers), take_turns(timers, rounds)))


def take_turns(timers: list[Callable[[], float]], rounds: int) -> list[list[float]]:
    """What each timer returns in every round. Each round begins with another one."""
    seconds: list[list[float]] = [[] for _ in timers]
    for number in range(rounds):
        for index in [(number + i) % len(timers) for i in range(len(timers))]:
            time.sleep(PAUSE)
            seconds[index].append(timers[index]())
    return seconds


def fastest_torch(seconds: dict[str, list[float]]) -> str:
    """The PyTorch contestant with the smallest median; without any, the first contestant."""
    candidates = [name for name in seconds if CONTESTANTS[name].framework == "torch"] or list(seconds)[:1]
    return min(candidates, key=lambda name: statistics.median(seconds[name]))


def table(seconds: dict[str, list[float]], weights: dict[str, int], batch_size: int, baseline: str) -> str:
    """Markdown: seconds and images, and the median over rounds of a contestant's time by the baseline's in the same round."""
    lines = [
        f"| contestant | weights | s/step, median | s/step, least | images/s | time / {baseline} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, values in seconds.items():
        median = statistics.median(values)
        ratio = statistics.median(own / base for own, base in zip(values, seconds[baseline]))
        label = f"{CONTESTANTS[name].summary} (`{name}`)"
        lines.append(f"| {label} | {weights[name]:,} | {median:.3f} | {min(values):.3f} | {batch_size / median:.2f} | {ratio:.2f} |")
    return "\n".join(lines)


def _parse(arguments, task, description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [name for name, contestant in CONTESTANTS.items() if contestant.task == task]
    parser.add_argument("--method", default="pix2pix", choices=METHODS, help="default: %(default)s")
    parser.add_argument("--batch_size", type=int, default=1, help="images in a step (default: %(default)s)")
    parser.add_argument("--image_size", type=int, default=256, help="height and width, a power of two up to 256, or a multiple of it")
    parser.add_argument("--ngf", type=int, default=64, help="filters of both networks' first convolution (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="steps in a turn (default: %(default)s)")
    parser.add_argument("--contestants", type=lambda text: text.split(","), default=default(task), help=f"of {','.join(names)}")
    parser.add_argument("--baseline", default="", help="what the ratios are to; default: the fastest PyTorch, else the first contestant")
    parser.add_argument("--torch_python", default=sys.executable, help="a Python that has PyTorch; default: this one")
    options = parser.parse_args(arguments)
    unknown = set(options.contestants) - set(names)
    if unknown:
        parser.error(f"unknown contestants {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    options.contestants = [name for name in options.contestants if options.method in CONTESTANTS[name].methods]
    if options.baseline and options.baseline not in options.contestants:
        parser.error(f"--baseline={options.baseline} is not among --contestants={','.join(options.contestants)}")
    return options


if __name__ == "__main__":
    main()
