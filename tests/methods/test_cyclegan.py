"""CycleGAN's image pool, losses, symmetry and settings."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.config.words import say_once
from tfgan.errors import UserError
from tfgan.layers import fold_in
from tfgan.methods import base
from tfgan.methods.cyclegan import DISCRIMINATORS, GENERATORS, CycleGAN, HParams, query_pool
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.restoring import load_weights
from tfgan.training.step import TrainStep

SIZE = 16
SPEC = DataSpec("unpaired", (SIZE, SIZE), {"source": Domain("day", 3), "target": Domain("night", 3)}, {"train": 6, "validation": 2}, "")
TINY = {"generator": "resnet_1", "ngf": 4, "ndf": 4, "n_layers": 1, "image_size": (SIZE, SIZE), "batch_size": 2, "pool_size": 4}


def make_method(spec=SPEC, **changes):
    keras.utils.set_random_seed(1)
    return CycleGAN(HParams(**TINY | changes), spec)


def make_batch(seed=0):
    noise = np.random.default_rng(seed).uniform(-1, 1, (2, 2, SIZE, SIZE, 3)).astype(np.float32)
    return {"source": tf.constant(noise[0]), "target": tf.constant(noise[1])}


def generator_scalars(method, batch):
    result = method._generator_losses(batch, tf.constant([0, 0]))
    return {name: float(value) for name, value in {**result.losses, **result.scalars}.items()}, result.outputs


# The pool


@tf.function
def _one_by_one(queries, size):
    """The images 1, 2, … through a pool, one a query -> what was returned, and the pool at the end."""

    def query(state, number):
        pool, _ = state
        image = tf.reshape(tf.cast(number + 1, tf.float32), [1, 1, 1, 1])
        returned, pool = query_pool(pool, tf.minimum(number, size), image, fold_in(tf.constant([5, 6]), number))
        return pool, tf.reshape(returned, [])

    start = tf.zeros([size, 1, 1, 1]), tf.constant(0.0)
    return tf.scan(query, tf.range(queries), start)


@pytest.fixture(scope="module")
def history():
    """20,000 queries of a pool of 50: the pool after each, and what each returned."""
    pools, returned = _one_by_one(20_000, 50)
    return pools.numpy().reshape(20_000, 50), returned.numpy()


def test_the_pool_first_fills_up(history):
    pools, returned = history
    np.testing.assert_array_equal(returned[:50], np.arange(1, 51))
    np.testing.assert_array_equal(pools[49], np.arange(1, 51))


def test_half_of_the_returned_images_are_older_and_ages_are_geometric(history):
    _, returned = history
    ages = np.arange(1, 20_001)[50:] - returned[50:]
    assert np.mean(ages == 0) == pytest.approx(0.5, abs=0.015)
    old = ages[1000:][ages[1000:] > 0]
    # A stored image leaves with probability 1/100 a query: mean 100, median ln 2 / -ln 0.99 = 69.
    assert np.mean(old) == pytest.approx(100, rel=0.05) and np.median(old) == pytest.approx(69, abs=5)


def test_an_image_is_returned_as_old_at_most_once_and_only_while_it_is_stored(history):
    pools, returned = history
    queries = np.arange(1, 20_001)
    old = returned[returned < queries]
    assert len(set(old)) == len(old)
    swaps = np.nonzero(returned < queries)[0]
    swaps = swaps[swaps >= 50]
    for step in swaps[:200]:
        assert returned[step] in pools[step - 1] and returned[step] not in pools[step]
        assert step + 1 in pools[step]
    kept = [step for step in range(60, 200) if returned[step] == step + 1]
    for step in kept:
        np.testing.assert_array_equal(pools[step], pools[step - 1])


def test_a_batch_is_exchanged_one_image_after_the_other():
    """A batch larger than the pool: an image of a batch can be returned by a later one of the same batch; none is lost or doubled."""
    pool, filled, seen = tf.zeros([3, 1, 1, 1]), 0, []
    for number in range(200):
        images = tf.reshape(tf.range(8 * number + 1, 8 * number + 9, dtype=tf.float32), [8, 1, 1, 1])
        returned, pool = query_pool(pool, tf.constant(filled), images, fold_in(tf.constant([1, 2]), number))
        filled = min(filled + 8, 3)
        seen.append(returned.numpy().ravel())
    assert len(set(pool.numpy().ravel())) == 3
    first = seen[0]
    assert list(first[:3]) == [1, 2, 3]
    everything = np.concatenate(seen)
    counts = np.unique(everything, return_counts=True)[1]
    assert counts.max() == 2  # once as new, then once as old
    inside = [n for n, batch in enumerate(seen) if any(v < 8 * n + 1 + i and v > 8 * n for i, v in enumerate(batch))]
    assert inside  # returned to the very batch that brought it


def test_exchange_feeds_the_discriminators_and_remembers():
    method = make_method(batch_size=2)
    fakes = {f"fake_{side}": tf.fill([2, SIZE, SIZE, 3], value) for side, value in (("target", 1.0), ("source", 2.0))}
    for number, filled in enumerate((2, 4, 4)):
        exchanged = method.exchange_outputs({key: value + 10.0 * number for key, value in fakes.items()}, tf.constant([0, number]))
        assert int(method.state["filled"].numpy()) == filled
        assert set(exchanged) == set(fakes)
        assert {float(v) for v in tf.reshape(exchanged["fake_target"], [-1])} <= {1.0, 11.0, 21.0}
        assert {float(v) for v in tf.reshape(exchanged["fake_source"], [-1])} <= {2.0, 12.0, 22.0}
    assert {float(v) for v in tf.reshape(method.state["target"], [-1])} <= {1.0, 11.0, 21.0}


def test_checkpoints_whose_pool_was_counted_in_int32_are_read(tmp_path):
    """As all were, until it was seen that XLA on a GPU cannot reach variables of int32."""
    before, after, read = make_method(), make_method(), make_method()
    before.state["source"].assign(tf.fill(before.state["source"].shape, 0.5))
    steps = [TrainStep(method, tf.distribute.get_strategy(), seed=0) for method in (before, after)]
    before.state["filled"] = tf.Variable(tf.constant(3), trainable=False)
    assert before.state["filled"].dtype == tf.int32
    Checkpointer(tmp_path, steps[0], keep=1).save()
    Checkpointer(tmp_path, steps[1], keep=1).restore()
    assert load_weights(tmp_path, read) == 0
    for method in (after, read):
        assert method.state["filled"].dtype == tf.int64 and method.state["filled"] == 3
        np.testing.assert_array_equal(method.state["source"], before.state["source"])
        for name, network in before.networks.items():
            for one, other in zip(network.get_weights(), method.networks[name].get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)


def test_state_of_int32_is_refused():
    with pytest.raises(TypeError, match="cannot be used by XLA on a GPU; make it int64"):
        base.variable(tf.zeros([2], tf.int32))


def test_without_a_pool_nothing_is_remembered():
    method = make_method(pool_size=0)
    outputs = {"fake_target": tf.ones([1])}
    assert method.state == {} and method.exchange_outputs(outputs, tf.constant([0, 0])) is outputs


def test_the_generators_losses_never_see_the_pool():
    method, batch = make_method(), make_batch()
    plain, _ = generator_scalars(method, batch)
    stored = {"fake_target": tf.ones([2, SIZE, SIZE, 3]), "fake_source": -tf.ones([2, SIZE, SIZE, 3])}
    assert generator_scalars(method, batch | stored)[0] == plain


def test_discriminators_see_the_exchanged_images_only():
    method, batch = make_method(), make_batch()
    fakes = {"fake_target": make_batch(1)["target"], "fake_source": make_batch(2)["source"]}

    def losses(batch):
        return {name: float(value) for name, value in method._discriminator_losses(batch, tf.constant([0, 0])).scalars.items()}

    plain = losses(batch | fakes)
    changed = losses(batch | fakes | {"fake_target": fakes["fake_target"] + 0.5})
    assert changed["discriminator_target_loss"] != plain["discriminator_target_loss"]
    assert changed["discriminator_source_loss"] == plain["discriminator_source_loss"]
    method.to_target = method.to_source = None  # they are not asked
    assert losses(batch | fakes) == plain


# The losses


def zero_the_logits(method):
    for name in DISCRIMINATORS:
        for variable in method.networks[name].trainable_variables[-2:]:
            variable.assign(tf.zeros_like(variable))


@pytest.mark.parametrize("loss, discriminator, generator", [("lsgan", 0.5, 1.0), ("bce", 2 * np.log(2), np.log(2))])
def test_losses_at_logits_of_zero(loss, discriminator, generator):
    method, batch = make_method(loss=loss, cycle_weight=3.0, identity_weight=0.25), make_batch()
    zero_the_logits(method)
    found, outputs = generator_scalars(method, batch)
    assert found["gan_target_loss"] == pytest.approx(generator, rel=1e-6) and found["gan_source_loss"] == pytest.approx(generator, rel=1e-6)
    expected = 2 * generator + 3.0 * (found["cycle_source_loss"] + found["cycle_target_loss"]) + 0.75 * found["identity_loss"]
    assert found["generator"] == pytest.approx(expected, rel=1e-6)
    result = method._discriminator_losses(batch | outputs, tf.constant([0, 0]))
    assert float(result.losses["discriminator"]) == pytest.approx(2 * discriminator, rel=1e-6)


def test_identities_have_no_cycle_and_no_identity_loss():
    method, batch = make_method(), make_batch()
    method.to_target = method.to_source = lambda images, training: images
    found, _ = generator_scalars(method, batch)
    assert found["cycle_source_loss"] == found["cycle_target_loss"] == found["identity_loss"] == 0
    assert found["generator"] == pytest.approx(found["gan_target_loss"] + found["gan_source_loss"])


def test_defaults_are_the_papers():
    h = HParams()
    assert (h.generator, h.ngf, h.ndf, h.n_layers, h.loss) == ("resnet_9", 64, 64, 3, "lsgan")
    assert (h.cycle_weight, h.identity_weight, h.pool_size, h.batch_size, h.learning_rate, h.beta_1) == (10.0, 0.5, 50, 1, 2e-4, 0.5)
    assert (h.epochs, h.schedule(), h.loaded_size()) == (200, (100, 100), (286, 286))


def test_each_loss_goes_its_own_way():
    """Identity and cycle losses compare what they should: with to_target = negation and to_source = halving, by hand."""
    method = make_method(identity_weight=1.0, cycle_weight=1.0)
    method.to_target = lambda images, training: -images
    method.to_source = lambda images, training: 0.5 * images
    batch = {"source": tf.fill([1, SIZE, SIZE, 3], 0.5), "target": tf.fill([1, SIZE, SIZE, 3], -0.25)}
    found, outputs = generator_scalars(method, batch)
    assert float(outputs["fake_target"][0, 0, 0, 0]) == -0.5 and float(outputs["fake_source"][0, 0, 0, 0]) == -0.125
    assert found["cycle_source_loss"] == 0.75  # |0.5 · -0.5 - 0.5|
    assert found["cycle_target_loss"] == 0.375  # |-0.5 · -0.25 + 0.25|
    assert found["identity_loss"] == 0.25 + 0.5  # |0.5 · 0.5 - 0.5| + |0.25 + 0.25|


def test_unequal_weights_of_the_two_cycles():
    """λ of each cycle, and of the identity loss of the same images, by hand; the generators are those of the test above."""
    for target_weight, expected in (
        (-1.0, 3 * (0.75 + 0.375) + 1.5 * (0.25 + 0.5)),
        (5.0, 3 * (0.75 + 0.5 * 0.25) + 5 * (0.375 + 0.5 * 0.5)),
    ):
        method = make_method(identity_weight=0.5, cycle_weight=3.0, target_cycle_weight=target_weight)
        method.to_target = lambda images, training: -images
        method.to_source = lambda images, training: 0.5 * images
        batch = {"source": tf.fill([1, SIZE, SIZE, 3], 0.5), "target": tf.fill([1, SIZE, SIZE, 3], -0.25)}
        found, _ = generator_scalars(method, batch)
        assert found["generator"] - found["gan_target_loss"] - found["gan_source_loss"] == pytest.approx(expected, rel=1e-5)


def test_batch_norm_sees_one_kind_of_image_at_a_time():
    """A discriminator with batch norm is called for real and for generated images apart; each call moves its averages."""
    method, batch = make_method(norm="batch", n_layers=2), make_batch()
    ((real,),), ((fake,),) = method._judge("target", [batch["target"], batch["source"]], tf.constant([0, 0]))
    np.testing.assert_allclose(real, method.of_target(batch["target"], training=True), atol=1e-5)
    np.testing.assert_allclose(fake, method.of_target(batch["source"], training=True), atol=1e-5)
    joined = method.of_target(tf.concat([batch["target"], batch["source"]], axis=0), training=True)
    assert np.abs(joined[: len(real)] - real).max() > 1e-4
    names = {name: {layer.name.rstrip("_0123456789") for layer in net._flatten_layers()} for name, net in method.networks.items()}
    assert all("batch_norm" in found and "instance_norm" not in found for found in names.values()), names


def test_statistics_of_batch_norm_after_training():
    for batch_size, moves in ((1, False), (2, True)):
        method = make_method(norm="batch", batch_size=batch_size)
        before = method.to_target(make_batch()["source"][:1], training=False).numpy()
        for _ in range(3):
            method.to_target(2.0 * make_batch(1)["source"] + 1.0, training=True)
        after = method.to_target(make_batch()["source"][:1], training=False).numpy()
        assert np.any(before != after) is np.True_ if moves else np.array_equal(before, after)


def test_swapping_the_domains_leaves_the_generators_loss():
    method, batch = make_method(), make_batch()
    loss = generator_scalars(method, batch)[0]["generator"]
    method.to_target, method.to_source = method.to_source, method.to_target
    method.of_target, method.of_source = method.of_source, method.of_target
    swapped = generator_scalars(method, {"source": batch["target"], "target": batch["source"]})[0]["generator"]
    assert swapped == pytest.approx(loss, rel=1e-6)
    assert generator_scalars(method, batch)[0]["generator"] != pytest.approx(loss, rel=1e-4)


def test_biases_before_the_norm_have_no_gradient():
    method, batch = make_method(), make_batch()
    generator = method.to_target
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(generator(batch["source"], training=True) * batch["target"])
    gradients = tape.gradient(loss, [v.value for v in generator.trainable_variables])
    biases = [(v, g) for v, g in zip(generator.trainable_variables, gradients) if v.path.endswith("bias")]
    kernels = [float(tf.reduce_max(tf.abs(g))) for v, g in zip(generator.trainable_variables, gradients) if not v.path.endswith("bias")]
    *normalized, (_, last) = biases
    assert len(normalized) == 7 and max(float(tf.reduce_max(tf.abs(g))) for _, g in normalized) < 1e-4 * min(kernels)
    assert float(tf.reduce_max(tf.abs(last))) > 1e-2


# The step


def test_the_pool_changes_what_the_discriminators_learn_from(eagerly):
    """Three steps on one CPU: with a pool of one image the second step's discriminators may see the first step's translations."""
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    steps = {}
    for size in (0, 3):
        with strategy.scope():
            method = make_method(pool_size=size, batch_size=2)
        step = TrainStep(method, strategy, seed=0)
        iterator = iter(strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors(make_batch()).repeat()))
        losses = []
        for _ in range(6):
            values = step.run(iterator, tf.constant(1)).numpy()
            losses.append(dict(zip(step.names, values))["discriminator_loss"])
        steps[size] = losses, method
    assert steps[0][0][0] == pytest.approx(steps[3][0][0], rel=1e-6)  # the pool returns what it is given until it is full
    assert steps[0][0][5] != pytest.approx(steps[3][0][5], rel=1e-6)
    state = steps[3][1].state
    assert int(state["filled"].numpy()) == 3
    assert len({float(image[0, 0, 0]) for image in state["target"].numpy()}) == 3


# Inference


def test_both_directions_and_back_in_the_sample_row():
    method = make_method()
    method.networks |= {"to_target": lambda images, training: -images, "to_source": lambda images, training: 0.5 * images}
    signatures = method.inference()
    assert list(signatures) == ["to_night", "to_day"]
    assert [(signature.source.name, signature.target.name, signature.input_key) for signature in signatures.values()] == [
        ("day", "night", "source"),
        ("night", "day", "target"),
    ]
    use = {name: lambda image, signature=signature: signature.function(image[None])[0] for name, signature in signatures.items()}
    row = method.sample_row({"source": np.full((8, 8, 3), 0.5), "target": np.full((8, 8, 3), -1.0)}, use)
    assert {title: float(np.asarray(image)[0, 0, 0]) for title, image in row.items()} == {
        **{"day": 0.5, "day to night": -0.5, "back to day": -0.25},
        **{"night": -1.0, "night to day": -0.5, "back to night": 0.5},
    }


# The settings


def test_names_of_domains_become_names_of_ways():
    def named(source, target):
        return dataclasses.replace(SPEC, domains={"source": Domain(source, 3), "target": Domain(target, 3)})

    assert list(make_method(named("day", "caf\udce9")).inference()) == ["to_caf\\udce9", "to_day"]
    with pytest.raises(UserError, match="Both domains are called 'day'"):
        make_method(named("day", "day"))


def test_domains_of_different_channels_have_no_identity_loss(caplog):
    gray = dataclasses.replace(SPEC, domains={"source": Domain("day", 3), "target": Domain("sketch", 1)})
    say_once.cache_clear()
    method = make_method(gray)
    assert "The identity loss is left out" in caplog.text and "day has 3 and sketch 1 channels" in caplog.text
    assert method.to_target.output_shape[-1] == 1 and method.to_source.output_shape[-1] == 3
    assert [
        network.input_shape[-1] if not isinstance(network.input_shape, list) else network.input_shape[0][-1]
        for network in (method.of_target, method.of_source)
    ] == [1, 3]
    found, outputs = generator_scalars(method, {"source": make_batch()["source"], "target": make_batch()["target"][..., :1]})
    assert "identity_loss" not in found and outputs["fake_target"].shape[-1] == 1


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"image_size": (30, 32)}, "--image_size=30x32 does not suit --generator=resnet_1 and --n_layers=1: use multiples of 4 from 8 on"),
        ({"image_size": (16, 16), "n_layers": 3}, "use multiples of 4 from 24 on"),
        ({"generator": "unet_32"}, "use multiples of 32 from 32 on"),
        ({"epochs": 201, "lr_constant_epochs": 100, "lr_decay_epochs": 100}, r"is 0 after 100 \+ 100 epochs, before --epochs=201 end"),
        ({"generator": "resnet_0"}, "--generator=resnet_0 is unknown"),
    ],
)
def test_settings_that_cannot_work(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**TINY | changes)


@pytest.mark.parametrize("epoch, rate", [(0, 2e-4), (100, 2e-4), (150, 1e-4), (199, 2e-6), (200, 0.0)])
def test_learning_rate(epoch, rate):
    method = make_method()
    assert method.steps_per_epoch == 3 and set(method.make_optimizers()) == {"generator", "discriminator"}
    for optimizer in method.make_optimizers().values():
        assert float(optimizer._learning_rate(epoch * 3)) == pytest.approx(rate, rel=1e-4, abs=1e-12)


def test_networks_are_four():
    method = make_method()
    assert tuple(method.networks) == (*GENERATORS, *DISCRIMINATORS)
    assert len({id(network) for network in method.networks.values()}) == 4
