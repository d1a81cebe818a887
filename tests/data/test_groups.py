"""Groups of images, of one patient or scene: some validate, none does both, and who lies in two splits is told."""

import logging

import numpy as np
import pytest
from PIL import Image
from tiny_folders import check

from tfgan.config import DataConfig
from tfgan.data import open_dataset, open_sources
from tfgan.data.groups import shared_groups
from tfgan.errors import UserError


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


@pytest.fixture
def slices(tmp_path):
    """Three slices of each of twenty patients, as pairs."""
    for patient in range(20):
        for side in ("ct", "mr"):
            for number in range(3):
                write(tmp_path / "train" / side / f"p{patient}_{number}.v2.png")
    return tmp_path


def patients(splits):
    return {
        split: {source.name(index).partition("_")[0] for source in sources for index in range(len(source))}
        for split, sources in splits.items()
    }


def opened(folder, groups, kind="paired", **settings):
    return open_sources(DataConfig(data_dir=str(folder), groups=groups, **settings), kind, (8, 8))


def table(folder, text):
    (folder / "groups.csv").write_text(text)
    return str(folder / "groups.csv")


@pytest.mark.parametrize("share, least, most", [(0.1, 1, 6), (0.5, 5, 15), (0.001, 1, 1)])
def test_some_groups_validate_and_none_does_both(slices, share, least, most):
    found = patients(opened(slices, "{}_*", validation_share=share))
    assert set(found) == {"train", "val"} and not found["train"] & found["val"]
    assert len(found["train"] | found["val"]) == 20 and least <= len(found["val"]) <= most


def test_who_validates_follows_from_names_alone(slices):
    before = patients(opened(slices, "{}_*", validation_share=0.3))["val"]
    for side in ("ct", "mr"):
        for name in ("p3_9.v2", "p77_0.v2"):
            write(slices / "train" / side / f"{name}.png")
    assert patients(opened(slices, "{}_*", validation_share=0.3))["val"] - {"p77"} == before


def test_a_table_and_a_pattern_mean_the_same(slices):
    rows = [f"p{patient}_{number}.v2{'.png' * (number % 2)},p{patient}" for patient in range(20) for number in range(3)]
    expected = patients(opened(slices, "{}_*"))
    for heading, separator in (("name,patient\n", ","), ("", ";")):
        groups = table(slices, heading.replace(",", separator) + "\n".join(rows).replace(",", separator))
        assert patients(opened(slices, groups)) == expected


def test_domains_that_are_no_pairs_are_split_by_the_same_groups(slices):
    found = opened(slices, "{}_*", "unpaired", validation_share=0.3)
    first, second = ({source.name(i).partition("_")[0] for i in range(len(source))} for source in found["val"])
    assert first == second and len(found["train"]) == 2


def test_folders_are_groups(tmp_path):
    for patient in "abcdefgh":
        write(tmp_path / "images" / patient / "1.png")
    found = opened(tmp_path / "images", "{}/*", "images")
    assert {source.name(i).partition("/")[0] for source in found["val"] for i in range(len(source))} < set("abcdefgh")


def test_a_run_trains_and_validates_by_them(slices):
    found = open_dataset(DataConfig(data_dir=str(slices), groups="{}_*", validation_share=0.3), "paired", (8, 8), (8, 8))
    assert found.validation_split == "val" and found.spec.sizes["train"] + found.spec.sizes["validation"] == 60
    assert found.spec.sizes["validation"] % 3 == 0


def test_who_lies_in_two_splits_is_told(slices, caplog):
    for side in ("ct", "mr"):
        for name in ("p3_7", "p99_0"):
            write(slices / "val" / side / f"{name}.png")
    settings = DataConfig(data_dir=str(slices), groups="{}_*", validation_share=0.2)
    assert shared_groups(open_sources(settings, "paired", (8, 8)), settings) == {"p3": ["train", "val"]}
    with caplog.at_level(logging.INFO):
        open_dataset(settings, "paired", (8, 8), (8, 8))
    assert "Warning: 1 groups are in several splits, such as p3 in train and val (--groups)." in caplog.text


@pytest.mark.parametrize(
    "groups, message",
    [
        ("patients", r"must be a CSV file of names and groups, or a pattern of names in which \{\} is the group"),
        ("q{}_*", r"has no group for p0_0.v2.png, p0_1.v2.png, .* and 55 more: each image needs one"),
        ("*v2{}", "has no group for"),
    ],
)
def test_patterns_that_say_nothing(slices, groups, message):
    with pytest.raises(UserError, match=message):
        opened(slices, groups)


def test_a_pattern_in_the_middle_of_names(slices):
    found = opened(slices, "p*_{}.v2")
    numbers = {
        split: {source.name(i).partition("_")[2][0] for source in sources for i in range(len(source))} for split, sources in found.items()
    }
    assert numbers["train"] | numbers["val"] == set("012") and not numbers["train"] & numbers["val"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("p0_0\n", "must have two columns, name and group; found 'p0_0'"),
        ("", "has no group for p0_0.v2.png"),
        ("p0_0,\0", "is not a table of names and groups"),
        ('"p0_0,p0', "is not a CSV file"),
        ("\n".join(f"p{p}_{n}.v2,all" for p in range(20) for n in range(3)), "makes one group of all images, 'all'"),
    ],
)
def test_tables_that_say_nothing(slices, text, message):
    with pytest.raises(UserError, match=message):
        opened(slices, table(slices, text))


def test_a_missing_table(slices):
    with pytest.raises(UserError, match=r"--groups=\S*none.csv cannot be read: No such file"):
        opened(slices, str(slices / "none.csv"))


def test_check_names_them(slices):
    for side in ("ct", "mr"):
        write(slices / "val" / side / "p3_7.png")
    _, found, text = check(slices, "--groups={}_*", "--method=pix2pix", "--image_size=32", "--noprobe")
    assert ("warning", "groups_in_two_splits") in found and "1 group in several splits" in text and "p3: train, val" in text
