"""The contestants of `benchmarks.train_step` and `benchmarks.translate`, and the processes that they run in.

Every contestant has a process of its own, so that PyTorch and TensorFlow may live in different environments and one's threads do not
meet the other's. The processes take turns: told "do k steps now" by a pipe, one works while the others wait.
"""

import argparse
import contextlib
import dataclasses
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WARM_UP_STEPS = 3
METHODS = ("pix2pix", "cyclegan")


@dataclasses.dataclass(frozen=True)
class Contestant:
    """`module.Step(method=…, batch_size=…, image_size=…, ngf=…, **settings)` gives the step: `run(count)`, `facts()` and
    `peak_memory()`, a GPU's, in bytes."""

    summary: str
    module: str
    settings: dict[str, Any]
    framework: str = "tensorflow"
    methods: tuple[str, ...] = METHODS
    task: str = "train_step"


CONTESTANTS = {
    "tfgan_float32": Contestant("tfgan", "tfgan_step", {"precision": "float32"}),
    "tfgan_bfloat16": Contestant("tfgan, mixed_bfloat16", "tfgan_step", {"precision": "mixed_bfloat16"}),
    "tfgan_float32_xla": Contestant("tfgan, XLA", "tfgan_step", {"precision": "float32", "xla": True}),
    "tfgan_bfloat16_xla": Contestant("tfgan, mixed_bfloat16, XLA", "tfgan_step", {"precision": "mixed_bfloat16", "xla": True}),
    "tfgan_float32_replicas": Contestant("tfgan, two replicas", "tfgan_step", {"precision": "float32", "replicas": 2}, task="replicas"),
    "tfgan_bfloat16_replicas": Contestant(
        "tfgan, mixed_bfloat16, two replicas", "tfgan_step", {"precision": "mixed_bfloat16", "replicas": 2}, task="replicas"
    ),
    "tfgan_bfloat16_xla_replicas": Contestant(
        "tfgan, mixed_bfloat16, XLA, two replicas",
        "tfgan_step",
        {"precision": "mixed_bfloat16", "xla": True, "replicas": 2},
        task="replicas",
    ),
    "tutorial_float32": Contestant("TensorFlow tutorial", "tutorial_step", {"precision": "float32"}, methods=("pix2pix",)),
    "tutorial_bfloat16": Contestant(
        "TensorFlow tutorial, mixed_bfloat16", "tutorial_step", {"precision": "mixed_bfloat16"}, methods=("pix2pix",)
    ),
    "torch_float32": Contestant("PyTorch", "torch_step", {}, "torch"),
    "torch_channels_last": Contestant("PyTorch, channels last", "torch_step", {"channels_last": True}, "torch"),
    "torch_bfloat16": Contestant("PyTorch, channels last, bfloat16", "torch_step", {"channels_last": True, "bfloat16": True}, "torch"),
    "torch_compiled": Contestant(
        "PyTorch, channels last, bfloat16, torch.compile",
        "torch_step",
        {"channels_last": True, "bfloat16": True, "compiled": "default"},
        "torch",
    ),
    "tfgan_float32_eager": Contestant("tfgan, eager", "tfgan_step", {"precision": "float32", "eager": True}, task="gpu"),
    "tfgan_bfloat16_eager": Contestant(
        "tfgan, mixed_bfloat16, eager", "tfgan_step", {"precision": "mixed_bfloat16", "eager": True}, task="gpu"
    ),
    "torch_eager": Contestant("PyTorch, plain Adam", "torch_step", {"fused": False}, "torch", task="gpu"),
    "torch_compiled_graphs": Contestant(
        "PyTorch, channels last, bfloat16, torch.compile with CUDA graphs",
        "torch_step",
        {"channels_last": True, "bfloat16": True, "compiled": "reduce-overhead"},
        "torch",
        task="gpu",
    ),
    "tfgan_translate": Contestant("tfgan", "tfgan_translate", {}, task="translate"),
    "torch_translate": Contestant("PyTorch", "torch_translate", {}, "torch", task="translate"),
    "torch_translate_channels_last": Contestant(
        "PyTorch, channels last", "torch_translate", {"channels_last": True}, "torch", task="translate"
    ),
}


def default(task: str) -> list[str]:
    return [name for name, contestant in CONTESTANTS.items() if contestant.task == task and not name.endswith("_xla")]


class Worker:
    """One contestant's process, which waits unless told to step.

    Args:
        name: in `CONTESTANTS`.
        method: of `METHODS`.
        batch_size, image_size, ngf: images a step, their height and width, and the first convolutions' filters.
        python: the interpreter.
        environment: more variables of its environment.

    Attributes:
        facts: once `wait` has returned: `weights` (number of trained values), `software` (versions), `device` ("" for the CPU), and what
            else the step knows of itself.
        peak_memory: bytes of the GPU that it held at most, so far; 0 on a CPU.
    """

    def __init__(
        self, name: str, *, method: str, batch_size: int, image_size: int, ngf: int, python: str = sys.executable, environment=None
    ):
        self.name, self.facts, self.peak_memory = name, {}, 0
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process runs
        sizes = [f"--method={method}", f"--batch_size={batch_size}", f"--image_size={image_size}", f"--ngf={ngf}"]
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.contestants", name, *sizes],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def build(self):
        """Tells the contestant to build itself. Contestants load their framework side by side, and are built one after the other, so
        that none is warmed up beside another's work; but for the workers of a cluster, which wait for each other, and those of
        `benchmarks.gpu`, which XLA compiles for two minutes each."""
        self.begin(WARM_UP_STEPS)

    def wait(self):
        """Until the contestant, once told to build itself, is built and warm."""
        self.facts = self._answer()

    def seconds_per_step(self, steps: int, calls: int = 1) -> float:
        """Of `steps` steps, in so many `calls` of the program that do an equal part of them each."""
        self.begin(steps // calls, calls)
        return self.end() / steps

    def begin(self, steps: int, calls: int = 1):
        with contextlib.suppress(BrokenPipeError):  # of a process that has failed; its answer, which is none, says so
            self._process.stdin.write(f"{steps} {calls}\n")
            self._process.stdin.flush()

    def end(self) -> float:
        """The seconds that all steps have taken, once they have."""
        answer = self._answer()
        self.peak_memory = answer["peak_memory"]
        return answer["seconds"]

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._errors.close()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise SystemExit(f"{self.name} failed:\n{self._errors.read()[-2000:]}")
        return json.loads(line)


def main():
    """The other end of the pipe."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not meet the answers
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=CONTESTANTS)
    parser.add_argument("--method", choices=METHODS, required=True)
    for size in ("batch_size", "image_size", "ngf"):
        parser.add_argument(f"--{size}", type=int, required=True)
    options = vars(parser.parse_args())
    contestant = CONTESTANTS[options.pop("name")]
    module, step = importlib.import_module(f"benchmarks.{contestant.module}"), None
    for line in sys.stdin:
        steps, calls = map(int, line.split())
        if step is None:
            step = module.Step(**options, **contestant.settings)
            step.run(steps)
            answer = step.facts()
        else:
            started = time.perf_counter()
            for _ in range(calls):
                step.run(steps)
            answer = {"seconds": time.perf_counter() - started, "peak_memory": step.peak_memory()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
