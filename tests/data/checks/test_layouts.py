"""What a folder can be read as, how sure that is, and what would have to be renamed: classes are never guessed from domains or splits."""

import numpy as np
import pytest
import tiny_folders as tiny

from tfgan.config import DataConfig
from tfgan.data.checks.labels import find_ids
from tfgan.data.checks.layouts import find_layouts
from tfgan.data.checks.nearest import nearest, same_scenes
from tfgan.runs.planning.check import METHODS, choose_method


def fill(folder, *forms, count=6, size=(16, 16)):
    """Images of noise by names with {} for a number."""
    rng = np.random.default_rng(0)
    for form in forms:
        for number in range(count):
            tiny.save(folder / form.format(number), rng.integers(0, 256, (*size, 3), np.uint8))


def readings(folder, **settings):
    return {layout.kind: layout.sure for layout in find_layouts(DataConfig(data_dir=str(folder), **settings)).possible}


def chosen(folder):
    return choose_method(DataConfig(data_dir=str(folder))).method


PAIRS = {
    "pix2pixHD": ["train_A/{}.png", "train_B/{}.png", "test_A/{}.png"],
    "pix2pixHD labels": ["train_label/{}.png", "train_img/{}.png", "train_inst/{}.png", "test_label/{}.png"],
    "endings": ["train/img/a_{}.png", "train/ann/a_{}_seg.png"],
    "two trees": ["left/train/c/{}_left.png", "gt/train/c/{}_gt_ids.png"],
    "beginnings": ["train/A/{}.png", "train/B/mask_{}.png"],
    "images and masks": ["images/{}.png", "masks/{}.png"],
    "images and masks of other endings": ["images/{}.png", "masks/{}_mask.png"],
    "CamVid's own folders": ["701_StillsRaw_full/{}.png", "LabeledApproved_full/{}_L.png"],
    "an ending on one side": ["one/{}.png", "two/{}-x.png"],
    "beside": ["train/{}.png", "train_masks/{}.png"],
}


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_of_published_layouts(name, tmp_path):
    fill(tmp_path, *PAIRS[name])
    found = readings(tmp_path)
    assert next(iter(found)) == "paired" and found["paired"] == "sure" and found["unpaired"] == "likely"
    assert found.get("labeled", "possible") == "possible" and chosen(tmp_path) == "pix2pix"


def test_domains_of_two_collections(tmp_path):
    fill(tmp_path / "named", "trainA/day{}.png", "trainB/night{}.png")
    fill(tmp_path / "unsplit", "summer/{}.png", "winter/{}.png")
    fill(tmp_path / "shapes", "train/a/x{}.png", count=8)
    fill(tmp_path / "shapes", "train/b/y{}.png", count=8, size=(16, 32))
    fill(tmp_path / "more of one", "trainA/{}.png", count=5)
    fill(tmp_path / "more of one", "trainB/{}.png", count=9)
    fill(tmp_path / "numbered", "trainA/{}.png")
    fill(tmp_path / "numbered", "trainB/{}.png", size=(16, 32))
    fill(tmp_path / "one lacks", "trainA/{}.png", count=20)
    fill(tmp_path / "one lacks", "trainB/{}.png", count=19)
    assert chosen(tmp_path / "one lacks") == "pix2pix"
    for name in ("named", "unsplit", "shapes", "more of one", "numbered"):
        assert chosen(tmp_path / name) == "cyclegan" and "paired" in readings(tmp_path / name)  # which is told, too


@pytest.mark.parametrize("forms", [[f"train/{side}/p{{}}.png" for side in ("t1", "t2", "flair")]])
def test_three_folders_of_equal_names_are_no_classes(forms, tmp_path):
    fill(tmp_path, *forms)
    found = find_layouts(DataConfig(data_dir=str(tmp_path)))
    assert {layout.kind: layout.sure for layout in found.possible}["labeled"] == "possible"
    assert found.doubt and found.nearest == (
        "for pairs choose two of flair, t1, t2, for example --domains=flair,t2, or stack some: --domains=flair+t1,t2"
    )
    code, names, text = tiny.check(tmp_path, "--noprobe")
    assert code == 1 and ("error", "refused") in names and "acgan, possible" in " ".join(text.split())
    assert "name two, for example --domains=" in " ".join(text.split()) and "tfgan train" not in text
    stacked = find_layouts(DataConfig(data_dir=str(tmp_path), domains=("t1+t2", "flair")))
    assert stacked.possible[0].words == "pairs of t1+t2 and flair, where + joins folders that are stacked" and not stacked.doubt
    assert tiny.check(tmp_path, "--noprobe", "--domains=t1,flair")[2].splitlines()[0].endswith("for pix2pix, t1 to flair")


@pytest.mark.parametrize(
    "forms, expected",
    [
        (["t1/p{}.png", "t2/p{}.png", "flair/p{}.png"], ["flair", "t1", "t2"]),
        (["t1/p{}_t1.png", "t2/p{}_t2.png", "x/p{}_x.png"], ["t1", "t2", "x"]),
        (["cat/cat_{}.png", "dog/dog_{}.png", "owl/owl_{}.png"], []),  # numbered each
        (["a/{}.png", "b/{}.png"], []),
        ([f"{digit}/{{}}.png" for digit in range(10)], []),
    ],
)
def test_same_scenes(forms, expected, tmp_path):
    fill(tmp_path, *forms, count=3)
    assert same_scenes(tmp_path) == expected
    if not expected and len(forms) > 2:
        assert chosen(tmp_path) == "acgan"


def test_classes_are_guessed_from_class_folders_alone(tmp_path):
    fill(tmp_path / "classes", "train/cat/a{}.png", "train/dog/b{}.png", "train/train/c{}.png")  # a class may be called train
    assert chosen(tmp_path / "classes") == "acgan" and readings(tmp_path / "classes")["labeled"] == "likely"
    for number, forms in enumerate((["Train/a{}.png", "Test/b{}.png", "Val/c{}.png"], ["training_set/x/a{}.png", "test_set/x/b{}.png"])):
        fill(tmp_path / str(number), *forms)
        found = find_layouts(DataConfig(data_dir=str(tmp_path / str(number))))
        assert found.refused["classes"].endswith("is the name of a split, not of a class") and chosen(tmp_path / str(number)) != "acgan"


@pytest.mark.parametrize(
    "forms, expected",
    [
        (["Train/x/{}.png", "Test/x/{}.png"], "for splits rename Test to test, Train to train"),
        (["training_set/a/{}.png", "test_set/a/{}.png"], "for splits rename test_set to test, training_set to train"),
        (["train/photo/{}.png", "train/map/{}.png", "val/photos/{}.png", "val/map/{}.png"], "rename val/photos to val/photo, as in train"),
        (["mine/train/{}.png", "mine/val/{}.png"], "if mine is the data set, name it: --data_dir="),
        (["train/{}.png"], ""),
    ],
)
def test_what_would_have_to_be_renamed(forms, expected, tmp_path):
    fill(tmp_path, *forms, count=1)
    found = nearest(tmp_path)
    assert found.startswith(expected) if expected else not found


def test_of_several_kinds_a_choice_is_asked_for_not_cyclegan(tmp_path):
    fill(tmp_path, "photo/train/{}_photo.png", "gt/train/{}_ids.png", "gt/train/{}_color.png")
    assert chosen(tmp_path) == "pix2pix"
    code, names, text = tiny.check(tmp_path, "--noprobe")
    assert code == 1 and ("error", "refused") in names and "'--pair_names={}_ids,{}_photo'" in text


def test_every_kind_has_a_method_and_every_reading_says_how_sure_it_is(tmp_path):
    fill(tmp_path, "train/A/{}.png", "train/B/{}.png")
    text = " ".join(tiny.check(tmp_path, "--noprobe")[2].split())
    assert "Layout pairs in two folders, matched by name (sure) or label maps and images (--method=spade, likely)" in text
    assert set(METHODS) >= set(readings(tmp_path))


def blocks(values, seed=0):
    return np.random.default_rng(seed).choice(values, (8, 8)).repeat(8, 0).repeat(8, 1).astype(np.uint8)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0, 1], [0, 1]),
        ([0, 1, 255], [0, 1, 255]),
        ([7, 8, 11, 33], [7, 8, 11, 33]),
        (range(100), list(range(100))),
        ([0, 255], []),  # whose classes can be seen
        ([0, 85, 170], []),
        ([3], []),
    ],
)
def test_label_ids_are_told_from_pictures(values, expected):
    images = [np.repeat(blocks(list(values), seed)[..., None], 3, -1) for seed in range(20)]
    assert find_ids(images) == expected
    assert find_ids([image + np.array([0, 1, 0], np.uint8) for image in images]) == []  # in color
    noise = [np.random.default_rng(0).integers(0, 60, (64, 64, 1)).repeat(3, -1).astype(np.uint8)]
    assert find_ids(noise) == find_ids([]) == []


def masks(folder, values, count=24):
    for number in range(count):
        mask = np.random.default_rng(number).random((8, 8)).repeat(8, 0).repeat(8, 1) > 0.5
        tiny.save(folder / "train" / "mask" / f"{number}.png", np.where(mask, *values).astype(np.uint8))
        scan = mask * 120 + 60 + np.random.default_rng(number).normal(0, 10, (64, 64))
        tiny.save(folder / "train" / "scan" / f"{number}.png", scan.clip(0, 255).astype(np.uint8))


def test_masks_of_0_and_1_are_label_maps_not_blank(tmp_path):
    masks(tmp_path, (1, 0))
    code, found, text = tiny.check(tmp_path, "--noprobe", *tiny.UNET)
    plain = " ".join(text.split())
    assert code == 0 and not found & {("warning", "blank_images"), ("note", "blank_images"), ("warning", "nearly_black")}
    assert "mask holds the label ids 0, 1: nearly black as pictures" in plain
    assert "--label_domains=mask --label_coding=ids --direction=mask_to_scan" in plain
    _, found, text = tiny.check(tmp_path, "--noprobe", *tiny.UNET, "--direction=scan_to_mask")
    assert ("warning", "label_ids") in found and "say --label_domains=mask --label_coding=ids" in " ".join(text.split())
    _, found, text = tiny.check(tmp_path, "--noprobe", *tiny.UNET, "--direction=scan_to_mask", "--label_domains=mask")
    assert ("warning", "label_ids") in found and ("note", "blank_images") not in found


@pytest.mark.parametrize("method", [["--method=pix2pix", *tiny.UNET], ["--method=spade", "--image_size=64", "--depth=4"]])
@pytest.mark.parametrize("values", [(1, 0), (255, 0), (128, 3)])
def test_masks_of_any_two_values_have_two_classes(values, method, tmp_path):
    masks(tmp_path, values)
    code, found, text = tiny.check(tmp_path, "--noprobe", *method, "--label_domains=mask", "--label_coding=ids", "--direction=mask_to_scan")
    assert code == 0 and found <= {("note", "few_images"), ("note", "no_validation")} and "Labels: 2 classes" in text, text


def test_pairs_of_photos_are_no_matter_of_spade(tmp_path):
    fill(tmp_path, "train/A/{}.png", "train/B/{}.png", size=(64, 64))
    code, _, text = tiny.check(tmp_path, "--noprobe", "--method=spade", "--image_size=64", "--depth=4")
    assert code == 1 and "For pairs of pictures, without label maps, use --method=pix2pix." in " ".join(text.split())


def test_pairs_of_two_sizes_are_refused_once_with_what_to_do(tmp_path):
    fill(tmp_path, "train/high/{}.png", size=(64, 64))
    fill(tmp_path, "train/low/{}.png")
    code, _, text = tiny.check(tmp_path, "--noprobe", *tiny.UNET)
    plain = " ".join(text.split())
    assert code == 1 and "enlarge the small ones first" in plain and plain.count("nothing_left") == 1 and "skip_bad_files" not in plain
