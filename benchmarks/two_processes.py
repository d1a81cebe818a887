"""Starts two trainings of one run at once, round after round, kills the one that trains now and then, and looks at what became of the run.

python -m benchmarks.two_processes --rounds=20
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.contestants import ROOT
from benchmarks.machine import describe

TINY = [
    *("--dataset=synthetic", "--generator=unet_16", "--ngf=4", "--ndf=4", "--n_layers=1", "--image_size=16", "--synthetic_images=8"),
    *("--batch_size=2", "--num_samples=1", "--notensorboard", "--log_every=1", "--checkpoint_every=1", "--precision=float32"),
]
STEPS = 8  # a round
REFUSED = "is being trained by another process"


class Round(NamedTuple):
    """What became of two trainings that were started at once, and of a third one after a kill."""

    trained: int
    refused: int
    killed: int
    others: int  # that ended in any other way, such as with a stack trace
    kept: int  # locks that outlived their holder
    wrong_rows: int  # of metrics.jsonl that are missing, or there twice


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="pairs of processes (default: %(default)s)")
    parser.add_argument("--kill_every", type=int, default=3, help="rounds in each of which the holder gets kill -9 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills (default: %(default)s)")
    options = parser.parse_args(arguments)
    rng, rounds = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        for number in range(options.rounds):
            kills = options.kill_every > 0 and number % options.kill_every == options.kill_every - 1
            rounds.append(one_round(run, total_steps(run) + STEPS, rng.uniform(0.0, 2.0) if kills else None))
    print(f"{describe()}; {len(rounds)} rounds of two processes on one run.\n")
    print(table(rounds))
    if any(each.others or each.kept or each.wrong_rows for each in rounds):
        raise SystemExit(1)


def one_round(run: Path, steps: int, kill_after: float | None) -> Round:
    """Starts two trainings of the run until step `steps`; kills the one that holds the lock so many seconds after it has it."""
    processes = [start(run, steps) for _ in range(2)]
    killed = kill_after is not None and kill_holder(run, processes, kill_after)
    ends = [end_of(process, killed) for process in processes]
    kept = 0
    if killed:  # the lock has died with its holder: the next one is not refused
        again = end_of(start(run, steps), False)
        kept = int(again == "refused")
        ends.append(again)
    return Round(*(ends.count(end) for end in ("trained", "refused", "killed", "other")), kept, wrong_rows(run, steps))


def end_of(process: subprocess.Popen, killed: bool) -> str:
    """What became of a process, once it has ended."""
    output = process.communicate()[0]
    if process.returncode == 0:
        return "trained"
    if process.returncode == 2 and REFUSED in output:
        return "refused"
    if killed and process.returncode == -signal.SIGKILL:
        return "killed"
    print(output, file=sys.stderr)
    return "other"


def start(run: Path, steps: int) -> subprocess.Popen:
    command = [sys.executable, "run_train.py", *TINY, f"--workdir={run}", f"--steps={steps}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def kill_holder(run: Path, processes: list[subprocess.Popen], after: float) -> bool:
    """Kills the process whose number the lock names; whether there was one."""
    while any(process.poll() is None for process in processes):
        try:
            holder = json.loads((run / "lock").read_text())["pid"]
        except (OSError, ValueError):
            time.sleep(0.01)
            continue
        time.sleep(after)
        for process in processes:
            if process.pid == holder and process.poll() is None:
                process.kill()
                return True
        return False
    return False


def logged(run: Path) -> list[int]:
    """The steps of the rows of metrics.jsonl."""
    path = run / "metrics.jsonl"
    return [json.loads(line)["step"] for line in path.read_text().splitlines()] if path.exists() else []


def total_steps(run: Path) -> int:
    return max(logged(run), default=0)


def wrong_rows(run: Path, steps: int) -> int:
    """How many steps until `steps` are not logged exactly once."""
    found = logged(run)
    return sum(found.count(step) != 1 for step in range(1, steps + 1)) + sum(step > steps for step in found)


def table(rounds: list[Round]) -> str:
    words = {
        "trained": "processes that trained to the end",
        "refused": "refused in a line, exit code 2",
        "killed": "killed while they had the lock",
        "others": "ended in any other way",
        "kept": "runs that were not free after a kill",
        "wrong_rows": "steps that are missing in metrics.jsonl, or there twice",
    }
    count = sum(sum(each[:4]) for each in rounds)
    lines = [f"| {text} | {sum(getattr(each, name) for each in rounds)} |" for name, text in words.items()]
    return "\n".join([f"| {count} processes in {len(rounds)} rounds | |", "|---|---:|", *lines])


if __name__ == "__main__":
    main()
