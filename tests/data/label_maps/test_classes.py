"""Classes that are found in label maps, and what is said of maps that do not fit."""

import io

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig
from tfgan.data.label_maps.classes import distinct_colors, find_classes
from tfgan.data.label_maps.maps import pack, read_map, unpack
from tfgan.data.label_maps.palettes import CMP_CLASSES as CLASSES
from tfgan.data.label_maps.palettes import CMP_PALETTE as PALETTE
from tfgan.errors import UserError


def gray(*rows, dtype=np.uint8):
    return np.array(rows, dtype)[..., None]


def colors(*values):
    """A map with a square of 8×8 pixels of each color."""
    return unpack(np.array(values)[None]).astype(np.uint8).repeat(8, 0).repeat(8, 1)


def indexed(rows, palette) -> bytes:
    image = Image.fromarray(np.array(rows, np.uint8))
    image.putpalette(palette)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def jpeg(pixels) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(content, "JPEG", quality=90)
    return content.getvalue()


def find(*sources, ending="png", **settings):
    maps = [(f"{number}.{ending}", lambda coding, source=source: read_map(source, coding)) for number, source in enumerate(sources)]
    return find_classes(maps, DataConfig(**settings))


def test_ids_are_compacted_over_all_maps(capsys):
    found = find(gray([1, 1, 4, 4]), gray([2, 9, 4, 255]))
    assert found.coding == "ids" and found.values == (1, 2, 4, 9) and found.ignored == 255
    assert found.names == ("class 1", "class 2", "class 4", "class 9") and found.colors == distinct_colors(4)
    said = capsys.readouterr().out
    assert "the ids 0, 3, 5, 6, 7, 8 do not occur; the 4 others became classes 0 to 3" in said
    assert "Labels: 4 classes (class 1, class 2, class 4, class 9), 12.5 % of the pixels ignored (id 255; --ignore_label=-1 " in said


def test_ids_of_16_bits_and_ids_in_rgb():
    assert find(gray([1000, 26001, 255], dtype=np.uint16)).values == (1000, 26001)
    assert find(colors(0x010101, 0x020202), gray([3])).values == (1, 2, 3)
    assert find(colors(0x010101, 0x020202)).coding == "ids"


def test_a_mask_of_0_and_255_has_two_classes(capsys):
    for settings in ({}, {"ignore_label": -1}, {"label_names": ("no", "yes")}):
        found = find(gray([0, 255, 0]), **settings)
        assert found.values == (0, 255) and found.ignored == -1
        assert "mask of two classes" in capsys.readouterr().out
    assert found.names == ("no", "yes")
    assert find(gray([0, 1, 255]), ignore_label=-1).values == (0, 1, 255)


def test_named_ids_keep_their_place():
    found = find(gray([0, 2, 255]), label_names=("sky", "road", "car"))
    assert found.values == (0, 1, 2) and found.names == ("sky", "road", "car") and found.ignored == 255
    assert find(gray([0, 1, 2]), label_names=("sky", "road"), ignore_label=0).values == (1, 2)
    assert find(gray([0, 1]), label_palette=("ff0000", "00FF00")).colors == ("#ff0000", "#00ff00")


def test_ids_outside_the_named_classes_are_listed():
    with pytest.raises(UserError, match=r"outside the 2 named classes \(0 to 1\)") as error:
        find(gray([0, 1]), gray([1, 5, 5]), gray([5, 9, 0]), label_names=("sky", "road"))
    assert "5: 3 pixels, first in 1.png\n  9: 1 pixels, first in 2.png" in str(error.value) and "--ignore_label" in str(error.value)


def test_photos_instances_and_empty_maps_are_no_ids():
    with pytest.raises(UserError, match="299 different ids .0, 1, .*instances.*--direction"):
        find(gray(range(300), dtype=np.uint16))
    with pytest.raises(UserError, match="1 different ids .4.: one class is not enough"):
        find(gray([4, 4, 255]))


def test_ids_in_jpeg_files_are_refused_but_areas_are_found():
    mask = gray([0, 255], [255, 0]).repeat(32, 0).repeat(32, 1)
    assert len(np.unique(read_map(jpeg(mask)).values)) == 2  # blocks of 8×8 pixels leave nothing to blur
    mask = np.roll(mask, (3, 3), (0, 1))
    assert len(np.unique(read_map(jpeg(mask)).values)) > 2
    found = find(jpeg(mask), ending="jpg")
    assert found.coding == "colors" and found.values == (0, 0xFFFFFF)
    with pytest.raises(UserError, match="0.JPG: JPEG blurs.*--label_coding=colors"):
        find(jpeg(mask), ending="JPG", label_coding="ids")


def test_palettes_give_indices_and_colors():
    palette = [10, 20, 30, 1, 2, 3, 200, 100, 50]
    found = find(indexed([[0, 2, 255]], palette + [0] * 759), indexed([[2, 2]], palette))
    assert found.coding == "palette" and found.values == (0, 2) and found.ignored == 255
    assert found.colors == ("#0a141e", "#c86432")
    same = find(indexed([[0, 1]], [9, 9, 9, 9, 9, 9]))
    assert same.values == (0, 1) and same.colors == distinct_colors(2)


def test_palettes_that_differ_mean_their_colors(capsys):
    found = find(indexed([[0, 1]], [255, 0, 0, 0, 255, 0]), indexed([[0, 1]], [0, 255, 0, 255, 0, 0]))
    assert found.coding == "colors" and found.values == (0x00FF00, 0xFF0000)
    assert "palettes of the files differ" in capsys.readouterr().out


def test_mixed_codings_are_refused():
    with pytest.raises(UserError, match="colors as in 1.png, ids as in 0.png; --label_coding=colors"):
        find(gray([1, 2]), colors(0xFF0000, 0x00FF00))
    with pytest.raises(UserError, match="ids as in 1.png, palette as in 0.png"):
        find(indexed([[0, 1]], [255, 0, 0, 0, 255, 0]), gray([1, 2]))
    assert find(gray([1, 2]), colors(0xFF0000), label_coding="colors").values == (0x010101, 0x020202, 0xFF0000)


def test_colors_of_lossless_maps_are_exact():
    found = find(colors(0x000046, 0x00005A), colors(0x000047, 0x804080))
    assert found.coding == "colors" and found.values == (0x000046, 0x000047, 0x00005A, 0x804080)
    assert found.colors == found.names == ("#000046", "#000047", "#00005a", "#804080") and found.ignored == -1
    assert find(colors(1, 2), label_coding="colors", label_names=("one", "two")).names == ("one", "two")


def blurred(seed, count=12):
    """A map of random rectangles in CMP's colors, as JPEG blurs it; most pixels lie at edges."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((96, 96), int)
    for kind in rng.permutation(count).repeat(2):
        top, left = rng.integers(0, 80, 2)
        picture[top : top + rng.integers(10, 30), left : left + rng.integers(10, 30)] = kind
    return jpeg(PALETTE[picture])


def test_colors_of_jpeg_maps_are_found():
    found = find(*map(blurred, range(10)), ending="jpg")
    values = np.array(found.values)
    assert list(values) == sorted(values)
    distances = np.linalg.norm(unpack(values)[:, None].astype(float) - PALETTE, axis=-1)
    assert sorted(distances.argmin(1)) == list(range(12)) and distances.min(1).max() < 8
    assert find(*map(blurred, range(10)), ending="").values == found.values  # more than 255 colors tell it as well


def test_specks_are_no_classes():
    rng = np.random.default_rng(0)
    stripes = unpack(np.array([[0xA00000, 0x00A000, 0x0000A0]])).repeat(300, 0).repeat(100, 1) + rng.integers(4, 9, (300, 300, 3))
    for size, count in ((3, 3), (5, 4)):  # 1 and 9 pixels of a speck have no other color beside them: 0.001 % and 0.01 % of the map
        stripes[50 : 50 + size, 50 : 50 + size] = 200
        assert len(find(stripes.astype(np.uint8)).values) == count


def test_a_photo_has_no_classes():
    noise = np.random.default_rng(0).normal(0, 1, (64, 64, 3))
    x, y = np.mgrid[:64, :64]
    photo = np.clip(np.stack([2 * x, 128 + y, 2 * (x + y)], -1) + noise, 0, 255).astype(np.uint8)
    with pytest.raises(UserError, match="shade into each other, as in a photo.*--direction"):
        find(photo)
    with pytest.raises(UserError, match="1 different colors"):
        find(colors(0xFF0000))


def test_a_given_palette_needs_no_discovery():
    found = find(blurred(0), label_palette=("facades",), ending="jpg")
    assert found.values == tuple(pack(PALETTE).tolist()) and found.names == CLASSES
    named = find(colors(0xFF0000), label_palette=("ff0000", "#0000FF"), label_names=("sky", "road"))
    assert named.values == (0xFF0000, 0x0000FF) and named.names == ("sky", "road")


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"label_palette": ("facade",)}, "=facade is unknown; write RRGGBB,RRGGBB,… or facades.*Did you mean facades"),
        ({"label_palette": ("ff0000", "00ff0g")}, "'00ff0g' is not a color"),
        ({"label_palette": ("ff0000", "FF0000")}, "two classes have one color"),
        ({"label_palette": ("ff0000", "00ff00"), "label_names": ("one",)}, "2 colors, --label_names 1 names"),
        ({"label_names": ("one",)}, "one class is not enough"),
        ({"label_names": ("one",) * 256}, "256 classes are too many"),
        ({"label_names": ("one", "two", "three")}, "have 2 classes, but there are 3 names.*colors: #00ff00, #ff0000"),
        ({"label_coding": "palette"}, "no label map can be read. 0.png: .*no file with a palette"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=message):
        find(colors(0xFF0000, 0x00FF00), **settings)


def test_unreadable_maps_are_passed_over():
    assert find(b"no picture", gray([0, 1])).values == (0, 1)
    with pytest.raises(UserError, match="no label map can be read. 0.png: not an image"):
        find(b"no picture")
    with pytest.raises(UserError, match="There is none"):
        find()


def test_distinct_colors_are_those_of_pascal_voc():
    found = distinct_colors(255)
    assert found[:4] == ("#800000", "#008000", "#808000", "#000080") and found[14] == "#c08080" and found[-1] == "#e0e0c0"
    assert len(set(found)) == 255 and distinct_colors(3) == found[:3]
