import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.inference.tiling import _ramp, _starts, translate_image
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation


def make_translator(function, channels=3, dtype="uint8", multiple=8):
    return Translator(Translation(function, Domain("a", channels, dtype), Domain("b", channels, dtype), multiple, multiple))


def random_image(height, width, channels=3, dtype="uint8"):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("size", [(100, 70), (20, 200), (65, 64), (200, 20)])
def test_a_network_that_copies_gives_the_image_back(size, dtype):
    image = random_image(*size, dtype=dtype)
    result = translate_image(make_translator(lambda x: x, dtype=dtype), image, tile=64, overlap=16)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, image)


@pytest.mark.parametrize(("size", "tile"), [((64, 30), 64), ((300, 200), 0)])
def test_small_images_and_tile_0_go_through_at_once(size, tile):
    calls = []
    translator = make_translator(lambda x: tf.py_function(lambda y: (calls.append(y.shape[1:3]), y)[1], [x], tf.float32), multiple=1)
    translate_image(translator, random_image(*size), tile=tile)
    assert calls == [size]


def test_tiles_are_no_larger_than_asked():
    calls = []
    translator = make_translator(lambda x: tf.py_function(lambda y: (calls.append(tuple(y.shape[1:3])), y)[1], [x], tf.float32), multiple=1)
    translate_image(translator, random_image(100, 40), tile=64, overlap=16)
    assert calls == [(64, 40), (64, 40)]


def test_seams_fade_from_one_tile_into_the_other():
    # The network paints each tile in the brightness of its first pixel: 0 in the left tile, 200 in the right one.
    image = np.zeros((8, 12, 1), np.uint8)
    image[:, 4:] = 200
    result = translate_image(make_translator(lambda x: tf.zeros_like(x) + x[:, :1, :1], channels=1), image, tile=8, overlap=4)
    # Pixels 4 to 7 are shared; the left tile's weights there are 4/4, 3/4, 2/4, 1/4, the right one's 1/4, 2/4, 3/4, 4/4.
    assert result[3, :, 0].tolist() == [0, 0, 0, 0, 40, 80, 120, 160, 200, 200, 200, 200]


@pytest.mark.parametrize("tile", [1, 2, 7, 16])
def test_overlap_is_at_most_half_a_tile(tile):
    image = random_image(18, 21)
    np.testing.assert_array_equal(translate_image(make_translator(lambda x: x), image, tile=tile), image)


def test_starts_by_hand():
    assert _starts(50, 64, 16) == [0]
    assert _starts(64, 64, 16) == [0]
    assert _starts(65, 64, 16) == [0, 1]
    assert _starts(112, 64, 16) == [0, 48]
    assert _starts(113, 64, 16) == [0, 24, 49]


@pytest.mark.parametrize("size", range(65, 400, 7))
def test_tiles_cover_the_image_and_share_the_overlap(size):
    starts = _starts(size, 64, 16)
    assert starts[0] == 0 and starts[-1] + 64 == size
    assert all(0 < second - first <= 64 - 16 for first, second in zip(starts, starts[1:]))


def test_ramp_by_hand():
    np.testing.assert_allclose(_ramp(6, 2), [0.5, 1, 1, 1, 1, 0.5])
    np.testing.assert_allclose(_ramp(3, 4), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(_ramp(2, 0), [1, 1])


def test_maps_go_through_in_tiles():
    labels = np.random.default_rng(0).integers(-1, 3, (20, 30)).astype(np.int32)
    signature = Translation(lambda x: tf.one_hot(x, 3) * 2.0 - 1.0, Domain("labels", 1, "int32"), Domain("photo", 3), 4, 4)
    result = translate_image(Translator(signature), labels, tile=8, overlap=4)
    np.testing.assert_array_equal(result, 255 * (labels[..., None] == np.arange(3)))


@pytest.mark.parametrize("tile", [0, 8])
def test_each_tile_has_the_images_conditions(tile):
    def function(x, weights):
        return x * weights[:, None, None]

    signature = Translation(function, Domain("a", 3), Domain("b", 3), 4, 4, conditions={"weights": 3})
    image = random_image(18, 11)
    result = translate_image(Translator(signature), image, {"weights": np.array([1.0, -1.0, 0.0])}, tile=tile, overlap=4)
    np.testing.assert_array_equal(result, np.stack([image[..., 0], 255 - image[..., 1], np.full((18, 11), 128)], axis=-1))
