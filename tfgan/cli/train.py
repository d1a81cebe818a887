"""`tfgan train`: from flags to a run folder."""

import dataclasses
import sys
import textwrap

import absl.flags

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, as_text, idle_settings
from tfgan.data import check_settings
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.runs.start import start_tensorflow
from tfgan.terminal import columns

USAGE = """usage: tfgan train --flagfile=RECIPE [--FLAGS]

Trains a run, or goes on with it: the same command again resumes exactly where it stopped. The command line beats the flag file.
`tfgan list` shows methods, data sets and recipes.

examples:
  tfgan train --flagfile=quickstart.flags --epochs=4
  tfgan train --method=cyclegan --data_dir=photos --workdir=runs/mine"""


def run(arguments: list[str]) -> int:
    expanded, recipe = expand(arguments)
    method = _chosen_method(expanded)
    cls = method_class(method)
    flags = Flags(USAGE)
    flags.add("method", "method", method, "which GAN; see `tfgan list`")
    flags.add("method", "dry_run", False, "print all settings and stop", bool)
    flags.add_record("data", DataConfig, hidden=idle_settings(cls.batch_kind))
    flags.add_record("training", TrainConfig)
    flags.add_record(f"{method}", cls.HParams, hidden=cls.HParams.idle)
    if wants_help(arguments):
        print(flags.help())
        return 0
    flags.parse(arguments)
    data, training, hparams = flags.record(DataConfig), flags.record(TrainConfig), flags.record(cls.HParams)
    data, training = data.with_home(), training.with_home(recipe or f"{method}_{data.name}")
    check_settings(data, cls.batch_kind)
    idle = idle_settings(cls.batch_kind) | set(hparams.idle)
    print_settings(method, {"data": data, "training": training, method: hparams}, idle, every=flags["dry_run"])
    if flags["dry_run"]:
        return 0
    return _train(method, data, training, hparams)


def _train(method: str, data: DataConfig, training: TrainConfig, hparams) -> int:
    """Trains, and says what comes next. Returns an exit code."""
    from tfgan.runs.plan import make_plan

    plan = make_plan(method, data, training, hparams)
    start_tensorflow()
    from tfgan.inference import open_inference, translators
    from tfgan.runs.train import train

    trained = train(plan)
    if trained.stopped_by:
        return 128 + trained.stopped_by
    workdir, translates = training.workdir, translators(open_inference(trained.method))
    use = f"translate {workdir} IMAGES OUTPUT" if translates else f"sample {workdir} OUTPUT"
    if len(translates) > 1:
        first, *others = [f"--to={way.target.name}" for way in translates.values()]
        use += f" {first}  (or {' or '.join(others)})"
    print(f"Pictures are in {workdir}/samples. Next:")
    for words in (use, f"evaluate {workdir}", f"report {workdir}", f"export {workdir}"):
        print(f"  tfgan {words}")
    return 0


def _chosen_method(arguments: list[str]) -> str:
    """The value of --method, which is needed before the other flags, as it decides which there are."""
    chosen = Flags(USAGE)
    chosen.add("method", "method", "pix2pix", "")
    try:
        chosen.values(["tfgan", *arguments], known_only=True)
    except absl.flags.Error as error:
        raise UserError(str(error)) from None
    return chosen["method"]


def print_settings(method: str, groups: dict, idle: set[str], every: bool):
    """Prints the settings that differ from their default; or all as they count, and those that differ are marked with a star.

    Args:
        groups: heading -> record.
        idle: names of settings that do nothing, which are left out.
        every: all settings.
    """
    print(f"method: {method}")
    for group, record in groups.items():
        values = record.effective()
        given = {field.name for field in dataclasses.fields(record) if getattr(record, field.name) != field.default}
        shown = [name for name in values if name not in idle and (every or name in given)]
        text = f"{group}: {'  '.join('*' * (every and name in given) + f'{name}={as_text(values[name])}' for name in shown)}"
        if shown:
            width = columns(sys.stdout, 140)
            print(textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))
