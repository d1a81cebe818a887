"""Opening a run by its folder alone."""

from pathlib import Path
from typing import NamedTuple

from tfgan.config import RunConfig, present_kind
from tfgan.config.stored import Damaged
from tfgan.errors import UserError
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
    path = folder / "config.json"
    config = RunConfig.read(path, lambda name: _known(path, name).HParams)
    kind = present_kind(method_class(config.method).batch_kind)
    if kind != config.spec.kind:
        raise Damaged(path, f"spec.kind must be {kind}, which {config.method} learns from, not {config.spec.kind}")
    return config


def _known(path: Path, name: str) -> type[Method]:
    try:
        return method_class(name)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def open_run(folder: str, checkpoint: str = "last") -> Run:
    """The run in `folder`, its networks rebuilt and loaded. Inference is in float32, whatever the run was trained in.

    Args:
        checkpoint: last, best, or the number of a step.

    Raises:
        UserError: no such run or checkpoint; networks that cannot fit into this machine's memory.
    """
    from tfgan.training.capacity import check_capacity
    from tfgan.training.restoring import load_weights
    from tfgan.training.strategy import networks_in
    from tfgan.training.timeline import Timeline

    path = Path(folder).expanduser()
    config = read_config(path)
    cls = method_class(config.method)
    try:
        check_capacity(cls, config.hparams, config.spec, trained=False)
    except UserError as error:
        raise UserError(f"{path / 'config.json'}: {error}") from None
    with networks_in("float32"):
        method = cls(config.hparams, config.spec)
    step = load_weights(path / "checkpoints", method, checkpoint)
    method.enter(Timeline(method.stages(), config.spec.sizes["train"], method.batches_per_step).stage(step))
    return Run(path, config, method, step)
