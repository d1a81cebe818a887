"""A run that starts from another's weights: what is taken where networks differ, by what they compute and by numbers."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from tiny_step import build

from tfgan.networks.mlp import mlp_generator
from tfgan.networks.multiscale import multiscale_discriminator
from tfgan.networks.patchgan import patchgan
from tfgan.networks.resnet import resnet
from tfgan.networks.stargan import stargan_generator
from tfgan.networks.stylegan import Discriminator
from tfgan.networks.unet import unet
from tfgan.training.units import units_of, weights_of
from tfgan.training.warm_start import copy_weights


def copied(source, target):
    """Lines of text on a network that was copied, which is called net."""
    methods = (SimpleNamespace(networks={"net": network}, ema={}, hparams=SimpleNamespace()) for network in (source, target))
    return copy_weights(*methods).lines


def shaken(network):
    """The network with other weights than it was built with: those of norms are no ones and zeros any more."""
    rng = np.random.default_rng(1)
    network.set_weights([0.1 * rng.normal(size=weight.shape) + (weight if weight.ndim == 1 else 0) for weight in network.get_weights()])
    return network


def emptied(network):
    network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
    return network


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def outputs(network, inputs):
    return [np.asarray(found) for found in keras.tree.flatten(network(inputs, training=False))]


SAME = {
    "unet": (lambda width: unet(3, 3, depth=3, ngf=width, norm="none"), lambda width: noise(1, 16, 16, 3)),
    "resize": (lambda width: unet(2, 1, depth=3, ngf=width, norm="instance", upsampling="resize"), lambda width: noise(1, 16, 16, 2)),
    "resnet": (lambda width: resnet(3, 3, n_blocks=2, ngf=width), lambda width: noise(1, 16, 16, 3)),
    "patchgan": (lambda width: patchgan(width, 3, ndf=width, norm="instance"), lambda width: [padded(4, width), noise(1, 32, 32, 3)]),
    "labels": (lambda width: stargan_generator(3, width, ngf=4, n_blocks=1), lambda width: [noise(1, 8, 8, 3), padded_labels(4, width)]),
}


def padded(count, width):
    """Images of `width` channels, of which the first `count` are always the same."""
    return np.concatenate([noise(1, 32, 32, count), np.ones((1, 32, 32, width - count), np.float32)], axis=-1)


def padded_labels(count, width):
    return np.concatenate([noise(1, count), np.ones((1, width - count), np.float32)], axis=-1)


@pytest.mark.parametrize("name", SAME)
def test_a_wider_network_without_other_weights_computes_the_same(name):
    """So each channel went where it belongs, also behind joined inputs; what a narrower one has is found in a wider one again."""
    make, inputs = SAME[name]
    source, target, back = shaken(make(4)), emptied(make(6)), make(4)
    lines = copied(source, target)
    assert "in part" in lines[0] and "random" not in " ".join(lines)
    for theirs, ours in zip(outputs(source, inputs(4)), outputs(target, inputs(6)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert np.ptp(outputs(source, inputs(4))[0]) > 1e-3
    copied(target, back)
    for theirs, ours in zip(source.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_more_channels_of_the_first_of_two_inputs():
    source, target = shaken(patchgan(1, 3, ndf=4)), shaken(patchgan(3, 3, ndf=4))
    before, theirs = target.get_weights()[0], source.get_weights()[0]
    assert copied(source, target) == [
        "net: 17 of 18 weights taken, 1 in part",
        "net: layer 1 of 5: the channels that both have, kernel 4×4×4×4 -> 4×4×6×4",
    ]
    kernel = target.get_weights()[0]
    np.testing.assert_array_equal(kernel[:, :, [0, 3, 4, 5]], theirs)
    np.testing.assert_array_equal(kernel[:, :, [1, 2]], before[:, :, [1, 2]])


def test_networks_of_one_structure_are_taken_whole():
    source, target = shaken(unet(3, 3, depth=3, ngf=4)), unet(3, 3, depth=3, ngf=4)
    assert copied(source, target) == ["net: 19 of 19 weights taken"]
    np.testing.assert_equal(target.get_weights(), source.get_weights())


def alike(source, target, pairs):
    """Checks which layers of `target`, counted from 1, are which of `source`; all others are none of them."""
    ours, theirs = units_of(target), units_of(source)
    for here, unit in enumerate(ours, 1):
        kernel = weights_of(unit)[0].numpy()
        equal = [there for there, other in enumerate(theirs, 1) if np.array_equal(weights_of(other)[0].numpy(), kernel)]
        assert equal == ([pairs[here]] if here in pairs else []), here


def test_a_u_net_of_another_depth_from_the_outside_in():
    """3 levels: e1 e2 e3 d2 d1 out; 5 levels: e1 e2 e3 e4 e5 d4 d3 d2 d1 out. The flat d2 gets no skip connection, the deep one does."""
    flat, deep = shaken(unet(3, 3, depth=3, ngf=4)), unet(3, 3, depth=5, ngf=4)
    lines = copied(flat, deep)
    alike(flat, deep, {1: 1, 2: 2, 3: 3, 9: 5, 10: 6})
    assert lines[1:] == [
        "net: layer 3 of 10: gamma, beta, moving_mean, moving_variance as drawn at random",
        "net: layers 4 to 8 of 10: as drawn at random",
        "net: not used of the other run's: layer 4 of 6",
    ]
    deep, flat = shaken(unet(3, 3, depth=5, ngf=4)), unet(3, 3, depth=3, ngf=4)
    assert "not used of the other run's: layers 4 to 8 of 10" in copied(deep, flat)[-1]
    alike(deep, flat, {1: 1, 2: 2, 3: 3, 5: 9, 6: 10})


def test_more_residual_blocks_and_more_scales():
    few, many = shaken(resnet(3, 3, n_blocks=1, ngf=4)), resnet(3, 3, n_blocks=2, ngf=4)
    copied(few, many)
    alike(few, many, {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 8: 6, 9: 7, 10: 8})
    one, two = shaken(multiscale_discriminator(2, 3, scales=1, ndf=4)), multiscale_discriminator(2, 3, scales=2, ndf=4)
    lines = copied(one, two)
    assert lines[0] == f"net: {len(one.weights)} of {2 * len(one.weights)} weights taken, {len(one.weights)} as drawn at random"
    images = [noise(1, 32, 32, 2), noise(1, 32, 32, 3)]
    for theirs, ours in zip(outputs(one, images), outputs(two, images)):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_pixels_are_no_channels():
    source, target = shaken(mlp_generator(8, (4, 4), 1, batch_norm={})), mlp_generator(8, (8, 8), 1, batch_norm={})
    before = target.get_weights()
    assert copied(source, target) == ["net: 20 of 22 weights taken, 2 as drawn at random", "net: layer 5 of 5: as drawn at random"]
    np.testing.assert_equal(target.get_weights()[-2:], before[-2:])


def test_a_larger_stylegan_is_the_same_for_small_images():
    settings = {"every_size": True, "channel_base": 32, "channel_max": 4}
    source, target = shaken(Discriminator(8, 3, **settings)), Discriminator(16, 3, **settings)
    copied(source, target)
    images = noise(2, 8, 8, 3)
    np.testing.assert_allclose(target(images), source(images), atol=1e-5)


def test_averages_begin_with_what_was_taken():
    source, target = build(), build(ema_decay=0.9, ema_warmup="off")
    source.method.generator.set_weights([weight + 1 for weight in source.method.generator.get_weights()])
    assert copy_weights(source.method, target.method).taken == 37
    np.testing.assert_equal(target.method.ema["generator"].get_weights(), source.method.generator.get_weights())
