"""Pictures inside the page: which, how large, and how near to the files."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from reported_run import write_evaluation, write_run

from tfgan.evaluation.report import pictures
from tfgan.evaluation.report.page import make_record
from tfgan.evaluation.report.records import read_run


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "a")


@pytest.mark.parametrize(
    "count, chosen", [(0, []), (1, [8]), (2, [0, 8]), (3, [0, 4, 8]), (5, [0, 2, 4, 6, 8]), (9, [*range(9)]), (99, [*range(9)])]
)
def test_pictures_are_chosen_evenly(count, chosen):
    assert pictures.evenly(list(range(9)), count) == chosen


def decoded(uri):
    kind, content = re.fullmatch(r"data:image/(\w+);base64,(.*)", uri).groups()
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert image.format.lower() == kind
    return image


def test_smooth_pictures_become_smaller_and_look_the_same(tmp_path):
    y, x = np.mgrid[:128, :160]
    noise = np.random.default_rng(0).normal(0, 2, (128, 160, 3))
    photo = (np.stack([x, y, 255 - x], axis=2) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "a.png")
    embedded = pictures.embed(tmp_path / "a.png")
    assert (embedded["width"], embedded["height"]) == (160, 128)
    assert len(embedded["uri"]) < (tmp_path / "a.png").stat().st_size / 2
    shown = np.asarray(decoded(embedded["uri"]).convert("RGB"), np.float64)
    assert 10 * np.log10(255**2 / np.mean((shown - photo) ** 2)) >= pictures.LEAST_PSNR


def test_label_maps_keep_their_colors(tmp_path):
    """Subsampling would halve the colors of stripes of one pixel."""
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (255, 0, 0), (0, 0, 255)
    Image.fromarray(stripes).save(tmp_path / "a.png")
    shown = np.asarray(decoded(pictures.embed(tmp_path / "a.png")["uri"]).convert("RGB")).astype(int)
    assert np.abs(shown - stripes).max() < 40


def test_noisy_pictures_with_hard_colors_become_smaller_too(tmp_path):
    """Lossless is no gain on noise, and subsampling is off on edges: what is left is JPEG that keeps all colors."""
    y, x = np.mgrid[:96, :96]
    squares = np.where(((x // 13 + y // 13) % 2 == 0)[..., None], (140, 90, 90), (90, 90, 140))
    noisy = (squares + np.random.default_rng(0).normal(0, 3, (96, 96, 3))).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "a.png")
    shown = decoded(pictures.embed(tmp_path / "a.png")["uri"])
    assert shown.format == "JPEG" and np.abs(np.asarray(shown).astype(int) - noisy).mean() < 4


def test_large_pictures_of_noise_are_shown(tmp_path):
    """The samples of a run's first steps: they pack badly."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    shown = decoded(pictures.embed(tmp_path / "a.png")["uri"])
    assert shown.size == (256, 256) and np.abs(np.asarray(shown.convert("RGB")).astype(int) - noise).mean() < 4


def test_transparent_and_deep_pictures_stay_what_they_are(tmp_path):
    images = {"rgba": np.full((8, 8, 4), 99, np.uint8), "deep": np.full((8, 8), 40_000, np.uint16)}
    for name, pixels in images.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        uri = pictures.embed(tmp_path / f"{name}.png")["uri"]
        assert base64.b64decode(uri.partition(",")[2]) == (tmp_path / f"{name}.png").read_bytes()


def test_pictures_that_cannot_be_read_are_noted(folder):
    write_evaluation(folder)
    (folder / "samples" / "epoch_0002.png").write_bytes((folder / "samples" / "epoch_0002.png").read_bytes()[:200])
    (folder / "samples" / "epoch_0003.png").write_bytes(b"GIF89a")
    (folder / "evaluation" / "0_input.png").unlink()
    record = make_record([read_run(folder)], 9)
    assert [sample["label"] for sample in record["samples"][0]] == ["epoch 1", "epoch 4"]
    notes = [note.split(" cannot be read: ") for note in record["notes"][0]]
    assert [name for name, _ in notes] == ["samples/epoch_0002.png", "samples/epoch_0003.png", "0_input.png"]
    assert notes[2][1] == "No such file or directory."
    assert set(record["evaluation"]["cases"][0][0]["images"]) == {"truth", "result"}


def test_the_number_of_sample_pictures(folder):
    record = make_record([read_run(folder)], 2)
    assert [(sample["label"], sample["epoch"]) for sample in record["samples"][0]] == [("epoch 1", 1), ("epoch 4", 4)]
    assert "2 of 4 sample pictures" in record["notes"][0][0] and "--images" in record["notes"][0][0]
    np.testing.assert_array_equal(
        np.asarray(decoded(record["samples"][0][1]["uri"]).convert("RGB")), np.asarray(Image.open(folder / "samples" / "epoch_0004.png"))
    )
