"""At what scale a run sees images: recorded by training, kept by translate, said by evaluate, export and report."""

import json
import logging
import shutil

import numpy as np
import pytest
from tiny_folders import two_folders

import tfgan
from tfgan.cli.main import main
from tfgan.data.reading import images
from tfgan.data.reading.images import resize
from tfgan.training.callbacks import Callback

pytestmark = pytest.mark.usefixtures("eagerly")

SETTINGS = {
    **{"image_size": 16, "generator": "unet_16", "ngf": 4, "ndf": 4, "n_layers": 1, "steps": 1, "num_samples": 2, "tensorboard": False},
    **{"domains": ("photo", "zmap"), "label_domains": ("zmap",), "direction": "zmap_to_photo"},
}
SEEN = {"median": [64, 64], "smallest": [64, 64], "largest": [64, 64], "loaded": [18, 18], "network": [16, 16], "fit": "squeeze"}


class Keep(Callback):
    """Keeps what went into the last sample picture."""

    def on_samples(self, trainer, step, made):
        self.made = made
        return {}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of networks of 16 pixels on pairs of 64 pixels, their folder, and what its sample picture was made of."""
    folder, keep = tmp_path_factory.mktemp("scale"), Keep()
    two_folders(folder / "data")
    run = tfgan.train("pix2pix", data_dir=folder / "data", workdir=folder / "run", callbacks=[keep], **SETTINGS)
    return run, folder / "data", keep.made


def shown(data, number):
    """The file of the example in a row of the sample picture: two rows of eight validation images."""
    return data / "val" / "zmap" / f"{number * 4}.png"


def translate(run, source, output, *flags):
    return main(["translate", str(run.folder), str(source), str(output), *flags])


def as_if_older(run, folder, data_dir=None):
    """A copy of the run as earlier versions recorded it, whose data is now in `data_dir`."""
    shutil.copytree(run.folder, folder)
    config = json.loads((folder / "config.json").read_text())
    del config["scale"]
    config["data"]["data_dir"] = str(data_dir or config["data"]["data_dir"])
    (folder / "config.json").write_text(json.dumps(config))
    return tfgan.load(folder)


def test_training_records_the_scale(trained):
    run, _, _ = trained
    assert json.loads((run.folder / "config.json").read_text())["scale"] == {"source": SEEN, "target": SEEN}


def test_samples_and_translate_agree_on_a_file(trained, tmp_path, capsys):
    run, data, made = trained
    assert translate(run, data / "val" / "zmap", tmp_path) == 0
    said = "Images are translated at 16×16 pixels, as in training; results are resized to the images' own size (--size=trained)."
    assert said in capsys.readouterr().out
    for number, (call,) in enumerate(made.calls):
        file = shown(data, number)
        assert images.decode(file).shape == (64, 64, 3) and call.output.shape == (16, 16, 3)
        expected = resize(call.output, (64, 64), "bicubic")
        np.testing.assert_array_equal(run.translate(images.decode(file), dtype="float32"), expected)
        np.testing.assert_array_equal(images.decode(tmp_path / file.name), np.rint((expected + 1) * 127.5).astype(np.uint8))


def test_an_image_of_the_networks_size_is_the_sample_itself(trained):
    run, data, made = trained
    small = resize(images.decode(shown(data, 1)), (16, 16), "nearest")
    for size in ("", "trained", "full", 16):
        np.testing.assert_array_equal(run.translate(small, size=size, dtype="float32"), made.calls[1][0].output)


def test_other_sizes_are_told(trained, tmp_path, capsys):
    run, data, made = trained
    assert translate(run, data / "val" / "zmap", tmp_path / "full", "--size=full") == 0
    printed = capsys.readouterr()
    assert "Images are translated at their own size (--size=full)." in printed.out
    assert "8 of 8 files were translated at another scale than that of training." in printed.out
    assert printed.err.count("is translated at 64×64 pixels, 3.6 times larger than whole images in training (18×18)") == 1
    ours = images.decode(tmp_path / "full" / "0.png").astype(int)
    assert np.abs(ours - run.translate(shown(data, 0), size="trained")).mean() > 1

    assert translate(run, shown(data, 0), tmp_path / "n", "--size=24") == 0
    assert "24 pixels on their shorter side" in (printed := capsys.readouterr()).out and "is translated at" not in printed.err
    assert translate(run, shown(data, 0), tmp_path / "full", "--size=trained") == 1
    assert "have another size (full, not trained)" in capsys.readouterr().out


def test_the_python_api_warns_once_for_all_images(trained, caplog):
    run, _, _ = trained
    batch = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    with caplog.at_level(logging.WARNING, "tfgan"):
        run.translate(batch)
        assert not caplog.records
        assert run.translate(batch, size="full").shape == batch.shape
    assert [record.getMessage()[:50] for record in caplog.records] == ["An image is translated at 40×40 pixels, 2.2 times "]


@pytest.mark.parametrize("size", ["tranied", "0", "-4", "1.5", "64x64"])
def test_a_size_that_is_none_is_refused(trained, size, tmp_path, capsys):
    run, data, _ = trained
    assert translate(run, shown(data, 0), tmp_path / "out", f"--size={size}") == 2
    assert f"--size={size} must be trained, full, or the pixels of the shorter side, such as 512" in capsys.readouterr().err
    with pytest.raises(tfgan.UserError, match="must be trained, full, or"):
        run.translate(shown(data, 0), size=size)


def test_a_run_without_the_record_translates_as_it_did(trained, tmp_path, capsys):
    run, data, _ = trained
    older = as_if_older(run, tmp_path / "older")
    assert older.config.scale == {}
    np.testing.assert_array_equal(older.translate(shown(data, 0)), run.translate(shown(data, 0), size="full"))
    said = capsys.readouterr().out
    assert "did not record the scale of training" in said and "--size=trained gives results like its sample pictures" in said
    assert translate(older, shown(data, 0), tmp_path / "trained", "--size=trained") == 0
    np.testing.assert_array_equal(images.decode(tmp_path / "trained" / "0.png"), run.translate(shown(data, 0)))


def test_an_older_run_that_goes_on_has_the_record(trained, tmp_path):
    run, data, _ = trained
    older = as_if_older(run, tmp_path / "older")
    tfgan.train("pix2pix", data_dir=data, workdir=older.folder, **SETTINGS | {"steps": 2})
    assert json.loads((older.folder / "config.json").read_text())["scale"]["source"] == SEEN


def test_the_other_verbs_say_it(trained, tmp_path, capsys):
    run, _, _ = trained
    words = "16×16 pixels, of images of 64×64"
    assert main(["evaluate", str(run.folder), "--features=", "--metrics=l1", "--cases=0"]) == 0
    assert f"making images at the scale of training, {words}" in capsys.readouterr().out
    assert json.loads((run.folder / "evaluation.json").read_text())["results"][-1]["scale"] == {"source": words, "target": words}

    assert main(["export", str(run.folder), f"--output={tmp_path / 'model'}"]) == 0
    assert f"They do not resize images. Training, sample pictures, and `tfgan translate` use images at {words}." in capsys.readouterr().out
    record = json.loads((tmp_path / "model" / "tfgan.json").read_text())
    pixels = {"channels": 3, "dtype": "uint8", "range": [[0, 255]]}
    stated = {"from": "zmap", "to": "photo", "takes": pixels, "gives": pixels, "network": [16, 16], "scale": SEEN}
    assert record["translates"]["serving_default"] == stated
    assert (record["method"], record["step"], record["run"]) == ("pix2pix", 1, "run")

    assert json.dumps(words)[1:-1] in run.report(tmp_path / "report.html").read_text()


def test_the_same_run_under_another_name_keeps_its_results(trained, tmp_path, capsys):
    run, data, _ = trained
    assert translate(run, shown(data, 0), tmp_path / "out") == 0
    shutil.copytree(run.folder, tmp_path / "renamed")
    assert translate(tfgan.load(tmp_path / "renamed"), data / "val" / "zmap", tmp_path / "out") == 0
    assert "7 written" in (said := capsys.readouterr().out) and "1 were there already" in said


def test_results_of_another_run_stay_and_are_told(trained, tmp_path, capsys):
    run, data, _ = trained
    assert translate(run, data / "val" / "zmap", tmp_path / "out") == 0
    other = tfgan.train("pix2pix", data_dir=data, workdir=tmp_path / "other", seed=1, **SETTINGS)
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    capsys.readouterr()
    assert translate(other, data / "val" / "zmap", tmp_path / "out") == 1
    assert f"8 in {tmp_path / 'out'} were made by run at step 1. They stay: --overwrite replaces them" in capsys.readouterr().out
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def test_a_run_of_native_crops(tmp_path):
    """Trained on crops of images of mixed sizes; what is translated goes through at its own scale and shape, and the run says so."""
    rng = np.random.default_rng(0)
    for side in "AB":
        for number, size in enumerate([(40, 24), (24, 60), (33, 33)]):
            images.save(tmp_path / "data" / f"train{side}" / f"{number}.png", rng.integers(0, 256, (*size, 3)).astype(np.uint8))
    settings = {name: value for name, value in SETTINGS.items() if name not in ("domains", "label_domains", "direction")}
    settings |= {"generator": "resnet_1", "data_dir": tmp_path / "data", "fit": "none", "augment": ("vertical_flip", "scale")}
    run = tfgan.train("cyclegan", workdir=tmp_path / "run", **settings)
    scale = json.loads((run.folder / "config.json").read_text())["scale"]["source"]
    assert scale["fit"] == "none" and scale["largest"] == [24, 60] and run.config.data.fit == "none"
    assert run.config.scale["source"].describe().startswith("16×16 pixels, cut out of images at their own scale, of images of")
    image = rng.integers(0, 256, (24, 44, 3)).astype(np.uint8)
    found = run.translate(image, to="B")
    assert found.shape == image.shape
    np.testing.assert_array_equal(found, run.translate(image, to="B", size="full"))
    settings["steps"] = 2
    again = tfgan.train("cyclegan", workdir=tmp_path / "run", **settings)
    assert again.step == 2
