"""`tfgan sweep`: many trials of one recipe, which find its best settings."""

import sys

from tfgan.cli.data_set import require_data
from tfgan.cli.flags import Flags
from tfgan.cli.wanted import print_settings, read_wanted, training_flags
from tfgan.config.verbs import SweepConfig
from tfgan.terminal import columns

USAGE = """usage: tfgan sweep --flagfile=RECIPE --search=… [--FLAGS], or tfgan sweep FOLDER --search=… [--FLAGS]

Trains a recipe many times with other values of some settings, and finds those that are best by a metric of validation,
--best_metric. Trials that promise nothing end early. All flags of `tfgan train` work too; --workdir is the folder of the
sweep, sweeps/NAME by default, with a run for each trial. The same command goes on, interrupted trials from their last
checkpoint, and with more --trials it adds some. Started several times, as on several GPUs, it shares the trials.
At the end: a table, report.html, and best.flags, the recipe of the best trial. Exit codes: 0; 1 some trials failed.

examples:
  tfgan sweep --flagfile=mine.flags --search="ngf=32|64,dropout=0:0.5"
  tfgan sweep photos --best_metric=l1 --validate_every=1 --search=ngf=8:64"""


def _flags(method: str) -> Flags:
    flags = training_flags(USAGE, method)
    flags.add_record("sweep", SweepConfig)
    return flags


def run(arguments: list[str]) -> int:
    wanted = read_wanted(arguments, _flags)
    if wanted is None:
        return 0
    flags, settings = wanted.flags, wanted.flags.record(SweepConfig)
    training = wanted.training.with_home(wanted.name, "sweeps")
    require_data(flags.given, wanted.data, USAGE, ", a recipe that names its data (--flagfile=quickstart.flags)")
    print_settings(wanted._replace(training=training))

    from tfgan.runs.sweeping.plan import plan_sweep

    plan = plan_sweep(wanted.method, wanted.data, training, wanted.hparams, settings)
    print("search: " + "  ".join(map(str, plan.dimensions)))
    if flags["dry_run"]:
        return 0
    from tfgan.runs.sweeping.summary import describe
    from tfgan.runs.sweeping.sweep import sweep

    swept = sweep(plan)
    print(describe(swept, columns(sys.stdout, 80)))
    return swept.exit_code
