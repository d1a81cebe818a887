"""Folders of class folders, and what is said of those that are wrong."""

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Domain
from tfgan.data.folders.classes import open_labeled
from tfgan.errors import UnreadableImage, UserError


def picture(path, color=(255, 0, 0), size=(4, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size[::-1], color).save(path)


def fill(folder, *files):
    for number, file in enumerate(files):
        picture(folder / file, (number, 0, 0))


def opened(folder, alpha="composite", skip_bad_files=False):
    return open_labeled(folder, alpha, skip_bad_files)


def labels(source):
    return {source.name(i): int(source.load(i)["label"]) for i in range(len(source))}


def test_splits_share_classes_in_natural_order(tmp_path):
    fill(tmp_path / "train", "c10/1.png", "c2/10.png", "c2/2.png", "c1/deep/1.png")
    fill(tmp_path / "valid", "c10/1.png")  # classes 1 and 2 are not there, and 10 is still the third
    fill(tmp_path / "test", "c1/1.png")
    (tmp_path / "valid/c2").mkdir()
    (tmp_path / "train/.cache").mkdir()
    splits = opened(tmp_path)
    assert list(splits) == ["train", "val", "test"]
    assert all(source.class_names == ("c1", "c2", "c10") for source in splits.values())
    expected = {"train/c1/deep/1.png": 0, "train/c2/2.png": 1, "train/c2/10.png": 1, "train/c10/1.png": 2}
    assert list(labels(splits["train"]).items()) == list(expected.items())
    assert labels(splits["val"]) == {"valid/c10/1.png": 2} and labels(splits["test"]) == {"test/c1/1.png": 0}
    example = splits["train"].load(1)
    assert example["label"].dtype == np.int32 and example["label"].shape == ()
    assert example["image"].shape == (4, 6, 3) and (example["image"] == (2, 0, 0)).all()  # the third file that was written


def test_without_splits_all_train(tmp_path):
    fill(tmp_path, "dog/1.png", "cat/1.png", "cat/2.png")
    splits = opened(tmp_path)
    assert list(splits) == ["train"]
    assert labels(splits["train"]) == {"cat/1.png": 0, "cat/2.png": 0, "dog/1.png": 1}


def test_domain_of_all_files(tmp_path):
    picture(tmp_path / "train/a/1.png", 7, mode="L")
    picture(tmp_path / "train/b/1.png", 7, mode="L")
    assert opened(tmp_path)["train"].domains == {"image": Domain("image", 1)}
    picture(tmp_path / "val/b/1.png", (1, 2, 3, 0), mode="RGBA")
    assert opened(tmp_path)["train"].domains == {"image": Domain("image", 3)}
    kept = opened(tmp_path, "keep")
    assert kept["train"].domains == {"image": Domain("image", 4)}
    assert kept["train"].load(0)["image"][0, 0].tolist() == [7, 7, 7, 255]
    assert opened(tmp_path, "drop")["val"].load(0)["image"][0, 0].tolist() == [1, 2, 3]


def test_16_bits_only_if_all_files_have_them(tmp_path):
    for name in ("a", "b"):
        picture(tmp_path / name / "1.png", 40000, mode="I;16")
    assert opened(tmp_path)["train"].domains["image"] == Domain("image", 1, "uint16")
    picture(tmp_path / "a/2.png", 9, mode="L")
    source = opened(tmp_path)["train"]
    assert source.domains["image"] == Domain("image", 1, "uint8")
    assert (source.load(0)["image"] == 156).all()  # 40000 / 257, rounded


def test_damaged_file_is_reported_by_load(tmp_path):
    fill(tmp_path, "a/1.png", "b/1.png")
    (tmp_path / "b/2.png").write_text("text")
    source = opened(tmp_path)["train"]
    with pytest.raises(UnreadableImage, match="not an image"):
        source.load(2)


def test_images_beside_the_class_folders(tmp_path):
    fill(tmp_path / "train", "a/1.png", "b/1.png", *(f"{i}.png" for i in range(11)))
    fill(tmp_path, "stray.png", "others/a/1.png")
    with pytest.raises(UserError, match=r"13 images in .* lie outside the class folders \(.*--skip_bad_files\)") as caught:
        opened(tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 12 and lines[-1] == "  … and 3 more"
    source = opened(tmp_path, skip_bad_files=True)["train"]
    assert len(source) == 2 and len(source.skipped) == 13
    assert ("others/a/1.png", "lies in no class folder") in source.skipped


def test_skipped_files_are_told_once(tmp_path):
    fill(tmp_path, "train/a/1.png", "train/b/1.png", "val/a/1.png", "val/stray.png")
    splits = opened(tmp_path, skip_bad_files=True)
    assert [source.skipped for source in splits.values()] == [[("val/stray.png", "lies in no class folder")], []]


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "has no class folders; classes need at least two"),
        (["1.png", "2.png"], r"has no class folders but 2 images directly(.|\n)*DATA/CLASS"),
        (["a/1.png", "a/2.png"], "has only one class folder, a,"),
        (["train/a/1.png", "val/a/1.png"], "train has only one class folder, a,"),
        (["val/a/1.png", "test/b/1.png"], "has no folder named train, only val, test"),
        (["train/a/1.png", "train/b/1.png", "val/aa/1.png"], "class 'aa' of val/aa/1.png is not in .*train.* Did you mean a.*: a, b"),
        (["train/a/1.png", "train/b/1.png", "val/a/1.png", "valid/a/1.png"], "val and .*valid are names of one split"),
    ],
)
def test_wrong_layouts(tmp_path, files, message):
    fill(tmp_path, *files)
    with pytest.raises(UserError, match=message):
        opened(tmp_path)


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(UserError, match="nowhere does not exist"):
        opened(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file, not a folder"):
        opened(tmp_path / "file")
    fill(tmp_path / "data", "a/1.png", "b/1.png")
    (tmp_path / "data/c").mkdir()
    with pytest.raises(UserError, match="class folder .*c holds no images .*jpg.*tiff"):
        opened(tmp_path / "data", skip_bad_files=True)
