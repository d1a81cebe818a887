"""Training that grows: images, batches and optimizers from stage to stage, resumed anywhere; gates; phases that only measure."""

import dataclasses
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO, strategy_over

from tfgan.config import DataSpec, Domain, TrainConfig
from tfgan.data.preparation.pipeline import make_batches
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.source import Source
from tfgan.methods import base
from tfgan.optimizers import FusedAdam
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.step import TrainStep
from tfgan.training.timeline import Timeline
from tfgan.training.trainer import Trainer

SIZE, IMAGES = 8, 6
STAGES = [base.Stage(0, 0, 4, shrink=4), base.Stage(3, 12, 2, shrink=2), base.Stage(5, 16, 2)]
SPEC = DataSpec("images", (SIZE, SIZE), {"image": Domain("image", 1)}, {"train": IMAGES, "validation": 1}, "")


class Growing(base.Method):
    """One weight, which learns the mean of the images; its first update is undone by the gate if `blocked`."""

    def __init__(self, blocked=False):
        super().__init__(dataclasses.replace(base.HParams(), batch_size=4, image_size=(SIZE, SIZE)), SPEC)
        self.blocked, self.traced = blocked, []
        self.model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
        self.networks = {"model": self.model}
        self.stage = STAGES[0]

    def stages(self):
        return STAGES

    def make_optimizers(self):
        return {"model": FusedAdam(0.1)}

    def phases(self):
        gate = (lambda means: {"model": means["mean"] > 1e9}) if self.blocked else None
        return [base.Phase("learn", self._losses, {"model": ("model",)}, gate=gate), base.Phase("measure", self._measure, {})]

    def _losses(self, batch, seed):
        images = batch["image"]
        self.traced.append((tuple(images.shape), self.stage))
        mean = tf.reduce_mean(images, axis=[1, 2, 3])[:, None]
        loss = tf.reduce_mean(tf.square(self.model(tf.ones_like(mean)) - mean))
        return base.PhaseResult({"model": loss}, {"mean": tf.reduce_mean(mean)})

    def _measure(self, batch, seed):
        return base.PhaseResult({}, {"weight_afterwards": tf.reduce_sum(self.model(tf.ones([1, 1])))})


class Images(Source):
    """Example i is gray i/10 all over, but for a checkerboard that averages over 2×2 pixels take away."""

    domains = {"image": SPEC.domains["image"]}

    def __len__(self):
        return IMAGES

    def name(self, index):
        return str(index)

    def load(self, index):
        board = np.indices((SIZE, SIZE)).sum(axis=0)[..., None] % 2
        return {"image": (100 + 10 * index + 20 * board).astype(np.uint8)}


class Fit:
    """A run of `Growing` in `folder`."""

    def __init__(self, folder, total, devices=ONE, **settings):
        keras.utils.set_random_seed(0)
        strategy = strategy_over(devices)
        with strategy.scope():
            self.method = Growing(**settings)
        self.step = TrainStep(self.method, strategy, seed=0)
        self.timeline = Timeline(self.method.stages(), IMAGES)
        self.iterators = []
        config = TrainConfig(log_every=1, tensorboard=False, steps_per_execution=3, checkpoint_every=1)
        checkpointer = Checkpointer(folder / "checkpoints", self.step, keep=2)
        checkpointer.restore()
        Trainer(self.step, self.make_iterator, checkpointer, timeline=self.timeline, total=total, settings=config, callbacks=[]).fit()
        self.rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]

    def make_iterator(self, first_step):
        stage = self.timeline.stage(first_step)
        self.iterators.append((first_step, stage))
        stream = PreparedSource(Images(), {"image": "image"}, (SIZE, SIZE), room=Room(math.inf))

        def batches(context):
            options = {"first_step": first_step - stage.first_step, "first_sample": stage.first_image, "shrink": stage.shrink}
            return make_batches([stream], (SIZE, SIZE), batch_size=stage.batch_size, flip=False, seed=0, context=context, **options)

        return iter(self.step.strategy.distribute_datasets_from_function(batches))

    def weight(self):
        return float(self.method.model.get_weights()[0][0, 0])


def test_images_grow_and_every_image_is_seen_once_an_epoch(unbroken):
    fit = unbroken
    sizes = dict.fromkeys((shape[1], stage.first_step) for shape, stage in fit.method.traced)  # without the repetitions of tracing
    assert list(sizes) == [(2, 0), (4, 3), (8, 5)]
    assert {shape[0] for shape, stage in fit.method.traced if stage == STAGES[0]} == {4}
    assert fit.iterators == [(0, STAGES[0]), (3, STAGES[1]), (5, STAGES[2])]
    means = np.array([row["mean"] for row in fit.rows])
    counts = np.array([4, 4, 4, 2, 2, 2, 2, 2])
    # After 12 and after 18 images, whole epochs were seen: their mean is that of all images, 135 of 255.
    expected = 135 / 127.5 - 1
    assert np.average(means[:3], weights=counts[:3]) == pytest.approx(expected, abs=1e-6)
    assert np.average(means[3:6], weights=counts[3:6]) == pytest.approx(expected, abs=1e-6)
    assert len(set(means.round(6))) > 3


def test_optimizers_begin_anew_with_each_stage(tmp_path):
    assert [int(Fit(tmp_path / str(total), total).step.optimizers["model"].iterations.numpy()) for total in (3, 4, 5, 7)] == [3, 1, 2, 2]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return Fit(tmp_path_factory.mktemp("unbroken"), 8)


@pytest.mark.parametrize("stop", [2, 3, 4, 5, 6])
def test_a_run_resumed_in_any_stage_is_the_unbroken_run(stop, unbroken, tmp_path):
    Fit(tmp_path / "stopped", stop)
    resumed = Fit(tmp_path / "stopped", 8)
    assert resumed.weight() == unbroken.weight() != 0
    drop = ("images_per_second",)
    assert [{k: v for k, v in row.items() if k not in drop} for row in resumed.rows] == [
        {k: v for k, v in row.items() if k not in drop} for row in unbroken.rows
    ]
    assert resumed.iterators[0][0] == stop


def test_two_replicas_grow_alike(unbroken, tmp_path):
    two = Fit(tmp_path, 8, TWO)
    assert two.weight() == pytest.approx(unbroken.weight(), rel=1e-5)
    assert [row["mean"] for row in two.rows] == pytest.approx([row["mean"] for row in unbroken.rows], abs=1e-6)


@pytest.mark.parametrize("devices", [ONE, TWO])
def test_a_closed_gate_keeps_the_weights(devices, tmp_path):
    fit = Fit(tmp_path, 2, devices, blocked=True)
    assert fit.weight() == 0 and int(fit.step.optimizers["model"].iterations.numpy()) == 0
    assert fit.rows[0]["model_loss"] > 0


def test_measuring_phases_see_the_weights_after_the_update(tmp_path):
    """Adam's first step is its learning rate; what a call reports is of its last step."""
    fit = Fit(tmp_path, 1)
    assert fit.rows[0]["weight_afterwards"] == pytest.approx(fit.weight(), rel=1e-6) and abs(fit.weight()) == pytest.approx(0.1, rel=1e-3)
