"""Label maps of every coding, read to class indices and painted again."""

import io

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Classes, Domain
from tfgan.data.label_maps.maps import encode, is_flat, load, pack, paint, read_map, to_indices, unpack
from tfgan.errors import ReadFailed, UnreadableImage

RED, GREEN, BLUE = 0xFF0000, 0x00FF00, 0x0000FF
IDS = Classes("ids", (0, 3, 7), ("#ff0000", "#00ff00", "#0000ff"), ("sky", "road", "car"), 255)
COLORS = Classes("colors", (RED, GREEN, BLUE), ("#ff0000", "#00ff00", "#0000ff"), ("sky", "road", "car"))


def file_bytes(pixels, form="PNG", palette=None, **options) -> bytes:
    image = Image.fromarray(np.asarray(pixels))
    if palette:
        image.putpalette(palette)
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def values(rows) -> np.ndarray:
    return np.array(rows, np.int32)


def test_gray_files_are_ids():
    for dtype, largest in ((np.uint8, 255), (np.uint16, 26001)):
        found = read_map(file_bytes(np.array([[0, 1, largest]], dtype)))
        assert found.coding == "ids" and found.values.tolist() == [[0, 1, largest]] and found.values.dtype == np.int32
    assert read_map(file_bytes(np.array([[False, True]]))).values.tolist() == [[0, 255]]


def test_palette_files_are_indices_unless_colors_are_wanted():
    content = file_bytes(np.array([[0, 1, 1]], np.uint8), palette=[9, 9, 9, 1, 2, 3])
    found = read_map(content)
    assert found.coding == "palette" and found.values.tolist() == [[0, 1, 1]]
    assert found.palette[:3] == ("#090909", "#010203", "#000000")
    colors = read_map(content, "colors")
    assert colors.coding == "colors" and colors.values.tolist() == [[0x090909, 0x010203, 0x010203]]
    assert read_map(file_bytes(np.array([[0, 1]], np.uint8), palette=[4, 4, 4, 9, 9, 9]), "ids").values.tolist() == [[4, 9]]


def test_rgb_files_are_colors():
    pixels = np.array([[[1, 2, 3], [255, 0, 128]]], np.uint8)
    for source in (file_bytes(pixels), pixels, np.dstack([pixels, np.zeros((1, 2), np.uint8)])):  # hidden pixels have a class, too
        found = read_map(source)
        assert found.coding == "colors" and found.values.tolist() == [[0x010203, 0xFF0080]]
    assert read_map(pixels.astype(np.uint16) * 257).values.tolist() == [[0x010203, 0xFF0080]]


def test_gray_rgb_can_be_read_as_ids_and_gray_as_colors():
    gray = np.array([[[7], [9]]], np.uint16)
    assert read_map(gray.repeat(3, -1), "ids").values.tolist() == [[7, 9]]
    assert read_map(gray.astype(np.uint8), "colors").values.tolist() == [[0x070707, 0x090909]]


def test_files_of_another_coding_are_refused():
    with pytest.raises(UnreadableImage, match="in color.*--label_coding"):
        read_map(np.array([[[1, 1, 2]]], np.uint8), "ids")
    with pytest.raises(UnreadableImage, match="no file with a palette"):
        read_map(np.array([[[1]]], np.uint8), "palette")


def test_ids_become_indices_and_the_ignored_minus_one():
    found = to_indices(values([[0, 3], [255, 7]]), IDS)
    assert found.tolist() == [[0, 1], [-1, 2]] and found.dtype == np.int32


def test_unknown_ids_are_named():
    with pytest.raises(UnreadableImage, match=r"label 4, 300 is none of the classes' \(known: 0, 3, 7; ignored: 255\)"):
        to_indices(values([[0, 300, 4]]), IDS)
    everything = Classes("palette", (0, 1), ("#000000", "#ffffff"), ("no", "yes"))
    with pytest.raises(UnreadableImage, match=r"label 255 .*known: 0, 1\)"):
        to_indices(values([[255]]), everything)


def test_a_color_is_the_nearest_class():
    near = values([[0xF01005, 0x20E010, 0x0110F0]])
    assert to_indices(near, COLORS).tolist() == [[0, 1, 2]]
    reordered = Classes("colors", (BLUE, RED, GREEN), ("#0000ff", "#ff0000", "#00ff00"), ("car", "sky", "road"))
    assert to_indices(near, reordered).tolist() == [[1, 2, 0]]
    assert to_indices(near, COLORS).tolist() == [[0, 1, 2]]


def test_nearest_colors_agree_with_all_distances():
    rng = np.random.default_rng(0)
    colors = rng.choice(2**24, 40, replace=False)
    classes = Classes("colors", tuple(colors.tolist()), tuple(f"#{color:06x}" for color in colors), ("",) * 40)
    noise = rng.integers(0, 2**24, (50, 60), np.int32)
    distances = ((unpack(noise).astype(int)[:, :, None] - unpack(colors)) ** 2).sum(-1)
    assert (to_indices(noise, classes) == distances.argmin(-1)).all()


def test_jpeg_blur_is_undone():
    true = np.random.default_rng(1).integers(0, 3, (7, 7)).repeat(9, 0).repeat(9, 1)  # no multiple of JPEG's blocks of 8×8
    content = file_bytes(paint(true, COLORS), "JPEG", quality=90, subsampling=0)
    read = read_map(content)
    assert len(np.unique(read.values)) > 20
    assert np.mean(to_indices(read.values, COLORS) == true) > 0.99


def test_areas_of_an_unknown_color_are_refused_but_edges_are_not():
    gray = np.full((40, 40), RED, np.int32)
    gray[:, 20] = 0x808080  # a blend, one pixel wide
    assert (to_indices(gray, COLORS) >= 0).all()
    gray[:6, :6] = 0x808080
    gray[0, 0] = 0x808182
    with pytest.raises(UnreadableImage, match="an area of color #808080 belongs to none of the classes .#ff0000, #00ff00, #0000ff"):
        to_indices(gray, COLORS)


def test_flat_areas():
    flat = np.full((5, 6), 0x808080, np.int32)
    assert is_flat(flat).all()
    flat[2, 2] = 0x848080  # a difference of 4 in red
    assert is_flat(flat).all()
    flat[2, 2] = 0x808580  # of 5 in green
    expected = np.ones((5, 6), bool)
    expected[2, 1:4] = expected[1:4, 2] = False
    assert (is_flat(flat) == expected).all()
    assert is_flat(values([[0]])).tolist() == [[True]]


def test_paint():
    picture = paint(values([[0, 2], [-1, 1]]), IDS)
    assert picture.dtype == np.uint8 and picture.tolist() == [[[255, 0, 0], [0, 0, 255]], [[0, 0, 0], [0, 255, 0]]]


def test_colors_are_packed_as_written():
    assert pack(np.array([[1, 2, 3]], np.uint8)).tolist() == [0x010203]
    assert unpack(values([0xFFFEFD])).tolist() == [[255, 254, 253]]


def test_load_gives_what_the_domain_is(tmp_path):
    path = tmp_path / "map.png"
    path.write_bytes(file_bytes(np.array([[0, 7, 255]], np.uint8)))
    indices = load(path, Domain("labels", 1, "int32", "nearest", IDS))
    assert indices.tolist() == [[0, 2, -1]] and indices.dtype == np.int32
    painted = load(path.read_bytes(), Domain("labels", 3, resample="nearest", classes=IDS))
    assert painted.tolist() == [[[255, 0, 0], [0, 0, 255], [0, 0, 0]]]
    palette = Classes("palette", (0, 1), ("#000000", "#ffffff"), ("no", "yes"))
    with pytest.raises(UnreadableImage, match="no file with a palette"):
        load(path, Domain("labels", 1, "int32", "nearest", palette))
    with pytest.raises(ReadFailed, match="cannot be read"):
        load(tmp_path / "nowhere.png", Domain("labels", 1, "int32", "nearest", IDS))


@pytest.mark.parametrize(
    "classes",
    [
        IDS,
        Classes("ids", (1, 300, 70), ("#ff0000", "#00ff00", "#0000ff"), ("a", "b", "c"), 255),
        Classes("palette", (2, 9, 5), ("#ff0000", "#00ff00", "#0000ff"), ("a", "b", "c"), 0),
    ],
)
def test_a_map_written_in_its_own_coding_is_read_again(classes):
    indices = values([[0, 1, 2, -1], [2, 2, 1, 0]])
    np.testing.assert_array_equal(load(encode(indices, classes), Domain("labels", 1, "int32", "nearest", classes)), indices)


def test_a_map_of_colors_is_written_in_its_colors():
    indices = values([[0, 1, 2, 2]])
    content = encode(indices, COLORS)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content)))[0], [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 255]])
    np.testing.assert_array_equal(load(content, Domain("labels", 1, "int32", "nearest", COLORS)), indices)
