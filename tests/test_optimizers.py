"""The fused Adam against Keras' own, and the learning-rate schedule at its corners."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.optimizers import ConstantThenLinear, FusedAdam

SHAPES = {"kernel": (3, 4), "bias": (4,), "scalar": ()}


class Training:
    """Variables and their optimizer, stepped by gradients that depend on the step alone."""

    def __init__(self, kind, learning_rate=2e-3):
        start = np.random.default_rng(0)
        self.variables = [keras.Variable(start.normal(size=shape).astype(np.float32), name=name) for name, shape in SHAPES.items()]
        self.optimizer = kind(learning_rate, beta_1=0.5, beta_2=0.999, epsilon=1e-8)
        self.optimizer.build(self.variables)

    def steps(self, first, last):
        for step in range(first, last):
            noise = np.random.default_rng(step + 1)
            gradients = [tf.constant(noise.normal(size=v.shape) * 10.0 ** noise.integers(-4, 2), tf.float32) for v in self.variables]
            self.optimizer.apply(gradients, self.variables)
        return self

    def state(self):
        return [v.numpy() for v in self.variables + self.optimizer.variables]

    def checkpoint(self):
        return tf.train.Checkpoint(optimizer=self.optimizer, variables=[v.value for v in self.variables])


def assert_equal_states(one, other):
    for mine, theirs in zip(one.state(), other.state(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-6)  # the operation takes 1 - 0.999 in float32: off by 1.3e-5
    for mine, theirs in zip(one.variables, other.variables):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("learning_rate", [2e-3, ConstantThenLinear(2e-3, 5, 10)], ids=["constant", "schedule"])
def test_fused_adam_equals_keras_adam(learning_rate):
    fused, reference = Training(FusedAdam, learning_rate), Training(keras.optimizers.Adam, learning_rate)
    start = fused.state()
    assert_equal_states(fused.steps(0, 20), reference.steps(0, 20))
    assert fused.optimizer.iterations == 20
    assert all(np.all(before != after) for before, after in zip(start[:3], fused.state()[:3]))


def test_fused_adams_first_step_is_the_learning_rate():
    variable = keras.Variable(np.float32([1.0, 1.0, 1.0]))
    FusedAdam(0.1, beta_1=0.5, epsilon=1e-8).apply([tf.constant([3.0, -0.02, 0.0])], [variable])
    np.testing.assert_allclose(variable, [0.9, 1.1, 1.0], atol=1e-5)


def test_fused_adam_in_a_graph():
    fused, reference = Training(FusedAdam), Training(keras.optimizers.Adam)
    gradients = [tf.fill(shape, 0.3) for shape in SHAPES.values()]
    graph = tf.function(lambda: fused.optimizer.apply(gradients, fused.variables))
    for _ in range(3):
        graph()
        reference.optimizer.apply(gradients, reference.variables)
    assert_equal_states(fused, reference)


@pytest.mark.parametrize("first, second", [(FusedAdam, keras.optimizers.Adam), (keras.optimizers.Adam, FusedAdam)])
def test_a_checkpoint_of_one_adam_restores_into_the_other(first, second, tmp_path):
    source = Training(first).steps(0, 5)
    names = [v.path.split("/", 1)[1] for v in source.optimizer.variables]
    path = source.checkpoint().save(str(tmp_path / "checkpoint"))
    target = Training(second)
    target.checkpoint().restore(path).assert_existing_objects_matched()
    assert [v.path.split("/", 1)[1] for v in target.optimizer.variables] == names
    assert_equal_states(source.steps(5, 10), target.steps(5, 10))


@pytest.mark.parametrize("step, rate", [(0, 0.2), (99, 0.2), (100, 0.2), (125, 0.15), (150, 0.1), (199, 0.002), (200, 0.0), (1000, 0.0)])
def test_constant_then_linear(step, rate):
    schedule = ConstantThenLinear(0.2, constant_steps=100, decay_steps=100)
    assert float(schedule(tf.constant(step, tf.int64))) == pytest.approx(rate, abs=1e-7)


def test_no_decay_steps_means_a_constant_rate():
    schedule = ConstantThenLinear(0.2, constant_steps=100, decay_steps=0)
    assert [float(schedule(step)) for step in (0, 100, 10**6)] == pytest.approx([0.2] * 3)


def test_schedule_comes_back_from_its_config():
    optimizer = FusedAdam(ConstantThenLinear(0.2, 3, 4), beta_1=0.5)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(copy, FusedAdam) and copy.get_config() == optimizer.get_config()
    assert float(copy.learning_rate) == pytest.approx(0.2)
