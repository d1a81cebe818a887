"""Seconds from the command to an answer, to the first sample picture and to the first finished step, beside those that importing
TensorFlow takes alone.

python -m benchmarks.first_step [-- FLAGS OF TRAIN]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contestants import ROOT
from benchmarks.machine import describe


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    own, flags = (arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]) if "--" in arguments else (arguments, [])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="starts of each (default: %(default)s)")
    options = parser.parse_args(own)
    flags = flags or ["--flagfile=facades.flags", "--dataset=synthetic"]
    train = [sys.executable, "-u", "run_train.py"]
    seconds = {name: [] for name in ("help", "word on a misspelled flag", "word on a folder that is not there", "import tensorflow")}
    seconds |= {"first sample picture": [], "first step": []}
    for _ in range(options.rounds):
        seconds["help"].append(until([*train, "--help"], "usage:"))
        seconds["word on a misspelled flag"].append(until([*train, "--epoch=3"], "is unknown"))
        seconds["word on a folder that is not there"].append(until([*train, "--data_dir=no_such_folder"], "does not exist"))
        seconds["import tensorflow"].append(until([sys.executable, "-c", "import tensorflow; print('done')"], "done"))
        with tempfile.TemporaryDirectory() as folder:
            command = [*train, *flags, f"--workdir={folder}/run", "--steps=1", "--log_every=1"]
            picture = Path(folder, "run", "samples", "epoch_0000.png")
            started = time.time()
            seconds["first step"].append(until(command, "step 1/1"))
            seconds["first sample picture"].append(picture.stat().st_mtime - started)
    print(f"{describe()}; {' '.join(flags)}; medians of {options.rounds} starts.\n")
    print(table(seconds))


def until(command: list[str], words: str) -> float:
    """Seconds until a line of the command's output holds `words`; the command is then stopped."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    with process:
        for line in process.stdout:
            lines.append(line)
            if words in line:
                elapsed = time.perf_counter() - started
                process.kill()
                return elapsed
    raise SystemExit(f"{' '.join(command)} never said {words!r}:\n{''.join(lines)[-2000:]}")


def table(seconds: dict[str, list[float]]) -> str:
    return "\n".join(
        ["| from the command to | seconds |", "|---|---:|", *(f"| {k} | {statistics.median(v):.1f} |" for k, v in seconds.items())]
    )


if __name__ == "__main__":
    main()
