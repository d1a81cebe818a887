"""Six bands of signed numbers to one of floats, from training to the export: the values of files all the way, and no picture among them."""

import json

import numpy as np
import pytest
import tensorflow as tf
import tifffile

import tfgan
from tfgan.cli.main import main
from tfgan.data.reading import images

FLAGS = (
    *("--method=pix2pix", "--dataset=synthetic_bands", "--synthetic_images=4", "--generator=unet_16", "--ngf=2", "--ndf=2"),
    *("--n_layers=1", "--image_size=16", "--batch_size=2", "--num_samples=2", "--notensorboard", "--checkpoint_every=1", "--deterministic"),
)
pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def run(tmp_path_factory, eagerly):
    folder = tmp_path_factory.mktemp("bands") / "run"
    assert main(["train", *FLAGS, f"--workdir={folder}", "--epochs=2"]) == 0
    return folder


@pytest.fixture(scope="module")
def scene(run):
    """The file of an input of six bands, 24×20 int16."""
    path, generator = run.parent / "inputs" / "scene.npy", np.random.default_rng(0)
    path.parent.mkdir()
    np.save(path, generator.integers(-1000, 9000, (24, 20, 6)).astype(np.int16))
    return path


def test_the_run_records_the_ranges_and_keeps_inputs_as_they_are(run):
    domains = json.loads((run / "config.json").read_text())["spec"]["domains"]
    assert (domains["source"]["dtype"], domains["source"]["channels"], domains["source"]["value_range"]) == ("int16", 6, [[-1000, 9000]])
    assert (domains["target"]["dtype"], domains["target"]["bands"], domains["target"]["value_range"]) == ("float32", True, [[-5, 5]])
    kept = images.decode(run / "samples" / "inputs" / "source_0.tif")
    assert kept.dtype == np.int16 and kept.shape == (16, 16, 6) and kept.min() < 0
    picture = images.decode(run / "samples" / "epoch_0002.png")
    assert picture.shape[-1] == 3 and picture.std() > 20  # bands 1, 2 and 3 as colors, the range from black to white


def test_a_resumed_run_is_the_unbroken_one(run, tmp_path):
    assert main(["train", *FLAGS, f"--workdir={tmp_path / 'run'}", "--epochs=1"]) == 0
    assert main(["train", *FLAGS, f"--workdir={tmp_path / 'run'}", "--epochs=2"]) == 0
    first, second = (tfgan.load(folder).networks["generator"].get_weights() for folder in (run, tmp_path / "run"))
    assert all(np.array_equal(one, other) for one, other in zip(first, second))


def test_results_have_the_type_and_format_of_the_target(run, scene, tmp_path):
    assert main(["translate", str(run), str(scene.parent), str(tmp_path / "results")]) == 0
    (file,) = (tmp_path / "results").iterdir()
    result = tifffile.imread(file)
    assert file.name == "scene.tif" and result.dtype == np.float32 and result.shape == (24, 20) and -5 <= result.min() < result.max() <= 5
    assert np.array_equal(tfgan.load(run).translate(np.load(scene))[..., 0], result)
    assert main(["translate", str(run), str(scene.parent), str(tmp_path / "arrays"), "--format=npy"]) == 0
    assert np.array_equal(np.load(tmp_path / "arrays" / "scene.npy"), result)


@pytest.mark.parametrize("output, flags", [("out.png", ()), ("results", ("--format=jpg",))])
def test_a_format_that_cannot_hold_them_is_refused_before_the_first_image(run, scene, tmp_path, output, flags, capsys):
    assert main(["translate", str(run), str(scene), str(tmp_path / output), *flags]) == 2
    assert "files cannot hold float32 values; write them as TIFF (--format=tif) or NPY (--format=npy)" in capsys.readouterr().err
    assert not (tmp_path / output).exists()


def test_arrays_are_values_unless_they_are_said_to_be_floats(run, scene):
    opened, values = tfgan.load(run), np.load(scene)
    depth = opened.translate(values)
    assert depth.dtype == np.float32 and depth.shape == (24, 20, 1)
    floats = opened.translate((values + 1000.0) / 5000 - 1, dtype="float32")
    assert floats.min() >= -1 and np.abs(floats * 5 - depth).max() < 1e-3
    with pytest.raises(tfgan.UserError, match="bands has 6 channel"):
        opened.translate(values[..., :4])
    with pytest.raises(tfgan.UserError, match=r'give the former as int16, and say dtype="float32"'):
        opened.translate(values.astype(np.float32))


def test_evaluation_knows_the_units(run):
    scores = tfgan.load(run).evaluate(metrics=["l1", "psnr"])
    assert 0 < scores["l1"] < 2 and scores["psnr"] > 0
    cases = json.loads((run / "evaluation.json").read_text())["results"][-1]["cases"]
    shown = images.decode(run / next(case["images"]["result"] for case in cases if "images" in case))
    assert shown.dtype == np.uint8


def test_the_export_takes_and_gives_the_values_of_files(run, scene, tmp_path):
    assert main(["export", str(run), f"--output={tmp_path / 'export'}"]) == 0
    (described,) = json.loads((tmp_path / "export" / "tfgan.json").read_text())["translates"].values()
    assert described["takes"] == {"channels": 6, "dtype": "int16", "range": [[-1000, 9000]]}
    assert described["gives"] == {"channels": 1, "dtype": "float32", "range": [[-5, 5]]}
    model = tf.saved_model.load(str(tmp_path / "export"))
    assert "serve_bytes" not in model.signatures  # TensorFlow reads no such files
    values = np.load(scene)
    (served,) = model.signatures["serving_default"](images=tf.constant(values[None])).values()
    own = tfgan.load(run).translate(values, size="full")
    assert served.dtype == tf.float32 and np.abs(served.numpy()[0] - own).max() < 1e-4


def test_own_arrays_of_any_type(tmp_path):
    generator = np.random.default_rng(0)
    data = {"source": generator.normal(size=(4, 16, 16, 5)), "target": generator.integers(-9, 9, (4, 16, 16)).astype(np.int32)}
    flags = dict(flag.removeprefix("--").split("=") for flag in FLAGS if "=" in flag)
    flags = {name: int(value) if value.isdecimal() else value for name, value in flags.items() if name not in ("method", "dataset")}
    flags |= {"workdir": str(tmp_path / "run"), "steps": 1, "tensorboard": False}
    with pytest.raises(tfgan.UserError, match="source has float32 values and target has int32 values"):
        tfgan.train("pix2pix", data=data, **flags)
    run = tfgan.train("pix2pix", data=data, value_range=["auto"], **flags)
    result = run.translate(data["source"][0].astype(np.float32))
    assert result.dtype == np.int32 and -9 <= result.min() <= result.max() <= 8


def test_samples_from_noise_have_the_type_of_the_data(tmp_path):
    generator = np.random.default_rng(0)
    images_ = generator.integers(-500, 3000, (8, 16, 16, 5)).astype(np.int16)
    run = tfgan.train(
        "gan", data=images_, value_range=["auto"], show_bands=["5", "2", "1"], image_size=16, batch_size=4, steps=1, num_samples=1,
        tensorboard=False, workdir=str(tmp_path / "run"),
    )  # fmt: skip
    low, high = images_.min(), images_.max()
    sample = run.sample(seeds=[3])
    assert sample.dtype == np.int16 and sample.shape == (1, 16, 16, 5) and low <= sample.min() < sample.max() <= high
    assert main(["sample", str(tmp_path / "run"), str(tmp_path / "out"), "--count=2", "--seed=3"]) == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["seed000003.tif", "seed000004.tif"] and np.array_equal(images.decode(files[0]), sample[0])
    assert main(["sample", str(tmp_path / "run"), str(tmp_path / "one.jpg"), "--count=1"]) == 2
    assert main(["sample", str(tmp_path / "run"), str(tmp_path / "sheet.png"), "--rows=2", "--columns=2"]) == 0
    assert images.decode(tmp_path / "sheet.png").shape[-1] == 3
