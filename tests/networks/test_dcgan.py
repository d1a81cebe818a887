"""DCGAN's networks against the paper's rules and the parameter counts of three lineages."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.layers import BatchNorm, Dropout, ForwardPass
from tfgan.methods.dcgan import HParams
from tfgan.networks.dcgan import dcgan_discriminator, dcgan_generator, tutorial_discriminator, tutorial_generator
from tfgan.sizes import doublings


def counts(model):
    """Trainable, and all."""
    return sum(math.prod(v.shape) for v in model.trainable_variables), model.count_params()


def kinds(model):
    return [type(layer).__name__ for layer in model.layers[1:]]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def test_the_papers_counts():
    """64 × 64, figure 1; the released code has no biases."""
    assert counts(dcgan_generator(100, (64, 64), 3)) == (18_855_040, 18_858_880)
    assert counts(dcgan_discriminator((64, 64), 3)) == (17_232_768, 17_236_352)


@pytest.mark.parametrize("kernel, generator, discriminator", [(5, 5_126_720, 4_315_584), (4, 3_576_704, 2_765_568)])
def test_counts_of_compact_variants(kernel, generator, discriminator):
    assert counts(dcgan_generator(100, (64, 64), 3, ngf=64, kernel_size=kernel))[0] == generator
    assert counts(dcgan_discriminator((64, 64), 3, ndf=64, kernel_size=kernel))[0] == discriminator


def test_the_tutorials_counts():
    assert counts(tutorial_generator(100, (28, 28), 1)) == (2_305_472, 2_330_944)
    assert counts(tutorial_discriminator((28, 28), 1)) == (212_865, 212_865)


@pytest.mark.parametrize("size, count, smallest", [(8, 1, 4), (28, 2, 7), (32, 3, 4), (48, 3, 6), (64, 4, 4), (128, 5, 4), (20, 2, 5)])
def test_sizes(size, count, smallest):
    assert doublings((size, size)) == count
    generator, discriminator = dcgan_generator(3, (size, size), 1, ngf=2), dcgan_discriminator((size, size), 1, ndf=2)
    maps = [layer.output.shape[1] for layer in generator.layers if isinstance(layer, keras.layers.Reshape | keras.layers.Conv2DTranspose)]
    assert maps == [smallest << n for n in range(count + 1)]
    assert [layer.output.shape[1] for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)] == maps[-2::-1]


def test_widths_double_from_the_image_on():
    generator, discriminator = dcgan_generator(3, (32, 48), 3, ngf=4), dcgan_discriminator((32, 48), 3, ndf=5)
    assert [layer.filters for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)] == [8, 4, 3]
    assert [layer.filters for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)] == [5, 10, 20]
    images = generator(noise(2, 3))
    assert images.shape == (2, 32, 48, 3) and discriminator(images).shape == (2, 1)


@pytest.mark.parametrize("size", [(4, 4), (30, 30), (36, 36), (64, 128), (72, 72), (0, 0)])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"^{size[0]}×{size[1]} pixels are not 4 to 7, doubled: 28, 32"):
        doublings(size)
    unfit = f"{size[0]}x{size[1]} does not suit DCGAN: use 4 to 7 pixels, doubled: 28, 32" if min(size) else "0 must be at least one pixel"
    with pytest.raises(UserError, match=f"--image_size={unfit}"):
        HParams(image_size=size)


def test_the_papers_rules():
    """§3: batch norm everywhere but at the generator's output and the discriminator's input; ReLU, tanh, LeakyReLU; no pooling."""
    generator, discriminator = dcgan_generator(3, (32, 32), 1, ngf=2), dcgan_discriminator((32, 32), 1, ndf=2)
    hidden = ["Conv2DTranspose", "BatchNorm", "ReLU"]
    assert kinds(generator) == ["Dense", "Reshape", "BatchNorm", "ReLU", *hidden * 2, "Conv2DTranspose", "Activation"]
    assert kinds(discriminator) == ["Conv2D", "LeakyReLU", *["Conv2D", "BatchNorm", "LeakyReLU"] * 2, "Flatten", "Dense"]
    assert kinds(dcgan_discriminator((32, 32), 1, ndf=2, norm="none")) == [*["Conv2D", "LeakyReLU"] * 3, "Flatten", "Dense"]
    assert {layer.negative_slope for layer in discriminator.layers if isinstance(layer, keras.layers.LeakyReLU)} == {0.2}
    assert generator.layers[-1].activation is keras.activations.tanh
    assert not [v.path for model in (generator, discriminator) for v in model.weights if v.path.endswith("bias")]


def test_weights_start_as_in_the_paper():
    keras.utils.set_random_seed(1)
    for variable in (*dcgan_generator(100, (32, 32), 3, ngf=32).weights, *dcgan_discriminator((32, 32), 3, ndf=32).weights):
        values, name = variable.numpy(), variable.path.rpartition("/")[2]
        if name == "kernel":
            assert abs(values.mean()) < 2e-3 and values.std() == pytest.approx(0.02, rel=0.1), variable.path
        elif name == "gamma":
            assert values.mean() == pytest.approx(1, abs=0.02) and values.std() == pytest.approx(0.02, rel=0.5), variable.path
        else:
            assert np.all(values == (name == "moving_variance")), variable.path


def test_the_tutorials_layers():
    generator, discriminator = tutorial_generator(3, (28, 28), 1, ngf=2), tutorial_discriminator((28, 28), 1, ndf=2)
    hidden = ["Conv2DTranspose", "BatchNorm", "LeakyReLU"]
    assert kinds(generator) == ["Dense", "BatchNorm", "LeakyReLU", "Reshape", *hidden * 2, "Conv2DTranspose", "Activation"]
    assert kinds(discriminator) == [*["Conv2D", "LeakyReLU", "Dropout"] * 2, "Flatten", "Dense"]
    assert [layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)] == [
        (7, 7, 4),
        (14, 14, 2),
        (28, 28, 1),
    ]
    norms = [layer for layer in generator.layers if isinstance(layer, BatchNorm)]
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.99, 1e-3)} and norms[0].gamma.shape == (7 * 7 * 8,)
    leaks = [layer.negative_slope for model in (generator, discriminator) for layer in model.layers if hasattr(layer, "negative_slope")]
    assert set(leaks) == {0.3} and {layer.rate for layer in discriminator.layers if isinstance(layer, Dropout)} == {0.3}


def test_a_batch_norm_in_training():
    """Its output's mean is β and its variance γ² v / (v + ε), per channel."""
    generator = dcgan_generator(6, (16, 16), 1, ngf=4)
    norm = next(layer for layer in generator.layers if isinstance(layer, BatchNorm))
    norm.gamma.assign(np.linspace(0.5, 2, 8))
    norm.beta.assign(np.linspace(-1, 1, 8))
    ends = keras.Model(generator.input, [norm.input, norm.output])
    before, after = ends(noise(16, 6), training=True)
    variance = np.var(before, axis=(0, 1, 2))
    np.testing.assert_allclose(np.mean(after, axis=(0, 1, 2)), norm.beta, atol=1e-5)
    np.testing.assert_allclose(np.var(after, axis=(0, 1, 2)), norm.gamma.numpy() ** 2 * variance / (variance + 1e-5), rtol=1e-3)


@pytest.mark.parametrize("build", [dcgan_generator, tutorial_generator])
def test_inference_does_not_depend_on_the_batch(build):
    keras.utils.set_random_seed(1)
    generator, latents = build(5, (16, 16), 1, ngf=8), 3 * noise(4, 5)
    for _ in range(3):
        generator(latents, training=True)  # moving averages that are not those of the start
    together = generator(latents).numpy()
    np.testing.assert_allclose(generator(latents[2:3]), together[2:3], atol=1e-6)
    with ForwardPass(tf.constant([0, 0])):
        trained, others = generator(latents, training=True), generator(np.concatenate([latents[2:3], latents[:2]]), training=True)
    assert np.abs(trained[2] - others[0]).max() > 1e-3 * np.abs(trained).max()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_results_are_float32(policy):
    keras.config.set_dtype_policy(policy)
    for generator, discriminator in ((dcgan_generator, dcgan_discriminator), (tutorial_generator, tutorial_discriminator)):
        images = generator(5, (16, 16), 1, ngf=2)(noise(2, 5))
        assert images.dtype == discriminator((16, 16), 1, ndf=2)(images).dtype == tf.float32
