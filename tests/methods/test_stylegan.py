"""StyleGAN: stages, what fades, mixed styles, penalties, averages, truncation, and weights that learn in each stage."""

import dataclasses
import math
from fractions import Fraction

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import ONE, strategy_over

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import ForwardPass, fold_in
from tfgan.methods.stylegan import HParams, StyleGAN
from tfgan.training.step import TrainStep

BATCH = 4
SPEC = DataSpec("images", (16, 16), {"image": Domain("photo", 3)}, {"train": 8, "validation": 2}, "")
TINY = {"image_size": (16, 16), "batch_size": BATCH, "latent_dim": 6, "w_dim": 5, "mapping_layers": 2, "channel_base": 32, "channel_max": 6}
SHORT = {"stable_images": 8, "fade_images": 16}  # two steps at 8 pixels; four of fading in and two more at 16
SEED = tf.constant([3, 4])


def make_method(**changes):
    keras.utils.set_random_seed(1)
    hparams = HParams(**(TINY | changes))
    return StyleGAN(hparams, dataclasses.replace(SPEC, image_size=hparams.image_size))


def make_batch(size=16, seed=0):
    return {"image": tf.constant(np.random.default_rng(seed).uniform(-1, 1, (BATCH, size, size, 3)).astype(np.float32))}


def run_phase(method, name, batch=None):
    """Losses and scalars of a phase, and which networks' weights get a gradient, by path."""
    (phase,) = (phase for phase in method.phases() if phase.name == name)
    with tf.GradientTape() as tape, ForwardPass(SEED):
        result = phase.losses(batch or make_batch(method.size), SEED)
    variables = [v for network in method.networks.values() for v in network.trainable_variables]
    gradients = tape.gradient(result.losses[name], [v.value for v in variables])
    moved = {id(v) for v, g in zip(variables, gradients) if g is not None and np.any(g)}
    return result, moved


def used_weights(method, name):
    """network -> share of the weights that get a gradient."""
    _, moved = run_phase(method, name)
    return {
        key: Fraction(sum(id(v) in moved for v in model.trainable_variables), len(model.trainable_variables))
        for key, model in method.networks.items()
    }


def wake(method):
    """Weights among which none is without effect."""
    for model in method.networks.values():
        for number, v in enumerate(model.trainable_variables):
            if v.path.endswith(("bias", "strength")):
                v.assign(tf.reshape(tf.cos(tf.range(float(tf.size(v))) + float(number)), v.shape))


def test_the_papers_settings():
    h = HParams()
    assert (h.latent_dim, h.w_dim, h.mapping_layers, h.channel_base, h.channel_max) == (512, 512, 8, 8192, 512)
    assert (h.loss, h.r1_gamma, h.r1_interval, h.style_mixing_prob, h.truncation, h.truncation_layers) == ("bce", 10, 1, 0.9, 0.7, 8)
    assert (h.beta_1, h.beta_2, h.stable_images, h.fade_images) == (0, 0.99, 600_000, 600_000)
    assert h.progressive and h.flip and not h.random_crop
    assert h.epochs * 70_000 == pytest.approx(25e6, rel=2e-3)  # FFHQ's images


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"image_size": (16, 32)}, "16x32"),
        ({"image_size": (24, 24)}, "24x24"),
        ({"image_size": (4, 4)}, "4x4"),
        ({"start_size": 32}, "start_size=32"),
        ({"start_size": 12}, "start_size=12"),
        ({"stage_batch_sizes": ("8",)}, "SIZE:BATCH"),
        ({"stage_batch_sizes": ("8:0",)}, "SIZE:BATCH"),
        ({"stage_batch_sizes": ("12:8",)}, "8, 16"),
        ({"progressive": False, "fade_images": 5}, "fade_images"),
        ({"progressive": False, "stage_batch_sizes": ("16:8",)}, "stage_batch_sizes"),
        ({"loss": "wgan_gp", "r1_gamma": 1.0}, "r1_gamma"),
        ({"loss": "hinge", "drift_weight": 1.0}, "drift_weight"),
        ({"updates": "generator_first"}, "updates"),
        ({"gp_weight": 5.0}, "gp_weight"),
        ({"lr_decay_epochs": 300}, "lr_decay_epochs"),
        ({"ema_decay": -0.5}, "ema_decay=-0.5"),
        ({"r1_gamma": 0.0, "r1_interval": 4}, "r1_interval"),
    ],
)
def test_settings_that_do_not_fit(changes, words):
    with pytest.raises(UserError, match=words):
        HParams(**(TINY | changes))


def test_batch_sizes_of_larger_images_are_for_larger_images():
    """So that a recipe may be run at a smaller size; its last stage has the batch of that size."""
    assert HParams(**TINY | {"image_size": (16, 16), "stage_batch_sizes": ("8:16", "16:8", "32:4")}).batch_sizes() == [16, 8]


def test_stages_of_the_paper():
    """600,000 images of 8 pixels, then as many of fading in and of staying; batches of 256 and so on, as on eight GPUs."""
    h = HParams(image_size=(32, 32), stage_batch_sizes=("8:256", "16:128"), batch_size=64)
    assert h.batch_sizes() == [256, 128, 64] and h.sizes() == [8, 16, 32]
    method = make_method(image_size=(32, 32), stage_batch_sizes=h.stage_batch_sizes, batch_size=64)
    at_8, at_16 = math.ceil(600_000 / 256), math.ceil(1_200_000 / 128)
    assert [tuple(stage) for stage in method.stages()] == [
        (0, 0, 256, 4),
        (at_8, at_8 * 256, 128, 2),
        (at_8 + at_16, at_8 * 256 + at_16 * 128, 64, 1),
    ]
    assert method.stage == method.stages()[0] and method.size == 8


def test_a_fixed_size_has_one_stage_and_one_layer_of_colors():
    method = make_method(progressive=False)
    assert [tuple(stage) for stage in method.stages()] == [(0, 0, BATCH, 1)] and method.alpha() is None
    assert [layer.name for layer in method.networks["synthesis"].to_rgb] == ["to_rgb_16"]


def test_the_course_of_alpha():
    method = make_method(**SHORT)
    first, second = method.stages()
    assert method.alpha() is None
    method.enter(second)
    found = []
    for seen in (8, 12, 20, 24, 1000):
        method.state["images_seen"].assign(seen)
        found.append(float(method.alpha()))
    assert found == [0.0, 0.25, 0.75, 1.0, 1.0]
    assert make_method(**SHORT | {"fade_images": 0}).alpha() is None


def test_real_images_fade_like_generated_ones():
    method = make_method(**SHORT)
    images = make_batch()["image"]
    np.testing.assert_array_equal(method.real_images({"image": images}), images)  # nothing fades in the first stage
    method.enter(method.stages()[1])
    coarse = images.numpy().reshape(BATCH, 8, 2, 8, 2, 3).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    for seen, share in ((8, 0.0), (12, 0.25), (24, 1.0)):
        method.state["images_seen"].assign(seen)
        np.testing.assert_allclose(method.real_images({"image": images}), (1 - share) * coarse + share * images, atol=1e-6)


def test_all_weights_learn_at_a_fixed_size():
    method = make_method(progressive=False)
    wake(method)
    assert used_weights(method, "discriminator") == {"mapping": 0, "synthesis": 0, "discriminator": 1}
    of_generator = used_weights(method, "generator")
    assert of_generator["mapping"] == of_generator["synthesis"] == 1


def test_weights_of_later_sizes_wait():
    method = make_method(**SHORT)
    wake(method)
    synthesis, discriminator = method.networks["synthesis"], method.networks["discriminator"]

    def waiting(phase, network):
        _, moved = run_phase(method, phase)
        return {id(v) for v in network.trainable_variables} - moved

    def weights(*layers):
        return {id(v) for layer in layers for v in layer.trainable_variables}

    later = weights(*synthesis.convolutions[3:5], *synthesis.epilogues[4:6], synthesis.to_rgb[2])
    assert waiting("generator", synthesis) == later | weights(synthesis.to_rgb[0])
    later = weights(discriminator.convolutions[1], discriminator.downscaling[1], discriminator.from_rgb[2])
    assert waiting("discriminator", discriminator) == later | weights(discriminator.from_rgb[0])
    method.enter(method.stages()[1])
    method.state["images_seen"].assign(12)
    assert waiting("generator", synthesis) == weights(synthesis.to_rgb[0])  # the coarse image's colors are those of 8 pixels
    assert waiting("discriminator", discriminator) == weights(discriminator.from_rgb[0])


class Recorder:
    """In the place of the synthesis: keeps the styles."""

    def __call__(self, styles, size, alpha, training):
        self.styles = styles
        return tf.zeros([tf.shape(styles)[0], size, size, 3])


def styles_of(method, seeds):
    """Of a batch of the generator's phase: w, the second w and the styles of each seed; batches × b × ….

    The second w is that of the last layer, which is the first w unless styles are mixed.
    """
    method.networks["synthesis"] = recorder = Recorder()

    @tf.function
    def once(seed):
        _, w = method.generate_mixed({"image": tf.zeros((2, 8, 8, 3))}, seed)
        return w, recorder.styles

    return [np.stack(values) for values in zip(*(once(fold_in(SEED, number)) for number in range(seeds)))]


def test_styles_are_mixed_at_one_layer_in_nine_steps_of_ten():
    method = make_method(image_size=(64, 64), progressive=False)
    w, styles = styles_of(method, 600)
    own = np.all(styles == w[:, :, None], axis=-1)  # steps × images × layers
    assert np.all(own[:, 0] == own[:, 1])
    kept = own[:, 0]
    counts = kept.sum(axis=1)
    assert all(np.all(row[:count]) and not np.any(row[count:]) for row, count in zip(kept, counts))  # coarse layers keep the first w
    assert np.all(styles[~own] == np.broadcast_to(styles[:, :, -1:], styles.shape)[~own])  # the others have all one second w
    assert np.mean(counts < 10) == pytest.approx(0.9, abs=0.04)
    assert set(counts) == set(range(1, 11))
    assert [np.mean(counts == layer) for layer in range(1, 10)] == pytest.approx([0.1] * 9, abs=0.04)
    assert 1 - kept.mean() == pytest.approx(0.45, abs=0.03)


@pytest.mark.parametrize("mixing", [0.0, 1.0])
def test_styles_are_mixed_never_or_always(mixing):
    w, styles = styles_of(make_method(style_mixing_prob=mixing, **SHORT), 40)
    kept = np.all(styles == w[:, :, None], axis=-1)[:, 0, :4].sum(axis=1)  # of the four layers that 8 pixels have
    assert set(kept) == ({4} if mixing == 0 else {1, 2, 3})


def test_mixing_a_style_with_itself_changes_nothing(monkeypatch):
    same = tf.constant(np.random.default_rng(0).normal(size=(BATCH, 6)).astype(np.float32))
    monkeypatch.setattr(StyleGAN, "draw", lambda self, batch, seed: (same, None))
    mixed, plain = (make_method(style_mixing_prob=mixing, progressive=False).generate(make_batch(), SEED)[0] for mixing in (1.0, 0.0))
    np.testing.assert_allclose(mixed, plain, atol=1e-6)


def softplus(x):
    return np.logaddexp(0, x)


def logits_of(method, batch):
    with ForwardPass(SEED):
        fake, _ = method.generate(batch, SEED)
        return method.judge(batch["image"], None, SEED).numpy(), method.judge(fake, None, SEED).numpy()


def test_losses_and_r1():
    method, batch = make_method(progressive=False, r1_gamma=7.0), make_batch()
    real, fake = logits_of(method, batch)
    result, _ = run_phase(method, "discriminator", batch)
    with tf.GradientTape() as tape:
        tape.watch(batch["image"])
        total = tf.reduce_sum(method.networks["discriminator"](batch["image"]))
    squares = np.sum(tape.gradient(total, batch["image"]).numpy() ** 2, axis=(1, 2, 3))
    assert result.scalars["r1_penalty"].numpy() == pytest.approx(squares.mean(), rel=1e-5)
    expected = softplus(-real).mean() + softplus(fake).mean() + 3.5 * squares.mean()
    assert result.losses["discriminator"].numpy() == pytest.approx(expected, rel=1e-5)
    result, _ = run_phase(method, "generator", batch)
    assert result.losses["generator"].numpy() == pytest.approx(softplus(-fake).mean(), rel=1e-5)


def test_lazy_r1_counts_as_often_as_it_is_left_out():
    lazy, always, batch = make_method(progressive=False, r1_interval=3), make_method(progressive=False), make_batch()
    found = []
    for step in range(4):
        lazy.step = step
        found.append(float(run_phase(lazy, "discriminator", batch)[0].scalars["r1_penalty"]))
    expected = 3 * float(run_phase(always, "discriminator", batch)[0].scalars["r1_penalty"])
    assert found == pytest.approx([0, 0, expected, 0], rel=1e-5)  # the third step is the first that has one


def test_wgan_gp_has_a_drift_and_no_r1():
    method, batch = make_method(progressive=False, loss="wgan_gp", drift_weight=0.5), make_batch()
    real, fake = logits_of(method, batch)
    result, _ = run_phase(method, "discriminator", batch)
    assert "r1_penalty" not in result.scalars
    expected = fake.mean() - real.mean() + 10.0 * result.scalars["gradient_penalty"] + 0.5 * np.mean(real**2)
    assert result.losses["discriminator"].numpy() == pytest.approx(float(expected), rel=1e-5)
    without = run_phase(make_method(progressive=False, r1_gamma=0.0), "discriminator", batch)[0]
    assert "r1_penalty" not in without.scalars


def test_averages_forget_half_in_ten_thousand_images():
    method = make_method(stage_batch_sizes=("8:16",), **SHORT)
    assert method.ema_decay == pytest.approx(0.5 ** (16 / 10_000))
    method.enter(method.stages()[1])
    assert method.ema_decay == pytest.approx(0.5 ** (4 / 10_000)) and set(method.ema) == {"mapping", "synthesis"}
    assert make_method(progressive=False, batch_size=32).ema_decay == pytest.approx(0.997784, abs=1e-6)
    assert make_method(progressive=False, ema_decay=0.9).ema_decay == pytest.approx(0.9)
    assert not make_method(ema_decay=0.0).ema


def test_the_mean_style_and_the_count_of_images():
    method = make_method(n_critic=2, progressive=False)
    w = np.arange(10.0, dtype=np.float32).reshape(2, 5)
    for _ in range(2):
        method.exchange_outputs({"w": tf.constant(w)}, SEED)
    np.testing.assert_allclose(method.state["mean_style"], (1 - 0.995**2) * w.mean(axis=0), rtol=1e-5)
    assert method.state["images_seen"] == 2 * 2 * BATCH


def test_learning_rates_by_size():
    for size, rate in ((8, 1e-3), (64, 1e-3), (128, 1.5e-3), (256, 2e-3), (512, 3e-3), (1024, 3e-3)):
        method = make_method(image_size=(size, size), channel_base=16, channel_max=2)
        optimizers = method.make_optimizers()
        assert [float(optimizer.learning_rate) for optimizer in optimizers.values()] == pytest.approx([1e-3] * 2)
        method.enter(method.stages()[-1])
        assert [float(optimizer.learning_rate) for optimizer in optimizers.values()] == pytest.approx([rate] * 2)
    chosen = make_method(learning_rate=0.02).make_optimizers()["generator"]
    assert float(chosen.learning_rate) == pytest.approx(0.02) and (chosen.beta_1, chosen.beta_2, chosen.epsilon) == (0.0, 0.99, 1e-8)


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_truncation():
    """ψ = 0 in all layers leaves one image for all; by default the last layers are as they are."""
    z, method = noise(3, 6), make_method(progressive=False, image_size=(64, 64))
    wake(method)
    method.ema["mapping"].set_weights(method.networks["mapping"].get_weights())
    mean = noise(5)
    method.state["mean_style"].assign(mean)
    styles = method.inference()["generate"].styles
    assert (styles.layers, styles.w_dim, styles.truncation) == (10, 5, 0.7)
    w = method.networks["mapping"](z).numpy()
    np.testing.assert_allclose(styles.map(z, 1.0), np.repeat(w[:, None], 10, axis=1), atol=1e-6)
    found = styles.map(z, 0.7).numpy()
    np.testing.assert_allclose(found[:, :8], np.repeat((mean + 0.7 * (w - mean))[:, None], 8, axis=1), atol=1e-6)
    np.testing.assert_allclose(found[:, 8:], np.repeat(w[:, None], 2, axis=1), atol=1e-6)
    everywhere = make_method(progressive=False, truncation_layers=99, truncation=0.0)
    images = everywhere.inference()["generate"].function(z).numpy()
    np.testing.assert_allclose(images, images[:1].repeat(3, axis=0), atol=1e-5)
    np.testing.assert_allclose(method.inference()["generate"].function(z), styles.synthesize(tf.constant(found)), atol=1e-5)


def test_results_are_of_full_size_in_every_stage_and_by_the_averages():
    method = make_method(image_size=(32, 32), **SHORT)
    z = noise(2, 6)
    for number, stage in enumerate(method.stages()):
        method.enter(stage)
        method.state["images_seen"].assign(10**6)
        images = method.inference()["generate"].function(z).numpy()
        shrink = 4 >> number
        assert images.shape == (2, 32, 32, 3) and np.abs(images).max() <= 1
        blocks = images[:, ::shrink, ::shrink].repeat(shrink, axis=1).repeat(shrink, axis=2)
        np.testing.assert_array_equal(images, blocks)
        assert np.any(images[:, ::2] != images[:, 1::2]) == (shrink == 1)
    for model in method.networks.values():
        model.set_weights([0 * w for w in model.get_weights()])
    np.testing.assert_array_equal(method.inference()["generate"].function(z), images)


def test_a_run_through_two_stages(eagerly):
    """Two steps at 8 pixels, then two at 16, as the trainer does them. In the first of these, α is 0 still."""
    strategy = strategy_over(ONE)
    with strategy.scope():
        method = make_method(**SHORT)
    train_step = TrainStep(method, strategy, seed=0)
    colors = method.networks["synthesis"].to_rgb[2].kernel
    first_colors = colors.numpy()
    for stage, steps in zip(method.stages(), (2, 2)):
        train_step.enter(stage, reset=stage.first_step > 0)
        images = tf.data.Dataset.from_tensors(make_batch(method.size)).repeat()
        scalars = train_step.run(iter(strategy.experimental_distribute_dataset(images)), tf.constant(steps)).numpy()
        assert np.all(np.isfinite(scalars)) and np.all(train_step.optimizers["generator"].iterations == steps)
        assert np.any(colors.numpy() != first_colors) == (stage.shrink == 1)
    assert method.state["images_seen"] == 16
    assert float(method.alpha()) == 0.5
    assert np.any(method.state["mean_style"].numpy())
    difference = max(np.abs(a - b).max() for a, b in zip(method.ema["mapping"].get_weights(), method.networks["mapping"].get_weights()))
    assert 0 < difference < 0.5  # 0.001 a step, a hundredfold where the multiplier is 0.01
