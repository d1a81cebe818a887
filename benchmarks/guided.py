"""Feeds one kind of inputs of `benchmarks.fuzz` as atheris makes them: it sees which branches each takes, and goes on from what is new.

python -m benchmarks.fuzz --guided starts it for each kind, as libFuzzer, which atheris is built on, ends the process that it runs in.
"""

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import atheris

LONGEST = 2**16  # bytes of an input
SEEN = ["tfgan", "PIL"]  # packages whose branches are told to atheris


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="after which an input hangs")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--result", type=Path, required=True, help="file for the counts, and the peak of memory")
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    ends: Counter = Counter()
    with atheris.instrument_imports(include=SEEN):
        from benchmarks.fuzz import Keeper, attempt, feeder, peak_memory
        from benchmarks.hostile import TARGETS

        target, keep = TARGETS[options.target], Keeper(options.keep)
        for given in target.seeds:  # so that what is imported when it is first needed is seen, too
            attempt(target, given, options.seconds)
        feed = feeder(target, ends, options.seconds, keep).hypothesis.fuzz_one_input
        if not target.seeds:
            feed(bytes(LONGEST))
            ends.clear()

    def one_input(content: bytes):
        if time.monotonic() > until:
            options.result.write_text(json.dumps({"ends": ends, "peak": peak_memory()}))
            corpus.cleanup()
            os._exit(0)
        if not target.seeds:
            feed(content)
            return
        end, trace = attempt(target, content, options.seconds)
        ends[end] += 1
        if trace:
            keep(end, content, trace)

    corpus = tempfile.TemporaryDirectory()
    for number, seed in enumerate(target.seeds):
        (Path(corpus.name) / str(number)).write_bytes(seed)
    # Inputs that hang are found by `attempt`, whose alarm libFuzzer would set otherwise; memory is told at the end.
    settings = [f"-max_len={LONGEST}", f"-seed={options.seed + 1}", "-timeout=0", "-rss_limit_mb=0", "-verbosity=0"]
    atheris.Setup(["guided", *settings, corpus.name], one_input)
    until = time.monotonic() + 60 * options.minutes
    atheris.Fuzz()


if __name__ == "__main__":
    main()
