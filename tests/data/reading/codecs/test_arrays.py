"""NumPy's files: every value arrives, no size is believed, nothing is unpickled, and NumPy reads what is written here."""

import io
import zipfile

import numpy as np
import pytest
from any_values import values

from tfgan.config import DTYPES
from tfgan.data.reading import images
from tfgan.data.reading.codecs import numbers
from tfgan.data.reading.comments import read_comment
from tfgan.data.reading.memory import budget
from tfgan.errors import UnreadableImage

RNG = np.random.default_rng(0)
TEXT = '{"tfgan": {"step": 8}}'


def npy(array, **options) -> bytes:
    content = io.BytesIO()
    np.save(content, array, **options)
    return content.getvalue()


def npz(**arrays) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize("form", ["npy", "npz"])
@pytest.mark.parametrize("channels", [1, 3, 4, 64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_and_number_of_bands_goes_there_and_back(dtype, channels, form, tmp_path):
    image, path = values(dtype, (9, 7, channels)), tmp_path / f"a.{form}"
    images.save(path, image, TEXT)
    back, info = images.load(path)
    assert back.dtype == dtype and np.array_equal(back, image) and info == images.probe(path) and read_comment(path) == TEXT
    picture = dtype in ("uint8", "uint16") and channels in (1, 3)  # no array says that a fourth channel is transparency
    assert (info.bands, info.alpha, info.channels, info.format) == (not picture, False, channels, form.upper())


def test_numpy_passes_over_the_text(tmp_path):
    image = values("int16", (9, 7, 5))
    images.save(tmp_path / "a.npy", image, TEXT)
    images.save(tmp_path / "a.npz", image, TEXT)
    for mode in (None, "r"):
        assert np.array_equal(np.load(tmp_path / "a.npy", mode, allow_pickle=False), image)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        assert found.files == ["image"] and np.array_equal(found["image"], image)
    images.save(tmp_path / "a.npy", image)
    assert read_comment(tmp_path / "a.npy") == "" and (tmp_path / "a.npy").read_bytes() == npy(image)


@pytest.mark.parametrize(
    "array",
    [np.arange(12, dtype=">i2").reshape(3, 4), np.asfortranarray(values("int16", (5, 4, 3))), np.ones((2, 3), ">f4")],
)
def test_byte_orders_and_orders_of_axes(array):
    for content in (npy(array), npz(a=array)):
        image = images.decode(content)
        assert np.array_equal(image, np.atleast_3d(array)) and image.flags.c_contiguous and image.dtype.isnative


@pytest.mark.parametrize(
    "stored, read, bands", [("bool", "uint8", False), ("int8", "int16", True), ("int64", "int32", True), ("uint64", "uint32", True)]
)
def test_whole_numbers_become_the_next_type(stored, read, bands):
    array = RNG.integers(0, 2, (6, 5)).astype(stored)
    image, info = images.load(npy(array))
    assert image.dtype == read == info.dtype and np.array_equal(image[..., 0], array) and info.bands == bands


@pytest.mark.parametrize("value, stored", [(2**31, "int64"), (-(2**31) - 1, "int64"), (2**32, "uint64")])
def test_whole_numbers_that_do_not_fit(value, stored):
    with pytest.raises(UnreadableImage, match=rf"its {stored} values reach from .* {value}.*scale them, or save them as float32|{value}"):
        images.decode(npy(np.array([[0, value]], stored)))


def test_floats_of_64_bits_are_rounded_and_it_is_said_once(caplog, monkeypatch, tmp_path):
    monkeypatch.setattr(numbers, "_rounded", [])
    np.save(tmp_path / "exact.npy", np.array([[0.5, -3.0]]))
    np.save(tmp_path / "a.npy", np.array([[0.1, -40.0]]))
    with caplog.at_level("INFO"):
        for name in ("exact", "a", "a"):
            image = images.decode(tmp_path / f"{name}.npy")
    assert image.dtype == np.float32 and image[0, 0, 0] == np.float32(0.1)
    said = [record.message for record in caplog.records]
    assert len(said) == 1 and said[0].startswith(f"{(tmp_path / 'a.npy').as_posix()}: its 64-bit floats are read as float32")
    with pytest.raises(UnreadableImage, match="1 of its 2 float64 values are too large for float32"):
        images.decode(npy(np.array([[1e300, 0]])))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_values_that_are_no_numbers(dtype):
    array = np.ones((40, 50), dtype)
    array[0, :3], array[1, 1] = np.nan, -np.inf
    with pytest.raises(UnreadableImage, match="4 of its 2,000 .* values are NaN or infinite: .*np.nan_to_num"):
        images.decode(npy(array))


@pytest.mark.parametrize(
    "shape, says",
    [
        ((6, 48, 64), r"6×48×64 has its channels first: .*np.moveaxis\(array, 0, -1\)"),
        ((3, 32, 32), "channels first"),
        ((3, 200, 100), "channels first"),
        ((40, 30, 65), "channels first|has 65 channels, and 64 are the most"),
        ((1, 8, 8, 3), "leave out the axes of length 1"),
        ((5, 8, 8, 3), "save each image as a file of its own"),
        ((64,), "an image is H×W or H×W×C"),
        ((), "of a single value"),
        ((0, 8), "0×8, which holds no pixel"),
    ],
)
def test_shapes_that_are_no_image(shape, says):
    for content in (npy(np.zeros(shape, np.float32)), npz(a=np.zeros(shape, np.float32))):
        for read in (images.probe, images.decode):
            with pytest.raises(UnreadableImage, match=says):
                read(content)


@pytest.mark.parametrize("shape", [(6, 48, 64), (3, 32, 32), (1, 8, 8, 3)])
def test_the_cures_of_shapes_work(shape):
    array = np.zeros(shape, np.float32)
    with pytest.raises(UnreadableImage) as caught:
        images.decode(npy(array))
    cured = np.moveaxis(array, 0, -1) if "moveaxis" in str(caught.value) else np.squeeze(array)
    assert images.decode(npy(cured)).shape == cured.shape


def test_many_channels_of_a_small_image_are_no_channels_first():
    assert images.probe(npy(np.zeros((32, 32, 64), np.float32))).channels == 64
    assert images.probe(npy(np.zeros((8, 8, 12), np.float32))).channels == 12


@pytest.mark.parametrize(
    "array, says",
    [
        (np.array([[1, None]], object), "Python objects, which could run code"),
        (np.zeros((2, 2), np.complex64), "NP[YZ], complex64: not supported; save it as one of uint8"),
        (np.array([["a", "b"]]), "not supported"),
        (np.zeros((2, 2), [("x", "f4")]), "not supported"),
        (np.zeros((2, 2), "M8[s]"), "not supported"),
    ],
)
def test_what_is_no_number(array, says):
    for content in (npy(array, allow_pickle=True), npz(a=array)):
        with pytest.raises(UnreadableImage, match=says) as caught:
            images.decode(content)
        assert "damaged" not in str(caught.value)


def test_several_arrays_in_one_file():
    content = npz(x_train=np.zeros((2, 2)), y_train=np.zeros(2))
    with pytest.raises(UnreadableImage, match=r"NPZ with 2 arrays \(x_train, y_train\): an image is one array"):
        images.decode(content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("report.txt", "no array")
    with pytest.raises(UnreadableImage, match="ZIP archive without arrays"):
        images.probe(archive.getvalue())


def test_damage_is_called_damage():
    content = npy(values("int16", (20, 30, 6)))
    packed = npz(image=values("int16", (20, 30, 6)))
    for cut in (content[:-1], content[:200], content[:20], packed[:-30], packed[:50]):
        with pytest.raises(UnreadableImage, match="damaged or incomplete"):
            images.decode(cut)
    stored = io.BytesIO()
    np.savez(stored, image=np.zeros((9, 9), np.int16))
    flipped = bytearray(stored.getvalue())
    flipped[len(flipped) // 2] ^= 1  # a value, which the checksum of the archive tells
    with pytest.raises(UnreadableImage, match="damaged or incomplete: Bad CRC"):
        images.decode(bytes(flipped))
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0xFF
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(bytes(flipped))


def test_sizes_that_files_claim_are_not_believed(monkeypatch, tmp_path):
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", str(1 / 1024))
    header = npy(np.zeros((1, 1), np.float32)).replace(b"(1, 1)", b"(40000, 40000)")
    (tmp_path / "a.npy").write_bytes(header)
    bomb = npz(image=np.zeros((3000, 3000), np.float32))
    assert len(bomb) < 2**16
    (tmp_path / "a.npz").write_bytes(bomb)
    for path in (tmp_path / "a.npy", tmp_path / "a.npz"):
        for read in (images.probe, images.decode):
            with pytest.raises(UnreadableImage, match="pixels it takes .* of memory"):
                read(path)


@pytest.mark.parametrize("form", ["npy", "npz", "tif"])
def test_the_memory_of_all_threads_is_shared(form, monkeypatch):
    taken = []
    monkeypatch.setattr(budget, "take", taken.append)
    images.decode(images.encode(np.zeros((50, 40, 6), np.int16), form))
    assert sum(taken) >= 2 * 50 * 40 * 6 * 2


def test_only_the_header_is_read_to_probe(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(np.zeros((500, 400, 6), np.int16))[:200])
    assert images.probe(path) == images.ImageInfo(500, 400, 6, "int16", False, bands=True)
