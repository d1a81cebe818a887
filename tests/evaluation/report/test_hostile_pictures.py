"""Pictures of a run that was received are small, or not embedded: their size is read before their pixels."""

import os
import zlib

import numpy as np
import pytest
from PIL import Image
from reported_run import write_run

from tfgan.errors import UnreadableImage
from tfgan.evaluation.report import pictures
from tfgan.evaluation.report.page import make_record
from tfgan.evaluation.report.pictures import embed, psnr
from tfgan.evaluation.report.records import read_run


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "run")


def test_a_picture_of_too_many_pixels_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.new("L", (40, 30)).save(path)
    assert embed(path)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 40 * 30 - 1)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(UnreadableImage, match="^has 1 megapixels, too many for this page, which takes 0 of a picture$"):
        embed(path)


def test_a_file_that_is_too_large_or_a_pipe_is_not_read(tmp_path):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(2**40)
    os.mkfifo(tmp_path / "b.png")
    for name, reason in (
        ("a.png", "has 1,099,512 MB, too many for this page, which takes 67 of"),
        ("b.png", "is a named pipe, not a file"),
    ):
        with pytest.raises(UnreadableImage, match=f"^{reason}"):
            embed(tmp_path / name)


def test_a_picture_that_claims_more_than_pillow_opens_is_too_large_not_unreadable(tmp_path):
    header = b"\0\0\0\rIHDR" + (2**16).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + zlib.crc32(header[4:]).to_bytes(4, "big") + b"\0\0\0\0IDAT")
    with pytest.raises(UnreadableImage, match="^has thousands of megapixels, too many for this page"):
        embed(tmp_path / "a.png")


def test_the_page_says_why_a_picture_is_not_shown(folder, monkeypatch):
    samples = folder / "samples"
    Image.new("L", (40, 30)).save(samples / "epoch_0003.png")
    (samples / "epoch_0004.png").write_bytes(b"GIF89a")
    (samples / "epoch_0002.png").write_bytes((samples / "epoch_0001.png").read_bytes()[:100])
    monkeypatch.setattr(pictures, "MOST_PIXELS", 40 * 30 - 1)
    notes = make_record([read_run(folder)], 9)["notes"][0]
    assert notes[0].startswith("samples/epoch_0002.png cannot be read: damaged or incomplete")
    assert notes[1].startswith("samples/epoch_0003.png has 1 megapixels, too many for this page")
    assert notes[2] == "samples/epoch_0004.png cannot be read: it is no PNG, JPEG, WEBP, or damaged from the start."


def test_the_error_in_chunks_is_that_of_the_whole(monkeypatch):
    one, two = (np.random.default_rng(seed).integers(0, 256, (25, 9, 3), np.uint8) for seed in (0, 1))
    expected = 10 * np.log10(255**2 / np.mean((one.astype(float) - two) ** 2))
    monkeypatch.setattr("tfgan.data.reading.chunks.AT_ONCE", 4 * 9)
    assert psnr(Image.fromarray(one), Image.fromarray(two)) == pytest.approx(expected, rel=1e-12)
