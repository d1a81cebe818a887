"""Images as programs give them: whatever NumPy takes for an array, PIL images, files."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.config import Classes, Domain
from tfgan.errors import UserError
from tfgan.inference.arrays import as_images

RGB = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
FLOATS = (RGB / 127.5 - 1).astype(np.float32)
PHOTO, GRAY, SCAN = Domain("photo", 3), Domain("mask", 1), Domain("scan", 1, "uint16")
LABELS = Domain("labels", 1, "int32", "nearest", Classes("ids", (0, 1), ("#000000", "#ff0000"), ("wall", "door")))


class ArrayLike:
    """An array of another library: it says by `__array__` what it holds."""

    def __init__(self, values, error=None):
        self.values, self.error = values, error

    def __array__(self, dtype=None, copy=None):
        if self.error:
            raise self.error
        return self.values


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "given, domain, expected",
    [
        (RGB.tolist(), PHOTO, RGB),
        (tuple(map(tuple, RGB.tolist())), PHOTO, RGB),
        (RGB.astype(np.int64), PHOTO, RGB),
        (tf.constant(RGB), PHOTO, RGB),
        (tf.constant(RGB.tolist()), PHOTO, RGB),
        (tf.Variable(FLOATS), PHOTO, FLOATS),
        (keras.Variable(FLOATS), PHOTO, FLOATS),
        (keras.ops.convert_to_tensor(FLOATS), PHOTO, FLOATS),
        (FLOATS.astype(np.float64), PHOTO, FLOATS),
        (tf.cast(FLOATS, tf.bfloat16), PHOTO, tf.cast(tf.cast(FLOATS, tf.bfloat16), tf.float32).numpy()),
        (FLOATS.astype(np.float16), PHOTO, FLOATS.astype(np.float16).astype(np.float32)),
        (ArrayLike(RGB), PHOTO, RGB),
        (read_only(RGB), PHOTO, RGB),
        (RGB[::-1, ::-2], PHOTO, RGB[::-1, ::-2].copy()),
        (np.asfortranarray(RGB), PHOTO, RGB),
        (RGB.transpose(1, 0, 2), PHOTO, RGB.transpose(1, 0, 2).copy()),
        (RGB[..., 0], GRAY, RGB[..., :1]),
        (RGB[..., 0].tolist(), GRAY, RGB[..., :1]),
        ((RGB[..., :1] * np.uint16(257)).astype(">u2"), SCAN, RGB[..., :1] * np.uint16(257)),
        (Image.fromarray(RGB), PHOTO, RGB),
        (Image.fromarray(RGB[..., 0]), PHOTO, RGB[..., [0, 0, 0]]),
        (Image.fromarray(RGB[..., 0]).convert("LA"), PHOTO, RGB[..., [0, 0, 0]]),
        (Image.fromarray(RGB).convert("RGBA"), PHOTO, RGB),
        (Image.fromarray(RGB[..., 0] * np.uint16(257)), SCAN, RGB[..., :1] * np.uint16(257)),
        (Image.fromarray(RGB[..., 0] * np.uint16(257)), PHOTO, RGB[..., [0, 0, 0]]),
        (Image.fromarray(RGB[..., 0] > 99), GRAY, np.uint8(255) * (RGB[..., :1] > 99)),
        (Image.fromarray(RGB // 128).quantize(), PHOTO, RGB // 128),
        (tf.constant([[0, 1], [-1, 0]], tf.int64), LABELS, np.int32([[0, 1], [-1, 0]])),
        ([[0, 1], [-1, 0]], LABELS, np.int32([[0, 1], [-1, 0]])),
    ],
)
def test_whatever_is_an_image_is_taken(given, domain, expected):
    found = as_images(given, domain, "composite")
    assert not found.batched and len(found.images) == 1 and found.pictures == isinstance(given, Image.Image)
    assert found.images[0].dtype == expected.dtype
    np.testing.assert_array_equal(found.images[0], expected)


@pytest.mark.parametrize(
    "given", [[RGB, RGB + 1], (tf.constant(RGB), RGB + 1), np.stack([RGB, RGB + 1]), [RGB.tolist(), (RGB + 1).tolist()]]
)
def test_batches(given):
    found = as_images(given, PHOTO, "composite")
    assert found.batched and not found.pictures
    np.testing.assert_array_equal(found.images, [RGB, RGB + 1])


def test_pictures_come_in_lists_too(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png")
    small = RGB[:2]
    found = as_images([tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(small)], PHOTO, "composite")
    assert [image.shape for image in found.images] == [(4, 5, 3), (4, 5, 3), (2, 5, 3)]
    back = found.back(found.images, PHOTO)
    np.testing.assert_array_equal(np.asarray(back[2]), small)


def test_a_picture_is_turned_as_its_file_is(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    (from_file,), (from_picture,) = (
        as_images(given, PHOTO, "composite").images for given in (tmp_path / "a.png", Image.open(tmp_path / "a.png"))
    )
    assert from_file.shape == (5, 4, 3)
    np.testing.assert_array_equal(from_picture, from_file)


@pytest.mark.parametrize(
    "given, domain, message",
    [
        (RGB.astype(int) - 300, PHOTO, "pixels from 0 to 255, but these are in"),
        (RGB.astype(int) + 300, PHOTO, "pixels from 0 to 255, but these are in"),
        (RGB > 99, PHOTO, "images are bool; photo has uint8 pixels"),
        (RGB * 1j, PHOTO, "complex128"),
        (FLOATS * np.nan, PHOTO, "not finite"),
        (np.where(FLOATS < 0, -np.inf, FLOATS), PHOTO, "not finite"),
        (np.zeros((4, 4, 4), np.uint8), PHOTO, r"photo has 3 channel\(s\), but an image has 4: leave the transparency out"),
        (np.zeros((4, 4, 1), np.uint8), PHOTO, r"photo has 3 channel\(s\), but an image has 1"),
        (RGB, GRAY, r"mask has 1 channel\(s\), but an image has 3"),
        (RGB[..., 0], PHOTO, "the shape 4×5; give H×W×C or N×H×W×C, where photo has C = 3"),
        (RGB[None, None], PHOTO, "the shape 1×1×4×5×3"),
        (np.zeros((0, 4, 4, 3), np.uint8), PHOTO, "0×4×4×3, which holds no pixel"),
        ([], PHOTO, "the shape 0"),
        ([RGB, RGB[:2]], PHOTO, "cannot be read as an array"),
        (ArrayLike(RGB, TypeError("on another device")), PHOTO, "cannot be read as an array .ArrayLike.: on another device"),
        (keras.Input((4, 4, 3)), PHOTO, "cannot be read as an array .KerasTensor."),
        (None, PHOTO, "given as NoneType"),
        (b"a.png", PHOTO, "given as bytes"),
        ({"image": RGB}, PHOTO, "given as dict"),
        (Image.fromarray(FLOATS[..., 0]), PHOTO, "mode F"),
        ([[0, 2]], LABELS, "whole numbers from 0 to 1, and -1 for none"),
        ([[0, -2]], LABELS, "whole numbers from 0 to 1, and -1 for none"),
        ([[0.0, -1.0]], LABELS, "whole numbers from 0 to 1, and -1 for none"),
    ],
)
def test_what_is_no_image_is_refused_by_name(given, domain, message):
    with pytest.raises(UserError, match=message):
        as_images(given, domain, "composite")
