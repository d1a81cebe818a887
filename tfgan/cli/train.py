"""`tfgan train`: from flags to a run folder."""

import dataclasses
import errno
import math
import platform
import textwrap
from pathlib import Path

import absl.flags

from tfgan.cli.flags import Flags, expanded, wants_help, with_home
from tfgan.cli.recipes import expand
from tfgan.cli.start import start_tensorflow
from tfgan.config import DataConfig, RunConfig, TrainConfig
from tfgan.errors import TrainingFailed, UserError
from tfgan.methods import method_class

USAGE = """usage: tfgan train --flagfile=RECIPE [--FLAGS]

Trains a run, or goes on with it: the same command again resumes exactly where it stopped. The command line beats the flag file.
`tfgan list` shows methods, data sets and recipes."""


def run(arguments: list[str]) -> int:
    arguments, recipe = expand(arguments)
    method = _chosen_method(arguments)
    start_tensorflow()
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
    name = recipe or f"{method}_{Path(data.data_dir).name or data.dataset.replace(':', '_').replace('/', '_')}"
    data = with_home(data)
    training = dataclasses.replace(training, workdir=expanded(training.workdir) or f"runs/{name}", init_from=expanded(training.init_from))
    _check(training)
    print_settings(method, {"data": data, "training": training, method: hparams})
    if flags["dry_run"]:
        return 0
    try:
        return train(method, data, training, hparams)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingFailed(f"The disk is full: {error}\nMake room; the same command goes on from the last checkpoint.") from error
        if error.filename is not None and str(error.filename).startswith(training.workdir):
            raise UserError(f"--workdir={training.workdir} cannot be written: {error}") from error
        raise


def _chosen_method(arguments: list[str]) -> str:
    """The method is needed before the other flags, as it decides which there are."""
    chosen = Flags(USAGE)
    chosen.add("method", "method", "pix2pix", "")
    try:
        chosen.values(["tfgan", *arguments], known_only=True)
    except absl.flags.Error as error:
        raise UserError(str(error)) from None
    return chosen["method"]


def _check(training: TrainConfig):
    if training.best_metric and not training.validate_every:
        raise UserError(f"--best_metric={training.best_metric} needs --validate_every=EPOCHS.")
    if training.patience and not training.best_metric:
        raise UserError(f"--patience={training.patience} needs --best_metric, in which nothing gets better any more.")
    if training.features and not training.validate_every:
        raise UserError(f"--features={training.features} needs --validate_every=EPOCHS.")
    for flag, file in (("inception_weights", training.inception_weights), ("features", training.features)):
        if file not in ("", "inception") and not Path(file).expanduser().is_file():
            raise UserError(f"--{flag}={file} does not exist.")
    if training.inception_weights and training.features != "inception":
        raise UserError("--inception_weights needs --features=inception.")
    if training.best_metric in ("fid", "kid") and not training.features:
        raise UserError(f"--best_metric={training.best_metric} needs --features=inception, or a Keras model's file.")


def print_settings(method: str, groups: dict):
    """All settings; those that differ from their default are marked with a star."""
    print(f"method: {method}")
    for group, record in groups.items():
        fields = [(f.name, getattr(record, f.name), f.default) for f in dataclasses.fields(record)]
        words = [f"{'*' if value != default else ''}{name}={_shown(value)}" for name, value, default in fields]
        print(textwrap.fill(f"{group}: {'  '.join(words)}", 140, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))


def _shown(value) -> str:
    if isinstance(value, tuple):
        return ("x" if value and isinstance(value[0], int) else ",").join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def train(method_name: str, data: DataConfig, training: TrainConfig, hparams) -> int:
    """Trains the run in `training.workdir`, from the beginning or from where it stopped. Returns an exit code."""
    from tfgan.cli.health import Health
    from tfgan.data import open_dataset
    from tfgan.inference import open_inference, translators
    from tfgan.training.hardware import resolve, rounding, share_cores
    from tfgan.training.strategy import describe, is_chief, make_strategy
    from tfgan.training.timeline import Timeline
    from tfgan.training.trainer import Trainer

    cls, workdir = method_class(method_name), Path(training.workdir)
    share_cores(cls.branches)
    strategy = make_strategy(math.gcd(*hparams.batch_sizes()), training.gpus, training.tpu)
    print(f"Devices: {describe(strategy)}.")
    earlier = _earlier(workdir)
    training, chosen = resolve(training, hparams, strategy.num_replicas_in_sync, earlier and earlier.training)
    for line in chosen:
        print(line)
    dataset = open_dataset(data, cls.batch_kind, hparams.image_size, hparams.loaded_size())
    config = RunConfig(method_name, data, training, hparams, dataset.spec, versions(), rounding(strategy))
    print(_describe(dataset.spec))
    if earlier:
        _refuse_changes(workdir, earlier, config)
        _tell_other_rounding(earlier, config)
    step = _train_step(cls, config, strategy)
    if is_chief(strategy):
        config.write(workdir / "config.json")

    method = step.method
    timeline = Timeline(method.stages(), dataset.spec.sizes["train"], method.batches_per_step)

    def make_iterator(first_step):
        stage = timeline.stage(first_step)

        def batches(context):
            return dataset.train_batches(
                batch_size=stage.batch_size,
                shrink=stage.shrink,
                flip=hparams.flip,
                seed=training.seed,
                first_step=first_step - stage.first_step,
                first_sample=stage.first_image,
                batches_per_step=method.batches_per_step,
                context=context,
            )

        return iter(strategy.distribute_datasets_from_function(batches))

    total = training.steps or timeline.step(hparams.epochs)
    if len(timeline.stages) > 1:
        print(_describe_stages(timeline.stages, hparams.image_size, total))
    health = Health(method, dataset, data, training) if training.health else None
    trainer = Trainer(
        step,
        make_iterator,
        workdir,
        timeline=timeline,
        total=total,
        settings=training,
        callbacks=_callbacks(method, dataset, training, is_chief(strategy), health),
        best=_best(training, strategy),
        watch=health,
    )
    stopped_by = trainer.fit()
    if stopped_by:
        return 128 + stopped_by
    use = f"translate {workdir} IMAGES OUTPUT" if translators(open_inference(method)) else f"sample {workdir} OUTPUT"
    print(f"Pictures are in {workdir}/samples. Next: tfgan {use}, or tfgan export {workdir}")
    return 0


def _describe(spec) -> str:
    height, width = spec.image_size
    domains = " to ".join(
        f"{domain.name} ({domain.channels} channel{'s' * (domain.channels > 1)}, {domain.dtype})" for domain in spec.domains.values()
    )
    lines = [f"Data: {domains}, {height}×{width} pixels; {spec.sizes['train']} images to train, {spec.sizes['validation']} to validate."]
    if spec.attribute_names:
        groups = [f"one of {', '.join(group)}" for group in spec.attribute_groups]
        grouped = {name for group in spec.attribute_groups for name in group}
        lines.append(f"Attributes: {'; '.join([*groups, *(name for name in spec.attribute_names if name not in grouped)])}.")
    return "\n".join(lines)


def _describe_stages(stages, image_size, total: int) -> str:
    sizes = ["×".join(str(size // stage.shrink) for size in image_size) for stage in stages]
    parts = [f"{size} from step {stage.first_step} (batch {stage.batch_size})" for size, stage in zip(sizes, stages)]
    reached = [size for size, stage in zip(sizes, stages) if stage.first_step < total][-1]
    short = (
        "" if reached == sizes[-1] else f"\nIts {total} steps end at {reached}: raise --epochs, or lower --stable_images and --fade_images."
    )
    return f"The images grow: {', '.join(parts)}.{short}"


def _train_step(cls, config: RunConfig, strategy):
    """Networks and optimizers with fresh weights, or, in a new run with --init_from, with another run's."""
    from tfgan.cli.runs import open_run
    from tfgan.training.checkpoint import has_checkpoint
    from tfgan.training.step import TrainStep
    from tfgan.training.strategy import build_method
    from tfgan.training.warm_start import copy_weights

    training = config.training
    method = build_method(cls, training, config.hparams, config.spec, strategy)
    if training.init_from and not has_checkpoint(Path(training.workdir)):
        for line in copy_weights(open_run(training.init_from).method, method):
            print(f"--init_from: {line}")
    return TrainStep.from_settings(method, training, strategy)


def _best(training: TrainConfig, strategy):
    """What decides on the best checkpoint; None if nothing does."""
    import tensorflow as tf

    from tfgan.evaluation.catalogue import METRICS
    from tfgan.training.trainer import Best

    if not training.best_metric:
        return None
    if training.patience and isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        raise UserError("--patience does not work in a cluster: the chief alone validates, and the others would wait for it.")
    return Best(training.best_metric, METRICS[training.best_metric].higher, training.patience, training.validate_every)


def _callbacks(method, dataset, training: TrainConfig, chief: bool, health) -> list:
    """The same for all workers of a cluster, who must pause at the same steps, though the chief alone carries them out."""
    from tfgan.cli.callbacks import Samples
    from tfgan.cli.validation import Validation
    from tfgan.inference import open_inference
    from tfgan.training.timeline import Interval
    from tfgan.training.trainer import Callback

    ways = open_inference(method)
    samples = Samples(method, ways, dataset, training.num_samples, Path(training.workdir), health and health.measure)
    if chief:
        samples.store_inputs()
    every = Interval(training.sample_every) if training.sample_every else Interval(1, "epochs")
    callbacks = [Callback(every, samples)]
    if training.validate_every:
        callbacks.append(Callback(Interval(training.validate_every, "epochs"), Validation(method, ways, dataset, training)))
    return callbacks


def _earlier(workdir: Path) -> RunConfig | None:
    """The record of the run in `workdir` that this one goes on with; None if it is new."""
    from tfgan.cli.runs import read_config
    from tfgan.training.checkpoint import has_checkpoint

    return read_config(workdir) if (workdir / "config.json").exists() and has_checkpoint(workdir) else None


def _refuse_changes(workdir: Path, earlier: RunConfig, config: RunConfig):
    """Raises `UserError` if `config` would change what the run in `workdir` learns."""
    changes = earlier.differences(config)
    if changes:
        listed = "\n".join(f"  {line}" for line in changes)
        raise UserError(
            f"{workdir} was trained with other settings:\n{listed}\n"
            "Use the old settings to go on with it, or another --workdir for a new run (--init_from takes over its weights)."
        )


def _tell_other_rounding(earlier: RunConfig, config: RunConfig):
    """A run with --deterministic goes on with other bits than an unbroken one where sums are added up in another order."""
    changes = earlier.rounding_differences(config)
    if config.training.deterministic and changes:
        print(f"--deterministic: this goes on with other rounding than an unbroken run: {'; '.join(changes)}.")


def versions() -> dict[str, str]:
    import keras
    import numpy
    import tensorflow as tf

    import tfgan

    return {
        "tfgan": tfgan.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
