"""Pairs whose files lie beside each other in one folder are seen where names or colors tell; all other folders stay what they are."""

import numpy as np
import pytest
import tiny_folders as tiny

from tfgan.config import DataConfig, DataSpec, Domain, RunConfig, TrainConfig
from tfgan.config.verbs import TranslateConfig
from tfgan.data.checks.layouts import find_layouts
from tfgan.data.folders.beside import find_beside
from tfgan.data.folders.pairs import open_pairs
from tfgan.data.folders.unpaired import open_unpaired
from tfgan.data.folders.within import find_within, match_within
from tfgan.errors import UserError
from tfgan.runs.judging import find_results

WIDE = (16, 32)


def fill(folder, *forms, numbers=range(6)):
    """Images by names with {} for a number: of noise in color, or gray and flat where `forms` has a pair of the name and L; their sizes."""
    rng = np.random.default_rng(0)
    for form, mode, size in forms:
        for number in numbers:
            shape = size if mode == "L" else (*size, 3)
            value = np.full(shape, number, np.uint8) if mode == "L" else rng.integers(0, 256, shape, np.uint8)
            tiny.save(folder / form.format(number), value)


def color(form, size=(16, 16)):
    return form, "RGB", size


def gray(form, size=(16, 16)):
    return form, "L", size


def opened(folder, pair_names=(), skip=False):
    return open_pairs(folder, (), (), "composite", skip, "refuse", pair_names)


SURE = {
    "a mask beside": ([gray("{}_mask.png"), color("{}.png")], ("{}", "{}_mask"), "1.png"),
    "masks in color": ([color("{}_mask.png"), color("{}.png")], ("{}", "{}_mask"), "1.png"),
    "beginnings": ([color("img_{}.png"), color("mask_{}.png")], ("img_{}", "mask_{}"), "img_1.png"),
    "Cityscapes of one folder a city": (
        [color("train/c/c_{}_leftImg8bit.png", WIDE), gray("train/c/c_{}_gtFine_labelIds.png", WIDE)],
        ("{}_leftImg8bit", "{}_gtFine_labelIds"),
        "c/c_1_leftImg8bit.png",
    ),
    "endings alone": ([color("{}.jpg"), gray("{}.png")], ("{}.jpg", "{}.png"), "1.jpg"),
    "gray alone tells": ([color("{}.png"), gray("{}_x.png")], ("{}", "{}_x"), "1.png"),
    "gray comes second": ([gray("{}.png"), color("{}_x.png")], ("{}_x", "{}"), "1_x.png"),
}


@pytest.mark.parametrize("name", SURE)
def test_pairs_in_one_folder(name, tmp_path):
    forms, patterns, first = SURE[name]
    fill(tmp_path, *forms)
    beside = find_beside(tmp_path)
    assert beside and beside.sure and beside.within.patterns == patterns
    source = opened(tmp_path)["train"]
    assert len(source) == 6 and source.name(1) == first and source.domains["A"].channels == 3
    for index in range(6):
        pair = source.load(index)
        assert pair["A"].std() > 20
        if source.domains["B"].channels == 1:
            assert (pair["B"] == index).all()
    found = find_layouts(DataConfig(data_dir=str(tmp_path))).possible
    assert found[0].kind == "paired" and found[0].sure == "sure" and f"in one folder, by {patterns[0]} and {patterns[1]}," in found[0].words


OTHERS = {
    "single images": [color("photo ({}).png")],
    "copies": [color("{}.png"), color("{} (1).png")],
    "enlarged": [color("{}.png"), color("{}x2.png", (32, 32))],
    "one ending": [color("{}x4.png")],
    "halves": [color("{}_x.png", WIDE), color("{}_y.png", WIDE)],
    "three kinds": [color("{}_real_A.png"), color("{}_real_B.png"), color("{}_fake_B.png")],
    "class folders": [color("cat/{}.png"), color("dog/{}_mask.png")],
    "masks of some": [color("{}.png"), color("more_{}.png"), gray("{}_mask.png")],
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_folders_stay_what_they_are(name, tmp_path):
    fill(tmp_path, *OTHERS[name])
    assert find_beside(tmp_path) is None


def test_what_names_alone_say_is_asked_about(tmp_path):
    fill(tmp_path, color("{}_A.png"), color("{}_B.png"))
    first, second = find_layouts(DataConfig(data_dir=str(tmp_path))).possible
    assert (first.kind, second.kind, second.sure) == ("images", "paired", "possible") and "'--pair_names={}_A,{}_B'" in second.words
    with pytest.raises(UserError, match=r"such as 0_A.png and 0_B.png: if they are, say '--pair_names=\{\}_A,\{\}_B'; if each .*=equal"):
        opened(tmp_path)
    with pytest.raises(UserError, match="put each domain into a folder of its own"):
        open_unpaired(tmp_path, (), (), "composite", False)
    assert len(opened(tmp_path, ("{}_B", "{}_A"))["train"]) == 6
    halves = opened(tmp_path, ("equal",))["train"]
    assert len(halves) == 12 and halves.load(0)["A"].shape == (16, 8, 3)
    with pytest.raises(UserError, match="no two files in .* are a pair by these patterns"):
        opened(tmp_path, ("{}", "{}_mask"))
    with pytest.raises(UserError, match="no two files in .* are a pair by these patterns"):
        opened(tmp_path, ("{}", "{}"))  # by which each would be its own partner


def test_splits_and_files_without_a_partner(tmp_path):
    fill(tmp_path, color("train/{}.png"), gray("train/{}_mask.png"), numbers=range(20))
    fill(tmp_path, color("val/{}.png"), gray("val/{}_mask.png"))
    fill(tmp_path, color("test/{}.png"))
    assert {split: len(source) for split, source in opened(tmp_path).items()} == {"train": 20, "val": 6}
    (tmp_path / "train/3_mask.png").unlink()
    (tmp_path / "val/4.png").unlink()
    with pytest.raises(UserError, match=r"2 files .* cannot be paired(.|\n)*train/3.png: no 3_mask\.\*(.|\n)*val/4_mask.png: no 4\.\*"):
        opened(tmp_path)
    assert {split: len(source) for split, source in opened(tmp_path, skip=True).items()} == {"train": 19, "val": 5}
    for path in (tmp_path / "val").glob("*_mask.png"):
        path.unlink()
    with pytest.raises(UserError, match="no two files in .*val are a pair by {} and {}_mask, as others are"):
        opened(tmp_path, skip=True)


def test_both_files_of_a_pair_may_have_a_depth_of_their_own(tmp_path):
    fill(tmp_path, color("{}_rgb.png"))
    for number in range(6):
        tiny.save(tmp_path / f"{number}_depth.png", np.full((16, 16), 9000 * number, np.uint16))
    code, found, _ = tiny.check(tmp_path, "--noprobe", "--image_size=32")
    assert code == 0 and ("warning", "mixed_depth") not in found
    tiny.save(tmp_path / "3_depth.png", np.full((16, 16), 90, np.uint8))
    assert ("warning", "mixed_depth") in tiny.check(tmp_path, "--noprobe", "--image_size=32")[1]


def test_a_name_in_two_pairs_is_in_none():
    found = match_within(["1", "1_m", "1_m_m", "2", "2_m"], ("{}", "{}_m"))
    assert found.pairs == [("2", "2_m")] and found.alone == {"1": "", "1_m": "", "1_m_m": ""}
    assert [way.patterns for way in find_within([f"{name}{end}.png" for name in "abc" for end in ("", "_mask")])] == [("{}", "{}_mask")]


def test_translate_leaves_the_targets_out(tmp_path, capsys):
    fill(tmp_path / "data", color("{}.png"), gray("{}_mask.png"))
    data = DataConfig(domains=("photo", "mask"), direction="photo_to_mask")
    spec = DataSpec("paired", (16, 16), {"source": Domain("photo", 3), "target": Domain("mask", 1)}, {"train": 6}, "")
    config = RunConfig("pix2pix", data, TrainConfig(), None, spec, {})

    def taken(source):
        return [task.source.name for task in find_results(config, str(source), str(tmp_path / "out"), TranslateConfig())]

    assert taken(tmp_path / "data") == [f"{number}.png" for number in range(6)]
    assert "6 files are targets of pairs, by '--pair_names={},{}_mask', and are not translated" in capsys.readouterr().out
    assert len(taken(tmp_path / "data" / "*.png")) == 12  # somebody has said which
