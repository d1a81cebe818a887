"""A train step of pix2pix at its smallest, what it leaves behind, and how it is compared."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, strategy_over

from tfgan.config import DataSpec, Domain
from tfgan.methods.pix2pix import HParams, Pix2Pix
from tfgan.training.step import TrainStep

BATCH = 4
SPEC = DataSpec(
    kind="paired",
    image_size=(16, 16),
    domains={"source": Domain("photo", 3), "target": Domain("labels", 3)},
    sizes={"train": 8, "validation": 1},
    fingerprint="",
)


def build(devices=ONE, *, xla=False, precision="float32", **hparams) -> TrainStep:
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(0)
    settings = {"dropout": 0.0, "sync_batch_norm": True, **hparams}
    strategy = strategy_over(devices)
    with strategy.scope():
        method = Pix2Pix(HParams(generator="unet_16", ngf=4, ndf=4, n_layers=1, image_size=(16, 16), batch_size=BATCH, **settings), SPEC)
    return TrainStep(method, strategy, seed=3, xla=xla, loss_scaling=precision == "mixed_float16")


def train(step: TrainStep, *counts: int) -> dict[str, float]:
    """Runs calls of so many steps each on fixed noise images; returns the last step's scalars."""
    noise = np.random.default_rng(0).uniform(-1, 1, (2, sum(counts) * BATCH, 16, 16, 3)).astype(np.float32)

    def batches(context):
        return tf.data.Dataset.from_tensor_slices(dict(zip(("source", "target"), noise))).batch(BATCH // context.num_replicas_in_sync)

    iterator = iter(step.strategy.distribute_datasets_from_function(batches))
    for count in counts:
        scalars = step.run(iterator, tf.constant(count)).numpy()
    return dict(zip(step.names, scalars))


def state(step: TrainStep) -> list[np.ndarray]:
    models = [*step.method.networks.values(), *step.method.ema.values()]
    optimizers = [v.numpy() for name in sorted(step.optimizers) for v in step.optimizers[name].variables]
    return [np.array(w) for model in models for w in model.get_weights()] + optimizers


def gradients(step: TrainStep) -> dict[str, np.ndarray]:
    """The reduced gradients of the first step: Adam's m is (1 - β1) g then."""
    return {
        loss: np.concatenate([np.ravel(m.numpy()) for m in optimizer._momentums]) / (1 - step.method.hparams.beta_1)
        for loss, optimizer in step.optimizers.items()
    }


def moving_statistics(step: TrainStep) -> np.ndarray:
    networks = step.method.networks.values()
    return np.concatenate([np.ravel(v.numpy()) for network in networks for v in network.non_trainable_weights])


def largest_difference(a, b) -> float:
    return float(np.max(np.abs(a - b)))


def one_step(devices, **hparams) -> tuple[TrainStep, dict[str, float]]:
    """A step run once, not to be run on, and its scalars."""
    step = build(devices, **hparams)
    return step, train(step, 1)


def check_two_replicas(one_and_losses, two_and_losses):
    """Of `one_step` on one replica and on two: losses, reduced gradients and statistics are the same, and both replicas' weights are."""
    (one, losses), (two, found_losses) = one_and_losses, two_and_losses
    assert found_losses == pytest.approx(losses, abs=1e-5, rel=1e-5)
    for loss, expected in gradients(one).items():
        found = gradients(two)[loss]
        assert np.max(np.abs(expected)) > 1e-2
        assert largest_difference(found, expected) < 1e-5 * max(1.0, np.max(np.abs(expected)))
    assert largest_difference(moving_statistics(two), moving_statistics(one)) < 1e-5
    replicas = [v.value.values for v in two.method.generator.weights]
    assert all(len(values) == 2 and (values[0].numpy() == values[1].numpy()).all() for values in replicas)
