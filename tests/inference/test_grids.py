import numpy as np
import pytest
from PIL import ImageFont

from tfgan.inference.grids import GAP, TITLE_HEIGHT, grid, to_rgb


def constant(value, size=40, channels=3):
    return np.full((size, size, channels), value, np.float32)


def test_columns_and_rows_stand_where_they_belong():
    picture = grid({"a": [constant(-1), constant(0)], "b": [constant(1, channels=1), constant(0.5, channels=1)]})
    assert picture.shape == (TITLE_HEIGHT + 2 * (40 + GAP), 3 * GAP + 2 * 40, 3) and picture.dtype == np.uint8
    for row, column, value in [(0, 0, 0), (1, 0, 128), (0, 1, 255), (1, 1, 191)]:
        top, left = TITLE_HEIGHT + row * (40 + GAP), GAP + column * (40 + GAP)
        assert (picture[top : top + 40, left : left + 40] == value).all()


@pytest.mark.parametrize("titles", [("photo", "a label map of façades", "generated a label map of façades"), ("x", "y", "z")])
def test_titles_are_whole_and_apart(titles):
    picture = grid({title: [constant(1, 16)] for title in titles})
    inked = (picture[:TITLE_HEIGHT] < 128).any(axis=(0, 2))
    left = GAP
    for title in titles:
        width = max(16, int(np.ceil(ImageFont.load_default(13).getlength(title))))
        assert inked[left : left + width].any() and not inked[left + width : left + width + GAP].any()
        left += width + GAP
    assert left == picture.shape[1]


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 128, 255]), (4, [0, 128, 255])])
def test_any_number_of_channels_is_shown_as_rgb(channels, shown):
    image = np.array([-1, 0, 1, 1], np.float32)[:channels].reshape(1, 1, channels)
    assert to_rgb(image)[0, 0].tolist() == shown


def test_values_are_rounded_and_clipped():
    assert to_rgb(np.array([-3, 99.6 / 127.5 - 1, 2], np.float32).reshape(1, 1, 3))[0, 0].tolist() == [0, 100, 255]
