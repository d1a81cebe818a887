"""Two domains without pairs: layouts of the user's own folder, what is said of wrong ones, and pairs taken apart."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain
from tfgan.data.dataset import Dataset
from tfgan.data.folders.pairs import open_pairs
from tfgan.data.folders.unpaired import open_unpaired, sides
from tfgan.errors import UnreadableImage, UserError

RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(path: Path, color=RED, size=(4, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (size[1], size[0]), color).save(path)


def side_by_side(path: Path, left, right, size=(4, 6)):
    height, width = size
    image = np.zeros((height, 2 * width, 3), np.uint8)
    image[:, :width], image[:, width:] = left, right
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def unpaired(folder, names=(), label_domains=(), alpha="composite"):
    return open_unpaired(Path(folder), names, label_domains, alpha, skip_bad_files=False)


def colors(source) -> list[list[int]]:
    """The first pixel of each image; each holds one color and stands alone under its side's key."""
    found = []
    for index in range(len(source)):
        ((side, image),) = source.load(index).items()
        assert [side] == list(source.domains) and (image == image[0, 0]).all()
        found.append(image[0, 0].tolist())
    return found


def contents(splits) -> dict:
    """Split -> (side, name of the domain, names of the images) of its two sources."""
    return {
        split: [
            (side, domain.name, [source.name(index) for index in range(len(source))])
            for source in sources
            for side, domain in source.domains.items()
        ]
        for split, sources in splits.items()
    }


LAYOUTS = {
    "CycleGAN": ("train{side}", "test{side}"),
    "sub-folders": ("train/{side}", "test/{side}"),
    "split inside": ("{side}/train", "{side}/test"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_numbers_names_and_sizes(layout, tmp_path):
    train, test = LAYOUTS[layout]
    for name, height in (("10.png", 4), ("2.png", 9), ("more/x.bmp", 5)):
        picture(tmp_path / train.format(side="A") / name, RED, (height, 7))
    picture(tmp_path / train.format(side="B") / "zebra.png", BLUE)
    picture(tmp_path / test.format(side="A") / "1.png", RED)
    picture(tmp_path / test.format(side="B") / "2.png", BLUE)
    found = unpaired(tmp_path)
    assert contents(found) == {
        "train": [("A", "A", ["2.png", "10.png", "more/x.bmp"]), ("B", "B", ["zebra.png"])],
        "test": [("A", "A", ["1.png"]), ("B", "B", ["2.png"])],
    }
    a, b = found["train"]
    assert [a.load(index)["A"].shape for index in range(3)] == [(9, 7, 3), (4, 7, 3), (5, 7, 3)]
    assert colors(a) == 3 * [list(RED)] and colors(b) == [list(BLUE)]


def test_two_folders_without_splits(tmp_path):
    picture(tmp_path / "horse/1.png", RED)
    picture(tmp_path / "zebra/1.png", BLUE)
    picture(tmp_path / "zebra/far/2.png", BLUE)
    assert contents(unpaired(tmp_path)) == {"train": [("A", "horse", ["1.png"]), ("B", "zebra", ["1.png", "far/2.png"])]}
    assert contents(unpaired(tmp_path, ("zebra", "horse")))["train"][0][:2] == ("A", "zebra")
    assert [name for _, name, _ in contents(unpaired(tmp_path, ("x", "y")))["train"]] == ["x", "y"]
    with pytest.raises(UserError, match="no folder of images 'hourse'.*Did you mean horse"):
        unpaired(tmp_path, ("hourse", "zebra"))

    picture(tmp_path / "donkey/1.png")
    assert [name for _, name, _ in contents(unpaired(tmp_path, ("horse", "zebra")))["train"]] == ["horse", "zebra"]
    with pytest.raises(UserError, match="two folders form the domains: of donkey, horse, zebra name two(.|\n)*donkey/ with 1 images"):
        unpaired(tmp_path)


@pytest.mark.parametrize("folder", ["train", "."])
def test_halves_of_side_by_side_files(folder, tmp_path):
    for number in (1, 2):
        side_by_side(tmp_path / folder / f"{number}.png", (number, 0, 0), (0, 0, number))
    a, b = unpaired(tmp_path)["train"]
    assert colors(a) == [[1, 0, 0], [2, 0, 0]] and colors(b) == [[0, 0, 1], [0, 0, 2]]
    assert a.load(0)["A"].shape == b.load(0)["B"].shape == (4, 6, 3)
    picture(tmp_path / folder / "3.png", size=(4, 7))
    odd = unpaired(tmp_path)["train"][1]
    with pytest.raises(UnreadableImage, match="3.png: the width .* must be even, but is 7"):
        odd.load(2)


def test_domains_are_inferred_each_from_its_own_files(tmp_path):
    picture(tmp_path / "trainA/1.png", 7, mode="L")
    picture(tmp_path / "testA/1.png", RED)
    picture(tmp_path / "trainB/1.png", 40000, mode="I;16")
    picture(tmp_path / "testB/1.png", 514, mode="I;16")
    found = unpaired(tmp_path, ("photo", "depth"), ("depth",))
    for a, b in found.values():
        assert a.domains == {"A": Domain("photo", 3)} and b.domains == {"B": Domain("depth", 1, "uint16", "nearest")}
    a, b = found["train"]
    assert colors(a) == [[7, 7, 7]] and colors(b) == [[40000]] and b.load(0)["B"].dtype == np.uint16


def test_alpha(tmp_path):
    picture(tmp_path / "A/1.png", (10, 20, 30, 0), mode="RGBA")
    picture(tmp_path / "B/1.png", (7, 0), mode="LA")
    found = {alpha: [colors(source)[0] for source in unpaired(tmp_path, alpha=alpha)["train"]] for alpha in ("composite", "drop", "keep")}
    assert found == {"composite": [[255, 255, 255], [255]], "drop": [[10, 20, 30], [7]], "keep": [[10, 20, 30, 0], [7, 7, 7, 0]]}


def test_bad_files_are_named_by_load(tmp_path):
    picture(tmp_path / "trainA/1.png")
    picture(tmp_path / "trainB/2.jpg")
    (tmp_path / "trainB/2.jpg").write_bytes((tmp_path / "trainB/2.jpg").read_bytes()[:-20])
    a, b = unpaired(tmp_path)["train"]
    assert colors(a) == [list(RED)]
    with pytest.raises(UnreadableImage, match="^trainB/2.jpg: damaged or incomplete"):
        b.load(0)


def test_missing_and_empty(tmp_path):
    with pytest.raises(UserError, match="nowhere does not exist"):
        unpaired(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no image domains found in .*0 images directly(.|\n)*DATA/trainA(.|\n)*DATA/A/"):
        unpaired(tmp_path)
    picture(tmp_path / "trainA/1.png")
    with pytest.raises(UserError, match="trainB is missing, the counterpart of .*trainA"):
        unpaired(tmp_path)
    (tmp_path / "trainB").mkdir()
    with pytest.raises(UserError, match="trainB holds no images .*jpg.*tiff"):
        unpaired(tmp_path)
    picture(tmp_path / "trainB/1.png")
    picture(tmp_path / "valB/1.png")
    with pytest.raises(UserError, match="valA is missing, the counterpart of .*valB"):
        unpaired(tmp_path)


def test_wrong_settings(tmp_path):
    picture(tmp_path / "horse/1.png")
    picture(tmp_path / "zebra/1.png")
    with pytest.raises(UserError, match="no domain 'zebras'.*Did you mean zebra.*horse, zebra"):
        unpaired(tmp_path, label_domains=("zebras",))
    for names in (("horse",), ("a", "a"), ("a", "b", "c")):
        with pytest.raises(UserError, match="--domains=horse,zebra; found " + ",".join(names)):
            unpaired(tmp_path, names)


def test_wrong_layouts(tmp_path):
    def check(name, files, message):
        for file in files:
            picture(tmp_path / name / file)
        with pytest.raises(UserError, match=message):
            unpaired(tmp_path / name)

    check("lonely", ["horse/1.png"], "two folders form the domains(.|\n)*horse/ with 1 images")
    check("lonely inside", ["train/A/1.png"], "two folders form the domains")
    check("half", ["A/train/1.png", "B/1.png"], "two folders form the domains(.|\n)*A/ with 1 images, B/ with 1 images")
    check("both", ["train/1.png", "trainA/1.png", "trainB/1.png"], "several layouts are mixed in")
    check("unlike", ["train/A/1.png", "train/B/1.png", "val/A/1.png", "val/C/1.png"], "train and val have different layouts")
    check("stray", ["1.png", "A/1.png", "B/1.png"], "side by side images and two folders of images are mixed")
    check("capitals", ["Train/1.png", "Test/1.png"], r"Test and Train may be splits .*--domains=Test,Train\), in .*Train/ with 1 images")
    check("two sets", ["maps/A/1.png", "maps/B/1.png", "shoes/A/1.png", "shoes/B/1.png"], "maps and shoes may be .* whole data sets")
    (tmp_path / "empty/A").mkdir(parents=True)
    check("empty", ["B/1.png"], "A holds no images")


def test_domains_that_look_like_splits_need_their_names(tmp_path):
    picture(tmp_path / "Train/brown/1.png")
    picture(tmp_path / "Ship/1.png")
    with pytest.raises(UserError, match="may be splits"):
        unpaired(tmp_path, ("ship", "train"))
    names = ("Train", "Ship")
    assert contents(unpaired(tmp_path, names)) == {"train": [("A", "Train", ["brown/1.png"]), ("B", "Ship", ["1.png"])]}


def test_sides_of_pairs(tmp_path):
    for number in (1, 2):
        picture(tmp_path / f"trainA/{number}.png", (number, 0, 0))
        picture(tmp_path / f"trainB/{number}.png", 10 * number, mode="L")
    picture(tmp_path / "trainA/3.png")
    found = sides(open_pairs(tmp_path, ("photo", "depth"), (), "composite", skip_bad_files=True))
    assert contents(found) == {"train": [("A", "photo", ["1.png", "2.png"]), ("B", "depth", ["1.png", "2.png"])]}
    a, b = found["train"]
    assert a.domains == {"A": Domain("photo", 3)} and b.domains == {"B": Domain("depth", 1)}
    assert colors(a) == [[1, 0, 0], [2, 0, 0]] and colors(b) == [[10], [20]]
    assert a.skipped == b.skipped == [("trainA/3.png", "no trainB/3.*")]


def test_neither_domain_is_cut_short(tmp_path):
    for number in range(5):
        picture(tmp_path / f"trainA/{number}.png", (number, 0, 0), (4, 4))
    for number in range(3):
        picture(tmp_path / f"trainB/{number}.png", (0, 0, 100 + number), (4, 4))
    a, b = unpaired(tmp_path)["train"]
    found = Dataset("unpaired", {"train": [(a, {"source": "A"}), (b, {"target": "B"})]}, (4, 4), (4, 4), DataConfig())
    assert found.spec.sizes == {"train": 5, "validation": 5}
    assert found.spec.domains == {"source": Domain("A", 3), "target": Domain("B", 3)}
    batches = list(found.train_batches(batch_size=1, flip=False, seed=0).take(15).as_numpy_iterator())

    def values(key, channel):
        return [int(np.rint((batch[key][0, 0, 0, channel] + 1) * 127.5)) for batch in batches]

    assert [sorted(values("source", 0)[i : i + 5]) for i in (0, 5, 10)] == 3 * [[0, 1, 2, 3, 4]]
    assert [sorted(values("target", 2)[i : i + 3]) for i in range(0, 15, 3)] == 5 * [[100, 101, 102]]
