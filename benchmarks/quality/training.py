"""Training of one setting from one seed, in a process of its own, so that its memory can be told; called again, it goes on."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.quality.studies import TORCH

ROOT = Path(__file__).parents[2]
WATCH = """
import pathlib, resource, signal, subprocess, sys
signal.signal(signal.SIGINT, lambda *_: None)  # the command gets it too, and saves
code = subprocess.Popen(sys.argv[2:]).wait()
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(code)
"""
"""Runs a command from a small process: to Linux, a new process has held what the one held that started it."""


class Trained(NamedTuple):
    """What a training took."""

    seconds_per_image: float  # median over logged rows, without the first, whose steps are compiled
    megabytes: float  # of memory that the process held at most


def train(name: str, flags: tuple[str, ...], common: list[str], folder: Path, torch_python: str, torch_task: list[str]) -> Trained:
    """Trains a setting in `folder`, or goes on with that.

    Args:
        name: of the setting.
        flags: of the setting; of PyTorch's the method.
        common: flags of all settings: data, schedule and seed.
        torch_python: Python that has PyTorch.
        torch_task: arguments of `torch_training` but for the method and the folder.

    Raises:
        SystemExit: the training failed; its words are in train.log beside the folder.
    """
    if name == TORCH:
        command = [torch_python, "-m", "benchmarks.quality.torch_training", *flags, str(folder), *torch_task]
    else:
        command = [sys.executable, "-m", "tfgan", "train", *flags, *common, f"--workdir={folder}"]
    megabytes = _run(command, folder.with_suffix(".log"))
    return Trained(_seconds(folder), megabytes)


def _run(command: list[str], log: Path) -> float:
    """Runs a command whose words go to a file; returns the megabytes that it held at most."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    with log.open("a") as file, tempfile.NamedTemporaryFile("r") as said:
        watched = [sys.executable, "-c", WATCH, said.name, *command]
        code = subprocess.run(watched, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env=environment).returncode
        if code:
            raise SystemExit(f"{' '.join(command)}\nended with {code}: see {log}")
        return float(said.read())


def _seconds(folder: Path) -> float:
    if (plain := folder / "trained.json").exists():
        return json.loads(plain.read_text())["seconds_per_image"]
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    rates = [row["images_per_second"] for row in rows if "images_per_second" in row]
    return 1 / statistics.median(rates[1:] or rates)
