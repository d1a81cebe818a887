"""What each method's logged row says of its discriminator: 1 where it cannot tell, 0 where it is sure, nothing of critics."""

import math
import types

import numpy as np
import pytest
import tensorflow as tf

from tfgan.losses import GAN_LOSSES
from tfgan.methods import METHODS, method_class

LN2 = math.log(2.0)
# (method, loss) -> row of an undecided discriminator, row of a sure one
ROWS = {
    ("pix2pix", "bce"): ({"discriminator_loss": 2 * LN2}, {"discriminator_loss": 0.0}),
    ("pix2pix", "lsgan"): ({"discriminator_loss": 0.25}, {"discriminator_loss": 0.0}),
    ("pix2pix", "hinge"): ({"discriminator_loss": 2.0}, {"discriminator_loss": 0.0}),
    ("cut", "lsgan"): ({"discriminator_loss": 0.25}, {"discriminator_loss": 0.0}),
    ("spade", "hinge"): ({"discriminator_loss": 2.0}, {"discriminator_loss": 0.0}),
    ("spade", "lsgan"): ({"discriminator_loss": 0.25}, {"discriminator_loss": 0.0}),
    ("vaegan", "bce"): ({"real_entropy": LN2, "fake_entropy": LN2}, {"real_entropy": 0.0, "fake_entropy": 0.0}),
} | {
    (name, loss): ({"real_score": middle, "fake_score_after": middle}, {"real_score": real, "fake_score_after": fake})
    for name in ("gan", "cgan", "dcgan", "acgan", "stylegan")
    for loss, middle, real, fake in (("bce", 0.5, 1.0, 0.0), ("lsgan", 0.5, 1.0, 0.0), ("hinge", 0.0, 1.0, -1.0), ("rpgan", 0.5, 1.0, 0.0))
}
PLAIN = ({"discriminator_gan_loss": LN2}, {"discriminator_gan_loss": 0.0})
PENALIZED = tuple(row | {"discriminator_loss": 9.0} for row in PLAIN)  # whatever penalties add
ROWS |= {(name, "rpgan"): PLAIN for name in ("stargan", "vaegan")} | {(name, "rpgan"): PENALIZED for name in ("pix2pix", "spade")}
ROWS |= {("stargan", "hinge"): ({"discriminator_gan_loss": 2.0}, {"discriminator_gan_loss": 0.0})}


def doubt(name, loss, row):
    """`Method.doubt` without the networks."""
    return method_class(name).doubt(types.SimpleNamespace(hparams=types.SimpleNamespace(loss=loss)), row)


@pytest.mark.parametrize(("name", "loss"), ROWS)
def test_undecided_is_1_and_sure_is_0(name, loss):
    undecided, sure = ROWS[name, loss]
    assert doubt(name, loss, undecided | {"l1_loss": 3.0}) == pytest.approx({next(iter(doubt(name, loss, undecided))): 1.0})
    assert list(doubt(name, loss, sure).values()) == pytest.approx([0.0])
    half = {key: (undecided[key] + sure[key]) / 2 for key in sure}
    assert list(doubt(name, loss, half).values()) == pytest.approx([0.5])


def test_each_side_of_cyclegan_counts():
    row = {"discriminator_target_loss": 0.25, "discriminator_source_loss": 0.05, "discriminator_loss": 0.3}
    assert sorted(doubt("cyclegan", "lsgan", row).values()) == pytest.approx([0.2, 1.0])


@pytest.mark.parametrize("name", METHODS)
def test_rows_of_something_else_say_nothing(name):
    """Of a validation between two log entries, and of pix2pix without a discriminator."""
    assert doubt(name, "bce", {"val_l1": 0.3, "l1_loss": 0.2, "generator_loss": 20.0}) == {}


@pytest.mark.parametrize("name", ["stargan", "gan", "cgan", "dcgan", "acgan", "stylegan"])
def test_critics_are_never_done(name):
    row = {"real_score": 10.0, "fake_score": -10.0, "fake_score_after": -10.0, "discriminator_loss": -20.0}
    assert doubt(name, "wgan_gp", row) == {}


@pytest.mark.parametrize("loss", GAN_LOSSES)
def test_undecided_is_the_least_loss_that_does_not_tell_the_two_apart(loss):
    outputs = tf.constant(np.linspace(-3, 3, 601), tf.float32)
    least = min(float(GAN_LOSSES[loss].discriminator(output, output)) for output in outputs)
    assert least == pytest.approx(GAN_LOSSES[loss].undecided, abs=1e-6)
    sure = {"bce": (50.0, -50.0), "lsgan": (1.0, 0.0), "hinge": (1.0, -1.0), "rpgan": (25.0, -25.0)}[loss]
    assert float(GAN_LOSSES[loss].discriminator(*map(tf.constant, sure))) == pytest.approx(0.0, abs=1e-12)
