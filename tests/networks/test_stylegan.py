"""StyleGAN's networks: the authors' counts, equalized layers, what styles and noise do, one size and many, PyTorch's numbers."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from fixed_values import cosines, count, fill, fixed_noise, random

from tfgan.layers import EqualizedConv2D, EqualizedDense, ForwardPass
from tfgan.layers.forward_pass import own_seeds
from tfgan.layers.resizing import blur, double, halve
from tfgan.losses import squared_gradient
from tfgan.networks import stylegan
from tfgan.networks.stylegan import (
    Discriminator,
    Synthesis,
    adain,
    append_deviation,
    channels_at,
    layer_count,
    leaky,
    mapping,
    noise_map,
    sizes,
)

TINY = {"every_size": True, "channel_base": 16, "channel_max": 6}  # 6 maps of 4 pixels, 4 of 8, 2 of 16
WIDTH = 4


def make_networks(largest=8, **changes):
    """A synthesis and a discriminator from fixed weights."""
    keras.utils.set_random_seed(1)
    settings = TINY | changes
    return Synthesis(largest, 3, w_dim=WIDTH, **settings), Discriminator(largest, 3, **settings)


# Karras et al. 2019's code, whose own printout for 1024 pixels agrees with this table's rule
@pytest.mark.parametrize(
    "size, every_size, generator, discriminator",
    [(64, True, 25_137_935, 22_498_049), (64, False, 25_131_779, 22_489_857), (256, False, 26_078_915, 23_042_625)],
)
def test_counts(size, every_size, generator, discriminator):
    style, synthesis = mapping(512, 512), Synthesis(size, 3, w_dim=512, every_size=every_size)
    assert count(style) == 2_101_248
    assert count(style) + count(synthesis) == generator
    assert count(Discriminator(size, 3, every_size=every_size)) == discriminator
    assert not style.non_trainable_weights and not synthesis.non_trainable_weights


def test_maps_and_layers_of_each_size():
    assert sizes(1024) == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert [channels_at(size, 8192, 512) for size in sizes(1024)] == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert [channels_at(size, 1024, 64) for size in sizes(64)] == [64, 64, 64, 64, 32]
    assert channels_at(1024, 16, 8) == 1
    assert [layer_count(size) for size in (4, 8, 64, 128, 256, 1024)] == [2, 4, 10, 12, 14, 18]


@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
def test_equalized_weights_are_scaled_at_run_time(lr_multiplier):
    keras.utils.set_random_seed(0)
    layer = EqualizedDense(300, lr_multiplier=lr_multiplier)
    x = random(50, 200)
    y = layer(x).numpy()
    assert np.std(layer.kernel.numpy()) * lr_multiplier == pytest.approx(1.0, rel=0.02)
    np.testing.assert_allclose(y, x @ layer.kernel.numpy() * lr_multiplier * math.sqrt(2 / 200), atol=1e-4)
    assert np.mean(y**2) == pytest.approx(2.0, rel=0.05)  # behind a leaky ReLU, about 1
    layer.bias.assign(tf.fill((300,), 3.0))
    np.testing.assert_allclose(layer(x).numpy() - y, 3.0 * lr_multiplier, atol=1e-4)


def test_equalized_convolution_is_a_convolution():
    x, layer = random(2, 6, 6, 3), EqualizedConv2D(5, 3, gain=1.0)
    y = layer(x)
    np.testing.assert_allclose(y, tf.nn.conv2d(x, layer.kernel.numpy() / math.sqrt(27), 1, "SAME"), atol=1e-5)
    half = EqualizedConv2D(5, 3, gain=1.0, downscale=True)
    half.build(x.shape)
    half.kernel.assign(layer.kernel)
    half.bias.assign(tf.range(5.0))
    np.testing.assert_allclose(half(x), np.asarray(y).reshape(2, 3, 2, 3, 2, 5).mean(axis=(2, 4)) + np.arange(5.0), atol=1e-5)


def test_blur():
    point = np.zeros((1, 5, 5, 2), np.float32)
    point[0, 2, 2, 0] = 16.0
    np.testing.assert_array_equal(blur(point)[0, 1:4, 1:4, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert np.sum(blur(point)) == 16.0
    constant = blur(tf.fill((1, 4, 6, 1), 3.0)).numpy()[0, ..., 0]
    np.testing.assert_allclose(constant[1:-1, 1:-1], 3.0)
    np.testing.assert_allclose(constant[0, 1:-1], 3.0 * 3 / 4)  # zeros lie beyond the border
    assert constant[0, 0] == pytest.approx(3.0 * 9 / 16)


def test_double_and_halve():
    x = random(2, 3, 4, 5)
    np.testing.assert_array_equal(double(x), x.repeat(2, axis=1).repeat(2, axis=2))
    np.testing.assert_allclose(halve(double(x)), x, rtol=1e-6)
    np.testing.assert_allclose(halve(x[:, :2])[:, 0, 0], x[:, :2, :2].mean(axis=(1, 2)), rtol=1e-5, atol=1e-6)


def test_leaky():
    np.testing.assert_allclose(leaky(tf.constant([-5.0, 0.0, 2.0])), [-1.0, 0.0, 2.0])


def test_adain_sets_mean_and_deviation():
    x, scale, shift = 3.0 + 2.0 * random(2, 8, 8, 3), random(2, 1, 1, 3, seed=1), random(2, 1, 1, 3, seed=2)
    y = adain(tf.constant(x), scale, shift).numpy()
    np.testing.assert_allclose(y.mean(axis=(1, 2)), shift[:, 0, 0], atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(1, 2)), np.abs(scale[:, 0, 0]), rtol=1e-5, atol=1e-6)


def test_mapping_does_not_hear_how_loud_the_noise_is():
    keras.utils.set_random_seed(0)
    style, z = mapping(8, 6, 3), random(4, 8)
    np.testing.assert_allclose(style(100.0 * z), style(z), atol=1e-5)
    assert np.abs(style(-z) - style(z)).max() > 0.1
    assert np.std(style(random(200, 8))) > 0.3  # a multiplier that is not taken back would leave 1e-6


def test_at_first_noise_is_without_effect_and_afterwards_each_image_has_its_own():
    synthesis, _ = make_networks()
    styles = np.repeat(random(1, 4, WIDTH), 2, axis=0)

    def draw(seed):
        with ForwardPass(tf.constant([seed, 0])):
            return synthesis(styles, training=True).numpy()

    np.testing.assert_array_equal(draw(1), draw(2))
    for epilogue in synthesis.epilogues:
        epilogue.strength.assign(tf.ones_like(epilogue.strength))
    first = draw(1)
    np.testing.assert_array_equal(first, draw(1))
    assert np.abs(first - draw(2)).max() > 0.1 and np.abs(first[0] - first[1]).max() > 0.1
    fixed = synthesis(styles).numpy()
    np.testing.assert_array_equal(fixed, synthesis(styles))
    np.testing.assert_allclose(fixed[0], fixed[1], atol=1e-5)  # one map for all


def test_noise_differs_from_pixel_to_pixel_and_from_layer_to_layer():
    maps = [noise_map([3, 16, 16, 1], number, own_seeds(), training=False).numpy() for number in range(2)]
    assert maps[0].shape == (1, 16, 16, 1) and np.abs(maps[0] - maps[1]).max() > 0.1
    assert maps[0].std() == pytest.approx(1.0, abs=0.15)
    with ForwardPass(tf.constant([0, 0])):
        noise = noise_map([3, 16, 16, 1], 0, own_seeds(), training=True)
    assert noise.shape == (3, 16, 16, 1) and np.std(noise[0] - noise[1]) == pytest.approx(math.sqrt(2), abs=0.2)


def test_outside_a_pass_training_draws_noise_anew_in_each_call():
    synthesis, _ = make_networks()
    for epilogue in synthesis.epilogues:
        epilogue.strength.assign(tf.ones_like(epilogue.strength))
    styles = random(1, 4, WIDTH)
    graph = tf.function(lambda: synthesis(styles, training=True))
    assert len({image().numpy().tobytes() for image in [lambda: synthesis(styles, training=True), graph] for _ in range(3)}) == 6
    maps = [noise_map([1, 4, 4, 1], layer.number, layer.seed_generator, training=True).numpy() for layer in synthesis.epilogues[:2]]
    assert np.abs(maps[0] - maps[1]).max() > 0.1


@pytest.mark.parametrize("layer", range(6))
def test_each_layer_takes_its_own_style(layer):
    """A style that changes from some layer on leaves what is before that layer as it was."""
    synthesis, _ = make_networks(16)
    styles = random(1, 6, WIDTH)
    changed = styles.copy()
    changed[:, layer:] = random(1, 6 - layer, WIDTH, seed=1)
    for size in (4, 8, 16):
        same = np.array_equal(synthesis(changed, size=size), synthesis(styles, size=size))
        assert same == (layer >= layer_count(size)), size


def test_a_size_fades_in():
    synthesis, discriminator = make_networks(16)
    styles, alpha = random(4, 6, WIDTH), tf.constant(0.25)
    coarse, fine = double(synthesis(styles, size=8)), synthesis(styles)
    assert coarse.shape == fine.shape == (4, 16, 16, 3)
    np.testing.assert_allclose(synthesis(styles, alpha=alpha), 0.75 * coarse + 0.25 * fine, atol=1e-5)
    np.testing.assert_allclose(synthesis(styles, alpha=tf.constant(1.0)), fine, atol=1e-5)
    images = random(4, 16, 16, 3)
    np.testing.assert_allclose(discriminator(images, alpha=tf.constant(0.0)), discriminator(halve(images)), atol=1e-5)
    np.testing.assert_allclose(discriminator(images, alpha=tf.constant(1.0)), discriminator(images), atol=1e-5)


def test_the_largest_size_alone_has_colors_without_growing():
    synthesis, discriminator = make_networks(16, every_size=False)
    assert [layer.name for layer in (*synthesis.to_rgb, *discriminator.from_rgb)] == ["to_rgb_16", "from_rgb_16"]
    assert discriminator(synthesis(random(2, 6, WIDTH))).shape == (2, 1)


@pytest.mark.parametrize("images, group", [(8, 4), (4, 4), (6, 2), (2, 2), (3, 1), (1, 1)])
def test_deviation_of_a_group(images, group):
    x = random(images, 4, 4, 3)
    y = append_deviation(tf.constant(x)).numpy()
    np.testing.assert_array_equal(y[..., :3], x)
    strided = x.reshape(group, images // group, 4, 4, 3)
    deviation = np.sqrt(strided.var(axis=0) + 1e-8).mean(axis=(1, 2, 3))
    for n in range(images):
        np.testing.assert_allclose(y[n, ..., 3], deviation[n % (images // group)], rtol=1e-5)


def test_deviation_of_equal_images():
    np.testing.assert_allclose(append_deviation(tf.ones((4, 4, 4, 2)))[..., 2], 1e-4, rtol=1e-3)


def test_mapping_agrees_with_pytorch():
    style = mapping(5, WIDTH, 2)
    fill(style, 100.0)
    expected = [
        [-0.066835, -0.188888, 0.313615, -0.026585],
        [0.908901, -0.092517, 1.888274, 2.431161],
        [1.15264, -0.084678, 2.116683, 3.117051],
    ]
    np.testing.assert_allclose(style(cosines(1, 3, 5)), expected, atol=1e-5)


@pytest.mark.parametrize(
    "size, alpha, mean, deviation, pixel",
    [
        (4, None, 0.442998, 1.323846, [0.686532, -0.456639, 0.529352]),
        (8, None, -0.228617, 0.595495, [-0.515923, -0.328834, -0.365142]),
        (8, 0.25, 0.275094, 1.064643, [-0.648552, 0.495198, 0.87376]),
    ],
)
def test_synthesis_agrees_with_pytorch(size, alpha, mean, deviation, pixel, monkeypatch):
    monkeypatch.setattr(stylegan, "normal", fixed_noise)
    synthesis, _ = make_networks()
    fill(synthesis)
    images = synthesis(cosines(2, 3, 4, WIDTH), size=size, alpha=alpha).numpy()
    assert images.shape == (3, size, size, 3)
    np.testing.assert_allclose([images.mean(), images.std(), *images[1, 1, 2]], [mean, deviation, *pixel], atol=1e-5)


def test_discriminator_agrees_with_pytorch():
    _, discriminator = make_networks()
    fill(discriminator)
    images = 30.0 * cosines(3, 4, 8, 8, 3)
    np.testing.assert_allclose(discriminator(images)[:, 0], [0.805913, 0.82404, 0.581602, 0.836972], atol=1e-5)
    np.testing.assert_allclose(discriminator(images, alpha=0.25)[:, 0], [0.612461, 0.608723, 0.592543, 0.629761], atol=1e-5)
    np.testing.assert_allclose(discriminator(halve(images))[:, 0], [0.598823, 0.520754, 0.621503, 0.608923], atol=1e-5)
    np.testing.assert_allclose(discriminator(images[:2])[:, 0], [0.804675, 0.817055], atol=1e-5)
    images = tf.constant(images[:2])
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images, alpha=0.25)
    assert squared_gradient(tape, [[logits]], images).numpy() == pytest.approx(0.00089058, rel=1e-4) and logits.shape == (2, 1)


@pytest.mark.parametrize("alpha", [None, 0.5])
def test_gradients_reach_every_weight_of_the_present_size(alpha):
    synthesis, discriminator = make_networks(16)
    for model in (synthesis, discriminator):
        fill(model)
    with tf.GradientTape(persistent=True) as tape:
        images = synthesis(random(4, 6, WIDTH), size=8, alpha=alpha, training=True)
        loss = tf.reduce_sum(tf.square(discriminator(images, alpha=alpha, training=True)))

    def used(layers):
        """Whether a gradient reaches all weights of these layers; none of them may be in between."""
        gradients = tape.gradient(loss, [v.value for layer in layers if layer is not None for v in layer.trainable_variables])
        found = {bool(g is not None and np.any(g)) for g in gradients}
        assert len(found) == 1
        return found.pop()

    for level, expected in enumerate((True, True, False)):
        colors = level == 1 or (level == 0 and alpha is not None)
        convolutions, epilogues = slice(max(2 * level - 1, 0), 2 * level + 1), slice(2 * level, 2 * level + 2)
        assert used(synthesis.convolutions[convolutions] + synthesis.epilogues[epilogues]) == expected
        assert used([synthesis.to_rgb[level]]) == used([discriminator.from_rgb[level]]) == colors
        if level:
            assert used([discriminator.convolutions[level - 1], discriminator.downscaling[level - 1]]) == expected
    assert used([discriminator.last, discriminator.dense, discriminator.logit])


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision(policy):
    expected_images = make_networks()[0](random(4, 4, WIDTH)).numpy()
    keras.config.set_dtype_policy(policy)
    (synthesis, discriminator), style = make_networks(), mapping(5, WIDTH, 2)
    images = synthesis(random(4, 4, WIDTH))
    np.testing.assert_allclose(images, expected_images, atol=0.1)  # of values up to 5
    assert {x.dtype for x in (images, discriminator(images), style(random(4, 5)))} == {tf.float32}
    assert {v.dtype for model in (synthesis, discriminator, style) for v in model.weights} == {"float32"}
    assert synthesis.convolutions[1].compute_dtype == discriminator.last.compute_dtype == policy.removeprefix("mixed_")


def test_penalties_of_the_gradient_compile():
    _, discriminator = make_networks()
    images, variables = tf.constant(random(4, 8, 8, 3)), [v.value for v in discriminator.trainable_variables]

    def gradients():
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                tape.watch(images)
                logits = discriminator(images, alpha=0.5, training=True)
            loss = 50.0 * squared_gradient(tape, [[logits]], images) + tf.reduce_mean(logits)
        return loss, outer.gradient(loss, variables)

    loss, slopes = gradients()
    compiled_loss, compiled = tf.function(gradients, jit_compile=True)()
    assert compiled_loss.numpy() == pytest.approx(loss.numpy(), rel=1e-4)
    for found, expected in zip(compiled, slopes, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4 * max(1.0, np.abs(expected).max()))
