"""Losses in pairs and penalties of the discriminator's gradient in every method: second derivatives, and the steps that have them."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import SIZE, Training, make_batch, make_method, weights

from tfgan import networks
from tfgan.errors import UserError
from tfgan.layers import ForwardPass, SpectralConv2D
from tfgan.layers.machine import tuned
from tfgan.losses import squared_gradient
from tfgan.methods import METHODS, adversarial, method_class
from tfgan.training import step
from tfgan.training.checkpoint import Checkpointer

pytestmark = pytest.mark.usefixtures("eagerly")
R1, R2 = 3.0, 2.0
PAIRS = {"loss": "rpgan", "r1_gamma": R1, "r2_gamma": R2}
NO_BATCH_NORM = {"pix2pix": {"norm": "instance"}} | {name: {"discriminator_norm": "none"} for name in ("dcgan", "acgan", "vaegan")}
SEED = tf.constant([3, 4])


@pytest.mark.parametrize("name", METHODS)
def test_pairs_and_penalties_in_every_method(name):
    """The discriminator's loss is that of pairs, and γ/2 of each penalty; ACGAN's and StarGAN's have classes beside."""
    training = Training(name, **PAIRS, **NO_BATCH_NORM.get(name, {}))
    found = training.run()
    assert np.all(np.isfinite(list(found.values()))) and all(np.isfinite(value).all() for value in weights(training.method).values())
    penalties = {kind: [value for key, value in found.items() if key.startswith(kind) and "penalty" in key] for kind in ("r1", "r2")}
    assert all(len(values) == (2 if name == "cyclegan" else 1) and min(values) > 0 for values in penalties.values())
    if name == "cyclegan":
        plain = found["discriminator_target_loss"] + found["discriminator_source_loss"]
    elif name == "vaegan":
        plain = 2.0 * found["discriminator_gan_loss"]  # of reconstructions and of samples
    else:
        plain = found["discriminator_gan_loss"]
    expected = plain + 0.5 * (R1 * sum(penalties["r1"]) + R2 * sum(penalties["r2"]))
    if name == "acgan":
        expected = 0.25 * expected + 0.5 * found["discriminator_class_loss"]
    if name == "stargan":
        expected += found["real_classification_loss"]
    assert found["discriminator_loss"] == pytest.approx(expected, rel=1e-4)
    (doubt, *_) = training.method.doubt(found).values()
    assert 0.3 < doubt < 2.0  # by the loss of pairs alone, of networks that have learned nothing


class Watched:
    """An adversarial loss that remembers the outputs for real images of either side."""

    def __init__(self, loss):
        self.loss, self.of_discriminator, self.of_generator = loss, [], []

    def __getattr__(self, name):
        return getattr(self.loss, name)

    def discriminator(self, real, fake):
        self.of_discriminator.append(real)
        return self.loss.discriminator(real, fake)

    def generator(self, fake, real=None):
        assert real.shape == fake.shape and np.any(real != fake)
        self.of_generator.append(real)
        return self.loss.generator(fake, real)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in ("gan", "dcgan", "acgan", "stylegan") else name for name in METHODS]
)
def test_both_sides_see_the_real_images_of_the_step_alike(name):
    """Of one batch, with one draw of DiffAugment."""
    method = make_method(name, loss="rpgan", diffaugment=("color", "translation", "cutout"), dropout=0.0)
    batch = {key: tf.constant(value) for key, value in make_batch(method.batch_kind).items()}
    if method.batch_kind == "unpaired":
        batch |= {f"fake_{side}": -batch[side] for side in ("target", "source")}
    method.loss = Watched(method.loss)
    for phase in {phase.name: phase for phase in method.phases() if phase.trains}.values():
        with ForwardPass(SEED):
            phase.losses(batch, SEED)
    assert len(method.loss.of_discriminator) == len(method.loss.of_generator) > 0
    for of_discriminator, of_generator in zip(method.loss.of_discriminator, method.loss.of_generator):
        np.testing.assert_allclose(of_discriminator, of_generator, rtol=1e-5, atol=1e-6)


def test_pairs_are_of_one_class():
    for loss, same in (("rpgan", True), ("bce", False)):
        method, batch = make_method("cgan", loss=loss), {key: tf.constant(value) for key, value in make_batch("labeled", 64).items()}
        assert np.all(method.draw(batch, SEED)[1] == batch["label"]) == same


# Second derivatives

SHAPE = ((SIZE, SIZE), 3)
DISCRIMINATORS = {
    "patchgan": (lambda: networks.patchgan.patchgan(1, 3, ndf=4, n_layers=2, norm="instance"), lambda outputs: [outputs]),
    "patchgan, no norm": (lambda: networks.patchgan.patchgan(1, 3, ndf=4, n_layers=1, norm="none"), lambda outputs: [outputs]),
    "pixelgan": (lambda: networks.patchgan.patchgan(1, 3, ndf=4, n_layers=0, norm="instance"), lambda outputs: [outputs]),
    "multiscale": (
        lambda: networks.multiscale.multiscale_discriminator(1, 3, scales=2, ndf=4, n_layers=2),
        lambda outputs: [maps[-1] for maps in outputs.values()],
    ),
    "stargan": (lambda: networks.stargan.stargan_discriminator(3, 2, (SIZE, SIZE), ndf=4, n_layers=2), lambda outputs: outputs[:1]),
    "mlp": (lambda: networks.mlp.mlp_discriminator(*SHAPE), lambda outputs: [outputs]),
    "dcgan": (lambda: networks.dcgan.dcgan_discriminator(*SHAPE, ndf=4, norm="none"), lambda outputs: [outputs]),
    "tutorial": (lambda: networks.dcgan.tutorial_discriminator(*SHAPE, ndf=4), lambda outputs: [outputs]),
    "upsampling": (lambda: networks.acgan.upsampling_discriminator(*SHAPE, ndf=4, norm="none", batch_norm={}), lambda outputs: [outputs]),
    "acgan": (lambda: networks.acgan.cifar_discriminator(*SHAPE, 3, ndf=4, norm="none", dropout=0.0), lambda outputs: outputs[:1]),
    "vaegan": (lambda: networks.vaegan.vaegan_discriminator(*SHAPE, ndf=4, norm="none"), lambda outputs: outputs[1:]),
    "stylegan": (
        lambda: networks.stylegan.Discriminator(SIZE, 3, every_size=False, channel_base=32, channel_max=8),
        lambda outputs: [outputs],
    ),
    "stylegan2": (lambda: networks.stylegan2.Discriminator(SIZE, 3, channel_base=32, channel_max=8), lambda outputs: [outputs]),
}


@pytest.mark.parametrize("name, count", [*((name, 2) for name in DISCRIMINATORS), ("patchgan", 9)])
def test_the_penaltys_gradient_agrees_with_finite_differences(name, count):
    """That of ‖g‖² in the weights is twice that of the slope along g, which needs no second derivative: (D(x + εg) - D(x - εg)) / 2ε.

    Instance norm takes another way for many images than for few.
    """
    keras.utils.set_random_seed(2)
    build, logits = DISCRIMINATORS[name]
    model, noise = build(), np.random.default_rng(0)
    images, source = (tf.constant(noise.uniform(-1, 1, (count, SIZE, SIZE, channels)), tf.float32) for channels in (3, 1))
    conditional = len(getattr(model, "inputs", [])) == 2
    model([source, images] if conditional else images)
    for variable in model.trainable_variables:  # of deviation 0.02 they would leave all activations near 0
        fan_in = 2.0 if name.startswith("stylegan") else np.prod(variable.shape[:-1]) + 1.0  # whose layers scale their weights themselves
        variable.assign(tf.constant(noise.normal(0, np.sqrt(2.0 / fan_in), variable.shape), tf.float32))
    variables = [variable.value for variable in model.trainable_variables]

    def judge(x):
        with ForwardPass(SEED), tuned():
            return logits(model([source, x] if conditional else x, training=True))

    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            scales = [[outputs] for outputs in judge(images)]
        penalty = squared_gradient(tape, scales, images)
    found = outer.gradient(penalty, variables, unconnected_gradients="zero")
    slopes = [tape.gradient(outputs, images) for (outputs,) in scales]

    def difference(epsilon):
        """The gradient of the mean over scales of the slope along itself, twice, by outputs a step ahead and behind."""
        with tf.GradientTape() as plain:
            squares = []
            for number, ((outputs,), slope) in enumerate(zip(scales, slopes)):
                along = epsilon / tf.reduce_max(tf.abs(slope))
                ahead, behind = (tf.reduce_sum(judge(images + sign * along * slope)[number]) for sign in (1.0, -1.0))
                squares.append(2.0 * (ahead - behind) / (2.0 * along) / tf.size(outputs, tf.float32))
            mean = tf.add_n(squares) / len(squares)
        return plain.gradient(mean, variables, unconnected_gradients="zero")

    def error(epsilon):
        expected = difference(epsilon)
        return tf.linalg.global_norm([x - y for x, y in zip(found, expected)]) / tf.linalg.global_norm(expected)

    assert any(error(epsilon) < 0.05 for epsilon in (1e-4, 3e-5, 1e-5))  # on some of these ways a ReLU changes sides, where slopes jump


# Steps


def test_penalties_that_are_not_due_in_every_step_survive_a_resume(tmp_path):
    """Every second step has them, wherever the run was stopped."""

    def training():
        return Training("gan", **PAIRS, r1_interval=2)

    unbroken = training()
    rows = [unbroken.run() for _ in range(3)]
    assert [row["r1_penalty"] > 0 for row in rows] == [row["r2_penalty"] > 0 for row in rows] == [False, True, False]
    stopped = training()
    stopped.run()
    Checkpointer(tmp_path, stopped.step, keep=1).save()
    resumed = training()
    assert Checkpointer(tmp_path, resumed.step, keep=1).restore() == 1
    assert [resumed.run() for _ in range(2)] == rows[1:]
    for one, other in zip(weights(unbroken.method).values(), weights(resumed.method).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_penalties_that_are_not_due_in_every_step_in_a_graph():
    """They count as often as they are left out; what layers note of their pass, which is a branch of its own, is dropped."""
    layer = SpectralConv2D(1, 3, use_bias=False)
    real, fake = (tf.random.stateless_normal((2, 5, 5, 2), [seed, 0]) for seed in (1, 2))
    layer.build(real.shape)
    at = tf.Variable(0, dtype=tf.int64)

    def penalties(interval):
        hparams = adversarial.AdversarialHParams(r1_gamma=R1, r2_gamma=R2, r1_interval=interval)
        method = types.SimpleNamespace(hparams=hparams, step=at)
        with ForwardPass(SEED) as forward_pass:
            _, found = adversarial.judged(method, lambda: (layer(real, training=True), layer(fake, training=True)), real, fake, SEED)
        assert len(forward_pass.statistics) == 2
        return found, [statistic.value for statistic in forward_pass.statistics]

    always, directions = penalties(1)
    tf.config.run_functions_eagerly(False)  # until the fixture's end
    lazy = tf.function(penalties)
    for number in range(4):
        at.assign(number)
        found, noted = lazy(3)
        for name, value in always.items():
            assert found[name].numpy() == pytest.approx(3.0 * value.numpy() if number == 2 else 0.0, rel=1e-5)
        np.testing.assert_allclose(noted, directions, atol=1e-6)


def test_checkpoints_of_stylegan_that_count_steps_are_read(tmp_path):
    before, after = Training("stylegan"), Training("stylegan")
    before.step.step.assign(1)
    before.method.state["images_seen"].assign(4)
    before.method.state["steps"] = tf.Variable(tf.constant(1, tf.int64))
    Checkpointer(tmp_path, before.step, keep=1).save()
    assert Checkpointer(tmp_path, after.step, keep=1).restore() == 1
    assert set(after.method.state) == {"images_seen", "mean_style"} and after.method.state["images_seen"] == 4
    for one, other in zip(weights(before.method).values(), weights(after.method).values(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("name, precision", [("spade", "mixed_bfloat16"), ("pix2pix", "mixed_float16")])
def test_penalties_in_low_precision(name, precision, monkeypatch):
    monkeypatch.setattr(step, "INITIAL_LOSS_SCALE", 2.0**8)
    changes = PAIRS | NO_BATCH_NORM.get(name, {})
    exact, training = Training(name, **changes).run(), Training(name, precision=precision, **changes)
    found = training.run()
    for penalty in adversarial.PENALTIES:
        assert found[penalty] == pytest.approx(exact[penalty], rel=0.1)
    assert all(np.isfinite(values).all() for values in weights(training.method).values())


# Settings


@pytest.mark.parametrize("name", ["pix2pix", "dcgan", "acgan", "vaegan"])
@pytest.mark.parametrize("gamma", ["r1_gamma", "r2_gamma"])
def test_a_gradient_behind_batch_norm_is_refused_with_a_cure(name, gamma):
    record = method_class(name).HParams
    (cure,) = NO_BATCH_NORM[name].items()
    with pytest.raises(UserError, match=f"--{gamma}=0.5 penalizes .* batch norm mixes them .*: use --{cure[0]}={cure[1]}"):
        record(**{gamma: 0.5})
    assert record(**{gamma: 0.5, cure[0]: cure[1]}).penalties == {gamma.replace("gamma", "penalty"): 0.5}


@pytest.mark.parametrize("name", METHODS)
def test_settings_that_do_nothing(name):
    record = method_class(name).HParams
    off = {"r1_gamma": 0.0} if name == "stylegan" else {}
    with pytest.raises(UserError, match="--r1_interval does nothing with(out)? "):
        record(r1_interval=4, **off)
    if "wgan_gp" in record.__dataclass_fields__["loss"].metadata["choices"]:
        norm = NO_BATCH_NORM.get(name, {})
        with pytest.raises(UserError, match="--r2_gamma does nothing with --loss=wgan_gp, which has its own penalty: leave it out"):
            record(loss="wgan_gp", r2_gamma=1.0, **norm)
        assert record(loss="wgan_gp", **norm).penalties == {}


def test_settings_that_do_nothing_beside_vaegans_losses():
    record = method_class("vaegan").HParams
    for changes in (
        {"loss": "hinge", "skip_margin": 0.35},
        {"loss": "lsgan", "decoder_loss": "non_saturating"},
        {"loss": "rpgan", "real_weight": 2.0},
    ):
        with pytest.raises(UserError, match=f"--{list(changes)[1]} does nothing with --loss={changes['loss']}, which"):
            record(**changes)
    assert record(loss="hinge", real_weight=2.0).real_weight == 2


def test_labels_keep_their_values_under_color():
    """SPADE's labels are shown where the image was shifted to, and nothing else changes them."""
    method = make_method("spade", diffaugment=("color", "translation"))
    seen, judge = [], method.discriminator
    method.discriminator = lambda inputs, training: seen.extend(inputs) or judge(inputs, training=training)
    batch = {key: tf.constant(value) for key, value in make_batch("semantic").items()}
    with ForwardPass(SEED):
        method.phases()[1].losses(batch, SEED)
    assert set(np.unique(seen[0])) == {0.0, 1.0} and np.any(seen[0][:4] != method._one_hot(batch["labels"]))
    np.testing.assert_array_equal(seen[0][:4], seen[0][4:])
