"""Text inside image files: every format holds it, and no reader of the pixels minds."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.data.reading import images
from tfgan.data.reading.codecs.texts import with_comment
from tfgan.data.reading.comments import read_comment

TEXT = '{"tfgan": {"run": "fa\\u00e7ades", "step": 8}}'
KINDS = [(extension, channels, dtype) for extension in images.WRITTEN for channels in (1, 2, 3, 4) for dtype in ("uint8", "uint16")]
HELD = [kind for kind in KINDS if kind[2] == "uint8" or kind[0] == "png" or (kind[0].startswith("tif") and kind[1] == 1)]


def noise(channels, dtype):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (9, 7, channels), dtype)


@pytest.mark.parametrize(("extension", "channels", "dtype"), HELD)
def test_text_beside_the_pixels(tmp_path, extension, channels, dtype):
    image, file = noise(channels, dtype), tmp_path / f"a.{extension}"
    images.save(file, image, TEXT)
    assert read_comment(file) == TEXT
    info = images.probe(file)
    assert (info.height, info.width) == (9, 7)
    with_text = images.decode(file)
    images.save(file, image)
    assert read_comment(file) == ""
    np.testing.assert_array_equal(with_text, images.decode(file))


@pytest.mark.parametrize("extension", ["bmp", "gif", "jpg", "png"])
def test_tensorflow_reads_the_pixels(extension):
    plain, with_text = (
        tf.io.decode_image(images.encode(noise(3, "uint8"), extension, text), 3, expand_animations=False) for text in ("", TEXT)
    )
    np.testing.assert_array_equal(plain, with_text)


def test_png_files_hold_their_text_at_the_same_place_whoever_writes_them():
    image = noise(3, "uint8")
    assert images.encode(image, "png", TEXT) == with_comment(images.encode(image, "png"), "PNG", TEXT)


def test_what_holds_no_text(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    (tmp_path / "b.bmp").write_bytes(b"BM")
    assert [read_comment(tmp_path / name) for name in ("a.png", "b.bmp", "none.png")] == ["", "", ""]
