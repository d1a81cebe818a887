"""Layers that are not trained: no update, no statistics, no moments, and what is said of them."""

import numpy as np
import pytest
from tiny_methods import make_method
from tiny_step import build, train

from tfgan.errors import UserError
from tfgan.layers import SpectralConv2D
from tfgan.methods import METHODS
from tfgan.methods.pix2pix import HParams
from tfgan.training.freezing import Frozen
from tfgan.training.units import units_of, weights_of

pytestmark = pytest.mark.usefixtures("eagerly")


def values(step):
    models = step.method.networks | {f"average of {name}": model for name, model in step.method.ema.items()}
    return {(name, number): weight.numpy() for name, model in models.items() for number, weight in enumerate(model.weights)}


def moved(step):
    """By network, the numbers of the weights that a step of training moves."""
    before = values(step)
    train(step, 1)
    found = {name: set() for name, _ in before}
    for (name, number), value in values(step).items():
        if np.any(value != before[name, number]):
            found[name].add(number)
    return found


def test_first_layers_stay_as_they_are():
    step = build(freeze=("generator:2", "discriminator:1"), ema_decay=0.9)
    assert step.frozen.lines == [
        "generator: the first 2 of 8 layers stay as they are, 736 of 24,851 numbers",  # 4·4·3·4, and 4·4·4·8 with 8 each of 4 of a norm
        "discriminator: the first 1 of 3 layers stay as they are, 384 of 1,057 numbers",
    ]
    networks = step.method.networks
    first = {"generator": 1 + 1 + 4, "discriminator": 1}  # a kernel; a kernel and a batch norm's weights
    found = moved(step)
    for name, count in first.items():
        assert found[name] == set(range(count, len(networks[name].weights))), name
        assert len(step.optimizers[name]._momentums) == len(networks[name].trainable_weights)
    assert found["average of generator"] == found["generator"]


@pytest.mark.parametrize("updates, precision", [("simultaneous", "float32"), ("discriminator_first", "mixed_float16")])
def test_a_network_as_a_whole(updates, precision):
    step = build(freeze=("discriminator",), updates=updates, precision=precision, clip_norm=1.0)
    step.loss_scale.assign(2.0**8)
    assert list(step.optimizers) == ["generator"] and "discriminator: all 3 layers" in step.frozen.lines[0]
    found = moved(step)
    assert not found["discriminator"] and len(found["generator"]) == len(step.method.networks["generator"].weights)
    assert "discriminator_loss" in step.names and "grad_norm_discriminator" not in step.names
    assert list(step.learning_rates()) == ["learning_rate_generator"]


@pytest.mark.parametrize(
    "freeze, message",
    [
        (("generatr:2",), r"--freeze=generatr: .*there are: generator \(8 layers\), discriminator \(3 layers\)\."),
        (("discriminator:4",), "--freeze=discriminator:4: discriminator has 3 layers with weights"),
        (("generator", "discriminator:3"), "--freeze=generator,discriminator:3 leaves nothing to be trained"),
    ],
)
def test_what_is_not_there(freeze, message):
    with pytest.raises(UserError, match=message):
        build(freeze=freeze)


@pytest.mark.parametrize("word", ["generator:", "generator:0", "generator:-1", "generator:x", ":3", "generator:²"])
def test_what_is_no_layer(word):
    with pytest.raises(UserError, match="use NAME, or NAME:COUNT for the first layers, each network once: discriminator:3"):
        HParams(freeze=(word,))


def test_a_network_named_twice():
    with pytest.raises(UserError, match="each network once"):
        HParams(freeze="generator:2,generator")


@pytest.mark.parametrize("name", METHODS)
def test_each_weight_is_of_one_layer(name):
    for network in make_method(name, style_encoder=True).networks.values():
        units = units_of(network)
        assert {id(w) for unit in units for w in weights_of(unit)} == {id(w) for w in network.weights}
        assert sum(len(weights_of(unit)) for unit in units) == len(network.weights)


def test_stylegans_layers_begin_at_the_image():
    method = make_method("stylegan", freeze=("discriminator:2", "synthesis:1"), progressive=True)
    lines = Frozen(method).lines
    assert "discriminator: the first 2 of 8 layers" in lines[0] and "synthesis: the first 1 of 7 layers" in lines[1]
    discriminator, synthesis = method.networks["discriminator"], method.networks["synthesis"]
    frozen = [layer for layer in discriminator.layers if not layer.trainable]
    assert set(frozen) == {*discriminator.from_rgb, discriminator.convolutions[-1]}
    kept = {id(weight) for weight in synthesis.trainable_weights}
    assert id(synthesis.const) not in kept and not any(id(weight) in kept for weight in synthesis.epilogues[0].weights)
    assert all(id(weight) in kept for layer in (*synthesis.epilogues[1:], *synthesis.convolutions) for weight in layer.weights)


def test_a_frozen_spectral_norm_keeps_its_direction():
    layer = SpectralConv2D(3, 2)
    x = np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype(np.float32)
    after = layer(x)
    u = layer.u.numpy()
    layer.trainable = False
    np.testing.assert_allclose(layer(x, training=True), after, rtol=1e-5)
    np.testing.assert_array_equal(layer.u, u)
