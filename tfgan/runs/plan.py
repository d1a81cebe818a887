"""The plan of a training: all that can be judged and read before TensorFlow is started, which takes seconds."""

import dataclasses
import logging
from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig, RunConfig, TrainConfig, as_flag
from tfgan.data import is_stored, open_dataset
from tfgan.data.dataset import Dataset
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.methods.base import HParams
from tfgan.runs.judging import judge_run, judge_workdir
from tfgan.runs.opening import read_config
from tfgan.runs.start import start_tensorflow
from tfgan.training.kept import has_checkpoint

logger = logging.getLogger(__name__)


class Plan(NamedTuple):
    """A training whose settings and data fit each other, and the run that it goes on with."""

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: HParams
    dataset: Dataset
    earlier: RunConfig | None  # the record of the run in `training.workdir`; None if it is new


def make_plan(method: str, data: DataConfig, training: TrainConfig, hparams: HParams) -> Plan:
    """The plan of a training by these settings.

    Args:
        method: a method of the registry; hparams: the method's own.

    Raises:
        UserError: files that do not exist; settings that do not fit the data, or the run that goes on; images that cannot be used.
    """
    training.check_files()
    judge_workdir(training.workdir)
    workdir, kind = Path(training.workdir), method_class(method).batch_kind
    earlier = read_config(workdir) if (workdir / "config.json").exists() and has_checkpoint(workdir) else None
    hparams = settle(hparams, earlier, method)
    if earlier:
        arithmetic = earlier.training.precision if training.precision == "auto" else training.precision
        asked = dataclasses.replace(training, precision=arithmetic)
        refuse_changes(workdir, earlier, RunConfig(method, data, asked, hparams, earlier.spec, {}))  # before all images are read
    elif training.init_from:
        judge_run(training.init_from)
    if is_stored(data):
        start_tensorflow()  # TensorFlow Datasets brings it
    dataset = open_dataset(data, kind, hparams.image_size, hparams.loaded_size())
    if earlier:
        refuse_changes(workdir, earlier, RunConfig(method, data, asked, hparams, dataset.spec, {}))
    return Plan(method, data, training, hparams, dataset, earlier)


def refuse_changes(workdir: Path, earlier: RunConfig, config: RunConfig):
    """Raises `UserError` if `config` would change what the run in `workdir` learns."""
    changes = earlier.differences(config)
    if changes:
        listed = "\n".join(f"  {line}" for line in changes)
        raise UserError(
            f"{workdir} was trained with other settings:\n{listed}\n"
            "Use the old settings to go on with it, or another --workdir for a new run (--init_from takes over its weights)."
        )


def settle(hparams: HParams, earlier: RunConfig | None, method: str) -> HParams:
    """The method's settings written out: what follows from others as in the run that goes on, which is told where it is another now.

    Raises:
        UserError: what follows does not go with what was given.
    """
    own = hparams.settled()
    if not earlier or earlier.method != method:
        return own
    kept = hparams.settled(earlier.hparams)
    for field in dataclasses.fields(kept):
        if getattr(kept, field.name) != getattr(own, field.name):
            logger.info(f"{as_flag(field.name, getattr(kept, field.name))}, as the run began.")
    return dataclasses.replace(kept)  # which checks them
