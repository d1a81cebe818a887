"""One rule says what images that belong together are, for data sets, arrays and folders that are compared."""

import numpy as np
import pytest

from tfgan.config import DataConfig
from tfgan.data.folders.domains import shared_pixels
from tfgan.data.own import from_arrays
from tfgan.data.reading.headers import ImageInfo


def picture(channels, dtype="uint8"):
    return ImageInfo(8, 8, channels, dtype, channels in (2, 4))


def bands(channels, dtype):
    return ImageInfo(8, 8, channels, dtype, False, bands=True)


@pytest.mark.parametrize(
    "infos, expected, deepest",
    [
        ([], (3, "uint8", False), "uint8"),
        ([picture(1), picture(1)], (1, "uint8", False), "uint8"),
        ([picture(1), picture(3)], (3, "uint8", False), "uint8"),
        ([picture(1, "uint16"), picture(3)], (3, "uint8", False), "uint16"),
        ([picture(1, "uint16"), picture(1, "uint16")], (1, "uint16", False), "uint16"),
        (
            [bands(6, "int16"), bands(6, "int16"), bands(2, "float32")],
            (6, "int16", True),
            "int16",
        ),  # the odd one is refused
        ([bands(2, "uint16"), bands(2, "int16")], (2, "int32", True), "int32"),
        ([picture(3), bands(3, "float32")], (3, "float32", True), "float32"),
    ],
)
def test_what_images_share(infos, expected, deepest):
    assert shared_pixels(infos) == expected
    assert shared_pixels(infos, deepest=True) == (expected[0], deepest, expected[2])


@pytest.mark.parametrize("channels, kept", [([3, 4], 4), ([1, 2], 4), ([1, 3], 3)])
def test_transparency_that_is_kept(channels, kept):
    infos = [picture(count) for count in channels]
    assert shared_pixels(infos, "keep")[0] == kept and shared_pixels(infos, "drop")[0] == (3 if max(channels) > 2 else 1)


@pytest.mark.parametrize("channels, dtype", [(1, "uint8"), (3, "uint16"), (4, "uint8"), (6, "int16"), (1, "float32")])
@pytest.mark.parametrize("alpha", ["keep", "composite"])
def test_arrays_are_what_files_of_them_would_be(channels, dtype, alpha):
    arrays = [np.zeros((8, 8, channels), dtype)] * 2
    (source,) = from_arrays({"image": arrays}, "images", DataConfig(alpha=alpha))
    plain = channels > 4 or dtype not in ("uint8", "uint16")
    info = bands(channels, dtype) if plain else picture(channels, dtype)
    domain = source.domains["image"]
    assert (domain.channels, domain.dtype, domain.bands) == shared_pixels([info], alpha)
