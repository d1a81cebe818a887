"""Training a run, from the beginning or from where it stopped."""

import dataclasses
import errno
import logging
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy
import tensorflow as tf

import tfgan
from tfgan.config import DataConfig, Domain, RunConfig, TrainConfig
from tfgan.data.checks.crops import check_crops
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.geometry import KEEPING_SCALE
from tfgan.errors import ReadFailed, TrainingFailed, UserError
from tfgan.evaluation.catalog import METRICS
from tfgan.inference import open_inference
from tfgan.methods import method_class
from tfgan.methods.base import HParams, Method
from tfgan.runs.opening import open_run
from tfgan.runs.planning import growth
from tfgan.runs.planning.plan import Plan, refuse_changes
from tfgan.runs.repeat import SettingsText
from tfgan.runs.training.alarms import Health
from tfgan.runs.training.assembly import Machine, assemble, choose_machine
from tfgan.runs.training.frozen import Frozen, find_frozen
from tfgan.runs.training.pictures import EACH_EPOCH, Samples
from tfgan.runs.training.tracking import Tracking
from tfgan.runs.training.validation import Validation
from tfgan.training.callbacks import BestCheckpoint, Callback
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.hardware import rounding
from tfgan.training.kept import resume_point
from tfgan.training.plateau import Plateau
from tfgan.training.restoring import find_damage
from tfgan.training.strategy import describe, is_chief
from tfgan.training.timeline import Interval, Timeline
from tfgan.training.trainer import Trainer
from tfgan.training.warm_start import copy_weights

logger = logging.getLogger(__name__)


class Trained(NamedTuple):
    """The end of a training: whether a signal stopped it, and the method with its weights."""

    stopped_by: int  # the number of a signal; 0: it came to its end
    method: Method  # with its weights


def train(plan: Plan, callbacks: Sequence[Callback] = ()) -> Trained:
    """Trains the run that was planned, from the beginning or from where it stopped.

    Args:
        callbacks: called after those that the settings ask for.

    Raises:
        UserError: settings that do not fit the machine, or a method that refuses the data.
        TrainingFailed: a loss that is not finite, a full disk, or images that cannot be read any more; a good checkpoint stays.
    """
    try:
        return _train(plan, callbacks)
    except ReadFailed:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingFailed(f"The disk is full: {error}\nMake room; the same command goes on from the last checkpoint.") from error
        if error.filename is not None and str(error.filename).startswith(plan.training.workdir):
            raise UserError(f"--workdir={plan.training.workdir} cannot be written: {error}") from error
        raise


def _train(plan: Plan, callbacks: Sequence[Callback]) -> Trained:
    method, data, training, hparams, dataset, earlier = plan
    machine = choose_machine(method_class(method), training, hparams, earlier.training if earlier else None)
    strategy, training, chosen = machine
    logger.info(f"Devices: {describe(strategy)}.")
    for line in chosen:
        logger.info(line)
    hardware, scale = rounding(strategy, training.xla == "on"), dataset.scale()
    found, _ = resume_point(Path(training.workdir) / "checkpoints", find_damage)
    dataset.spec = growth.with_states(dataset, earlier.spec if earlier else None, found.step if found else 0)
    training = dataclasses.replace(training, accept_new_data=False)  # which was said of this command, not of the run
    config = RunConfig(method, data, training, hparams, dataset.spec, versions(), hardware, scale)
    logger.info(_describe(dataset.spec, dataset.validation_split))
    _tell_crops(hparams, data, dataset.spec.kind)
    if earlier:
        refuse_changes(earlier, config)
        _tell_other_rounding(earlier, config)
    frozen = find_frozen(config, earlier if found else None, isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy))
    if frozen:
        config = dataclasses.replace(config, frozen=frozen.record())
    return _fit(config, machine, dataset, callbacks, frozen)


def _fit(config: RunConfig, machine: Machine, dataset: Dataset, callbacks: Sequence[Callback], frozen: Frozen | None) -> Trained:
    training, workdir, chief = machine.training, Path(machine.training.workdir), is_chief(machine.strategy)
    run = assemble(method_class(config.method), machine, config.hparams, dataset, frozen)
    checkpointer = Checkpointer(workdir / "checkpoints", run.step, training.keep_checkpoints, chief, bool(training.best_metric))
    begins = not checkpointer.restore()  # before anything is written
    for line in run.step.frozen.lines:
        logger.info(f"--freeze: {line}.")
    if run.step.frozen.lines and begins and not training.init_from:
        logger.warning("Warning: without --init_from=RUN, --freeze keeps weights as they are drawn at random.")
    if training.init_from and begins:
        start = copy_weights(open_run(training.init_from).method, run.method)
        for line in start.lines:
            logger.info(f"--init_from: {line}")
        if not start.taken:
            raise UserError(f"--init_from={training.init_from}: none of its weights fits these networks, see above. Leave it out.")
    samples, others = _callbacks(run.method, dataset, config.data, training, machine.strategy)
    if chief:
        if begins:  # first of all, as a folder without it is no run
            config.write(workdir / "config.json")
        samples.store_inputs()
        if not begins:  # once nothing can be in the way of the inputs: the record of a training that is refused stays as it was
            config.write(workdir / "config.json")
        if frozen:
            frozen.keep(workdir)
        growth.write_listings(workdir, dataset.listings)
    if len(run.timeline.stages) > 1:
        logger.info(_describe_stages(run.timeline, config.hparams.image_size, run.total))
    trainer = Trainer(
        run.step,
        run.batches,
        checkpointer,
        timeline=run.timeline,
        total=run.total,
        settings=training,
        callbacks=[SettingsText(config.record()), samples, *others, *callbacks],
        input_failure=lambda: dataset.failure,
    )
    return Trained(trainer.fit(), run.method)


def _describe(spec, validation_split: str) -> str:
    height, width = spec.image_size
    domains = " to ".join(f"{domain.name} ({_channels(domain)})" for domain in spec.domains.values())
    same = " (the same ones, as there is no val or test)" * (validation_split == "train")
    counts = f"{spec.sizes['train']} images to train, {spec.sizes['validation']} to validate{same}"
    lines = [f"Data: {domains}, {height}×{width} pixels; {counts}."]
    if spec.attribute_names:
        groups = [f"one of {', '.join(group)}" for group in spec.attribute_groups]
        grouped = {name for group in spec.attribute_groups for name in group}
        lines.append(f"Attributes: {'; '.join([*groups, *(name for name in spec.attribute_names if name not in grouped)])}.")
    return "\n".join(lines)


def _channels(domain: Domain) -> str:
    if domain.is_map:
        edges = ", and one for the edges of instances" if domain.instances else ""
        return f"{len(domain.require_classes().values)} classes, a channel for each{edges}"
    if domain.lab:
        return f"{domain.lab} of CIELAB, of colors of {domain.dtype}"
    return f"{domain.channels} channel{'s' * (domain.channels > 1)}, {domain.dtype}"


def _tell_crops(hparams: HParams, data: DataConfig, kind: str):
    """Logs what is seen of training images, and warns if it is a corner of each."""
    image, loaded = ("×".join(map(str, size)) for size in (hparams.image_size, hparams.loaded_size()))
    fit = data.fit_of(kind)
    how = {
        "squeeze": f"resized to {loaded}",
        "crop": f"cut to the shape of {loaded} and resized to it",
        "width": f"resized to a width of {hparams.loaded_size()[1]}",
        "none": "at their own scale",
    }[fit]
    cropped = hparams.random_crop or fit in KEEPING_SCALE
    ways = [how, *[f"cropped at random to {image}"] * cropped, *["half of them mirrored"] * hparams.flip]
    ways += [f"changed by {' and '.join(data.augment)}"] * bool(data.augment)
    logger.info(f"Training images are {', '.join(ways)}.")
    for finding in check_crops(hparams.image_size, hparams.loaded_size(), fit):
        logger.warning(f"Warning: {finding.problem}. Cure: {finding.cure}.")


def _describe_stages(timeline: Timeline, image_size, total: int) -> str:
    stages = timeline.stages
    sizes = ["×".join(str(size // stage.shrink) for size in image_size) for stage in stages]
    parts = [f"{size} from step {stage.first_step} (batch {stage.batch_size})" for size, stage in zip(sizes, stages)]
    reached = [size for size, stage in zip(sizes, stages) if stage.first_step < total][-1]
    short = ""
    if reached != sizes[-1]:
        fitting = max(1, timeline.sample(total) // (2 * len(stages)))
        short = f"\nIts {total} steps end at {reached}: raise --epochs, or use --stable_images={fitting} --fade_images={fitting}."
    return f"The images grow: {', '.join(parts)}.{short}"


def _callbacks(method: Method, dataset: Dataset, data: DataConfig, training: TrainConfig, strategy) -> tuple[Samples, list[Callback]]:
    """Sample pictures, and the other callbacks that the settings ask for: validation, the best checkpoint, alarms."""
    for flag, wanted in (("patience", training.patience), ("lr_policy=plateau", method.plateau)):
        if wanted and isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise UserError(f"--{flag} does not work in a cluster: only the chief validates, and the other workers would not know.")
    signatures = open_inference(method)
    every = Interval(training.sample_every) if training.sample_every else EACH_EPOCH
    samples = Samples(method, signatures, dataset, training.num_samples, Path(training.workdir), every)
    callbacks: list[Callback] = []
    if training.validate_every:
        callbacks.append(Validation(method, signatures, dataset, training))
    if metric := training.best_metric:
        callbacks.append(
            BestCheckpoint(metric, METRICS[metric].higher, training.patience, training.validate_every, growth.validated_by(dataset))
        )
    if method.plateau:
        callbacks.append(Plateau(method, METRICS[method.hparams.lr_metric].higher, growth.validated_by(dataset)))
    if training.health:
        callbacks.append(Health(method, dataset, data, training))
    if training.track:
        callbacks.append(Tracking(training.track, Path(training.workdir), data.texts() | training.texts() | method.hparams.texts()))
    return samples, callbacks


def _tell_other_rounding(earlier: RunConfig, config: RunConfig):
    """Tells that a run with --deterministic goes on with other bits than an unbroken one, where sums are added up in another order."""
    changes = earlier.rounding_differences(config)
    if config.training.deterministic and changes:
        logger.info(f"--deterministic: from here on, rounding differs from that of an uninterrupted run: {'; '.join(changes)}.")


def versions() -> dict[str, str]:
    return {
        "tfgan": tfgan.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
