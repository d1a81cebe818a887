"""Pictures of a run that was received are small, or not embedded: their size is read before their pixels."""

import os

import numpy as np
import pytest
from PIL import Image

from tfgan.evaluation.report import pictures
from tfgan.evaluation.report.pictures import embed, psnr


def test_a_picture_of_too_many_pixels_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("L", (40, 30)).save(path)
    assert embed(path)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 40 * 30 - 1)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was unpacked"))
    assert embed(path) is None


def test_a_file_that_is_too_large_or_a_pipe_is_not_read(tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(2**40)
    os.mkfifo(tmp_path / "b.png")
    assert embed(tmp_path / "a.png") is embed(tmp_path / "b.png") is None


def test_the_error_in_bands_is_that_of_the_whole(monkeypatch):
    one, two = (np.random.default_rng(seed).integers(0, 256, (25, 9, 3), np.uint8) for seed in (0, 1))
    expected = 10 * np.log10(255**2 / np.mean((one.astype(float) - two) ** 2))
    monkeypatch.setattr(pictures, "ROWS", 4)
    assert psnr(Image.fromarray(one), Image.fromarray(two)) == pytest.approx(expected, rel=1e-12)
