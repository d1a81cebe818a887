"""`tfgan evaluate`: how good runs, or folders of images, are."""

import itertools
import json
import sys
from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import check_new_file
from tfgan.config.verbs import EvaluateConfig
from tfgan.errors import UserError
from tfgan.paths.files import write_atomically
from tfgan.paths.home import with_home
from tfgan.terminal import wrapped

USAGE = """usage: tfgan evaluate RUN [RUN …] [--FLAGS]
       tfgan evaluate --real=FOLDER --fake=FOLDER [--FLAGS]   (or patterns: --real="DIR/*_real_B.png")

Measures how good the images of a run are, with all metrics that suit it: differences from the true images and a
segmentation score if these are known, distances between sets of images, the accuracy of requested classes and
attributes, cycle errors. The result is added to RUN/evaluation.json with the conditions it was measured under.
Several runs are shown side by side if these conditions are the same, with a test whether they differ by more than chance.

examples:
  tfgan evaluate runs/a runs/b --metrics=ssim,fid
  tfgan evaluate --real=photos --fake=results --out=scores.json"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("what", "real", "", "a folder of real images, or a quoted pattern")
    flags.add("what", "fake", "", "a folder of generated images, or a quoted pattern, to compare with --real")
    flags.add("what", "stored", False, "measure nothing, and show the newest stored results of the runs side by side", bool)
    flags.add_record("evaluate", EvaluateConfig)
    flags.add(
        "output",
        "out",
        "",
        "also write the results to this JSON file; needed if the evaluation.json of a run cannot be written",
    )
    if wants_help(arguments):
        print(flags.help())
        return 0
    folders = flags.parse(arguments, positional=None)
    settings = flags.record(EvaluateConfig)
    out = _check(flags, folders)
    real, fake = (with_home(flags[name]) for name in ("real", "fake"))
    from tfgan.evaluation.paired import tell
    from tfgan.evaluation.results import refuse_unlike, stored_results, table
    from tfgan.runs.evaluation.evaluate import evaluate, evaluate_folders

    if flags["stored"]:
        results = stored_results(folders)
    else:
        results = evaluate(folders, settings, bool(out)) if folders else [evaluate_folders(real, fake, settings)]
    first, *others = [result.get("parts", [result]) for result in results]
    for part in first:
        refuse_unlike([part, *itertools.chain(*others)])
    print(table(results))
    if differences := tell(results):
        print(f"\n{differences}")
    if out:
        write_atomically(out, json.dumps({"results": results}, indent=2) + "\n")
    for warning in dict.fromkeys(text for result in results for text in result["warnings"]):
        print(wrapped(f"note: {warning}", sys.stdout))
    return 0


def _check(flags: Flags, folders: list[str]) -> Path | None:
    """The file of --out. Raises `UserError`, or `OutputError`, for what needs no TensorFlow to be seen."""
    pair = [flags[name] for name in ("real", "fake")]
    if any(pair) == bool(folders) or (any(pair) and not all(pair)):
        raise UserError("Name runs, or two folders by --real and --fake.\n" + "\n".join(USAGE.splitlines()[:2]))
    if flags["stored"] and not folders:
        raise UserError("--stored shows results of runs: name one or more runs.")
    if unused := sorted(flags.given - {"stored", "out"}) if flags["stored"] else []:
        raise UserError(f"--{unused[0]} does nothing with --stored, which measures nothing: leave one of them out.")
    if not flags["out"]:
        return None
    out = Path(with_home(flags["out"]))
    check_new_file(out, "--out=")
    return out
