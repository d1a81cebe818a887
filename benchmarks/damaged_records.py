"""Damages each file that a run is read back from, in many ways, and calls the verbs that read it: each ends in one clear line, or works.

python -m benchmarks.damaged_records [--minutes=5] [--files=config.json] [--seed=1]

The run is the one in tests/kept_run, of an earlier version, written anew by this one. The table, of which a row is printed as each file is
done, is in docs/safety.md. With --minutes it tries a sample of all cases in that time, the same share of it for each file.
"""

import argparse
import collections
import contextlib
import io
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from benchmarks.changed_json import changed, places
from benchmarks.machine import describe
from tfgan.cli.main import main
from tfgan.config import words
from tfgan.errors import UserError
from tfgan.runs.opening import read_config
from tfgan.runs.start import start_tensorflow

KEPT = Path(__file__).parents[1] / "tests" / "kept_run" / "run"
SECONDS = 600  # after which a command hangs, also on a busy machine
FAULT = 70  # the exit code of what nobody foresaw
MOST_LINES = 3  # of an error, behind which a verb's settings may stand

Damage = tuple[str, Callable[[Path], None]]
"""What is done to a file, in words, and the function that does it."""


class Outcome(NamedTuple):
    """The end of one command on one damaged run."""

    file: str
    damage: str
    verb: str
    code: int  # of the exit; -1: it did not end
    output: str

    @property
    def kind(self) -> str:
        """hang, traceback, refused, said (the work was done, and the damage told) or done."""
        if self.code == -1:
            return "hang"
        if self.code == FAULT or "Traceback" in self.output:
            return "traceback"
        if self.code:
            return "refused"
        return "said" if re.search(r"damaged|could not be read|skipped|ignores|kept as|is no folder", self.output) else "done"


def any_bytes(seed: int = 0) -> Iterator[Damage]:
    """Damages that need not know what is in the file."""
    noise = random.Random(seed)
    contents: dict[str, Callable[[bytes], bytes]] = {
        "empty": lambda old: b"",
        "half of it": lambda old: old[: len(old) // 2],
        "without its end": lambda old: old[:-3],
        "null bytes": lambda old: b"\0" * len(old),
        "noise": lambda old: noise.randbytes(len(old)),
        "noise in the middle": lambda old: old[: len(old) // 2] + noise.randbytes(8) + old[len(old) // 2 :],
        "UTF-16": lambda old: b"\xff\xfe" + old.decode("latin-1").encode("utf-16-le"),
        "Latin-1": lambda old: old[: len(old) // 2] + b"\xe9" + old[len(old) // 2 :],
        "a byte order mark": lambda old: b"\xef\xbb\xbf" + old,
        "brackets": lambda old: b"[" * 200_000,
        "braces": lambda old: b'{"a":' * 200_000,
        "null": lambda old: b"null\n",
        "a number": lambda old: b"7\n",
        "digits": lambda old: b"1" * 10_000 + b"\n",
        "a text": lambda old: b'"text"\n',
        "a list": lambda old: b"[]\n",
        "an object": lambda old: b"{}\n",
        "NaN": lambda old: b"NaN\n",
        "a pickle": lambda old: b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "one long line": lambda old: b"x" * (3 << 20),
        "twice": lambda old: old + old,
    }
    for name, content in contents.items():
        yield name, lambda path, content=content: _replace(path, content(path.read_bytes()))
    kinds: dict[str, Callable[[Path], object]] = {
        "a folder": Path.mkdir,
        "a pipe": os.mkfifo,
        "a socket": _socket,
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a link to nothing": lambda path: path.symlink_to("gone"),
        "a link to a device": lambda path: path.symlink_to("/dev/zero"),
        "a terabyte of holes": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 1 << 40),
        "missing": lambda path: None,
    }
    for name, make in kinds.items():
        yield name, lambda path, make=make: (_remove(path), make(path))


def any_values(values: object, junk: Iterable = (None, [], {}, [[None]], "x" * 5000, "\0", True, -7, 10**30, math.nan)) -> Iterator[Damage]:
    """Each value of a JSON document replaced by each of `junk`, taken away, and under another name."""
    for place in list(places(values)):
        name = ".".join(map(str, place))
        for wrong in junk:
            yield f"{name} = {json.dumps(wrong)[:20]}", lambda path, place=place, wrong=wrong: _dump(path, changed(values, place, wrong))
        yield f"{name} missing", lambda path, place=place: _dump(path, changed(values, place))
        yield f"{name} renamed", lambda path, place=place: _dump(path, changed(values, place, rename=True))


def _dump(path: Path, values):
    path.write_text(json.dumps(values))


def _replace(path: Path, content: bytes):
    _remove(path)
    path.write_bytes(content)


def _remove(path: Path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def _socket(path: Path):
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def make_run(folder: Path) -> Path:
    """A whole run with all the files that are read back, in `folder`."""
    shutil.copytree(KEPT, folder)
    record = read_config(folder)
    record.write(folder / "config.json")
    (folder / "postponed.json").write_text('{"step": 4, "row": {"l1_loss": 0.5}}\n')
    alarm = {"step": 2, "epoch": 0.5, "alarm": "collapse", "message": "all results are alike", "flag": "--diffaugment=color"}
    (folder / "alarms.jsonl").write_text(json.dumps(alarm) + "\n")
    case = {"name": "a", "scores": {"l1": 0.5}, "images": {"input": "samples/inputs/source_0.png"}}
    entry = {"name": "run@4", "step": 4, "made": "2026-01-01T00:00:00+00:00", "stamp": {"n": 8}, "metrics": {"l1": {"value": 0.5}}}
    (folder / "evaluation.json").write_text(json.dumps({"results": [entry | {"warnings": [], "cases": [case]}]}))
    (folder / "images.json").write_text(json.dumps({"val": [{"0": "a"}], "train": [{str(number): "a" for number in range(8)}]}))
    (folder / "tensorboard").mkdir()
    return folder


def commands(run: Path, out: Path) -> dict[str, list[str]]:
    """Verb -> a command on the run that reads its files and takes a second."""
    image = str(KEPT / "samples" / "inputs" / "source_0.png")
    settings = ["--generator=unet_16", "--ngf=1", "--ndf=1", "--n_layers=1", "--image_size=16", "--synthetic_images=8", "--batch_size=2"]
    settings += ["--num_samples=1", "--log_every=1", "--checkpoint_every=1", "--keep_checkpoints=1", "--precision=float32", "--xla=off"]
    settings += ["--load_size=0", "--ema_decay=0.9", "--epochs=2", "--deterministic"]
    return {
        "translate": ["translate", str(run), image, str(out / "t.png"), "--overwrite"],
        "evaluate": ["evaluate", str(run), "--metrics=l1", "--features=", "--count=2"],
        "stored": ["evaluate", str(run), "--stored"],
        "report": ["report", str(run), f"--out={out / 'r.html'}"],
        "export": ["export", str(run), f"--output={out / 'e'}"],
        "train": ["train", "--method=pix2pix", f"--workdir={run}", *settings],
    }


READ_BY = {
    "config.json": ("open", "report", "translate", "evaluate", "export", "train"),
    "metrics.jsonl": ("report", "train"),
    "alarms.jsonl": ("report", "train"),
    "postponed.json": ("train",),
    "images.json": ("train",),
    "evaluation.json": ("stored", "report", "evaluate"),
    "tensorboard": ("train",),
    "samples/inputs/source_0.png": ("export", "report"),
}
"""File of a run -> the verbs that read it; `open` stands for what all of them do first."""

SLOW = ("translate", "export", "evaluate", "train")  # as they build networks where nothing is wrong
SHARE = 20  # one of so many values of a file is damaged before a slow verb


def attempt(whole: Path, file: str, damage: Damage, verb: str) -> Outcome:
    """The end of a command on a copy of a whole run, after one damage."""
    name, do = damage
    with tempfile.TemporaryDirectory() as scratch:
        run, out = Path(scratch) / "run", Path(scratch) / "out"
        shutil.copytree(whole, run)
        out.mkdir()
        do(run / file)
        words.say_once.cache_clear()
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            code = _ended(lambda: _open(run) if verb == "open" else main(commands(run, out)[verb]))
        return Outcome(file, name, verb, code, text.getvalue())


class _Hang(BaseException):
    pass


def _open(run: Path) -> int:
    try:
        read_config(run)
    except UserError as error:
        print(error)
        return 2
    return 0


def _ended(command: Callable[[], int]) -> int:
    def stop(*_):
        raise _Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        return command()
    except _Hang:
        return -1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def damages(whole: Path, file: str) -> Iterator[Damage]:
    """All damages of one file of a run."""
    path = whole / file
    if path.is_dir():
        yield from ((name, do) for name, do in any_bytes() if name in ("a pipe", "a socket", "a link to nothing", "a link to a device"))
        yield "a file", lambda path: (_remove(path), path.write_text("x"))
        return
    yield from any_bytes()
    if path.suffix == ".json":
        yield from any_values(json.loads(path.read_text()))
    elif path.suffix == ".jsonl":
        first, _, rest = path.read_text().partition("\n")
        for name, do in any_values(json.loads(first)):
            yield name, lambda path, do=do, rest=rest: (do(path), path.write_text(f"{path.read_text()}\n{rest}"))


def cases(whole: Path, file: str) -> list[tuple[Damage, str]]:
    """Every damage of a file with every verb that reads it; before slow verbs, few of the values."""
    general = {name for name, _ in any_bytes()}
    return [
        (damage, verb)
        for number, damage in enumerate(damages(whole, file))
        for verb in READ_BY[file]
        if verb not in SLOW or damage[0] in general or number % SHARE == 0
    ]


def campaign(files: Sequence[str], minutes: float, seed: int) -> list[Outcome]:
    """The cases of each file in a random order, as many as `minutes` allow; faults, and a row for each file, are printed on the way."""
    outcomes, count, until = [], 0, time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as scratch:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            whole = make_run(Path(scratch) / "run")
        print(HEAD, flush=True)
        for number, file in enumerate(files):
            stop = time.monotonic() + (until - time.monotonic()) / (len(files) - number)
            found, planned = [], cases(whole, file)
            random.Random(seed).shuffle(planned)
            for damage, verb in planned:
                if time.monotonic() >= stop:
                    break
                found.append(attempt(whole, file, damage, verb))
                _tell(found[-1])
            print(row(f"`{file}`", len(planned), found), flush=True)
            outcomes, count = outcomes + found, count + len(planned)
    print(row("all", count, outcomes))
    return outcomes


def _tell(outcome: Outcome):
    long = outcome.kind == "refused" and outcome.output.rpartition("error:")[2].strip().count("\n") >= MOST_LINES
    if long or outcome.kind in ("traceback", "hang"):
        print(f"{outcome.kind}: {outcome.file}, {outcome.damage}, {outcome.verb}:\n{outcome.output[-1500:]}", file=sys.stderr, flush=True)


HEAD = "| file | cases | tried | refused in a line | done, and said | done | tracebacks | hangs |\n|---|---|---|---|---|---|---|---|"


def row(name: str, cases: int, outcomes: list[Outcome]) -> str:
    """A row of Markdown: what became of the commands, of so many cases."""
    found = collections.Counter(outcome.kind for outcome in outcomes)
    kinds = ("refused", "said", "done", "traceback", "hang")
    return f"| {name} | {cases:,} | {len(outcomes):,} | {' | '.join(f'{found[kind]:,}' for kind in kinds)} |"


def command(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", default=",".join(READ_BY), help="which files of a run are damaged, separated by commas (default: all)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="in all (default: as many as all cases take)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the cases (default: %(default)s)")
    options = parser.parse_args(arguments)
    start_tensorflow()
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    tf.config.run_functions_eagerly(True)  # without graphs, whose tracing takes most of the time
    outcomes = campaign(options.files.split(","), options.minutes, options.seed)
    print(f"\n{describe()}; seed {options.seed}.")
    return int(any(outcome.kind in ("traceback", "hang") for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(command())
