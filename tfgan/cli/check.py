"""`tfgan check`: what one wants to know of a data set before hours of training."""

import dataclasses
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.cli.data_set import add_settings, first_look, likely_folder, name_data, require_data
from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, check_new_file, is_run
from tfgan.config.verbs import CheckConfig
from tfgan.data import is_stored, make_dataset
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.runs.start import start_tensorflow
from tfgan.terminal import waiting

USAGE = """usage: tfgan check FOLDER [--FLAGS], or tfgan check --dataset=NAME [--FLAGS]

Loads every image of a data set and reports what was found, what is wrong, and how to fix it. Then tries a few steps of
training and reports how much time and memory it needs. All flags of `tfgan train` work too, so a recipe can be checked:
--flagfile=RECIPE. --method=NAME --help lists the flags of a method. Exit codes: 0 nothing worse than warnings; 1 training
would fail; 2 wrong settings.

examples:
  tfgan check photos --sheet=sheet.png
  tfgan check --flagfile=facades.flags --data_dir=facades --noprobe"""


def run(arguments: list[str]) -> int:
    first, (expanded, recipe) = _flags(""), expand(arguments)
    words = first_look(first, expanded)
    if wants_help(arguments):
        print(_flags(first["method"]).help())
        return 0
    if first["method"]:  # a slip is told before the images are read
        named = _flags(first["method"])
        named.parse(arguments, positional=None)
        named.record(method_class(first["method"]).HParams)
    data = name_data(first, likely_folder(words), "checked")
    require_data(first.given, data, USAGE)
    if is_stored(data):
        start_tensorflow()  # TensorFlow Datasets brings it
    from tfgan.runs.planning.check import choose_method, inspect_data

    choice = choose_method(data, first["method"])
    cls, flags = method_class(choice.method), _flags(choice.method)
    data = name_data(flags, flags.parse(arguments, positional=None), "checked")
    training, hparams, config = flags.record(TrainConfig), flags.record(cls.HParams), flags.record(CheckConfig)
    training.check_files()
    if config.sheet:
        check_new_file(Path(config.sheet), "--sheet=")
    data, seen = inspect_data(data, choice, hparams, training, flags.given, _progress)
    workdir = training.with_home(recipe or f"{choice.method}_{data.name}").workdir
    plan = _Plan(choice.method, cls.batch_kind, data, training, hparams, workdir, "direction" in flags.given)
    return _report(plan, seen, choice.layouts.possible, config)


class _Plan(NamedTuple):
    """The training that is asked about."""

    method: str
    kind: str  # of batches
    data: DataConfig
    training: TrainConfig
    hparams: Any  # the `HParams` of the method
    workdir: str  # where it would be trained
    directed: bool  # whether the direction was given


def _flags(method: str) -> Flags:
    """All flags of the command and of a method; without those of a method if its name is empty."""
    flags = Flags(USAGE)
    flags.add_record("check", CheckConfig)
    add_settings(flags, method)
    return flags


def _progress(items, total: int):
    return waiting(items, total, "Looking at the images")


def _report(plan: _Plan, seen, layouts: list, config: CheckConfig) -> int:
    """Prints what was found, tries training, draws the sheet. Returns the exit code."""
    from tfgan.cli import check_output as output
    from tfgan.runs.planning.check import METHODS

    print(f"{plan.data.data_dir or plan.data.dataset}, for {plan.method}{output.direction(seen, plan.data)}\n")
    print(output.describe_layout(plan.kind, layouts, METHODS))
    print(f"{output.describe_images(seen)}\n\n{output.describe_findings(seen.findings)}\n")
    failed = any(finding.severity == "error" for finding in seen.findings)
    if not failed:
        refusal = _refused(plan, seen) or (_probe(plan, seen) if config.probe else [])
        print("\n" * config.probe + "".join(f"{output.describe_findings([finding])}\n\n" for finding in refusal), end="")
        failed = bool(refusal)
    sheet = _draw(Path(config.sheet), plan, seen) if config.sheet else "--sheet=FILE.png shows training images as the network sees them"
    print(f"Sheet    {sheet}")
    if failed:
        print("Training would fail: fix the errors first.")
        return 1
    print(output.describe_commands(plan.method, plan.data, [plan.training, plan.hparams], seen, plan.directed))
    return 0


def _refused(plan: _Plan, seen) -> list:
    """What training would refuse of the run that it starts from, or goes on with."""
    from tfgan.data.checks import Finding
    from tfgan.runs.opening import read_config
    from tfgan.runs.planning.plan import go_on, require_validations
    from tfgan.runs.planning.workdir import judge_workdir

    try:
        require_validations(plan.training, plan.hparams)
        judge_workdir(plan.workdir, (plan.data.data_dir, *plan.data.extra_data_dirs))
        if plan.training.init_from:
            read_config(Path(plan.training.init_from))
        if is_run(Path(plan.workdir)):
            dataset = _open(plan, seen, plan.hparams)
            go_on(plan.method, plan.data, dataclasses.replace(plan.training, workdir=plan.workdir), plan.hparams, dataset)
    except UserError as error:
        return [Finding("error", "run_refused", str(error))]
    return []


def _open(plan: _Plan, seen, hparams):
    """The data set as it was opened to look at it, at the size of the method's settings."""
    start_tensorflow()

    tolerant = plan.data.skip_bad_files
    sizes = hparams.image_size, hparams.loaded_size()
    return make_dataset(seen.opened.splits, plan.data, plan.kind, *sizes, check=tolerant)  # all else has been loaded once


def _probe(plan: _Plan, seen) -> list:
    """Prints what training will take, or returns why it cannot be."""
    start_tensorflow()
    import tensorflow as tf

    from tfgan.cli.check_output import describe_prediction, describe_quicker
    from tfgan.data.checks import Finding
    from tfgan.runs.training.probe import predict
    from tfgan.runs.training.quicker import cures_for_memory, quicker

    def probe(hparams):
        return predict(plan.method, plan.training, hparams, _open(plan, seen, hparams))

    try:
        print("Trying a few steps (--noprobe leaves them out) …", file=sys.stderr)
        prediction = probe(plan.hparams)
        print(describe_prediction(prediction, plan.method, plan.hparams))
        training = replace(plan.training, workdir=plan.workdir)
        for found in quicker(training, plan.hparams, prediction, probe):
            print(describe_quicker(found, plan.method, plan.data))
    except UserError as error:
        return [Finding("error", "method_refuses", str(error))]
    except tf.errors.ResourceExhaustedError as error:
        problem = f"a step does not fit into memory: {error.message.splitlines()[0]}"
        return [Finding("error", "out_of_memory", problem, cures_for_memory(plan.training, plan.hparams))]
    return []


def _draw(path: Path, plan: _Plan, seen) -> str:
    """Writes the contact sheet; says what it is."""
    start_tensorflow()
    from tfgan.data.checks.sheet import Cuts, sheet_columns
    from tfgan.data.reading import images
    from tfgan.inference.grids import grid

    sources, hparams = seen.opened.splits.get("train", []), plan.hparams
    cuts = Cuts(hparams.image_size, hparams.loaded_size(), hparams.flip, plan.data.augment, plan.training.seed)
    columns = sheet_columns(seen.opened.kind, sources, plan.data, cuts) if sources else {}
    if not any(columns.values()):
        return "none, as no training image can be used"
    images.save(path, grid({title: [image / 127.5 - 1.0 for image in column] for title, column in columns.items()}))
    ways = ", ".join(["cropped"] * hparams.random_crop + ["mirrored"] * hparams.flip + list(plan.data.augment))
    return f"{path}: training images as the network sees them{f'; at random: {ways}' if ways else ''}"
