"""pix2pix with a channel for each class (--label_encoding=onehot), from training to the export, in both directions."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_folders import check, save

import tfgan
from tfgan.cli.main import main

IDS = (7, 11, 26)
LABELS = ("--domains=photo,labels", "--label_domains=labels", "--label_encoding=onehot")
FLAGS = (
    *("--generator=unet_16", "--ngf=8", "--ndf=4", "--n_layers=1", "--image_size=16", "--batch_size=2", "--num_samples=2"),
    *("--notensorboard", "--checkpoint_every=1", "--deterministic", "--validate_every=1"),
)
CODINGS = {"ids": "L", "palette": "P", "colors": "RGB"}
pytestmark = pytest.mark.usefixtures("eagerly")


def make(folder, coding="ids", count=4):
    """Photos of 20×24 and their maps, of which a corner has no class (id 255), or index 0 of a palette is unused."""
    noise = np.random.default_rng(0)
    for split in ("train", "val"):
        for number in range(count if split == "train" else 2):
            classes = np.zeros((20, 24), int)
            classes[:, 8 + number :] = 1
            classes[noise.integers(2, 8) : 14, 4:16] = 2
            photo = np.array([(200, 30, 30), (30, 200, 30), (30, 30, 200)])[classes] + noise.integers(0, 40, (20, 24, 3))
            save(folder / split / "photo" / f"{number}.png", photo.astype(np.uint8))
            path = folder / split / "labels" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            values = np.array(IDS, np.uint8)[classes]
            if coding == "colors":
                Image.fromarray(np.stack([values * 9, values * 3, 255 - values], axis=-1)).save(path)
                continue
            values[:2, :2] = 255
            image = Image.fromarray(values)
            if coding == "palette":
                image.putpalette([channel for index in range(256) for channel in (index, 255 - index, index // 2)])
            image.save(path)


@pytest.fixture(scope="module", params=["ids", "palette", "colors"])
def data(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes") / request.param
    make(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def ids(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes") / "ids"
    make(folder)
    return folder


@pytest.fixture(scope="module")
def labels_run(data):
    """A run to label maps."""
    folder = data.parent / "to_labels"
    assert main(["train", f"--data_dir={data}", *LABELS, *FLAGS, "--direction=photo_to_labels", f"--workdir={folder}", "--epochs=2"]) == 0
    return folder


def values(path):
    with Image.open(path) as image:
        return image.mode, np.asarray(image)


def pixels(image):
    """The values of pixels that occur, tuples of their channels."""
    return {tuple(np.ravel(pixel)) for row in image for pixel in row}


def test_the_run_records_the_encoding(labels_run, capsys):
    record = json.loads((labels_run / "config.json").read_text())
    target = record["spec"]["domains"]["target"]
    assert record["data"]["label_encoding"] == "onehot" and target["dtype"] == "int32" and len(target["classes"]["values"]) == 3
    network = tfgan.load(labels_run).networks["generator"]
    assert network.output_shape[-1] == 3
    rows = [json.loads(line) for line in (labels_run / "metrics.jsonl").read_text().splitlines()]
    assert {"val_l1", "val_ssim", "sample_diversity"} <= set().union(*rows)


def test_results_are_maps_of_the_classes_alone(labels_run, data, tmp_path):
    assert main(["translate", str(labels_run), str(data / "val" / "photo"), str(tmp_path / "maps")]) == 0
    for number in range(2):
        mode, found = values(tmp_path / "maps" / f"{number}.png")
        assert mode == CODINGS[data.name] and found.shape[:2] == (20, 24)
        true = values(data / "val" / "labels" / f"{number}.png")[1]
        assert pixels(found) <= pixels(true) - {(255,)}
    run, photo = tfgan.load(labels_run), values(data / "val" / "photo" / "0.png")[1]
    indices = run.translate(photo)
    assert indices.dtype == np.int32 and indices.shape == (20, 24)
    np.testing.assert_array_equal(np.asarray(run.translate(Image.fromarray(photo))), values(tmp_path / "maps" / "0.png")[1])
    scores = run.translate(photo, dtype="float32")
    assert scores.shape == (20, 24, 3) and np.array_equal(scores.argmax(axis=-1), indices)
    full, tiled = (run.translate(photo, size="full", tile=tile) for tile in (0, 16))
    assert full.shape == tiled.shape == (20, 24) and np.mean(full == tiled) > 0.5


def test_other_lossless_formats_hold_the_same_values(labels_run, data, tmp_path):
    photos = str(data / "val" / "photo")
    assert main(["translate", str(labels_run), photos, str(tmp_path / "png")]) == 0
    assert main(["translate", str(labels_run), photos, str(tmp_path / "tif"), "--format=tif"]) == 0
    with Image.open(tmp_path / "png" / "1.png") as image:
        expected = np.asarray(image.convert("RGB") if data.name == "palette" else image)
    np.testing.assert_array_equal(values(tmp_path / "tif" / "1.tif")[1], expected)
    assert main(["translate", str(labels_run), photos, str(tmp_path / "jpg"), "--format=jpg"]) == 2
    assert not (tmp_path / "jpg").exists()


def test_evaluation_reads_the_classes(labels_run):
    assert main(["evaluate", str(labels_run), "--features=", "--metrics=pixel_accuracy,mean_iou,l1"]) == 0
    accuracy = json.loads((labels_run / "evaluation.json").read_text())["results"][-1]["metrics"]["pixel_accuracy"]
    assert accuracy["real"] == 1.0  # no segmenter is asked what pictures in known colors show
    assert 0 < accuracy["value"] < 1


def test_the_export_gives_maps(labels_run, data, tmp_path, capsys):
    assert main(["export", str(labels_run), f"--output={tmp_path / 'export'}"]) == 0
    assert "0 of 1" in capsys.readouterr().out
    signatures = tf.saved_model.load(str(tmp_path / "export")).signatures
    file = data / "val" / "photo" / "0.png"
    photo = values(file)[1]
    served = signatures["serving_default"](images=tf.constant(photo[None]))["labels"].numpy()
    expected = tfgan.load(labels_run).translate(photo, size="full")
    np.testing.assert_array_equal(served[0], expected)
    assert json.loads((tmp_path / "export" / "tfgan.json").read_text())["translates"]["serving_default"]["gives"]["dtype"] == "int32"
    assert ("serve_bytes" in signatures) == (data.name != "palette")  # which TensorFlow does not write
    if data.name != "palette":
        content = signatures["serve_bytes"](image_bytes=tf.constant([file.read_bytes()]))["image_bytes"][0].numpy()
        (tmp_path / "served.png").write_bytes(content)
        assert main(["translate", str(labels_run), str(file), str(tmp_path / "own.png"), "--size=full"]) == 0
        np.testing.assert_array_equal(values(tmp_path / "served.png")[1], values(tmp_path / "own.png")[1])


def test_from_label_maps(ids, tmp_path):
    """Trained, resumed bit for bit, translated, exported: the network sees the classes, whatever color they have."""
    runs = [tmp_path / "whole", tmp_path / "parted"]
    flags = ["train", f"--data_dir={ids}", *LABELS, *FLAGS, "--direction=labels_to_photo"]
    assert main([*flags, f"--workdir={runs[0]}", "--epochs=2"]) == 0
    assert main([*flags, f"--workdir={runs[1]}", "--epochs=1"]) == main([*flags, f"--workdir={runs[1]}", "--epochs=2"]) == 0
    whole, parted = map(tfgan.load, runs)
    assert whole.networks["generator"].input_shape[-1] == 3
    for one, other in zip(whole.networks["generator"].get_weights(), parted.networks["generator"].get_weights()):
        np.testing.assert_array_equal(one, other)
    assert main(["translate", str(runs[0]), str(ids / "val" / "labels"), str(tmp_path / "photos")]) == 0
    mode, found = values(tmp_path / "photos" / "0.png")
    assert mode == "RGB" and found.shape == (20, 24, 3)
    assert main(["export", str(runs[0]), f"--output={tmp_path / 'export'}"]) == 0
    assert main(["report", str(runs[0])]) == 0


def test_check_says_it(ids):
    code, found, text = check(ids, "--method=pix2pix", *LABELS, "--direction=photo_to_labels", "--image_size=32", "--noprobe")
    assert code == 0 and "3 classes, a channel for each" in text and "--label_encoding=onehot" in text.partition("Train")[2]


def test_without_the_flag_maps_are_painted_as_ever(ids, tmp_path):
    flags = ["train", f"--data_dir={ids}", *LABELS[:2], "--label_coding=ids", *FLAGS, "--epochs=1"]
    assert main([*flags, f"--workdir={tmp_path / 'to'}"]) == main([*flags, f"--workdir={tmp_path / 'from'}", "--direction=BtoA"]) == 0
    target = json.loads((tmp_path / "to" / "config.json").read_text())["spec"]["domains"]["target"]
    assert (target["dtype"], target["channels"]) == ("uint8", 3)
    assert tfgan.load(tmp_path / "to").translate(np.asarray(Image.open(ids / "val" / "photo" / "0.png"))).shape == (20, 24, 3)
    run, file = tfgan.load(tmp_path / "from"), ids / "val" / "labels" / "0.png"
    np.testing.assert_array_equal(np.asarray(run.translate(Image.open(file))), np.asarray(run.translate(file)))  # painted by the same ids
    assert run.translate(np.zeros([16, 16, 3], np.uint8)).shape == (16, 16, 3)
    with pytest.raises(tfgan.UserError, match="no label map of labels: label 5 is none of the classes'"):
        run.translate(Image.new("L", (16, 16), 5))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--method=cyclegan"], "--label_encoding has no effect for a method that learns from unpaired images: leave it out"),
        (["--method=spade"], "--label_encoding has no effect for a method that learns from semantic images: leave it out"),
        (["--domains=photo,labels"], "Classes need the one domain that is a label map: --label_domains=photo or labels"),
    ],
)
def test_where_it_does_nothing_it_is_refused(ids, tmp_path, capsys, arguments, message):
    flags = [*arguments, "--label_encoding=onehot", "--image_size=32", f"--workdir={tmp_path / 'run'}"]
    assert main(["train", f"--data_dir={ids}", *flags]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "run").exists()
