"""Learning rates by hand: 0.1 at first, 10 epochs of 4 updates; and what the settings make of each other."""

import dataclasses
import math

import keras
import pytest
import tensorflow as tf
from tiny_methods import make_method

from tfgan.cli.main import main
from tfgan.errors import UserError
from tfgan.methods.base import AdamHParams, Method
from tfgan.optimizers import ConstantThenCosine, FusedAdam, Scaled
from tfgan.runs.training.quicker import _fewer_epochs


def rates(updates, *, per_epoch=4, ahead=0.0, factor=None, **settings):
    schedule = AdamHParams(learning_rate=0.1, epochs=10, **settings).adam(per_epoch, ahead=ahead, factor=factor)._learning_rate
    return [float(schedule(tf.constant(update, tf.int64))) for update in updates]


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({}, {0: 0.1, 20: 0.1, 40: 0.1}),
        ({"lr_decay_epochs": 5}, {0: 0.1, 20: 0.1, 30: 0.05, 39: 0.005, 40: 0.0}),
        ({"lr_policy": "cosine"}, {0: 0.1, 10: 0.05 * (1 + math.sqrt(0.5)), 20: 0.05, 30: 0.05 * (1 - math.sqrt(0.5)), 40: 0.0, 50: 0.0}),
        ({"lr_policy": "cosine", "lr_decay_epochs": 0.5}, {0: 0.1, 20: 0.1, 30: 0.05, 40: 0.0}),
        ({"lr_policy": "cosine", "lr_constant_epochs": 5}, {20: 0.1, 30: 0.05, 40: 0.0}),
        ({"lr_policy": "cosine", "lr_warmup_epochs": 2}, {0: 0.0, 4: 0.05, 8: 0.1, 24: 0.05, 40: 0.0}),
        ({"lr_warmup_epochs": 0.5}, {0: 0.0, 1: 0.05, 2: 0.1, 40: 0.1}),
        ({"lr_warmup_epochs": 10, "lr_decay_epochs": 10}, {0: 0.0, 10: 0.01875, 20: 0.025, 30: 0.01875}),
        ({"lr_policy": "step"}, {0: 0.1, 40: 0.1, 199: 0.1, 200: 0.01}),
        ({"lr_policy": "step", "lr_step_epochs": 2.5, "lr_gamma": 0.5}, {0: 0.1, 9: 0.1, 10: 0.05, 20: 0.025, 39: 0.0125}),
        ({"lr_policy": "step", "lr_step_epochs": 1, "lr_warmup_epochs": 2}, {0: 0.0, 3: 0.0375, 4: 0.005, 8: 0.001}),
    ],
)
def test_rates_of_each_policy(settings, expected):
    assert rates(expected, **settings) == pytest.approx(list(expected.values()), rel=1e-5, abs=1e-8)
    twice = [2 * update for update in expected]
    assert rates(twice, per_epoch=8, **settings) == pytest.approx(list(expected.values()), rel=1e-5, abs=1e-8)  # of a critic
    assert rates([4], ahead=4.0, **settings) == pytest.approx(rates([8], **settings))


def test_cosine_is_that_of_keras():
    ours = ConstantThenCosine(0.1, 8, 32)
    theirs = keras.optimizers.schedules.CosineDecay(0.1, 32)
    steps = range(8, 41, 3)
    assert [float(ours(step)) for step in steps] == pytest.approx([float(theirs(step - 8)) for step in steps], abs=1e-8)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(ours))
    assert isinstance(again, ConstantThenCosine) and float(again(24)) == pytest.approx(0.05)


def test_a_plateaus_factor_needs_no_new_graph():
    factor, variable, traces = tf.Variable(1.0), keras.Variable(1.0), []
    optimizer = FusedAdam(Scaled(ConstantThenCosine(0.1, 1, 0), factor), beta_1=0.5, epsilon=1e-8)

    @tf.function
    def update():
        traces.append(1)
        optimizer.apply([tf.constant(3.0)], [variable])

    update()
    first = len(traces)
    factor.assign(0.5)
    update()
    assert float(variable.numpy()) == pytest.approx(1.0 - 0.1 - 0.05, abs=1e-5) and len(traces) == first
    assert float(optimizer.learning_rate) == pytest.approx(0.05)


@pytest.mark.parametrize("name, critic, steps", [("pix2pix", 1, 3), ("dcgan", 2, 2)])
def test_each_optimizer_of_a_method_counts_its_own_updates(name, critic, steps):
    """6 images in batches of 2 are 3 steps an epoch, or 2 where a step takes two batches for two updates of the discriminator."""
    method = make_method(name, epochs=4, lr_policy="cosine", lr_warmup_epochs=1.0, n_critic=2, batch_size=2)
    assert method.steps_per_epoch == steps
    updates = {"generator": steps, "discriminator": critic * steps}
    for loss, optimizer in method.make_optimizers().items():
        for epoch, share in ((0, 0.0), (1, 1.0), (2.5, 0.5), (4, 0.0)):
            rate = float(optimizer._learning_rate(epoch * updates[loss]))
            assert rate == pytest.approx(2e-4 * share, rel=1e-4, abs=1e-9), (loss, epoch)


def test_a_critic_is_ahead_by_its_own_updates(monkeypatch):
    """Of data that grew: 2 steps are half of the 4 of 2 epochs, for the discriminator 4 of 8 updates."""
    monkeypatch.setattr(Method, "ahead", property(lambda method: 2.0))
    method = make_method("dcgan", epochs=2, lr_policy="cosine", n_critic=2, batch_size=2)
    for optimizer in method.make_optimizers().values():
        assert float(optimizer._learning_rate(0)) == pytest.approx(1e-4)


@pytest.mark.parametrize("name", ["pix2pix", "spade", "stargan", "cyclegan", "dcgan", "stylegan"])
def test_a_plateau_slows_all_optimizers(name):
    method = make_method(name, lr_policy="plateau", lr_metric="swd", learning_rate=1e-3)
    found = method.make_optimizers()
    before = {loss: float(optimizer._learning_rate(0)) for loss, optimizer in found.items()}
    method.plateau["factor"].assign(0.25)
    assert {loss: float(optimizer._learning_rate(0)) for loss, optimizer in found.items()} == pytest.approx(
        {loss: rate / 4 for loss, rate in before.items()}
    )
    assert not make_method(name).plateau


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"lr_policy": "plateau"}, "--lr_policy=plateau needs --lr_metric, .*: l1, psnr, "),
        ({"lr_policy": "cosine", "lr_gamma": 0.5}, "--lr_gamma does nothing with --lr_policy=cosine"),
        ({"lr_step_epochs": 3}, "--lr_step_epochs does nothing with --lr_policy=linear"),
        ({"lr_policy": "step", "lr_metric": "l1"}, "--lr_metric does nothing with --lr_policy=step"),
        ({"lr_patience": 3}, "--lr_patience does nothing with --lr_policy=linear"),
        ({"lr_policy": "exponential"}, "must be one of linear, cosine, step, plateau"),
        ({"lr_policy": "step", "lr_gamma": 1.0}, "must be from 0.0001 to 0.9999"),
        ({"lr_warmup_epochs": 11}, "--lr_warmup_epochs=11 is more than --epochs=10"),
        ({"lr_policy": "cosine", "lr_constant_epochs": 2, "lr_decay_epochs": 3}, "The learning rate is 0 after 2 \\+ 3 epochs"),
    ],
)
def test_settings_that_contradict_each_other(settings, message):
    with pytest.raises(UserError, match=message):
        AdamHParams(epochs=10, **settings)


def test_a_plateau_needs_validations_and_an_optimizer_that_can_be_slowed(capsys, tmp_path):
    flags = ["--dataset=synthetic", "--lr_policy=plateau", "--lr_metric=l1", f"--workdir={tmp_path / 'run'}"]
    assert main(["train", *flags]) == 2 and not (tmp_path / "run").exists()
    assert "--lr_policy=plateau needs validations: give --validate_every=EPOCHS too." in capsys.readouterr().err
    with pytest.raises(UserError, match="needs optimizers that are made by Method.adam"):
        AdamHParams(lr_policy="plateau", lr_metric="l1").adam(4)


def test_a_run_of_more_epochs_or_fewer():
    """A cosine ends with the epochs; a first look has shorter warm-ups and steps."""
    cosine = AdamHParams(epochs=10, lr_policy="cosine", lr_warmup_epochs=1).settled()
    assert cosine.schedule() == (1, 9)
    longer = AdamHParams(epochs=20, lr_policy="cosine", lr_warmup_epochs=1).prolong(cosine)
    assert longer.schedule() == (1, 19) and longer.lr_policy == "cosine"
    look = _fewer_epochs(AdamHParams(epochs=10, lr_policy="step", lr_step_epochs=4, lr_warmup_epochs=2), 5)
    assert (look.lr_step_epochs, look.lr_warmup_epochs) == (2.0, 1.0)
    step = AdamHParams(epochs=10, lr_policy="step", lr_decay_epochs=4)
    assert step.settled() == dataclasses.replace(step, lr_decay_epochs=0.0).settled()


def test_stargans_discriminator_may_learn_at_a_rate_of_its_own():
    for given, expected in ((0.0, 1e-4), (3e-4, 3e-4)):
        optimizers = make_method("stargan", discriminator_learning_rate=given).make_optimizers()
        found = {name: float(optimizer._learning_rate(0)) for name, optimizer in optimizers.items()}
        assert found == {"discriminator": pytest.approx(expected), "generator": pytest.approx(1e-4)}
