"""Where the images of sample pictures stand: as the file says, and in pictures of earlier versions, which say nothing."""

import json
import math

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from reported_run import CONFIG, write_run

from tfgan.data.reading import images
from tfgan.evaluation.report.page import make_record
from tfgan.evaluation.report.places import places
from tfgan.evaluation.report.records import read_run
from tfgan.inference.grids import Strip, draw, lay_out


def draw_as_before(path, titles, rows, size):
    """A picture as earlier versions drew it: images of one color each, which tells row and column, in their own size."""
    height, width = size
    font = ImageFont.load_default(13)
    widths = [max(width, math.ceil(font.getlength(title))) for title in titles]
    canvas = Image.new("RGB", (sum(widths) + 8 * (len(widths) + 1), 22 + rows * (height + 8)), "white")
    pen, left = ImageDraw.Draw(canvas), 8
    for number, (title, column_width) in enumerate(zip(titles, widths)):
        pen.text((left, 4), title, "black", font)
        for row in range(rows):
            top = 22 + row * (height + 8)
            canvas.paste((10 * number, 10 * row, 200), (left, top, left + width, top + height))
        left += column_width + 8
    canvas.save(path)
    return canvas.size


def cut(path, found):
    """The colors of all images at the places that were found, columns of rows; each must have one color alone."""
    picture = np.asarray(Image.open(path))
    colors = []
    for column in found["columns"]:
        tops = [column["top"] + row * found["pitch"] for row in range(column["rows"])]
        cells = [picture[top : top + found["height"], column["left"] : column["left"] + found["width"]].reshape(-1, 3) for top in tops]
        assert all((cell == cell[0]).all() for cell in cells)
        colors.append([tuple(map(int, cell[0])) for cell in cells])
    return colors


PAIR = {"source": {"name": "labels"}, "target": {"name": "photo"}}
SEMANTIC = {"labels": {"name": "labels"}, "image": {"name": "photo"}}
IMAGE = {"image": {"name": "image"}}


@pytest.mark.parametrize(
    "spec, size, titles, made",
    [
        ({"domains": PAIR}, (256, 256), ["labels", "photo", "generated photo"], [2]),
        ({"domains": PAIR}, (16, 16), ["labels", "photo", "generated photo"], [2]),
        (
            {"domains": PAIR},
            (32, 64),
            ["labels", "labels to photo", "back to labels", "photo", "photo to labels", "back to photo"],
            [1, 2, 4, 5],
        ),
        ({"domains": SEMANTIC}, (64, 64), ["labels", "photo", "generated photo"], [2]),
        ({"domains": SEMANTIC}, (64, 64), ["labels", "photo", "photo's style", "random style 1", "random style 2"], [2, 3, 4]),
        ({"domains": IMAGE, "class_names": ["zero", "a long name"]}, (28, 28), ["zero", "a long name"], [0, 1]),
        ({"domains": IMAGE}, (28, 28), ["0", "1", "2"], [0, 1, 2]),
        ({"domains": IMAGE}, (64, 64), ["image", "reconstruction", "0", "1", "2"], [1, 2, 3, 4]),
        (
            {"domains": IMAGE, "attribute_names": ["red", "blue", "thick"], "attribute_groups": [["red", "blue"]]},
            (32, 32),
            ["input", "red", "blue", "thick flipped"],
            [1, 2, 3],
        ),
    ],
)
def test_pictures_of_earlier_versions_are_cut_up(tmp_path, spec, size, titles, made):
    drawn = draw_as_before(tmp_path / "a.png", titles, 3, size)
    found = places(tmp_path / "a.png", drawn, spec | {"image_size": list(size)})
    assert [column["title"] for column in found["columns"]] == titles
    assert [number for number, column in enumerate(found["columns"]) if column["made"]] == made
    assert cut(tmp_path / "a.png", found) == [[(10 * number, 10 * row, 200) for row in range(3)] for number in range(len(titles))]
    assert (found["width"], found["height"]) == size[::-1]


def test_pictures_of_a_run_that_grew_and_of_unknown_columns(tmp_path):
    drawn = draw_as_before(tmp_path / "a.png", ["0", "1"], 2, (8, 8))
    grown = places(tmp_path / "a.png", drawn, {"domains": IMAGE, "image_size": [32, 32]})
    assert (grown["width"], [column["title"] for column in grown["columns"]]) == (8, ["0", "1"])
    drawn = draw_as_before(tmp_path / "a.png", ["x", "y", "z", "own"], 2, (64, 64))
    own = places(tmp_path / "a.png", drawn, {"domains": PAIR, "image_size": [64, 64]})
    assert [(column["title"], column["made"]) for column in own["columns"]] == [
        *((f"column {n}", False) for n in (1, 2, 3)),
        ("column 4", True),
    ]
    assert cut(tmp_path / "a.png", own)[3] == [(30, 0, 200), (30, 10, 200)]


@pytest.mark.parametrize("spec", [None, {}, [], {"image_size": 3, "domains": {}}, {"image_size": [64, 64], "domains": {"source": 1}}])
def test_pictures_of_a_damaged_run_stay_whole(tmp_path, spec):
    drawn = draw_as_before(tmp_path / "a.png", ["x"], 2, (64, 64))
    assert places(tmp_path / "a.png", drawn, spec) is None


def present(path, **changes):
    strips = [Strip("labels", [np.zeros((16, 16, 3))] * 2), Strip("generated photo", [np.ones((16, 16, 3))] * 2, made=True)]
    geometry = lay_out(strips, "epoch 1")
    picture = draw(strips, geometry)
    images.save(path, picture, geometry._replace(**changes).to_text())
    return geometry, picture.shape[1::-1]


def test_present_pictures_say_where_their_images_are(tmp_path):
    geometry, size = present(tmp_path / "a.png")
    found = places(tmp_path / "a.png", size, CONFIG["spec"])
    assert found == json.loads(geometry.to_text())
    assert cut(tmp_path / "a.png", found) == [[(128, 128, 128)] * 2, [(255, 255, 255)] * 2]


def test_a_text_that_cannot_be_true_is_not_believed(tmp_path):
    _, size = present(tmp_path / "a.png", pitch=9_999)
    assert places(tmp_path / "a.png", size, CONFIG["spec"]) is None


def test_old_and_new_pictures_of_a_run_stand_side_by_side_in_its_report(tmp_path):
    """As of a run that an earlier version began and this one went on with."""
    folder = write_run(tmp_path / "a")
    for path in (folder / "samples").iterdir():
        path.unlink()
    draw_as_before(folder / "samples" / "epoch_0001.png", ["labels", "photo", "generated photo"], 4, (16, 16))
    present(folder / "samples" / "epoch_0002.png")
    old, new = make_record([read_run(folder)], 9)["samples"][0]
    assert old["places"]["columns"][2]["title"] == new["places"]["columns"][1]["title"] == "generated photo"
    assert (old["places"]["width"], new["places"]["width"]) == (16, 128)
