"""Networks against the papers' parameter counts, shapes and receptive fields. Counts are trainable and total."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.layers import BatchNorm, DoublingConv, Dropout, NearestDoubling
from tfgan.methods import method_class
from tfgan.networks.blocks import norm_layer
from tfgan.networks.generators import build_generator
from tfgan.networks.patchgan import patchgan
from tfgan.networks.resnet import resnet
from tfgan.networks.unet import unet
from tfgan.sizes import generator_minimum, generator_multiple


def counts(model):
    return sum(math.prod(v.shape) for v in model.trainable_variables), model.count_params()


def output_shape(model, *sizes):
    """Of one image, height and width the same for all inputs."""
    shapes = [(1, *sizes, x.shape[-1]) for x in model.inputs]
    return tuple(model.compute_output_shape(shapes if len(shapes) > 1 else shapes[0]))[1:]


def layers(model, kind):
    return [layer for layer in model._flatten_layers() if isinstance(layer, kind)]


def noise(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, shape), tf.float32)


@pytest.fixture(scope="module")
def paper_unet():
    return unet(3, 3)


@pytest.fixture(scope="module")
def paper_patchgan():
    return patchgan(3, 3)


def test_the_papers_unet(paper_unet):
    assert counts(paper_unet) == (54_413_955, 54_423_811)
    assert output_shape(paper_unet, 256, 256) == (256, 256, 3)
    assert output_shape(paper_unet, 256, 512) == (256, 512, 3)


@pytest.mark.parametrize(
    "options, trainable, total",
    [
        ({"bottleneck_norm": True}, 54_414_979, 54_425_859),  # the TensorFlow tutorial's
        ({"norm": "instance"}, 54_409_603, 54_409_603),
        ({"depth": 7}, 41_828_995, 41_836_803),
        ({"skips": False}, 39_075_459, 39_085_315),  # the encoder–decoder
        ({"skips": False, "bottleneck_norm": True}, 39_076_483, 39_087_363),
    ],
    ids=str,
)
def test_unet_variants(options, trainable, total):
    assert counts(unet(3, 3, **options)) == (trainable, total)


@pytest.mark.parametrize(
    "blocks, norm, trainable, total",
    [
        (9, "instance", 11_378_179, 11_378_179),
        (6, "instance", 7_837_699, 7_837_699),
        (9, "batch", 11_383_427, 11_393_923),
        (6, "batch", 7_841_411, 7_848_835),
    ],
)
def test_resnets(blocks, norm, trainable, total):
    model = resnet(3, 3, n_blocks=blocks, norm=norm)
    assert counts(model) == (trainable, total)
    assert output_shape(model, 128, 256) == (128, 256, 3)


@pytest.mark.parametrize(
    "n_layers, trainable, total, cells",
    [
        (0, 9_025, 9_281, 256),
        (1, 139_521, 139_777, 126),
        (2, 666_369, 667_137, 62),
        (3, 2_768_641, 2_770_433, 30),
        (4, 6_963_969, 6_966_785, 14),
        (5, 11_159_297, 11_163_137, 6),
    ],
)
def test_conditional_patchgans(n_layers, trainable, total, cells):
    model = patchgan(3, 3, n_layers=n_layers)
    assert counts(model) == (trainable, total)
    assert output_shape(model, 256, 256) == (cells, cells, 1)


def test_unconditional_patchgans(paper_patchgan):
    assert counts(patchgan(3)) == (2_765_569, 2_767_361)
    assert counts(patchgan(3, norm="instance")) == (2_764_737, 2_764_737)  # CycleGAN's
    assert output_shape(paper_patchgan, 512, 512) == (62, 62, 1)


@pytest.mark.parametrize("n_layers, pixels", list(enumerate([1, 16, 34, 70, 142, 286])))
def test_receptive_field_by_gradient_support(n_layers, pixels):
    model = patchgan(1, ndf=2, n_layers=n_layers, norm="none")
    for kernel in model.trainable_variables:  # positive weights cannot cancel
        kernel.assign(tf.abs(kernel) + 0.01)
    images = tf.Variable(tf.ones((1, 320, 320, 1)))
    with tf.GradientTape() as tape:
        logits = model(images)
        middle = logits.shape[1] // 2
        logit = logits[0, middle, middle, 0]
    seen = tape.gradient(logit, images).numpy()[0, :, :, 0] != 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert len(rows) == len(columns) == pixels
    assert seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


def test_patchgan_moves_one_cell_for_eight_pixels():
    model = patchgan(3, ndf=8, norm="none")
    for variable in model.trainable_variables:
        variable.assign(variable * 5.0)  # so that logits are of order 1
    images = noise(1, 160, 160, 3)
    logits, shifted = model(images), model(tf.roll(images, (8, 8), axis=(1, 2)))
    inner = slice(6, -6)  # cells that see neither border nor the wrap
    assert np.ptp(logits[:, inner, inner]) > 0.01
    np.testing.assert_allclose(shifted[:, 7:-5, 7:-5], logits[:, inner, inner], atol=1e-6)


@pytest.mark.parametrize("bottleneck_norm", [True, False])
def test_bottleneck_trap(bottleneck_norm):
    """A batch norm on 1×1 pixels puts β in place of its input at batch size 1: no gradient gets through."""
    model = unet(3, 3, depth=4, ngf=4, dropout=0.0, bottleneck_norm=bottleneck_norm)
    innermost = next(v for v in model.trainable_variables if v.shape == (4, 4, 16, 32))
    images = noise(1, 16, 16, 3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(images, training=True)))
    gradient = np.abs(tape.gradient(loss, innermost.value)).max()
    assert gradient == 0 if bottleneck_norm else gradient > 1e-6


def test_unet_skips_every_level(paper_unet):
    """Each decoder block joins the encoder's output of its size, doubling its channels."""
    joins = layers(paper_unet, keras.layers.Concatenate)
    encoder = [m for m in paper_unet.layers if isinstance(m, keras.Sequential) and layers(m, keras.layers.LeakyReLU)]
    assert [join.input[1]._keras_history.operation for join in joins] == encoder[-2::-1]
    joined = [join.output.shape[-1] for join in joins]
    assert joined == [1024, 1024, 1024, 1024, 512, 256, 128]
    shapes = [layer.kernel.shape for layer in layers(paper_unet, keras.layers.Conv2DTranspose)]
    assert [shape[2] for shape in shapes] == [512, 512, 512, 512, 256, 128, 64, 3]
    assert [shape[3] for shape in shapes] == [512, *joined]


def test_the_encoder_decoder_is_a_unet_with_its_skips_severed():
    model = build_generator("encdec_256", 3, 3)
    assert model.name == "encdec_256" and output_shape(model, 256, 512) == (256, 512, 3)
    assert not layers(model, keras.layers.Concatenate)
    shapes = [layer.kernel.shape for layer in layers(model, keras.layers.Conv2DTranspose)]  # h, w, out, in
    assert [shape[3] for shape in shapes] == [512, 512, 512, 512, 512, 256, 128, 64]
    assert [shape[2] for shape in shapes] == [512, 512, 512, 512, 256, 128, 64, 3]
    assert len(layers(model, Dropout)) == 3


def test_unet_dropout_stands_in_the_first_three_decoder_blocks(paper_unet):
    blocks = [m for m in paper_unet.layers if isinstance(m, keras.Sequential) and layers(m, keras.layers.Conv2DTranspose)]
    kinds = [[type(layer) for layer in block.layers] for block in blocks]
    plain = [DoublingConv, BatchNorm, keras.layers.ReLU]
    assert kinds == [[*plain[:2], Dropout, plain[2]]] * 3 + [plain] * 4
    assert {layer.rate for layer in layers(paper_unet, Dropout)} == {0.5}


def test_resnet_adds_without_activation():
    model = resnet(3, 3, n_blocks=2, ngf=4, dropout=0.5)
    additions = layers(model, keras.layers.Add)
    assert len(additions) == len(layers(model, Dropout)) == 2
    assert len(layers(model, keras.layers.ReLU)) == 3 + 2 + 2
    for addition in additions:
        assert not any(isinstance(node.operation, keras.layers.ReLU) for node in addition._outbound_nodes)


def test_kernels_start_as_the_papers_say(paper_unet, paper_patchgan):
    for model in (paper_unet, paper_patchgan, resnet(3, 3, n_blocks=6)):
        for layer in layers(model, keras.layers.Layer):
            if hasattr(layer, "kernel"):
                kernel = layer.kernel.numpy()
                error = 5 * 0.02 / math.sqrt(kernel.size)
                assert abs(kernel.mean()) < error and abs(kernel.std() - 0.02) < error, layer.path
                assert not layer.use_bias or not np.any(layer.bias)
        for layer in layers(model, BatchNorm):
            gamma = layer.gamma.numpy()
            error = 5 * 0.02 / math.sqrt(gamma.size)
            assert abs(gamma.mean() - 1) < error and abs(gamma.std() - 0.02) < error, layer.path


def test_convolutions_have_a_bias_only_where_no_batch_norm_follows(paper_unet, paper_patchgan):
    for model, convolutions in ((paper_unet, 16), (paper_patchgan, 5)):
        found = [layer for layer in layers(model, keras.layers.Layer) if hasattr(layer, "kernel")]
        assert len(found) == convolutions
        assert [layer.use_bias for layer in found].count(True) == 1 and found[-1].use_bias


def test_leaky_slopes_are_the_papers(paper_unet, paper_patchgan):
    for model, number in ((paper_unet, 8), (paper_patchgan, 4), (patchgan(3, n_layers=0), 2)):
        assert [layer.negative_slope for layer in layers(model, keras.layers.LeakyReLU)] == pytest.approx([0.2] * number)


@pytest.mark.parametrize(
    "name, size", [("unet_16", 16), ("unet_32", 64), ("unet_4", 8), ("encdec_16", 16), ("resnet_1", 8), ("resnet_3", 20)]
)
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
def test_any_depth_and_width(name, size, norm):
    model = build_generator(name, 1, 2, ngf=4, norm=norm)
    images = model(noise(2, size, 2 * size, 1))
    assert images.shape == (2, size, 2 * size, 2) and images.dtype == tf.float32
    assert np.all(np.abs(images) <= 1) and np.ptp(images) > 0


@pytest.mark.parametrize("name", ["unet_16", "resnet_1"])
def test_outputs_are_float32_in_low_precision(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    generator, discriminator = build_generator(name, 3, 3, ngf=4), patchgan(3, 3, ndf=4, n_layers=1)
    images = generator(noise(1, 16, 16, 3), training=True)
    assert images.dtype == discriminator([images, images], training=True).dtype == tf.float32
    assert {v.dtype for v in generator.weights + discriminator.weights} == {"float32"}


@pytest.mark.parametrize("name", ["unet_16", "resnet_1"])
def test_resize_upsampling_has_no_transposed_convolution(name):
    for upsampling, found in (("deconv", True), ("resize", False)):
        model = build_generator(name, 3, 3, ngf=4, upsampling=upsampling)
        assert bool(layers(model, keras.layers.Conv2DTranspose)) == found
        assert bool(layers(model, NearestDoubling)) != found
        assert output_shape(model, 16, 32) == (16, 32, 3)


def test_dropout_options_reach_the_layers():
    for name in ("unet_16", "resnet_1"):
        assert not layers(build_generator(name, 3, 3, ngf=4, dropout=0.0), Dropout)
        found = layers(build_generator(name, 3, 3, ngf=4, dropout=0.25, dropout_at_inference=True), Dropout)
        assert found and all(layer.rate == 0.25 and layer.at_inference for layer in found)


def test_norm_layer():
    assert norm_layer("none", inference_statistics="image") is None
    assert norm_layer("batch", inference_statistics="image").inference_statistics == "image"
    assert norm_layer("instance", inference_statistics="image").groups == -1


@pytest.mark.parametrize("name, multiple, minimum", [("unet_256", 256, 256), ("unet_4", 4, 4), ("encdec_16", 16, 16), ("resnet_9", 4, 8)])
def test_sizes_that_generators_take(name, multiple, minimum):
    assert (generator_multiple(name), generator_minimum(name)) == (multiple, minimum)


@pytest.mark.parametrize(
    "name", ["encdec_9", "unet_255", "unet_2", "unet", "resnet_0", "resnet_", "resnet_-1", "vit_16", "unet_٤", "unet_016", "", "unet_65536"]
)
def test_unknown_generators(name):
    for function in (generator_multiple, lambda name: build_generator(name, 3, 3)):
        with pytest.raises(ValueError, match=f"^{name} is unknown. Use unet_256"):
            function(name)
    for method in ("pix2pix", "cyclegan"):
        with pytest.raises(UserError, match=f"^--generator={name} is unknown. Use unet_256"):
            method_class(method).HParams(generator=name)


@pytest.mark.parametrize("shift, equal", [(4, True), (1, False)])
def test_resnet_moves_with_its_input_by_multiples_of_its_stride(shift, equal):
    """Where padding plays no part: a spot on an even ground, whose statistics stay the same wherever it is."""
    keras.utils.set_random_seed(0)
    model = resnet(3, 3, n_blocks=2, ngf=4)
    image = np.zeros((1, 96, 96, 3), np.float32)
    image[:, 40:56, 40:56] = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 3))
    moved = model(np.roll(image, (shift, shift), axis=(1, 2))).numpy()
    inner = slice(24, 72)
    difference = np.abs(moved[:, inner, inner] - np.roll(model(image), (shift, shift), axis=(1, 2))[:, inner, inner]).max()
    assert (difference < 1e-4) == equal and (equal or difference > 1e-2)
