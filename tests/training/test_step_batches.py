"""Which batches, seeds and outputs the phases of a step see, on one replica and on two."""

import functools

import keras
import pytest
import tensorflow as tf
from replicas import ONE, TWO, strategy_over
from tiny_step import BATCH, SPEC

from tfgan.methods import base
from tfgan.training.step import TrainStep


class Witness(base.Method):
    """Three phases on two batches that report, by way of `exchange_outputs`, what they see; it changes the first one's numbers."""

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

    def exchange_outputs(self, outputs, seed):
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
