"""A run put together, for training and for trying a few steps: devices, arithmetic, networks, train step, timeline, batches."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import tensorflow as tf

from tfgan.config import TrainConfig
from tfgan.data.dataset import Dataset
from tfgan.errors import UserError
from tfgan.methods.base import HParams, Method
from tfgan.runs.training.frozen import Frozen
from tfgan.training.hardware import resolve, share_cores
from tfgan.training.step import TrainStep
from tfgan.training.strategy import build_method, make_strategy, networks_in
from tfgan.training.timeline import Timeline


class Machine(NamedTuple):
    """The devices that a run works on, and how it computes on them."""

    strategy: tf.distribute.Strategy
    training: TrainConfig  # without `auto`
    chosen: list[str]  # a line for each setting that was `auto`


def choose_machine(cls: type[Method], training: TrainConfig, hparams: HParams, earlier: TrainConfig | None = None) -> Machine:
    """The strategy and the arithmetic for a method on this machine; to be asked before anything else of TensorFlow is used.

    Args:
        earlier: settings of the run that goes on, whose arithmetic stays.

    Raises:
        UserError: devices that are not there, or cannot share the batch, which cannot be cut into `accumulate` parts either.
    """
    share_cores(cls.branches)
    gpus = str(training.gpus)  # a number in the records of earlier versions
    common = math.gcd(*hparams.batch_sizes())
    strategy = make_strategy(common, gpus, training.tpu)
    share = common // strategy.num_replicas_in_sync
    if share % training.accumulate:
        of = "" if strategy.num_replicas_in_sync == 1 else f" of each of {strategy.num_replicas_in_sync} replicas"
        raise UserError(f"--accumulate={training.accumulate} does not divide the batch{of}, {share}: use a number that does.")
    return Machine(strategy, *resolve(training, hparams, strategy.num_replicas_in_sync, earlier))


class Assembly(NamedTuple):
    """A method with fresh weights, ready to be trained."""

    dataset: Dataset
    training: TrainConfig
    step: TrainStep
    timeline: Timeline
    total: int  # steps

    @property
    def method(self) -> Method:
        return self.step.method

    def batches(self, first_step: int) -> Iterator:
        """An endless distributed iterator of training batches from `first_step` on, those of the stage in which that step is."""
        stage = self.timeline.stage(first_step)

        def make(context):
            return self.dataset.train_batches(
                batch_size=stage.batch_size,
                shrink=stage.shrink,
                flip=self.method.hparams.flip,
                seed=self.training.seed,
                first_step=first_step - stage.first_step,
                first_sample=stage.first_image,
                batches_per_step=self.method.batches_per_step,
                context=context,
            )

        return iter(self.step.strategy.distribute_datasets_from_function(make))


def assemble(cls: type[Method], machine: Machine, hparams: HParams, dataset: Dataset, frozen: Frozen | None = None) -> Assembly:
    """The networks and optimizers of a run, with fresh weights.

    Args:
        frozen: the network that the method sees images with, if it does.

    Raises:
        UserError: the method refuses the data set, or the frozen network.
    """
    strategy, training, _ = machine
    method = build_method(cls, training, hparams, dataset.spec, strategy)
    if frozen:
        with networks_in(training.precision), strategy.scope():
            method.see_with(frozen.load(), frozen.what)
    step = TrainStep.from_settings(method, training, strategy)
    spec = dataset.spec
    timeline = Timeline(step.method.stages(), spec.first_images(), step.method.batches_per_step, spec.growth())
    return Assembly(dataset, training, step, timeline, training.steps or timeline.step(hparams.epochs))
