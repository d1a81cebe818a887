"""What the authors' networks do otherwise than the defaults: skip connections, padding, biases, SPADE's doublings."""

import keras
import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.layers import NearestDoubling, SpectralConv2D
from tfgan.methods import method_class
from tfgan.networks.generators import build_generator
from tfgan.networks.patchgan import patchgan
from tfgan.networks.spade import spade_generator

RNG = np.random.default_rng(0)


def noise(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def leaky(x):
    return np.maximum(x, 0.2 * x)


@pytest.mark.parametrize("skip_activation", ["leaky_relu", "relu"])
def test_skip_connections_by_hand(skip_activation):
    model = build_generator("unet_4", 3, 2, ngf=2, norm="none", dropout=0.0, skip_activation=skip_activation)
    first, second, up, last = (
        layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
    )
    for layer in (first, second, up, last):
        layer.kernel.assign(noise(*layer.kernel.shape))
        layer.bias.assign(noise(*layer.bias.shape))
    x = noise(1, 4, 4, 3)
    act = leaky if skip_activation == "leaky_relu" else lambda values: np.maximum(values, 0)
    outer = np.asarray(first(x))
    inner = np.asarray(second(leaky(outer)))  # the encoder itself has LeakyReLU in either case
    below = np.maximum(np.asarray(up(act(inner))), 0)
    expected = np.tanh(np.asarray(last(np.concatenate([below, act(outer)], axis=-1))))
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


def test_padding_before_is_padding_after_of_what_is_turned():
    """By 180°: images, kernels and results."""
    after, before = (build_generator("resnet_1", 3, 3, ngf=2, norm="instance", padding_side=side) for side in ("after", "before"))
    for ours, theirs in zip(before.weights, after.weights):
        theirs.assign(theirs + noise(*theirs.shape))
        ours.assign(np.asarray(theirs)[::-1, ::-1] if theirs.shape.rank == 4 else theirs)
    x = noise(1, 16, 20, 3)
    expected = np.asarray(after(x))
    np.testing.assert_allclose(before(x[:, ::-1, ::-1])[:, ::-1, ::-1], expected, atol=1e-4)
    assert np.abs(np.asarray(before(x)) - expected).max() > 0.1
    assert [tuple(weight.shape) for weight in before.weights] == [tuple(weight.shape) for weight in after.weights]


def test_the_first_bias_is_one_more_weight():
    without, with_it = patchgan(3, ndf=2, n_layers=2), patchgan(3, ndf=2, n_layers=2, first_bias=True)
    assert len(with_it.weights) == len(without.weights) + 1 and with_it.weights[1].shape == (2,)
    counts = {len(patchgan(3, ndf=2, n_layers=2, norm="instance", first_bias=it).weights) for it in (False, True)}
    assert len(counts) == 1


@pytest.mark.parametrize("layers, blocks, filters", [("normal", 7, 2), ("more", 7, 2), ("most", 8, 1)])
def test_spades_doublings(layers, blocks, filters):
    depth = 5 + ("normal", "more", "most").index(layers)
    model = spade_generator(3, 3, ngf=2, depth=depth, num_upsampling_layers=layers)
    assert sum(isinstance(layer, NearestDoubling) for layer in model.layers) == depth
    convolutions = [layer for layer in model.layers if isinstance(layer, SpectralConv2D) and layer.name.endswith("conv_1")]
    assert len(convolutions) == blocks and model.get_layer("last").kernel.shape[2] == filters
    size = 2**depth
    assert model.compute_output_shape((1, size, 2 * size, 3)) == (1, size, 2 * size, 3)
    between = model.get_layer("middle_1_conv_0").output, model.get_layer("middle_0_conv_0").output
    shapes = keras.Model(model.inputs, between)(np.zeros((1, size, size, 3), np.float32))
    assert shapes[0].shape[1] == (2 if layers == "normal" else 4) and shapes[1].shape[1] == 2


def test_spades_depth_follows_from_its_layers():
    hparams = method_class("spade").HParams
    assert [hparams(num_upsampling_layers=it).effective()["depth"] for it in ("normal", "more", "most")] == [5, 6, 7]
    assert hparams(num_upsampling_layers="more", image_size=64, scales=1, n_layers=2).effective()["depth"] == 4
    with pytest.raises(UserError, match="--depth=2 is too little for --num_upsampling_layers=most: leave it out"):
        hparams(num_upsampling_layers="most", depth=2)
