"""`tfgan translate`: images through a trained run."""

import sys

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.start import start_tensorflow
from tfgan.errors import UserError

USAGE = """usage: tfgan translate RUN INPUT OUTPUT [--FLAGS]

Puts INPUT, an image, a folder with all its sub-folders or a quoted pattern such as "photos/**/*.jpg", through the
run's generator. Images of any size keep their size, relative name and format. What is in OUTPUT already stays, so
that the command can be repeated."""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("which", "checkpoint", "last", "last, best, or the number of a step")
    flags.add("what to make", "to", "", "the domain to translate into, by name, where a run knows several ways")
    flags.add("what to make", "set", "", "attributes the results have, and, after ~, those they do not have: Black_Hair,~Male")
    flags.add("what to make", "style", "", "an image whose style the results take, for a run with a style encoder")
    flags.add("what to make", "seed", 0, "of the random style, where --style names none", int)
    flags.add("output", "format", "", "format of all results, for example png; empty: that of each source")
    flags.add("output", "overwrite", False, "replace results that exist", bool)
    flags.add("large images", "tile", 2048, "images larger than this go through in overlapping tiles of this size; 0: never", int)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, source, output = flags.parse(arguments, positional=3)
    if flags["tile"] < 0:
        raise UserError(f"--tile={flags['tile']} must be a number of pixels, or 0 for no tiles.")

    if flags["seed"] < 0:
        raise UserError(f"--seed={flags['seed']} must be 0 or more.")

    start_tensorflow()
    from tqdm import tqdm

    from tfgan.cli.conditions import choose_translator, make_conditions
    from tfgan.cli.runs import open_run
    from tfgan.inference import open_inference
    from tfgan.inference.files import DONE, EXISTS, find_tasks, translate_files

    tasks = find_tasks(source, output, flags["format"])
    run = open_run(folder, flags["checkpoint"])
    ways = open_inference(run.method)
    translator = choose_translator(ways, flags["to"])
    conditions = make_conditions(run, ways, translator, flags["set"], flags["style"], flags["seed"])
    print(f"{translator.describe()}, {run.folder} at step {run.step}, {len(tasks)} image(s)")
    alpha, overwrite, tile = run.config.data.alpha, flags["overwrite"], flags["tile"]
    results = translate_files(translator, tasks, conditions, alpha=alpha, overwrite=overwrite, tile=tile)
    done, existing, failed = 0, 0, 0
    for task, outcome in tqdm(results, total=len(tasks), unit="image", disable=None):  # None: only on a terminal
        done += outcome == DONE
        existing += outcome == EXISTS
        if outcome not in (DONE, EXISTS):
            failed += 1
            tqdm.write(f"{task.source}: {outcome}", file=sys.stderr)
    kept = f", {existing} were there already (--overwrite replaces them)" if existing else ""
    print(f"{done} written to {output}{kept}" + (f", {failed} failed" if failed else ""))
    return 1 if failed else 0
