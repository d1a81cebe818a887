"""`tfgan translate`: images through a trained run."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.quiet import start_tensorflow

USAGE = """usage: tfgan translate RUN INPUT OUTPUT [--FLAGS]

Puts INPUT, an image, a folder with all its sub-folders or a quoted pattern, through the run's generator. Images of any size keep their
size, relative name and format. What is in OUTPUT already stays, so that the command can be repeated."""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("which", "checkpoint", "last", "last, best, or the number of a step")
    flags.add("output", "format", "", "format of all results, for example png; empty: that of each source")
    flags.add("output", "overwrite", False, "replace results that exist", bool)
    flags.add("large images", "tile", 2048, "images larger than this go through in overlapping tiles of this size; 0: never", int)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folder, source, output = flags.parse(arguments, positional=3)

    start_tensorflow()
    from tfgan.cli.runs import open_run
    from tfgan.inference.files import find_tasks, translate_files
    from tfgan.inference.translator import Translator

    tasks = find_tasks(source, output, flags["format"])
    run = open_run(folder, flags["checkpoint"])
    translator = Translator(run.method.inference()["translate"])
    print(f"{translator.source.name} to {translator.target.name}, {run.folder} at step {run.step}, {len(tasks)} image(s)")
    counts = {"done": 0, "exists": 0, "failed": 0}
    results = translate_files(translator, tasks, alpha=run.config.data.alpha, overwrite=flags["overwrite"], tile=flags["tile"])
    for task, problem in results:
        counts["exists" if problem == "exists" else "failed" if problem else "done"] += 1
        if problem not in ("", "exists"):
            print(f"{task.source}: {problem}")
    kept = f", {counts['exists']} were there already (--overwrite replaces them)" if counts["exists"] else ""
    failed = f", {counts['failed']} failed" if counts["failed"] else ""
    print(f"{counts['done']} written to {output}{kept}{failed}")
    return 1 if counts["failed"] else 0
