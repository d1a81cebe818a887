"""Seconds and memory until the first step of a training on very many files, beside those on a hundred: of the first start, and of a
resume, which reads no image again.

python -m benchmarks.many_files --count=100000
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.contestants import ROOT
from benchmarks.machine import describe

FEW, VARIANTS, SIDE = 100, 64, 128  # files of the baseline, different contents, pixels of an image's height
TRAIN = [
    *("--method=pix2pix", "--direction=BtoA", "--image_size=64", "--generator=auto", "--ngf=4", "--ndf=4"),
    *("--log_every=1", "--num_samples=1", "--notensorboard", "--cache=never"),
]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="files (default: %(default)s)")
    options = parser.parse_args(arguments)
    print(f"{describe()}; pairs of {SIDE}×{SIDE} side by side in JPEG files; {' '.join(TRAIN)}.\n")
    print("| files | start | seconds to the end of its step | MB |\n|---:|---|---:|---:|")
    with tempfile.TemporaryDirectory() as top:
        for count in (FEW, options.count):
            folder = Path(top, str(count))
            write_pairs(folder / "data", count)
            for number, start in enumerate(("first", "resume"), start=1):
                seconds, megabytes = trained(folder, number)
                print(f"| {count:,} | {start} | {seconds:.1f} | {megabytes:.0f} |", flush=True)


def write_pairs(folder: Path, count: int):
    """Writes so many training pairs and eight to validate, of `VARIANTS` different contents."""
    draw, contents = np.random.default_rng(0), []
    for _ in range(VARIANTS):
        file = io.BytesIO()
        coarse = draw.integers(0, 256, (SIDE // 16, SIDE // 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((2 * SIDE, SIDE)).save(file, "JPEG", quality=90)
        contents.append(file.getvalue())
    for split, number in (("train", count), ("val", 8)):
        (folder / split).mkdir(parents=True)
        for index in range(number):
            (folder / split / f"{index:06d}.jpg").write_bytes(contents[index % VARIANTS])


def trained(folder: Path, steps: int) -> tuple[float, float]:
    """Trains to a step, with a cache of its own; seconds of the whole command, and the megabytes that its process held at most."""
    command = [sys.executable, "run_train.py", *TRAIN, f"--data_dir={folder / 'data'}", f"--workdir={folder / 'run'}", f"--steps={steps}"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "TF_CPP_MIN_LOG_LEVEL": "2"}
    started, log = time.perf_counter(), folder / f"{steps}.log"
    with log.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()[-2000:]}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
