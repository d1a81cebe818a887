"""Images with attributes: files of attributes, class folders, groups, splits, several sets, and what is said of those that are wrong."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain
from tfgan.data import open_dataset
from tfgan.data.attributes.folder import find_files, open_attributes
from tfgan.errors import UnreadableImage, UserError


def picture(path, color=(255, 0, 0), size=(4, 4), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size[::-1], color).save(path)


def fill(folder, text, name="attributes.csv", images=None, inside=""):
    """Writes a table and an image for each of its rows, or the `images` named."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    files = [line.replace(",", " ").split()[0] for line in text.splitlines() if ".png" in line] if images is None else images
    for file in files:
        picture(folder / inside / file)
    return folder


def opened(*folders, **settings):
    first, *others = map(str, folders)
    return open_attributes(DataConfig(data_dir=first, extra_data_dirs=tuple(others), **settings))


def rows(source):
    """Name -> attributes, with None where they are not known."""
    found = {}
    for index in range(len(source)):
        example = source.load(index)
        assert example["attributes"].dtype == example["mask"].dtype == np.float32
        assert not example["attributes"][example["mask"] == 0].any()
        found[source.name(index)] = [int(value) if known else None for value, known in zip(example["attributes"], example["mask"])]
    return found


SPLIT_CSV = """\
file,Smiling,split,Male
2.png,1,train,yes
10.png,0,TRAIN,no
1.png,1,valid,
3.png,,test,No
"""


def test_csv_with_splits(tmp_path):
    splits = opened(fill(tmp_path, SPLIT_CSV))
    assert {split: [rows(source) for source in sources] for split, sources in splits.items()} == {
        "train": [{"2.png": [1, 1], "10.png": [0, 0]}],
        "val": [{"1.png": [1, None]}],
        "test": [{"3.png": [None, 0]}],
    }
    train = splits["train"][0]
    assert train.attribute_names == ("Smiling", "Male") and train.attribute_groups == () and train.attribute_sets == ()
    assert list(rows(train)) == ["2.png", "10.png"]  # natural order
    assert train.domains == {"image": Domain("image", 3)}


@pytest.mark.parametrize("yes, no", [("1", "0"), ("1", "-1"), ("true", "False"), ("YES", "no"), ("1.0", "0.0")])
def test_ways_to_say_yes_and_no(tmp_path, yes, no):
    text = f"Smiling;PATH;;split\n{yes};./a/1.png;9;train\n\n{no} ; a/2.png;9;train\n;a/3.png;9;val\n"
    fill(tmp_path, "\ufeff" + text, images=["a/1.png", "a/2.png", "a/3.png"])
    splits = opened(tmp_path)
    assert splits["train"][0].attribute_names == ("Smiling",)  # the column without a name is no attribute
    assert rows(splits["train"][0]) == {"a/1.png": [1], "a/2.png": [0]} and rows(splits["val"][0]) == {"a/3.png": [None]}


HAIR_CSV = "f,hair,bald,split\n1.png,brown,0,train\n2.png,black,1,train\n3.png,,0,train\n4.png,gray,1,train\n"


def test_texts_become_a_group(tmp_path, capsys):
    fill(tmp_path, HAIR_CSV + "5.png,black,1,val\n")
    train = opened(tmp_path)["train"][0]
    assert train.attribute_names == ("hair=black", "hair=brown", "hair=gray", "bald")
    assert train.attribute_groups == (("hair=black", "hair=brown", "hair=gray"),)
    expected = {"1.png": [0, 1, 0, 0], "2.png": [1, 0, 0, 1], "3.png": [None, None, None, 0], "4.png": [0, 0, 1, 1]}
    assert rows(train) == expected
    assert capsys.readouterr().out == ""

    train = opened(tmp_path, attributes=("bald", "hair"))["train"][0]
    assert train.attribute_names == ("bald", "hair=black", "hair=brown", "hair=gray")
    assert rows(train)["1.png"] == [0, 0, 1, 0]
    train = opened(tmp_path, attributes=("hair=gray", "hair=black"))["train"][0]
    assert train.attribute_names == ("hair=gray", "hair=black") and train.attribute_groups == (("hair=gray", "hair=black"),)
    assert rows(train) == {"1.png": [0, 0], "2.png": [0, 1], "3.png": [None, None], "4.png": [1, 0]}
    assert "of 5 images, 1 have none of hair=gray+hair=black and 0 have more than one" in capsys.readouterr().out
    train = opened(tmp_path, attributes=("hair=gray", "bald"))["train"][0]
    assert train.attribute_groups == ()  # one of a group excludes nothing


def test_stated_groups_replace_those_of_the_data(tmp_path):
    fill(tmp_path, HAIR_CSV + "5.png,black,1,val\n")
    train = opened(tmp_path, attribute_groups=("hair=gray+bald",))["train"][0]
    assert train.attribute_groups == (("hair=gray", "bald"),)


def test_columns_that_are_not_wanted_are_not_read(tmp_path):
    fill(tmp_path, "f,age,bald,split\n1.png,34,0,train\n2.png,51,1,train\n3.png,51,1,val\n")
    assert rows(opened(tmp_path, attributes=("bald",))["train"][0]) == {"1.png": [0], "2.png": [1]}
    with pytest.raises(UserError, match="the column 'age' holds numbers such as 34, not 0 and 1; leave it out"):
        opened(tmp_path)


GROUP_CSV = """\
f,a,b,c,d,split
1.png,1,0,,0,train
2.png,0,1,0,1,train
3.png,1,1,0,0,train
4.png,0,0,0,1,train
5.png,0,,0,1,val
6.png,0,0,1,1,train
"""


def test_stated_groups_are_known_as_a_whole(tmp_path, capsys):
    fill(tmp_path, GROUP_CSV)
    splits = opened(tmp_path, attribute_groups=("c+a+b",))
    train = splits["train"][0]
    assert train.attribute_names == ("a", "b", "c", "d") and train.attribute_groups == (("c", "a", "b"),)
    assert rows(train)["1.png"] == [1, 0, 0, 0]  # a is present, so c is not
    assert rows(splits["val"][0]) == {"5.png": [None, None, None, 1]}  # b may be present: then a and c are not
    assert "of 6 images, 1 have none of c+a+b and 1 have more than one" in capsys.readouterr().out
    assert rows(opened(tmp_path)["train"][0])["1.png"] == [1, 0, None, 0]


CELEBA = """\
6
Bald Male Young
000001.png -1  1  1
000002.png -1 -1 -1
000003.png  1  1  1
000004.png  1 -1  1
000005.png -1 -1  1
000006.png -1  1  1
"""


@pytest.mark.parametrize("inside", ["", "img_align_celeba", "images", "img_align_celeba/img_align_celeba"])
def test_celeba(tmp_path, inside):
    fill(tmp_path, CELEBA, "list_attr_celeba.txt", inside=inside)
    partition = [f"00000{i}.png {part}" for i, part in zip(range(1, 7), "000021")]
    (tmp_path / "list_eval_partition.txt").write_text("\n".join(partition) + "\n")
    splits = opened(tmp_path, attributes=("Male", "Bald"))
    found = {split: {Path(name).stem: row for name, row in rows(sources[0]).items()} for split, sources in splits.items()}
    assert found == {
        "train": {"000001": [1, 0], "000002": [0, 0], "000003": [1, 1], "000004": [0, 1]},
        "test": {"000005": [0, 0]},
        "val": {"000006": [1, 0]},
    }
    assert splits["train"][0].name(0) == (Path(inside) / "000001.png").as_posix()


def test_celeba_as_csv_and_incomplete(tmp_path):
    lines = [line.split() for line in CELEBA.splitlines()[1:]]
    csv = "\n".join(",".join(line) for line in [["image_id", *lines[0]], *lines[1:]])
    fill(tmp_path, csv, "list_attr_celeba.csv")
    (tmp_path / "list_eval_partition.csv").write_text("image_id,partition\n" + "".join(f"00000{i}.png,{i // 6}\n" for i in range(1, 7)))
    splits = opened(tmp_path)
    assert splits["train"][0].attribute_names == ("Bald", "Male", "Young")
    assert rows(splits["val"][0]) == {"000006.png": [0, 1, 1]}
    (tmp_path / "short.txt").write_text(CELEBA[: CELEBA.index("000006")])
    with pytest.raises(UserError, match="short.txt says that it has 6 rows, but it has 5; is it complete"):
        opened(tmp_path, attributes_file="short.txt")


@pytest.mark.parametrize("top", ["", "train/"])
def test_class_folders_are_one_group(tmp_path, top, capsys):
    for i in range(20):
        for mood in ("sad", "happy", "angry"):
            picture(tmp_path / f"{top}{mood}/{i}.png")
    splits = opened(tmp_path)
    train = splits["train"][0]
    assert train.attribute_names == ("angry", "happy", "sad") and train.attribute_groups == (train.attribute_names,)
    assert rows(train)[train.name(0)] == [1, 0, 0] and rows(train)[train.name(56)] == [0, 0, 1]
    assert len(train) == 57 and len(splits["val"][0]) == 3
    assert "3 of 60 images kept for validation" in capsys.readouterr().out


def test_class_folders_with_validation_images_hold_nothing_out(tmp_path, capsys):
    for name in ("train/a/1", "train/b/1", "val/b/1"):
        picture(tmp_path / f"{name}.png")
    splits = opened(tmp_path)
    assert rows(splits["train"][0]) == {"train/a/1.png": [1, 0], "train/b/1.png": [0, 1]}
    assert rows(splits["val"][0]) == {"val/b/1.png": [0, 1]}
    assert capsys.readouterr().out == ""


def test_held_out_images_do_not_depend_on_the_order_of_rows(tmp_path):
    body = [f"{i}.png,{i % 2}" for i in range(40)]
    fill(tmp_path, "\n".join(["f,a", *body]))
    held = set(rows(opened(tmp_path)["val"][0]))
    fill(tmp_path, "\n".join(["f,a", *body[::-1]]))
    splits = opened(tmp_path)
    assert set(rows(splits["val"][0])) == held == {"6.png", "33.png"}  # smallest sha256 of the names: pinned, as runs rely on it
    assert len(splits["train"][0]) == 38 and not held & set(rows(splits["train"][0]))


def test_rows_and_images_that_do_not_match(tmp_path):
    text = "f,a,split\n1.png,1,train\n2.png,0,train\n3.png,1,val\n3.png,0,val\n4.png,1,train\n5.png,maybe,train\n6.png,1,later\n7.png,1\n"
    fill(tmp_path, text, images=[f"{i}.png" for i in (1, 2, 3, 5, 6, 7, 8)])
    expected = {
        "3.png": "has a second row",
        "4.png": "is in attributes.csv but not in the folder",
        "5.png": "a is 'maybe', not 0 or 1",
        "6.png": "its split is 'later', not train, val or test",
        "7.png": "its row has 2 values, the header 3",
        "8.png": "has no row in attributes.csv",
    }
    with pytest.raises(UserError, match=r"6 rows or images .* \(leave them out with --skip_bad_files\)") as caught:
        opened(tmp_path)
    assert sorted(str(caught.value).splitlines()[1:]) == [f"  {file}: {reason}" for file, reason in expected.items()]
    splits = opened(tmp_path, skip_bad_files=True)
    assert dict(splits["train"][0].skipped) == expected and splits["val"][0].skipped == []
    assert rows(splits["train"][0]) == {"1.png": [1], "2.png": [0]} and rows(splits["val"][0]) == {"3.png": [1]}


def test_attributes_that_cannot_be_learned(tmp_path):
    text = "f,a,b,c,d,split\n1.png,1,0,,1,train\n2.png,1,0,,0,train\n3.png,0,1,1,1,val\n"
    fill(tmp_path, text)
    with pytest.raises(UserError, match=r"a \(always 1\), b \(always 0\), c \(never known\); leave out with --attributes=d$"):
        opened(tmp_path)
    assert rows(opened(tmp_path, attributes=("d",))["train"][0]) == {"1.png": [1], "2.png": [0]}
    with pytest.raises(UserError, match="b .always 0.; no other is there"):
        opened(tmp_path, attributes=("b",))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"attributes": ("a", "bb")}, "--attributes: there is no attribute 'bb'. Did you mean b.*: a, b, c, d"),
        ({"attributes": ("a", "b", "a")}, "'a' is named twice"),
        ({"attribute_groups": ("a+b", "b+c")}, "--attribute_groups: 'b' is named twice"),
        ({"attribute_groups": ("a+bc",)}, "'bc' is not among the learned attributes"),
        ({"attribute_groups": ("a+d",), "attributes": ("a", "b")}, "'d' is not among the learned attributes.*: a, b"),
        ({"attribute_groups": ("a",)}, "a alone is not a group"),
        ({"attributes_file": "other.csv"}, "cannot read the attributes in .*other.csv: No such file"),
    ],
)
def test_wrong_settings(tmp_path, settings, message):
    with pytest.raises(UserError, match=message):
        opened(fill(tmp_path, GROUP_CSV), **settings)


@pytest.mark.parametrize(
    "text, message",
    [
        ("1.png,0\n2.png,1\n", "needs a first line that names the columns.* it begins with 1.png,0"),
        ("f,a,a\n1.png,0,1\n", "two columns are called 'a'"),
        ("f,split\n1.png,train\n", "has no columns of attributes, only f, split"),
        ("f,a\n1.png,0\n2.png,-1\n3.png,1\n", "the column 'a' has both 0 and -1"),
        ("f,a\n" + "".join(f"{i}.png,text{i}\n" for i in range(101)), "the column 'a' has 101 texts"),
        ("f,a\nx/1.jpg,0\n", "describes none of the images: x/1.jpg is not in .*, .*/images/"),
        ("f,a,split\n1.png,0,val\n2.png,1,test\n", "has no training images, only val, test"),
        ("f,a\n", "describes none of the images: it has no rows"),
        ("f,a\n1.png,0,1\n", "describes none of the images: 1.png: its row has 3 values, the header 2"),
        ("", "has no columns of attributes"),
    ],
)
def test_wrong_tables(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        opened(fill(tmp_path, text))


@pytest.mark.parametrize("name", ["faces.csv", "My labels.CSV", "attributes.tsv", "list.txt"])
def test_a_table_is_found_under_any_name(tmp_path, name):
    fill(tmp_path, GROUP_CSV, name)
    for other in ("notes.csv", "readme.txt", "list_eval_partition.txt", ".hidden.csv"):  # which name no images, or are none of ours
        (tmp_path / other).write_text("who,what\nanna,nothing\n" if other != ".hidden.csv" else GROUP_CSV)
    assert find_files(tmp_path) == [tmp_path / name]
    found, expected = opened(tmp_path), opened(tmp_path, attributes_file=name)
    assert rows(found["train"][0]) == rows(expected["train"][0]) and found["train"][0].attribute_names


def test_two_tables_are_to_be_chosen_from(tmp_path):
    for name in ("a.csv", "b c.csv"):
        fill(tmp_path, GROUP_CSV, name)
    with pytest.raises(UserError, match="--attributes_file=a.csv or 'b c.csv'"):
        opened(tmp_path)


def test_class_folders_come_before_a_table_of_any_name_and_say_so(tmp_path, capsys):
    for name in ("x/1.png", "x/2.png", "y/3.png", "y/4.png"):
        picture(tmp_path / name)
    (tmp_path / "faces.csv").write_text("file,a\nx/1.png,1\ny/3.png,0\n")
    assert opened(tmp_path)["train"][0].attribute_names == ("x", "y")
    assert "faces.csv is not read, as class folders say the attributes; --attributes_file=faces.csv" in capsys.readouterr().out


def test_no_attributes_at_all(tmp_path):
    picture(tmp_path / "1.png")
    with pytest.raises(
        UserError, match="no file of attributes .list_attr_celeba.txt.*attributes.csv.*no class folders but 1 images directly"
    ):
        opened(tmp_path)
    with pytest.raises(UserError, match="nowhere does not exist"):
        opened(tmp_path / "nowhere")
    for name in ("attributes.csv", "list_attr_celeba.txt"):
        fill(tmp_path, CELEBA, name)
    with pytest.raises(UserError, match="--attributes_file=list_attr_celeba.txt or attributes.csv"):
        opened(tmp_path)
    (tmp_path / "attributes.csv").write_bytes(b"f,a\n1.png,\xff\n")
    with pytest.raises(UserError, match="line 2 is not text in UTF-8"):
        opened(tmp_path, attributes_file=str(tmp_path / "attributes.csv"))


def test_images_are_cropped_to_their_central_square(tmp_path):
    fill(tmp_path, "f,a,split\n1.png,0,train\n2.png,1,train\n3.png,1,val\n")
    pixels = np.arange(9 * 4 * 3, dtype=np.uint8).reshape(9, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_text("text")
    train = opened(tmp_path)["train"][0]
    np.testing.assert_array_equal(train.load(0)["image"], pixels[2:6])
    with pytest.raises(UnreadableImage, match="not an image"):
        train.load(1)
    assert opened(tmp_path, fit="squeeze")["train"][0].load(0)["image"].shape == (9, 4, 3)


# 2×8 pixels for a network of 2×2: the square in the middle, all of them four to one (a bicubic filter), or a crop at their own scale.
@pytest.mark.parametrize(
    "fit, expected", [("auto", [[30, 40]]), ("crop", [[30, 40]]), ("squeeze", [[17, 53]]), ("none", [[30, 40]]), ("width", [[30, 40]])]
)
def test_every_fit(tmp_path, fit, expected):
    fill(tmp_path, "f,a,split\n1.png,0,train\n2.png,1,train\n3.png,1,val\n")
    for name in "123":
        Image.fromarray(np.arange(0, 80, 10, np.uint8).reshape(1, 8, 1).repeat(2, 0).repeat(3, -1)).save(tmp_path / f"{name}.png")
    found = open_dataset(DataConfig(data_dir=str(tmp_path), fit=fit), "attributes", (2, 2), (2, 2))
    image = found.validation_example(0)["image"]
    np.testing.assert_allclose((image[..., 0] + 1) * 127.5, expected * 2, atol=1e-3)
    (batch,) = found.train_batches(batch_size=2, flip=False, seed=0).take(1).as_numpy_iterator()
    left = (batch["image"][:, 0, 0, 0] + 1) * 127.5
    if fit == "none":  # two neighbors, of any place
        np.testing.assert_allclose(batch["image"][:, 0, 1, 0] - batch["image"][:, 0, 0, 0], 10 / 127.5, atol=1e-3)
    elif fit != "width":
        np.testing.assert_allclose(left, expected[0][0], atol=1e-3)


def two_sets(tmp_path):
    faces = fill(tmp_path / "faces", GROUP_CSV)
    for i in range(2):
        for mood in ("sad", "happy"):
            picture(tmp_path / f"moods/train/{mood}/{i}.png", 200, size=(4, 6), mode="L")
            picture(tmp_path / f"moods/test/{mood}/{i}.png", 200, mode="L")
    return faces, tmp_path / "moods"


def test_several_sets(tmp_path):
    splits = opened(*two_sets(tmp_path), attributes=("d", "sad", "a", "happy", "b"), attribute_groups=("a+b",))
    assert list(splits) == ["train", "val", "test"]
    assert [[source.name(0) for source in sources] for sources in splits.values()] == [
        ["1.png", "train/happy/0.png"],
        ["5.png", "test/happy/0.png"],  # the second set has no validation images
        ["5.png", "test/happy/0.png"],  # the first has none to test
    ]
    for source in splits["train"] + splits["val"]:
        assert source.attribute_names == ("d", "a", "b", "sad", "happy")
        assert source.attribute_groups == (("a", "b"), ("sad", "happy"))
        assert source.attribute_sets == (("d", "a", "b"), ("sad", "happy"))
        assert source.domains == {"image": Domain("image", 3)}
    faces, moods = splits["train"]
    assert rows(faces)["2.png"] == [1, 0, 1, None, None]
    assert rows(moods)["train/sad/1.png"] == [None, None, None, 1, 0]
    assert (moods.load(0)["image"] == np.full((4, 4, 3), 200)).all()  # gray becomes color, as the other set is


def test_wrong_sets(tmp_path):
    faces, moods = two_sets(tmp_path)
    with pytest.raises(UserError, match="two data sets have an attribute 'a': rename it in one"):
        opened(faces, fill(tmp_path / "again", GROUP_CSV))
    with pytest.raises(UserError, match="--attributes=a,b names no attribute of data set 2 of 2"):
        opened(faces, moods, attributes=("a", "b"))
    with pytest.raises(UserError, match=r"a\+sad joins attributes of different data sets"):
        opened(faces, moods, attribute_groups=("a+sad",))
    with pytest.raises(UserError, match="no attribute 'sads'. Did you mean sad"):
        opened(faces, moods, attributes=("a", "sads"))


def test_skipped_files_of_a_joined_set(tmp_path):
    faces, moods = two_sets(tmp_path)
    picture(faces / "stray.png")
    train, _ = opened(faces, moods, skip_bad_files=True)["train"]
    assert train.skipped == [("stray.png", "has no row in attributes.csv")]


def test_colored_digits(tmp_path, test_data):
    helper = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "mnist_attributes.py"))
    helper["write_digits"](test_data / "mnist", tmp_path, 60)
    splits = opened(tmp_path)
    train = splits["train"][0]
    assert train.attribute_names == ("ink=blue", "ink=green", "ink=red", "inverted", "thick")
    assert (len(train), len(splits["val"][0])) == (57, 3)
    inks = [helper["INKS"][name.removeprefix("ink=")] for name in train.attribute_names[:3]]
    covered = {0: [], 1: []}
    for index in range(len(train)):
        example = train.load(index)
        image, (*ink, inverted, thick) = example["image"].astype(int), example["attributes"]
        assert (image[0, 0] == (255 if inverted else 0)).all()
        strongest = image[np.unravel_index(np.abs(image - image[0, 0]).sum(-1).argmax(), (32, 32))]
        assert np.abs(strongest - inks[int(np.argmax(ink))]).max() <= 3
        covered[int(thick)].append((image != image[0, 0]).any(-1).mean())
    assert np.mean(covered[1]) > 1.3 * np.mean(covered[0])
