"""The format of results is one that holds what the target is, and label maps hold the exact values of their classes."""

import io

import numpy as np
import pytest
from PIL import Image

from tfgan.cli.main import main
from tfgan.config import Classes, DataConfig, Domain
from tfgan.data.label_maps.results import encode_result, find_written, snap, to_classes
from tfgan.data.own import ArraySource
from tfgan.data.reading import images
from tfgan.data.reading.results import result_ending, why_unfit

PHOTO, LABELS = Domain("photo", 3, format="jpg"), Domain("labels", 3, resample="nearest", format="jpg")
DEPTH, SCAN = Domain("depth", 1, "uint16", format="png"), Domain("scan", 1, "uint16", format="tif")
CT, SPECTRUM = Domain("ct", 1, "int16", bands=True, format="tif"), Domain("mel", 1, "float32", bands=True, format="npy")


@pytest.mark.parametrize(
    "target, source, ending",
    [
        (PHOTO, "png", "png"),  # pictures keep the format of their input
        (PHOTO, "jpg", "jpg"),
        (PHOTO, "npy", "jpg"),  # which arrays have none
        (LABELS, "jpg", "png"),
        (DEPTH, "jpg", "png"),
        (SCAN, "png", "tif"),
        (CT, "png", "tif"),
        (SPECTRUM, "npy", "npy"),
        (SPECTRUM, "jpg", "npy"),
        (Domain("old", 1, "uint16"), "png", "png"),  # of a run that has not recorded a format
        (Domain("old", 1, "uint16"), "jpg", "png"),
        (Domain("old", 3), "webp", "webp"),
    ],
)
def test_endings(target, source, ending):
    assert result_ending(target, source) == ending


@pytest.mark.parametrize(
    "target, ending, says",
    [
        (LABELS, "jpg", "JPEG files blur label maps, such as labels; write them as PNG"),
        (LABELS, "webp", "blur label maps"),
        (LABELS, "bmp", ""),
        (DEPTH, "jpg", "cannot hold 16-bit gray images"),
        (CT, "png", "cannot hold int16 values"),
        (CT, "npy", ""),
        (PHOTO, "jpg", ""),
    ],
)
def test_formats_that_cannot_hold_a_result(target, ending, says):
    reason = why_unfit(ending, target)
    assert (says in reason) if says else reason == ""


def maps(*arrays, domain):
    return ArraySource({"A": list(arrays)}, {"A": domain})


def test_masks_come_out_of_their_two_values():
    domain = Domain("mask", 1, resample="nearest")
    source = maps(np.array([[0, 255], [255, 0]], np.uint8)[..., None], np.zeros((2, 2, 1), np.uint8), domain=domain)
    written = find_written(source, "A", DataConfig())
    assert written.coding == "ids" and written.values == (0, 255)
    mask = Domain("mask", 1, resample="nearest", written=written)
    pixels = np.array([[3, 127, 128, 251]], np.uint8)[..., None]
    assert snap(pixels, mask)[..., 0].tolist() == [[0, 0, 255, 255]] and to_classes(pixels, mask).tolist() == [[0, 0, 1, 1]]
    png = Image.open(io.BytesIO(encode_result(pixels, mask, ".png", "made")))
    assert png.mode == "L" and np.asarray(png).tolist() == [[0, 0, 255, 255]] and png.info["Comment"] == "made"


def test_ids_with_gaps_and_an_ignored_one():
    domain = Domain(
        "map", 1, resample="nearest", written=Classes("ids", (1, 7, 9), ("#000001", "#000002", "#000003"), ("a", "b", "c"), 255)
    )
    pixels = np.array([[0, 4, 5, 8, 9, 131, 133]], np.uint8)[..., None]
    assert snap(pixels, domain)[..., 0].tolist() == [[1, 1, 7, 7, 9, 9, 255]]
    assert to_classes(pixels, domain).tolist() == [[0, 0, 1, 1, 2, 2, -1]]


@pytest.mark.parametrize("coding", ["colors", "palette"])
def test_colors_become_the_nearest_class(coding):
    values = (0xFF0000, 0x0000FF) if coding == "colors" else (0, 3)
    classes = Classes(coding, values, ("#ff0000", "#0000ff"), ("sky", "road"))
    domain = Domain("map", 3, resample="nearest", written=classes)
    pixels = np.array([[[250, 9, 3], [90, 40, 130], [0, 0, 255]]], np.uint8)
    assert snap(pixels, domain).tolist() == [[[255, 0, 0], [0, 0, 255], [0, 0, 255]]]
    image = Image.open(io.BytesIO(encode_result(pixels, domain, "png", "")))
    assert image.mode == ("P" if coding == "palette" else "RGB")
    assert np.asarray(image.convert("RGB")).tolist() == [[[255, 0, 0], [0, 0, 255], [0, 0, 255]]]
    assert np.array_equal(images.decode(encode_result(pixels, domain, "bmp", "")), snap(pixels, domain))


def test_a_photo_has_no_values_of_classes():
    domain, generator = Domain("photo", 3, resample="nearest"), np.random.default_rng(0)
    assert find_written(maps(generator.integers(0, 256, (40, 40, 3), np.uint8), domain=domain), "A", DataConfig()) is None


def test_a_run_writes_masks_of_their_values(tmp_path, eagerly):
    generator = np.random.default_rng(0)
    for split, count in (("train", 3), ("val", 1)):
        for number in range(count):
            mask = generator.integers(0, 2, (4, 4), np.uint8).repeat(4, 0).repeat(4, 1)
            for side, image in (("photo", np.stack([mask * 90 + 60] * 3, -1)), ("mask", mask * 255)):
                path = tmp_path / "data" / split / side / f"{number}.{'jpg' if side == 'photo' else 'png'}"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(path)
    flags = (
        "--generator=unet_16",
        "--ngf=2",
        "--ndf=2",
        "--n_layers=1",
        "--image_size=16",
        "--steps=1",
        "--num_samples=1",
        "--notensorboard",
    )
    settings = ("--direction=photo_to_mask", "--label_domains=mask", f"--data_dir={tmp_path / 'data'}", f"--workdir={tmp_path / 'run'}")
    assert main(["train", "--method=pix2pix", *flags, *settings, "--notensorboard"]) == 0
    assert main(["translate", str(tmp_path / "run"), str(tmp_path / "data/val/photo"), str(tmp_path / "out")]) == 0
    (result,) = (tmp_path / "out").iterdir()
    assert result.name == "0.png" and set(np.unique(images.decode(result)).tolist()) <= {0, 255}
