"""SPADE's networks against the paper's counts, an outside implementation (PyTorch, weights as here), and what must hold by construction."""

import functools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.layers import BatchNorm, HalvingPool, NearestDoubling, SpectralConv2D
from tfgan.networks import multiscale
from tfgan.networks.multiscale import multiscale_discriminator
from tfgan.networks.spade import spade, spade_block, spade_generator, style_encoder
from tfgan.networks.vgg import LAYER_WEIGHTS, VGGInput, vgg_features
from tfgan.sizes import multiscale_minimum

K = 3  # classes in the small tests


def trainable(*models):
    return sum(math.prod(v.shape) for model in models for v in model.trainable_variables)


def layers(model, kind):
    """In the order in which they were made."""
    order = ["first", "head", "middle", "up", "hidden", "gamma", "beta", "s", "last"]

    def place(layer):
        return [int(word) if word.isdecimal() else order.index(word) + 2 if word in order else 0 for word in layer.name.split("_")]

    return sorted((layer for layer in model._flatten_layers() if isinstance(layer, kind)), key=place)


def leaky_relus(model):
    """An operation, max(x, 0.2 x), and no layer."""
    return [operation for operation in model.operations if type(operation).__name__ == "Maximum"]


def fill(model):
    """The weights of the PyTorch model that the numbers below come from."""
    for kind in (keras.layers.Conv2D, SpectralConv2D):
        for k, layer in enumerate(layers(model, kind)):
            layer.kernel.assign(0.4 * np.sin(0.7 * np.arange(np.prod(layer.kernel.shape)) + k).reshape(layer.kernel.shape))
            if layer.use_bias:
                layer.bias.assign(0.1 * np.cos(np.arange(layer.filters) + k))
            if kind is SpectralConv2D:
                layer.u.assign(np.full(layer.filters, layer.filters**-0.5))


def label_maps(height=8, width=12):
    ids = np.add.outer(np.arange(height) // 3, np.arange(width) // 4) % K
    return tf.one_hot([ids, ids[::-1]], K)


def waves(height=8, width=12):
    return tf.constant(np.sin(0.37 * np.arange(2 * height * width * 3)).reshape(2, height, width, 3), tf.float32)


def noise(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@functools.cache
def small_generator(**options):
    keras.utils.set_random_seed(0)
    return spade_generator(K, 3, **{"ngf": 2, "depth": 2, **options})


# The paper's sizes


@pytest.fixture(scope="module")
def paper_generator():
    return spade_generator(12, 3)


def test_the_papers_generator(paper_generator):
    assert trainable(paper_generator) == 92_329_155
    moving = [v for v in paper_generator.non_trainable_variables if "moving" in v.path]
    assert sum(math.prod(v.shape) for v in moving) == 21_888
    assert paper_generator.compute_output_shape((2, 256, 256, 12)) == (2, 256, 256, 3)
    assert paper_generator.compute_output_shape((2, 256, 512, 12)) == (2, 256, 512, 3)


def test_the_papers_blocks(paper_generator):
    first, *_, last = layers(paper_generator, keras.layers.Conv2D)
    assert trainable(first) == 111_616 and trainable(last) == 1_731
    spectral, modulations = layers(paper_generator, SpectralConv2D), layers(paper_generator, keras.layers.Conv2D)[1:-1]
    counts = []
    for shortcut in (False, False, False, True, True, True, True):
        of_block = [spectral.pop(0) for _ in range(3 if shortcut else 2)] + [modulations.pop(0) for _ in range(9 if shortcut else 6)]
        counts.append(trainable(*of_block))
    assert counts == [23_627_008] * 3 + [13_548_416, 4_894_592, 1_993_088, 898_688]
    assert not spectral and not modulations


@pytest.mark.parametrize("latent, count", [(0, 92_359_107), (256, 109_081_027)])
def test_a_thirteenth_class(latent, count):
    assert trainable(spade_generator(13, 3, latent_dim=latent)) == count


def test_the_papers_generator_with_styles():
    model = spade_generator(12, 3, latent_dim=256)
    assert trainable(model) == 109_060_291
    assert model.compute_output_shape([(2, 256, 256, 12), (2, 256)]) == (2, 256, 256, 3)


def test_the_papers_encoder():
    model = style_encoder(3)
    assert trainable(model) == 10_463_424
    assert model.compute_output_shape((2, 256, 256, 3)) == [(2, 256), (2, 256)]


def test_the_papers_discriminator():
    model = multiscale_discriminator(12, 3)
    assert trainable(model) == 5_552_258
    shapes = model.compute_output_shape([(1, 256, 256, 12), (1, 256, 256, 3)])
    assert [[shape[1:] for shape in scale] for scale in shapes.values()] == [
        [(129, 129, 64), (65, 65, 128), (33, 33, 256), (34, 34, 512), (35, 35, 1)],
        [(65, 65, 64), (33, 33, 128), (17, 17, 256), (18, 18, 512), (19, 19, 1)],
    ]


def test_spectral_norm_is_where_the_papers_code_has_it(paper_generator):
    assert len(layers(paper_generator, SpectralConv2D)) == 7 * 2 + 4
    discriminator = multiscale_discriminator(3, 3, ndf=2)
    assert [conv.kernel.shape[2:] for conv in layers(discriminator, keras.layers.Conv2D)] == [(6, 2), (16, 1)] * 2
    assert [conv.kernel.shape[2:] for conv in layers(discriminator, SpectralConv2D)] == [(2, 4), (4, 8), (8, 16)] * 2
    assert not any(conv.use_bias for conv in layers(discriminator, SpectralConv2D))
    assert len(layers(style_encoder(3, nef=2, latent_dim=4, size=32), SpectralConv2D)) == 3


def test_kernels_start_by_xavier_with_a_gain_of_a_fiftieth(paper_generator):
    for layer in layers(paper_generator, keras.layers.Conv2D) + layers(paper_generator, SpectralConv2D):
        h, w, inputs, outputs = layer.kernel.shape
        std, error = 0.02 * math.sqrt(2 / (h * w * (inputs + outputs))), 5 / math.sqrt(math.prod(layer.kernel.shape))
        values = layer.kernel.numpy()
        assert abs(values.std() / std - 1) < error and abs(values.mean() / std) < error, layer.path
        assert abs(values).max() > 2.5 * std or values.size < 1000  # not cut off at two deviations
        assert not layer.use_bias or not np.any(layer.bias)


# Against PyTorch


def test_generator_equals_pytorch():
    model = spade_generator(K, 3, ngf=2, depth=2)
    fill(model)
    images = model(label_maps(), training=True).numpy()
    np.testing.assert_allclose(images[0, 0, 0], [0.468031, 0.938671, 0.974132], atol=2e-4)
    np.testing.assert_allclose(images[0, 7, 11], [0.964656, 0.881584, 0.139013], atol=2e-4)
    assert images.mean() == pytest.approx(0.051371, abs=2e-4) and images.std() == pytest.approx(0.856938, abs=2e-4)
    norm = layers(model, BatchNorm)[6]  # the first of the block at full size
    np.testing.assert_allclose(norm.moving_mean, [0.004747, -0.00034, -0.007201, -0.00902], atol=1e-5)


def test_discriminator_equals_pytorch():
    model = multiscale_discriminator(K, 3, ndf=2, n_layers=3)
    fill(model)
    first, second = model([label_maps(), waves()], training=True).values()
    means = [[float(tf.reduce_mean(tf.abs(maps))) for maps in scale] for scale in (first, second)]
    np.testing.assert_allclose(means, [[0.44466, 0.479649, 0.480390, 0.975340], [0.567606, 0.54358, 0.538433, 0.876905]], atol=1e-5)
    np.testing.assert_allclose(first[-1][1, 1, :3, 0], [0.491656, -2.357823, 2.593057], atol=1e-5)
    np.testing.assert_allclose(second[1][0, 1, :3, 1], [-0.187187, 0.732516, 0.567098], atol=1e-5)


def test_encoder_equals_pytorch():
    model = style_encoder(3, latent_dim=4, nef=2, size=16)
    fill(model)
    last_map = keras.Model(model.inputs, leaky_relus(model)[-1].output)(waves(16, 16), training=True)
    np.testing.assert_allclose(last_map[1, 1, 2], [0.215105, 0.13914, -0.002265, -0.037017], atol=1e-5)
    assert float(tf.reduce_mean(tf.abs(last_map))) == pytest.approx(0.470083, abs=1e-5)


# What must hold


def build_spade(filters=4):
    x, labels = keras.Input((None, None, filters)), keras.Input((None, None, K))
    model = keras.Model([x, labels], spade(x, labels))
    hidden, gamma, beta = layers(model, keras.layers.Conv2D)
    for layer in (hidden, gamma, beta):
        layer.kernel.assign(0.3 * noise(*layer.kernel.shape))
    return model, hidden, gamma, beta


def test_no_modulation_is_plain_normalization():
    model, _, gamma, beta = build_spade()
    x = noise(2, 8, 12, 4)
    for layer in (gamma, beta):
        layer.kernel.assign(tf.zeros_like(layer.kernel))
    plain = BatchNorm(center=False, scale=False)(x, training=True)
    np.testing.assert_array_equal(model([x, label_maps()], training=True), plain)
    beta.bias.assign([1.0, 2.0, 3.0, 4.0])
    gamma.bias.assign([1.0, 1.0, 0.0, -1.0])
    modulated = plain * [2.0, 2.0, 1.0, 0.0] + [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_allclose(model([x, label_maps()], training=True), modulated, atol=1e-5)


def test_one_class_everywhere_modulates_alike_but_at_the_rim():
    model, *_ = build_spade()
    one_class = tf.one_hot(tf.ones((1, 12, 12), tf.int32), K)
    labels = keras.Model(model.inputs, [layer.output for layer in layers(model, keras.layers.Conv2D)[1:]])
    for modulation in labels([noise(1, 12, 12, 4), one_class]):
        inner, outer = modulation[:, 2:-2, 2:-2], modulation[:, 1:-1, 1:-1]
        assert np.std(inner, axis=(1, 2)).max() < 1e-5 < 1e-3 < np.std(outer, axis=(1, 2)).max()
        assert np.std(inner, axis=3).min() > 1e-2


def test_the_order_of_classes_is_nothing():
    model, hidden, *_ = build_spade()
    x, order = noise(2, 8, 12, 4), [2, 0, 1]
    before = model([x, label_maps()], training=True)
    permuted = tf.gather(label_maps(), order, axis=3)
    assert np.abs(model([x, permuted], training=True) - before).max() > 0.1
    hidden.kernel.assign(hidden.kernel.numpy()[:, :, order])
    np.testing.assert_allclose(model([x, permuted], training=True), before, atol=1e-5)


@pytest.mark.parametrize("filters, spectral", [(4, 2), (6, 3), (2, 3)])
def test_block(filters, spectral):
    x, labels = keras.Input((None, None, 4)), keras.Input((None, None, K))
    model = keras.Model([x, labels], spade_block(x, labels, filters))
    assert model([noise(2, 8, 12, 4), label_maps()]).shape == (2, 8, 12, filters)
    convolutions = layers(model, SpectralConv2D)
    assert [conv.filters for conv in convolutions] == [min(4, filters), filters, filters][:spectral]
    assert len(leaky_relus(model)) == 2  # none before the shortcut's convolution


def test_the_shortcut_of_a_block_is_a_sum():
    x, labels = keras.Input((None, None, 4)), keras.Input((None, None, K))
    model = keras.Model([x, labels], spade_block(x, labels, 4))
    rest = keras.Model(model.inputs, layers(model, SpectralConv2D)[-1].output)
    inputs = [noise(2, 8, 12, 4), label_maps()]
    np.testing.assert_allclose(model(inputs) - rest(inputs), inputs[0], atol=1e-5)


def test_labels_are_halved_by_their_upper_left_pixels():
    """PyTorch's nearest neighbor takes pixels 0, 2, 4, 6 of 8; TensorFlow's 1, 3, 5, 7."""
    model = small_generator()
    labels = label_maps(8, 8).numpy()
    changed = np.roll(labels, 1, axis=3)
    first = keras.Model(model.input, layers(model, keras.layers.Conv2D)[0].output)  # made from a quarter of the size
    assert np.all(first(labels) != first(changed))
    changed[:, ::4, ::4] = labels[:, ::4, ::4]
    np.testing.assert_array_equal(first(labels), first(changed))


@pytest.mark.parametrize("depth, filters", [(1, [2]), (2, [4, 2]), (3, [8, 4, 2]), (6, [32, 32, 16, 8, 4, 2])])
def test_any_depth(depth, filters):
    model = small_generator(depth=depth)
    images = model(tf.one_hot(tf.zeros((1, 2**depth, 2 ** (depth + 1)), tf.int32), K))
    assert images.shape == (1, 2**depth, 2 ** (depth + 1), 3) and images.dtype == tf.float32
    assert np.all(np.abs(images) <= 1)
    found = list(dict.fromkeys(norm.moving_mean.shape[0] for norm in layers(model, BatchNorm)))
    assert found == list(dict.fromkeys(filters))
    assert len(layers(model, NearestDoubling)) == depth


def test_the_deterministic_generator_moves_with_its_labels():
    model = small_generator()
    fill(model)
    labels = label_maps(128, 128)[:1]
    inner = slice(56, 72)
    shifted = model(tf.roll(labels, (4, 4), axis=(1, 2)))  # by one pixel of the first map
    np.testing.assert_allclose(shifted[:, 60:76, 60:76], model(labels)[:, inner, inner], atol=1e-5)


def test_styles():
    model = small_generator(latent_dim=5, image_size=(8, 12))
    fill(model)
    style = noise(2, 5)
    (dense,) = layers(model, keras.layers.Dense)
    dense.kernel.assign(noise(*dense.kernel.shape))
    assert dense.kernel.shape == (5, 2 * 3 * 4)
    images = model([label_maps(), style])
    assert np.abs(model([label_maps(), style[::-1]]) - images).max() > 1e-2
    larger = model([label_maps(16, 24), style])
    assert larger.shape == (2, 16, 24, 3) and np.all(np.isfinite(larger))

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, K]), tf.TensorSpec([None, 5])])
    def of_any_size(labels, style):
        return model([labels, style])

    np.testing.assert_allclose(of_any_size(label_maps(), style), images, atol=1e-5)  # resizing to the same size changes nothing


def test_pool_leaves_out_the_padding():
    ramp = tf.tile(tf.range(8.0)[None, None, :, None], [1, 8, 1, 2])
    np.testing.assert_allclose(HalvingPool()(ramp)[0, :, :, 1], np.tile([0.5, 2, 4, 6], (4, 1)), rtol=1e-6)
    np.testing.assert_allclose(HalvingPool()(tf.transpose(ramp, [0, 2, 1, 3]))[0, :, 0, 0], [0.5, 2, 4, 6], rtol=1e-6)
    odd = HalvingPool()(ramp[:, :7, :7])
    assert odd.shape == HalvingPool().compute_output_shape((1, 7, 7, 2)) == (1, 4, 4, 2)
    np.testing.assert_allclose(odd[0, 0, :, 0], [0.5, 2, 4, 5.5], rtol=1e-6)


def test_discriminators_see_images_at_several_sizes():
    for scales in (1, 2, 3):
        model = multiscale_discriminator(1, 3, scales=scales, ndf=2, n_layers=2)
        outputs = model([noise(1, 16, 24, 1), noise(1, 16, 24, 3)])
        logits = [scale[-1].shape[1:] for scale in outputs.values()]
        assert logits == [(11, 15, 1), (7, 9, 1), (5, 6, 1)][:scales]
        assert [len(scale) for scale in outputs.values()] == [3] * scales
    assert (multiscale_minimum(1, 2), multiscale_minimum(2, 4), multiscale_minimum(1, 1)) == (2, 16, 2)


@pytest.mark.parametrize("n_layers, pixels", [(2, 16), (3, 34), (4, 70)])
def test_receptive_field_by_gradient_support(n_layers, pixels, monkeypatch):
    monkeypatch.setattr(multiscale, "instance_norm", lambda: keras.layers.Identity())  # the norm sees all pixels
    model = multiscale_discriminator(1, ndf=2, n_layers=n_layers)
    for variable in model.trainable_variables:  # positive weights cannot cancel
        variable.assign(tf.abs(variable) + 0.01)
    images = tf.Variable(tf.ones((1, 256, 256, 1)))
    with tf.GradientTape(persistent=True) as tape:
        logits = [maps[-1] for maps in model(images).values()]
        middles = [x[0, x.shape[1] // 2, x.shape[2] // 2, 0] for x in logits]
    # Halving averages 3 pixels around every second one: so many of the second scale are twice as many of the image, and one more.
    for middle, expected in zip(middles, (pixels, 2 * pixels + 1), strict=True):
        seen = tape.gradient(middle, images).numpy()[0, :, :, 0] != 0
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        assert len(rows) == len(columns) == expected
        assert seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_low_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    generator = spade_generator(K, 3, ngf=2, depth=2, latent_dim=4, image_size=(8, 12))
    discriminator, encoder = multiscale_discriminator(K, 3, ndf=2), style_encoder(3, latent_dim=4, nef=2, size=16)
    images = generator([label_maps(), noise(2, 4)], training=True)
    logits = [scale[-1] for scale in discriminator([label_maps(), images], training=True).values()]
    outputs = [images, *logits, *encoder(waves(16, 16), training=True)]
    assert {x.dtype for x in outputs} == {tf.float32} and all(np.all(np.isfinite(x)) for x in outputs)
    assert {v.dtype for model in (generator, discriminator, encoder) for v in model.weights} == {"float32"}


# VGG19


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """Random weights in a file as Keras' own."""
    keras.utils.set_random_seed(0)
    model = keras.applications.VGG19(include_top=False, weights=None)
    path = tmp_path_factory.mktemp("vgg") / "vgg19.weights.h5"
    model.save_weights(path)
    return model, path


def test_vgg_features(vgg_file):
    model, path = vgg_file
    features = vgg_features(str(path))
    assert not features.trainable_variables
    images = tf.clip_by_value(0.5 * noise(1, 32, 32, 3), -1, 1)
    caffe = keras.applications.vgg19.preprocess_input((images.numpy() + 1) * 127.5)
    names = [f"block{block}_conv1" for block in range(1, 6)]
    expected = keras.Model(model.inputs, [model.get_layer(name).output for name in names])(caffe)
    for found, maps in zip(features(images), expected, strict=True):
        np.testing.assert_allclose(found, maps / 127.5, rtol=1e-3, atol=1e-5)
        assert np.min(found) == 0 < np.max(found)  # behind the ReLU
    assert list(LAYER_WEIGHTS) == names and list(LAYER_WEIGHTS.values()) == [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1]


def test_vgg_input_is_bgr_less_the_mean():
    np.testing.assert_allclose(
        VGGInput()(tf.constant([[[[-1.0, 0.0, 1.0]]]]))[0, 0, 0], [255 - 103.939, 127.5 - 116.779, -123.68], rtol=1e-4
    )


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_vgg_weights_that_are_none(tmp_path):
    with pytest.raises(UserError, match=r"--vgg_weights=/nowhere/vgg.h5 does not exist\. Use imagenet, or the path"):
        vgg_features("/nowhere/vgg.h5")
    for name in ("text.h5", "text.weights.h5", "text.keras", "text"):
        (tmp_path / name).write_text("no weights")
        with pytest.raises(UserError, match=f"--vgg_weights=.*{name} cannot be loaded: .*It must hold Keras' VGG19 without the top"):
            vgg_features(str(tmp_path / name))
    other = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(UserError, match="other.weights.h5 cannot be loaded: "):
        vgg_features(str(tmp_path / "other.weights.h5"))


def test_vgg_without_a_network(monkeypatch):
    def offline(**_):
        raise Exception("URL fetch failure on https://example.org: None -- Network is unreachable")

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(UserError, match=r"--vgg_weights=imagenet cannot be loaded: URL fetch failure.*unreachable\. Without a network"):
        vgg_features("imagenet")
