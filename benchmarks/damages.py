"""What becomes of a run of which a file is damaged: each of its files, in each way, and then the run is trained on and used.

python -m benchmarks.damages [--files=checkpoints/*] [--workdir=FOLDER]

Right is: the run ends as one that was not damaged, or a line refuses it and nothing was changed; and no file of a checkpoint is lost.
"""

import argparse
import collections
import contextlib
import hashlib
import io
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.kills import FLAGS
from benchmarks.machine import describe
from benchmarks.same_run import differences

EPOCHS, MORE = "--epochs=2", "--epochs=3"
RIGHT, REFUSED, TRACEBACK, LOSS = "right", "refused in a line", "traceback", "loss"
OUTCOMES = (RIGHT, REFUSED, TRACEBACK, LOSS)


def _flip(path: Path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _folder(path: Path):
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "one bit": _flip,
    "other bytes": lambda path: path.write_bytes(random.Random(0).randbytes(path.stat().st_size)),
    "a folder": _folder,
}


class Case(NamedTuple):
    """A damaged run that was used by a verb: how it ended, and why this is not right, in a line."""

    file: str
    damage: str
    verb: str
    outcome: str
    why: str = ""


class Runs(NamedTuple):
    """A run of two epochs; the same trained on for a third; and what each of its checkpoints makes of an image, by the words for it."""

    run: Path
    trained: Path
    translated: dict[str, bytes]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", default="*", help="which files of the run, a pattern (default: all)")
    parser.add_argument("--workdir", default="", help="where runs are kept that ended wrong; default: they are not")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.workdir or temporary)
        runs = make_runs(folder)
        files = sorted(path.relative_to(runs.run).as_posix() for path in runs.run.rglob("*") if path.is_file())
        cases: list[Case] = []
        for file in files:
            if Path(file).match(options.files) and (runs.run / file).stat().st_size:
                cases += (found := try_file(runs, file, folder))
                print(
                    file, *(f"{case.damage}, {case.verb}: {case.outcome}: {case.why}" for case in found if case.why), sep="\n  ", flush=True
                )
    print(f"{describe()}; {len(cases)} uses of damaged runs.\n\n{table(cases)}")
    sys.exit(any(case.outcome in (TRACEBACK, LOSS) for case in cases))


def make_runs(folder: Path) -> Runs:
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)  # without graphs, whose tracing takes most of the time
    run, trained = folder / "run", folder / "trained"
    for target, epochs in ((run, EPOCHS), (trained, MORE)):
        if target == trained:
            shutil.copytree(run, trained)
        code, output = train(target, epochs)
        if code:
            raise SystemExit(output)
    steps = sorted(int(path.stem.rpartition("-")[2]) for path in (run / "checkpoints").glob("*.index"))
    return Runs(run, trained, {which: translate(run, which)[2] for which in ("best", *map(str, steps))})


def try_file(runs: Runs, file: str, folder: Path) -> list[Case]:
    """Every damage of a file, and every use of the run then."""
    cases = []
    for damage, spoil in DAMAGES.items():
        for verb in ("train", "last", "best") if file.startswith(("checkpoints", "config")) else ("train",):
            run = shutil.copytree(runs.run, folder / "damaged")
            spoil(run / file)
            outcome, why = try_train(runs, run, file) if verb == "train" else try_translate(runs, run, verb)
            cases.append(Case(file, damage, verb if verb == "train" else f"translate --checkpoint={verb}", outcome, why))
            if outcome in (TRACEBACK, LOSS):
                run.rename(folder / f"wrong_{file.replace('/', '_')}_{damage.replace(' ', '_')}_{verb}")
            else:
                shutil.rmtree(run)
    return cases


def try_train(runs: Runs, run: Path, file: str) -> tuple[str, str]:
    before = contents(run)
    code, output = train(run, MORE)
    if code:
        return refused(run, before, code, output)
    lost = {name for name, sha in before.items() if "ckpt-" in name and sha not in contents(run).values()} - {file}
    retired = {name for name in lost if name.startswith("checkpoints/ckpt-2.")}  # the older one of two that are kept
    other = [line for line in differences(run, runs.trained) if not line.startswith(file)]  # a picture that was spoiled is not made again
    problems = [f"{name} is lost" for name in sorted(lost - retired)] + other
    return (LOSS, "; ".join(problems)) if problems else (RIGHT, "")


def try_translate(runs: Runs, run: Path, which: str) -> tuple[str, str]:
    before = contents(run)
    code, output, picture = translate(run, which)
    if contents(run) != before:
        return LOSS, "a reader changed the run"
    if code:
        return refused(run, before, code, output)
    used = which if which == "best" else "2" if "the newest whole one, is used" in output else "4"
    return (RIGHT, "") if picture == runs.translated[used] else (LOSS, "another picture")


def refused(run: Path, before: dict[str, str], code: int, output: str) -> tuple[str, str]:
    if code not in (1, 2) or "Traceback" in output or output.count("error: ") + output.count("stopped: ") != 1:
        return TRACEBACK, f"exit code {code}: {output[-500:]}"
    after = contents(run)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return (LOSS, f"{', '.join(changed)} changed though it was refused: {output[-300:]}") if changed else (REFUSED, "")


def train(run: Path, epochs: str) -> tuple[int, str]:
    return command("train", *FLAGS, epochs, f"--workdir={run}")


def translate(run: Path, which: str) -> tuple[int, str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in.png"), Path(folder, "out.png")
        source.write_bytes(picture())
        code, text = command("translate", str(run), str(source), str(output), f"--checkpoint={which}")
        return code, text, pixels(output) if output.exists() else b""


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.tobytes()


def picture() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((16, 16)).convert("RGB").save(file, "PNG")
    return file.getvalue()


def command(*arguments: str) -> tuple[int, str]:
    """The exit code and all that was said; 70 and the trace for what nobody foresaw."""
    from tfgan.cli.main import main as tfgan_command

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = tfgan_command(list(arguments))
        except Exception:
            code = 70
            traceback.print_exc(file=said)
    return code, said.getvalue()


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder: name -> SHA-256; folders -> their name."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder" for name, path in paths.items()}


def table(cases: list[Case]) -> str:
    """Markdown: a row for each kind of file."""
    counts = collections.Counter((case.file, case.outcome) for case in cases)
    lines = [f"| damaged | {' | '.join(OUTCOMES)} |", "|---|" + "---:|" * len(OUTCOMES)]
    for file in dict.fromkeys(case.file for case in cases):
        lines.append(f"| {file} | {' | '.join(str(counts[file, outcome]) for outcome in OUTCOMES)} |")
    totals = collections.Counter(case.outcome for case in cases)
    return "\n".join([*lines, f"| all | {' | '.join(str(totals[outcome]) for outcome in OUTCOMES)} |"])


if __name__ == "__main__":
    main()
