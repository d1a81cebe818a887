"""`import tfgan` alone: train, resume, load, translate, sample, evaluate, export, report, check, with every method at its smallest."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_methods import SETTINGS

import tfgan
from tfgan.data.label_maps.results import is_coded, snap
from tfgan.methods import METHODS

TINY = {
    "image_size": 16,
    "ngf": 4,
    "ndf": 4,
    "batch_size": 2,
    "synthetic_images": 8,
    "tensorboard": False,
    "num_samples": 1,
    "log_every": 1,
}
MORE = {"spade": {"style_encoder": True, "encoder_size": 16, "latent_dim": 4}, "vaegan": {"similarity_weight": 0.5}}
TRANSLATES = ("pix2pix", "cyclegan", "cut", "stargan", "spade")
RESUMED, EXPORTED = ("pix2pix", "stylegan"), ("pix2pix", "cgan")  # the others are by the command line, in cli/test_every_method.py
CONDITIONS = {"cyclegan": {"to": "day"}, "stargan": {"set": "brick,~night"}, "spade": {"seed": 3}}


def settings_of(name):
    from tfgan.methods import method_class

    known = method_class(name).HParams.__dataclass_fields__
    wanted = TINY | SETTINGS[name] | MORE.get(name, {})
    return {key: value for key, value in wanted.items() if key in known or key not in ("ngf", "ndf")}


@pytest.fixture(scope="module", params=METHODS)
def run(request, tmp_path_factory, eagerly):
    """A run of two steps, some trained by one call and by another that goes on."""
    folder = tmp_path_factory.mktemp(request.param) / "run"
    settings = settings_of(request.param)
    if request.param in RESUMED:
        assert tfgan.train(request.param, workdir=folder, steps=1, **settings).step == 1
    return tfgan.train(request.param, workdir=folder, steps=2, **settings)


def test_a_run_is_trained_resumed_and_opened(run):
    assert run.step == 2 and run.history["step"].tolist() == [1, 2]
    assert {"epoch", "images_per_second"} < set(run.history) and all(len(values) == 2 for values in run.history.values())
    again = tfgan.load(run.folder, checkpoint=1) if (run.folder / "checkpoints" / "ckpt-1.index").exists() else tfgan.load(run.folder)
    assert set(again.networks) == set(run.networks) and "Run" in repr(run)
    assert all(isinstance(network, keras.Model) for network in run.networks.values())


def test_images_come_back_as_they_were_given(run, tmp_path):
    if run.config.method not in TRANSLATES:
        with pytest.raises(tfgan.UserError, match="from noise"):
            run.translate(np.zeros([16, 16, 3], np.uint8))
        return
    given = CONDITIONS.get(run.config.method, {})
    noise = np.random.default_rng(0)
    maps = run.config.method == "spade"
    images = noise.integers(0, 3, (2, 20, 24)).astype(np.int64) if maps else noise.integers(0, 256, (2, 20, 24, 3)).astype(np.uint8)
    results = run.translate(images, **given)
    assert results.shape == (2, 20, 24, 3) and results.dtype == np.uint8
    np.testing.assert_array_equal(run.translate(images[1], **given), results[1])
    floats = run.translate(images, dtype="float32", **given)
    assert floats.dtype == np.float32 and np.abs(floats).max() <= 1
    domains = run.config.spec.domains
    target = domains["target" if "target" in domains else "image"]
    if is_coded(target):  # a label map, whose pixels have the colors of classes alone
        pixels = np.rint((floats + 1) * 127.5).astype(np.uint8)
        np.testing.assert_array_equal([snap(image, target) for image in pixels], results)
    else:
        np.testing.assert_allclose((floats + 1) * 127.5, results, atol=0.51)
    if not maps:
        full = [run.translate(array, dtype="float32", size="full", **given) for array in (images, images / 127.5 - 1)]
        np.testing.assert_allclose(*full, atol=1e-5)
        Image.fromarray(images[0]).save(tmp_path / "a.png")
        for picture in (run.translate(Image.fromarray(images[0]), **given), run.translate(tmp_path / "a.png", **given)):
            np.testing.assert_array_equal(np.asarray(picture), results[0])


def test_images_from_noise(run):
    if run.config.method in TRANSLATES:
        with pytest.raises(tfgan.UserError, match="cannot make them from noise"):
            run.sample()
        return
    images = run.sample(seeds=range(3))
    assert images.shape[:3] == (3, 16, 16) and images.dtype == np.uint8
    np.testing.assert_array_equal(run.sample(seeds=[2]) if run.config.spec.class_names == () else images[2:], images[2:])
    floats = run.sample(seeds=range(3), dtype="float32")
    np.testing.assert_allclose((floats + 1) * 127.5, images, atol=0.51)
    if run.config.spec.class_names:
        names = run.config.spec.class_names
        np.testing.assert_array_equal(run.sample([5, 6], labels=[1, 0]), run.sample([5, 6], labels=[names[1], names[0]]))
        np.testing.assert_array_equal(run.sample(np.array([5, 6]), labels=np.array([1, 0])), run.sample((5, 6), labels=(names[1], 0)))
        np.testing.assert_array_equal(run.sample([5, 6], labels=tf.constant([1, 0])), run.sample([5, 6], labels=[1, 0]))
        for labels in ([-1, 0], [0, len(names)], [0], 0, names[0], [0.0, 1.0], [True, False], [[1, 0], [0, 1]], []):
            with pytest.raises(tfgan.UserError, match="labels"):
                run.sample([5, 6], labels=labels)
    for seeds in ([-1], [2**31], [0.5], [], 3):
        with pytest.raises(tfgan.UserError, match="seeds must be whole numbers"):
            run.sample(seeds)
    for truncation in ("much", float("nan"), 0.5)[: 2 if run.config.method == "stylegan" else 3]:
        with pytest.raises(tfgan.UserError, match="truncation"):
            run.sample([1], truncation=truncation)


def test_a_run_is_measured_exported_and_reported(run, tmp_path):
    scores = run.evaluate(features="", metrics=["l1"] if run.config.method in ("pix2pix", "spade") else ["swd"], count=4)
    assert scores and all(np.isfinite(value) for value in scores.values())
    assert json.loads((run.folder / "evaluation.json").read_text())["results"]
    if run.config.method in EXPORTED:
        assert run.export(tmp_path / "model") == tmp_path / "model" and (tmp_path / "model" / "saved_model.pb").exists()
    assert run.report(tmp_path / "r.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: tfgan.train("pix2pixx"), "Did you mean pix2pix"),
        (lambda: tfgan.train("pix2pix", epoch=3), "epoch is not a setting here. Did you mean epochs"),
        (lambda: tfgan.train("pix2pix", seed=-1), "--seed=-1 must be at least 0"),
        (lambda: tfgan.train("pix2pix", precision="float8"), "must be one of auto, float32"),
        (lambda: tfgan.train("pix2pix", epochs="many"), "must be a whole number"),
        (lambda: tfgan.train("pix2pix", epochs=1), "which data set"),
        (lambda: tfgan.train(), "which data set"),
        (lambda: tfgan.train(recipe="facade"), "Did you mean facades"),
        (lambda: tfgan.load("absent"), "absent is not a run"),
        (lambda: tfgan.evaluate(real="absent", fake="absent", features=""), "absent is missing"),
        (lambda: tfgan.evaluate(real="a", fake="b", features="own"), "--features=own is trained on a run's data"),
        (lambda: tfgan.evaluate(real="", fake="b"), "name both: --real=FOLDER and --fake=FOLDER"),
        (lambda: tfgan.check(), "which data set"),
        (lambda: tfgan.check("absent", "pix2pixx"), "Did you mean pix2pix"),
        (lambda: tfgan.open_dataset("pared", 16), "Did you mean paired"),
        (lambda: tfgan.open_dataset("paired", 0), "at least one pixel"),
        (lambda: tfgan.open_dataset("paired", 32, 16), "loaded_size=16 no smaller"),
        (lambda: tfgan.train("gan", image_size=-28), "--image_size must be a number of pixels"),
        (lambda: tfgan.train("gan", image_size=True), "--image_size must be a number of pixels"),
        (lambda: tfgan.train("gan", image_size=0), "--image_size=0 must be at least one pixel"),
        (lambda: tfgan.train("gan", learning_rate=float("inf")), "--learning_rate=inf must be a finite number"),
        (lambda: tfgan.train("gan", diffaugment='"color'), "use names, separated by commas"),
    ],
)
def test_wrong_use_is_one_error(call, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert isinstance(error.value, tfgan.UserError) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros([16, 16, 4], np.uint8), r"3 channel\(s\), but an image has 4"),
        (np.zeros([16, 16], np.uint8), "16×16; give H×W×C or N×H×W×C"),
        (np.full([16, 16, 3], 0.5), "as if they were in"),
        (np.full([16, 16, 3], 200.0), "floats are in"),
        (np.zeros([16, 16, 3], np.uint16), "images are uint16"),
        ("absent.png", "absent.png"),
    ],
)
def test_arrays_that_could_be_read_in_two_ways_are_refused(images, message):
    from tfgan.config import Domain
    from tfgan.inference.arrays import as_images

    with pytest.raises(tfgan.UserError, match=message):
        as_images(images, Domain("photo", 3), "composite")


def test_what_there_is():
    assert list(tfgan.list_methods()) == list(METHODS) and "facades" in tfgan.list_datasets() and "quickstart" in tfgan.list_recipes()
    assert callable(tfgan.networks.unet.unet) and tfgan.losses.l1_loss and tfgan.layers.InstanceNorm
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        tfgan.trian  # noqa: B018


def test_a_data_set_is_checked_and_opened(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        for number in range(3):
            (tmp_path / "train" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)).save(tmp_path / "train" / name / f"{number}.png")
    seen = tfgan.check(tmp_path, "cyclegan", image_size=16, load_size=16, generator="resnet_1", n_layers=1)
    assert {domain.name for domain in seen.domains.values()} == {"a", "b"}
    dataset = tfgan.open_dataset("unpaired", 16, data_dir=tmp_path)
    assert dataset.spec.sizes["train"] == 3
    assert next(iter(dataset.train_batches(batch_size=2, flip=True, seed=0)))["source"].shape == (2, 16, 16, 3)


def test_the_command_line_is_not_imported():
    names = "tfgan.train, tfgan.load, tfgan.list_methods(), tfgan.list_datasets(), tfgan.list_recipes()"
    code = f"import sys, tfgan; {names}; print([name for name in sys.modules if name in ('tensorflow', 'tfgan.cli')])"
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_type_checkers_see_the_names_that_are_there():
    stub = ast.parse(Path(tfgan.__file__).with_suffix(".pyi").read_text())
    names = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted([*names, "__version__"]) == sorted(tfgan.__all__)
