"""`tfgan train`: from flags to a run folder."""

import dataclasses
import shlex
import sys
import textwrap
from pathlib import Path

from tfgan.cli.data_set import add_settings, first_look, is_folder, name_data, require_data
from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, as_text, idle_settings, is_run
from tfgan.data import check_settings
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.runs.start import start_tensorflow
from tfgan.terminal import columns

USAGE = """usage: tfgan train FOLDER [--FLAGS], or tfgan train --flagfile=RECIPE [--FLAGS]

Trains a run, or continues it: the same command resumes exactly where training stopped. Flags on the command line override
those of the flag file. With FOLDER, the method and how the data is read are as `tfgan check FOLDER` proposes, unless flags
say otherwise. With --data_dir=FOLDER, nothing is chosen for you. `tfgan list` shows methods, data sets, and recipes.

examples:
  tfgan train --flagfile=quickstart.flags --epochs=4
  tfgan train --method=cyclegan --data_dir=photos --workdir=runs/mine"""


def run(arguments: list[str]) -> int:
    expanded, recipe = expand(arguments)
    method, why = _choose_method(expanded)
    cls, flags = method_class(method), _flags(method)
    if wants_help(arguments):
        print(flags.help())
        return 0
    folders = flags.parse(arguments, positional=None)
    data, training, hparams = name_data(flags, folders, "trained on"), flags.record(TrainConfig), flags.record(cls.HParams)
    training = training.with_home(recipe or f"{method}_{data.name}")
    check_settings(data, cls.batch_kind)
    if folders:
        data = _propose(data, cls.batch_kind, flags.given)
    if not flags["dry_run"] and not is_run(Path(training.workdir)):  # a run that is there has its data
        require_data(flags.given, data, USAGE, ", a recipe that names its data (--flagfile=quickstart.flags)")
    idle = idle_settings(cls.batch_kind) | set(hparams.idle)
    print_settings(
        method + why, {"data": data, "training": training, method: hparams}, idle, every=flags["dry_run"] or flags["show_settings"]
    )
    if flags["dry_run"]:
        return 0
    return _train(method, data, training, hparams)


def _flags(method: str) -> Flags:
    """All flags of the command and of a method; without those of a method if its name is empty."""
    flags = Flags(USAGE)
    flags.add("method", "method", method, "method; see `tfgan list`")
    flags.add("method", "dry_run", False, "print all settings and stop", bool)
    flags.add("method", "show_settings", False, "print all settings, not only those that differ from their defaults", bool)
    add_settings(flags, method)
    return flags


def _choose_method(arguments: list[str]) -> tuple[str, str]:
    """The method, which is needed before the other flags, as it decides which there are; and why, if nobody named it.

    It is the one of --method, or one that fits the layout of a folder that is named without a flag, or else pix2pix.
    """
    first = _flags("")
    folders = list(filter(is_folder, first_look(first, arguments)))
    if first["method"] or len(folders) != 1 or first["data_dir"] or wants_help(arguments):
        return first["method"] or "pix2pix", ""
    from tfgan.runs.planning.check import choose_method

    chosen = choose_method(name_data(first, folders, "trained on"))
    layouts = chosen.layouts.possible
    return chosen.method, f", as {folders[0]} holds {layouts[0].words} (--method=NAME chooses another)" if layouts else ""


def _propose(data: DataConfig, kind: str, given: set[str]) -> DataConfig:
    """The settings with the direction that `tfgan check` proposes, if nobody gave one; prints why."""
    from tfgan.data.checks.direction import propose_direction

    data, said = propose_direction(data, kind, given)
    for finding in said:
        print(f"{finding.problem}, {finding.cure}.")
    return data


def _train(method: str, data: DataConfig, training: TrainConfig, hparams) -> int:
    """Trains, and says what comes next. Returns an exit code."""
    from tfgan.runs.planning.plan import make_plan
    from tfgan.runs.planning.workdir import claimed

    with claimed(training, data) as lock:
        plan = make_plan(method, data, training, hparams)
        start_tensorflow()
        from tfgan.inference import open_inference, translators
        from tfgan.runs.training.train import train

        trained = train(plan, [lock])
    workdir, translates = shlex.quote(training.workdir), translators(open_inference(trained.method))
    use = f"translate {workdir} IMAGES OUTPUT" if translates else f"sample {workdir} OUTPUT"
    if len(translates) > 1:
        first, *others = [f"--to={way.target.name}" for way in translates.values()]
        use += f" {first}  (or {' or '.join(others)})"
    print(f"Pictures are in {training.workdir}/samples. Next:")
    for words in (use, f"evaluate {workdir}", f"report {workdir}", f"export {workdir}"):
        print(f"  tfgan {words}")
    return 128 + trained.stopped_by if trained.stopped_by else 0


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
