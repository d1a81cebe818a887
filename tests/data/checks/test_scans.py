"""The parts of a check by themselves, on what is counted by hand."""

import dataclasses

import numpy as np
import pytest
import tiny_folders as tiny

from tfgan.config import Classes, DataConfig, Domain
from tfgan.data import open_sources
from tfgan.data.checks import inspect
from tfgan.data.checks.balance import (
    attribute_shares,
    check_attribute_balance,
    check_class_balance,
    check_pixel_balance,
    class_counts,
    pixel_shares,
)
from tfgan.data.checks.duplicates import BANDS, NEAR, _equal_rows, check_duplicates
from tfgan.data.checks.labels import check_classes
from tfgan.data.checks.layouts import Layout, find_layouts
from tfgan.data.checks.pictures import check_counts
from tfgan.data.checks.scan import Example, Picture, scan
from tfgan.data.checks.sheet import Cuts, sheet_columns
from tfgan.data.folders.classes import open_labeled
from tfgan.errors import UserError


def quietly(items, total):
    return items


def names(findings):
    return {(finding.severity, finding.name) for finding in findings}


def example(split="train", name="1.png", **facts):
    return Example(split, 0, name, facts.pop("pictures", {}), **facts)


def picture(digest, fingerprint=None):
    return Picture(64, 64, 0.0, 1.0, 1.0, False, digest, fingerprint)


def test_scan_sees_what_is_in_an_image(tmp_path):
    dark = np.full((64, 96, 3), 51, np.uint8)
    dark[0, 0] = (102, 51, 0)
    tiny.save(tmp_path / "a/1.png", dark)
    tiny.save(tmp_path / "b/1.png", np.tile(np.arange(64, dtype=np.uint8)[:, None], (1, 64)))
    seen = {one.name: one for one in scan(open_splits(tmp_path), quietly)}
    color, gray = seen["a/1.png"].pictures["image"], seen["b/1.png"].pictures["image"]
    assert (color.height, color.width, color.low, color.high, color.gray) == (64, 96, 0.0, 0.4, False)
    assert color.contrast == pytest.approx(0.2)  # 51 of 255 in red, as in blue
    assert gray.gray and (gray.low, gray.high) == (0.0, 63 / 255) and gray.hash.shape == (32,)
    assert (seen["a/1.png"].label, seen["b/1.png"].label) == (0, 1)


@pytest.mark.parametrize("color, gray", [((90, 90, 92), True), ((90, 90, 93), False), ((90, 93, 93), False), ((7, 7, 7), True)])
def test_gray_is_gray_up_to_what_jpeg_leaves(color, gray, tmp_path):
    tiny.save(tmp_path / "a/1.png", np.full((8, 8, 3), color, np.uint8))
    tiny.save(tmp_path / "b/1.png", np.full((8, 8, 3), (1, 2, 3), np.uint8))
    first, _ = scan(open_splits(tmp_path), quietly)
    assert first.pictures["image"].gray == gray


def test_what_is_drawn_in_transparency_is_not_blank(tmp_path):
    silhouette = np.full((8, 8, 4), 51, np.uint8)
    silhouette[2:6, 2:6, 3] = 255
    tiny.save(tmp_path / "a/1.png", silhouette)
    tiny.save(tmp_path / "b/1.png", silhouette)
    first, _ = scan(open_splits(tmp_path, "keep"), quietly)
    found = first.pictures["image"]
    assert (found.low, found.high, found.contrast) == pytest.approx((0.2, 0.2, 0.8))


def open_splits(folder, alpha="composite"):
    return {split: [source] for split, source in open_labeled(folder, alpha, False).items()}


def test_perceptual_hash_is_that_of_differences_to_the_right(tmp_path):
    ramp = np.tile((np.arange(17) * 15).astype(np.uint8).repeat(4), (64, 1))  # 17 columns, each brighter than the last
    tiny.save(tmp_path / "a/1.png", ramp)
    tiny.save(tmp_path / "b/1.png", ramp[:, ::-1])
    up, down = (one.pictures["image"].hash for one in scan(open_splits(tmp_path), quietly))
    assert (np.unpackbits(up) == 1).all() and (np.unpackbits(down) == 0).all()


def test_class_pixels_count_those_of_none_last(tmp_path):
    tiny.class_maps(tmp_path)
    settings = DataConfig(data_dir=str(tmp_path), label_domains=("maps",), direction="maps_to_photo", ignore_label=0)
    found = inspect(settings, "semantic", (64, 64), (64, 64), quietly)
    first = next(one for one in found.examples if one.name == "train/maps/0.png")
    expected = np.bincount(tiny.scenes("semantic", "train")[0]["labels"].ravel(), minlength=12)
    assert first.pixels.tolist() == [*expected[1:].tolist(), expected[0]]
    assert sum(found.shares["pixels"].values()) == pytest.approx(1.0)


def test_near_duplicates_are_found_in_any_of_their_bits():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, 32, np.uint8)

    def flipped(bits):
        changed = np.unpackbits(base)
        changed[rng.choice(256, bits, replace=False)] ^= 1
        return np.packbits(changed)

    assert NEAR < BANDS  # or a near duplicate could differ in every band
    for bits, near in ((0, True), (NEAR, True), (NEAR + 1, False), (60, False)):
        examples = [
            example(name=f"train/{i}", pictures={"image": picture(bytes([i]), hash)}) for i, hash in enumerate((base, flipped(bits)))
        ]
        assert names(check_duplicates(examples, set())) == ({("note", "near_duplicates")} if near else set()), bits


def test_equal_rows():
    assert [group.tolist() for group in _equal_rows(np.array([[1, 5], [0, 7], [1, 5], [0, 7], [0, 8]]))] == [[0, 2], [1, 3], [4]]


def pairs(*images, nearest=()):
    """What is said of pairs (split, A, B), numbered from 0: name of the finding -> files."""
    examples = [
        example(split, f"{i}.png", pictures={"A": picture(first.encode()), "B": picture(second.encode())})
        for i, (split, first, second) in enumerate(images)
    ]
    return {found.name: found.files for found in check_duplicates(examples, set(nearest))}


def test_duplicate_pairs_need_both_images_to_be_equal():
    assert pairs(("train", "a", "x"), ("train", "b", "y"), ("train", "a", "x")) == {"duplicates": ("train 0.png = train 2.png",)}


def test_one_photo_with_several_partners_contradicts_itself():
    twice = [("train", "a", "x"), ("train", "a", "y"), ("train", "b", "y")]
    assert pairs(*twice, nearest="B") == {"contradictory_pairs": ("train 0.png = train 1.png",)}
    assert pairs(*twice) == {"contradictory_pairs": ("train 0.png = train 1.png", "train 1.png = train 2.png")}  # B may be a photo, too
    assert pairs(*twice[1:], nearest="B") == {}  # a label map that fits several photos


def test_one_equal_photo_is_a_leak():
    leak = {"leaked_images": ("train 0.png = val 1.png",)}
    assert pairs(("train", "a", "x"), ("val", "a", "y")) == leak
    assert pairs(("train", "a", "x"), ("val", "a", "x")) == leak  # said once, though A, B and both are equal
    assert pairs(("train", "a", "x"), ("val", "b", "x")) == leak
    assert pairs(("train", "a", "x"), ("val", "b", "x"), nearest="B") == {}


def test_a_leak_names_all_that_have_the_photo():
    found = pairs(("train", "a", "x"), ("train", "a", "y"), ("val", "a", "z"), ("val", "b", "z"), nearest="B")
    assert found == {
        "leaked_images": ("train 0.png = train 1.png = val 2.png",),
        "contradictory_pairs": ("train 0.png = train 1.png",),
    }


def test_label_maps_that_are_not_called_so_may_fit_several_photos(tmp_path):
    tiny.two_folders(tmp_path)
    photo, labels = (tiny.read(tmp_path / "train" / side / "7.png")[:, ::-1] for side in ("photo", "zmap"))
    for path, own in (("train/{}/again.png", photo), ("train/{}/more.png", 255 - photo), ("val/{}/3.png", photo // 2)):
        tiny.save(tmp_path / path.format("photo"), own)
        tiny.save(tmp_path / path.format("zmap"), labels)
    found = inspect(DataConfig(data_dir=str(tmp_path)), "paired", (64, 64), (64, 64), quietly)
    assert names(found.findings) - {("note", "near_duplicates")} == {("note", "few_images"), ("note", "looks_like_labels")}


def test_white_photos_are_no_copies():
    blank = picture(b"white")._replace(contrast=0.0)
    examples = [example(split, f"{split}.png", pictures={"A": blank, "B": picture(split.encode())}) for split in ("train", "val")]
    assert not check_duplicates(examples, {"B"})


def test_class_balance():
    examples = [example(label=label) for label in [0] * 21 + [2] * 2] + [example("val", label=1)]
    counts = class_counts(examples, ("a", "b", "c"))
    assert counts == {"a": 21, "b": 0, "c": 2}
    assert names(check_class_balance(counts)) == {("warning", "empty_classes"), ("warning", "uneven_classes")}
    assert not check_class_balance({"a": 20, "c": 2}) and not check_class_balance({})


def test_attribute_balance_counts_what_is_known():
    values = np.zeros((400, 3))
    values[:3, 0], values[:4, 1], values[:, 2] = 1, 1, np.nan
    values[:2, 2] = 1, 0
    shares = attribute_shares([example(attributes=row) for row in values] + [example("val", attributes=np.ones(3))], ("x", "y", "z"))
    assert shares == pytest.approx({"x": 3 / 400, "y": 0.01, "z": 0.5})
    (found,) = check_attribute_balance(shares)
    assert found.severity == "warning" and "x (0.8%)" in found.problem and "y (" not in found.problem
    assert "a (99.5%)" in check_attribute_balance({"a": 0.995})[0].problem


def test_pixel_balance_leaves_out_pixels_of_no_class():
    shares = pixel_shares([example(pixels=np.array([3000, 2, 500])), example("val", pixels=np.array([0, 9000, 0]))], ("a", "b"))
    assert shares == pytest.approx({"a": 3000 / 3002, "b": 2 / 3002})
    assert names(check_pixel_balance(shares)) == {("note", "rare_classes")}


def test_classes_that_only_others_have():
    classes = Classes("ids", (0, 1, 2), ("#000000", "#ff0000", "#00ff00"), ("a", "b", "c"))
    train, val = example(pixels=np.array([5, 5, 0, 10])), example("val", pixels=np.array([1, 0, 1, 0]))
    (found,) = check_classes([train, val], classes)
    assert (found.severity, found.name) == ("warning", "untaught_classes") and "has the class c, but" in found.problem
    assert not check_classes([train], classes)
    assert names(check_classes([example(pixels=np.array([5, 4, 0, 10]))], classes)) == {("warning", "mostly_ignored")}


@pytest.mark.parametrize(
    "kind, train, expected",
    [
        ("paired", 19, {("warning", "very_few_images")}),
        ("paired", 20, {("note", "few_images")}),
        ("paired", 100, set()),
        ("images", 999, {("note", "few_images")}),
        ("images", 1000, set()),
        ("labeled", 100, {("note", "few_images")}),
    ],
)
def test_counts(kind, train, expected):
    assert names(check_counts(kind, {"train": train, "test": 1})) == expected
    assert names(check_counts(kind, {"train": train})) == expected | {("note", "no_validation")}


def kinds(folder, **settings):
    return [layout.kind for layout in find_layouts(DataConfig(data_dir=str(folder), **settings)).possible]


def test_the_likeliest_layout_comes_first(tmp_path):
    expected = {"paired": "paired", "unpaired": "unpaired", "labeled": "labeled", "attributes": "attributes", "images": "images"}
    for kind, wanted in expected.items():
        for make in tiny.LAYOUTS[kind][: 1 if kind == "images" else None]:
            make(tmp_path / make.__name__)
            assert kinds(tmp_path / make.__name__)[0] == wanted, make.__name__
    assert kinds(tmp_path / "two_folders") == ["paired", "semantic", "unpaired", "labeled", "attributes", "images"]
    assert kinds(tmp_path / "domains") == ["unpaired", "paired", "semantic", "images"]  # which are called as those of CycleGAN
    assert "labeled" not in kinds(tmp_path / "domains")  # whose folders are called trainA, trainB, …


def test_settings_rule_layouts_out(tmp_path):
    tiny.two_folders(tmp_path)
    assert kinds(tmp_path, label_domains=("zmap",)) == ["paired", "semantic", "unpaired"]
    assert kinds(tmp_path, label_coding="colors") == ["paired", "semantic"]
    assert kinds(tmp_path, half="left") == ["images"]


def test_two_folders_of_other_names_are_domains(tmp_path):
    tiny.two_folders(tmp_path)
    for number, path in enumerate((tmp_path / "train/zmap").iterdir()):
        path.rename(path.with_name(f"{'xyz'[number % 3] * (number + 1)}.png"))
    found = find_layouts(DataConfig(data_dir=str(tmp_path)))
    assert found.possible[0] == Layout("unpaired", "two domains in two folders", "likely")
    assert found.refused["pairs"].startswith("no file in ") and "a --pairs_file" in found.refused["pairs"]


def test_missing_folder():
    with pytest.raises(UserError, match="does not exist"):
        find_layouts(DataConfig(data_dir="nowhere"))


@pytest.mark.parametrize(
    "dataset, kind", [("facades", "paired"), ("horse2zebra", "unpaired"), ("mnist", "labeled"), ("celeba", "attributes")]
)
def test_named_sets_are_what_the_catalog_says(dataset, kind):
    assert find_layouts(DataConfig(dataset=dataset)).possible[0].kind == kind


def test_an_inspection_of_nothing(tmp_path):
    found = inspect(DataConfig(data_dir=str(tmp_path)), "images", (64, 64), (64, 64), quietly)
    assert names(found.findings) == {("error", "refused")} and not found.examples and not found.domains


def test_the_smaller_domain_counts(tmp_path):
    tiny.domains(tmp_path)
    for number in range(5, 24):
        (tmp_path / f"trainB/night{number}.png").unlink()
    found = inspect(DataConfig(data_dir=str(tmp_path)), "unpaired", (64, 64), (64, 64), quietly)
    assert names(found.findings) == {("warning", "very_few_images")} and "only 5 training" in found.findings[0].problem


def test_sheets_say_what_is_what(tmp_path):
    tiny.class_maps(tmp_path)
    settings = DataConfig(data_dir=str(tmp_path), label_domains=("maps",))
    for kind, direction, titles in (
        ("paired", "AtoB", ["source: maps", "target: photo"]),
        ("paired", "BtoA", ["source: photo", "target: maps"]),
        ("semantic", "AtoB", ["source: maps", "target: photo"]),
    ):
        chosen = dataclasses.replace(settings, direction=direction)
        assert list(sheet_columns(kind, open_sources(chosen, kind, (64, 64))["train"], chosen, Cuts((64, 64), (72, 72)))) == titles


def test_domains_are_told_once_each(tmp_path):
    tiny.side_by_side(tmp_path)
    found = inspect(DataConfig(data_dir=str(tmp_path), label_domains=("B",)), "paired", (64, 64), (64, 64), quietly)
    assert {key: domain.resample for key, domain in found.domains.items()} == {"A": "bicubic", "B": "nearest"}
    assert isinstance(found.domains["A"], Domain) and len(found.listings[0].headers) == len(found.examples) == 32
