"""Every network of every method in Keras' own format, and exported for any machine."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import SIZE, make_method

from tfgan.inference import open_inference
from tfgan.inference.export import make_signatures
from tfgan.layers import machine
from tfgan.methods import METHODS
from tfgan.networks import stylegan, stylegan2
from tfgan.networks.unet import unet

OTHERS = [  # settings by which networks are built of other layers
    ("pix2pix", {"generator": "resnet_1", "upsampling": "resize", "norm": "instance", "inference_dropout": True}),
    ("pix2pix", {"generator": "encdec_16", "n_layers": 0, "norm": "none"}),
    ("cyclegan", {"generator": "unet_16"}),
    ("spade", {"style_encoder": True, "encoder_size": 16, "latent_dim": 8}),
    ("stylegan", {"progressive": True}),
    ("stylegan", {"architecture": "stylegan2"}),
]


def inputs_of(network):
    """Fixed noise of the shapes and types that a network takes."""
    noise = np.random.default_rng(0)
    if isinstance(network, stylegan.Synthesis | stylegan2.Synthesis):
        return [tf.constant(noise.normal(size=(2, stylegan.layer_count(SIZE), 8)), tf.float32)]
    if isinstance(network, stylegan.Discriminator | stylegan2.Discriminator):
        return [tf.constant(noise.normal(size=(4, SIZE, SIZE, 3)), tf.float32)]
    shapes = [[SIZE if n is None else n for n in (2, *x.shape[1:])] for x in network.inputs]
    return [tf.cast(noise.uniform(0, 2, shape), x.dtype) for shape, x in zip(shapes, network.inputs)]


def outputs(network, inputs):
    return [np.asarray(y) for y in tf.nest.flatten(network(inputs if len(inputs) > 1 else inputs[0], training=False))]


@pytest.fixture(scope="module", params=[*((name, {}) for name in METHODS), *OTHERS], ids=lambda case: "-".join(map(str, case[:1])))
def method(request):
    name, changes = request.param
    return make_method(name, **changes)


def learn(network):
    """Moves every weight from its first value."""
    noise = np.random.default_rng(1)
    for weight in network.weights:
        weight.assign(weight + noise.normal(0.0, 0.02, weight.shape))


def test_saved_networks_load(method, tmp_path):
    for name, network in method.networks.items():
        learn(network)
        network.save(tmp_path / f"{name}.keras")
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        assert [w.shape for w in loaded.weights] == [w.shape for w in network.weights]
        given = inputs_of(network)
        for found, expected in zip(outputs(loaded, given), outputs(network, given), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
        assert max(float(np.std(y)) for y in outputs(network, given)) > 0


def test_a_fresh_process_loads_with_the_networks_imported(tmp_path):
    network = unet(3, 1, depth=2, ngf=2)
    network.save(tmp_path / "generator.keras")
    code = f"import keras, tfgan.networks; print(keras.saving.load_model({str(tmp_path / 'generator.keras')!r}).count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) == network.count_params()


def test_an_export_is_of_no_machine(method, monkeypatch):
    def asked():
        raise AssertionError("what is exported must not depend on the machine")

    monkeypatch.setattr(machine, "has_gpu", asked)
    for signature in make_signatures(open_inference(method)).values():
        signature.get_concrete_function()


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan"])
def test_results_on_this_machine_are_those_of_the_plain_networks(name, monkeypatch):
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    method = make_method(name)
    signature = next(iter(open_inference(method).values()))
    images = np.random.default_rng(0).uniform(-1, 1, (1, SIZE, SIZE, signature.source.channels)).astype(np.float32)
    np.testing.assert_allclose(signature(images), signature.translation.function(tf.constant(images)), atol=1e-5)
