"""A training that kills itself with SIGKILL at a given place.

A place is `event=N`, before the N-th write in the run's folder of which Python or TensorFlow tells; `seconds=S` after the first of them;
`row=STEP`, in the middle of that row of metrics.jsonl; or `never`. With `never` the last line that is printed tells how many writes there
were, and how many seconds they took.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.copyfile"}
"""Events of Python's audit hooks that change a folder; `os.replace` is one of os.rename. `open` is another, if it is for writing."""


class Killer:
    """Counts the writes below a folder, and ends the process at its place.

    Attributes:
        count: number of writes so far; began: time of the first one, None before it.
    """

    def __init__(self, place: str, run: Path):
        self.kind, _, number = place.partition("=")
        self.number, self.run = float(number or 0), f"{run}{os.sep}"
        self.count, self.began = 0, None

    def hook(self, event: str, arguments: tuple):
        writes = event in WRITES or (event == "open" and _for_writing(arguments))
        if writes and any(str(argument).startswith(self.run) for argument in arguments[:2]):
            self.write()

    def write(self):
        self.count += 1
        if self.began is None:
            self.began = time.monotonic()
            if self.kind == "seconds":
                threading.Timer(self.number, kill).start()
        if self.kind == "event" and self.count == self.number:
            kill()

    def around(self, function):
        """The function with a write noted before and after it."""

        def noted(*arguments, **named):
            self.write()
            result = function(*arguments, **named)
            self.write()
            return result

        return noted

    def in_row(self, write):
        """`MetricLog.write`, which dies in the middle of the row that is this place."""

        def half(log, step, values):
            if step == self.number:
                with log.path.open("a") as file:
                    file.write(f'{{"step": {step}, "epo')
                kill()
            write(log, step, values)

        return half


def _for_writing(arguments: tuple) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def main(place: str, run: Path, flags: list[str]) -> int:
    import tensorflow as tf
    from tensorflow.python.checkpoint import functional_saver

    from tfgan.cli.main import main as tfgan_command
    from tfgan.training.logs import MetricLog

    tf.config.run_functions_eagerly(True)  # without graphs, whose tracing takes most of the time
    killer = Killer(place, run)
    for name in ("save_v2", "merge_v2_checkpoints"):  # the files that TensorFlow writes
        setattr(functional_saver.gen_io_ops, name, killer.around(getattr(functional_saver.gen_io_ops, name)))
    if killer.kind == "row":
        MetricLog.write = killer.in_row(MetricLog.write)
    sys.addaudithook(killer.hook)
    code = tfgan_command(["train", *flags, f"--workdir={run}"])
    print(f"{killer.count} {time.monotonic() - (killer.began or time.monotonic()):.3f}", flush=True)
    return code


def run_process(place: str, run: Path, flags: list[str], output: Path):
    """All of a process, whose output and errors go to the file `output`. It ends at once, as the command does."""
    with output.open("w") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, closefd=False)
    os._exit(main(place, run, flags))
