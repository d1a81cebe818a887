"""DCGAN: its three architectures, their settings, and those that are refused."""

import keras
import numpy as np
import pytest

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import BatchNorm
from tfgan.methods.dcgan import DCGAN, HParams


def make_method(channels=1, **changes):
    keras.utils.set_random_seed(1)
    hparams = HParams(**changes)
    return DCGAN(hparams, DataSpec("images", hparams.image_size, {"image": Domain("image", channels)}, {"train": 8, "validation": 2}, ""))


def norms(model):
    return [layer for layer in model.layers if isinstance(layer, BatchNorm)]


def test_the_papers_settings():
    method = make_method(3)
    assert (method.generator.count_params(), method.discriminator.count_params()) == (18_858_880, 17_236_352)
    found = method.hparams
    assert (found.batch_size, found.image_size, found.prior, found.epochs, found.latent_dim) == (128, (64, 64), "uniform", 25, 100)
    assert (found.learning_rate, found.beta_1) == (2e-4, 0.5)


@pytest.mark.parametrize(
    "settings, generator, discriminator",
    [
        ({"image_size": (64, 64), "ngf": 64, "ndf": 64, "kernel_size": 4}, 3_576_704, 2_765_568),
        ({"image_size": (28, 28), "architecture": "tutorial"}, 2_305_472, 212_865),
        ({"image_size": (32, 32), "architecture": "upsampling"}, 1_049_985, 98_113),
    ],
)
def test_the_other_lineages(settings, generator, discriminator):
    method = make_method(3 if "kernel_size" in settings else 1, **settings)
    found = [sum(v.numpy().size for v in model.trainable_variables) for model in (method.generator, method.discriminator)]
    assert found == [generator, discriminator]


@pytest.mark.parametrize("architecture", ["paper", "tutorial", "upsampling"])
def test_widths_of_each_architecture(architecture):
    method = make_method(image_size=(16, 16), architecture=architecture, ngf=2, ndf=3)
    convolutions = [layer for layer in method.discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions[0].filters == 3
    kind = keras.layers.Conv2D if architecture == "upsampling" else keras.layers.Conv2DTranspose
    assert [layer.filters for layer in method.generator.layers if isinstance(layer, kind)][-2:] == [2, 1]
    assert {"paper": (128, 128), "tutorial": (64, 64), "upsampling": (64, 16)}[architecture] == HParams(
        image_size=(16, 16), architecture=architecture
    ).widths()


@pytest.mark.parametrize("architecture", ["paper", "upsampling"])
def test_the_discriminators_norm(architecture):
    with_norm, without = (
        make_method(image_size=(16, 16), architecture=architecture, ngf=2, ndf=2, discriminator_norm=n) for n in ("batch", "none")
    )
    assert norms(with_norm.discriminator) and not norms(without.discriminator)
    assert len(norms(with_norm.generator)) == len(norms(without.generator)) > 0


def test_what_the_ports_0_8_means():
    for name, expected in (("momentum", (0.8, 1e-5)), ("epsilon", (0.9, 0.8))):
        method = make_method(image_size=(16, 16), architecture="upsampling", batch_norm=name)
        found = [(norm.momentum, norm.epsilon) for model in (method.generator, method.discriminator) for norm in norms(model)]
        assert found[1:] == [expected] * 5  # the one behind the dense layer is PyTorch's own


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"image_size": (30, 30)}, "--image_size=30x30 does not suit DCGAN: use 4 to 7 pixels, doubled"),
        ({"image_size": (64, 128)}, "--image_size=64x128 does not suit DCGAN"),
        (
            {"image_size": (30, 28), "architecture": "tutorial"},
            "--image_size=30x28 does not suit --architecture=tutorial: use multiples of 4",
        ),
        ({"image_size": (0, 0), "architecture": "upsampling"}, "--image_size=0 must be at least one pixel"),
        ({"loss": "wgan_gp"}, "batch norm mixes them .*: use --discriminator_norm=none"),
        ({"loss": "wgan_gp", "architecture": "upsampling"}, "use --discriminator_norm=none"),
        ({"batch_norm": "epsilon"}, "--batch_norm does nothing with --architecture=paper: leave it out"),
        ({"architecture": "tutorial", "kernel_size": 4}, "--kernel_size does nothing with --architecture=tutorial"),
        ({"architecture": "tutorial", "discriminator_norm": "none"}, "--discriminator_norm does nothing with --architecture=tutorial"),
        ({"architecture": "upsampling", "kernel_size": 4}, "--kernel_size does nothing with --architecture=upsampling"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(UserError, match=message):
        HParams(**settings)


def test_the_tutorials_discriminator_has_no_norm_to_mix():
    assert not norms(make_method(image_size=(16, 16), architecture="tutorial", loss="wgan_gp", ngf=2, ndf=2).discriminator)


def test_samples_of_the_trained_generator_do_not_depend_on_the_batch():
    method = make_method(image_size=(16, 16), ngf=4, ndf=4)
    latents = np.random.default_rng(0).uniform(-1, 1, (5, 100)).astype(np.float32)
    for _ in range(3):
        method.generator(latents, training=True)
    signature = method.inference()["generate"]
    together = signature.function(latents).numpy()
    np.testing.assert_allclose(signature.function(latents[3:4]), together[3:4], atol=1e-6)
    assert signature.prior == "uniform" and np.abs(together).max() <= 1
