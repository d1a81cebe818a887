"""TIFF as instruments, satellites and microscopes write it: every band, page and value arrives, or the true reason is told."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
import tifffile
from any_values import values
from PIL import Image

from tfgan.config import DTYPES, Domain
from tfgan.data.reading import images, windows
from tfgan.data.reading.codecs import segments
from tfgan.data.reading.codecs import tiff as tiff_codec
from tfgan.errors import UnreadableImage

RNG = np.random.default_rng(0)
SIX = RNG.integers(-9000, 9000, (20, 30, 6), np.int16)
FOUR = RNG.integers(0, 256, (20, 30, 4), np.uint8)
BANDS = {"photometric": "minisblack", "planarconfig": "contig"}


def tiff(*arrays, **options) -> bytes:
    """A TIFF with an image for each array."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content, bigtiff=options.pop("bigtiff", False), byteorder=options.pop("byteorder", "<")) as writer:
        for array in arrays:
            writer.write(array, metadata=None, **options)
    return content.getvalue()


def check(content: bytes, expected, pages="first"):
    """Reads the pixels `expected`, of whose kind the header speaks too; returns what it says."""
    image, info = images.load(content, pages), images.probe(content, pages)
    expected = np.atleast_3d(expected)
    assert image.pixels.dtype == expected.dtype == info.dtype and np.array_equal(image.pixels, expected)
    assert info == image.info and (info.height, info.width, info.channels) == expected.shape
    return info


@pytest.mark.parametrize("channels", [1, 2, 5, 64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_and_number_of_bands_goes_there_and_back(dtype, channels):
    image = values(dtype, (9, 7, channels))
    info = check(images.encode(image, "tif", bands=True), image)
    assert info.bands == (channels > 1 or dtype not in ("uint8", "uint16")) and not info.alpha


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_pictures_stay_pictures(dtype, channels):
    image = values(dtype, (9, 7, channels))
    if channels == 4:
        image[..., 3] = np.iinfo(dtype).max
    info = check(images.encode(image, "tif"), image)
    assert not info.bands and info.alpha == (channels in (2, 4))


@pytest.mark.parametrize(
    "options, bands, layout",
    [
        ({"photometric": "rgb", "extrasamples": ["unspecified"]}, True, ""),
        ({**BANDS, "extrasamples": ["unspecified"] * 3}, True, ""),
        ({**BANDS, "extrasamples": ["unspecified", "unspecified", "unassalpha"]}, True, ""),  # gray has no second kind of color
        ({**BANDS, "tile": (16, 16)}, True, "tiled"),
    ],
)
def test_transparency_is_what_a_color_image_declares(options, bands, layout):
    info = check(tiff(FOUR, **options), FOUR)
    assert (info.bands, info.alpha, info.layout) == (bands, not bands, layout)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": 2, "rowsperstrip": 7}, {"tile": (16, 16)}])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_near_infrared_that_is_declared_as_transparency_is_a_band(dtype, options, caplog, monkeypatch):
    """As GDAL writes four bands; of true transparency most pixels have all or nothing."""
    monkeypatch.setattr(tiff_codec, "_told", [])
    image = values(dtype, (20, 30, 4))
    with caplog.at_level("INFO"):
        for _ in range(2):
            info = check(tiff(image, photometric="rgb", extrasamples=["unassalpha"], **options), image)
    assert info.bands and info.describe().startswith(f"TIFF, 4 bands, {dtype}")
    assert [record.message for record in caplog.records] == [
        "an image: its fourth channel is declared as transparency, but holds data: it is read as a band, as in other such files."
    ]
    image[..., 3] = np.iinfo(dtype).max * (np.arange(30) > 9)
    image[:, 8:12, 3] //= 2  # a soft edge
    info = check(tiff(image, photometric="rgb", extrasamples=["unassalpha"], **options), image)
    assert info.alpha and not info.bands and len(caplog.records) == 1


def test_a_domain_of_pictures_goes_on_taking_declared_transparency():
    image = np.full((4, 4, 4), 51, np.uint8)
    content = tiff(image, photometric="rgb", extrasamples=["unassalpha"])
    assert (images.read(content, Domain("photo", 3), "composite") == 214).all()  # 0.2 × 51 + 0.8 × 255, as in runs of earlier versions
    assert np.array_equal(images.read(content, Domain("sat", 4, bands=True), "composite"), image)


@pytest.mark.parametrize("extra", ["unspecified", "unassalpha"])
def test_a_second_sample_beside_gray(extra):
    for image in (FOUR[..., :2], FOUR[..., :2].astype(np.uint16) * 257):
        info = check(tiff(image, **BANDS, extrasamples=[extra]), image)
        assert info.alpha == (extra == "unassalpha") != info.bands


def test_colors_that_transparency_has_multiplied():
    stored = np.array([[[100, 50, 0, 100], [0, 0, 0, 0], [10, 20, 30, 255]]], np.uint16) * 257
    image = images.decode(tiff(stored, photometric="rgb", extrasamples=["assocalpha"]))
    assert (image / 257).round().astype(int).tolist() == [[[255, 128, 0, 100], [0, 0, 0, 0], [10, 20, 30, 255]]]


def test_planes_and_byte_orders_and_large_files():
    planes = np.ascontiguousarray(np.moveaxis(SIX, -1, 0))
    for options in ({}, {"byteorder": ">"}, {"bigtiff": True}, {"tile": (16, 16)}):
        info = check(tiff(planes, photometric="minisblack", planarconfig="separate", **options), SIX)
        assert info.describe().startswith("TIFF, 6 bands, int16, planar")
        check(tiff(SIX, **BANDS, **options), SIX)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression, predictor", [("zlib", None), ("zlib", 2), ("lzma", None), ("lzma", 2)])
def test_what_tifffile_packs(compression, predictor, order):
    for options in ({"rowsperstrip": 7}, {"tile": (16, 16)}):
        check(tiff(SIX, **BANDS, compression=compression, predictor=predictor, byteorder=order, **options), SIX)


def by_hand(strips, dtype, bands, width, compression, predictor=1, fill=1, rows=7, height=20) -> bytes:
    """A TIFF of packed strips, for what tifffile cannot write."""
    kind = {"u": 1, "i": 2, "f": 3}[np.dtype(dtype).kind]
    offsets = np.cumsum([0] + [len(strip) for strip in strips])[:-1] + 8
    tags = [(256, [width]), (257, [height]), (258, [np.dtype(dtype).itemsize * 8] * bands), (259, [compression]), (262, [1]), (266, [fill])]
    tags += [(273, offsets), (277, [bands]), (278, [rows]), (279, [len(strip) for strip in strips]), (317, [predictor])]
    tags += [(338, [0] * (bands - 1)), (339, [kind] * bands)]
    begin, body, entries = 8 + sum(map(len, strips)), b"", b""
    for tag, numbers in tags:
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        entries += struct.pack("<HHI", tag, 4, len(numbers))
        entries += packed if len(numbers) == 1 else struct.pack("<I", begin + len(body))
        body += packed if len(numbers) > 1 else b""
    head = struct.pack("<4sI", b"II*\0", begin + len(body))
    return head + b"".join(strips) + body + struct.pack("<H", len(tags)) + entries + bytes(4)


def packed(data: bytes, compression: str) -> bytes:
    """Bytes as libtiff packs them inside Pillow."""
    content = io.BytesIO()
    Image.frombytes("L", (len(data), 1), data).save(content, "TIFF", compression=compression)
    content.seek(0)
    with tifffile.TiffFile(content) as file:
        page = file.pages.first
        begin = page.dataoffsets[0]
        return content.getvalue()[begin : begin + page.databytecounts[0]]


@pytest.mark.parametrize("name, number", [("tiff_lzw", 5), ("packbits", 32773), ("zstd", 50000)])
def test_what_libtiff_packs(name, number):
    strips = [packed(SIX[top : top + 7].tobytes(), name) for top in (0, 7, 14)]
    check(by_hand(strips, "int16", 6, 30, number), SIX)
    with pytest.raises(UnreadableImage, match="damaged"):
        images.decode(by_hand([strips[0], strips[1][:40], strips[2]], "int16", 6, 30, number))


def test_bits_in_the_other_order():
    turned = [bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed(SIX[top : top + 7].tobytes(), "tiff_lzw")) for top in (0, 7, 14)]
    check(by_hand(turned, "int16", 6, 30, 5, fill=2), SIX)


def test_the_predictor_of_floats():
    """By hand: of a row, first the signs and exponents of all floats, last their least bytes, and then differences between bytes."""
    image = values("float32", (20, 30, 2))
    strips = []
    for top in (0, 7, 14):
        rows = image[top : top + 7].reshape(-1, 60)
        by_weight = rows.astype(">f4").view(np.uint8).reshape(len(rows), 60, 4).swapaxes(1, 2).reshape(len(rows), -1, 2)
        differences = np.diff(by_weight, axis=1, prepend=np.zeros((len(rows), 1, 2), np.uint8))
        strips.append(packed(differences.tobytes(), "tiff_adobe_deflate"))
    check(by_hand(strips, "float32", 2, 30, 8, predictor=3), image)


def test_no_more_is_unpacked_than_the_tags_say():
    bomb = packed(bytes(2**24), "tiff_adobe_deflate")
    gray = tiff(np.zeros((20, 30), np.uint8), photometric="minisblack", compression="zlib")
    ((place, count),) = place_of_strips(gray)
    content = gray.replace(gray[place : place + count], bomb[:count])  # whose beginning is the same, for Pillow
    for damaged in (by_hand([bomb] * 3, "int16", 6, 30, 8), content):
        tracemalloc.start()
        with pytest.raises(UnreadableImage, match="^damaged"):
            images.decode(damaged)
        assert tracemalloc.get_traced_memory()[1] < 2**22
        tracemalloc.stop()


def place_of_strips(content):
    """Where the strips or tiles of the first page are in the bytes of a TIFF: begin and length of each."""
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        return list(zip(file.pages.first.dataoffsets, file.pages.first.databytecounts))


RAMP = np.add.outer(4 * np.arange(64), np.arange(80))[..., None] * np.array([1, 2, 3, 1]) % 250
SMOOTH = (RAMP + RNG.integers(0, 3, (64, 80, 4))).astype(np.uint8)
PICTURES = {
    "RGB": (SMOOTH[..., :3], {"photometric": "rgb"}),
    "gray": (SMOOTH[..., 0], {"photometric": "minisblack"}),
    "gray of 16 bits": (SMOOTH[..., 0].astype(np.uint16) * 200, {"photometric": "minisblack"}),
    "RGB with transparency": (SMOOTH, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    "palette": (SMOOTH[..., 0], {"photometric": "palette", "colormap": np.arange(768, dtype=np.uint16).reshape(3, 256) * 80}),
    "bands": (SMOOTH.astype(np.int16), BANDS),
}


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("options", [{"predictor": 2}, {"tile": (32, 32)}, {"rowsperstrip": 16}], ids=str)
def test_damage_of_deflated_pixels_is_seen_whoever_reads_them(kind, options, tmp_path):
    """libtiff, by which Pillow and GDAL read, stops before the checksum."""
    pixels, given = PICTURES[kind]
    if kind == "palette" and "predictor" in options:
        pytest.skip("indices are not predicted")
    content = tiff(pixels, **given, compression="zlib", **options)
    assert images.decode(content).shape[:2] == pixels.shape[:2]
    rng = np.random.default_rng(0)
    for place, count in place_of_strips(content)[-2:]:
        for bit in rng.integers(0, 8 * count, 3):
            flipped = bytearray(content)
            flipped[place + bit // 8] ^= 1 << bit % 8
            with pytest.raises(UnreadableImage, match="^damaged"):
                images.decode(bytes(flipped))
        emptied = content[: place + count // 2] + bytes(count - count // 2) + content[place + count :]
        with pytest.raises(UnreadableImage, match="^damaged"):
            images.decode(emptied)
        path = tmp_path / "emptied.tif"
        path.write_bytes(emptied)
        if windows.is_installed() and kind == "RGB":
            with pytest.raises(UnreadableImage, match="^damaged"), windows.opened(path, Domain("photo", 3), "composite"):
                pass


def test_memory_is_judged_by_the_tags(monkeypatch):
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", str(1 / 1024))
    content = tiff(np.zeros((300, 300, 6), np.int16), **BANDS, compression="zlib")
    tiles = tiff(np.zeros((16, 16, 6), np.int16), **BANDS, compression="zlib", tile=(4096, 4096))
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="^with 300×300 pixels it takes 0.1 GB of memory"):
            read(content)
        with pytest.raises(UnreadableImage, match="^with 16×16 pixels it takes 0.2 GB of memory"):
            read(tiles)


def test_pages():
    pages = [SIX[..., band] for band in range(6)]
    content = tiff(*pages, photometric="minisblack")
    assert check(content, pages[0]).pages == 6
    info = check(content, SIX, "channels")
    assert info.bands and info.describe() == "TIFF, 6 bands, int16, 6 pages"
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="6 pages: .*--pages=first.*--pages=channels"):
            read(content, "refuse")
    eight = tiff(*(FOUR[..., band] for band in range(4)), photometric="minisblack")
    assert check(eight, FOUR, "channels").bands and not check(eight, FOUR[..., 0]).bands
    check(tiff(FOUR[..., :3], FOUR[..., 1:], photometric="rgb"), FOUR[..., [0, 1, 2, 1, 2, 3]], "channels")


def test_pages_that_do_not_go_together():
    for other in (SIX[:10, :, 0], SIX[..., 0].astype(np.int32)):
        with pytest.raises(UnreadableImage, match="pages differ: page 1 is 20×30, TIFF, 1 band, int16, and page 2"):
            images.decode(tiff(SIX[..., 0], other, photometric="minisblack"), "channels")
    with pytest.raises(UnreadableImage, match="65 channels, and 64 are the most"):
        images.decode(tiff(*[SIX[..., 0]] * 65, photometric="minisblack"), "channels")


def test_overviews_and_masks_are_no_pages():
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as writer:
        writer.write(SIX[::4, ::4], **BANDS, subfiletype=1, metadata=None)  # a preview that comes first
        writer.write(SIX, **BANDS, subifds=1, metadata=None)
        writer.write(SIX[::2, ::2], **BANDS, subfiletype=1, metadata=None)  # in the SubIFD
        writer.write(SIX[::2, ::2], **BANDS, subfiletype=1, metadata=None)
        writer.write(np.ones((20, 30), bool), photometric="minisblack", subfiletype=4, metadata=None)
    for rule in ("refuse", "first", "channels"):
        assert check(content.getvalue(), SIX, rule).pages == 1


def test_stacks_whose_tags_stand_for_several_pages():
    stack = np.ascontiguousarray(np.moveaxis(SIX, -1, 0))
    content = io.BytesIO()
    tifffile.imwrite(content, stack, photometric="minisblack", truncate=True)
    assert check(content.getvalue(), SIX[..., 0]).pages == 6
    for rule in ("refuse", "channels"):
        with pytest.raises(UnreadableImage, match="6 pages with tags for the first alone: .*--pages=first"):
            images.decode(content.getvalue(), rule)


@pytest.mark.parametrize("stored, read", [("int8", "int16"), ("int64", "int32"), ("uint64", "uint32"), ("float64", "float32")])
def test_types_that_become_the_next_one(stored, read):
    image = RNG.integers(0, 100, (9, 7)).astype(stored)
    assert check(tiff(image, photometric="minisblack"), image.astype(read)).bands


@pytest.mark.parametrize(
    "array, options, says",
    [
        (SIX[..., 0].astype(np.complex64), {"photometric": "minisblack"}, "TIFF, 1 band, complex64: not supported"),
        (FOUR[..., :3], {"photometric": "cielab"}, "TIFF, CIELab, 3 channels of 8 bits: not supported"),
        (FOUR.astype(np.uint16), {"photometric": "separated"}, "TIFF, CMYK, 4 channels of 16 bits: not supported"),
        (np.zeros((8, 16, 16), np.int16), {"photometric": "minisblack", "volumetric": True, "tile": (16, 16, 16)}, "volume of 8 slices"),
        (np.zeros((8, 8, 65), np.int16), BANDS, "65 channels, and 64 are the most"),
        (np.array([[np.nan, 1], [2, np.inf]], np.float32), {"photometric": "minisblack"}, "2 of its 4 float32 values are NaN or infinite"),
    ],
)
def test_what_is_not_supported_is_named(array, options, says):
    with pytest.raises(UnreadableImage, match=says) as caught:
        images.decode(tiff(array, **options))
    assert "damaged" not in str(caught.value)


def test_compressions_of_another_package(monkeypatch):
    content = by_hand([b"x"] * 3, "int16", 6, 30, 34887)
    monkeypatch.setattr(segments.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnreadableImage, match=r'LERC: not supported by this installation; pip install "tfgan\[tiff\]"'):
        images.decode(content)


def test_a_compression_of_the_extra():
    codecs = pytest.importorskip("imagecodecs", reason="LERC needs the extra tiff")
    image = SIX.astype(np.float32)
    check(by_hand([codecs.lerc_encode(image[top : top + 7]) for top in (0, 7, 14)], "float32", 6, 30, 34887), image)


def test_holes_are_where_no_data_is():
    content = by_hand([b"", SIX[7:14].tobytes(), SIX[14:].tobytes()], "int16", 6, 30, 1)
    image = images.decode(content)
    assert not image[:7].any() and np.array_equal(image[7:], SIX[7:])


def test_damage_is_called_damage():
    for options in ({}, {"compression": "zlib"}, {"compression": "lzma"}):
        content = tiff(SIX, **BANDS, **options)
        for share in (0.3, 0.6, 0.99):
            with pytest.raises(UnreadableImage, match="damaged or incomplete"):
                images.decode(content[: int(len(content) * share)])
    flipped = bytearray(tiff(SIX, **BANDS, compression="zlib"))
    flipped[len(flipped) // 2] ^= 0xFF
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(bytes(flipped))


@pytest.mark.parametrize("turned", range(1, 9))
def test_orientation(turned):
    ways = {2: np.fliplr, 3: lambda a: a[::-1, ::-1], 4: np.flipud, 5: lambda a: a.swapaxes(0, 1)}
    ways |= {6: lambda a: np.rot90(a, -1), 7: lambda a: a.swapaxes(0, 1)[::-1, ::-1], 8: np.rot90}
    content = tiff(SIX, **BANDS, extratags=[(274, 3, 1, turned, True)])
    check(content, ways.get(turned, lambda a: a)(SIX))
