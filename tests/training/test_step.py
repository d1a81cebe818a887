"""The train step on one replica and on two, several steps a call, XLA and precisions, with pix2pix at its smallest."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO, strategy_over

from tfgan.config import DataSpec, Domain
from tfgan.methods import base
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


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    keras.config.set_dtype_policy("float32")


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
    models = [*step.method.networks.values(), *step.method.averages.values()]
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
    return np.concatenate([np.ravel(v.numpy()) for network in networks for v in network.non_trainable_variables])


def largest_difference(a, b) -> float:
    return float(np.max(np.abs(a - b)))


@functools.cache
def after_one_step(devices, **hparams):
    """A step run once, not to be run on, and its scalars."""
    step = build(devices, **hparams)
    return step, train(step, 1)


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_two_replicas_equal_one(updates):
    one, losses = after_one_step(ONE, updates=updates)
    two, found_losses = after_one_step(TWO, updates=updates)
    assert found_losses == pytest.approx(losses, abs=1e-5, rel=1e-5)
    for loss, expected in gradients(one).items():
        found = gradients(two)[loss]
        assert np.max(np.abs(expected)) > 1e-2
        assert largest_difference(found, expected) < 1e-5 * max(1.0, np.max(np.abs(expected)))
    assert largest_difference(moving_statistics(two), moving_statistics(one)) < 1e-5
    replicas = [v.value.values for v in two.method.generator.weights]
    assert all(len(values) == 2 and (values[0].numpy() == values[1].numpy()).all() for values in replicas)


def test_two_replicas_differ_without_synchronised_statistics():
    one, _ = after_one_step(ONE, updates="simultaneous")
    two, _ = after_one_step(TWO, sync_batch_norm=False)
    assert largest_difference(gradients(two)["generator"], gradients(one)["generator"]) > 1e-2


def test_replicas_draw_their_own_noise():
    """Both replicas get the same images; only a mask of its own makes a replica's gradient differ from the other's."""
    step = build(TWO, dropout=0.5, sync_batch_norm=False)
    images = tf.random.stateless_uniform([2, 16, 16, 3], [1, 2], -1.0, 1.0)

    @tf.function
    def both():
        batch = {"source": images, "target": -images}
        results = step.strategy.run(step._replica_gradients, args=(step.phases[0], batch, tf.constant([0, 1]), tf.constant(1.0)))
        return step.strategy.experimental_local_results(results[1]["l1_loss"])

    first, second = both()
    assert abs(float(first) - float(second)) > 1e-5


def test_several_steps_a_call_are_the_same_steps():
    options = {"dropout": 0.5, "average_decay": 0.9, "diffaugment": ("color", "translation", "cutout")}
    single, several = build(**options), build(**options)
    scalars = train(single, 1, 1, 1, 1)
    assert train(several, 3, 1) == scalars
    assert int(single.step.numpy()) == int(several.step.numpy()) == 4
    for a, b in zip(state(single), state(several), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_xla_computes_the_same(devices):
    plain, losses = after_one_step(devices, sync_batch_norm=False)
    compiled = build(devices, sync_batch_norm=False, xla=True)
    assert train(compiled, 1) == pytest.approx(losses, rel=1e-5, abs=1e-5)
    for loss, expected in gradients(plain).items():
        assert largest_difference(gradients(compiled)[loss], expected) < 1e-4 * np.max(np.abs(expected))
    assert largest_difference(moving_statistics(compiled), moving_statistics(plain)) < 1e-5


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains(precision):
    exact, step = build(sync_batch_norm=False), build(precision=precision, sync_batch_norm=False)
    assert train(step, 3) == pytest.approx(train(exact, 3), rel=0.05, abs=0.05)
    assert all(w.dtype == np.float32 for w in step.method.generator.get_weights())
    assert all(np.isfinite(values).all() for values in state(step))
    assert int(step.first_bad_step.numpy()) == -1
    assert int(step.optimizers["generator"].iterations.numpy()) + int(step.loss_scale.numpy() < 2**15) >= 3


@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_float16_leaves_out_an_overflowing_update(devices):
    step = build(devices, precision="mixed_float16", sync_batch_norm=False)
    step.loss_scale.assign(3e38)
    before = step.method.generator.get_weights()
    trainable = [v.trainable for v in step.method.generator.weights]
    train(step, 1)
    assert float(step.loss_scale.numpy()) == pytest.approx(1.5e38)
    assert int(step.good_steps.numpy()) == 0 and int(step.step.numpy()) == 1
    for old, new, is_trained in zip(before, step.method.generator.get_weights(), trainable):
        assert not is_trained or (old == new).all()
    step.loss_scale.assign(8.0)
    train(step, 1)
    assert int(step.good_steps.numpy()) == 1
    assert any((old != new).any() for old, new in zip(before, step.method.generator.get_weights()))


def test_first_bad_step_is_remembered():
    step = build(learning_rate=1e30, sync_batch_norm=False)
    train(step, 4)
    assert int(step.first_bad_step.numpy()) == 1  # the first step's losses come from weights that are still good
    assert step.names[int(step.first_bad_loss.numpy())] in ("discriminator_loss", "fake_logit", "gan_loss", "generator_loss", "real_logit")


class Witness(base.Method):
    """Three phases on two batches that report, by way of `exchange`, what they see; it gives back the first one's numbers, changed."""

    batch_kind = "numbers"

    def __init__(self):
        super().__init__(base.HParams(batch_size=BATCH), SPEC)
        self.networks = {"network": keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])}
        self.batches_per_step = 2
        self.seen: dict[str, list] = {}

    def make_optimizers(self):
        return {"network": keras.optimizers.SGD(0.1)}

    def phases(self):
        batches = {"first": 0, "second": 1, "third": 0}
        return [base.Phase(name, functools.partial(self._losses, name), {"network": ("network",)}, n) for name, n in batches.items()]

    def _losses(self, name, batch, seed):
        loss = tf.reduce_mean(self.networks["network"](batch["numbers"][:, None]))
        found = {**batch, "seed": tf.repeat(seed[None], tf.shape(batch["numbers"])[0], axis=0)}
        return base.PhaseResult({"network": loss}, {}, {f"{name} {key}": value for key, value in found.items()})

    def exchange(self, outputs, seed):
        for key, value in {**outputs, f"{min(outputs).split()[0]} outside": seed[None]}.items():
            tf.py_function(lambda value, key=key: self.seen.setdefault(key, []).append(value.numpy().tolist()), [value], [])
        return {"fakes": outputs["first numbers"][::-1] + 100.0} if "first numbers" in outputs else {}


def witness(devices, steps, **options) -> dict[str, list]:
    """What the phases of `steps` steps on the numbers 0, 1, 2, … see: "PHASE KEY" -> for each step, the global batch."""
    strategy = strategy_over(devices)
    with strategy.scope():
        method = Witness()
    step = TrainStep(method, strategy, seed=3, **options)

    def batches(context):
        numbers = tf.data.Dataset.from_tensor_slices({"numbers": tf.range(100.0)})
        return numbers.batch(BATCH // context.num_replicas_in_sync)

    step.run(iter(strategy.distribute_datasets_from_function(batches)), tf.constant(steps))
    return method.seen


@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_phases_see_their_own_of_a_steps_batches(devices):
    seen = witness(devices, 2)
    assert seen["first numbers"] == seen["third numbers"] == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert seen["second numbers"] == [[4, 5, 6, 7], [12, 13, 14, 15]]


@pytest.mark.parametrize("devices, options", [(ONE, {}), (TWO, {}), (TWO, {"xla": True})], ids=["one", "two", "compiled"])
def test_outputs_are_exchanged_as_one_batch_and_shared_out_in_order(devices, options):
    seen = witness(devices, 2, **options)
    assert seen["third fakes"] == [[103, 102, 101, 100], [111, 110, 109, 108]]
    assert "second fakes" not in seen


@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_seeds_belong_to_a_steps_batch_and_a_replica(devices):
    seen = witness(devices, 2)
    assert seen["first seed"] == seen["third seed"]  # phases on one batch draw alike
    batches = [list(map(tuple, batch)) for name in ("first", "second") for batch in seen[f"{name} seed"]]
    assert all(batch == sorted(batch, key=batch.index) and len(set(batch)) == len(devices) for batch in batches)  # one for each replica
    outside = [tuple(seed) for name in ("first", "second") for (seed,) in seen[f"{name} outside"]]
    assert len(set(sum(batches, outside))) == 2 * 2 * len(devices) + 2 * 2
    assert witness(devices, 2) == seen
