"""Pixels without data: what networks see there, and how results say the same of them."""

import math

import numpy as np
import pytest
import tifffile

from tfgan.data.reading import images, nodata
from tfgan.errors import UnreadableImage

NAN = math.nan


def raster(path, image, text):
    """A TIFF of bands H×W×C that declares a value to be no data."""
    tags = [(42113, 2, 0, text, True)]
    tifffile.imwrite(path, image, photometric="minisblack", planarconfig="contig", extratags=tags, metadata=None)
    return path


@pytest.mark.parametrize("value, text", [(-9999.0, "-9999"), (NAN, "nan"), (-3.4028234663852886e38, "-3.40282346638529e+38")])
def test_bands_have_their_least_value_where_there_is_no_data(value, text, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(nodata, "_told", [])
    image = np.array([[[5, value], [value, 7]], [[3, 9], [4, 8]]], np.float32)
    path = raster(tmp_path / "a.tif", image, text)
    with caplog.at_level("INFO"):
        for _ in range(2):
            assert images.decode(path).tolist() == [[[5, 7], [3, 7]], [[3, 9], [4, 8]]]
    assert [record.message for record in caplog.records] == [
        f"{path}: {value:g} is declared to be no data: it is read as the least of its other values, as in others like it."
    ]


def test_a_band_without_any_data_is_refused(tmp_path):
    image = np.zeros((4, 4, 2), np.int16)
    image[..., 0] = 1
    with pytest.raises(UnreadableImage, match="holds no data at all: 0 alone"):
        images.decode(raster(tmp_path / "a.tif", image, "0"))
    assert (images.decode(raster(tmp_path / "b.tif", image, "5")) == image).all()


def test_colors_stay_as_they_are(tmp_path):
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="rgb", extratags=[(42113, 2, 0, "0", True)])
    assert (images.decode(tmp_path / "a.tif") == image).all() and images.probe(tmp_path / "a.tif").nodata == 0
    tifffile.imwrite(tmp_path / "b.tif", image, photometric="rgb", extratags=[(42113, 2, 0, "none", True)])
    assert images.probe(tmp_path / "b.tif").nodata is None


def test_the_least_value_of_a_band_may_be_the_largest_of_its_type():
    pixels = np.array([[[255], [0]]], np.uint8)
    assert nodata.filled(pixels, 0, nodata.least(pixels, 0), "a").tolist() == [[[255], [255]]]
    assert nodata.least(np.zeros((1, 1, 2), np.uint8), 0).tolist() == [math.inf] * 2


def test_a_pixel_is_without_data_if_all_its_bands_are():
    pixels = np.array([[[0, 0], [0, 1]]], np.float32)
    assert nodata.has_none(pixels, 0).tolist() == [[True, False]]
    assert nodata.has_none(np.full((1, 1, 2), NAN), NAN).tolist() == [[True]]


@pytest.mark.parametrize(
    "dtype, value, pixels, expected",
    [
        ("uint8", 0, [7, 0, 9], [0, 1, 9]),
        ("uint8", 255, [7, 255, 9], [255, 254, 9]),
        ("int16", -9999, [7, -9999, 9], [-9999, -9998, 9]),
        ("float32", NAN, [7, 1, 9], [NAN, 1, 9]),
        ("float32", 1, [7, 1, 9], [1, float(np.nextafter(np.float32(1), np.float32(2))), 9]),
    ],
)
def test_no_other_pixel_of_a_result_has_the_value_for_no_data(dtype, value, pixels, expected):
    pixels = np.array(pixels, dtype).reshape(1, 3, 1)
    result = nodata.put_back(pixels, np.array([[True, False, False]]), value)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result.ravel(), np.array(expected, dtype))


@pytest.mark.parametrize(
    "value, dtype, expected",
    [
        (-9999, "float32", -9999),
        (-9999, "int16", -9999),
        (-9999, "uint8", 0),
        (NAN, "uint16", 0),
        (NAN, "int16", -32768),
        (0.5, "uint8", 0),
        (1e300, "float32", float(np.finfo(np.float32).min)),
        (255, "uint8", 255),
    ],
)
def test_the_value_of_a_result_is_one_that_its_type_has(value, dtype, expected):
    assert nodata.for_type(value, dtype) == expected
