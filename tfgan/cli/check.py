"""`tfgan check`: what one wants to know of a data set before hours of training."""

import dataclasses
import sys
from pathlib import Path
from typing import Any, NamedTuple

import absl.flags

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, idle_settings
from tfgan.config.verbs import CheckConfig
from tfgan.data import is_stored, make_dataset
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.runs.start import start_tensorflow
from tfgan.terminal import waiting

USAGE = """usage: tfgan check DIR [--FLAGS], or tfgan check --dataset=NAME [--FLAGS]

Looks at every image of a data set and says what was found, what is wrong and how to mend it; then tries a few steps of training and says
what it will take. The flags are those of `tfgan train`, so that --flagfile=RECIPE can be checked as well; --method=NAME --help lists a
method's. Exit codes: 0 nothing worse than warnings; 1 training would fail; 2 wrong settings.

examples:
  tfgan check photos --sheet=sheet.png
  tfgan check --flagfile=facades.flags --data_dir=facades --noprobe"""


def run(arguments: list[str]) -> int:
    first, words = _first_look(expand(arguments)[0])
    if wants_help(arguments):
        print(_flags(first["method"]).help())
        return 0
    if first["method"]:  # a slip is told before the images are read
        named = _flags(first["method"])
        named.parse(arguments, positional=None)
        named.record(method_class(first["method"]).HParams)
    from tfgan.runs.check import choose_method, inspect_data

    # Flags of a method that is not known yet may have values behind a space: among the words that are no flags, the folder counts.
    folder = next((word for word in words if Path(word).expanduser().is_dir()), *words[:1] or [""])
    asked = _data(first, [folder] if folder else [])
    if is_stored(asked):
        start_tensorflow()  # TensorFlow Datasets brings it
    choice = choose_method(asked, first["method"])
    cls, flags = method_class(choice.method), _flags(choice.method)
    data = _data(flags, flags.parse(arguments, positional=None))
    plan = _Plan(choice.method, cls.batch_kind, data, flags.record(TrainConfig), flags.record(cls.HParams))
    config = flags.record(CheckConfig)
    if config.sheet and Path(config.sheet).exists():
        raise UserError(f"--sheet={config.sheet} exists: use another name.")
    seen = inspect_data(data, choice, plan.hparams, plan.training, _progress)
    return _report(plan, seen, choice.layouts.possible, config)


class _Plan(NamedTuple):
    """The training that is asked about."""

    method: str
    kind: str  # of batches
    data: DataConfig
    training: TrainConfig
    hparams: Any  # the `HParams` of the method


def _first_look(arguments: list[str]) -> tuple[Flags, list[str]]:
    """The flags that every method has, and the words that are none; those of a method are passed over."""
    flags = _flags("")
    try:
        others = flags.values(["tfgan", *arguments], known_only=True)[1:]
    except absl.flags.Error as error:
        raise UserError(f"{error}\n{USAGE.splitlines()[0]}") from None
    return flags, [word for word in others if not word.startswith("-")]


def _flags(method: str) -> Flags:
    """All flags of the command and of a method; without those of a method if its name is empty."""
    flags = Flags(USAGE)
    flags.add_record("check", CheckConfig)
    cls = method_class(method) if method else None
    flags.add_record("data", DataConfig, hidden=idle_settings(cls.batch_kind) if cls else ())
    flags.add_record("training", TrainConfig)
    if cls:
        flags.add_record(method, cls.HParams, hidden=cls.HParams.idle)
    return flags


def _data(flags: Flags, folders: list[str]) -> DataConfig:
    """The data set that is named by a folder, --data_dir or --dataset."""
    data = flags.record(DataConfig)
    usage = USAGE.splitlines()[0]
    if len(folders) > 1 or (folders and data.data_dir):
        raise UserError(f"one folder is checked at a time, found {', '.join([*folders, *[data.data_dir] * bool(data.data_dir)])}\n{usage}")
    if not folders and not data.data_dir and not flags.values["dataset"].present:
        raise UserError(f"which data set? Name a folder, or --dataset=NAME (see `tfgan list`).\n{usage}")

    return dataclasses.replace(data, data_dir=(folders or [data.data_dir])[0]).with_home()


def _progress(items, total: int):
    return waiting(items, total, "Looking at the images")


def _report(plan: _Plan, seen, layouts: list, config: CheckConfig) -> int:
    """Prints what was found, tries training, draws the sheet. Returns the exit code."""
    from tfgan.cli import check_output as output
    from tfgan.runs.check import METHODS

    print(f"{plan.data.data_dir or plan.data.dataset}, for {plan.method}{output.direction(seen, plan.data)}\n")
    print(output.describe_layout(plan.kind, layouts, METHODS))
    print(f"{output.describe_images(seen)}\n\n{output.describe_findings(seen.findings)}\n")
    failed = any(finding.severity == "error" for finding in seen.findings)
    if config.probe and not failed:
        refusal = _probe(plan, seen)
        print("".join(f"{output.describe_findings([finding])}\n" for finding in refusal))
        failed = bool(refusal)
    sheet = _draw(Path(config.sheet), plan, seen) if config.sheet else "--sheet=FILE.png shows training images as the network sees them"
    print(f"Sheet    {sheet}")
    if failed:
        print("Training would fail: mend the errors first.")
        return 1
    print(f"Train\n{output.command(plan.method, [plan.data, plan.training, plan.hparams])}")
    return 0


def _probe(plan: _Plan, seen) -> list:
    """Prints what training will take, or returns why it cannot be."""
    start_tensorflow()
    import tensorflow as tf

    from tfgan.cli.check_output import describe_prediction
    from tfgan.data.checks import Finding
    from tfgan.runs.probe import predict

    hparams, tolerant = plan.hparams, plan.data.skip_bad_files
    try:
        sizes = hparams.image_size, hparams.loaded_size()
        dataset = make_dataset(seen.opened.splits, plan.data, plan.kind, *sizes, check=tolerant)  # all else has been loaded once
        print("Trying a few steps (--noprobe leaves them out) …", file=sys.stderr)
        print(describe_prediction(predict(plan.method, plan.training, hparams, dataset), plan.method, hparams))
    except UserError as error:
        return [Finding("error", "method_refuses", str(error))]
    except tf.errors.ResourceExhaustedError as error:
        cure = "lower --batch_size or --image_size, or use --precision=mixed_bfloat16"
        return [Finding("error", "out_of_memory", f"a step does not fit into memory: {error.message.splitlines()[0]}", cure)]
    return []


def _draw(path: Path, plan: _Plan, seen) -> str:
    """Writes the contact sheet; says what it is."""
    from tfgan.data import images
    from tfgan.data.checks.sheet import Cuts, sheet_columns

    sources, hparams = seen.opened.splits.get("train", []), plan.hparams
    cuts = Cuts(hparams.image_size, hparams.loaded_size(), hparams.flip, plan.training.seed)
    columns = sheet_columns(seen.opened.kind, sources, plan.data, cuts) if sources else {}
    if not any(columns.values()):
        return "none, as no training image can be used"
    start_tensorflow()
    from tfgan.inference.grids import grid

    images.save(path, grid({title: [image / 127.5 - 1.0 for image in column] for title, column in columns.items()}))
    ways = " and ".join(["cropped"] * hparams.random_crop + ["mirrored"] * hparams.flip)
    return f"{path}: training images as the network sees them{f', {ways} at random' if ways else ''}"
