"""Volumes: each slice arrives in the units of the file, and what is written lies where its source lies."""

import gzip

import numpy as np
import pytest

nibabel = pytest.importorskip("nibabel", reason="NIfTI needs the extra medical")

from tfgan.config import Domain  # noqa: E402
from tfgan.config.spec import READINGS  # noqa: E402
from tfgan.data.reading import images, volumes  # noqa: E402
from tfgan.data.reading.codecs import nifti  # noqa: E402
from tfgan.data.reading.comments import read_comment  # noqa: E402
from tfgan.errors import UnreadableImage, UserError  # noqa: E402

RNG = np.random.default_rng(0)
AFFINE = np.array([[0.9, 0.1, 0, -90], [-0.1, 0.9, 0, -120], [0, 0, 3, -70], [0, 0, 0, 1]])
VALUES = RNG.integers(-1024, 3072, (6, 5, 4), np.int16)


def volume(path, values=VALUES, kind=nibabel.Nifti1Image, slope=None):
    image = kind(values, AFFINE)
    image.header.set_xyzt_units("mm", "sec")
    if slope:
        image.header.set_slope_inter(*slope)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_slices_are_pages(name, axis, kind, tmp_path):
    path, suffix = volume(tmp_path / name, kind=kind), "" if axis == 2 else f":{axis}"
    expected = np.moveaxis(VALUES, axis, -1)
    for rule, channels in (("first", 1), ("channels", expected.shape[-1]), ("frames", 1)):
        image, info = images.load(path, rule + suffix)
        assert (
            image.dtype == np.int16
            and np.array_equal(image, expected[..., : image.shape[-1]])
            and info == images.probe(path, rule + suffix)
        )
        assert (info.channels, info.pages, info.bands, info.format) == (channels, expected.shape[-1], True, "NIfTI")
    with pytest.raises(UnreadableImage, match="NIfTI with 4 slices: .*--pages=frames"):
        images.probe(path, "refuse")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64", "uint16"])
def test_types_and_slopes(dtype, tmp_path):
    values = RNG.integers(0, 100, (4, 3, 2)).astype(dtype)
    plain = images.decode(volume(tmp_path / "a.nii", values), "frames")
    assert np.array_equal(plain, values) and plain.dtype == ("float32" if dtype == "float64" else dtype)
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[112:120] = np.array([0.5, -10], "<f4").tobytes()  # scl_slope and scl_inter
    scaled = images.decode(bytes(content), "frames")
    assert scaled.dtype == np.float32 and np.array_equal(scaled, values * np.float32(0.5) - 10)
    content[116:120] = bytes(4)  # no intercept
    assert np.array_equal(images.decode(bytes(content), "frames"), values * np.float32(0.5))


def test_many_slices_are_no_channels(tmp_path):
    path = volume(tmp_path / "a.nii", np.zeros((4, 4, 65), np.int16))
    with pytest.raises(UnreadableImage, match="65 slices, and 64 channels are the most: use --pages=frames"):
        images.probe(path, "channels")
    assert images.decode(path, "frames").shape == (4, 4, 65)


def test_volumes_that_are_not_read(tmp_path):
    with pytest.raises(UnreadableImage, match="4×4×2×3: not supported; save each volume"):
        images.probe(volume(tmp_path / "a.nii", np.zeros((4, 4, 2, 3), np.int16)))
    assert images.probe(volume(tmp_path / "b.nii", np.zeros((4, 4, 2, 1), np.int16))).pages == 2
    with pytest.raises(UnreadableImage, match="complex64: not supported"):
        images.probe(volume(tmp_path / "c.nii", np.zeros((4, 4, 2), np.complex64)))
    with pytest.raises(UnreadableImage, match="1 of its 32 float32 values are NaN"):
        images.decode(volume(tmp_path / "d.nii", np.where(np.arange(32).reshape(4, 4, 2) == 3, np.nan, 1).astype(np.float32)), "frames")
    (tmp_path / "e.nii.gz").write_bytes(gzip.compress(b"no volume" * 200))
    with pytest.raises(UnreadableImage, match="a packed archive"):
        images.probe(tmp_path / "e.nii.gz")


def test_damage_is_called_damage(tmp_path):
    for name in ("a.nii", "a.nii.gz"):
        content = volume(tmp_path / name).read_bytes()
        with pytest.raises(UnreadableImage, match="damaged or incomplete"):
            images.decode(content[:-60], "frames")


def test_memory_is_judged_by_the_header(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", str(1 / 1024))
    path = volume(tmp_path / "a.nii.gz", np.zeros((200, 200, 50), np.int16))
    assert path.stat().st_size < 2**15
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="of memory"):
            read(path, "frames")


@pytest.mark.parametrize("name", ["b.nii", "b.nii.gz"])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "uint16"])
def test_a_volume_is_written_back_where_it_lies(name, axis, dtype, tmp_path):
    source, reading = volume(tmp_path / "a.nii.gz"), "frames" if axis == 2 else f"frames:{axis}"
    assert reading in READINGS
    slices = np.split(images.decode(source, reading).astype(dtype), VALUES.shape[axis], axis=-1)
    volumes.save(tmp_path / name, slices, '{"tfgan": 1}', True, source, reading)
    made, original = nibabel.load(tmp_path / name), nibabel.load(source)
    assert np.array_equal(np.asanyarray(made.dataobj), VALUES.astype(dtype)) and made.get_data_dtype() == dtype
    assert np.array_equal(made.affine, original.affine) and made.header.get_xyzt_units() == ("mm", "sec")
    assert [code for _, code in (made.get_qform(coded=True), made.get_sform(coded=True))] == [
        code for _, code in (original.get_qform(coded=True), original.get_sform(coded=True))
    ]
    assert read_comment(tmp_path / name) == '{"tfgan": 1}' and read_comment(source) == ""


def test_the_same_values_give_the_same_bytes():
    like = nifti.Volume(VALUES, AFFINE, nibabel.Nifti1Image(VALUES, AFFINE).header)
    assert nifti.encode(VALUES, like, True, "x") == nifti.encode(VALUES, like, True, "x")


def test_where_pages_find_no_room(tmp_path):
    source, pages = volume(tmp_path / "a.nii"), [np.zeros((6, 5, 1), np.float32)] * 4
    for name, says in (("b.png", "PNG files hold one page; write several as TIFF"), ("b.npy", "NPY files hold one page")):
        with pytest.raises(UserError, match=says):
            volumes.save(tmp_path / name, pages, "", True, source, "frames")
    with pytest.raises(UserError, match="one value a voxel, and results have 3"):
        volumes.save(tmp_path / "b.nii", [np.zeros((6, 5, 3), np.uint8)], "", False, source, "frames")
    images.save(tmp_path / "c.tif", pages[0])
    with pytest.raises(UserError, match="would be a volume, and .*c.tif is none"):
        volumes.save(tmp_path / "b.nii", pages, "", True, tmp_path / "c.tif", "frames")
    volumes.save(tmp_path / "b.tif", [page + number for number, page in enumerate(pages)], "said", True, source, "frames")
    assert images.decode(tmp_path / "b.tif", "frames")[0, 0].tolist() == [0, 1, 2, 3] and read_comment(tmp_path / "b.tif") == "said"


def test_single_images_are_not_written_as_volumes():
    assert "--format=tif" in images.why_not("nii", 1, "float32", True) and "--format=tif" in images.why_not("dcm", 1, "float32", True)


def test_a_domain_takes_each_slice(tmp_path):
    ct = Domain("ct", 1, "float32", bands=True, pages="frames", value_range=((0.0, 1.0),))
    assert np.array_equal(images.read(volume(tmp_path / "a.nii"), ct, "composite"), VALUES.astype(np.float32))
