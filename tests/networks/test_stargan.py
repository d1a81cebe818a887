"""StarGAN's networks against the paper's parameter counts, shapes, initialization and receptive field."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.networks.stargan import stargan_discriminator, stargan_generator


def noise(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, shape), tf.float32)


def layers(model, kind=keras.layers.Layer):
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]


@pytest.mark.parametrize("labels, count", [(5, 8_430_528), (8, 8_439_936), (15, 8_461_888)])
def test_generator_counts(labels, count):
    generator = stargan_generator(3, labels)
    assert generator.count_params() == sum(math.prod(v.shape) for v in generator.trainable_variables) == count
    assert generator.compute_output_shape([(2, 128, 256, 3), (2, labels)]) == (2, 128, 256, 3)


@pytest.mark.parametrize(
    "attributes, size, cells, count",
    [
        (5, 128, 2, 44_762_048),
        (13, 128, 2, 44_827_584),
        (8, 128, 2, 44_786_624),
        (5, 256, 4, 44_884_928),
        (13, 256, 4, 45_147_072),
    ],
)
def test_discriminator_counts(attributes, size, cells, count):
    discriminator = stargan_discriminator(3, attributes, (size, size))
    assert discriminator.count_params() == sum(math.prod(v.shape) for v in discriminator.trainable_variables) == count
    assert discriminator.output_shape == [(None, cells, cells, 1), (None, attributes)]


def test_the_papers_number_of_parameters():
    total = stargan_generator(3, 5).count_params() + stargan_discriminator(3, 5, (128, 128)).count_params()
    assert total == 53_192_576  # "53.2M", Choi et al. 2018, table 2


def test_any_size_and_channels():
    generator, discriminator = stargan_generator(1, 2, ngf=4, n_blocks=1), stargan_discriminator(1, 2, (20, 36), ndf=4, n_layers=3)
    images = generator([noise(3, 20, 36, 1), tf.ones((3, 2))])
    assert images.shape == (3, 20, 36, 1) and np.abs(images).max() <= 1 and np.ptp(images) > 0
    scores, logits = discriminator(images)
    assert scores.shape == (3, 3, 5, 1) and logits.shape == (3, 2)


def test_kernels_and_biases_start_as_pytorchs():
    """All within ±1/√fan_in, and spread evenly: the standard deviation of U(-b, b) is b/√3."""
    for model, bounds in (
        (stargan_generator(3, 5, ngf=32, n_blocks=2), {(4, 4, 64, 128): 64 * 16, (4, 4, 32, 64): 32 * 16}),  # transposed: (…, out, in)
        (stargan_discriminator(3, 5, (64, 64), ndf=32, n_layers=4), {}),
    ):
        convolutions = [layer for layer in layers(model) if hasattr(layer, "kernel")]
        assert len(convolutions) == (10 if bounds else 6)
        for layer in convolutions:
            h, w, inside, _ = layer.kernel.shape
            transposed = isinstance(layer, keras.layers.Conv2DTranspose)
            bound = 1 / math.sqrt(bounds[layer.kernel.shape] if transposed else h * w * inside)
            for values in [layer.kernel.numpy()] + ([layer.bias.numpy()] if layer.use_bias else []):
                assert 0.8 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
                if values.size > 1000:
                    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_where_biases_norms_and_slopes_are():
    generator, discriminator = stargan_generator(3, 5, ngf=4), stargan_discriminator(3, 5, (64, 64), ndf=4)
    assert not [layer for layer in layers(generator) if getattr(layer, "use_bias", False)]
    norms = layers(generator, keras.layers.GroupNormalization)
    assert len(norms) == 3 + 12 + 2 and {(n.epsilon, n.scale, n.center) for n in norms} == {(1e-5, True, True)}
    assert all(norm.groups == norm.input.shape[-1] for norm in norms)  # each channel by itself
    assert not layers(discriminator, keras.layers.GroupNormalization)
    assert [layer.use_bias for layer in layers(discriminator) if hasattr(layer, "kernel")].count(True) == 6
    assert [layer.negative_slope for layer in layers(discriminator, keras.layers.LeakyReLU)] == pytest.approx([0.01] * 6)
    assert len(layers(generator, keras.layers.ReLU)) == 3 + 6 + 2  # in a residual block, only the first convolution has one
    for addition in layers(generator, keras.layers.Add):  # nor does one follow the sum
        assert not any(isinstance(node.operation, keras.layers.ReLU) for node in addition._outbound_nodes)


def test_labels_are_constant_planes_that_outlive_the_norm():
    generator = stargan_generator(3, 2, ngf=8, n_blocks=1)
    images = noise(1, 32, 32, 3)
    one, other = (generator([images, tf.constant([labels])]) for labels in ([1.0, 0.0], [0.0, 1.0]))
    assert np.abs(one - other).max() > 0.01
    planes = layers(generator, keras.layers.Concatenate)[0].output
    seen = keras.Model(generator.inputs, planes)([images, tf.constant([[0.25, -2.0]])])
    np.testing.assert_array_equal(seen[..., :3], images)
    np.testing.assert_array_equal(seen[..., 3:], tf.broadcast_to([0.25, -2.0], (1, 32, 32, 2)))


def test_each_image_has_its_own_labels():
    generator = stargan_generator(3, 2, ngf=4, n_blocks=1)
    images, labels = noise(2, 16, 16, 3), tf.constant([[1.0, 0.0], [0.0, 1.0]])
    together = generator([images, labels])
    for n in range(2):
        np.testing.assert_allclose(generator([images[n : n + 1], labels[n : n + 1]]), together[n : n + 1], atol=1e-5)


def test_a_score_sees_318_pixels():
    discriminator = stargan_discriminator(1, 1, (704, 704), ndf=1)
    for variable in discriminator.trainable_variables:  # positive weights cannot cancel
        variable.assign(tf.abs(variable) + 0.01)
    images = tf.Variable(tf.ones((1, 704, 704, 1)))
    with tf.GradientTape() as tape:
        scores, _ = discriminator(images)
        score = scores[0, 5, 5, 0]
    seen = tape.gradient(score, images).numpy()[0, :, :, 0] != 0
    for axis in (0, 1):
        places = np.flatnonzero(seen.any(axis=axis))
        assert len(places) == places[-1] - places[0] + 1 == 318


def test_low_precision_ends_in_float32_under_xla():
    keras.config.set_dtype_policy("mixed_bfloat16")
    generator, discriminator = stargan_generator(3, 2, ngf=4, n_blocks=1), stargan_discriminator(3, 2, (16, 16), ndf=4, n_layers=2)

    @tf.function(jit_compile=True)
    def run(images):
        fake = generator([images, tf.ones((2, 2))], training=True)
        return fake, *discriminator(fake, training=True)

    assert {output.dtype for output in run(noise(2, 16, 16, 3))} == {tf.float32}
    assert {v.dtype for v in generator.weights + discriminator.weights} == {"float32"}
