"""Bands on their way into domains, other sizes and files: no value is scaled, no channel taken for transparency or color."""

import re

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DTYPES, Domain
from tfgan.data.reading import images
from tfgan.data.reading.formats import FORMATS
from tfgan.data.reading.images import why_not
from tfgan.errors import UnreadableImage, UserError

RNG = np.random.default_rng(0)


def sat(channels=6, dtype="int16"):
    return Domain("sat", channels, dtype, bands=True, value_range=((0.0, 1.0),))


def npy(tmp_path, array):
    path = tmp_path / "a.npy"
    np.save(path, array)
    return path


def test_a_domain_of_bands_keeps_all_of_them(tmp_path):
    array = RNG.integers(-9000, 9000, (5, 4, 6), np.int16)
    for dtype in ("int16", "int32", "float32"):
        image = images.read(npy(tmp_path, array), sat(dtype=dtype), "composite")
        assert image.dtype == dtype and np.array_equal(image, array)
    four = RNG.integers(0, 256, (5, 4, 4), np.uint8)
    assert np.array_equal(images.read(npy(tmp_path, four), sat(4, "uint8"), "composite"), four)  # no fourth band laid over white


@pytest.mark.parametrize(
    "shape, dtype, says",
    [
        ((5, 4, 4), "int16", r"has 4 bands \(NPY, 4 bands, int16\), and sat has 6"),
        ((5, 4), "uint8", "has 1 band .*gray.*, and sat has 6"),
        ((5, 4, 6), "uint16", "has uint16 values, which int16, the type of sat, does not hold"),
        ((5, 4, 6), "float32", "has float32 values, which int16"),
    ],
)
def test_what_does_not_fit_a_domain_of_bands(shape, dtype, says, tmp_path):
    with pytest.raises(UnreadableImage, match=says):
        images.read(npy(tmp_path, np.zeros(shape, dtype)), sat(), "composite")


def test_a_gray_picture_may_be_the_one_band_of_a_domain(tmp_path):
    Image.fromarray(np.array([[0, 200]], np.uint8)).save(tmp_path / "a.png")
    image = images.read(tmp_path / "a.png", sat(1, "float32"), "composite")
    assert image.dtype == np.float32 and image.tolist() == [[[0], [200]]]  # no share of a range: the value


def test_bands_are_no_pictures(tmp_path):
    path = npy(tmp_path, np.zeros((5, 4, 6), np.int16))
    with pytest.raises(UnreadableImage, match="is NPY, 6 bands, int16, and photo are pictures"):
        images.read(path, Domain("photo", 3), "composite")


def test_the_pages_of_a_domain(tmp_path):
    pages = [Image.fromarray(np.full((2, 3), value, np.uint8)) for value in (1, 2, 3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    read = images.read(tmp_path / "a.tif", Domain("sat", 3, bands=True, pages="channels"), "composite")
    assert read.tolist() == [[[1, 2, 3]] * 3] * 2
    with pytest.raises(UnreadableImage, match="3 pages"):
        images.read(tmp_path / "a.tif", Domain("sat", 1, pages="refuse"), "composite")
    assert images.read(tmp_path / "a.tif", Domain("sat", 1), "composite").max() == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_bands_are_resized_each_by_itself(dtype, channels):
    whole = np.dtype(dtype).kind in "iu"
    top = min(np.iinfo(dtype).max, 2**31 - 1) if whole else 60000
    image = (RNG.random((12, 10, channels)) * top).astype(dtype)
    image[..., -1] = 0  # as transparency, it would hide all others
    together = images.resize(image, (5, 7), "bicubic", bands=True, normalized=False)
    assert together.dtype == dtype and together.shape == (5, 7, channels) and together[..., :-1].any() == (channels > 1)
    for channel in range(channels):
        alone = images.resize(image[..., channel : channel + 1], (5, 7), "bicubic", bands=True, normalized=False)
        assert np.array_equal(together[..., channel], alone[..., 0])
    doubled = images.resize(image, (24, 20), "nearest", bands=True, normalized=False)
    assert np.array_equal(doubled, image.repeat(2, 0).repeat(2, 1))
    flat = np.full((9, 7, channels), image.max(), dtype)
    assert np.array_equal(images.resize(flat, (4, 5), "bicubic", bands=True, normalized=False), flat[:4, :5])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "uint32", "float16"])
def test_resized_values_end_where_their_type_ends(dtype):
    limits = np.finfo(dtype) if dtype.startswith("f") else np.iinfo(dtype)
    steps = np.full((1, 16, 2), limits.min, dtype)
    steps[:, 5:11] = limits.max  # where the filter overshoots
    small = images.resize(steps, (1, 9), "bicubic", bands=True, normalized=False)
    assert np.isfinite(small).all() and small.max() == limits.max and small.min() == limits.min


def test_values_of_32_bits_are_resized_to_the_last_digit():
    ramp = (3_000_000_000 + np.arange(64, dtype=np.int64) * 2).astype(np.uint32)[None, :, None]
    half = images.resize(ramp, (1, 32), "bicubic", bands=True)[0, 4:-4, 0].astype(np.int64)
    assert np.array_equal(half, 3_000_000_001 + np.arange(4, 28) * 4)


def test_floats_that_are_normalized_stay_in_their_range():
    steps = np.full((1, 16, 3), -1, np.float32)
    steps[:, 5:11] = 1
    assert np.abs(images.resize(steps, (1, 9), "bicubic", bands=True)).max() == 1
    assert np.abs(images.resize(steps, (1, 9), "bicubic", bands=True, normalized=False)).max() > 1


def test_every_format_says_what_it_cannot_hold():
    """What `why_not` allows is written and read back as it was, or as near as the format is; what it refuses is refused."""
    for extension in images.EXTENSIONS:
        for dtype in DTYPES:
            for channels in (1, 2, 3, 4, 6):
                for bands in (False, True):
                    image = np.full((16, 16, channels), 1, dtype)
                    known = bands or channels > 4 or dtype not in ("uint8", "uint16")
                    reason = why_not(extension, channels, dtype, known)
                    if reason:
                        with pytest.raises(UserError) as caught:
                            images.encode(image, extension, bands=bands)
                        assert str(caught.value) == reason
                    else:
                        assert images.probe(images.encode(image, extension, bands=bands)).height == 16


@pytest.mark.parametrize(
    "extension, channels, dtype, bands, says",
    [
        (".png", 1, "float32", True, "PNG files cannot hold float32 values.*--format=npy"),
        ("jpg", 6, "uint8", True, "JPEG files cannot hold 6 bands.*--format=tif"),
        ("png", 4, "uint8", True, "PNG files cannot hold 4 bands"),
        ("jpg", 1, "uint16", False, "JPEG files cannot hold 16-bit gray.*--format=png"),
        ("tif", 65, "uint8", True, "TIFF files cannot hold 65 bands"),
        ("npy", 1, "int64", True, "cannot hold 1 band of int64"),
        ("xyz", 1, "uint8", False, "'xyz'"),
    ],
)
def test_impossible_choices(extension, channels, dtype, bands, says):
    assert re.search(says, why_not(extension, channels, dtype, bands))


@pytest.mark.parametrize(
    "begin, name",
    [
        (b"\xff\x0a\xfa\x7f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"8BPS\0\1", "Photoshop"),
        (b"<!DOCTYPE html><html>", r"a web page \(HTML\)"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"\0\0\0\x18ftypmp42", "video"),
    ],
)
def test_what_no_reader_knows_is_called_by_its_name(begin, name, tmp_path):
    if name in FORMATS.values():
        pytest.skip(f"{name} is read here, by a package of an extra")
    (tmp_path / "a.png").write_bytes(begin + bytes(500))
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match=f"{name}.*, whatever its ending says: ") as caught:
            read(tmp_path / "a.png")
        assert "damaged" not in str(caught.value)
