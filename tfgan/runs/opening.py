"""Opening a run by its folder alone."""

from pathlib import Path
from typing import NamedTuple

from tfgan.config import RunConfig
from tfgan.methods import method_class
from tfgan.methods.base import Method


class Run(NamedTuple):
    folder: Path
    config: RunConfig
    method: Method  # with the checkpoint's weights
    step: int


def read_config(folder: Path) -> RunConfig:
    """The record of the run in `folder`, its config.json.

    Raises:
        UserError: `folder` is no run, or its record is damaged.
    """
    return RunConfig.read(folder / "config.json", lambda name: method_class(name).HParams)


def open_run(folder: str, checkpoint: str = "last") -> Run:
    """The run in `folder`, its networks rebuilt and loaded. Inference is in float32, whatever the run was trained in.

    Args:
        checkpoint: last, best, or the number of a step.

    Raises:
        UserError: no such run or checkpoint.
    """
    from tfgan.training.checkpoint import load_weights
    from tfgan.training.strategy import networks_in
    from tfgan.training.timeline import Timeline

    path = Path(folder).expanduser()
    config = read_config(path)
    with networks_in("float32"):
        method = method_class(config.method)(config.hparams, config.spec)
    step = load_weights(path / "checkpoints", method, checkpoint)
    method.enter(Timeline(method.stages(), config.spec.sizes["train"], method.batches_per_step).stage(step))
    return Run(path, config, method, step)
