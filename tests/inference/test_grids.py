"""Pictures of several images: where they stand, how small ones are enlarged, and what is written above."""

import json

import numpy as np
import pytest
from cut_pictures import column
from PIL import Image

from tfgan.data.reading.columns import Column, Geometry
from tfgan.inference.grids import GAP, LEAST_CELL, Strip, draw, grid, lay_out, to_rgb
from tfgan.inference.lettering import UNKNOWN


def constant(value, size=200, channels=3):
    return np.full((size, size, channels), value, np.float32)


def test_columns_and_rows_stand_where_they_belong():
    strips = [Strip("a", [constant(-1), constant(0)]), Strip("b", [constant(1, channels=1), constant(0.5, channels=1)], made=True)]
    geometry = lay_out(strips)
    assert (geometry.width, geometry.height, geometry.pitch, geometry.factor) == (200, 200, 200 + GAP, 1)
    top = geometry.columns[0].top
    assert geometry.columns == (Column("a", GAP, top, 2), Column("b", 2 * GAP + 200, top, 2, made=True))
    picture = draw(strips, geometry)
    assert picture.shape == (top + 2 * (200 + GAP), 3 * GAP + 2 * 200, 3) and picture.dtype == np.uint8
    for title, values in (("a", [0, 128]), ("b", [255, 191])):
        assert [np.unique(image).tolist() for image in column(picture, geometry, title)] == [[value] for value in values]
    np.testing.assert_array_equal(grid({"a": strips[0].images, "b": strips[1].images})[top:], picture[top:])


@pytest.mark.parametrize("size, factor", [((8, 8), 16), ((28, 28), 5), ((100, 300), 2), ((128, 128), 1), ((256, 127), 2), ((512, 512), 1)])
def test_cells_have_128_pixels_at_least_and_repeat_each_pixel(size, factor):
    image = np.random.default_rng(0).uniform(-1, 1, (*size, 3)).astype(np.float32)
    strips = [Strip("a", [image])]
    geometry = lay_out(strips)
    assert geometry.factor == factor and min(geometry.width, geometry.height) >= LEAST_CELL == 128
    np.testing.assert_array_equal(column(draw(strips, geometry), geometry, "a")[0], to_rgb(image))


def test_the_caption_says_that_pixels_are_repeated():
    strips = [Strip(title, [constant(0, 32)]) for title in "abc"]
    assert lay_out(strips, "epoch 3").caption == "epoch 3 · each pixel is shown as 4×4"
    assert lay_out([Strip("a", [constant(0, 128)])], "epoch 3").caption == "epoch 3"


def inked(picture):
    return (picture < 128).any(axis=2)


LONG = "generated a label map of façades, seen from the other side of the street in the evening, without any people"


@pytest.mark.parametrize("titles", [("photo", "a label map", LONG), (LONG, LONG, LONG), ("x" * 99, "y", "under_scores_" * 9)])
def test_columns_are_even_and_titles_stay_above_their_own(titles):
    strips = [Strip(title, [constant(1, 16)] * 2, made=True) for title in titles]
    geometry = lay_out(strips)
    assert [column.left for column in geometry.columns] == [GAP, GAP + 136, GAP + 272] and len({c.top for c in geometry.columns}) == 1
    head = inked(draw(strips, geometry)[: geometry.columns[0].top])
    for place in geometry.columns:
        assert head[:, place.left : place.left + 128].any() and not head[:, place.left + 128 : place.left + 128 + GAP].any()


def test_a_title_is_drawn_and_a_shortened_one_ends_in_an_ellipsis():
    def head(title):
        strips = [Strip(title, [constant(1, 128)])]
        return inked(draw(strips, lay_out(strips)))[: lay_out(strips).columns[0].top]

    assert not head("").any() and head("photo").any() and (head("photo") != head("phota")).any()
    shortened, others = head(LONG), head(LONG[:-1] + "!")
    np.testing.assert_array_equal(shortened, others)  # what tells them apart has no room
    assert len(shortened) > len(head("photo"))  # two lines


def test_more_columns_than_fit_go_on_below_in_even_bands():
    strips = [Strip(str(number), [constant(number / 5 - 1, 128)]) for number in range(10)]
    geometry = lay_out(strips, across=4)
    assert [sum(c.top == top for c in geometry.columns) for top in sorted({c.top for c in geometry.columns})] == [4, 4, 2]
    picture = draw(strips, geometry)
    assert picture.shape[1] == 4 * (128 + GAP) + GAP
    assert [int(column(picture, geometry, str(number))[0][0, 0, 0]) for number in range(10)] == [
        int(to_rgb(strip.images[0])[0, 0, 0]) for strip in strips
    ]


@pytest.mark.parametrize("title", ["Привет", "Ελλάς", "façade", "עברית", "ψ = 0.5"])
def test_other_scripts_are_drawn(title, caplog):
    """Not as the box of a character that a font lacks, which all such titles would share."""
    caplog.set_level("INFO", "tfgan")
    drawn = grid({title: [constant(1)]})
    assert (drawn != grid({UNKNOWN * len(title): [constant(1)]})).any() and "No font here" not in caplog.text


def test_characters_that_no_font_has_are_named_and_the_column_gets_a_number(caplog):
    caplog.set_level("INFO", "tfgan")
    lacking = "\U00012000"  # cuneiform, of a font that no system brings
    drawn = grid({"a": [constant(1)], f"{lacking} b": [constant(1)]})
    np.testing.assert_array_equal(drawn, grid({"a": [constant(1)], f"1: {UNKNOWN} b": [constant(1)]}))
    assert lacking in caplog.text and "show □" in caplog.text


@pytest.mark.parametrize("title", ["two\nlines", "tab\there", "bell\a"])
def test_titles_with_control_characters_are_one_text(title):
    np.testing.assert_array_equal(grid({title: [constant(1)]}), grid({" ".join(title.replace("\a", "").split()): [constant(1)]}))


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 128, 255]), (4, [0, 128, 255])])
def test_any_number_of_channels_is_shown_as_rgb(channels, shown):
    image = np.array([-1, 0, 1, 1], np.float32)[:channels].reshape(1, 1, channels)
    assert to_rgb(image)[0, 0].tolist() == shown


def test_values_are_rounded_and_clipped():
    assert to_rgb(np.array([-3, 99.6 / 127.5 - 1, 2], np.float32).reshape(1, 1, 3))[0, 0].tolist() == [0, 100, 255]


def test_places_are_read_as_they_were_written():
    geometry = lay_out([Strip("ψ \"<b>'", [constant(0)], made=True), Strip("", [constant(0)])], "epoch 1")
    assert geometry.to_text().isascii() and Geometry.from_text(geometry.to_text()) == geometry
    picture = Image.fromarray(draw([Strip("", [constant(0)])] * 2, geometry))
    assert geometry.fits(*picture.size) and not geometry.fits(picture.width, geometry.columns[0].top + 199)
    assert not geometry.fits(geometry.columns[1].left + 199, picture.height)


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"factor": 1.5},
        {"caption": 3},
        {"columns": []},
        {"columns": 7},
        {"columns": [{"title": "a"}]},
        {"columns": [{"title": "a", "left": -1, "top": 0, "rows": 1, "made": True}]},
        {"columns": [{"title": "a", "left": 0, "top": 0, "rows": 1, "made": "yes"}]},
        {"more": 1},
    ],
)
def test_places_that_are_none_are_not_believed(change):
    whole = json.loads(lay_out([Strip("a", [constant(0)])]).to_text())
    assert Geometry.from_text(json.dumps(whole)) is not None
    assert Geometry.from_text(json.dumps(whole | change)) is None
    assert Geometry.from_text("[" * 99_999) is None and Geometry.from_text("3") is None
