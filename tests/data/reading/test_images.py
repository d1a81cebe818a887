"""Every accepted file format, with images small enough to know each pixel."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from tfgan.data.reading import images
from tfgan.errors import ReadFailed, UnreadableImage, UserError

RAMP = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40  # asymmetrical: every orientation looks different
RAMP16 = np.array([[0, 1, 255], [256, 40000, 65535]], np.uint16)
ORIENTED = {
    1: [[0, 40, 80], [120, 160, 200]],
    2: [[80, 40, 0], [200, 160, 120]],
    3: [[200, 160, 120], [80, 40, 0]],
    4: [[120, 160, 200], [0, 40, 80]],
    5: [[0, 120], [40, 160], [80, 200]],
    6: [[120, 0], [160, 40], [200, 80]],
    7: [[200, 80], [160, 40], [120, 0]],
    8: [[80, 200], [40, 160], [0, 120]],
}


def pil_bytes(image, form, **options) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def png(depth, color_type, width, height, rows: bytes, transparency: bytes = b"") -> bytes:
    """A PNG by hand, for what Pillow cannot write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0))
    extra = chunk(b"tRNS", transparency) if transparency else b""
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def smooth_photo(height=64, width=64):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3 % 256, y * 3 % 256, (x + y) % 256], axis=-1).astype(np.uint8)


def check_probe(content: bytes):
    image, info = images.decode(content), images.probe(content)
    assert image.shape == (info.height, info.width, info.channels)
    assert image.dtype == info.dtype
    assert info.alpha == (info.channels in (2, 4))
    return image


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTED)
def test_exif_orientation_is_applied(form, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    image = check_probe(pil_bytes(Image.fromarray(RAMP), form, exif=exif, **options))
    assert image[..., 0].tolist() == ORIENTED[orientation]


def test_exif_orientation_of_jpeg_and_16_bit_gray():
    exif = Image.Exif()
    exif[274] = 6
    blocks = np.zeros((16, 32), np.uint8)
    blocks[:, 16:] = 255
    image = check_probe(pil_bytes(Image.fromarray(blocks), "JPEG", exif=exif))
    assert image.shape == (32, 16, 1) and image[:14].max() < 10 and image[18:].min() > 245
    image = check_probe(pil_bytes(Image.fromarray(RAMP16), "PNG", exif=exif))
    assert image[..., 0].tolist() == [[256, 0], [40000, 1], [65535, 255]]


def test_orientation_after_the_pixels_of_a_png():
    exif = Image.Exif()
    exif[274] = 6
    data = exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(data)) + b"eXIf" + data + struct.pack(">I", zlib.crc32(b"eXIf" + data))
    content = pil_bytes(Image.fromarray(RAMP), "PNG")
    assert images.decode(content[:-12] + chunk + content[-12:])[..., 0].tolist() == ORIENTED[6]  # before the 12 bytes of IEND


def test_palette_becomes_colors():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    assert check_probe(pil_bytes(image, "PNG")).tolist() == [[[10, 20, 30], [200, 100, 50]]]
    assert check_probe(pil_bytes(image, "PNG", transparency=0)).tolist() == [[[10, 20, 30, 0], [200, 100, 50, 255]]]


def test_indices_of_a_palette_can_be_kept():
    image = Image.fromarray(RAMP // 40)
    image.putpalette([10, 20, 30, 200, 100, 50, *[7] * 12])
    for options in ({}, {"transparency": 0}, {"bits": 4}):
        indices, palette = images.decode_values(pil_bytes(image, "PNG", **options))
        assert indices.tolist() == (RAMP[..., None] // 40).tolist() and indices.dtype == np.uint8
        assert palette.shape == (256, 3) and palette[[0, 1, 5, 255]].tolist() == [[10, 20, 30], [200, 100, 50], [7] * 3, [0] * 3]
    exif = Image.Exif()
    exif[274] = 6
    indices, _ = images.decode_values(pil_bytes(image, "PNG", exif=exif))
    assert (indices[..., 0] * 40).tolist() == ORIENTED[6]
    with pytest.raises(UnreadableImage, match="damaged"):
        images.decode_values(pil_bytes(image, "PNG")[:-20])


def test_images_without_a_palette_have_no_indices():
    for picture in (Image.fromarray(RAMP), Image.fromarray(RAMP16), Image.new("RGB", (2, 1), (1, 2, 3))):
        content = pil_bytes(picture, "PNG")
        pixels, palette = images.decode_values(content)
        assert palette is None and pixels.tolist() == images.decode(content).tolist()
    with pytest.raises(UnreadableImage, match="not an image"):
        images.decode_values(b"not a picture at all")


def test_one_bit_and_gray_with_alpha():
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    for form in ("PNG", "BMP", "TIFF"):
        assert check_probe(pil_bytes(image, form)).tolist() == [[[0], [255]]]
    assert check_probe(pil_bytes(Image.new("LA", (1, 1), (9, 100)), "PNG")).tolist() == [[[9, 100]]]


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bit_gray_stays(form):
    image = check_probe(pil_bytes(Image.fromarray(RAMP16), form))
    assert image.dtype == np.uint16 and (image[..., 0] == RAMP16).all()


def test_big_endian_16_bit_tiff():
    tags = [(256, 3, 2), (257, 3, 1), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 122), (277, 3, 1), (278, 3, 1), (279, 4, 4)]
    entries = b"".join(struct.pack(">HHI", t, k, 1) + (struct.pack(">HH", v, 0) if k == 3 else struct.pack(">I", v)) for t, k, v in tags)
    content = b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + struct.pack(">I", 0) + struct.pack(">HH", 300, 65535)
    assert check_probe(content).tolist() == [[[300], [65535]]]


@pytest.mark.parametrize(
    "color_type, samples, transparency, expected",
    [
        (0, (7, 300), (7,), [[7, 0], [300, 65535]]),
        (2, (1, 2, 3, 400, 500, 600), (), [[1, 2, 3], [400, 500, 600]]),
        (2, (1, 2, 3, 400, 500, 600), (1, 2, 3), [[1, 2, 3, 0], [400, 500, 600, 65535]]),
        (4, (1, 2, 300, 400), (), [[1, 2], [300, 400]]),
        (6, (1, 2, 3, 4, 500, 600, 700, 800), (), [[1, 2, 3, 4], [500, 600, 700, 800]]),
    ],
)
def test_16_bit_color_and_alpha_png(color_type, samples, transparency, expected):
    rows = b"\0" + struct.pack(f">{len(samples)}H", *samples)
    content = png(16, color_type, 2, 1, rows, struct.pack(f">{len(transparency)}H", *transparency))
    image = check_probe(content)
    assert image.dtype == np.uint16 and image.tolist() == [expected]


def test_16_bit_color_tiff_is_not_flattened():
    tags = [(256, 3, 1), (257, 3, 1), (258, 3, 122), (259, 3, 1), (262, 3, 2), (273, 4, 128), (277, 3, 3), (278, 3, 1), (279, 4, 6)]
    entries = b"".join(struct.pack("<HHII", t, k, 3 if t == 258 else 1, v) for t, k, v in tags)
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + struct.pack("<6H", 16, 16, 16, 1, 2, 3)
    image = check_probe(content)
    assert image.dtype == np.uint16 and image.tolist() == [[[1, 2, 3]]]


def test_cmyk_jpeg_as_adobe_writes_it():
    red = pil_bytes(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert b"Adobe" in red
    image = check_probe(red)
    assert image.shape == (16, 16, 3) and np.abs(image[0, 0].astype(int) - [255, 0, 0]).max() <= 3


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (3, 2), color) for color in ("red", "lime")]
    for form, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
        image = check_probe(pil_bytes(frames[0], form, save_all=True, append_images=frames[1:], **options))
        assert image.shape[:2] == (2, 3) and (image[..., :3] == [255, 0, 0]).all(), form


@pytest.mark.parametrize(
    "place, value, says",
    [(4, 12, "JPEG of 12 bits"), (1, 0xC3, "lossless JPEG"), (1, 0xF7, "JPEG-LS"), (1, 0xC5, "hierarchical JPEG"), (9, 2, "of 2 channels")],
)
def test_kinds_of_jpeg_that_no_reader_knows(place, value, says):
    content = bytearray(pil_bytes(Image.new("RGB", (16, 16)), "JPEG"))
    content[content.index(b"\xff\xc0") + place] = value
    with pytest.raises(UnreadableImage, match=f"^.*{says}: not supported; save it as PNG"):
        images.decode(bytes(content))


def test_what_pillow_does_not_support_is_not_called_damaged_alone():
    content = bytearray(pil_bytes(Image.new("RGB", (16, 16)), "BMP"))
    content[30] = 4  # JPEG inside a BMP
    with pytest.raises(UnreadableImage, match="^not supported, or damaged: Unsupported BMP compression"):
        images.decode(bytes(content))


def test_webp_and_one_pixel_and_bytes_or_path(tmp_path):
    assert check_probe(pil_bytes(Image.new("RGBA", (1, 1), (1, 2, 3, 77)), "WEBP", lossless=True)).tolist() == [[[1, 2, 3, 77]]]
    path = tmp_path / "picture.JPG"
    path.write_bytes(pil_bytes(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"))  # the content counts, not the ending
    assert images.decode(path).tolist() == [[[9, 8, 7]]]
    assert images.probe(path) == images.ImageInfo(1, 1, 3, "uint8", False)


@pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "form, options",
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("BMP", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_truncated_files_are_unreadable(form, options):
    content = pil_bytes(Image.fromarray(smooth_photo()), form, **options)
    images.decode(content)
    for share in (0.01, 0.2, 0.5, 0.9):
        with pytest.raises(UnreadableImage):
            images.decode(content[: int(len(content) * share)])


def test_a_jpeg_filled_up_with_zeros_is_no_half_picture():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = pil_bytes(Image.fromarray(noise), "JPEG")
    half = content[: len(content) // 2].ljust(len(content), b"\0")  # what a broken download leaves in a file of reserved size
    assert Image.open(io.BytesIO(half)).convert("RGB").size == (64, 64)  # Pillow alone does not mind
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(half)


def test_damaged_16_bit_color():
    content = bytearray(images.encode(np.arange(300, dtype=np.uint16).reshape(10, 10, 3) * 200, "png"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(UnreadableImage, match="damaged"):
        images.decode(bytes(content))


def test_not_images(tmp_path):
    text, empty = tmp_path / "text.jpg", tmp_path / "empty.png"
    text.write_text("not a picture at all")
    empty.touch()
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="not an image"):
            read(text)
        with pytest.raises(UnreadableImage, match="empty"):
            read(empty)
        with pytest.raises(UnreadableImage, match="empty"):
            read(b"")
        with pytest.raises(ReadFailed, match="nowhere.png cannot be read: No such file"):
            read(tmp_path / "nowhere.png")


def test_probe_reads_the_header_alone():
    exif = Image.Exif()
    exif[274] = 6
    for form in ("JPEG", "PNG", "BMP", "TIFF"):
        content = pil_bytes(Image.fromarray(smooth_photo(50, 60)), form, exif=exif)
        info = images.probe(content[: len(content) * 3 // 4])
        assert sorted([info.height, info.width]) == [50, 60] and info.channels == 3


def test_size_limit():
    cure = "takes 1.1 GB of memory, and 1 GB are allowed: make it smaller, or allow more with TFGAN_IMAGE_MEMORY=1.5"
    with pytest.raises(UnreadableImage, match=f"^with 16385×16384 pixels it {cure}$"):
        images.probe(png(8, 0, 2**14, 2**14 + 1, b""))
    with pytest.raises(UnreadableImage, match="it claims more than 2,147 megapixels"):
        images.probe(png(8, 0, 2**16, 2**16, b""))
    assert images.probe(png(8, 0, 2**14, 2**14, b"\0")).width == 2**14  # beyond Pillow's own limit


def test_convert_alpha():
    image = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [0, 100, 200, 51]]], np.uint8)
    # 51 of 255 is a fifth: 0.2 * color + 0.8 * 255
    assert images.convert(image, 3, "uint8").tolist() == [[[255, 255, 255], [10, 20, 30], [204, 224, 244]]]
    assert images.convert(np.array([[[1, 128]]], np.uint8), 1, "uint8").item() == 128  # (128 + 127 * 255) / 255 = 127.502
    assert images.convert(image, 3, "uint8", alpha="drop").tolist() == image[..., :3].tolist()
    assert images.convert(image, 4, "uint8", alpha="keep").tolist() == image.tolist()
    assert images.convert(image, 4, "uint8")[0, 2].tolist() == [204, 224, 244, 255]
    assert images.convert(image, 3, "uint8", alpha="keep")[0, 0].tolist() == [255, 255, 255]
    deep = image.astype(np.uint16) * 257
    assert images.convert(deep, 3, "uint16")[0, 2].tolist() == [204 * 257, 224 * 257, 244 * 257]
    gray = np.array([[[100, 51]]], np.uint8)
    assert images.convert(gray, 3, "uint8").tolist() == [[[224, 224, 224]]]
    assert images.convert(gray, 4, "uint8", alpha="keep").tolist() == [[[100, 100, 100, 51]]]


def test_convert_color():
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [1, 2, 3]]], np.uint8)
    assert images.convert(image, 1, "uint8")[0, :, 0].tolist() == [76, 150, 29, 255, 2]  # 0.299, 0.587, 0.114
    noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    assert (images.convert(noise, 1, "uint8")[..., 0] == np.asarray(Image.fromarray(noise).convert("L"))).all()
    assert images.convert(image.astype(np.uint16) * 257, 1, "uint16")[0, :4, 0].tolist() == [19595, 38469, 7471, 65535]
    assert images.convert(np.array([[[7]]], np.uint8), 3, "uint8").tolist() == [[[7, 7, 7]]]
    assert images.convert(np.array([[[7]]], np.uint8), 2, "uint8", alpha="keep").tolist() == [[[7, 255]]]
    assert images.convert(image, 3, "uint8") is image


def test_convert_depth():
    eight = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    deep = images.convert(eight, 1, "uint16")
    assert deep.dtype == np.uint16 and deep[15, 15, 0] == 65535 and deep[0, 1, 0] == 257
    assert (images.convert(deep, 1, "uint8") == eight).all()
    rounded = images.convert(np.array([[[128], [129], [385], [386], [65535]]], np.uint16), 1, "uint8")
    assert rounded.dtype == np.uint8 and rounded[0, :, 0].tolist() == [0, 1, 1, 2, 255]


def test_resize_leaves_equal_sizes_alone():
    image = smooth_photo(4, 6)
    assert images.resize(image, (4, 6), "bicubic") is image
    assert images.resize(image, (6, 4), "bicubic").shape == (6, 4, 3)


def test_resize_bicubic_by_hand():
    # Halving widens the a = -0.5 cubic to twice its width. Its weights at distances 0.25, 0.75, 1.25, 1.75 (in output pixels) are
    # 0.8671875, 0.2265625, -0.0703125, -0.0234375, and sum to 1 on each side. Input pixel 6 (center 6.5) is 0.25 from output pixel 3
    # (center 7), 0.75 from 2, 1.25 from 4 and 1.75 from 1; the two negative results are clipped, not wrapped.
    row = np.zeros((1, 16, 1), np.uint8)
    row[0, 6] = 200
    assert images.resize(row, (1, 8), "bicubic")[0, :, 0].tolist() == [0, 0, 23, 87, 0, 0, 0, 0]
    deep = images.resize(row.astype(np.uint16) * 200, (1, 8), "bicubic")
    assert deep.dtype == np.uint16
    assert deep[0, :, 0].tolist() == [0, 0, 4531, 17344, 0, 0, 0, 0]  # 20000 * 0.2265625 = 4531.25, 20000 * 0.8671875 = 17343.75


def test_resize_antialiases():
    stripes = np.tile(np.array([0, 255], np.uint8), (16, 8))[..., None]
    small = images.resize(stripes, (4, 4), "bicubic")
    assert np.abs(small.astype(int) - 128).max() < 30  # picking pixels would give 0 or 255


def test_resize_16_bit_keeps_16_bit_detail_and_agrees_with_8_bit():
    image = smooth_photo(20, 30)
    eight = images.resize(image, (7, 9), "bicubic").astype(int)
    deep = images.resize(image.astype(np.uint16) * 257, (7, 9), "bicubic")
    assert np.abs(deep / 257 - eight).max() <= 1
    assert len(np.unique(deep % 257)) > 10
    flat = np.full((5, 5, 1), 40001, np.uint16)
    assert (images.resize(flat, (3, 8), "bicubic") == 40001).all()


@pytest.mark.parametrize("dtype, scale", [(np.uint8, 1), (np.uint16, 257)])
@pytest.mark.parametrize("channels", [2, 4])
def test_resize_does_not_bleed_hidden_colors(dtype, scale, channels):
    image = np.zeros((2, 8, channels), dtype)
    image[:, :4] = 200 * scale
    image[:, :4, -1] = 255 * scale  # left: opaque 200; right: transparent black
    small = images.resize(image, (1, 4), "bicubic")
    seen = small[..., -1] > 30 * scale
    # Bleeding would darken the edge to 186. Pillow's 8 bits clip the filter's overshoot in opacity but not in color: 203.
    assert seen.sum() == 2 and np.abs(small[seen][:, :-1].astype(int) - 200 * scale).max() <= 3 * scale


def test_resize_nearest_keeps_values():
    ids = np.array([[0, 1], [70000, -1]], np.int32)
    assert images.resize(ids, (4, 4), "nearest").tolist() == ids.repeat(2, 0).repeat(2, 1).tolist()
    with pytest.raises(ValueError, match="nearest"):
        images.resize(ids, (4, 4), "bicubic")
    for image in (smooth_photo(4, 4), smooth_photo(4, 4).astype(np.uint16) * 257):
        assert (images.resize(image, (8, 8), "nearest") == image.repeat(2, 0).repeat(2, 1)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_round_trip(channels, dtype, tmp_path):
    image = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (5, 7, channels), dtype, endpoint=True)
    images.save(tmp_path / "new" / "a.PNG", image)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.PNG"]
    back = images.decode(tmp_path / "new" / "a.PNG")
    assert back.dtype == dtype and (back == image).all()


@pytest.mark.parametrize("extension", images.WRITTEN)
def test_every_extension_can_be_written_and_read(extension):
    image = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    back = images.decode(images.encode(image, f".{extension}"))
    assert back.shape == image.shape and np.abs(back.astype(int) - image).max() <= 3
    for channels in (1, 2, 4):
        assert images.probe(images.encode(np.full((2, 2, channels), 255, np.uint8), extension)).height == 2


def test_jpeg_quality_and_alpha():
    image = smooth_photo()
    assert images.encode(image, "jpg") == pil_bytes(Image.fromarray(image), "JPEG", quality=95)
    transparent = np.zeros((16, 16, 4), np.uint8)
    for extension in ("jpg", "bmp", "gif"):
        assert images.decode(images.encode(transparent, extension)).min() >= 254


def test_16_bit_into_a_format_without_room():
    for extension in ("jpg", "bmp", "webp", "gif"):
        with pytest.raises(UserError, match="16-bit gray.*--format=png"):
            images.encode(np.zeros((2, 2, 1), np.uint16), extension)
    assert (images.decode(images.encode(RAMP16[..., None], "tif"))[..., 0] == RAMP16).all()


def test_other_refusals_of_encode():
    with pytest.raises(UserError, match="'xyz'; use one of jpg"):
        images.encode(np.zeros((2, 2, 1), np.uint8), "xyz")
    with pytest.raises(UserError, match="1×20000.*--format=png"):  # WebP's sides end at 16383
        images.encode(np.zeros((1, 20000, 3), np.uint8), "webp")


def test_import_does_not_bring_tensorflow():
    code = "import sys; import tfgan.data.reading.images, tfgan.data.folders.layout; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
