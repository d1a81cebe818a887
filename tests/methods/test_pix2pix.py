"""The losses, updates and settings of pix2pix."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import BatchNorm, ForwardPass
from tfgan.losses import bce_on_fake, bce_on_real
from tfgan.methods.pix2pix import HParams, Pix2Pix
from tfgan.training.step import LOSS_SCALE_GROWTH_STEPS, TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 16
TINY = {"generator": "unet_16", "ngf": 4, "ndf": 4, "n_layers": 1, "image_size": (SIZE, SIZE), "batch_size": 2}
DOMAINS = {"paired": {"source": Domain("labels", 1), "target": Domain("photo", 3)}}


def data_spec(kind="paired"):
    return DataSpec(kind, (SIZE, SIZE), DOMAINS[kind], {"train": 6, "val": 2}, "")


def make_batch(kind="paired", n=2, seed=0):
    noise = np.random.default_rng(seed)
    return {key: tf.constant(noise.uniform(-1, 1, (n, SIZE, SIZE, d.channels)), tf.float32) for key, d in DOMAINS[kind].items()}


def make_method(kind=Pix2Pix, **changes):
    """A tiny method from fixed weights; settings that it does not know are left out."""
    keras.utils.set_random_seed(1)
    known = {field.name for field in dataclasses.fields(kind.HParams)}
    return kind(kind.HParams(**{k: v for k, v in TINY.items() if k in known} | changes), data_spec(kind.batch_kind))


class Training:
    """A method and its train step on one CPU."""

    def __init__(self, kind=Pix2Pix, loss_scaling=False, **changes):
        strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
        with strategy.scope():
            self.method = make_method(kind, **changes)
        self.step = TrainStep(self.method, strategy, seed=0, loss_scaling=loss_scaling)
        batches = tf.data.Dataset.from_tensors(make_batch(kind.batch_kind)).repeat()
        self.iterator = iter(strategy.experimental_distribute_dataset(batches))

    def run(self, count=1):
        """Does `count` steps; scalars of the last."""
        values = self.step.run(self.iterator, tf.constant(count)).numpy()
        return dict(zip(self.step.names, values, strict=True))

    def weights(self):
        return weights(self.method)


def weights(method):
    return {(name, v.path): v.numpy() for name, model in method.networks.items() for v in model.weights}


def of(name, values):
    return {key: value for key, value in values.items() if key[0] == name}


def moved(before, after):
    return {key for key in before if np.any(before[key] != after[key])}


# The losses of pix2pix


def zero_the_logits(method):
    for variable in method.discriminator.trainable_variables[-2:]:
        variable.assign(tf.zeros_like(variable))


def losses(method, batch=None):
    """Losses and scalars of all phases in one forward pass each, as numbers."""
    merged = {}
    for phase in method.phases():
        with ForwardPass(tf.constant([3, 4])):
            result = phase.losses(batch or make_batch(), tf.constant([3, 4]))
        merged |= {f"{name}_loss": float(loss) for name, loss in result.losses.items()}
        merged |= {name: float(value) for name, value in result.scalars.items()}
    return merged


@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
@pytest.mark.parametrize("loss, discriminator, generator", [("bce", 2 * math.log(2), math.log(2)), ("lsgan", 0.5, 1.0)])
def test_losses_at_logits_of_zero(loss, discriminator, generator, updates):
    method = make_method(loss=loss, updates=updates, l1_weight=10.0)
    zero_the_logits(method)
    found = losses(method)
    assert found["discriminator_loss"] == pytest.approx(discriminator, rel=1e-6)
    assert found["gan_loss"] == pytest.approx(generator, rel=1e-6)
    assert found["generator_loss"] == pytest.approx(generator + 10 * found["l1_loss"], rel=1e-6)
    assert found["real_logit"] == found["fake_logit"] == 0
    assert found["l1_loss"] > 0.1


@pytest.mark.parametrize("diffaugment", [(), ("color", "translation", "cutout")])
def test_a_perfect_generator(diffaugment):
    method, batch = make_method(diffaugment=diffaugment), make_batch()
    method.generator = lambda source, training: batch["target"]
    found = losses(method, batch)
    assert found["l1_loss"] == 0 and found["generator_loss"] == found["gan_loss"]
    assert found["real_logit"] == pytest.approx(found["fake_logit"], abs=1e-6)  # both pairs are augmented alike


def test_diffaugment_reaches_the_discriminator_but_not_the_l1_loss():
    method = make_method(dropout=0.0)
    plain = losses(method)
    method.hparams = dataclasses.replace(method.hparams, diffaugment=("cutout",))
    augmented = losses(method)
    assert augmented["real_logit"] != plain["real_logit"] and augmented["fake_logit"] != plain["fake_logit"]
    assert augmented["l1_loss"] == plain["l1_loss"]


def test_diffaugment_changes_source_and_target_alike():
    method = make_method(diffaugment=("translation", "cutout"))
    method.discriminator = lambda pair, training: pair
    target = make_batch()["target"]
    ((pair,),) = method._judge(target[..., :1], target, tf.constant([3, 4]))
    assert np.any(pair[1] != target)
    np.testing.assert_array_equal(pair[0], pair[1][..., :1])


def test_the_discriminator_sees_the_source():
    method, batch, seed = make_method(), make_batch(), tf.constant([0, 0])

    def judged(source, target):
        ((logits,),) = method._judge(source, target, seed)
        return logits

    logits = judged(batch["source"], batch["target"])
    assert logits.shape == (2, SIZE // 2 - 2, SIZE // 2 - 2, 1)
    assert np.abs(judged(batch["source"][::-1], batch["target"]) - logits).max() > 1e-4
    assert np.abs(judged(batch["source"], batch["target"][::-1]) - logits).max() > 1e-4


# The updates of pix2pix


class Descent(Pix2Pix):
    """pix2pix with plain gradient descent, whose step shows the gradient itself; only the phases called `only` are left."""

    only: tuple[str, ...] = ("both", "discriminator", "generator")

    def make_optimizers(self):
        return {name: keras.optimizers.SGD(1.0) for name in ("discriminator", "generator")}

    def phases(self):
        return [phase for phase in super().phases() if phase.name in self.only]


def gradient_of_discriminator(method, batch):
    x, y = batch["source"], batch["target"]
    variables = [v.value for v in method.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        fake = method.generator(x, training=True)
        loss = bce_on_real(method.discriminator([x, y], training=True)) + bce_on_fake(method.discriminator([x, fake], training=True))
    return variables, tape.gradient(loss, variables)


def gradient_of_generator(method, batch):
    x, y = batch["source"], batch["target"]
    variables = [v.value for v in method.generator.trainable_variables]
    with tf.GradientTape() as tape:
        fake = method.generator(x, training=True)
        loss = bce_on_real(method.discriminator([x, fake], training=True)) + 100 * tf.reduce_mean(tf.abs(y - fake))
    return variables, tape.gradient(loss, variables)


def descend(variables, gradients):
    for variable, gradient in zip(variables, gradients):
        variable.assign_sub(gradient)


def reference_weights(updates):
    """All trainable weights after one step, written out by hand with two tapes."""
    method, batch = make_method(dropout=0.0), make_batch()
    if updates == "simultaneous":
        steps = [gradient_of_discriminator(method, batch), gradient_of_generator(method, batch)]
        for step in steps:
            descend(*step)
    else:
        descend(*gradient_of_discriminator(method, batch))
        descend(*gradient_of_generator(method, batch))
    return [v.numpy() for name in ("discriminator", "generator") for v in method.networks[name].trainable_variables]


@pytest.mark.parametrize("updates, loss_scaling", [("simultaneous", False), ("discriminator_first", True)])
def test_one_step_equals_two_tapes(updates, loss_scaling):
    training = Training(Descent, loss_scaling, dropout=0.0, updates=updates)
    training.run()
    found = [v.numpy() for name in ("discriminator", "generator") for v in training.method.networks[name].trainable_variables]
    expected = reference_weights(updates)
    other = reference_weights({"simultaneous": "discriminator_first", "discriminator_first": "simultaneous"}[updates])
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5 * max(1.0, np.abs(theirs).max()))
    assert max(np.abs(mine - theirs).max() for mine, theirs in zip(found, other)) > 1e-3  # the two orders do differ


@pytest.mark.parametrize("phase, still", [("discriminator", "generator"), ("generator", "discriminator")])
def test_each_phase_leaves_the_other_network_still(phase, still):
    kind = type("OnePhase", (Descent,), {"only": (phase,)})
    training = Training(kind, updates="discriminator_first")
    before = training.weights()
    training.run(2)
    changed = moved(before, training.weights())
    assert not of(still, dict.fromkeys(changed))  # nor its moving statistics
    assert changed == set(of(phase, before))


@pytest.mark.parametrize("warmup, kept", [("off", [0.75] * 3), ("auto", [1 / 10, 2 / 11, 3 / 12])])
def test_average_of_the_generator(warmup, kept):
    training = Training(ema_decay=0.75, ema_warmup=warmup)
    average = training.method.ema["generator"]
    expected = training.method.generator.get_weights()
    np.testing.assert_array_equal(average.get_weights()[0], expected[0])
    for share in kept:
        training.run()
        expected = [share * mean + (1 - share) * w for mean, w in zip(expected, training.method.generator.get_weights())]
    for found, value in zip(average.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-7)
    source = make_batch()["source"]
    translated = training.method.inference()["translate"].function(source)
    np.testing.assert_array_equal(translated, average(source, training=False))
    assert np.any(translated != training.method.generator(source, training=False))


def test_loss_scaling_leaves_out_an_overflow():
    keras.config.set_dtype_policy("mixed_float16")
    training = Training(loss_scaling=True)
    before = training.weights()
    training.step.loss_scale.assign(1e38)
    scalars = training.run()
    assert training.step.loss_scale.numpy() == pytest.approx(0.5e38)
    assert {key for key in moved(before, training.weights()) if "moving" not in key[1]} == set()
    assert all(np.isfinite(value).all() for value in training.weights().values())
    assert np.all(np.isfinite(list(scalars.values()))) and training.step.first_bad_step.numpy() == -1

    training.step.loss_scale.assign(1024.0)
    training.step.good_steps.assign(LOSS_SCALE_GROWTH_STEPS - 1)
    training.run()
    assert training.step.loss_scale.numpy() == 2048
    assert moved(before, training.weights()) == set(before)


# The settings of pix2pix


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"image_size": (256, 200)}, "--image_size=256x200 does not suit a U-Net: use multiples of 16, or --generator=resnet_9"),
        (
            {"image_size": (256, 192), "generator": "unet_256"},
            "--image_size=256x192 does not suit --generator=unet_256: use multiples of 256",
        ),
        ({"ema_warmup": "on"}, "--ema_warmup does nothing without --ema_decay"),
        ({"image_size": (0, 256)}, "must be at least one pixel"),
        ({"generator": "resnet_9", "image_size": (30, 32)}, "use multiples of 4"),
        ({"diffaugment": ("color", "blur")}, "--diffaugment=blur is unknown. There are: color, translation, cutout"),
        ({"generator": "unet_100"}, "--generator=unet_100 is unknown"),
        ({"generator": "resnet_9", "bottleneck_norm": True}, "--bottleneck_norm is for a U-Net"),
        ({"epochs": 30, "lr_constant_epochs": 10, "lr_decay_epochs": 10}, r"The learning rate is 0 after 10 \+ 10 epochs"),
    ],
)
def test_settings_that_cannot_work(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**changes)


def test_loaded_size():
    assert HParams().loaded_size() == (286, 286)
    assert HParams(image_size=(256, 512)).loaded_size() == (286, 572)
    assert HParams(load_size=(300, 0)).loaded_size() == (300, 286)
    assert HParams(random_crop=False).loaded_size() == (256, 256)
    with pytest.raises(UserError, match="--load_size does nothing without --random_crop"):
        HParams(random_crop=False, load_size=(300, 300)).loaded_size()
    with pytest.raises(UserError, match="--load_size=255x286 is smaller than --image_size=256x256"):
        HParams(load_size=(255, 286)).loaded_size()


@pytest.mark.parametrize(
    "setting, batch_size, used", [("auto", 1, "image"), ("auto", 2, "moving"), ("moving", 1, "moving"), ("image", 2, "image")]
)
def test_inference_statistics(setting, batch_size, used):
    method = make_method(inference_statistics=setting, batch_size=batch_size, ema_decay=0.9)
    for model in (method.generator, method.ema["generator"]):
        assert {layer.inference_statistics for layer in model._flatten_layers() if isinstance(layer, BatchNorm)} == {used}


def test_inference_dropout():
    source, plain, noisy = make_batch()["source"], make_method(), make_method(inference_dropout=True)
    translate = noisy.inference()["translate"].function
    assert np.any(translate(source) != plain.inference()["translate"].function(source))
    np.testing.assert_array_equal(translate(source), translate(source))


@pytest.mark.parametrize("epoch, rate", [(0, 2e-4), (10, 2e-4), (15, 1e-4), (20, 0.0)])
def test_learning_rate_falls_by_epochs(epoch, rate):
    method = make_method(epochs=20, lr_constant_epochs=10, lr_decay_epochs=10, batch_size=4)
    assert method.steps_per_epoch == 2  # six images: the second batch takes two and starts the next epoch's order
    for optimizer in method.make_optimizers().values():
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.5, 0.999, 1e-8)
        assert float(optimizer._learning_rate(epoch * 2)) == pytest.approx(rate, abs=1e-9)
