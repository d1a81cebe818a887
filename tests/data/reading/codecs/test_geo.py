"""Results of georeferenced images lie where their sources lie."""

import io

import numpy as np
import pytest
import tifffile

from tfgan.data.reading import images
from tfgan.data.reading.codecs import geo
from tfgan.data.reading.comments import read_comment

PLACE = {
    33550: ("d", (10.0, 10.0, 0.0)),
    33922: ("d", (0.0, 0.0, 0.0, 399960.0, 5900040.0, 0.0)),
    34735: ("H", (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32632)),  # UTM zone 32N
    34737: ("s", "WGS 84 / UTM zone 32N|"),
}


@pytest.fixture
def tile(tmp_path):
    path = tmp_path / "tile.tif"
    extra = [(code, kind, 0 if kind == "s" else len(value), value, True) for code, (kind, value) in PLACE.items()]
    tifffile.imwrite(path, np.zeros((6, 5, 4), np.uint16), photometric="minisblack", planarconfig="contig", extratags=extra, metadata=None)
    return path


def place(content):
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        tags = file.pages.first.tags
        return {code: tags[code].value for code in PLACE if code in tags}


@pytest.mark.parametrize("dtype, channels, bands", [("uint8", 1, False), ("uint8", 3, False), ("uint8", 4, False), ("float32", 1, True)])
def test_the_place_of_the_source_is_kept(tile, tmp_path, dtype, channels, bands):
    result = np.full((6, 5, channels), 255, dtype)
    images.save(tmp_path / "result.tif", result, "said", bands, like=tile)
    content = (tmp_path / "result.tif").read_bytes()
    assert place(content) == place(tile.read_bytes()) == {code: value for code, (_, value) in PLACE.items()}
    assert np.array_equal(images.decode(content), result) and read_comment(tmp_path / "result.tif") == "said"
    assert images.probe(content).bands == bands


@pytest.mark.parametrize("extension, size, says", [("png", (6, 5), "--format=tif"), ("tif", (12, 10), "another size")])
def test_a_place_that_is_lost_is_said_once(tile, extension, size, says, caplog, monkeypatch):
    monkeypatch.setattr(geo, "_told", set())
    with caplog.at_level("INFO"):
        for _ in range(2):
            content = images.encode(np.zeros((*size, 1), np.uint8), extension, like=tile)
    assert len(caplog.records) == 1 and says in caplog.records[0].message
    assert extension == "png" or not place(content)


def test_sources_without_a_place_change_nothing(tmp_path, caplog):
    images.save(tmp_path / "a.png", np.zeros((6, 5, 3), np.uint8))
    image = np.zeros((6, 5, 3), np.uint8)
    with caplog.at_level("INFO"):
        assert images.encode(image, "tif", "said", like=tmp_path / "a.png") == images.encode(image, "tif", "said")
    assert not caplog.records
