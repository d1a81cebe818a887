"""Folders as published data sets have them: which pairs are found there, what is left out, and what is said of it."""

from pathlib import Path

import pytest
from PIL import Image

from tfgan.config.words import say_once
from tfgan.data.folders.pairs import open_pairs
from tfgan.data.folders.splits import is_label_word, speaks_of_split, split_and_domain
from tfgan.data.folders.unpaired import open_unpaired
from tfgan.errors import UserError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(path, color=RED):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), color).save(path)


def pairs(folder, names=()):
    return open_pairs(folder, names, (), "composite", False)


def check_red_to_blue(source, count):
    assert len(source) == count
    for index in range(count):
        pair = source.load(index)
        assert (pair["A"] == RED).all() and (pair["B"] == BLUE).all()


LAYOUTS = {  # name: folder and file of A, of B, with {} for a number; names of the domains
    "pix2pixHD, A and B": ("train_A/{}.png", "train_B/{}.png", ("A", "B")),
    "pix2pixHD, labels": ("train_img/{}.png", "train_label/{}.png", ("img", "label")),
    "CamVid of SegNet": ("train/{}.png", "trainannot/{}.png", ("images", "annot")),
    "masks beside": ("train/{}.jpg", "train_masks/{}_mask.gif", ("images", "masks")),
    "Cityscapes": ("left/train/bonn/{}_left.png", "right/train/bonn/{}_gt_ids.png", ("left", "right")),
    "Cityscapes as unpacked": ("a_trainvaltest/left/train/{}_left.png", "b_trainvaltest/right/train/{}_gt.png", ("left", "right")),
    "ADE20K": ("a_images/training/ADE_{}.jpg", "annotations/training/ADE_{}.png", ("a_images", "annotations")),
    "without splits": ("images/{}.jpg", "masks/{}.png", ("images", "masks")),
    "splits behind": ("A_train/{}.jpg", "B_train/{}.png", ("A", "B")),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_published_layouts(layout, tmp_path):
    a, b, expected = LAYOUTS[layout]
    for number in range(3):
        picture(tmp_path / a.format(number).replace(".jpg", ".png"), RED)
        picture(tmp_path / b.format(number).replace(".gif", ".png"), BLUE)
    source = pairs(tmp_path)["train"]
    names = tuple(domain.name for domain in source.domains.values())
    assert names == tuple(sorted(expected))
    if names != expected:  # the alphabet says which is A
        source = pairs(tmp_path, expected)["train"]
    check_red_to_blue(source, 3)


def test_companions_are_named_and_not_used(tmp_path, caplog):
    say_once.cache_clear()
    for domain in ("label", "img", "inst"):
        picture(tmp_path / f"train_{domain}/1.png")
    with caplog.at_level("INFO"):
        assert [domain.name for domain in pairs(tmp_path)["train"].domains.values()] == ["img", "label"]
    others = "--domains=img,label would name others, --instances=inst takes its edges for SPADE."
    assert f"inst is not used for pairs, only img and label; {others}" in caplog.text
    assert [domain.name for domain in pairs(tmp_path, ("inst", "img"))["train"].domains.values()] == ["inst", "img"]
    picture(tmp_path / "train_depth/1.png")
    with pytest.raises(UserError, match="of depth, img, inst, label name two, for example --domains=depth,img"):
        pairs(tmp_path)


def test_a_test_split_of_one_side_is_left_out_and_said(tmp_path, caplog):
    say_once.cache_clear()
    for folder in ("train_A", "train_B", "test_A"):
        picture(tmp_path / folder / "1.png")
    with caplog.at_level("INFO"):
        assert list(pairs(tmp_path)) == ["train"]
    assert f"{tmp_path}/test_A is not used: its counterpart {tmp_path}/test_B is missing." in caplog.text
    picture(tmp_path / "val_A/1.png")
    with pytest.raises(UserError, match="val_B is missing, the counterpart of .*val_A"):
        pairs(tmp_path)


def test_the_same_folders_are_domains(tmp_path):
    for folder in ("train_A", "train_B"):
        picture(tmp_path / folder / f"{folder}.png")
    found = open_unpaired(tmp_path, (), (), "composite", False)
    assert [source.name(0) for source in found["train"]] == ["train_A.png", "train_B.png"]


def test_folders_beside_the_splits_change_nothing(tmp_path):
    for folder in ("train/A", "train/B", "train_old/A", "val_old"):
        picture(tmp_path / folder / "1.png")
    assert list(pairs(tmp_path)) == ["train"]


def test_of_three_kinds_of_files_a_choice_is_asked_for(tmp_path):
    for number in range(3):
        picture(tmp_path / f"photo/train/{number}_photo.png", RED)
        for kind in ("ids", "color"):
            picture(tmp_path / f"zmap/train/{number}_{kind}.png", BLUE if kind == "ids" else RED)
    with pytest.raises(UserError, match=r"several ways: choose one by '--pair_names=.*_photo,.*' or '--pair_names="):
        pairs(tmp_path)
    source = open_pairs(tmp_path, (), (), "composite", False, "refuse", ("{}_photo", "{}_ids"))["train"]
    check_red_to_blue(source, 3)
    assert source.skipped == []


def test_how_pairs_were_found_is_said_unless_names_are_equal(tmp_path, caplog):
    for number in range(3):
        for side in "AB":
            picture(tmp_path / f"equal/train/{side}/{number}.png")
            picture(tmp_path / f"ends/train/{side}/{number}_{side}.png")
    with caplog.at_level("INFO"):
        pairs(tmp_path / "equal")
        assert not caplog.records
        pairs(tmp_path / "ends")
    assert "Pairs by {}_A and {}_B, where {} is what both names share ('--pair_names={}_A,{}_B')." in caplog.text


def test_files_without_any_partner_are_no_matter_of_skipping(tmp_path):
    for number, (a, b) in enumerate((("x", "y"), ("cat", "dog"), ("one", "zwei"))):
        picture(tmp_path / f"trainA/{a}.png")
        picture(tmp_path / f"trainB/{b}{number}.png")
    with pytest.raises(UserError, match="no file in .* has a counterpart; .* here they are called cat.png and dog1.png: ") as caught:
        pairs(tmp_path)
    assert "skip_bad_files" not in str(caught.value) and "--pair_names=" in str(caught.value)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("trainA", ("train", "A")),
        ("test_label", ("test", "label")),
        ("validation-img", ("val", "img")),
        ("trainannot", ("train", "annot")),
        ("A_train", ("train", "A")),
        ("trains", ("", "")),
        ("train", ("", "")),
        ("trainC", ("", "")),
        ("contest_a", ("", "")),
    ],
)
def test_names_of_a_split_and_a_domain(name, expected):
    assert split_and_domain(name) == expected


def test_words_in_names():
    assert [speaks_of_split(name) for name in ("training_set", "MyTest", "valC", "trains", "latest")] == ["train", "test", "val", "", ""]
    assert [is_label_word(name) for name in ("SegmentationClass", "my_masks", "gt", "images", "ground_truth")] == [
        *(True, True, True, False, True)
    ]


def table(tmp_path, text):
    for number in range(3):
        picture(tmp_path / f"photos/p{number}.png", RED)
        picture(tmp_path / f"maps/m{number}.png", BLUE)
    (tmp_path / "pairs.csv").write_text(text)

    def read(names=(), skip_bad_files=False):
        return open_pairs(tmp_path, names, (), "composite", skip_bad_files, "refuse", (), "pairs.csv")

    return read


def test_a_table_of_pairs(tmp_path):
    read = table(tmp_path, "photo;map;split\nphotos/p0.png;maps/m2.png;train\nphotos/p1.png; maps/m2.png ;valid\n")
    found = read()
    assert {split: len(source) for split, source in found.items()} == {"train": 1, "val": 1}
    assert [path.relative_to(tmp_path).as_posix() for path in found["val"].paths(0)] == ["photos/p1.png", "maps/m2.png"]
    assert [domain.name for domain in found["train"].domains.values()] == ["photo", "map"] and found["train"].name(0) == "photos/p0.png"
    check_red_to_blue(found["train"], 1)
    turned = read(("map", "photo"))["train"]
    assert turned.name(0) == "maps/m2.png" and [domain.name for domain in turned.domains.values()] == ["map", "photo"]


def test_a_table_without_a_head_or_splits(tmp_path):
    picture(tmp_path / "val/x.png")
    found = table(tmp_path, f"photos/p0.png,maps/m0.png\nval/x.png,{tmp_path}/maps/m1.png\n")()
    assert {split: len(source) for split, source in found.items()} == {"train": 1, "val": 1}
    assert [domain.name for domain in found["train"].domains.values()] == ["A", "B"]


def test_files_of_a_table_that_are_not_there(tmp_path):
    read = table(tmp_path, "a,b\nphotos/p0.png,maps/m0.png\nphotos/p1.png,maps/gone.png\n")
    with pytest.raises(UserError, match="1 files in .* cannot be paired(.|\n)*maps/gone.png: is in pairs.csv but not there"):
        read()
    assert read(skip_bad_files=True)["train"].skipped == [("maps/gone.png", "is in pairs.csv but not there")]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "lists no pair"),
        ("a,b\n", "lists no pair"),
        ("a,b\nx.png,y.png\n", "lists no pair whose files are in .*: there is no x.png"),
        ("a\nphotos/p0.png\n", "must have two columns of files"),
        ("a,a\nphotos/p0.png,maps/m0.png\n", "must have two columns of files"),
        ("a,b\nphotos/p0.png\n", "row 1 has 1 cells, where there are 2 columns"),
        ("a,b,split\nphotos/p0.png,maps/m0.png,later\n", "row 1 has the split 'later'"),
        ('a,b\n"x', "as CSV|lists no pair|cells"),
    ],
)
def test_tables_that_are_none(text, message, tmp_path):
    with pytest.raises(UserError, match=message):
        table(tmp_path, text)()


def test_a_table_that_is_not_there(tmp_path):
    picture(tmp_path / "1.png")
    with pytest.raises(UserError, match="cannot read the pairs in .*none.csv: No such file"):
        open_pairs(tmp_path, (), (), "composite", False, "refuse", (), "none.csv")
    (tmp_path / "pipe").mkdir()
    with pytest.raises(UserError, match="cannot read the pairs in"):
        open_pairs(tmp_path, (), (), "composite", False, "refuse", (), "pipe")
    assert Path(tmp_path / "pipe").is_dir()
