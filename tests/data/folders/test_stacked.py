"""Pairs of which a side is several folders, stacked as channels; translated from folders of the same names."""

import json

import numpy as np
import pytest
from PIL import Image

import tfgan
from tfgan.cli.main import main
from tfgan.config import DataConfig, Part
from tfgan.data import open_sources
from tfgan.errors import UnreadableImage, UserError

RNG = np.random.default_rng(0)
FLAGS = (
    *("--method=pix2pix", "--generator=unet_16", "--ngf=2", "--ndf=2", "--n_layers=1", "--image_size=16", "--batch_size=2", "--steps=1"),
    *("--num_samples=1", "--notensorboard"),
)


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array) if path.suffix == ".npy" else Image.fromarray(array).save(path)


@pytest.fixture
def folder(tmp_path):
    """Pairs of t1, 8 bits in PNG, t2, int16 in NPY, and flair, 8 bits in PNG; the names of t2 end in _t2."""
    for split, count in (("train", 6), ("val", 2)):
        for number in range(count):
            write(tmp_path / "data" / split / "t1" / f"p{number}.png", RNG.integers(0, 256, (16, 16), np.uint8))
            write(tmp_path / "data" / split / "t2" / f"p{number}_t2.npy", RNG.integers(-100, 900, (16, 16)).astype(np.int16))
            write(tmp_path / "data" / split / "flair" / f"p{number}.png", RNG.integers(0, 256, (16, 16), np.uint8))
    return tmp_path / "data"


def opened(folder, domains="t1+t2,flair", **settings):
    settings = {"value_range": ("t2:-100:900",), "domains": tuple(domains.split(",")) if domains else ()} | settings
    return {split: source for split, (source,) in open_sources(DataConfig(data_dir=str(folder), **settings), "paired", (16, 16)).items()}


def test_channels_stand_in_the_order_of_the_names(folder):
    pairs = opened(folder)
    domain, example = pairs["train"].domains["A"], pairs["train"].load(1)
    assert domain.parts == (Part("t1", 1, "uint8"), Part("t2", 1, "int16")) and (domain.channels, domain.dtype) == (2, "int16")
    assert domain.value_range == ((0, 255), (-100, 900)) and pairs["train"].domains["B"].name == "flair"
    t1, t2 = np.asarray(Image.open(folder / "train/t1/p1.png")), np.load(folder / "train/t2/p1_t2.npy")
    assert np.array_equal(example["A"], np.stack([t1, t2], axis=-1))
    assert np.array_equal(example["B"][..., 0], np.asarray(Image.open(folder / "train/flair/p1.png")))
    turned = opened(folder, "flair,t2+t1")["val"]
    assert len(turned) == 2 and [part.name for part in turned.domains["B"].parts] == ["t2", "t1"]


def test_a_color_picture_and_a_gray_one(folder):
    for path in folder.glob("*/t2/*"):
        path.unlink()
    for split, number in [*(("train", number) for number in range(6)), ("val", 0), ("val", 1)]:
        write(folder / split / "t2" / f"p{number}.png", RNG.integers(0, 256, (16, 16, 3), np.uint8))
    domain = opened(folder, value_range=())["train"].domains["A"]
    assert (domain.channels, domain.dtype, domain.bands, domain.value_range) == (4, "uint8", True, ())


def test_folders_called_a1_a2_and_b_are_stacked_by_themselves(folder):
    for split in ("train", "val"):
        for old, new in {"t1": "A1", "t2": "A2", "flair": "B"}.items():
            (folder / split / old).rename(folder / split / new)
    assert opened(folder, "", value_range=("A2:auto",))["train"].domains["A"].name == "A1+A2"


@pytest.mark.parametrize(
    "domains, says",
    [
        ("t1+,flair", "name each folder once"),
        ("t1+t1,flair", "name each folder once"),
        ("t1+flair,flair", "name each folder once"),
        ("t1+t3,flair", "no folder of images 't3'"),
    ],
)
def test_names_that_cannot_be_stacked(folder, domains, says):
    with pytest.raises(UserError, match=says):
        opened(folder, domains)


def test_files_that_lack_a_part(folder):
    (folder / "train/t2/p1_t2.npy").unlink()
    with pytest.raises(UserError, match=r"p1.png: no counterpart in t2"):
        opened(folder)
    assert len(opened(folder, skip_bad_files=True)["train"]) == 5
    write(folder / "train/t2/p1_t2.npy", np.zeros((8, 8), np.int16))
    with pytest.raises(UnreadableImage, match=r"t1/p1.png is 16×16 but train/t2/p1_t2.npy is 8×8"):
        opened(folder)["train"].load(1)


def test_patterns_of_names(folder):
    assert len(opened(folder, pair_names=("{}", "{}_t2", "{}"))["train"]) == 6
    with pytest.raises(UserError, match="a pattern for each of t1, t2, flair, in this order; found 2"):
        opened(folder, pair_names=("{}", "{}_t2"))


def test_unpaired_domains_are_not_stacked(folder):
    with pytest.raises(UserError, match=r"t1\+t2 stacks folders"):
        open_sources(DataConfig(data_dir=str(folder), domains=("t1+t2", "flair")), "unpaired", (16, 16))


def test_a_run_translates_folders_of_the_parts(folder, tmp_path, eagerly, capsys):
    settings = ("--domains=t1+t2,flair", "--direction=t1+t2_to_flair", "--value_range=t2:auto")
    assert main(["train", *FLAGS, f"--data_dir={folder}", *settings, f"--workdir={tmp_path / 'run'}"]) == 0
    record = json.loads((tmp_path / "run/config.json").read_text())
    assert [part["name"] for part in record["spec"]["domains"]["source"]["parts"]] == ["t1", "t2"]
    assert record["data"]["value_range"][0].startswith("t2:-")
    assert main(["translate", str(tmp_path / "run"), str(folder / "val"), str(tmp_path / "out")]) == 0
    result, other = sorted((tmp_path / "out").iterdir())
    assert (result.name, other.name) == ("p0.png", "p1.png")
    stack = np.stack([np.asarray(Image.open(folder / "val/t1/p0.png")), np.load(folder / "val/t2/p0_t2.npy")], axis=-1)
    array = tfgan.load(tmp_path / "run").translate(stack.astype(np.int16))
    assert np.array_equal(array[..., 0], np.asarray(Image.open(result)))
    np.save(tmp_path / "stack.npy", stack.astype(np.int16))
    assert main(["translate", str(tmp_path / "run"), str(tmp_path / "stack.npy"), str(tmp_path / "one.png")]) == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "one.png")), np.asarray(Image.open(result)))
    for number in (2, 3, 4):
        write(folder / f"val/t1/p{number}.png", np.zeros((16, 16), np.uint8))
    for number in (3, 4):
        np.save(folder / f"val/t2/p{number}_t2.npy", np.zeros((16, 16), np.int16))
    capsys.readouterr()
    assert main(["translate", str(tmp_path / "run"), str(folder / "val"), str(tmp_path / "out")]) == 2
    assert "p2.png has no counterpart in" in capsys.readouterr().err
    assert main(["translate", str(tmp_path / "run"), str(folder / "val/t1"), str(tmp_path / "out")]) == 1
    assert "t1+t2 is stacked of the folders t1 and t2: give the folder that holds them" in capsys.readouterr().err
