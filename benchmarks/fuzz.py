"""Feeds made-up inputs to all that reads what strangers send, and counts how each ends: taken, refused clearly, in a trace, or not at all.

python -m benchmarks.fuzz --minutes=5 [--targets=images,tables] [--keep=FOLDER] [--guided]
"""

import argparse
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TFGAN_TRACE", "1")  # a fault is an exception, whose trace is kept
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import hypothesis
from hypothesis import HealthCheck, Phase

from benchmarks.hostile import REFUSALS, TARGETS, Target
from benchmarks.machine import describe

AT_ONCE = 100  # inputs of one target, before the next one has its turn
ENDS = ("taken", "refused", "traceback", "hang")


class Hang(BaseException):
    """An input that is not done with in time; no reader may mistake it for an error of its own."""


class Found(NamedTuple):
    """How the inputs of one target ended, and the largest memory of the process that read them, in bytes."""

    ends: Counter
    peak: int


class Keeper:
    """Counts the inputs that should have ended otherwise, and writes each with its trace into a folder, if there is one."""

    def __init__(self, folder: Path | None):
        self.folder, self.count = folder, 0

    def __call__(self, end: str, given, trace: str):
        self.count += 1
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = f"{end}-{os.getpid()}-{self.count:04d}.txt"
            (self.folder / name).write_text(f"{given!r}\n\n{trace}", encoding="utf-8", errors="backslashreplace")


def attempt(target: Target, given, seconds: float) -> tuple[str, str]:
    """How an input ends, one of `ENDS`, and its trace if it should not end so."""

    def stop(*_):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with tempfile.TemporaryDirectory() as folder:
            target.read(given, Path(folder))
        return "taken", ""
    except REFUSALS:
        return "refused", ""
    except Hang:
        return "hang", traceback.format_exc()
    except Exception:
        return "traceback", traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def feeder(target: Target, ends: Counter, seconds: float, keep: Keeper, count: int = 1):
    """A test of Hypothesis that attempts `count` inputs of a target, and counts how they end."""

    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @hypothesis.given(target.inputs)
    def feed(given):
        end, trace = attempt(target, given, seconds)
        ends[end] += 1
        if trace:
            keep(end, given, trace)

    return feed


def at_random(names: list[str], options) -> tuple[dict[str, Found], int]:
    """What becomes of inputs of Hypothesis, for `options.minutes` in all; and how many of them are faults."""
    ends: dict[str, Counter] = {name: Counter() for name in names}
    keep, until, turn = Keeper(options.keep), time.monotonic() + 60 * options.minutes, 0
    while time.monotonic() < until:
        for name in names:
            hypothesis.seed(options.seed + turn)(feeder(TARGETS[name], ends[name], options.seconds, keep, AT_ONCE))()
            if time.monotonic() >= until:
                break
        turn += 1
    return {name: Found(ends[name], peak_memory()) for name in names}, keep.count


def guided(names: list[str], options) -> tuple[dict[str, Found], int]:
    """What becomes of inputs of atheris, a process for each target, in equal shares of `options.minutes`; and how many are faults."""
    found = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "result.json"
            command = [sys.executable, "-m", "benchmarks.guided", name, f"--minutes={options.minutes / len(names)}", f"--result={result}"]
            command += [f"--seconds={options.seconds}", f"--seed={options.seed}", *[f"--keep={options.keep}"] * bool(options.keep)]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
            if not result.exists():
                raise SystemExit(f"{name}: atheris ended with exit code {done.returncode}:\n{done.stderr[-3000:]}")
            values = json.loads(result.read_text())
            found[name] = Found(Counter(values["ends"]), values["peak"])
    return found, sum(one.ends["traceback"] + one.ends["hang"] for one in found.values())


def peak_memory() -> int:
    """Of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="in all (default: %(default)s)")
    parser.add_argument("--targets", default=",".join(TARGETS), help="kinds of inputs, separated by commas (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="after which an input hangs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs (default: %(default)s)")
    parser.add_argument("--keep", type=Path, default=None, help="folder for inputs that end in a trace or hang, with their traces")
    parser.add_argument("--guided", action="store_true", help="inputs of atheris, which looks for new ways through the code")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    names = options.targets.split(",")
    if options.guided and not importlib.util.find_spec("atheris"):
        raise SystemExit("--guided needs atheris: pip install atheris")
    found, faults = (guided if options.guided else at_random)(names, options)
    print(f"{describe()}; {options.minutes:g} minutes, seed {options.seed}{', by atheris' * options.guided}.\n")
    print("| inputs | tried | taken | refused clearly | tracebacks | hangs |\n|---|---|---|---|---|---|")
    for name, (ends, _) in found.items():
        print(f"| {name} | {ends.total():,} | " + " | ".join(f"{ends[end]:,}" for end in ENDS) + " |")
    print(f"\nPeak memory {max(one.peak for one in found.values()) / 2**30:.2f} GB.")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
