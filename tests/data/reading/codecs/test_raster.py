"""Rasters of GDAL's formats: values, place and no data arrive, and no file leads GDAL to another one."""

import dataclasses
import io
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from any_values import values

from tfgan.config import Domain
from tfgan.data.reading import formats, images
from tfgan.data.reading.codecs import segments
from tfgan.data.reading.codecs.geo import TAGS, map_tags
from tfgan.data.reading.codecs.raster import DRIVERS, opened
from tfgan.data.reading.results import result_ending
from tfgan.errors import UnreadableImage

rasterio = pytest.importorskip("rasterio", reason="the extra raster")
PLACE = {"crs": "EPSG:32633", "transform": rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)}
LOSSLESS = {"JP2OpenJPEG": {"REVERSIBLE": "YES", "QUALITY": "100"}}


def written(path, image, driver, **options):
    """A raster of an image H×W×C on the map."""
    height, width, count = image.shape
    shape = {"height": height, "width": width, "count": count, "dtype": image.dtype.name}
    with rasterio.open(path, "w", driver=driver, **shape, **PLACE, **LOSSLESS.get(driver, {}), **options) as dataset:
        dataset.write(np.moveaxis(image, -1, 0))
    return path


@pytest.mark.parametrize(
    "driver, ending, dtype, channels, says",
    [
        ("JP2OpenJPEG", "jp2", "uint16", 1, "JPEG 2000, gray, uint16"),
        ("JP2OpenJPEG", "jp2", "uint8", 3, "JPEG 2000, RGB, uint8"),
        ("JP2OpenJPEG", "jp2", "int16", 2, "JPEG 2000, 2 bands, int16"),
        ("HFA", "img", "float32", 5, "Erdas Imagine, 5 bands, float32"),
        ("HFA", "img", "uint8", 1, "Erdas Imagine, gray, uint8"),
    ],
)
def test_values_and_place_arrive(driver, ending, dtype, channels, says, tmp_path):
    image = values(dtype, (70, 90, channels))
    path = written(tmp_path / f"a.{ending}", image, driver)
    found = images.load(path)
    assert np.array_equal(found.pixels, image) and found.pixels.dtype == dtype
    assert images.probe(path) == found.info and found.info.describe() == says
    tags = {tag[0]: tag[3] for tag in map_tags(path, (70, 90), "TIFF")}
    assert tags[33550] == (10, 10, 0) and tags[33922] == (0, 0, 0, 5e5, 5e6, 0) and set(tags) <= set(TAGS)
    result = images.encode(image, "tif", like=path)
    with rasterio.MemoryFile(result) as file, file.open() as dataset:
        assert (dataset.crs, dataset.transform) == (PLACE["crs"], PLACE["transform"])
    assert result_ending(Domain("b", 3), ending) == "tif"
    assert images.why_not(ending, 1, "uint8", False).endswith("files are not written; write TIFF (--format=tif)")


@pytest.mark.parametrize("packed", [{"compress": "lerc"}, {"compress": "lerc", "interleave": "band"}, {"compress": "lerc_zstd"}])
def test_compressions_of_tiff_that_no_other_reader_knows(packed, tmp_path, monkeypatch):
    find = segments.importlib.util.find_spec
    monkeypatch.setattr(segments.importlib.util, "find_spec", lambda name: None if name == "imagecodecs" else find(name))
    image = values("int16", (40, 30, 3))
    path = written(tmp_path / "a.tif", image, "GTiff", photometric="minisblack", **packed)
    assert np.array_equal(images.decode(path), image)


def test_a_virtual_raster_leads_nowhere_whatever_it_is_called(tmp_path):
    secret = written(tmp_path / "secret.tif", values("uint8", (8, 8, 1)), "GTiff")
    text = f'<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>{secret}'
    text += "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    for name in ("a.img", "a.jp2", "a.tif", "a.png"):
        (tmp_path / name).write_text(text)
        for read in (images.probe, images.decode):
            with pytest.raises(UnreadableImage, match="virtual rasters .* rio convert IN.vrt OUT.tif"):
                read(tmp_path / name)
    with rasterio.open(tmp_path / "a.img") as dataset:  # which GDAL by itself takes for one
        assert dataset.driver == "VRT"
    for driver in set(DRIVERS.values()):
        with pytest.raises(rasterio.errors.RasterioIOError):
            rasterio.open(tmp_path / "a.img", driver=driver)
    assert "vrt" in formats.UNREAD and "vrt" not in formats.FORMATS


def test_pixels_in_another_file_are_not_read(tmp_path):
    with rasterio.Env():
        path = written(tmp_path / "a.img", values("uint8", (64, 64, 1)), "HFA", USE_SPILL="YES")
    assert (tmp_path / "a.ige").exists()
    for source in (path, path.read_bytes()):
        with pytest.raises(UnreadableImage, match=r"in another file \(.ige\): not supported"), opened(source):
            pass


def test_what_cannot_be_used_is_told(tmp_path):
    path = written(tmp_path / "a.jp2", values("uint16", (64, 64, 1)), "JP2OpenJPEG")
    (tmp_path / "b.jp2").write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(tmp_path / "b.jp2")
    written(tmp_path / "c.img", values("float32", (8, 8, 1)).astype("complex64"), "HFA")
    with pytest.raises(UnreadableImage, match="Erdas Imagine, 1 band, complex64: not supported"):
        images.probe(tmp_path / "c.img")


def test_memory_is_judged_by_the_header(tmp_path, monkeypatch):
    path = written(tmp_path / "a.jp2", np.zeros((600, 600, 1), np.uint8), "JP2OpenJPEG")
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", "0.001")
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="with 600×600 pixels it takes 0.1 GB"):
            read(path)


def test_statistics_beside_a_raster_are_not_read(tmp_path):
    path = written(tmp_path / "a.img", values("uint8", (8, 8, 1)), "HFA")
    (tmp_path / "a.img.aux.xml").write_text('<PAMDataset><PAMRasterBand band="1"><NoDataValue>3</NoDataValue></PAMRasterBand></PAMDataset>')
    assert images.probe(path).nodata is None


def test_a_tag_of_no_data_is_read_by_both_readers(tmp_path):
    path = written(tmp_path / "a.tif", values("float32", (8, 8, 2)), "GTiff", nodata=-9999)
    with opened(path) as dataset:
        assert dataset.nodata == images.probe(path).nodata == -9999
    again = io.BytesIO(images.encode(images.decode(path), "tif", without=float("nan")))
    assert tifffile.TiffFile(again).pages.first.tags[42113].value == "nan"


@pytest.mark.parametrize("dtype, count", [("uint8", 1), ("uint8", 3), ("uint16", 3), ("float32", 5)])
def test_the_function_of_the_documentation_cuts_tiles(tmp_path, dtype, count):
    """Each tile is read as the whole is, holds its pixels, and lies at its place."""
    page = (Path(__file__).parents[4] / "docs" / "data.md").read_text()
    (code,) = re.findall(r"```python\n(.*?def cut\(.*?)```", page, re.DOTALL)
    names: dict = {}
    exec(code, names)
    path, image, place = tmp_path / "a.tif", values(dtype, (50, 70, count)), PLACE["transform"]
    options = {"photometric": "rgb"} if count == 3 else {"photometric": "palette"} if count == 1 else {"nodata": -9999}
    with rasterio.open(path, "w", "GTiff", height=50, width=70, count=count, dtype=dtype, **PLACE, **options) as raster:
        if count == 1:
            raster.write_colormap(1, {number: (number, 0, 9) for number in range(256)})
        raster.write(np.moveaxis(image, -1, 0))
    (tmp_path / "tiles").mkdir()
    names["cut"](path, tmp_path / "tiles", 32)
    whole = images.probe(path)
    for top, left in itertools.product((0, 32), (0, 32, 64)):
        tile, row, column = tmp_path / "tiles" / f"a_{top}_{left}.tif", min(top, 18), min(left, 38)
        assert dataclasses.replace(images.probe(tile), height=50, width=70) == whole
        assert np.array_equal(images.decode(tile), images.decode(path)[row : row + 32, column : column + 32])
        with rasterio.open(tile) as found:
            assert found.transform * (0, 0) == place * (column, row) and found.crs == "EPSG:32633"
    assert len(list((tmp_path / "tiles").iterdir())) == 6
