"""Rasters larger than memory go through by windows, and come out as they would as a whole."""

import itertools
import signal

import numpy as np
import pytest
import tensorflow as tf
from any_values import values

from tfgan.config import Domain
from tfgan.data.finding.files import Task
from tfgan.data.reading import memory
from tfgan.data.reading import windows as reading
from tfgan.errors import TooLarge
from tfgan.inference import files, room, windows
from tfgan.inference.files import DONE, translate_files
from tfgan.inference.origin import read_origin
from tfgan.inference.passage import Passage
from tfgan.inference.tiling import translated_parts
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation

rasterio = pytest.importorskip("rasterio", reason="the extra raster")
PLACE = {"crs": "EPSG:32633", "transform": rasterio.Affine(10, 0, 5e5, 0, -10, 5e6)}
FULL = Passage("full", (16, 16), (16, 16), 48)


def written(path, image, driver="GTiff", **options):
    height, width, count = image.shape
    shape = {"height": height, "width": width, "count": count, "dtype": image.dtype.name}
    with rasterio.open(path, "w", driver=driver, **shape, **PLACE, **options) as dataset:
        dataset.write(np.moveaxis(image, -1, 0))
    return path


def uneven(source, target):
    """A network whose results depend on the tile: its mean is taken away, as by a norm, and neighbors have their part."""

    def function(x):
        y = tf.nn.avg_pool2d(x, 3, 1, "SAME") - tf.reduce_mean(x, axis=(1, 2), keepdims=True)
        return tf.repeat(tf.tanh(y[..., :1]), target.channels, axis=-1)

    return Translator(Translation(function, source, target, 8, 8))


def translate(translator, source, result, passage=FULL, alpha="composite", beside=()):
    tasks = [Task(source, result, beside)]
    ((_, outcome),) = translate_files(
        translator, tasks, lambda image: {}, alpha=alpha, overwrite=True, passage=passage, origin={"run": "a"}
    )
    return outcome.text if outcome.kind != DONE else outcome.kind


@pytest.fixture
def both_ways(tmp_path, monkeypatch):
    """(translator, source, **options) -> the results as a whole and by windows, as open rasters."""

    def results(translator, source, **options):
        assert translate(translator, source, tmp_path / "whole.tif", **options) == DONE
        with monkeypatch.context() as patched:
            patched.setattr(files, "too_large", lambda size, translator: "it is too large")
            assert translate(translator, source, tmp_path / "windows.tif", **options) == DONE
        return [rasterio.open(tmp_path / name) for name in ("whole.tif", "windows.tif")]

    return results


def check_same(whole, parts):
    assert np.array_equal(whole.read(), parts.read(), equal_nan=True)
    assert [whole.crs, whole.transform, str(whole.nodata), whole.dtypes] == [parts.crs, parts.transform, str(parts.nodata), parts.dtypes]
    assert (parts.crs, parts.transform) == (PLACE["crs"], PLACE["transform"]) and parts.colorinterp == whole.colorinterp
    assert parts.profile["tiled"] and parts.block_shapes[0] == (256, 256)
    assert read_origin(parts.name) == read_origin(whole.name)


@pytest.mark.parametrize(
    "kind, options",
    [
        ("strips", {"photometric": "rgb"}),
        ("tiles", {"photometric": "rgb", "tiled": True, "blockxsize": 32, "blockysize": 16, "compress": "deflate"}),
        ("planes", {"photometric": "rgb", "interleave": "band", "compress": "lzw", "predictor": 2}),
        ("black", {"photometric": "rgb", "nodata": 0}),
    ],
)
@pytest.mark.parametrize("size", [(300, 130), (61, 530), (512, 40)])
def test_pictures_are_the_same_by_windows(kind, options, size, both_ways, tmp_path):
    image = values("uint8", (*size, 3))
    image[:50, :20] = 0
    path = written(tmp_path / "a.tif", image, **options)
    whole, parts = both_ways(uneven(Domain("a", 3), Domain("b", 3)), path)
    check_same(whole, parts)
    mask = (parts.read() == 0).all(axis=0)
    assert parts.nodata == options.get("nodata") and (kind != "black" or (mask[:50, :20].all() and mask.sum() == 1000))


@pytest.mark.parametrize("driver, ending", [("GTiff", "tif"), ("HFA", "img")])
@pytest.mark.parametrize("nodata", [-9999, float("nan"), None])
def test_bands_are_the_same_by_windows(driver, ending, nodata, both_ways, tmp_path):
    image = values("float32", (280, 70, 5))
    if nodata is not None:
        image[100:130, 10:60] = nodata
        image[5, 5, 2] = nodata
    path = written(tmp_path / f"a.{ending}", image, driver, **({} if nodata is None else {"nodata": nodata}))
    source = Domain("a", 5, "float32", bands=True, value_range=((-3000.0, 3000.0),))
    whole, parts = both_ways(uneven(source, Domain("b", 2, "int16", bands=True, value_range=((-500.0, 700.0),))), path)
    check_same(whole, parts)
    if nodata is not None:
        value = -9999 if nodata == -9999 else -32768
        assert parts.nodata == value and (parts.read()[:, 100:130, 10:60] == value).all() and (parts.read() == value).sum() == 2 * 1500


@pytest.mark.parametrize("alpha", ["composite", "drop"])
def test_transparency_and_depth_are_the_same_by_windows(alpha, both_ways, tmp_path):
    image = values("uint16", (70, 90, 4))
    image[..., 3] = np.where(np.arange(90) > 40, 65535, 0)
    path = written(tmp_path / "a.tif", image, photometric="rgb", alpha="yes")
    check_same(*both_ways(uneven(Domain("a", 3), Domain("b", 1, "uint16")), path, alpha=alpha))


def test_a_raster_that_is_larger_than_memory_goes_through(tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values("uint8", (700, 600, 3)), photometric="rgb", compress="deflate")
    translator = uneven(Domain("a", 3), Domain("b", 3))
    assert translate(translator, path, tmp_path / "whole.tif") == DONE
    monkeypatch.setenv(memory.VARIABLE, "0.004")  # the image takes 0.0055
    assert translate(translator, path, tmp_path / "windows.tif") == DONE
    check_same(rasterio.open(tmp_path / "whole.tif"), rasterio.open(tmp_path / "windows.tif"))
    monkeypatch.setenv(memory.VARIABLE, "0.001")
    assert "with 700×600 pixels, in tiles of 48, it takes 0.1 GB of memory" in translate(translator, path, tmp_path / "b.tif")
    assert not (tmp_path / "b.tif").exists()


@pytest.mark.parametrize(
    "passage, result, installed, says",
    [
        (FULL, "b.tif", False, '; or let it be read and written by windows, with pip install "tfgan[raster]"'),
        (FULL, "b.png", True, "by windows, with a result that is TIFF (--format=tif)"),
        (FULL._replace(tile=0), "b.tif", True, "by windows, with a --tile such as 1024"),
        (FULL._replace(size="trained"), "b.tif", True, "by windows, with --size=full"),
        (FULL._replace(size="64"), "b.png", True, "with --size=full and a result that is TIFF (--format=tif)"),
    ],
)
def test_the_refusal_names_what_windows_need(passage, result, installed, says, tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values("uint8", (600, 600, 3)), photometric="rgb")
    monkeypatch.setenv(memory.VARIABLE, "0.002")
    monkeypatch.setattr(reading, "find_spec", lambda name: installed or None)
    text = translate(uneven(Domain("a", 3), Domain("b", 3)), path, tmp_path / result, passage)
    assert text.startswith("with 600×600 pixels it takes 0.1 GB of memory, ") and text.endswith(says)
    assert not (tmp_path / result).exists()


@pytest.mark.parametrize("fit, known", [("none", True), ("width", False)])
def test_the_size_of_training_needs_no_other_where_it_is_the_image_s_own(fit, known, tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values("uint8", (600, 600, 3)), photometric="rgb")
    monkeypatch.setenv(memory.VARIABLE, "0.004")
    text = translate(uneven(Domain("a", 3), Domain("b", 3)), path, tmp_path / "b.tif", FULL._replace(size="trained", fit=fit))
    assert (text == DONE) == known


def test_what_depends_on_the_whole_image_does_not_go_through_by_windows(tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values("uint8", (600, 600, 3)), photometric="rgb")
    monkeypatch.setenv(memory.VARIABLE, "0.002")
    faces = Translator(Translation(lambda x, labels: x, Domain("a", 3), Domain("b", 3), 8, 8, conditions={"attributes": 2}))
    for translator, beside in ((faces, ()), (uneven(Domain("a", 3), Domain("b", 3)), (path,))):
        assert translate(translator, path, tmp_path / "b.tif", beside=beside).endswith("TFGAN_IMAGE_MEMORY=0.5")


def test_what_is_not_stored_as_it_is_meant_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "too_large", lambda size, translator: "it is too large")
    path = written(tmp_path / "a.tif", values("uint8", (60, 60, 1)), photometric="miniswhite")
    assert "not stored as it is meant" in translate(uneven(Domain("a", 1), Domain("b", 1)), path, tmp_path / "b.tif")


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    path = written(tmp_path / "a.tif", values("uint8", (600, 60, 3)), photometric="rgb")
    path.write_bytes(path.read_bytes()[:-8000])
    monkeypatch.setattr(files, "too_large", lambda size, translator: "it is too large")
    text = translate(uneven(Domain("a", 3), Domain("b", 3)), path, tmp_path / "b.tif")
    assert "damaged or incomplete" in text and [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_values_that_are_no_numbers_are_told_with_their_place(tmp_path, monkeypatch):
    image = values("float32", (100, 60, 2))
    image[70, 3, 1] = np.inf
    path = written(tmp_path / "a.tif", image)
    monkeypatch.setattr(files, "too_large", lambda size, translator: "it is too large")
    translator = uneven(Domain("a", 2, "float32", bands=True, value_range=((-1.0, 1.0),)), Domain("b", 1))
    text = translate(translator, path, tmp_path / "b.tif")
    assert text.startswith("rows 35 to 83, columns 0 to 48: 1 of its 4,608 float32 values are NaN or infinite")


@pytest.mark.parametrize("size, tile", itertools.product([(700, 90), (256, 300), (513, 64), (40, 40)], [32, 100, 600]))
def test_rows_are_whole_and_in_their_order(size, tile):
    image = values("uint8", (*size, 3))
    copy = Translator(Translation(lambda x: x, Domain("a", 3), Domain("b", 3), 1, 1))
    parts = ((place, copy.to_pixels(part).numpy()) for place, part in translated_parts(copy, image, tile=tile))
    found = [(rows, block.copy()) for rows, block in windows.in_rows(parts, image.shape, "uint8", tile)]
    assert [rows.start for rows, _ in found] == list(range(0, size[0], 256)) and found[-1][0].stop == size[0]
    assert np.array_equal(np.concatenate([block for _, block in found]), image)


def test_tiles_are_as_large_as_memory_allows(monkeypatch, caplog):
    monkeypatch.setattr(room, "network_bytes", lambda translator: 400)
    translator = uneven(Domain("a", 3), Domain("b", 3))
    for size, tile in [((2000, 2000), 1536), ((600, 5000), 2048), ((300, 300), 2048), ((8700, 8700), 512)]:
        held = size[0] * size[1] * 14
        assert room.fitting_tile(2048, translator, size, lambda _, held=held: held) == tile
    assert room.fitting_tile(400, translator, (8700, 8700), lambda _: 2**31) == 400
    monkeypatch.setenv(memory.VARIABLE, "8")
    assert room.fitting_tile(2048, translator, (8700, 8700), lambda _: 2**30) == 2048


def test_what_a_network_takes_is_what_is_alive_together():
    def function(x):
        wide = tf.tile(x, [1, 1, 1, 10])  # 10 floats a pixel, and the one that it is made of
        return tf.reduce_sum(tf.nn.relu(wide), axis=-1, keepdims=True)  # 20 together, as x is gone

    translator = Translator(Translation(function, Domain("a", 1), Domain("b", 1), 8, 8))
    assert room.network_bytes(translator) == 20 * 4 + room.COPIES * 8 + (1 if tf.config.list_logical_devices("GPU") else 0)


def test_memory_that_is_used_up_by_windows_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "too_large", lambda size, translator: "it is too large")

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(windows, "translated_parts", full)
    path = written(tmp_path / "a.tif", values("uint8", (60, 60, 3)), photometric="rgb")
    text = translate(uneven(Domain("a", 3), Domain("b", 3)), path, tmp_path / "b.tif")
    assert text == "60×60 pixels do not fit into memory: use a smaller --tile, or --size=trained"


def test_a_refusal_of_what_cannot_be_read_by_windows_stays(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(TooLarge, match="^why$"):
        windows.check_possible(
            Task(path, tmp_path / "b.tif"), Domain("a", 3), uneven(Domain("a", 3), Domain("b", 3)), FULL, TooLarge("why")
        )


def test_the_least_value_is_that_of_the_whole_raster(tmp_path, monkeypatch):
    """Pixels without data get it, in whatever part of the file it lies."""
    monkeypatch.setattr(reading, "chunks", lambda height, width: [slice(0, 10), slice(10, height)])
    image = values("float32", (40, 30, 2))
    image[:3], image[35, 5] = -9999, [-5000.0, -7000.0]
    path = written(tmp_path / "a.tif", image, nodata=-9999)
    domain = Domain("a", 2, "float32", bands=True, value_range=((-8000.0, 8000.0),))
    with reading.opened(path, domain, "keep") as opened:
        assert (opened.read(slice(0, 3), slice(0, 30)) == [-5000.0, -7000.0]).all()


def test_a_full_disk_leaves_nothing_of_a_raster(tmp_path, monkeypatch):
    """A limit on the size of files stands for a disk that fills up in the middle of a result."""
    resource = pytest.importorskip("resource")
    path = written(tmp_path / "a.tif", values("uint8", (600, 300, 3)), photometric="rgb")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(files, "too_large", lambda size, translator: "it is too large")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    try:
        said = translate(uneven(Domain("a", 3), Domain("b", 3)), path, tmp_path / "out" / "b.tif")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handled)
    assert said.startswith(f"{tmp_path / 'out' / 'b.tif'} cannot be written: File too large") and not list((tmp_path / "out").iterdir())
