"""The plan of a training: all that can be judged and read before TensorFlow is started, which takes seconds."""

import dataclasses
import logging
from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig, RunConfig, TrainConfig, as_flag, differences, is_run
from tfgan.config.unused import hold
from tfgan.data import check_settings, is_stored, open_dataset
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.ranges import stated
from tfgan.errors import ReadFailed, UserError
from tfgan.extras import require
from tfgan.methods import method_class
from tfgan.methods.base import HParams
from tfgan.runs.judging import judge_run
from tfgan.runs.opening import read_config
from tfgan.runs.planning import growth
from tfgan.runs.planning.check import advise
from tfgan.runs.start import start_tensorflow
from tfgan.training.kept import holds_checkpoints, resume_point

logger = logging.getLogger(__name__)


class Plan(NamedTuple):
    """A training whose settings and data fit each other, and the run that it goes on with."""

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: HParams
    dataset: Dataset
    earlier: RunConfig | None  # the record of the run in `training.workdir`; None if it is new


TRACKED_BY = {"wandb": ("wandb",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}
"""Tracker of --track, which is also the extra that brings them -> its modules."""


def make_plan(method: str, data: DataConfig, training: TrainConfig, hparams: HParams) -> Plan:
    """The plan of a training by these settings.

    Args:
        method: a method of the registry; hparams: the method's own.

    Raises:
        UserError: files that do not exist; settings that do not fit the data, or the run that goes on; images that cannot be used.
    """
    training.check_files()
    if training.track:
        require(f"--track={training.track}", TRACKED_BY[training.track], training.track)
    require_validations(training, hparams)
    kind = method_class(method).batch_kind
    hold_fit(hparams, data, kind)
    earlier, data, hparams = go_on(method, data, training, hparams)  # before all images are read
    if not earlier:
        hparams.check_files()
        if training.init_from:
            judge_run(training.init_from)
    if is_stored(data):
        start_tensorflow()  # TensorFlow Datasets brings it
    dataset = _open(data, kind, hparams)
    data = stated(data, dataset.spec.domains)
    dataset.know_label_values(data, earlier.spec.domains if earlier else {})
    if earlier:
        refuse_data(earlier, RunConfig(method, data, training, hparams, dataset.spec, {}), dataset)
    hold(training, {"goes on": earlier is not None}, training.workdir)
    return Plan(method, data, training, hparams, dataset, earlier)


def require_validations(training: TrainConfig, hparams: HParams):
    """Raises `UserError` where the learning rate waits for validations, and there are none."""
    if getattr(hparams, "lr_policy", "") == "plateau" and not training.validate_every:
        raise UserError("--lr_policy=plateau needs validations: give --validate_every=EPOCHS too.")


def hold_fit(hparams: HParams, data: DataConfig, kind: str):
    """Says which of a method's settings do nothing for images of a kind by the way that they become the network's."""
    hold(hparams, {"own scale": data.fit_of(kind) == "none"}, as_flag("fit", "none"))


def go_on(
    method: str, data: DataConfig, training: TrainConfig, hparams: HParams, dataset: Dataset | None = None
) -> tuple[RunConfig | None, DataConfig, HParams]:
    """The record of the run that these settings go on with, None if it would be a new one, and those of data and method as they count.

    Args:
        dataset: the data set; None: it is not known yet, and taken for that of the run that goes on.

    Raises:
        UserError: the settings, or the data, would change what that run has learned; its record is missing or damaged, or of its
            checkpoints none is whole.
    """
    earlier = earlier_run(training.workdir, method, hparams)
    hparams, data = settle(hparams, earlier, method), settle_ranges(data, earlier)
    if earlier and dataset:
        refuse_data(earlier, RunConfig(method, data, training, hparams, dataset.spec, {}), dataset)
    elif earlier:
        refuse_changes(earlier, RunConfig(method, data, training, hparams, earlier.spec, {}))
    return earlier, data, hparams


def earlier_run(workdir: str, method: str, hparams: HParams) -> RunConfig | None:
    """The record of the run in `workdir` that a training there goes on with, laid out for its epochs; None if it would be a new one.

    Raises:
        UserError: its record is missing or damaged, or of its checkpoints none is whole.
    """
    path = Path(workdir)
    if not holds_checkpoints(path):
        return None
    if not is_run(path):
        raise UserError(f"{path} has checkpoints, but no config.json, which says what they are of. Put it back, or use another --workdir.")
    resume_point(path / "checkpoints")  # raises for a run that cannot go on
    found = read_config(path)
    if found.imported:
        raise UserError(
            f"{path} was imported from {', '.join(found.imported)}, without the state of optimizers, so that no training goes on in it. "
            f"Start a new run from its weights: --init_from={path}, and another --workdir."
        )
    return prolong(found, hparams) if found.method == method else found


def prolong(earlier: RunConfig, hparams: HParams) -> RunConfig:
    """The record of a run that goes on, with what would end before the epochs of `hparams` laid out for them, which is told."""
    prolonged = hparams.prolong(earlier.hparams)
    changes = differences(earlier.hparams, prolonged)
    if changes:
        logger.info(f"--epochs={hparams.epochs} is more than the run was planned for: {'; '.join(changes)}.")
    return dataclasses.replace(earlier, hparams=prolonged)


def refuse_changes(earlier: RunConfig, config: RunConfig):
    """Raises `UserError` if `config` would change what an earlier run has learned."""
    if config.training.precision == "auto":
        config = dataclasses.replace(config, training=dataclasses.replace(config.training, precision=earlier.training.precision))
    if changes := earlier.differences(config):
        listed = "\n".join(f"  {line}" for line in changes)
        what = "data" if changes == earlier.data_differences(config) else "settings"
        raise UserError(
            f"{config.training.workdir} was trained with other {what}:\n{listed}\n"
            f"Use the old {what} to go on with it, or another --workdir for a new run (--init_from takes over its weights)."
        )


def refuse_data(earlier: RunConfig, config: RunConfig, dataset: Dataset):
    """Raises `UserError` if an earlier run would learn by `config` from other data than it may; says what has changed of them."""
    refuse_changes(earlier, config)
    found, _ = resume_point(Path(config.training.workdir) / "checkpoints")
    if found:  # otherwise nothing was learned
        growth.judge(earlier, config.data, dataset, config.training, found.step)


def _open(data: DataConfig, kind: str, hparams: HParams) -> Dataset:
    """The data set; an error about its files says where to look."""
    sizes = hparams.image_size, hparams.loaded_size()
    try:
        return open_dataset(data, kind, *sizes)
    except ReadFailed:
        raise
    except UserError as error:
        check_settings(data, kind)  # what it refuses is no matter of the files
        raise UserError(f"{error}{advise(data, kind)}") from None


def settle_ranges(data: DataConfig, earlier: RunConfig | None) -> DataConfig:
    """The settings of the data, with the ranges and the reading of pages of the run that goes on, where others follow by themselves."""
    settled = data.settled(earlier.data if earlier else None)
    if settled.value_range != data.value_range:
        logger.info(f"{as_flag('value_range', settled.value_range)}, as the run began.")
    return settled


def settle(hparams: HParams, earlier: RunConfig | None, method: str) -> HParams:
    """The method's settings written out: what follows from others as in the run that goes on, which is told where it is another now.

    What followed there may not go with what is given now: then everything is as in a new run, and `refuse_changes` tells the differences.
    """
    own = hparams.settled()
    if not earlier or earlier.method != method:
        return own
    try:
        kept = dataclasses.replace(hparams.settled(earlier.hparams))  # which checks them
    except UserError:
        return own
    for field in dataclasses.fields(kept):
        if getattr(kept, field.name) != getattr(own, field.name):
            logger.info(f"{as_flag(field.name, getattr(kept, field.name))}, as the run began.")
    return kept
