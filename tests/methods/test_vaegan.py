"""VAE-GAN's losses by hand values, which of them moves which network, the skip rule, latents, inference and settings."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import ForwardPass
from tfgan.methods.base import Encoding, Generation
from tfgan.methods.vaegan import VAEGAN, HParams
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")
SIZE, BATCH, LATENTS = 16, 3, 5
SEED = tf.constant([3, 4])
LN2 = math.log(2)
PHOTO = Domain("photo", 3)
SPEC = DataSpec("images", (SIZE, SIZE), {"image": PHOTO}, {"train": 6, "validation": 2}, "")
TINY = {"nef": 2, "encoder_units": 8, "ngf": 2, "ndf": 2, "latent_dim": LATENTS, "image_size": (SIZE, SIZE), "batch_size": BATCH}
NETWORKS = ("encoder", "decoder", "discriminator")


def make_method(kind=VAEGAN, **changes):
    keras.utils.set_random_seed(1)
    return kind(HParams(**TINY | changes), SPEC)


def make_batch(n=BATCH, seed=0):
    return {"image": tf.constant(np.random.default_rng(seed).uniform(-1, 1, (n, SIZE, SIZE, 3)), tf.float32)}


def run_phase(method, number=0, batch=None, seed=SEED):
    """Losses and scalars of a phase, as numbers."""
    phase = method.phases()[number]
    with ForwardPass(seed):
        result = phase.losses(batch or make_batch(), seed)
    return {f"{name}_loss": float(x) for name, x in result.losses.items()} | {name: float(x) for name, x in result.scalars.items()}


class Judge:
    """In place of the discriminator: the same features and logit for all real images, all reconstructions, all samples."""

    def __init__(self, features=(0, 0), logits=(0, 0, 0), cells=4):
        self.features, self.logits, self.cells, self.seen = features, logits, cells, []

    def __call__(self, images, training):
        kinds = slice(2, 3) if self.seen else slice(0, 2)  # the second pass is of samples
        parts = tf.split(images, kinds.stop - kinds.start)
        self.seen += parts
        n = parts[0].shape[0]
        features = [tf.fill([n, 2, self.cells // 2, 1], float(value)) for value in (*self.features, 1e6)[kinds]]
        return tf.concat(features, 0), tf.concat([tf.fill([n, 1], float(value)) for value in self.logits[kinds]], 0)


def judged(judge, **changes):
    method = make_method(**changes)
    method.discriminator = judge
    return run_phase(method)


def fix_latents(method, mean, log_variance):
    method.encoder = lambda images, training: [tf.tile(tf.constant([x], tf.float32), [images.shape[0], 1]) for x in (mean, log_variance)]


def softplus(x):
    return math.log1p(math.exp(x))


# Losses


def test_losses_of_an_undecided_discriminator():
    found = judged(Judge())
    assert found["discriminator_loss"] == pytest.approx(3 * LN2, rel=1e-6)  # 2.0794
    assert found["gan_loss"] == found["decoder_loss"] == pytest.approx(-2 * LN2, rel=1e-6)
    assert found["similarity_loss"] == 0 and found["encoder_loss"] == found["prior_loss"] > 0
    assert found["real_score"] == found["reconstruction_score"] == found["fake_score_before"] == 0.5
    assert found["real_entropy"] == found["fake_entropy"] == pytest.approx(LN2, rel=1e-6)


LOGITS = (2.0, -1.0, 0.5)  # of real images, reconstructions, samples


@pytest.mark.parametrize(
    "changes, gan, discriminator",
    [
        ({}, -softplus(-1) - softplus(0.5), softplus(-2) + softplus(-1) + softplus(0.5)),
        ({"decoder_loss": "non_saturating"}, softplus(1) + softplus(-0.5), softplus(-2) + softplus(-1) + softplus(0.5)),
        ({"judge_reconstructions": False}, -softplus(0.5), softplus(-2) + softplus(0.5)),
        ({"judge_reconstructions": False, "decoder_loss": "non_saturating"}, softplus(-0.5), softplus(-2) + softplus(0.5)),
        ({"real_weight": 4.0}, -softplus(-1) - softplus(0.5), 4 * softplus(-2) + softplus(-1) + softplus(0.5)),
    ],
)
def test_adversarial_losses(changes, gan, discriminator):
    found = judged(Judge(logits=LOGITS), similarity_weight=0.0, **changes)
    assert found["gan_loss"] == found["decoder_loss"] == pytest.approx(gan, rel=1e-6)
    assert found["discriminator_loss"] == pytest.approx(discriminator, rel=1e-6)
    assert found["real_entropy"] == pytest.approx(softplus(-2), rel=1e-6)
    shown = [softplus(0.5)] if "judge_reconstructions" in changes else [softplus(-1), softplus(0.5)]
    assert found["fake_entropy"] == pytest.approx(np.mean(shown), rel=1e-6)
    scores = [found[name] for name in ("real_score", "reconstruction_score", "fake_score_before")]
    assert scores == pytest.approx([1 / (1 + math.exp(-logit)) for logit in LOGITS], rel=1e-6)


@pytest.mark.parametrize("convex, weight", [(False, 1.0), (True, 0.75)])
def test_similarity_is_summed_over_features_and_weighed(convex, weight):
    """½ · 6 features · (3 - 1)² = 12."""
    found = judged(Judge(features=(3, 1), logits=LOGITS, cells=6), similarity_weight=0.25, convex=convex)
    assert found["similarity_loss"] == pytest.approx(12, rel=1e-6)
    assert found["encoder_loss"] == pytest.approx(found["prior_loss"] + 12, rel=1e-6)
    assert found["decoder_loss"] == pytest.approx(0.25 * 12 + weight * found["gan_loss"], rel=1e-6)


@pytest.mark.parametrize("n", [1, 3])
def test_prior_is_a_sum_over_latents_and_a_mean_over_images(n):
    method, batch = make_method(), make_batch(n)
    for mean, log_variance, expected in ((0, 0, 0), (1, 0, LATENTS / 2), (0, math.log(4), LATENTS * (1.5 - LN2))):
        fix_latents(method, [mean] * LATENTS, [log_variance] * LATENTS)
        assert run_phase(method, batch=batch)["prior_loss"] == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_a_perfect_reconstruction():
    method, batch = make_method(), make_batch()
    method.decoder = lambda latents, training: tf.concat([batch["image"], -batch["image"]], 0)
    found = run_phase(method, batch=batch)
    assert found["l1_loss"] == 0 and found["similarity_loss"] == pytest.approx(0, abs=1e-8)
    assert found["reconstruction_score"] == pytest.approx(found["real_score"], abs=1e-6) != found["fake_score_before"]
    method.decoder = lambda latents, training: tf.concat([batch["image"] + 0.25, batch["image"]], 0)
    assert run_phase(method, batch=batch)["l1_loss"] == pytest.approx(0.25, rel=1e-5)


def test_sums_of_many_features_survive_float16():
    """The square of 300 is beyond float16, whose largest number is 65504."""
    judge = Judge(features=(300, 0))
    found = judged(lambda images, training: [tf.cast(x, tf.float16) for x in judge(images, training)])
    assert found["similarity_loss"] == pytest.approx(0.5 * 4 * 300**2, rel=1e-6)


# Latents and passes


def seen_latents(method, seed=SEED):
    """Encoded and drawn latents that the decoder is given."""
    seen, decoder = [], method.decoder

    def spy(latents, training):
        seen.append(tf.split(latents, 2))
        return decoder(latents, training=training)

    method.decoder = spy
    run_phase(method, seed=seed)
    method.decoder = decoder
    return [half.numpy() for half in seen[0]]


def test_latents_are_drawn_around_their_mean():
    method, mean = make_method(), np.arange(LATENTS, dtype=np.float32)
    fix_latents(method, mean, np.full(LATENTS, 2 * math.log(0.5)))
    encoded, drawn = seen_latents(method)
    noise = 2 * (encoded - mean)
    assert np.abs(noise).max() < 5 and np.abs(noise - noise[0])[1:].min() > 1e-4  # each image has its own
    assert np.abs(noise - drawn).min() > 1e-5  # two draws
    for half, again in zip((encoded, drawn), seen_latents(method, tf.constant([3, 5]))):
        assert np.abs(half - again).min() > 1e-5
    fix_latents(method, mean, np.full(LATENTS, 2 * math.log(0.25)))
    np.testing.assert_allclose(seen_latents(method)[0] - mean, 0.25 * noise, rtol=1e-5, atol=1e-6)
    fix_latents(method, mean, np.full(LATENTS, -200.0))
    np.testing.assert_array_equal(seen_latents(method)[0], np.tile(mean, (BATCH, 1)))


def test_drawn_latents_are_normal():
    method = make_method()
    fix_latents(method, np.zeros(LATENTS), np.zeros(LATENTS))
    method.decoder = lambda latents, training: latents
    with ForwardPass(SEED):
        method.discriminator = lambda latents, training: (latents, latents)
        batch = {"image": tf.zeros([4000, LATENTS])}
        _, encoded, drawn = method._forward(batch, SEED).logits
    for values in (encoded, drawn):
        assert np.mean(values) == pytest.approx(0, abs=0.03) and np.std(values) == pytest.approx(1, abs=0.03)
    assert np.corrcoef(np.ravel(encoded), np.ravel(drawn))[0, 1] == pytest.approx(0, abs=0.03)


def test_what_goes_through_a_batch_norm_together():
    method, calls = make_method(), []

    def spied(name, network):
        return lambda x, training: calls.append((name, x.shape[0], training)) or network(x, training=training)

    for name in NETWORKS:
        setattr(method, name, spied(name, getattr(method, name)))
    run_phase(method)
    sizes = [("encoder", 1), ("decoder", 2), ("discriminator", 2), ("discriminator", 1)]
    assert calls == [(name, count * BATCH, True) for name, count in sizes]


def test_samples_do_not_bear_on_the_similarity():
    method, images, losses = make_method(), make_batch()["image"], []
    for contrast in (0.1, 10.0):
        method.decoder = lambda latents, training, contrast=contrast: tf.concat([images[::-1], contrast * images], 0)
        losses.append(run_phase(method)["similarity_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6) and losses[0] > 0


def test_diffaugment_changes_all_that_is_judged_alike():
    images = make_batch()["image"]
    for kinds, changed in (((), False), (("color", "cutout"), True)):
        method, judge = make_method(diffaugment=kinds), Judge()
        method.discriminator, method.decoder = judge, lambda latents, training: tf.concat([images, images], 0)
        run_phase(method)
        real, reconstruction, sample = judge.seen
        np.testing.assert_array_equal(real, reconstruction)
        np.testing.assert_array_equal(real, sample)
        assert np.any(real.numpy() != images.numpy()) == changed


# Updates

RATE = 0.1


class Descent(VAEGAN):
    """Plain gradient descent, whose step shows the gradient itself."""

    def make_optimizers(self):
        return {name: keras.optimizers.SGD(RATE) for name in self.networks}


class Training:
    """A method and its train step on one batch."""

    def __init__(self, kind=VAEGAN, **changes):
        strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
        with strategy.scope():
            self.method = make_method(kind, **changes)
        self.step = TrainStep(self.method, strategy, seed=0)
        self.iterator = iter(strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors(make_batch()).repeat()))

    def run(self, steps=1):
        """Scalars of the last step."""
        values = self.step.run(self.iterator, tf.constant(steps)).numpy()
        return dict(zip(self.step.names, values, strict=True))

    def moved(self):
        """The networks whose weights one more step changes."""
        before = {name: [v.numpy() for v in self.method.networks[name].trainable_variables] for name in NETWORKS}
        self.run()
        after = {name: self.method.networks[name].trainable_variables for name in NETWORKS}
        return {name for name in NETWORKS if any(np.any(a != b.numpy()) for a, b in zip(before[name], after[name]))}


def test_one_step_is_three_gradients_at_the_old_weights(monkeypatch):
    """Written out: what each network's own loss does to it, and its batches to its moving averages."""
    noise = np.random.default_rng(1).normal(size=(2, BATCH, LATENTS)).astype(np.float32)
    draws = iter([*noise, *noise])  # of the step, and of the scores after it
    monkeypatch.setattr("tfgan.layers.normal", lambda shape, seed: tf.constant(next(draws)))
    method, images = make_method(), make_batch()["image"]
    variables = {name: [v.value for v in method.networks[name].trainable_variables] for name in NETWORKS}
    with tf.GradientTape(persistent=True) as tape, ForwardPass(SEED) as forward_pass:
        mean, log_variance = method.encoder(images, training=True)
        z = mean + tf.exp(log_variance / 2) * noise[0]
        made = method.decoder(tf.concat([z, noise[1]], 0), training=True)
        features, logits = method.discriminator(tf.concat([images, made[:BATCH]], 0), training=True)
        logits = tf.concat([logits, method.discriminator(made[BATCH:], training=True)[1]], 0)
        kl = -0.5 * tf.reduce_sum(1 + log_variance - mean**2 - tf.exp(log_variance)) / BATCH
        similarity = 0.5 * tf.reduce_sum((features[:BATCH] - features[BATCH:]) ** 2) / BATCH
        d = tf.sigmoid(logits)
        real, fake = tf.reduce_sum(tf.math.log(d[:BATCH])) / BATCH, tf.reduce_sum(tf.math.log(1 - d[BATCH:])) / BATCH
        losses = {"encoder": kl + similarity, "decoder": 0.01 * similarity + fake, "discriminator": -(real + fake)}
    slopes = {name: tape.gradient(losses[name], variables[name]) for name in NETWORKS}
    for variable, value, _ in forward_pass.statistics:
        variable.assign(0.9 * variable + 0.1 * value)
    training = Training(Descent, similarity_weight=0.01)
    scalars = training.run()
    for name in NETWORKS:
        for variable, slope in zip(variables[name], slopes[name], strict=True):
            variable.assign_sub(RATE * slope)
        assert max(np.abs(slope).max() for slope in slopes[name]) > 1e-3, name
        for found, expected in zip(training.method.networks[name].weights, method.networks[name].weights, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-5 + 1e-4 * np.abs(expected).max(), err_msg=found.path)
    assert scalars["discriminator_loss"] == pytest.approx(float(losses["discriminator"]), rel=1e-4)
    assert scalars["similarity_loss"] == pytest.approx(float(similarity), rel=1e-4)


def test_no_loss_moves_a_network_of_another():
    """Each loss alone, the others being 0."""
    kept = tf.Variable("", dtype=tf.string)

    class Alone(Descent):
        def _losses(self, batch, seed):
            result = super()._losses(batch, seed)
            return result._replace(losses={name: loss * tf.cast(kept == name, tf.float32) for name, loss in result.losses.items()})

    training = Training(Alone)
    for name in NETWORKS:
        kept.assign(name)
        assert training.moved() == {name}


@pytest.mark.parametrize(
    "real, fake, decoder, discriminator",
    [
        (0.69, 0.69, True, True),
        (0.32, 0.69, True, False),  # below 0.68 - 0.35: the discriminator is ahead
        (0.69, 0.32, True, False),
        (1.04, 0.69, False, True),  # above 0.68 + 0.35: the decoder is
        (0.69, 1.04, False, True),
        (1.02, 0.34, True, True),
        (0.32, 1.04, True, True),  # both ahead: both go on
        (1.04, 0.32, True, True),
    ],
)
def test_skip_rule(real, fake, decoder, discriminator):
    gate = make_method(skip_margin=0.35).phases()[0].gate
    wanted = gate({"real_entropy": tf.constant(real), "fake_entropy": tf.constant(fake), "other": tf.constant(0.0)})
    assert {name: bool(value) for name, value in wanted.items()} == {"encoder": True, "decoder": decoder, "discriminator": discriminator}


def test_who_is_ahead_waits():
    entropies = tf.Variable([0.69, 0.69])

    class Game(Descent):
        def _losses(self, batch, seed):
            return super()._losses(batch, seed)._replace(scalars=dict(zip(("real_entropy", "fake_entropy"), tf.unstack(entropies))))

    training = Training(Game, skip_margin=0.35)
    for values, waiting in (((0.1, 0.1), "discriminator"), ((0.69, 2.0), "decoder"), ((0.69, 0.69), ""), ((0.1, 2.0), "")):
        entropies.assign(values)
        assert training.moved() == set(NETWORKS) - {waiting}


def test_optimizers():
    method = make_method(lr_decay=0.5, learning_rate=0.2)
    assert method.steps_per_epoch == 2
    optimizers = method.make_optimizers()
    assert set(optimizers) == set(NETWORKS) and len({id(o) for o in optimizers.values()}) == 3
    for optimizer in optimizers.values():
        assert [float(optimizer._learning_rate(step)) for step in (0, 1, 2, 3, 4)] == pytest.approx([0.2, 0.2, 0.1, 0.1, 0.05])
        assert isinstance(optimizer, keras.optimizers.RMSprop) and optimizer.rho == 0.9
    assert float(make_method().make_optimizers()["decoder"]._learning_rate(10**6)) == pytest.approx(3e-4)
    for slope in (1.0, 1e-6):  # small gradients move weights as far as large ones
        variable = keras.Variable(np.float32([1.0]))
        make_method().make_optimizers()["decoder"].apply([tf.constant([slope])], [variable])
        assert 1 - variable.numpy()[0] == pytest.approx(3e-4 / math.sqrt(0.1), rel=1e-2)


# After training


def test_inference():
    method, images = make_method(), make_batch()["image"]
    signatures = method.inference()
    assert list(signatures) == ["generate", "encode"]
    generation, encoding = signatures.values()
    assert isinstance(generation, Generation) and (generation.image, generation.latent_dim, generation.prior) == (PHOTO, LATENTS, "normal")
    assert generation.class_names == () and generation.styles is None
    assert isinstance(encoding, Encoding) and (encoding.source, encoding.input_key, encoding.crop) == (PHOTO, "image", True)
    assert (encoding.size, encoding.length) == ((SIZE, SIZE), LATENTS)
    latents = encoding.function(images)
    np.testing.assert_array_equal(latents, method.encoder(images, training=False)[0])
    np.testing.assert_array_equal(generation.function(latents), method.decoder(latents, training=False))
    use = {"encode": lambda image: f"encoded {image}", "generate": lambda latents: f"made of {latents}"}
    row = method.sample_row({"image": "seen"}, use)
    assert row == {"photo": "seen", "reconstruction": "made of encoded seen"}


def test_averages_make_the_results():
    training = Training(ema_decay=0.5)
    training.run(2)
    method = training.method
    assert set(method.ema) == {"encoder", "decoder"} and method.ema_decay == 0.5
    images, signatures = make_batch()["image"], method.inference()
    latents = signatures["encode"].function(images)
    np.testing.assert_array_equal(latents, method.ema["encoder"](images, training=False)[0])
    assert np.any(latents.numpy() != method.encoder(images, training=False)[0].numpy())
    generated = signatures["generate"].function(latents)
    np.testing.assert_array_equal(generated, method.ema["decoder"](latents, training=False))
    assert np.any(generated.numpy() != method.decoder(latents, training=False).numpy())
    assert make_method().ema == {}


def test_scores_after_the_step_are_of_the_same_samples():
    method = make_method()
    before, after = run_phase(method), run_phase(method, 1)
    assert after == {"fake_score_after": pytest.approx(before["fake_score_before"], rel=1e-6)}
    scalars = Training(learning_rate=1e-2).run()
    assert abs(scalars["fake_score_after"] - scalars["fake_score_before"]) > 1e-4


# Settings


def test_the_papers_settings():
    h = HParams()
    assert (h.batch_size, h.image_size, h.latent_dim, h.learning_rate, h.encoder_units) == (64, (64, 64), 128, 3e-4, 2048)
    assert (h.nef, h.ngf, h.ndf, h.lr_decay, h.skip_margin, h.real_weight) == (64, 32, 32, 1.0, 0.0, 1.0)
    assert (h.similarity_weight, h.decoder_loss, h.convex, h.judge_reconstructions) == (1e-5, "saturating", False, True)
    assert dataclasses.replace(h, image_size=(16, 24)).image_size == (16, 24)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"lr_decay": 0.9, "lr_end_factor": 0.1}, "--lr_decay does nothing with --lr_end_factor: leave it out, or use --lr_end_factor=0"),
        ({"image_size": (20, 16)}, "--image_size=20x16 does not suit VAE-GAN: use multiples of 8, from 16 on."),
        ({"image_size": (16, 8)}, "--image_size=16x8 does not suit"),
        ({"image_size": (0, 64)}, "--image_size=0x64 must be at least one pixel"),
        ({"diffaugment": ("colors",)}, "--diffaugment=colors is unknown. There are: color, translation, cutout."),
        ({"convex": True, "similarity_weight": 1.5}, "--convex needs --similarity_weight between 0 and 1; found 1.5."),
    ],
)
def test_wrong_settings(changes, message):
    with pytest.raises(UserError) as error:
        HParams(**changes)
    assert str(error.value).startswith(message)
