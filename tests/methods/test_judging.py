"""Discriminators of translations: several scales, spectral norm, feature matching, a perceptual loss, and projected ones."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import Training, frozen_network, make_method, moved, weights

from tfgan.config import Domain
from tfgan.errors import UserError
from tfgan.layers import HalvingPool, SpectralConv2D
from tfgan.methods import method_class
from tfgan.networks.patchgan import patchgan

pytestmark = pytest.mark.usefixtures("eagerly")
TRANSLATIONS = ("pix2pix", "cyclegan", "cut")
PROJECTED = {"discriminator": "projected", "discriminator_scales": 3, "frozen_features": "own"}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


# PatchGANs


@pytest.mark.parametrize("n_layers", [0, 2])
def test_each_scale_is_a_patchgan_of_the_halved_image(n_layers):
    many = patchgan(3, scales=3, ndf=2, n_layers=n_layers, norm="instance")
    one = patchgan(3, ndf=2, n_layers=n_layers, norm="instance")
    x = noise(2, 48, 48, 3)
    for name, maps in many([x]).items():
        one.set_weights(keras.Model(many.inputs, many.output[name]).get_weights())
        assert len(maps) == (n_layers + 2 if n_layers else 3)
        np.testing.assert_allclose(maps[-1], one([x]), atol=1e-5)
        x = HalvingPool()(x)


@pytest.mark.parametrize("n_layers, downsampling", [(0, "stride"), (2, "stride"), (2, "blur")])
def test_spectral_norm_divides_by_the_largest_singular_value(n_layers, downsampling):
    network = {"ndf": 3, "n_layers": n_layers, "downsampling": downsampling}
    spectral, plain = patchgan(2, norm="spectral", **network), patchgan(2, norm="none", **network)
    convolutions = [layer for layer in spectral._flatten_layers() if isinstance(layer, SpectralConv2D)]
    assert len(convolutions) == (3 if n_layers == 0 else n_layers + 2)
    values = []
    for layer in convolutions:
        kernel = layer.kernel.numpy()
        _, sizes, directions = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]))
        layer.u.assign(directions[0])  # where the power iteration leads to
        values += [kernel / sizes[0], layer.bias.numpy()]
    plain.set_weights(values)
    x = noise(1, 16, 16, 2)
    np.testing.assert_allclose(spectral([x]), plain([x]), atol=1e-4)


def test_losses_are_means_over_scales():
    """Logits of 1 and -1 for real images at two scales, of -1 and 1 for generated ones: softplus by hand."""
    method = make_method("pix2pix", discriminator_scales=2)
    logits = {"real": (1.0, -1.0), "fake": (-1.0, 1.0)}
    real, fake = (tf.constant(noise(4, 16, 16, 3, seed=seed)) for seed in (0, 1))
    kinds = {id(real): "real", id(fake): "fake"}
    method._judge = lambda source, target, seed: [[tf.fill([4, 3, 3, 1], value)] for value in logits[kinds[id(target)]]]
    result, maps = method._discriminator_result(None, {"real": real, "fake": fake}, tf.constant([0, 0]))
    sure, fooled = (2 * np.log1p(np.exp(value)) for value in (-1.0, 1.0))
    assert float(result.losses["discriminator"]) == pytest.approx((sure + fooled) / 2, rel=1e-6)
    assert float(result.scalars["real_logit"]) == float(result.scalars["fake_logit"]) == 0.0
    generator = method._generator_result(real, fake, maps["fake"], None)
    assert float(generator.scalars["gan_loss"]) == pytest.approx((sure + fooled) / 4, rel=1e-6)


def test_feature_matching_by_hand():
    """Maps that are 1 and 2 apart at one scale, 3 and 6 at the other: 3 in the mean, whatever their sizes, and logits do not count."""
    method = make_method("pix2pix", feature_matching=7.0, discriminator_scales=2)
    images, shapes = tf.zeros([2, 16, 16, 3]), [(8, 8, 4), (4, 4, 8), (3, 3, 1)]

    def maps(apart):
        return [[tf.constant(noise(2, *shape)) + by for shape, by in zip(shapes, (*scale, 0.0))] for scale in apart]

    result = method._generator_result(images, images, maps([(1, -2), (3, 6)]), lambda: maps([(0, 0), (0, 0)]))
    assert float(result.scalars["feature_loss"]) == pytest.approx(3.0, rel=1e-5)
    assert float(result.losses["generator"] - result.scalars["gan_loss"]) == pytest.approx(21.0, rel=1e-5)


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_feature_matching_compares_what_the_discriminator_makes_of_both(updates):
    """With the discriminator's learning rate at 0 the maps of the step can be made again; in turn 1 is what the maps' mean distance is."""
    training = Training("pix2pix", feature_matching=2.0, updates=updates, dropout=0.0, learning_rate=0.0)
    found = training.run()
    method, batch = training.method, next(iter(training.dataset))
    judged = [
        method.judge(method.discriminator, batch["source"], target)[0]
        for target in (batch["target"], method.generator(batch["source"], training=True))
    ]
    expected = np.mean([np.mean(np.abs(real - fake)) for real, fake in zip(*(maps[:-1] for maps in judged))])
    assert found["feature_loss"] == pytest.approx(expected, rel=1e-4)
    assert found["generator_loss"] == pytest.approx(found["gan_loss"] + 100 * found["l1_loss"] + 2 * expected, rel=1e-4)


# Frozen features


def doubling():
    """A network whose maps are twice the image, and a quarter of its pixels' means."""
    image = keras.Input((None, None, 3))
    return keras.Model(image, [2.0 * image, keras.layers.AveragePooling2D(2)(image)])


def test_perceptual_loss_by_hand():
    """Images 1 apart are 2 apart in one map and 1 in the other. Real images, the goal, get no gradient."""
    method = make_method("pix2pix", perceptual_weight=10.0, frozen_features="own", objective="l1", l1_weight=1.0)
    method.see_with(doubling(), "it")
    real, fake = tf.Variable(tf.zeros([1, 16, 16, 3])), tf.Variable(tf.ones([1, 16, 16, 3]))
    with tf.GradientTape() as tape:
        loss = method.perceptual_loss(tf.convert_to_tensor(real), tf.convert_to_tensor(fake))
    assert float(loss) == pytest.approx(1.5)
    slopes = tape.gradient(loss, [real, fake])
    assert slopes[0] is None and float(tf.reduce_sum(slopes[1])) == pytest.approx(1.5)
    like, scalars = method._likeness(real, fake)
    assert float(like) == pytest.approx(1.0 + 10 * 1.5) and float(scalars["perceptual_loss"]) == pytest.approx(1.5)


def test_cyclegan_compares_images_with_what_comes_back():
    method = make_method("cyclegan", perceptual_weight=2.0, frozen_features="own", identity_weight=0.0, cycle_weight=0.0)
    method.see_with(doubling(), "it")
    method.to_source = lambda images, training: images + 1.0
    method.to_target = lambda images, training: images + 2.0
    zeros = tf.zeros([1, 16, 16, 3])
    result = method._generator_losses({"source": zeros, "target": zeros}, tf.constant([0, 0]))
    assert float(result.scalars["perceptual_loss"]) == pytest.approx(2 * 3 * 1.5)  # 3 there and back, in both directions
    gan = result.scalars["gan_target_loss"] + result.scalars["gan_source_loss"]
    assert float(result.losses["generator"] - gan) == pytest.approx(2 * 2 * 3 * 1.5, rel=1e-5)


@pytest.mark.parametrize(
    "name, changes",
    [
        ("cut", PROJECTED),
        ("pix2pix", PROJECTED | {"norm": "instance", "r1_gamma": 1.0, "loss": "rpgan"}),
    ],
)
def test_a_step(name, changes):
    """All that is trained moves; the frozen network and the random mixing of its maps stay."""
    training = Training(name, **changes)
    method = training.method
    frozen = method.features.model.get_weights() if changes.keys() >= PROJECTED.keys() else []
    before, found = weights(method), training.run()
    assert np.all(np.isfinite(list(found.values()))) and all(np.isfinite(value).all() for value in weights(method).values())
    still = {key for key in before.keys() - moved(before, weights(method)) if not key[1].endswith("bias") and before[key].size > 1}
    assert {network for network, _ in still} == ({"projection"} if frozen else set()), still
    assert all(np.array_equal(a, b) for a, b in zip(frozen, method.features.model.get_weights() if frozen else []))


@pytest.mark.parametrize("conditional", [True, False])
def test_a_projected_discriminator_sees_the_source_where_the_objective_says(conditional):
    method = make_method("pix2pix", objective="cgan" if conditional else "gan", **PROJECTED)
    method.see_with(frozen_network(), "it")
    source, target = tf.constant(noise(2, 16, 16, 1)), tf.constant(noise(2, 16, 16, 3))
    seed = tf.constant([0, 0])
    logits = [[maps[-1] for maps in method._judge(given, target, seed)] for given in (source, -source)]
    assert [np.abs(a - b).max() > 1e-5 for a, b in zip(*logits)] == [conditional] * 3


# What does not fit


@pytest.mark.parametrize(
    "name, changes, message",
    [
        ("pix2pix", {"discriminator": "projected"}, "--discriminator=projected needs --frozen_features=own, or a Keras model's file."),
        ("cyclegan", {"perceptual_weight": 1.0}, "--perceptual_weight=1 needs --frozen_features=own"),
        ("pix2pix", {"frozen_features": "own"}, "does nothing without --discriminator=projected and --perceptual_weight: give one"),
        ("cut", {"frozen_features": "own"}, "does nothing without --discriminator=projected: give one"),
        ("pix2pix", {"objective": "l1", "discriminator_scales": 2}, "--discriminator_scales does nothing with --objective=l1"),
        ("cut", {"discriminator_scales": 3}, "--n_layers=1 and --discriminator_scales=3: use 24 pixels or more, fewer layers or fewer"),
        ("pix2pix", PROJECTED | {"feature_matching": 1.0}, "with --discriminator=projected use --perceptual_weight"),
        ("pix2pix", {"r1_gamma": 1.0, "norm": "instance", "discriminator_norm": "batch"}, "use --discriminator_norm=instance"),
        ("cyclegan", {"r1_gamma": 1.0, "norm": "batch"}, "use --norm=instance"),
        ("cut", {"discriminator_norm": "batch"}, "must be one of auto, instance, spectral, none"),
    ],
)
def test_settings_that_contradict_each_other(name, changes, message):
    with pytest.raises(UserError) as caught:
        make_method(name, **changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "changes, net, message",
    [
        ({"discriminator_scales": 4}, frozen_network, "has maps of 3 sizes, 16×16×2, 8×8×3, 4×4×4: use --discriminator_scales=3"),
        ({}, lambda: frozen_network(size=12), "The coarsest map of it is too small for a projected discriminator, which takes 4×4"),
    ],
)
def test_networks_that_do_not_fit(changes, net, message):
    method = make_method("cut", **PROJECTED | changes)
    with pytest.raises(UserError) as caught:
        method.see_with(net(), "it")
    assert message in str(caught.value)


def test_images_that_no_network_sees():
    method = make_method("cut", **PROJECTED)
    method.spec = dataclasses.replace(method.spec, domains=method.spec.domains | {"target": Domain("bands", 7)})
    with pytest.raises(UserError, match="bands has 7 channels"):
        method.see_with(frozen_network(), "it")


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_the_norm_and_the_scales_are_written_out(name):
    settled = method_class(name).HParams().settled()
    assert (settled.discriminator_scales, settled.discriminator_norm) == (1, "batch" if name == "pix2pix" else "instance")
    assert dataclasses.replace(settled) == settled
    alone = method_class("pix2pix").HParams(objective="l1").settled()
    assert dataclasses.replace(alone) == alone  # whose record is read again
