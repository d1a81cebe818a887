"""The parts of `benchmarks.gpu` that run the program itself: exact resume, and the façades from the first step to the scores."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.contestants import ROOT

STEPS = 20  # of the runs that are compared; the interrupted one stops in the middle


def exact_resume(options) -> dict:
    """Whether an interrupted `--deterministic` run ends with the bits of an unbroken one, and what XLA's cache saves."""
    flags = ["--method=pix2pix", "--dataset=synthetic", "--synthetic_images=20", "--deterministic", *_sizes(options)]
    unbroken, resumed = options.workdir / "unbroken", options.workdir / "resumed"
    cache, seconds = f"--tf_xla_persistent_cache_directory={options.workdir.absolute() / 'xla'}", []
    for workdir, steps in ((unbroken, STEPS), (resumed, STEPS // 2), (resumed, STEPS)):
        started = time.perf_counter()
        output = _program("train", *flags, f"--workdir={workdir}", f"--steps={steps}", f"--epochs={STEPS}", TF_XLA_FLAGS=cache)
        seconds.append(time.perf_counter() - started)
    arithmetic = " ".join(re.findall(r"--(?:precision|xla)=auto: \w+", output))
    same, count = _compare(unbroken, resumed)
    verdict = "all equal, bit for bit" if same == count else f"{count - same} DIFFER"
    return {
        "lines": [
            f"pix2pix {options.image_size}², --deterministic, {STEPS} steps, interrupted at {STEPS // 2} ({arithmetic}): "
            f"of {count} tensors in the checkpoint {verdict}. The first of the three programs, whose step XLA compiles, took "
            f"{seconds[0]:.0f} s, the others, with TensorFlow's cache of compiled programs, {seconds[1]:.0f} and {seconds[2]:.0f} s."
        ]
    }


def _compare(first: Path, second: Path) -> tuple[int, int]:
    """How many tensors of two runs' newest checkpoints hold the same bytes, and how many there are."""
    import tensorflow as tf

    readers = [tf.train.load_checkpoint(tf.train.latest_checkpoint(run / "checkpoints")) for run in (first, second)]
    ours = [
        name for name in readers[0].get_variable_to_shape_map() if not name.startswith(("_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter"))
    ]
    return sum(readers[0].get_tensor(name).tobytes() == readers[1].get_tensor(name).tobytes() for name in ours), len(ours)


def whole_run(options) -> dict:
    """The recipe of the façades, from the first step to the scores and the report."""
    workdir = options.workdir / "facades"
    data = [f"--data_dir={Path(options.data_dir).absolute()}"] if options.data_dir else ["--dataset=synthetic"]
    sizes = _sizes(options) if options.image_size != 256 or options.ngf != 64 else []
    seconds = {}
    for verb, flags in {
        "train": ["--flagfile=facades.flags", *data, *sizes, f"--epochs={options.epochs}", f"--workdir={workdir}"],
        "evaluate": [str(workdir), "--features=own", *(["--label_palette=facades"] if options.data_dir else ["--metrics=l1,psnr,ssim"])],
        "report": [str(workdir)],
    }.items():
        started = time.perf_counter()
        _program(verb, *flags)
        seconds[verb] = time.perf_counter() - started
    metrics = json.loads((workdir / "evaluation.json").read_text())["results"][-1]["metrics"]
    scores = ", ".join(f"{name} {value['value']:.4f}" for name, value in metrics.items())
    return {
        "lines": [
            f"facades.flags, {options.epochs} epochs: trained in {seconds['train']:.0f} s, evaluated in {seconds['evaluate']:.0f} s, "
            f"reported in {seconds['report']:.0f} s; {scores}."
        ]
    }


def _sizes(options) -> list[str]:
    depth = min(options.image_size, 256)
    return [
        f"--image_size={options.image_size}",
        "--load_size=0",
        f"--generator=unet_{depth}",
        f"--ngf={options.ngf}",
        f"--ndf={options.ngf}",
    ]


def _program(*arguments: str, **environment: str) -> str:
    """What a command of the program prints; more variables of its environment are given by keyword."""
    command, variables = [sys.executable, "-m", "tfgan", *arguments], {**os.environ, **environment}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=variables)
    if done.returncode:
        raise SystemExit(f"tfgan {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout + done.stderr
