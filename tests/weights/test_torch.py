"""Imported weights against PyTorch itself: files that it writes, and what its networks make (tests/weights/torch_references.py).

It runs if this Python has PyTorch, or the environment variable TFGAN_TEST_TORCH_PYTHON names one that has.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfgan.config import DataConfig
from tfgan.config.verbs import ImportConfig
from tfgan.runs.importing.choosing import judge_import
from tfgan.runs.importing.importer import import_run
from tfgan.runs.opening import open_run
from tfgan.weights import read_weights

pytestmark = pytest.mark.torch
BOUND = 1e-4


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of weights, and the references' inputs and outputs."""
    python = os.environ.get("TFGAN_TEST_TORCH_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import torch, safetensors"], capture_output=True).returncode:
        pytest.skip("no PyTorch here; set TFGAN_TEST_TORCH_PYTHON to a Python that has it, with safetensors")
    folder = tmp_path_factory.mktemp("torch")
    subprocess.run([python, Path(__file__).with_name("torch_references.py"), folder], check=True)
    return folder


def imported(written, name, data=None, **settings):
    """The run made of a file or folder, opened by its folder alone, and the arrays of the references."""
    run = written / "runs" / f"{name.replace('/', '_')}_{len(settings)}"
    import_run(*judge_import(str(written / name), str(run), ImportConfig(**settings), data or DataConfig()), data or DataConfig())
    arrays = written / f"{name.partition('/')[0].removesuffix('.pth')}.npz"
    return open_run(str(run)), dict(np.load(arrays))


def equal(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < BOUND
    assert expected.std() > 0.01  # otherwise all would be equal


def test_unet_with_batch_norm(written):
    run, told = imported(written, "unet")
    generator, judge = run.method.networks["generator"], run.method.networks["discriminator"]
    equal(generator(told["x"], training=False), told["image"])
    equal(judge([told["x"], told["y"]], training=True), told["judged"])
    assert run.config.hparams.objective == "l1+cgan" and run.config.hparams.first_bias


def test_unet_by_moving_averages(written):
    run, told = imported(written, "unet/plain.safetensors", statistics="moving")
    equal(run.method.networks["generator"](told["x"], training=False), told["moving"])


def test_unet_with_instance_norm_saved_in_parallel(written):
    run, told = imported(written, "instance.pth")
    assert run.config.spec.domains["target"].channels == 1
    equal(run.method.networks["generator"](told["x"], training=False), told["image"])


def test_resnet_with_batch_norm_and_dropout(written):
    run, told = imported(written, "resnet", statistics="moving", image_size=32)
    assert run.config.hparams.dropout == 0.5
    equal(run.method.networks["generator"](told["x"], training=False), told["moving"])
    equal(run.method.networks["discriminator"]([told["x"], told["y"]], training=True), told["judged"])


def test_cyclegan_both_ways_from_files_of_old_versions(written):
    assert not (written / "cycle" / "latest_net_G_A.pth").read_bytes().startswith(b"PK")
    run, told = imported(written, "cycle", data=DataConfig(domains=("horse", "zebra")), image_size=32)
    names = {"to_target": ("x", "G_A"), "to_source": ("y", "G_B"), "of_target": ("y", "D_A"), "of_source": ("x", "D_B")}
    for name, (given, expected) in names.items():
        equal(run.method.networks[name](told[given], training=False), told[expected])
    assert run.config.spec.domains["target"].name == "zebra"


def test_one_way_of_a_cyclegan(written):
    run, told = imported(written, "cycle/latest_net_G_B.pth", image_size=32, alone=True)
    assert run.config.method == "pix2pix" and run.config.spec.domains["source"].name == "B"
    equal(run.method.networks["generator"](told["y"], training=False), told["G_B"])


def test_stargan(written):
    run, told = imported(written, "stargan")
    assert run.config.spec.attribute_groups == (("Black_Hair", "Blond_Hair", "Brown_Hair"),)
    equal(run.method.networks["generator"]([told["x"], told["labels"]], training=False), told["image"])
    for found, name in zip(run.method.networks["discriminator"](told["x"], training=False), ("scores", "logits")):
        equal(found, told[name])


def test_spade_with_styles(written):
    run, told = imported(written, "normal")
    networks = run.method.networks
    equal(networks["generator"]([told["labels"], told["z"]], training=False), told["image"])
    scales = networks["discriminator"]([told["labels"], told["photo"]], training=False)
    for scale, name in zip(scales.values(), ("first", "second")):
        equal(scale[-1], told[name])
    resized = run.method._encoder_input(told["photo"])
    for found, name in zip(networks["encoder"](resized, training=False), ("mean", "log_variance")):
        equal(found, told[name])


@pytest.mark.parametrize("layers, size", [("more", 64), ("most", 128)])
def test_spade_with_more_layers(written, layers, size):
    run, told = imported(written, layers, num_upsampling_layers=layers, image_size=size)
    equal(run.method.networks["generator"](told["labels"], training=False), told["image"])


def test_every_file_has_the_tensors_that_pytorch_wrote(written):
    whole, plain = (read_weights(written / "unet" / name) for name in ("latest_net_G.pth", "plain.safetensors"))
    assert whole.keys() == plain.keys() and len(whole) > 20
    for name, tensor in whole.items():
        np.testing.assert_array_equal(tensor.read(), plain[name].read())
