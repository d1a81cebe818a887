"""SPADE's losses, styles, updates and settings."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Classes, DataSpec, Domain
from tfgan.errors import UserError
from tfgan.instances import packed
from tfgan.layers import ForwardPass, SpectralConv2D
from tfgan.methods.base import Encoding
from tfgan.methods.spade import HParams, Spade
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE, BATCH, LATENT = 16, 2, 6
SEED = tf.constant([3, 4])
CLASSES = Classes("ids", (0, 1, 7), ("#000000", "#ff0000", "#00ff00"), ("wall", "door", "window"), 255)
DOMAINS = {"labels": Domain("facade", 1, "int32", "nearest", CLASSES), "image": Domain("photo", 3)}
SPEC = DataSpec("semantic", (SIZE, SIZE), DOMAINS, {"train": 6, "validation": 2}, "")
TINY = {"ngf": 4, "ndf": 4, "depth": 2, "n_layers": 2, "image_size": (SIZE, SIZE), "batch_size": BATCH}
STYLES = {"style_encoder": True, "latent_dim": LATENT, "encoder_size": 16}


def make_method(kind=Spade, **changes):
    keras.utils.set_random_seed(1)
    return kind(HParams(**TINY | changes), SPEC)


def make_batch(n=BATCH, seed=0):
    noise = np.random.default_rng(seed)
    images = noise.uniform(-1, 1, (n, SIZE, SIZE, 3)).astype(np.float32)
    return {"labels": tf.constant(noise.integers(-1, 3, (n, SIZE, SIZE)), tf.int32), "image": tf.constant(images)}


def run_phases(method, batch=None, seed=SEED):
    """Losses and scalars of all phases, as numbers."""
    merged = {}
    for phase in method.phases():
        with ForwardPass(seed):
            result = phase.losses(batch or make_batch(), seed)
        merged |= {f"{name}_loss": float(loss) for name, loss in result.losses.items()}
        merged |= {name: float(value) for name, value in result.scalars.items()}
    return merged


def amplify(model):
    """Kernels of Xavier's size, without the gain of 1/50 that makes all outputs nearly alike."""
    for v in model.trainable_variables:
        v.assign(v * 50.0)


# Losses


def zero_the_logits(method):
    for layer in last_layers(method):
        layer.kernel.assign(tf.zeros_like(layer.kernel))


def last_layers(method):
    """Of the discriminators, at full size first."""
    return [layer for layer in method.discriminator.layers if isinstance(layer, keras.layers.Conv2D) and layer.filters == 1]


@pytest.mark.parametrize("loss, discriminator, generator", [("hinge", 2, 0), ("bce", 2 * math.log(2), math.log(2)), ("lsgan", 0.5, 1)])
def test_losses_at_logits_of_zero(loss, discriminator, generator):
    method = make_method(loss=loss)
    zero_the_logits(method)
    found = run_phases(method)
    assert found["discriminator_loss"] == pytest.approx(discriminator, rel=1e-6)
    assert found["gan_loss"] == pytest.approx(generator, rel=1e-6)
    assert found["real_logit"] == found["fake_logit"] == 0
    assert found["generator_loss"] == pytest.approx(generator + 10 * found["feature_loss"], rel=1e-5)
    assert found["feature_loss"] > 0.1


def test_logits_are_averaged_over_scales_of_different_sizes():
    method = make_method(scales=3)
    zero_the_logits(method)
    for layer, logit in zip(last_layers(method), (0.25, 0.5, -3.0), strict=True):
        layer.bias.assign([logit])
    found = run_phases(method)
    assert found["gan_loss"] == pytest.approx(-(0.25 + 0.5 - 3) / 3, rel=1e-5)
    assert found["discriminator_loss"] == pytest.approx(((0.75 + 1.25) + (0.5 + 1.5) + (4 + 0)) / 3, rel=1e-5)


def test_a_perfect_generator():
    method, batch = make_method(), make_batch()
    method.generator = lambda labels, training: batch["image"]
    found = run_phases(method, batch)
    assert found["feature_loss"] == pytest.approx(0, abs=1e-6)
    assert found["real_logit"] == pytest.approx(found["fake_logit"], abs=1e-6)


def test_real_and_fake_maps_come_from_one_pass():
    method, batch = make_method(), make_batch()
    calls, discriminator = [], method.discriminator

    def judge(inputs, training):
        calls.append([x.shape[0] for x in inputs])
        return discriminator(inputs, training=training)

    method.discriminator = judge
    one_hot, fake = method._one_hot(batch["labels"]), -batch["image"]
    real_maps, fake_maps = method._judge(one_hot, batch["image"], fake, tf.constant([0, 0]))
    assert calls == [[2 * BATCH, 2 * BATCH]]
    for found, images in ((real_maps, batch["image"]), (fake_maps, fake)):
        for scale, expected in zip(found, discriminator([one_hot, images]).values(), strict=True):
            assert len(scale) == len(expected) == 3
            np.testing.assert_allclose(scale[0], expected[0], atol=1e-6)  # the others depend on the power iteration


def test_the_discriminator_sees_the_labels():
    method, batch = make_method(), make_batch()
    one_hot, photos = method._one_hot(batch["labels"]), batch["image"]
    first, _ = method._judge(one_hot, photos, photos, tf.constant([0, 0]))
    second, _ = method._judge(one_hot[::-1], photos, photos, tf.constant([0, 0]))
    assert np.abs(first[1][0] - second[1][0]).max() > 1e-5


def test_pixels_of_no_class_are_zeros():
    one_hot = make_method()._one_hot(tf.constant([[[0, 2], [-1, 1]]]))
    np.testing.assert_array_equal(one_hot, [[[[1, 0, 0], [0, 0, 1]], [[0, 0, 0], [0, 1, 0]]]])


def test_channels_of_no_class_and_of_edges():
    """In the order of the authors' code: classes, no class, edges; both networks take them."""
    labels = dataclasses.replace(DOMAINS["labels"], instances="inst")
    spec = dataclasses.replace(SPEC, domains=DOMAINS | {"labels": labels})
    method = Spade(HParams(**TINY, dont_care=True), spec)
    classes, numbers = np.zeros((1, SIZE, SIZE), np.int32), np.zeros((1, SIZE, SIZE), np.int32)
    classes[0, 0], classes[0, 3], numbers[0, :, 8:] = -1, 2, 4
    seen = method._one_hot(tf.constant(packed(classes, numbers))).numpy()
    assert seen.shape == (1, SIZE, SIZE, 5)
    np.testing.assert_array_equal(seen[..., :3], np.eye(4)[classes][..., :3])
    np.testing.assert_array_equal(seen[..., 3], classes == -1)
    np.testing.assert_array_equal(seen[0, :, :, 4], np.tile(np.isin(np.arange(SIZE), (7, 8)), (SIZE, 1)))
    assert [x.shape[-1] for x in (*method.generator.inputs, *method.discriminator.inputs)] == [5, 5, 3]
    photos = method.inference()["translate"].function(tf.constant(packed(classes, numbers)))
    assert np.abs(photos - method.inference()["translate"].function(tf.constant(classes))).max() > 0  # without edges


def test_no_channel_for_pixels_that_there_are_not():
    classes = dataclasses.replace(CLASSES, ignored=-1)
    spec = dataclasses.replace(SPEC, domains=DOMAINS | {"labels": dataclasses.replace(DOMAINS["labels"], classes=classes)})
    with pytest.raises(UserError, match="--dont_care does nothing for facade"):
        Spade(HParams(**TINY, dont_care=True), spec)


def test_the_perceptual_loss(monkeypatch):
    asked = []

    def no_vgg(weights):
        asked.append(weights)
        return lambda images: [images * factor for factor in (1.0, 2.0, 3.0, 4.0, 5.0)]

    monkeypatch.setattr("tfgan.networks.vgg.vgg_features", no_vgg)
    assert "vgg_loss" not in run_phases(make_method()) and asked == []
    method = make_method(vgg_weights="imagenet", vgg_weight=7.0)
    method.inference()
    assert asked == []  # only training needs it
    plain, found, batch = run_phases(make_method()), run_phases(method), make_batch()
    fake = make_method().generator(method._one_hot(batch["labels"]), training=True)
    difference = np.abs(fake - batch["image"]).mean()
    assert asked == ["imagenet"]
    assert found["vgg_loss"] == pytest.approx(difference * (1 / 32 + 2 / 16 + 3 / 8 + 4 / 4 + 5), rel=1e-5)
    assert found["generator_loss"] == pytest.approx(plain["generator_loss"] + 7 * found["vgg_loss"], rel=1e-5)
    assert found["discriminator_loss"] == pytest.approx(plain["discriminator_loss"], rel=1e-6)


# Styles


class FixedEncoder:
    """Gives every image the same style."""

    def __init__(self, mean, log_variance):
        self.outputs = [tf.constant(mean, tf.float32), tf.constant(log_variance, tf.float32)]

    def __call__(self, images, training):
        assert images.shape[1:] == (16, 16, 3)
        return [tf.tile(x[None], [images.shape[0], 1]) for x in self.outputs]


def test_kl_is_summed_over_the_global_batch():
    """½ Σ (μ² + σ² - 1 - ln σ²): of the first image ½ + (3/2 - ln 2), of the second (13/8 + ln 2) + 0."""
    mean, log_variance = np.array([[1, 0], [-2, 0]]), np.array([[0, math.log(4)], [-math.log(4), 0]])
    method = make_method(**STYLES | {"latent_dim": 2}, kl_weight=0.5)
    zero_the_logits(method)

    def kl_of(share):
        """Of a replica that has this share of the two images."""
        method.encoder = lambda images, training: [tf.constant(x[share], tf.float32) for x in (mean, log_variance)]
        found = run_phases(method, {key: values[share] for key, values in make_batch().items()})
        assert found["generator_loss"] == pytest.approx(10 * found["feature_loss"] + 0.5 * found["kl_loss"], rel=1e-5)
        return found["kl_loss"]

    assert kl_of(slice(0, 2)) == pytest.approx(3.625, rel=1e-6)
    replicas = kl_of(slice(0, 1)), kl_of(slice(1, 2))
    assert replicas == (pytest.approx(BATCH * (2 - math.log(2)), rel=1e-6), pytest.approx(BATCH * (1.625 + math.log(2)), rel=1e-6))
    assert sum(replicas) / 2 == pytest.approx(3.625, rel=1e-6)  # the step takes their mean
    mean, log_variance = np.zeros((2, 2)), np.zeros((2, 2))
    assert kl_of(slice(0, 2)) == 0


def test_styles_are_drawn_around_the_photos():
    method, batch, styles = make_method(**STYLES), make_batch(), []
    method.encoder = FixedEncoder(np.arange(LATENT), np.full(LATENT, 2 * math.log(1e-3)))
    method.generator = lambda inputs, training: styles.append(inputs[1]) or batch["image"]
    run_phases(method, batch)
    run_phases(method, batch, tf.constant([3, 5]))
    of_generator, of_discriminator, other, _ = (style.numpy() for style in styles)
    np.testing.assert_allclose(of_generator, np.tile(np.arange(LATENT), (BATCH, 1)), atol=5e-3)
    assert np.abs(of_generator - np.arange(LATENT)).min() > 1e-6 and np.ptp(of_generator, axis=0).min() > 0
    assert np.all(of_generator != of_discriminator) and np.all(of_generator != other)


def test_a_style_image_of_another_size_is_resized():
    method, batch = make_method(**STYLES | {"encoder_size": 8}), make_batch()
    method.encoder = lambda images, training: tf.unstack(tf.zeros([2, images.shape[0], LATENT])) if images.shape[1] == 8 else None
    assert np.isfinite(run_phases(method, batch)["generator_loss"])


def test_inference_without_styles():
    method, batch = make_method(), make_batch()
    signatures = method.inference()
    assert list(signatures) == ["translate"]
    signature = signatures["translate"]
    assert (signature.source, signature.target, signature.multiple, signature.minimum) == (DOMAINS["labels"], DOMAINS["image"], 4, 4)
    assert (signature.input_key, signature.truth_key, signature.conditions) == ("labels", "image", {})
    amplify(method.generator)
    images = signature.function(batch["labels"])
    assert images.shape == (BATCH, SIZE, SIZE, 3) and np.ptp(images) > 0.1
    assert signature.function(tf.zeros([1, 4, 24], tf.int32)).shape == (1, 4, 24, 3)  # another size than the trained one
    assert list(method.sample_row(example(), {"translate": lambda labels: "made"})) == ["facade", "photo", "generated photo"]


def example():
    return {key: value[0].numpy() for key, value in make_batch().items()}


def test_inference_with_styles():
    method, batch = make_method(**STYLES | {"encoder_size": 8}), make_batch()
    signatures = method.inference()
    assert list(signatures) == ["translate", "encode"] and signatures["translate"].conditions == {"latent": LATENT}
    encoding = signatures["encode"]
    assert isinstance(encoding, Encoding) and (encoding.size, encoding.length) == ((SIZE, SIZE), LATENT)
    assert (encoding.source, encoding.input_key) == (DOMAINS["image"], "image")
    np.testing.assert_array_equal(encoding.function(batch["image"]), method.encoder(tf.image.resize(batch["image"], [8, 8]))[0])
    amplify(method.generator)
    style = tf.constant(np.random.default_rng(0).normal(size=(2, LATENT)), tf.float32)
    images = signatures["translate"].function(batch["labels"], style)
    assert np.abs(images - signatures["translate"].function(batch["labels"], style[::-1])).max() > 1e-3


def test_sample_row_with_styles():
    method, photo, given = make_method(**STYLES), example(), []

    def translate(labels, latent):
        given.append(np.asarray(latent))
        return labels

    row = method.sample_row(photo, {"translate": translate, "encode": lambda image: np.full(LATENT, image[0, 0, 0])})
    assert list(row) == ["facade", "photo", "photo's style", "random style 1", "random style 2"]
    assert row["facade"] is photo["labels"] and row["photo"] is photo["image"]
    np.testing.assert_array_equal(given[0], np.full(LATENT, photo["image"][0, 0, 0]))
    assert all(style.shape == (LATENT,) for style in given) and np.all(given[1] != given[2])
    method.sample_row(photo, {"translate": translate, "encode": lambda image: given[0]})
    np.testing.assert_array_equal(given[1:3], given[4:6])  # the same styles in every picture


# Updates


RATE = 0.1


class Descent(Spade):
    """Plain gradient descent, whose step shows the gradient itself."""

    def make_optimizers(self):
        return {name: keras.optimizers.SGD(RATE) for name in ("generator", "discriminator")}


def train(kind=Spade, steps=1, **changes):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        method = make_method(kind, **changes)
    step = TrainStep(method, strategy, seed=0)
    iterator = iter(strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensors(make_batch()).repeat()))
    values = step.run(iterator, tf.constant(steps)).numpy()
    return method, dict(zip(step.names, values, strict=True))


def gradient(method, networks, loss):
    variables = [v.value for name in networks for v in method.networks[name].trainable_variables]
    with tf.GradientTape() as tape, ForwardPass(SEED) as forward_pass:
        value = loss()
    for statistic in forward_pass.statistics:
        owned = any(statistic.variable is v for name in networks for v in method.networks[name].non_trainable_variables)
        if owned and statistic.momentum == 0:
            statistic.variable.assign(statistic.value)
    for variable, slope in zip(variables, tape.gradient(value, variables)):
        variable.assign_sub(RATE * slope)


def test_one_step_is_the_generators_update_and_then_the_discriminators():
    """Written out with two tapes: without gradients from the real maps, nor into the other network; a new image for the second."""
    trained, _ = train(Descent)
    method, batch = make_method(), make_batch()
    one_hot = method._one_hot(batch["labels"])

    def judged(fake):
        inputs = [tf.concat([one_hot, one_hot], 0), tf.concat([fake, batch["image"]], 0)]
        return method.discriminator(inputs, training=True).values()

    def generator_loss():
        loss = 0.0
        for *maps, logits in judged(method.generator(one_hot, training=True)):
            differences = [tf.reduce_mean(tf.abs(m[:BATCH] - tf.stop_gradient(m[BATCH:]))) for m in maps]
            loss += 0.5 * (10 * tf.add_n(differences) - tf.reduce_mean(logits[:BATCH]))
        return loss

    def discriminator_loss():
        logits = [maps[-1] for maps in judged(method.generator(one_hot, training=True))]
        return tf.add_n([tf.reduce_mean(tf.nn.relu(1 + x[:BATCH])) + tf.reduce_mean(tf.nn.relu(1 - x[BATCH:])) for x in logits]) / 2

    gradient(method, ("generator",), generator_loss)
    gradient(method, ("discriminator",), discriminator_loss)
    start = make_method()
    for name in ("generator", "discriminator"):
        moved = 0.0
        mine, theirs, before = (m.networks[name].trainable_variables for m in (trained, method, start))
        for a, b, c in zip(mine, theirs, before, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-6 + 1e-3 * np.abs(b.numpy() - c.numpy()).max(), err_msg=a.path)
            moved = max(moved, np.abs(b.numpy() - c.numpy()).max())
        assert moved > 1e-4
    for network in ("generator", "discriminator"):
        layers = [[x for x in m.networks[network]._flatten_layers() if isinstance(x, SpectralConv2D)] for m in (trained, method)]
        for a, b in zip(*layers, strict=True):
            np.testing.assert_allclose(a.u, b.u, atol=1e-4)


def test_styles_train():
    method, scalars = train(steps=3, **STYLES)
    start = make_method(**STYLES)
    assert np.all(np.isfinite(list(scalars.values()))) and scalars["kl_loss"] > 0
    for name in ("generator", "discriminator", "encoder"):
        pairs = zip(method.networks[name].weights, start.networks[name].weights, strict=True)
        assert all(np.any(a.numpy() != b.numpy()) for a, b in pairs), name


def test_the_two_learning_rates():
    method = make_method()
    assert method.steps_per_epoch == 3
    rates = {name: (float(o._learning_rate(0)), o.beta_1, o.beta_2) for name, o in method.make_optimizers().items()}
    assert rates == {"generator": (pytest.approx(1e-4), 0.0, 0.9), "discriminator": (pytest.approx(4e-4), 0.0, 0.9)}
    for optimizer, rate in zip(make_method(learning_rate=0.5).make_optimizers().values(), (0.5, 4e-4)):
        assert float(optimizer._learning_rate(0)) == pytest.approx(rate)
        assert float(optimizer._learning_rate(150 * 3)) == pytest.approx(rate / 2)  # halfway down, epochs 100 to 200


# Settings


def test_several_updates_of_the_discriminators():
    """As D_steps_per_G = 3: the generator learns from the first of three batches, the discriminators from each."""
    method = make_method(n_critic=3)
    assert [(phase.name, phase.batch) for phase in method.phases()] == [("generator", 0), *(("discriminator", n) for n in range(3))]
    assert method.batches_per_step == 3 and method.steps_per_epoch == 1  # of 6 images, 2 in a batch
    optimizers = make_method(n_critic=3, epochs=4, lr_decay_epochs=2).make_optimizers()
    for name, updates in (("generator", 1), ("discriminator", 3)):  # in an epoch; rates fall after two, and are half after three
        schedule = optimizers[name]._learning_rate
        rates = [float(schedule(epochs * updates)) for epochs in (0, 2, 3)]
        assert rates == pytest.approx([rates[0], rates[0], rates[0] / 2]) and rates[0] > 0


def test_the_papers_settings():
    hparams = HParams()
    assert (hparams.image_size, hparams.loaded_size(), hparams.batch_size, hparams.epochs) == ((256, 256), (286, 286), 1, 200)
    assert hparams.schedule() == (100, 100) and hparams.settled().depth == 5
    assert HParams(style_encoder=True).settled().encoder_size == 256


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"image_size": (256, 240), "depth": 5}, "--image_size=256x240 does not suit --depth=5: use multiples of 32"),
        ({"image_size": (256, 200)}, "--image_size=256x200 does not suit --depth=4: use multiples of 16"),
        ({"image_size": (0, 256)}, "must be at least one pixel"),
        ({"image_size": (32, 64), "n_layers": 6}, "--image_size=32x64 does not suit --n_layers=6 and --scales=2: use 64 pixels or more"),
        (
            {"image_size": (8, 8), "depth": 2, "n_layers": 2, "vgg_weights": "imagenet"},
            "does not suit --vgg_weights: use 16 pixels or more",
        ),
        ({"style_encoder": True, "encoder_size": 100}, "--encoder_size=100 must be a power of two"),
        ({"style_encoder": True, "encoder_size": 4}, "--encoder_size=4 must be a power of two, 8 or larger"),
        ({"latent_dim": 8}, "--latent_dim does nothing without --style_encoder"),
        ({"kl_weight": 1.0}, "--kl_weight does nothing without --style_encoder"),
        ({"encoder_size": 64}, "--encoder_size does nothing without --style_encoder"),
        ({"vgg_weight": 1.0}, "--vgg_weight does nothing without --vgg_weights"),
        ({"epochs": 300, "lr_constant_epochs": 100, "lr_decay_epochs": 100}, r"The learning rate is 0 after 100 \+ 100 epochs"),
    ],
)
def test_settings_that_cannot_work(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**changes)


def test_vgg_wants_colors():
    gray = dataclasses.replace(SPEC, domains=DOMAINS | {"image": Domain("photo", 1)})
    with pytest.raises(UserError, match="--vgg_weights needs RGB images; photo has 1 channels"):
        Spade(HParams(**TINY, vgg_weights="imagenet"), gray)
    assert Spade(HParams(**TINY), gray).inference()["translate"].function(tf.zeros([1, SIZE, SIZE], tf.int32)).shape == (1, SIZE, SIZE, 1)
