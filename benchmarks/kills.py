"""Whether a run that is killed, again and again, ends as one that never was: every tensor, picture and row of its log.

python -m benchmarks.kills [--kills=100] [--seed=0] [--jobs=1] [--workdir=FOLDER]

A tiny run of pix2pix with all that has a state is trained in processes that die by SIGKILL: before a write in its folder (each creation,
renaming and removal of a file, and each write of TensorFlow's), at a random moment, or in the middle of a row of the log. The same command
goes on with it, until it is done, and then it is compared.
"""

import argparse
import collections
import multiprocessing
import random
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks import killed
from benchmarks.machine import describe
from benchmarks.same_run import differences

FLAGS = [
    *("--generator=unet_16", "--ngf=2", "--ndf=2", "--n_layers=1", "--image_size=16", "--synthetic_images=4", "--batch_size=2"),
    *("--num_samples=1", "--notensorboard", "--log_every=1", "--checkpoint_every=1", "--epochs=3", "--deterministic", "--ema_decay=0.9"),
    *("--precision=mixed_float16", "--validate_every=1", "--best_metric=l1"),
]
STEPS = 6
STARTER = multiprocessing.get_context("forkserver")
"""Forks each process from one that has imported TensorFlow and has not used it, which spares half of a process' time."""
STARTER.set_forkserver_preload(["benchmarks.started"])
KINDS = {"event": "before a write", "seconds": "at a random moment", "row": "in the middle of a row of the log"}


class Unbroken(NamedTuple):
    """The run that nobody kills, in `folder`, and how many writes and seconds it took."""

    folder: Path
    writes: int
    seconds: float


def main(arguments=None):
    options = _parse(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.workdir or temporary)
        unbroken = train_unbroken(folder / "unbroken")
        print(f"{describe()}; {unbroken.writes} writes in a run of {STEPS} steps.", flush=True)
        results = campaigns(unbroken, folder, options)
    print(table(results))
    if any(result.problems for result in results):
        sys.exit(1)


class Result(NamedTuple):
    """A run that was killed: kind of each kill, and what is wrong with the run at its end, a line each."""

    kills: list[str]
    problems: list[str]


def campaigns(unbroken: Unbroken, folder: Path, options) -> list[Result]:
    """The results of `options.jobs` campaigns at once, which share the kills out, each with places of its own."""
    parts = [options.kills // options.jobs + (job < options.kills % options.jobs) for job in range(options.jobs)]
    with ThreadPoolExecutor(options.jobs) as pool:
        found = pool.map(
            lambda job: campaign(unbroken, folder, parts[job], random.Random(f"{options.seed} {job}"), f"{job}_"), range(options.jobs)
        )
        return [result for results in found for result in results]


def campaign(unbroken: Unbroken, folder: Path, kills: int, numbers: random.Random, prefix: str = "") -> list[Result]:
    """Runs that are killed `kills` times all in all; a run that is another at its end stays in `folder`."""
    results: list[Result] = []
    while (left := kills - sum(len(result.kills) for result in results)) > 0:
        run = folder / f"run_{prefix}{len(results)}"
        results.append(train_killed(run, unbroken, [random_place(unbroken, numbers) for _ in range(left)]))
        print(f"{run.name}: {len(results[-1].kills)} kills, {'; '.join(results[-1].problems) or 'the same'}", flush=True)
        if not results[-1].problems:
            shutil.rmtree(run)
    return results


def random_place(unbroken: Unbroken, numbers: random.Random) -> str:
    kind = numbers.choices(list(KINDS), [6, 5, 1])[0]
    if kind == "event":
        return f"event={numbers.randint(1, unbroken.writes // 2)}"  # early, so that most processes come to their place
    return f"seconds={numbers.uniform(0, unbroken.seconds / 2):.3f}" if kind == "seconds" else f"row={numbers.randint(1, STEPS)}"


def train_unbroken(run: Path) -> Unbroken:
    code, output = train(run, "never", multiprocessing.get_context("spawn"))
    if code:
        raise SystemExit(output)
    writes, seconds = output.splitlines()[-1].split()
    return Unbroken(run, int(writes), float(seconds))


def train_killed(run: Path, unbroken: Unbroken, places: list[str]) -> Result:
    """Trains a run that is killed at one of `places` after the other, until a process comes to its end before it comes to the place."""
    kills = []
    for place in [*places, "never"]:
        code, output = train(run, place)
        if code == -signal.SIGKILL:
            kills.append(place.partition("=")[0])
        elif code:
            return Result(kills, [f"{place} ended with exit code {code}: {output[-300:]}"])
        else:
            break
    return Result(kills, differences(run, unbroken.folder) + leftovers(run))


def leftovers(run: Path) -> list[str]:
    names = [path.relative_to(run) for path in run.rglob("*") if path.name.endswith((".part", "_temp")) or ".tmp" in path.name]
    return [f"{name} is left over" for name in sorted(names)]


def train(run: Path, place: str, starter=STARTER) -> tuple[int, str]:
    """The exit code of a process that trains, -9 if it was killed, and its output."""
    output = run.parent / f"{run.name}.txt"
    process = starter.Process(target=killed.run_process, args=(place, run, FLAGS, output))
    process.start()
    process.join()
    text = output.read_text()
    output.unlink()
    return process.exitcode or 0, text


def table(results: list[Result]) -> str:
    """Markdown: the kills of each kind, and the runs that ended as the unbroken one."""
    counts = collections.Counter(kind for result in results for kind in result.kills)
    lines = ["| killed | times |", "|---|---:|", *(f"| {words} | {counts[kind]} |" for kind, words in KINDS.items())]
    same = sum(not result.problems for result in results)
    return "\n".join([*lines, f"| all | {counts.total()} |", "", f"{same} of {len(results)} runs ended as the unbroken one."])


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="all in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the places (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once (default: %(default)s)")
    parser.add_argument("--workdir", default="", help="where runs are kept that ended as another; default: they are not")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
