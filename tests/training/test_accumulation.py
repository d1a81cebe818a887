"""A batch in parts: means, outputs, seeds and statistics by hand, and the step of every method, which is that of the whole batch."""

import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, TWO
from same_step import assert_same_step, fix_draws
from tiny_methods import Training

from tfgan.config import TrainConfig
from tfgan.errors import UserError
from tfgan.layers import fold_in
from tfgan.methods import METHODS, method_class
from tfgan.runs.training.assembly import choose_machine
from tfgan.training import step
from tfgan.training.accumulation import in_parts

SEED = tf.constant([3, 4])
ALONE = ("pix2pix", "cyclegan", "cut", "stargan")  # with instance norm: no image is in the result of another


def made_of(batch, seed, loss_scale):
    """Sums of what it is given, in the shape of what a phase makes."""
    image = batch["image"]
    gradients = {"loss": [tf.reduce_mean(image) * loss_scale, tf.IndexedSlices(image[:1], [1], [2, *image.shape[1:]])]}
    scalars = {"mean": tf.reduce_mean(image), "seed": tf.cast(seed[1] % 1000, tf.float32)}
    finite = tf.cast(tf.reduce_all(tf.math.is_finite(image)), tf.float32)
    return gradients, scalars, {"twice": 2 * image, "label": batch["label"]}, [tf.reduce_max(image)], finite


@pytest.mark.parametrize("compiled", [False, True])
def test_parts_by_hand(compiled):
    """Of 1, 2 | 3, 4 | 5, 9: means 1.5, 3.5 and 7, and so 4 together; of the largest of each part 5."""
    batch = {"image": tf.constant([[1.0], [2.0], [3.0], [4.0], [5.0], [9.0]]), "label": tf.range(6)}
    run = tf.function(in_parts, jit_compile=True) if compiled else in_parts
    gradients, scalars, outputs, statistics, finite = run(made_of, 3, batch, SEED, tf.constant(8.0))
    assert gradients["loss"][0].numpy() == 32 and scalars["mean"].numpy() == 4 and statistics[0].numpy() == 5 and finite.numpy() == 1
    np.testing.assert_array_equal(gradients["loss"][1], [[0], [3]])  # the mean of 1, 3 and 5
    np.testing.assert_array_equal(outputs["twice"], 2 * batch["image"])
    np.testing.assert_array_equal(outputs["label"], range(6))
    seeds = [fold_in(SEED, number)[1].numpy() % 1000 for number in range(3)]
    assert len(set(seeds)) == 3 and scalars["seed"].numpy() == pytest.approx(np.mean(np.float32(seeds)), rel=1e-6)


@pytest.mark.parametrize("bad", range(4))
def test_one_bad_part_is_enough(bad):
    batch = {"image": tf.where(tf.range(4) == bad, np.inf, 1.0)[:, None], "label": tf.range(4)}
    assert in_parts(made_of, 2, batch, SEED, tf.constant(1.0))[-1].numpy() == 0


def test_parts_that_do_not_divide_the_batch_are_refused():
    cls = method_class("pix2pix")
    with pytest.raises(UserError, match="--accumulate=3 does not divide the batch, 4: use a number that does."):
        choose_machine(cls, TrainConfig(accumulate=3), cls.HParams(batch_size=4))


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", METHODS)
def test_a_step_in_parts_is_that_of_the_batch(name, monkeypatch):
    """Parts hold other images, or, where norms see a part of the batch instead of all, the same ones."""
    share = 2 if name == "stylegan" else 4
    fix_draws(monkeypatch, share)
    settings = {"dropout": 0.0, "pool_size": 0, "beta_1": 0.5} | ({"norm": "instance"} if name == "pix2pix" else {})
    halves = name not in ALONE
    one, two = (Training(name, batch_size=2 * share, accumulate=parts, halves=halves, **settings) for parts in (1, 2))
    assert_same_step(one, two)


@pytest.mark.usefixtures("eagerly")
def test_pool_and_replicas(monkeypatch):
    """Outputs of parts meet in the order of the batch, on each of two replicas: CycleGAN's pool holds the same images."""
    fix_draws(monkeypatch, 2)
    settings = {"dropout": 0.0, "pool_size": 8, "beta_1": 0.5, "batch_size": 8}
    one, two = Training("cyclegan", ONE, **settings), Training("cyclegan", TWO, accumulate=2, **settings)
    assert_same_step(one, two)
    assert one.method.state["filled"].numpy() == two.method.state["filled"].numpy() == 8


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_graphs_of_parts(precision, monkeypatch):
    """Several steps of a compiled graph, as training runs them; a larger scale would leave out the first updates of float16."""
    monkeypatch.setattr(step, "INITIAL_LOSS_SCALE", 2.0**8)
    training = Training("pix2pix", accumulate=4, precision=precision, norm="instance")
    before = [v.numpy() for v in training.method.networks["generator"].trainable_variables]
    scalars = training.run(3)
    assert all(np.isfinite(value) for value in scalars.values())
    after = training.method.networks["generator"].trainable_variables
    assert all(np.any(old != new.numpy()) for old, new in zip(before, after) if not new.path.endswith("bias"))
