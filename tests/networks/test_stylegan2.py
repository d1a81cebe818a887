"""StyleGAN2's networks: the authors' counts, PyTorch's numbers, skips, noise, precision."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from fixed_values import cosines, count, fill, fixed_noise, random

from tfgan.layers import ForwardPass
from tfgan.layers.resizing import blur, double
from tfgan.losses import path_lengths, squared_gradient
from tfgan.networks import stylegan
from tfgan.networks.stylegan2 import Discriminator, Synthesis, activated
from tfgan.training.units import units_of, weights_of

TINY = {"channel_base": 16, "channel_max": 6}  # 6 maps of 4 pixels, 4 of 8, 2 of 16
WIDTH = 4


def make_networks(largest=16):
    """A synthesis and a discriminator from fixed weights."""
    keras.utils.set_random_seed(1)
    return Synthesis(largest, 3, w_dim=WIDTH, **TINY), Discriminator(largest, 3, **TINY)


@pytest.mark.slow
def test_counts():
    """Of configuration F at 1024 pixels, as the authors' code prints them: with the mapping 30,370,060, and 29,012,513."""
    assert count(Synthesis(1024, 3, w_dim=512, channel_base=16384)) + 2_101_248 == 30_370_060
    assert count(Discriminator(1024, 3, channel_base=16384)) == 29_012_513


def test_every_weight_is_trained():
    for model in make_networks():
        assert not model.non_trainable_weights and count(model) == sum(math.prod(weight.shape) for weight in model.weights)
    assert len(make_networks()[0].trainable_weights) == 1 + 5 * 5 + 3 * 4


def test_synthesis_agrees_with_pytorch(monkeypatch):
    """With weights of each image's own, in one grouped convolution, and zeros between pixels where sizes double."""
    monkeypatch.setattr(stylegan, "normal", fixed_noise)
    synthesis, _ = make_networks()
    fill(synthesis)
    styles = cosines(2, 3, 6, WIDTH)
    images, small = synthesis(styles).numpy(), synthesis(styles, size=8).numpy()
    assert images.shape == (3, 16, 16, 3) and small.shape == (3, 8, 8, 3)
    np.testing.assert_allclose(
        [images.mean(), images.std(), small.mean(), small.std()], [-0.844159, 1.311368, -0.737963, 1.461446], atol=1e-5
    )
    np.testing.assert_allclose(
        images[[1, 2], [1, 15], [2, 0]], [[-3.859753, 0.417856, -2.207085], [-0.415921, -0.039683, -0.965982]], atol=1e-5
    )
    lengths = path_lengths(synthesis, tf.constant(styles), cosines(5, 3, 16, 16, 3) / 16)
    np.testing.assert_allclose(lengths, [0.0900934, 0.0198505, 0.1002162], rtol=1e-4)


def test_discriminator_agrees_with_pytorch():
    _, discriminator = make_networks()
    fill(discriminator)
    images = 30.0 * cosines(3, 4, 16, 16, 3)
    np.testing.assert_allclose(discriminator(images)[:, 0], [-0.779064, -0.749272, -0.759269, -0.799017], atol=1e-5)
    images = tf.constant(images[:2])
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images)
    assert squared_gradient(tape, [[logits]], images).numpy() == pytest.approx(7.3291e-5, rel=1e-4)


def test_each_size_adds_its_colors_to_the_doubled_image():
    synthesis, _ = make_networks()
    fill(synthesis)
    styles = random(2, 6, WIDTH)
    small = synthesis(styles, size=8)
    for weight in synthesis.to_rgb[2].weights:
        weight.assign(0 * weight)
    np.testing.assert_allclose(synthesis(styles), blur(double(small)), atol=1e-5)


def test_styles_reach_their_own_layers():
    """The last style is of the last colors alone, the one before of the last convolution, …: size by size three layers, two styles."""
    synthesis, _ = make_networks()
    fill(synthesis)
    styles = random(1, 6, WIDTH)
    before = [synthesis(styles, size=size) for size in (4, 8, 16)]
    for number in range(6):
        changed = styles.copy()
        changed[:, number] += 1.0
        moved = [bool(np.any(synthesis(changed, size=size) != image)) for size, image in zip((4, 8, 16), before)]
        assert moved == [number < 2, number < 4, True]


def test_noise_has_no_effect_at_first_and_another_one_in_each_pass():
    synthesis, _ = make_networks()
    styles = np.repeat(random(1, 6, WIDTH), 2, axis=0)

    def image(seed):
        with ForwardPass(tf.constant([seed, 0])):
            return synthesis(styles, training=True).numpy()

    np.testing.assert_array_equal(image(1), image(2))
    for layer in synthesis.convolutions:
        layer.strength.assign(1.0)
    assert np.any(image(1) != image(2)) and np.any(image(1)[0] != image(1)[1])
    np.testing.assert_array_equal(image(1), image(1))
    np.testing.assert_allclose(synthesis(styles)[0], synthesis(styles)[1], atol=1e-5)
    np.testing.assert_array_equal(synthesis(styles), synthesis(styles))


def test_activations_keep_their_size_at_first():
    """E (√2 leaky x)² is 1.04 for x of N(0, 1), as which a layer with demodulation gives it."""
    assert float(tf.reduce_mean(tf.square(activated(tf.constant(random(100_000)))))) == pytest.approx(1.04, abs=0.02)
    keras.utils.set_random_seed(2)
    synthesis = Synthesis(8, 3, w_dim=16, channel_base=512, channel_max=64)
    x = synthesis.convolutions[0](synthesis.const.value, random(8, 16))[:, 1:-1, 1:-1]  # zeros lie beyond the border
    assert float(tf.reduce_mean(tf.square(x))) == pytest.approx(1.04, abs=0.15)


def test_each_weight_is_of_one_layer():
    """Of those that --freeze counts."""
    for network, layers in zip(make_networks(), (6, 10)):
        weights = [id(weight) for unit in units_of(network) for weight in weights_of(unit)]
        assert sorted(weights) == sorted(id(weight) for weight in network.weights) and len(units_of(network)) == layers


def test_nothing_fades():
    synthesis, discriminator = make_networks()
    for call in (lambda: synthesis(random(1, 6, WIDTH), alpha=0.5), lambda: discriminator(random(1, 16, 16, 3), alpha=0.5)):
        with pytest.raises(ValueError, match="do not grow"):
            call()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision(policy):
    styles = random(4, 6, WIDTH)
    expected = make_networks()[0](styles).numpy()
    keras.config.set_dtype_policy(policy)
    synthesis, discriminator = make_networks()
    images = synthesis(styles)
    np.testing.assert_allclose(images, expected, atol=0.1)
    assert images.dtype == discriminator(images).dtype == tf.float32
    assert {v.dtype for model in (synthesis, discriminator) for v in model.weights} == {"float32"}
    computing = [synthesis.convolutions[1].convolution, discriminator.halving[0]]
    assert {layer.compute_dtype for layer in computing} == {policy.removeprefix("mixed_")}
