"""`tfgan train`: from flags to a run folder."""

import dataclasses
import textwrap

import absl.flags

from tfgan.cli.flags import Flags, wants_help
from tfgan.config import DataConfig, TrainConfig, as_text
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.recipes import expand
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan train --flagfile=RECIPE [--FLAGS]

Trains a run, or goes on with it: the same command again resumes exactly where it stopped. The command line beats the flag file.
`tfgan list` shows methods, data sets and recipes."""


def run(arguments: list[str]) -> int:
    expanded, recipe = expand(arguments)
    method = _chosen_method(expanded)
    cls = method_class(method)
    flags = Flags(USAGE)
    flags.add("method", "method", method, "which GAN; see `tfgan list`")
    flags.add("method", "dry_run", False, "print the settings and stop", bool)
    flags.add_record("data", DataConfig)
    flags.add_record("training", TrainConfig)
    flags.add_record(f"{method}", cls.HParams)
    if wants_help(arguments):
        print(flags.help())
        return 0
    flags.parse(arguments)
    data, training, hparams = flags.record(DataConfig), flags.record(TrainConfig), flags.record(cls.HParams)
    data, training = data.with_home(), training.with_home(recipe or f"{method}_{data.name}")
    training.check_files()
    print_settings(method, {"data": data, "training": training, method: hparams})
    if flags["dry_run"]:
        return 0
    return _train(method, data, training, hparams)


def _train(method: str, data: DataConfig, training: TrainConfig, hparams) -> int:
    """Trains, and says what comes next. Returns an exit code."""
    start_tensorflow()
    from tfgan.inference import open_inference, translators
    from tfgan.runs.train import train

    trained = train(method, data, training, hparams)
    if trained.stopped_by:
        return 128 + trained.stopped_by
    workdir, translates = training.workdir, translators(open_inference(trained.method))
    use = f"translate {workdir} IMAGES OUTPUT" if translates else f"sample {workdir} OUTPUT"
    if len(translates) > 1:
        first, *others = [f"--to={way.target.name}" for way in translates.values()]
        use += f" {first} (or {' or '.join(others)})"
    print(f"Pictures are in {workdir}/samples. Next: tfgan {use}, or tfgan export {workdir}")
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


def print_settings(method: str, groups: dict):
    """Prints all settings; those that differ from their default are marked with a star."""
    print(f"method: {method}")
    for group, record in groups.items():
        fields = [(f.name, getattr(record, f.name), f.default) for f in dataclasses.fields(record)]
        words = [f"{'*' if value != default else ''}{name}={as_text(value)}" for name, value, default in fields]
        print(textwrap.fill(f"{group}: {'  '.join(words)}", 140, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))
