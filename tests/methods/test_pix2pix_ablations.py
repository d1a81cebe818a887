"""pix2pix' ablations (Isola et al. 2017, tables 1 to 3): objectives, and the encoder–decoder."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import ForwardPass
from tfgan.methods.pix2pix import HParams, Pix2Pix
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 16
SEED = tf.constant([3, 4])
SPEC = DataSpec("paired", (SIZE, SIZE), {"source": Domain("labels", 1), "target": Domain("photo", 3)}, {"train": 4, "validation": 1}, "")
ADVERSARIAL = ["gan", "cgan", "l1+gan", "l1+cgan"]


def make_method(**changes):
    keras.utils.set_random_seed(1)
    tiny = {"generator": "unet_16", "ngf": 4, "ndf": 4, "n_layers": 1, "image_size": (SIZE, SIZE), "batch_size": 2, "dropout": 0.0}
    return Pix2Pix(HParams(**tiny | changes), SPEC)


def make_batch(n=2, seed=0):
    noise = np.random.default_rng(seed).uniform(-1, 1, (n, SIZE, SIZE, 4)).astype(np.float32)
    return {"source": tf.constant(noise[..., :1]), "target": tf.constant(noise[..., 1:])}


def run_phases(method, batch):
    """Losses and scalars of all phases, as numbers."""
    results = []
    for phase in method.phases():
        with ForwardPass(SEED):
            results.append(phase.losses(batch, SEED))
    losses = {name: float(value) for result in results for name, value in result.losses.items()}
    return losses, {name: float(value) for result in results for name, value in result.scalars.items()}


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
@pytest.mark.parametrize("objective", ADVERSARIAL)
def test_the_terms_of_each_objective(objective, updates):
    weight = {"l1_weight": 10.0} if "l1" in objective else {}
    losses, scalars = run_phases(make_method(objective=objective, updates=updates, **weight), make_batch())
    assert set(losses) == {"discriminator", "generator"} and scalars["l1_loss"] > 0.1
    expected = scalars["gan_loss"] + (10.0 * scalars["l1_loss"] if "l1" in objective else 0.0)
    assert losses["generator"] == pytest.approx(expected, rel=1e-6)


def test_l1_alone_builds_and_trains_no_discriminator():
    method, batch = make_method(objective="l1", l1_weight=7.0), make_batch()
    assert set(method.networks) == set(method.make_optimizers()) == {"generator"}
    losses, scalars = run_phases(method, batch)
    difference = np.abs(method.generator(batch["source"], training=True) - batch["target"]).mean()
    assert losses == {"generator": pytest.approx(7.0 * difference, rel=1e-5)} and scalars == {
        "l1_loss": pytest.approx(difference, rel=1e-5)
    }


@pytest.mark.parametrize("objective", ["l1", *ADVERSARIAL])
def test_a_step_moves_all_there_is(objective):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        method = make_method(objective=objective)
    step = TrainStep(method, strategy, seed=0)
    before = {name: network.get_weights() for name, network in method.networks.items()}
    scalars = step.run(iter(strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors(make_batch()).repeat())), tf.constant(2))
    assert np.all(np.isfinite(scalars))
    for name, weights in before.items():
        assert all(np.any(old != new) for old, new in zip(weights, method.networks[name].get_weights(), strict=True))


@pytest.mark.parametrize("objective", ADVERSARIAL)
def test_only_a_conditional_discriminator_sees_the_source(objective):
    method, batch = make_method(objective=objective), make_batch()
    conditional = "cgan" in objective
    assert method.discriminator.trainable_variables[0].shape[2] == (4 if conditional else 3)
    ((logits,),) = method._judge(batch["source"], batch["target"], SEED)
    ((other_source,),) = method._judge(batch["source"][::-1], batch["target"], SEED)
    ((other_target,),) = method._judge(batch["source"], batch["target"][::-1], SEED)
    change = np.abs(other_source - logits).max()
    assert change > 1e-4 if conditional else change == 0
    assert np.abs(other_target - logits).max() > 1e-4


@pytest.mark.parametrize("objective", ADVERSARIAL)
def test_diffaugment_changes_what_each_discriminator_sees(objective):
    method = make_method(objective=objective, diffaugment=("cutout",))
    method.discriminator = lambda judged, training: judged
    batch = make_batch()
    ((seen,),) = method._judge(batch["source"], batch["target"], SEED)
    assert len(seen) == (2 if "cgan" in objective else 1)
    assert all(np.any(image != original) for image, original in zip(seen[::-1], (batch["target"], batch["source"])))


@pytest.mark.parametrize(
    "objective, changes, named",
    [
        ("l1", {"loss": "lsgan"}, "loss"),
        ("l1", {"updates": "discriminator_first"}, "updates"),
        ("l1", {"diffaugment": ("color",)}, "diffaugment"),
        ("gan", {"l1_weight": 10.0}, "l1_weight"),
        ("cgan", {"l1_weight": 0.0}, "l1_weight"),
    ],
)
def test_settings_that_an_objective_has_no_use_for(objective, changes, named):
    with pytest.raises(UserError, match=f"--{named} does nothing with --objective={objective}: leave it out"):
        HParams(objective=objective, **changes)
    assert HParams(objective="l1+cgan", **changes)


def test_a_recipe_s_sizes_suit_every_objective():
    assert HParams(objective="l1", ndf=32, n_layers=5, image_size=(SIZE, SIZE), generator="unet_16")  # without a discriminator, any size


@pytest.mark.parametrize("generator", ["encdec_16", "unet_16"])
@pytest.mark.parametrize("trained", [False, True])
def test_the_trap_of_the_encoder_decoder(generator, trained):
    """With a norm on its 1×1 bottleneck, in training at batch size 1, an encoder–decoder gives the same for every input."""
    method = make_method(generator=generator, bottleneck_norm=True)  # at batch size 2, where it is allowed
    if trained:
        for n, variable in enumerate(method.generator.trainable_variables):
            variable.assign_add(0.1 * np.random.default_rng(n).normal(size=variable.shape))
    one, other = (method.generator(make_batch(1, seed)["source"], training=True) for seed in (0, 1))
    difference = np.abs(one - other).max()
    assert difference == 0 if generator == "encdec_16" else difference > 1e-5


def test_the_encoder_decoder_sees_its_input_as_it_is_meant_to_be_trained():
    generator = make_method(generator="encdec_16", batch_size=1).generator
    for variable in generator.trainable_variables:
        variable.assign(variable * 5.0)  # so that the input's trace is not lost on its way at the initial 0.02
    one, other = (generator(make_batch(1, seed)["source"], training=True) for seed in (0, 1))
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize(
    "allowed, changes",
    [
        (False, {"batch_size": 1}),
        (False, {"batch_size": 8, "norm": "instance"}),
        (True, {"batch_size": 10}),  # of the paper's table 2
        (True, {"batch_size": 1, "image_size": (512, 512)}),
        (True, {"batch_size": 1, "generator": "unet_256"}),
    ],
)
def test_the_trap_is_refused(allowed, changes):
    settings = {"generator": "encdec_256", "bottleneck_norm": True, **changes}
    if allowed:
        assert HParams(**settings).bottleneck_norm
    else:
        with pytest.raises(UserError, match="--bottleneck_norm makes --generator=encdec_256 ignore its input"):
            HParams(**settings)
    assert not dataclasses.replace(HParams(**settings | {"batch_size": 10, "norm": "batch"}), bottleneck_norm=False).bottleneck_norm
