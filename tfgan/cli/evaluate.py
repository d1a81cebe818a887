"""`tfgan evaluate`: how good runs, or folders of images, are."""

import itertools
import json
from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.start import start_tensorflow
from tfgan.config import Strings, write_atomically
from tfgan.errors import UserError, did_you_mean
from tfgan.evaluation.catalogue import METRICS

USAGE = """usage: tfgan evaluate RUN [RUN …] [--FLAGS]
       tfgan evaluate --real=FOLDER --fake=FOLDER [--FLAGS]

Measures what fits the run: distances to the true images and a segmentation score where the truth is known, distances
of sets of images, the accuracy of classes and attributes that were asked for, cycle errors. The result is added to
RUN/evaluation.json, with a stamp of how it was measured; several runs stand side by side, if their stamps agree."""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("what", "checkpoint", "last", "last, best, or the number of a step")
    flags.add("what", "real", "", "a folder of real images")
    flags.add("what", "fake", "", "a folder of generated images, to compare with --real")
    flags.add("what", "stored", False, "do not measure: show the newest results of the runs side by side", bool)
    flags.add("what", "data_dir", "", "where the run's data is now, if it was moved")
    flags.add("what", "count", 5000, "images at most on each side", int)
    flags.add("how", "metrics", [], "names, for example l1,ssim,fid; empty: all that fit", Strings)
    flags.add(
        "how",
        "features",
        "inception",
        "what sees images for FID and its kin: inception (ImageNet weights, downloaded once), own (a small network trained on the data), "
        "or a Keras model's file; empty: none",
    )
    flags.add("how", "inception_weights", "", "file of Keras' InceptionV3 weights; empty: download")
    flags.add("how", "lpips_weights", "", "file of LPIPS' learned weights for VGG16, .npz; empty: no LPIPS")
    flags.add("how", "vgg_weights", "imagenet", "for LPIPS: imagenet, or the file of Keras' VGG16 weights without the top")
    flags.add("how", "segmenter", "", "Keras model or SavedModel that reads classes in photos; empty: one is trained on the data")
    flags.add("how", "segmenter_steps", 1000, "of that training", int)
    flags.add("how", "classifier", "", "Keras model that reads the run's classes or attributes; empty: one is trained on the data")
    flags.add("how", "classifier_epochs", 12, "of that training", int)
    flags.add("how", "label_palette", [], "colours of the label maps' classes as RRGGBB, or facades; empty: as the run has them", Strings)
    flags.add("how", "label_names", [], "names of these classes", Strings)
    flags.add("how", "label_coding", "", "how a label map names classes: ids, palette or colours; empty: as the run has it")
    flags.add("how", "seed", 0, "of intervals, subsets and projections", int)
    flags.add("output", "cases", 4, "best and worst validation images kept for the report, by each metric", int)
    flags.add("output", "out", "", "also write the results to this JSON file; that of a run is in its evaluation.json anyway")
    if wants_help(arguments):
        print(flags.help())
        return 0
    folders = flags.parse(arguments, positional=None)
    _check(flags, folders)

    start_tensorflow()
    from tfgan.cli.evaluating import evaluate_folders, evaluate_run
    from tfgan.cli.evaluators import load_extractor
    from tfgan.cli.runs import read_config
    from tfgan.evaluation.newest import newest_values
    from tfgan.evaluation.results import read_results, refuse_unlike, table
    from tfgan.inference.files import find_images

    if flags["stored"]:
        results = [newest_values(_stored(folder, read_results(Path(folder)))) for folder in folders]
    else:
        for folder in folders:  # a wrong path is seen before weights are downloaded
            read_config(Path(folder).expanduser())
        for folder in () if folders else (flags["real"], flags["fake"]):
            find_images(folder)
        extractor = load_extractor(flags)
        results = [evaluate_run(folder, flags, extractor) for folder in folders] or [evaluate_folders(flags, extractor)]
    first, *others = [result.get("parts", [result]) for result in results]
    for part in first:
        refuse_unlike([part, *itertools.chain(*others)])
    print(table(results))
    if flags["out"]:
        write_atomically(Path(flags["out"]), json.dumps({"results": results}, indent=2) + "\n")
    for warning in dict.fromkeys(text for result in results for text in result["warnings"]):
        print(f"note: {warning}")
    return 0


def _stored(folder: str, results: list[dict]) -> list[dict]:
    if not results:
        raise UserError(f"{folder} has no evaluation.json: leave out --stored.")
    return results


def _check(flags: Flags, folders: list[str]):
    """Raises `UserError` for what needs no TensorFlow to be seen."""
    pair = [flags[name] for name in ("real", "fake")]
    if any(pair) == bool(folders) or (any(pair) and not all(pair)):
        raise UserError("Name runs, or two folders by --real and --fake.\n" + "\n".join(USAGE.splitlines()[:2]))
    if flags["stored"] and not folders:
        raise UserError("--stored shows results of runs: name some.")
    for name, least in (("count", 2), ("classifier_epochs", 1), ("segmenter_steps", 1), ("cases", 0), ("seed", 0)):
        if flags[name] < least:
            raise UserError(f"--{name}={flags[name]} must be at least {least}.")
    if flags["inception_weights"] and flags["features"] != "inception":
        raise UserError(f"--inception_weights has no place beside --features={flags['features']}: leave one of them out.")
    if flags["features"] == "own" and not folders and not flags["stored"]:
        raise UserError("--features=own is trained on a run's data; for two folders use inception or a Keras model's file.")
    if flags["out"] and Path(flags["out"]).exists():
        raise UserError(f"--out={flags['out']} exists: use another name.")
    for name in flags["metrics"]:
        if name not in METRICS:
            raise UserError(f"--metrics: {name!r} is unknown.{did_you_mean(name, METRICS)} There are: {', '.join(METRICS)}.")
