"""`tfgan train`: from flags to a run folder."""

import shlex
from pathlib import Path

from tfgan.cli.data_set import require_data
from tfgan.cli.wanted import print_settings, read_wanted, training_flags
from tfgan.config import DataConfig, TrainConfig, is_run
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan train FOLDER [--FLAGS], or tfgan train --flagfile=RECIPE [--FLAGS]

Trains a run, or continues it: the same command resumes exactly where training stopped. Flags on the command line override
those of the flag file. With FOLDER, the method and how the data is read are as `tfgan check FOLDER` proposes, unless flags
say otherwise. With --data_dir=FOLDER, nothing is chosen for you. `tfgan list` shows methods, data sets, and recipes.

examples:
  tfgan train --flagfile=quickstart.flags --epochs=4
  tfgan train --method=cyclegan --data_dir=photos --workdir=runs/mine"""


def run(arguments: list[str]) -> int:
    wanted = read_wanted(arguments, lambda method: training_flags(USAGE, method))
    if wanted is None:
        return 0
    flags, method, data, hparams = wanted.flags, wanted.method, wanted.data, wanted.hparams
    training = wanted.training.with_home(wanted.name)
    if not flags["dry_run"] and not is_run(Path(training.workdir)):  # a run that is there has its data
        require_data(flags.given, data, USAGE, ", a recipe that names its data (--flagfile=quickstart.flags)")
    print_settings(wanted._replace(training=training))
    return 0 if flags["dry_run"] else _train(method, data, training, hparams)


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
    use += " --instances=FOLDER" * bool(plan.data.instances)
    print(f"Pictures are in {training.workdir}/samples. Next:")
    for words in (use, f"evaluate {workdir}", f"report {workdir}", f"export {workdir}"):
        print(f"  tfgan {words}")
    return 128 + trained.stopped_by if trained.stopped_by else 0
