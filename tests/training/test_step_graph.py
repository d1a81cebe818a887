"""The train step as a graph: on one replica and on two, several steps a call, and compiled by XLA."""

import functools

import numpy as np
import pytest
from eager import running_eagerly
from replicas import ONE, TWO
from tiny_step import build, check_two_replicas, gradients, largest_difference, moving_statistics, one_step, state, train

from tfgan.errors import UserError
from tfgan.training.step import TrainStep


def variables(step):
    """All that a step reads and changes."""
    models = [*step.method.networks.values(), *step.method.ema.values()]
    optimizers = [v for optimizer in step.optimizers.values() for v in optimizer.variables]
    return [*(v for model in models for v in model.weights), *optimizers, step.step]


def test_two_replicas_equal_one():
    """Two by a graph, one by Python's code: on one replica, methods/test_train_graphs.py compares the two."""
    with running_eagerly():
        one = one_step(ONE, sync_batch_norm=True)
    check_two_replicas(one, one_step(TWO, sync_batch_norm=True))


def test_several_steps_a_call_are_the_same_steps():
    options = {"dropout": 0.5, "ema_decay": 0.9, "diffaugment": ("color", "translation", "cutout")}
    step = build(**options)
    before = [v.numpy() for v in variables(step)]
    scalars, after = train(step, 1, 1, 1, 1), [v.numpy() for v in variables(step)]
    for variable, value in zip(variables(step), before, strict=True):
        variable.assign(value)
    assert train(step, 3, 1) == scalars  # by the same graph
    assert int(step.step.numpy()) == 4 and np.mean([np.any(a != b) for a, b in zip(before, after)]) > 0.5
    for variable, value in zip(variables(step), after, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


@functools.cache
def exact_scalars():
    with running_eagerly():
        return train(build(sync_batch_norm=False), 3)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains(precision):
    """By Python's code; graphs of float16 run below, and those of every method are made in methods/test_train_graphs.py."""
    with running_eagerly():
        step = build(precision=precision, sync_batch_norm=False)
        assert train(step, 3) == pytest.approx(exact_scalars(), rel=0.05, abs=0.05)
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


def test_a_method_of_earlier_words_is_refused():
    step = build()
    step.method.averages = {}
    with pytest.raises(UserError, match="Pix2Pix.averages is called ema now"):
        TrainStep(step.method, step.strategy, seed=0)


def test_one_replica_asks_nobody(monkeypatch):
    """The strategy's sum over a single replica would copy all gradients, in each step, where XLA compiles for a GPU."""
    asked, step = [], build(ONE, sync_batch_norm=False)
    for name in ("_reduce_to", "_batch_reduce_to"):
        kind, original = type(step.strategy.extended), getattr(type(step.strategy.extended), name)
        monkeypatch.setattr(kind, name, lambda *given, original=original, **more: asked.append(given) or original(*given, **more))
    with running_eagerly():
        train(step, 1)
        assert not asked
        train(build(TWO, sync_batch_norm=False), 1)
        assert asked


@pytest.mark.slow
@pytest.mark.parametrize("devices", [ONE, TWO], ids=["one", "two"])
def test_xla_updates_by_the_same_gradients(devices):
    """The whole step of one replica is compiled, or each one's gradients. For every method, see methods/test_train_graphs.py."""
    with running_eagerly():
        plain, losses = one_step(devices, sync_batch_norm=False)
    compiled = build(devices, sync_batch_norm=False, xla=True)
    assert train(compiled, 1) == pytest.approx(losses, rel=1e-5, abs=1e-5)
    assert int(compiled.step.numpy()) == 1
    for loss, expected in gradients(plain).items():
        assert largest_difference(gradients(compiled)[loss], expected) < 1e-4 * np.max(np.abs(expected))
    assert largest_difference(moving_statistics(compiled), moving_statistics(plain)) < 1e-5
