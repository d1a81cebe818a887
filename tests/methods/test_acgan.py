"""ACGAN: both halves of its losses by hand values, who learns from which, class accuracy, architectures and settings."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import BatchNorm, Dropout, ForwardPass
from tfgan.methods.acgan import ACGAN, HParams, class_loss

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE, BATCH = 16, 4
SEED = tf.constant([3, 4])
DIGITS = tuple("0123456789")
UNDECIDED = (math.log(2) + math.log(10)) / 2  # 1.497866


def make_method(size=SIZE, channels=1, names=DIGITS, **changes):
    keras.utils.set_random_seed(1)
    spec = DataSpec("labeled", (size, size), {"image": Domain("image", channels)}, {"train": 8, "validation": 2}, "", names)
    return ACGAN(HParams(image_size=(size, size), **changes), spec)


def make_batch(n=BATCH):
    noise = np.random.default_rng(0)
    images = tf.constant(noise.uniform(-1, 1, (n, SIZE, SIZE, 1)), tf.float32)
    return {"image": images, "label": tf.constant(np.arange(n) % 10, tf.int32)}


def run_phase(method, name):
    phase = next(phase for phase in method.phases() if phase.name == name)
    with ForwardPass(SEED):
        result = phase.losses(make_batch(), SEED)
    return {f"{name}_loss": float(x) for name, x in result.losses.items()} | {name: float(x) for name, x in result.scalars.items()}


class Judge:
    """In place of the discriminator: for real images and then for generated ones a score, and the class logits of each image."""

    def __init__(self, scores, classes):
        self.scores, self.classes, self.calls = scores, classes, 0

    def __call__(self, images, training):
        score, classes = self.scores[self.calls % len(self.scores)], self.classes[self.calls % len(self.classes)]
        self.calls += 1
        return tf.fill([images.shape[0], 1], float(score)), tf.cast(classes, tf.float32)


def one_hot(labels, height):
    """Logits with `height` at the label's place, else 0, and their cross-entropy with the label."""
    return height * np.eye(10)[labels], -height + math.log(math.exp(height) + 9)


# Losses


@pytest.mark.parametrize("loss, discriminator, generator", [("bce", UNDECIDED, UNDECIDED), ("lsgan", 0.125, 0.5), ("hinge", 0.5, 0.0)])
def test_losses_at_logits_0(loss, discriminator, generator):
    """½ (ln 2 + ln 10) of both networks; the other losses' discriminator part is a quarter, their generator part a half."""
    method = make_method(loss=loss)
    method.discriminator = Judge([0], [np.zeros((BATCH, 10))])
    classes = 0 if loss == "bce" else 0.5 * math.log(10)
    assert run_phase(method, "discriminator")["discriminator_loss"] == pytest.approx(discriminator + classes, rel=1e-6)
    assert run_phase(method, "generator")["generator_loss"] == pytest.approx(generator + classes, rel=1e-6)


def test_class_losses_are_of_one_softmax():
    """Two in a row, as the ports have them, cannot fall below 1.4612."""
    labels = np.arange(4)
    assert float(class_loss(tf.constant(one_hot(labels, 30.0)[0]), labels)) == pytest.approx(0, abs=1e-6)
    assert float(class_loss(tf.zeros((4, 10)), labels)) == pytest.approx(math.log(10))
    assert float(class_loss(tf.constant(one_hot(labels, 2.0)[0]), labels)) == pytest.approx(one_hot(labels, 2.0)[1])


@pytest.mark.parametrize("weight, fakes", [(1.0, 1.0), (0.3, 1.0), (1.0, 0.0), (0.3, 0.5)])
def test_the_discriminators_loss_by_hand(weight, fakes):
    """½ {½ (adversarial + class) of real images + ½ (adversarial + class) of generated ones}."""
    method = make_method(class_weight=weight, fake_class_weight=fakes)
    _, drawn = method.draw(make_batch(), SEED)
    (real, real_entropy), (fake, fake_entropy) = one_hot(make_batch()["label"], 3.0), one_hot(drawn, -1.0)
    method.discriminator = Judge([2, -1], [real, fake])
    found = run_phase(method, "discriminator")
    adversarial = math.log1p(math.exp(-2)), math.log1p(math.exp(-1))
    assert found["discriminator_class_loss"] == pytest.approx((real_entropy + fakes * fake_entropy) / 2, rel=1e-6)
    expected = 0.5 * (0.5 * (adversarial[0] + weight * real_entropy) + 0.5 * (adversarial[1] + weight * fakes * fake_entropy))
    assert found["discriminator_loss"] == pytest.approx(expected, rel=1e-6)
    assert found["class_accuracy"] == 0.5  # all real ones, and none of the others


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_the_generators_loss_by_hand(weight):
    """½ (adversarial + class), the class being the one it was asked for."""
    method = make_method(class_weight=weight)
    _, drawn = method.draw(make_batch(), SEED)
    logits, entropy = one_hot(drawn, 3.0)
    method.discriminator = Judge([-2], [logits])
    found = run_phase(method, "generator")
    assert found["generator_class_loss"] == pytest.approx(entropy, rel=1e-6)
    assert found["generator_loss"] == pytest.approx(0.5 * (math.log1p(math.exp(2)) + weight * entropy), rel=1e-6)
    assert found["fake_score_before"] == pytest.approx(1 / (1 + math.exp(2)), rel=1e-5)


def test_class_accuracy_counts_real_and_generated_images():
    method = make_method()
    _, drawn = method.draw(make_batch(), SEED)
    told = np.array(drawn)
    told[0] = (told[0] + 1) % 10
    method.discriminator = Judge([0], [one_hot(make_batch()["label"], 1.0)[0], one_hot(told, 1.0)[0]])
    assert run_phase(method, "discriminator")["class_accuracy"] == pytest.approx(7 / 8)


def test_the_penalty_has_the_adversarial_losss_share():
    method = make_method(loss="wgan_gp", discriminator_norm="none")
    method.discriminator = Judge([0], [np.zeros((BATCH, 10))])
    found = run_phase(method, "discriminator")
    assert found["gradient_penalty"] == pytest.approx(1)
    assert found["discriminator_loss"] == pytest.approx(0.25 * 10 + 0.5 * math.log(10), rel=1e-6)


def gradient(method, name, network):
    phase = next(phase for phase in method.phases() if phase.name == name)
    with tf.GradientTape() as tape, ForwardPass(SEED):
        (loss,) = phase.losses(make_batch(), SEED).losses.values()
    return tape.gradient(loss, [v.value for v in method.networks[network].trainable_variables], unconnected_gradients="zero")


@pytest.mark.parametrize("architecture", ["upsampling", "paper"])
def test_who_learns_from_which_loss(architecture):
    method = make_method(architecture=architecture, ngf=4, ndf=4)
    assert all(not np.any(slope) for slope in gradient(method, "discriminator", "generator"))
    for name in ("discriminator", "generator"):
        kernels = [v.path.endswith("kernel") for v in method.networks[name].trainable_variables]
        assert all(np.any(slope) for slope, is_kernel in zip(gradient(method, name, name), kernels) if is_kernel)


def test_the_generator_learns_the_class_alone_too():
    """With the score's head at zero the class still pulls, and the embedding with it."""
    method = make_method(ngf=4, ndf=4)
    score, _ = (layer for layer in method.discriminator.layers if isinstance(layer, keras.layers.Dense))
    score.kernel.assign(tf.zeros_like(score.kernel))
    slopes = dict(zip((v.path for v in method.generator.trainable_variables), gradient(method, "generator", "generator")))
    (embedding,) = (slope for path, slope in slopes.items() if path.endswith("embeddings"))
    assert np.any(tf.convert_to_tensor(embedding))
    method = make_method(ngf=4, ndf=4, class_weight=0.0)
    score, _ = (layer for layer in method.discriminator.layers if isinstance(layer, keras.layers.Dense))
    score.kernel.assign(tf.zeros_like(score.kernel))
    assert not any(np.any(tf.convert_to_tensor(slope)) for slope in gradient(method, "generator", "generator"))


# Architectures and settings


@pytest.mark.parametrize(
    "size, channels, architecture, generator, discriminator",
    [(32, 1, "upsampling", 1_051_625, 103_691), (28, 1, "upsampling", 857_705, 103_691), (32, 3, "paper", 2_994_627, 1_666_859)],
)
def test_counts(size, channels, architecture, generator, discriminator):
    method = make_method(size, channels, architecture=architecture)
    assert (method.generator.count_params(), method.discriminator.count_params()) == (generator, discriminator)


@pytest.mark.parametrize("architecture, own, rate", [("upsampling", (64, 16), 0.25), ("paper", (96, 16), 0.5)])
def test_settings_of_the_networks(architecture, own, rate):
    method = make_method(architecture=architecture, ngf=2, ndf=3, discriminator_norm="none", latent_dim=6)
    assert HParams(architecture=architecture).widths() == own and method.hparams.widths() == (2, 3)
    convolutions = [layer for layer in method.discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions[0].filters == 3 and method.generator.input_shape == [(None, 6), (None,)]
    assert not [layer for layer in method.discriminator.layers if isinstance(layer, BatchNorm)]
    assert [layer.output.shape[-1] for layer in method.generator.layers][-3] == 2
    for settings, expected in (({}, rate), ({"dropout": 0.0}, 0.0), ({"dropout": 0.1}, 0.1)):
        method = make_method(architecture=architecture, ngf=2, ndf=3, **settings)
        assert {layer.rate for layer in method.discriminator.layers if isinstance(layer, Dropout)} == {expected}


def test_what_the_ports_0_8_means():
    method = make_method(batch_norm="epsilon", ngf=2, ndf=2)
    found = [layer.epsilon for layer in (*method.generator.layers, *method.discriminator.layers) if isinstance(layer, BatchNorm)]
    assert found == [1e-5, *[0.8] * 5]


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"image_size": (30, 32)}, "--image_size=30x32 does not suit --architecture=upsampling: use multiples of 4"),
        ({"image_size": (28, 28), "architecture": "paper"}, "--image_size=28x28 does not suit --architecture=paper: use multiples of 8"),
        ({"image_size": (0, 0)}, "--image_size=0 must be at least one pixel"),
        ({"loss": "wgan_gp"}, "batch norm mixes them .*: use --discriminator_norm=none"),
        ({"architecture": "paper", "batch_norm": "epsilon"}, "--batch_norm does nothing with --architecture=paper"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        HParams(**settings)


def test_samples_are_of_the_class_asked_for_whatever_else_is_in_the_batch():
    method = make_method(ngf=4, ndf=4)
    latents = np.random.default_rng(0).normal(size=(4, 100)).astype(np.float32)
    for _ in range(3):
        method.generator([latents, np.arange(4)], training=True)
    signature = method.inference()["generate"]
    together = signature.function(latents, np.array([3, 7, 3, 1])).numpy()
    np.testing.assert_allclose(signature.function(latents[1:2], np.array([7])), together[1:2], atol=1e-6)
    assert np.abs(signature.function(latents[1:2], np.array([3])) - together[1:2]).max() > 1e-4
