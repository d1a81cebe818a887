"""Layouts of the user's own folder, and what is said of those that are wrong."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Domain
from tfgan.data.finding.order import natural_key
from tfgan.data.folders.layout import list_images
from tfgan.data.folders.pairs import open_pairs
from tfgan.errors import UnreadableImage, UserError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(path: Path, color=RED, size=(4, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (size[1], size[0]), color).save(path)


def side_by_side(path: Path, size=(4, 6)):
    height, width = size
    image = np.zeros((height, 2 * width, 3), np.uint8)
    image[:, :width], image[:, width:] = RED, BLUE
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def pairs(folder, names=(), label_domains=(), alpha="composite", skip_bad_files=False):
    return open_pairs(Path(folder), names, label_domains, alpha, skip_bad_files)


def check_red_to_blue(source, count):
    assert len(source) == count
    for index in range(count):
        pair = source.load(index)
        assert pair["A"].shape == pair["B"].shape == (4, 6, 3)
        assert (pair["A"] == RED).all() and (pair["B"] == BLUE).all()


def test_side_by_side(tmp_path):
    for name in ("10.png", "2.png", "sub/1.png"):
        side_by_side(tmp_path / "train" / name)
    side_by_side(tmp_path / "valid" / "1.png")
    side_by_side(tmp_path / "test" / "1.png")
    (tmp_path / "train" / ".hidden.png").write_text("")
    (tmp_path / "train" / "notes.txt").write_text("")
    found = pairs(tmp_path)
    assert list(found) == ["train", "val", "test"]
    assert [found["train"].name(i) for i in range(3)] == ["2.png", "10.png", "sub/1.png"]
    check_red_to_blue(found["train"], 3)
    assert found["train"].domains == {"A": Domain("A", 3), "B": Domain("B", 3)}


LAYOUTS = {
    "sub-folders": ("train/{side}", "val/{side}"),
    "split inside": ("{side}/train", "{side}/validation"),
    "CycleGAN": ("train{side}", "val{side}"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_two_folders(layout, tmp_path):
    for split in LAYOUTS[layout]:
        for side, color, ending in (("A", RED, "png"), ("B", BLUE, "bmp")):
            picture(tmp_path / split.format(side=side) / f"a/2.{ending}", color)
            picture(tmp_path / split.format(side=side) / f"a/10.{ending}", color)
    found = pairs(tmp_path)
    assert list(found) == ["train", "val"]
    assert [found["train"].name(i) for i in range(2)] == ["a/2.png", "a/10.png"]
    for source in found.values():
        check_red_to_blue(source, 2)
        assert [domain.name for domain in source.domains.values()] == ["A", "B"]


@pytest.mark.parametrize("layout", ["train/{side}", "{side}/train"])
def test_names_choose_the_folders(layout, tmp_path):
    for side, color in (("labels", BLUE), ("photo", RED)):
        picture(tmp_path / layout.format(side=side) / "1.png", color)

    def domains(names):
        source = pairs(tmp_path, names)["train"]
        return [(domain.name, source.load(0)[side][0, 0].tolist()) for side, domain in source.domains.items()]

    assert domains(()) == [("labels", list(BLUE)), ("photo", list(RED))]
    assert domains(("photo", "labels")) == [("photo", list(RED)), ("labels", list(BLUE))]
    assert domains(("x", "y")) == [("x", list(BLUE)), ("y", list(RED))]  # names of no folder: the alphabet decides
    with pytest.raises(UserError, match="no folder of images 'foto'.*Did you mean photo"):
        pairs(tmp_path, ("foto", "labels"))

    picture(tmp_path / layout.format(side="edges") / "1.png", (0, 255, 0))
    assert domains(("photo", "labels")) == [("photo", list(RED)), ("labels", list(BLUE))]
    with pytest.raises(UserError, match="of edges, labels, photo name two, for example --domains=edges,labels(.|\n)*edges/ with 1 images"):
        pairs(tmp_path)


def test_folder_without_splits(tmp_path):
    side_by_side(tmp_path / "1.png")
    found = pairs(tmp_path)
    assert list(found) == ["train"]
    check_red_to_blue(found["train"], 1)


def test_channels_and_dtype_over_all_files(tmp_path):
    picture(tmp_path / "trainA/1.png", 7, mode="L")
    picture(tmp_path / "testA/1.png", 7, mode="1")
    picture(tmp_path / "trainB/1.png", 7, mode="L")
    picture(tmp_path / "testB/1.png", RED)
    found = pairs(tmp_path)
    assert found["train"].domains == {"A": Domain("A", 1), "B": Domain("B", 3)}
    pair = found["train"].load(0)
    assert pair["A"].shape == (4, 6, 1) and pair["B"].shape == (4, 6, 3) and (pair["B"] == 7).all()
    assert found["test"].load(0)["A"].max() == 255


def test_16_bit_only_if_all_are(tmp_path):
    picture(tmp_path / "trainA/1.png", 40000, mode="I;16")
    picture(tmp_path / "trainB/1.png", 514, mode="I;16")
    picture(tmp_path / "valA/1.png", 1, mode="I;16")
    picture(tmp_path / "valB/1.png", 2, mode="L")
    source = pairs(tmp_path)["train"]
    assert [domain.dtype for domain in source.domains.values()] == ["uint16", "uint8"]
    pair = source.load(0)
    assert pair["A"].dtype == np.uint16 and (pair["A"] == 40000).all()
    assert pair["B"].dtype == np.uint8 and (pair["B"] == 2).all()


def test_alpha(tmp_path):
    picture(tmp_path / "trainA/1.png", (10, 20, 30, 0), mode="RGBA")
    picture(tmp_path / "trainB/1.png", (7, 0), mode="LA")

    def pixels(alpha):
        pair = pairs(tmp_path, alpha=alpha)["train"].load(0)
        return pair["A"][0, 0].tolist(), pair["B"][0, 0].tolist()

    assert pixels("composite") == ([255, 255, 255], [255])
    assert pixels("drop") == ([10, 20, 30], [7])
    assert pixels("keep") == ([10, 20, 30, 0], [7, 7, 7, 0])


def test_label_domains(tmp_path):
    side_by_side(tmp_path / "train/1.png")
    domains = pairs(tmp_path, ("photo", "labels"), ("labels",))["train"].domains
    assert domains == {"A": Domain("photo", 3), "B": Domain("labels", 3, resample="nearest")}
    with pytest.raises(UserError, match="'lables'.*Did you mean labels.*photo, labels"):
        pairs(tmp_path, ("photo", "labels"), ("lables",))
    for names in (("photo",), ("a", "a"), ("a", "b", "c")):
        with pytest.raises(UserError, match="--domains=photo,labels; found " + ",".join(names)):
            pairs(tmp_path, names)


def test_unmatched_files(tmp_path):
    for number in range(14):
        picture(tmp_path / f"trainA/{number}.png")
    for number in (3, 4, 20):
        picture(tmp_path / f"trainB/{number}.jpg")
    picture(tmp_path / "trainB/4.png")
    with pytest.raises(UserError, match=r"16 files .* cannot be paired \(.*--skip_bad_files\)") as caught:
        pairs(tmp_path)
    message = str(caught.value)
    lines = message.splitlines()
    assert lines[1] == "  trainA/0.png: no trainB/0.*" and len(lines) == 1 + 10 + 1 and lines[-1] == "  … and 6 more"

    source = pairs(tmp_path, skip_bad_files=True)["train"]
    assert len(source) == 1 and source.name(0) == "3.png"
    assert len(source.skipped) == 16
    assert ("trainB/20.jpg", "no trainA/20.*") in source.skipped
    assert ("trainB/4.png", "several files are called 4") in source.skipped


def test_nothing_matches_even_when_skipping(tmp_path):
    picture(tmp_path / "trainA/1_A.png")
    picture(tmp_path / "trainB/1_B.png")
    with pytest.raises(UserError, match="no file in .*trainA and .*trainB has a counterpart"):
        pairs(tmp_path, skip_bad_files=True)


def test_bad_examples_are_reported_by_load(tmp_path):
    picture(tmp_path / "trainA/1.png", size=(10, 12))
    picture(tmp_path / "trainB/1.png", size=(9, 12))
    picture(tmp_path / "trainA/2.jpg")
    picture(tmp_path / "trainB/2.jpg")
    content = (tmp_path / "trainB/2.jpg").read_bytes()
    (tmp_path / "trainB/2.jpg").write_bytes(content[:-20])
    picture(tmp_path / "trainA/3.png", 5, mode="L")
    (tmp_path / "trainB/3.jpg").touch()
    source = pairs(tmp_path)["train"]
    assert source.domains["B"].channels == 3  # the empty file has no say
    for index, message in enumerate(
        [
            r"trainA/1.png is 10×12 but trainB/1.png is 9×12 \(height×width\)",
            r"trainB/2.jpg: damaged or incomplete",
            r"trainB/3.jpg: the file is empty",
        ]
    ):
        with pytest.raises(UnreadableImage, match=message):
            source.load(index)


def test_odd_width(tmp_path):
    picture(tmp_path / "train/1.png", size=(4, 7))
    with pytest.raises(UnreadableImage, match="train/1.png: the width .* must be even, but is 7"):
        pairs(tmp_path)["train"].load(0)


def test_no_readable_header(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/1.png").write_text("text")
    source = pairs(tmp_path)["train"]
    assert source.domains["A"] == Domain("A", 3)
    with pytest.raises(UnreadableImage, match="train/1.png: not an image"):
        source.load(0)


def test_missing_and_empty(tmp_path):
    with pytest.raises(UserError, match="nowhere does not exist"):
        pairs(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file, not a folder"):
        pairs(tmp_path / "file")
    (tmp_path / "file").unlink()
    with pytest.raises(UserError, match="no image pairs found in .*0 images directly(.|\n)*DATA/train/A"):
        pairs(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(UserError, match="train holds no images .*jpg.*tiff"):
        pairs(tmp_path)
    picture(tmp_path / "train/A/1.png")
    (tmp_path / "train/B").mkdir()
    with pytest.raises(UserError, match="train/B holds no images"):
        pairs(tmp_path)


def test_wrong_layouts(tmp_path):
    def check(name, files, message):
        for file in files:
            picture(tmp_path / name / file)
        with pytest.raises(UserError, match=message):
            pairs(tmp_path / name)

    check("plain", ["cats/1.png", "cats/2.png", "dogs/1.png"], "1 files in .*plain cannot be paired(.|\n)*cats/2.png: no dogs/2")
    check("three", ["cats/1.png", "cats/2.png", "dogs/1.png", "owls/1.png"], "cats/ with 2 images, dogs/ with 1 images(.|\n)*DATA/trainA")
    check("lonely", ["train/A/1.png"], "two folders form the pairs")
    check("half", ["trainA/1.png"], "trainB is missing, the counterpart of .*trainA")
    check("half inside", ["A/train/1.png", "B/train/1.png", "B/val/1.png"], "A/val is missing, the counterpart of .*B/val")
    check("both", ["train/1.png", "trainA/1.png", "trainB/1.png"], "several layouts are mixed in")
    check("mixed", ["train/1.png", "train/A/1.png", "train/B/1.png"], "side by side images and two folders of images are mixed")
    check("unlike", ["train/A/1.png", "train/B/1.png", "val/1.png"], "train and val have different layouts")
    check("unlike names", ["train/A/1.png", "train/B/1.png", "val/A/1.png", "val/C/1.png"], "train and val have different layouts")
    check("twice", ["train/1.png", "val/1.png", "valid/1.png"], "names of one split, val; keep one")
    check("stray", ["1.png", "A/1.png", "B/1.png"], "side by side images and two folders of images are mixed")


def test_list_images(tmp_path):
    for name in ("b/10.PNG", "b/9.jpg", "a.webp", "B2.gif", "b1.tiff", ".git/1.png", "._a.jpg", "x.txt", "png"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    picture(tmp_path / "elsewhere/1.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "data" / "link")
    found = [path.as_posix() for path in list_images(tmp_path / "data")]
    assert found == ["a.webp", "b1.tiff", "B2.gif", "b/9.jpg", "b/10.PNG", "link/1.png"]


def test_natural_order():
    names = ["img10", "img9", "img09", "IMG1", "a", "2", "10", "img1b2", "img1b10"]
    assert sorted(names, key=natural_key) == ["2", "10", "a", "IMG1", "img1b2", "img1b10", "img09", "img9", "img10"]


def test_facades():
    root = os.environ.get("TFGAN_TEST_DATA")
    if not root:
        pytest.skip("real data is used where TFGAN_TEST_DATA names its folder")
    found = pairs(Path(root) / "facades", ("photo", "labels"), ("labels",))
    assert {split: len(source) for split, source in found.items()} == {"train": 400, "val": 50}
    pair = found["train"].load(0)
    assert pair["A"].shape == pair["B"].shape == (256, 256, 3)
    flat = {side: (np.diff(image.astype(int), axis=1) == 0).all(axis=-1).mean() for side, image in pair.items()}
    assert flat["B"] > 2 * flat["A"], flat  # a label map is flat between its edges, a photo is not
