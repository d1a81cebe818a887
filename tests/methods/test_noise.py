"""What the methods that make images from noise share: settings, draws, phases and their order, losses by hand, scores, averages."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, strategy_over

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import ForwardPass, fold_in
from tfgan.methods import method_class
from tfgan.methods.noise import HParams, NoiseMethod
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE, BATCH, LATENTS, CLASSES = 16, 4, 3, ("brick", "wood", "stone")
SEED = tf.constant([3, 4])
LN2 = math.log(2)


class Plain(NoiseMethod):
    """One dense layer each way."""

    def build_generator(self):
        x = noise = keras.Input((self.hparams.latent_dim,))
        x = keras.layers.Dense(SIZE * SIZE, "tanh")(x)
        return keras.Model(noise, keras.layers.Reshape((SIZE, SIZE, 1))(x))

    def build_discriminator(self):
        image = keras.Input((SIZE, SIZE, 1))
        return keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(image)))


class Labeled(Plain):
    batch_kind = "labeled"


def data_spec(kind="images"):
    return DataSpec(kind, (SIZE, SIZE), {"image": Domain("photo", 1)}, {"train": 8, "validation": 2}, "", CLASSES)


def make_method(kind=Plain, **changes):
    keras.utils.set_random_seed(1)
    tiny = {"image_size": (SIZE, SIZE), "batch_size": BATCH, "latent_dim": LATENTS, "ngf": 4, "ndf": 4}
    known = {field.name for field in dataclasses.fields(kind.HParams)}
    return kind(kind.HParams(**{name: value for name, value in (tiny | changes).items() if name in known}), data_spec(kind.batch_kind))


def make_batch(n=BATCH, seed=0, kind="images"):
    noise = np.random.default_rng(seed)
    images, labels = noise.uniform(-1, 1, (n, SIZE, SIZE, 1)), noise.integers(0, len(CLASSES), n)
    return {"image": tf.constant(images, tf.float32)} | ({"label": tf.constant(labels, tf.int32)} if kind == "labeled" else {})


def phase(method, name):
    return next(phase for phase in method.phases() if phase.name == name)


def run_phase(method, name, batch=None, seed=SEED):
    """Its result, as numbers."""
    with ForwardPass(seed):
        result = phase(method, name).losses(batch or make_batch(), seed)
    return {f"{name}_loss": float(x) for name, x in result.losses.items()} | {name: float(x) for name, x in result.scalars.items()}


class Judge:
    """In place of the discriminator: these logits in turn, whatever it is shown; remembers what that was."""

    def __init__(self, *logits):
        self.logits, self.seen = list(logits), []

    def __call__(self, inputs, training):
        images, *labels = inputs if isinstance(inputs, list) else [inputs]
        self.seen.append((images, *labels))
        return tf.fill([tf.shape(images)[0], 1], float(self.logits[(len(self.seen) - 1) % len(self.logits)]))


# Settings


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"diffaugment": ("colors",)}, "--diffaugment=colors is unknown. There are: color, translation, cutout"),
        ({"updates": "generator_first", "n_critic": 2}, "--updates=generator_first goes with --n_critic=1; found 2"),
        ({"gp_weight": 5.0}, "--gp_weight does nothing with --loss=bce: leave it out"),
        ({"lr_decay_epochs": 5, "lr_constant_epochs": 5}, "The learning rate is 0 after 5 \\+ 5 epochs"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**changes)


def test_the_papers_settings():
    found = HParams()
    assert (found.learning_rate, found.beta_1, found.beta_2) == (2e-4, 0.5, 0.999)
    assert (found.batch_size, found.epochs, found.latent_dim, found.prior) == (64, 200, 100, "normal")
    assert found.loss == "bce" and found.updates == "discriminator_first" and not found.random_crop and not found.flip
    assert HParams(loss="wgan_gp", gp_weight=5.0).gp_weight == 5


def test_each_optimizer_counts_its_own_updates():
    """8 images, batches of 2, two for each step: an epoch has two updates of the generator and four of the discriminator."""
    method = make_method(batch_size=2, n_critic=2, epochs=2, lr_constant_epochs=1, lr_decay_epochs=1)
    rates = {name: optimizer._learning_rate for name, optimizer in method.make_optimizers().items()}
    for updates, name in ((2, "generator"), (4, "discriminator")):
        assert [float(rates[name](n * updates)) for n in (0.5, 1, 1.5, 2)] == pytest.approx([2e-4, 2e-4, 1e-4, 0.0])


# What is drawn


@pytest.mark.parametrize("prior, low, high, deviation", [("normal", -5, 5, 1.0), ("uniform", -1, 1, 1 / math.sqrt(3))])
def test_noise(prior, low, high, deviation):
    method = make_method(prior=prior)
    latents, labels = method.draw(make_batch(2000), SEED)
    assert labels is None and latents.shape == (2000, LATENTS)
    assert np.mean(latents) == pytest.approx(0, abs=0.04) and np.std(latents) == pytest.approx(deviation, rel=0.03)
    assert np.min(latents) >= low and np.max(latents) <= high and np.ptp(latents) > 1.9
    np.testing.assert_array_equal(method.draw(make_batch(2000), SEED)[0], latents)
    assert np.abs(method.draw(make_batch(2000), SEED + 1)[0] - latents).min(axis=1).max() > 0.5


def test_labels():
    _, labels = make_method(Labeled).draw(make_batch(3000), SEED)
    assert labels.dtype == tf.int32 and labels.shape == (3000,)
    np.testing.assert_allclose(np.bincount(labels) / 3000, [1 / 3] * 3, atol=0.03)


# Phases


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, [("discriminator", 0), ("generator", 0), ("afterwards", 0)]),
        ({"n_critic": 3}, [("discriminator", 0), ("discriminator", 1), ("discriminator", 2), ("generator", 2), ("afterwards", 2)]),
        ({"updates": "generator_first"}, [("generator", 0), ("afterwards", 0), ("discriminator", 0)]),
    ],
)
def test_order_of_updates(changes, expected):
    method = make_method(**changes)
    assert [(phase.name, phase.batch) for phase in method.phases()] == expected
    assert method.batches_per_step == changes.get("n_critic", 1)
    assert [phase.trains for phase in method.phases() if phase.name == "afterwards"] == [{}]


def one_step(**changes):
    """A method after one step, its scalars, and weights before; and the seed of its phases on the first batch."""
    strategy = strategy_over(ONE)
    with strategy.scope():
        method = make_method(learning_rate=0.05, **changes)
    training = TrainStep(method, strategy, seed=0)
    before = {name: model.get_weights() for name, model in method.networks.items()}
    data = tf.data.Dataset.from_tensors(make_batch()).repeat()
    values = training.run(iter(strategy.experimental_distribute_dataset(data)), tf.constant(1)).numpy()
    seed = fold_in(fold_in(fold_in(tf.constant([0, 0]), tf.constant(0, tf.int64)), 0), 0)  # step 0, batch 0, replica 0
    return method, dict(zip(training.names, values, strict=True)), before, seed


def test_discriminator_first_scores_before_and_after_the_generators_step():
    method, scalars, before, seed = one_step()
    after = {name: model.get_weights() for name, model in method.networks.items()}
    assert run_phase(method, "afterwards", seed=seed)["fake_score_after"] == pytest.approx(scalars["fake_score_after"], rel=1e-4)
    method.generator.set_weights(before["generator"])
    found = run_phase(method, "generator", seed=seed)
    assert found["generator_loss"] == pytest.approx(scalars["generator_loss"], rel=1e-4)
    assert found["fake_score_before"] == pytest.approx(scalars["fake_score_before"], rel=1e-4)
    assert scalars["fake_score_after"] > scalars["fake_score_before"] + 1e-3  # the generator has learned
    method.discriminator.set_weights(before["discriminator"])
    assert run_phase(method, "discriminator", seed=seed)["discriminator_loss"] == pytest.approx(scalars["discriminator_loss"], rel=1e-4)
    assert all(np.any(after[name][0] != before[name][0]) for name in after)


def test_generator_first_shows_the_discriminator_the_images_from_before_its_step():
    method, scalars, before, seed = one_step(updates="generator_first")
    method.discriminator.set_weights(before["discriminator"])
    assert run_phase(method, "afterwards", seed=seed)["fake_score_after"] == pytest.approx(scalars["fake_score_after"], rel=1e-4)
    anew = run_phase(method, "discriminator", seed=seed)["discriminator_loss"]
    method.generator.set_weights(before["generator"])
    old = run_phase(method, "discriminator", seed=seed)["discriminator_loss"]
    assert scalars["discriminator_loss"] == pytest.approx(old, rel=1e-4) and abs(anew - old) > 1e-3


def test_fakes_are_handed_on_only_where_the_generator_is_first():
    fakes = {}
    for updates in ("discriminator_first", "generator_first"):
        method = make_method(updates=updates)
        fakes[updates] = phase(method, "generator").losses(make_batch(), SEED).outputs
    assert not fakes["discriminator_first"]
    np.testing.assert_array_equal(fakes["generator_first"]["fake"], method.generate(make_batch(), SEED)[0])


# Losses


@pytest.mark.parametrize(
    "loss, discriminator, generator",
    [
        ("bce", math.log1p(math.exp(-2)) + math.log1p(math.exp(-1)), math.log1p(math.exp(2))),
        ("lsgan", 0.5 * (1 + 1), 9.0),
        ("hinge", 0.0 + 0.0, 2.0),
        ("wgan_gp", -1 - 2 + 10 * 1, 2.0),  # a constant critic has a penalty of 1
    ],
)
def test_losses_by_hand(loss, discriminator, generator):
    """Logits 2 for real images and -1 for generated ones; -2 for the generator's."""
    method = make_method(loss=loss)
    method.discriminator = Judge(2, -1, 0)
    found = run_phase(method, "discriminator")
    assert found["discriminator_loss"] == pytest.approx(discriminator, abs=1e-5)
    assert found["real_score"] == pytest.approx(1 / (1 + math.exp(-2)) if loss == "bce" else 2, rel=1e-5)
    assert ("gradient_penalty" in found) == (loss == "wgan_gp")
    method.discriminator = Judge(-2)
    found = run_phase(method, "generator")
    assert found["generator_loss"] == pytest.approx(generator, rel=1e-5)
    score = 1 / (1 + math.exp(2)) if loss == "bce" else -2
    assert found["fake_score_before"] == run_phase(method, "afterwards")["fake_score_after"] == pytest.approx(score, rel=1e-5)


@pytest.mark.parametrize("loss, discriminator, generator", [("bce", 2 * LN2, LN2), ("lsgan", 0.5, 1), ("hinge", 2, 0), ("wgan_gp", 10, 0)])
def test_losses_at_logits_0(loss, discriminator, generator):
    method = make_method(loss=loss)
    method.discriminator = Judge(0)
    assert run_phase(method, "discriminator")["discriminator_loss"] == pytest.approx(discriminator, rel=1e-6)
    assert run_phase(method, "generator")["generator_loss"] == pytest.approx(generator, abs=1e-6)


def gradients(method, name, network):
    """Norm of a phase's gradient in all weights of a network."""
    with tf.GradientTape() as tape, ForwardPass(SEED):
        (loss,) = phase(method, name).losses(make_batch(), SEED).losses.values()
    found = tape.gradient(loss, [v.value for v in method.networks[network].trainable_variables], unconnected_gradients="zero")
    return math.sqrt(sum(float(tf.reduce_sum(tf.square(g))) for g in found))


@pytest.mark.parametrize("updates", ["discriminator_first", "generator_first"])
@pytest.mark.parametrize("loss", ["bce", "wgan_gp"])
def test_the_discriminators_loss_moves_no_generator(loss, updates):
    method = make_method(loss=loss, updates=updates)
    assert gradients(method, "discriminator", "generator") == 0 < gradients(method, "discriminator", "discriminator")


def test_the_generators_gradient_does_not_vanish():
    """Where every generated image is told with certainty, -log D still pulls, at slope σ(-a) -> 1, and log(1 - D) no more."""
    method = make_method()
    undecided = gradients(method, "generator", "generator")
    method.discriminator.weights[-1].assign([-30.0])
    assert gradients(method, "generator", "generator") > 1.5 * undecided > 0


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_penalty_of_a_linear_critic(scale):
    """(‖w‖ - 1)²."""
    method = make_method(loss="wgan_gp", gp_weight=7.0)
    kernel = np.random.default_rng(0).normal(size=(SIZE * SIZE, 1))
    method.discriminator.weights[0].assign(scale * kernel / np.linalg.norm(kernel))
    found = run_phase(method, "discriminator")
    assert found["gradient_penalty"] == pytest.approx((scale - 1) ** 2, rel=1e-4)
    method.loss = method.loss._replace(on_real=lambda outputs: 0.0, on_fake=lambda outputs: 0.0)
    assert run_phase(method, "discriminator")["discriminator_loss"] == pytest.approx(7 * (scale - 1) ** 2, rel=1e-4)


def test_the_penalty_is_taken_between_real_and_generated_images():
    method = make_method(loss="wgan_gp")
    method.discriminator = judge = Judge(0)
    run_phase(method, "discriminator")
    (real,), (fake,), (between,) = judge.seen
    share = (between - fake) / (real - fake)
    np.testing.assert_allclose(share, np.broadcast_to(np.mean(share, axis=(1, 2, 3), keepdims=True), share.shape), atol=1e-2)
    assert np.ptp(np.mean(share, axis=(1, 2, 3))) > 0.1 and np.min(share) + 1e-3 >= 0 and np.max(share) - 1e-3 <= 1


def test_each_image_is_judged_by_its_label():
    """Real images by their own, generated ones by those they were asked for, points between by the real ones'."""
    batch = make_batch(seed=2, kind="labeled")
    method = make_method(Labeled, loss="wgan_gp")
    method.generator = lambda inputs, training: tf.zeros_like(batch["image"]) + tf.reshape(tf.cast(inputs[1], tf.float32), [-1, 1, 1, 1])
    _, drawn = method.draw(batch, SEED)
    assert np.any(drawn != batch["label"])
    method.discriminator = judge = Judge(0)
    run_phase(method, "discriminator", batch)
    for (_, seen), expected in zip(judge.seen, (batch["label"], drawn, batch["label"]), strict=True):
        np.testing.assert_array_equal(seen, expected)
    method.discriminator = judge = Judge(0)
    run_phase(method, "generator", batch)
    ((images, seen),) = judge.seen
    np.testing.assert_array_equal(seen, drawn)
    np.testing.assert_array_equal(images[:, 0, 0, 0], tf.cast(drawn, tf.float32))  # the generator was asked for the same


# DiffAugment, averages, inference


@pytest.mark.parametrize("kinds", [(), ("color", "translation", "cutout")])
def test_real_and_generated_images_are_augmented_alike(kinds):
    method, batch = make_method(diffaugment=kinds), make_batch()
    method.generator = lambda inputs, training: batch["image"]
    method.discriminator = judge = Judge(0)
    run_phase(method, "discriminator", batch)
    run_phase(method, "generator", batch)
    for (images,) in judge.seen[1:]:
        np.testing.assert_array_equal(images, judge.seen[0][0])
    assert np.any(judge.seen[0][0] != batch["image"]) == bool(kinds)


def test_the_generator_learns_through_augmentation():
    assert gradients(make_method(diffaugment=("color", "translation", "cutout")), "generator", "generator") > 0


@pytest.mark.parametrize("warmup, kept", [("off", 0.75), ("auto", 0.1)])
def test_the_average_makes_all_results(warmup, kept):
    method, _, before, _ = one_step(ema_decay=0.75, ema_warmup=warmup)
    plain, average = method.networks["generator"].get_weights(), method.ema["generator"].get_weights()
    for mean, old, new in zip(average, before["generator"], plain):
        np.testing.assert_allclose(mean, kept * old + (1 - kept) * new, atol=1e-6)
    latents = np.ones((2, LATENTS), np.float32)
    signature = method.inference()["generate"]
    np.testing.assert_array_equal(signature.function(latents), method.ema["generator"](latents))
    assert np.any(signature.function(latents) != method.generator(latents))
    assert not make_method().ema


def test_what_inference_says_of_itself():
    signature = make_method(prior="uniform").inference()["generate"]
    assert (signature.latent_dim, signature.prior, signature.class_names, signature.image) == (LATENTS, "uniform", (), Domain("photo", 1))
    assert make_method(Labeled).inference()["generate"].class_names == CLASSES


# WGAN-GP through each network

NETWORKS = [
    ("gan", {}),
    ("cgan", {}),
    *(("dcgan", {"architecture": name}) for name in ("paper", "tutorial", "upsampling")),
    *(("acgan", {"architecture": name}) for name in ("paper", "upsampling")),
]


@pytest.mark.parametrize("name, changes", NETWORKS, ids=["-".join([name, *changes.values()]) for name, changes in NETWORKS])
def test_the_penalty_alone_trains_each_discriminator(name, changes):
    """Its gradient is a second derivative through all layers."""
    norm = {} if changes.get("architecture") == "tutorial" else {"discriminator_norm": "none"}
    method = make_method(method_class(name), loss="wgan_gp", **changes, **norm)
    batch = make_batch(kind=method.batch_kind)

    def gradient():
        fake, _ = method.generate(batch, SEED)
        with tf.GradientTape() as tape, ForwardPass(SEED):
            penalty = method.gradient_penalty(batch, fake, SEED)
        kernels = [v for v in method.discriminator.trainable_variables if v.path.endswith("kernel")]
        return penalty, kernels, tape.gradient(penalty, [v.value for v in kernels])

    penalty, kernels, found = tf.function(gradient)()
    assert 0 < float(penalty) < 10
    for kernel, slope in zip(kernels, found):
        if name == "acgan" and kernel.shape[-1] == len(CLASSES) and len(kernel.shape) == 2:
            assert slope is None  # the class head has no part in the score
        else:
            assert np.all(np.isfinite(slope)) and np.any(slope != 0), kernel.path
