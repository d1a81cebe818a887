"""The built-in façades: the same every time, of every batch kind, and photos that show what labels and attributes say."""

import concurrent.futures
import subprocess
import sys

import numpy as np
import pytest

from tfgan.config import Domain
from tfgan.data.label_maps.palettes import CMP_CLASSES as CLASSES
from tfgan.data.label_maps.palettes import CMP_PALETTE as PALETTE
from tfgan.data.synthetic import KINDS, SyntheticSource
from tfgan.data.synthetic.canvas import MATERIALS
from tfgan.data.synthetic.scene import BALCONY, FACADE, SHOP, WINDOW, Box, draw_labels, lay_out, pixel_box
from tfgan.data.synthetic.texture import texture
from tfgan.errors import UserError

SIZE = (64, 64)
EXPECTED = {  # key -> shape and dtype of one example of 24×40 pixels
    "paired": {"A": ((24, 40, 3), np.uint8), "B": ((24, 40, 3), np.uint8)},
    "unpaired": {"A": ((24, 40, 3), np.uint8)},
    "labeled": {"image": ((24, 40, 3), np.uint8), "label": ((), np.int32)},
    "attributes": {"image": ((24, 40, 3), np.uint8), "attributes": ((8,), np.float32), "mask": ((8,), np.float32)},
    "semantic": {"labels": ((24, 40), np.int32), "image": ((24, 40, 3), np.uint8)},
    "images": {"image": ((24, 40, 3), np.uint8)},
}


def source(kind, split="train", count=40, size=SIZE, seed=0):
    return SyntheticSource(kind, split, count, size, seed, "A" if kind == "unpaired" else "")


def one_domain(domain, split="train", size=SIZE):
    return SyntheticSource("unpaired", split, 40, size, domain=domain)


def same(first, second):
    return all(np.array_equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("kind", KINDS)
def test_examples_have_the_promised_keys_shapes_and_types(kind):
    found = source(kind, size=(24, 40)).load(3)
    assert {key: (value.shape, value.dtype) for key, value in found.items()} == EXPECTED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_domains_name_every_image_of_an_example(kind):
    domains = source(kind).domains
    images = {key for key, (shape, _) in EXPECTED[kind].items() if len(shape) > 1}
    assert set(domains) == images
    for key, (shape, dtype) in EXPECTED[kind].items():
        if key in images:
            assert domains[key].channels == (shape[2] if len(shape) == 3 else 1)
            assert domains[key].dtype == np.dtype(dtype).name


def test_label_maps_are_never_blended():
    assert source("paired").domains["B"] == Domain("labels", 3, resample="nearest")
    labels = source("semantic").domains["labels"]
    assert labels == Domain("labels", 1, "int32", "nearest", labels.classes)
    assert labels.classes.names == CLASSES and labels.classes.coding == "colors" and labels.classes.ignored == -1
    assert labels.classes.values[1] == 0x0030FF and labels.classes.colors[2] == "#027fff"


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_the_same_every_time_and_from_any_thread(kind):
    once = [source(kind, size=(32, 32)).load(index) for index in range(6)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        again = list(pool.map(source(kind, size=(32, 32)).load, range(6)))
    assert all(same(a, b) for a, b in zip(once, again))


def test_index_seed_split_and_domain_each_give_another_facade():
    examples = [
        source("images").load(0)["image"],
        source("images").load(1)["image"],
        source("images", seed=1).load(0)["image"],
        source("images", split="val").load(0)["image"],
        source("images", split="test").load(0)["image"],
    ]
    labels = [
        source("semantic", split=split, seed=seed).load(index)["labels"]
        for split, seed, index in (("train", 0, 0), ("train", 0, 1), ("train", 1, 0), ("val", 0, 0), ("test", 0, 0))
    ]
    for group in (examples, labels):
        assert all(not np.array_equal(group[i], group[j]) for i in range(5) for j in range(i))


def test_splits_share_no_facade():
    layouts = {
        split: {SyntheticSource("semantic", split, 60, SIZE).load(index)["labels"].tobytes() for index in range(60)}
        for split in ("train", "val", "test")
    }
    assert len(layouts["train"] | layouts["val"] | layouts["test"]) == 180


def test_the_count_does_not_change_the_examples():
    assert same(source("paired", count=5).load(4), source("paired", count=500).load(4))


def test_label_maps_hold_only_the_palette_and_agree_with_the_class_ids():
    assert PALETTE.shape == (len(CLASSES), 3)
    assert PALETTE[FACADE].tolist() == [0, 48, 255] and PALETTE[WINDOW].tolist() == [2, 127, 255]
    distances = np.linalg.norm(PALETTE[:, None].astype(float) - PALETTE, axis=-1) + 1000 * np.eye(12)
    assert distances.min() > 57  # so that JPEG's errors can be undone by the nearest color
    seen = set()
    for index in range(40):
        labels = source("semantic").load(index)["labels"]
        seen |= set(np.unique(labels).tolist())
        paired = source("paired").load(index)
        np.testing.assert_array_equal(paired["B"], PALETTE[labels])
        np.testing.assert_array_equal(paired["A"], source("semantic").load(index)["image"])
    assert seen == set(range(12))


def test_the_same_scene_at_two_sizes_looks_alike():
    for index in range(8):
        small, large = (source("semantic", size=(side, side)).load(index) for side in (64, 256))
        assert np.mean(small["labels"] == large["labels"][2::4, 2::4]) > 0.9
        reduced = large["image"].reshape(64, 4, 64, 4, 3).mean((1, 3))
        assert np.abs(reduced - small["image"]).mean() < 14
        other = source("images").load(index + 1)["image"]
        assert np.abs(reduced - other).mean() > 20


@pytest.mark.parametrize("size", [(8, 8), (8, 64), (64, 8), (9, 13), (100, 37), (33, 520)])
def test_any_size_from_8_pixels(size):
    for kind in KINDS:
        for index in range(4):
            example = source(kind, size=size).load(index)
            assert all(example[key].shape[:2] == size for key in source(kind).domains)


def test_windows_are_seen_at_64_pixels_and_nothing_leaves_the_picture():
    for index in range(60):
        scene = lay_out(np.random.Generator(np.random.PCG64(index)), balconies=bool(index % 2), shop=bool(index % 3))
        for element in scene.elements:
            left, top, right, bottom = pixel_box(element.box, SIZE)
            assert min(left, top) >= 0 and max(right, bottom) <= 64
            assert element.kind != WINDOW or min(right - left, bottom - top) >= 3


def test_pixel_box_rounds_widths_and_keeps_one_pixel():
    assert pixel_box(Box(0.26, 0.24, 0.51, 0.5), (10, 20)) == (5, 2, 10, 5)
    assert pixel_box(Box(0.5, 0.5, 0.501, 0.501), (8, 8)) == (4, 4, 5, 5)


def test_label_map_of_a_scene_has_its_wall_where_the_layout_says():
    scene = lay_out(np.random.Generator(np.random.PCG64(0)), balconies=False, shop=False)
    labels = draw_labels(scene, (100, 100))
    x, foot = round((scene.wall.left + 0.01) * 100), 91  # between the wall's edge and its first window
    assert labels[foot, x] == FACADE and labels[95, x] == 0 and labels[foot, 0] == 0


def test_classes_are_materials_and_show_in_the_color():
    labeled = source("labeled", count=120, size=(32, 32))
    assert labeled.class_names == MATERIALS and len(MATERIALS) == 5
    colors = {name: [] for name in MATERIALS}
    for index in range(120):
        example = labeled.load(index)
        assert 0 <= example["label"] < 5
        walls = source("semantic", count=120, size=(32, 32)).load(index)["labels"] == FACADE
        colors[MATERIALS[example["label"]]].append(example["image"][walls].mean(0))
    assert min(len(found) for found in colors.values()) >= 10
    red, green, blue = np.mean(colors["brick"], 0)
    assert red > 1.3 * green and red > 1.3 * blue
    assert np.ptp(np.mean(colors["concrete"], 0)) < 15
    assert np.mean(colors["wood"]) < 110 < 150 < np.mean(colors["plaster"])


def test_attributes_are_true_to_the_picture():
    size = (128, 128)
    attributes = source("attributes", count=60, size=size)
    assert attributes.attribute_names == (*MATERIALS, "night", "balconies", "shop")
    assert attributes.attribute_groups == (MATERIALS,)
    brightness, vectors = {0: [], 1: []}, []
    for index in range(60):
        example = attributes.load(index)
        has = dict(zip(attributes.attribute_names, example["attributes"].tolist()))
        labels = source("semantic", count=60, size=size).load(index)["labels"]
        label = source("labeled", count=60, size=size).load(index)["label"]
        assert has["balconies"] == (labels == BALCONY).any()
        assert has["shop"] == (labels == SHOP).any()
        assert [has[name] for name in MATERIALS] == np.eye(5)[label].tolist()
        assert example["mask"].tolist() == [1] * 8
        brightness[has["night"]].append(example["image"].mean())
        vectors.append(example["attributes"])
    assert max(brightness[1]) < min(brightness[0])
    assert np.all(np.abs(np.mean(vectors, 0)[5:] - 0.5) < 0.2)


def test_kinds_without_classes_or_attributes_name_none():
    paired = source("paired")
    assert paired.class_names == () and paired.attribute_names == () and paired.attribute_groups == ()


def test_day_and_night_are_two_domains_without_a_common_facade():
    day, night = one_domain("A"), one_domain("B")
    assert {key: domain.name for key, domain in (day.domains | night.domains).items()} == {"A": "day", "B": "night"}
    days, nights = [day.load(i)["A"] for i in range(20)], [night.load(i)["B"] for i in range(20)]
    assert min(image.mean() for image in days) > max(image.mean() for image in nights) + 30
    assert np.mean([image.max(axis=(0, 1)) for image in nights], 0)[0] > 180  # lit windows, warm
    assert all(image[:6].mean((0, 1))[2] > 1.2 * image[:6].mean((0, 1))[0] for image in nights)  # the sky, dark blue
    labels = [source("semantic").load(i)["labels"] for i in range(20)]  # of the façades by day
    own, other = (np.mean([explained(nights[i], labels[i - shift]) for i in range(20)]) for shift in (0, 1))
    assert abs(own - other) < 0.08


def test_a_domain_has_its_own_length():
    assert len(SyntheticSource("unpaired", "train", 7, SIZE, domain="B")) == 7


def explained(image, labels):
    """Share of the photo's variance that one mean color a class explains."""
    pixels, classes = image.reshape(-1, 3).astype(float), labels.ravel()
    within = sum(((pixels[classes == c] - pixels[classes == c].mean(0)) ** 2).sum() for c in np.unique(classes))
    return 1 - within / ((pixels - pixels.mean(0)) ** 2).sum()


def test_the_photo_can_be_told_from_its_own_labels_and_not_from_others():
    examples = [source("semantic").load(index) for index in range(40)]
    own = [explained(example["image"], example["labels"]) for example in examples]
    other = [explained(example["image"], examples[i - 1]["labels"]) for i, example in enumerate(examples)]
    assert np.mean(own) > 0.4 > 0.25 > np.mean(other)
    assert np.all(np.array(own) > other)


def test_windows_differ_from_the_wall_around_them():
    margins, contrasts = [], []
    for index in range(40):
        example = source("semantic").load(index)
        wall, windows = (example["image"][example["labels"] == kind].mean(0) for kind in (FACADE, WINDOW))
        margins.append(np.abs(wall - windows).max())
        contrasts.append(example["image"][example["labels"] == WINDOW].std(0).mean())  # frames, glass and curtains
    assert np.median(margins) > 40
    assert np.median(contrasts) > 30


def test_wall_textures_keep_the_color_and_clouds_are_a_share():
    for material in MATERIALS:
        relief = texture(material, (48, 96), (0.3, 0.7))
        assert relief.shape == (48, 96, 3) and relief.dtype == np.float32
        assert 0.8 < relief.mean() < 1.25 and relief.std() > 0.005
        np.testing.assert_array_equal(relief[:, :48], relief[:, 48:])  # the tile repeats once a height
    clouds = texture("clouds", (64, 64), (0, 0))
    assert clouds.shape == (64, 64, 1) and clouds.min() == 0 and 0.2 < clouds.max() <= 0.85


def test_names_and_bounds():
    images = source("images", count=3)
    assert len(images) == 3 and [images.name(index) for index in range(3)] == ["00000", "00001", "00002"]
    for index in (-1, 3):
        with pytest.raises(IndexError, match="of a set of 3 images"):
            images.load(index)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": (7, 64)}, "at least 8×8 pixels; found a size of 7×64"),
        ({"count": 0}, "at least 1 image; found 0. Raise --synthetic_images"),
        ({"seed": -1}, "--synthetic_seed must be 0 or more; found -1"),
    ],
)
def test_settings_that_cannot_be_are_the_users_to_mend(change, message):
    with pytest.raises(UserError, match=message):
        source("images", **change)


@pytest.mark.parametrize("arguments", [("video", "train"), ("paired", "valid"), ("unpaired", "train"), ("paired", "train", "A")])
def test_unknown_words_are_a_mistake_of_the_caller(arguments):
    kind, split, *domain = arguments
    with pytest.raises(ValueError, match="expected"):
        SyntheticSource(kind, split, 4, SIZE, 0, *domain)


def test_needs_no_tensorflow():
    code = "import sys, tfgan.data.synthetic; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
