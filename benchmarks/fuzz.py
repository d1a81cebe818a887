"""Feeds made-up inputs to all that reads what strangers send, and counts how each ends: taken, refused clearly, in a trace, or not at all.

python -m benchmarks.fuzz --minutes=5 [--targets=images,tables] [--keep=FOLDER]
"""

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

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


def run(target: Target, seed: int, count: int, seconds: float, keep) -> Counter:
    """Counts how `count` inputs end; keep(end, input, trace) is called for those that should not end so."""
    ends: Counter = Counter()

    @hypothesis.seed(seed)
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

    feed()
    return ends


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="in all (default: %(default)s)")
    parser.add_argument("--targets", default=",".join(TARGETS), help="kinds of inputs, separated by commas (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="after which an input hangs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs (default: %(default)s)")
    parser.add_argument("--keep", type=Path, default=None, help="folder for inputs that end in a trace or hang, with their traces")
    options = parser.parse_args(arguments)
    ends = {name: Counter() for name in options.targets.split(",")}
    kept = 0

    def keep(end, given, trace):
        nonlocal kept
        kept += 1
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{end}-{kept:04d}.txt").write_text(f"{given!r}\n\n{trace}", encoding="utf-8", errors="backslashreplace")

    until, turn = time.monotonic() + 60 * options.minutes, 0
    while time.monotonic() < until:
        for name in ends:
            ends[name] += run(TARGETS[name], options.seed + turn, AT_ONCE, options.seconds, keep)
            if time.monotonic() >= until:
                break
        turn += 1
    print(f"{describe()}; {options.minutes:g} minutes, seed {options.seed}.\n")
    print("| inputs | tried | taken | refused clearly | tracebacks | hangs |\n|---|---|---|---|---|---|")
    for name, found in ends.items():
        print(f"| {name} | {found.total():,} | " + " | ".join(f"{found[end]:,}" for end in ENDS) + " |")
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB.")
    return int(kept > 0)


if __name__ == "__main__":
    sys.exit(main())
