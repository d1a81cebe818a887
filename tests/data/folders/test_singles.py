"""Folders of images without labels: splits, sub-folders and halves, and what is said of those that are wrong."""

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Domain
from tfgan.data.folders.singles import open_images
from tfgan.errors import UnreadableImage, UserError


def picture(path, color=(255, 0, 0), size=(4, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size[::-1], color).save(path)


def fill(folder, *files):
    for number, file in enumerate(files):
        picture(folder / file, (number, 0, 0))


def opened(folder, half="", alpha="composite", skip_bad_files=False):
    return open_images(folder, half, alpha, skip_bad_files)


def names(splits):
    return {split: [source.name(index) for index in range(len(source))] for split, source in splits.items()}


def test_every_folder_counts(tmp_path):
    fill(tmp_path, "cats/10.png", "cats/2.png", "1.png", "dogs/old/1.png", ".hidden/1.png")
    (tmp_path / "notes.txt").write_text("no image")
    splits = opened(tmp_path)
    assert names(splits) == {"train": ["1.png", "cats/2.png", "cats/10.png", "dogs/old/1.png"]}
    example = splits["train"].load(2)
    assert list(example) == ["image"] and example["image"].shape == (4, 6, 3) and (example["image"] == (0, 0, 0)).all()
    assert (splits["train"].load(3)["image"] == (3, 0, 0)).all()


def test_splits_on_top(tmp_path):
    fill(tmp_path, "train/a/1.png", "train/1.png", "validation/b/1.png", "test/test/1.png")
    assert names(opened(tmp_path)) == {
        "train": ["train/1.png", "train/a/1.png"],
        "val": ["validation/b/1.png"],
        "test": ["test/test/1.png"],
    }


def test_names_of_splits_count_on_top_only(tmp_path):
    fill(tmp_path, "faces/train/1.png", "faces/test/1.png")
    assert names(opened(tmp_path)) == {"train": ["faces/test/1.png", "faces/train/1.png"]}


def test_domain_of_all_files(tmp_path):
    picture(tmp_path / "train/1.png", 7, mode="L")
    assert opened(tmp_path)["train"].domains == {"image": Domain("image", 1)}
    picture(tmp_path / "val/1.png", (1, 2, 3, 0), mode="RGBA")
    assert opened(tmp_path)["train"].domains == {"image": Domain("image", 3)}
    kept = opened(tmp_path, alpha="keep")
    assert kept["train"].domains == {"image": Domain("image", 4)} and kept["train"].load(0)["image"][0, 0].tolist() == [7, 7, 7, 255]
    assert opened(tmp_path, alpha="drop")["val"].load(0)["image"][0, 0].tolist() == [1, 2, 3]
    assert opened(tmp_path)["val"].load(0)["image"][0, 0].tolist() == [255, 255, 255]


def test_16_bits_only_if_all_files_have_them(tmp_path):
    picture(tmp_path / "1.png", 40000, mode="I;16")
    assert opened(tmp_path)["train"].domains["image"] == Domain("image", 1, "uint16")
    picture(tmp_path / "2.png", 9, mode="L")
    source = opened(tmp_path)["train"]
    assert source.domains["image"] == Domain("image", 1, "uint8") and (source.load(0)["image"] == 156).all()  # 40000 / 257, rounded


@pytest.mark.parametrize("half, columns", [("left", slice(0, 3)), ("right", slice(3, 6))])
def test_halves(tmp_path, half, columns):
    pixels = np.arange(2 * 6 * 3, dtype=np.uint8).reshape(2, 6, 3)
    Image.fromarray(pixels).save(tmp_path / "1.png")
    picture(tmp_path / "2.png", size=(2, 5))
    source = opened(tmp_path, half)["train"]
    image = source.load(0)["image"]
    np.testing.assert_array_equal(image, pixels[:, columns])
    assert image.base is None or image.base.size == image.size  # the other half is not kept in memory
    with pytest.raises(UnreadableImage, match="width of a side by side pair must be even, but is 5"):
        source.load(1)


def test_damaged_file_is_reported_by_load(tmp_path):
    fill(tmp_path, "1.png")
    (tmp_path / "2.png").write_text("text")
    with pytest.raises(UnreadableImage, match="not an image"):
        opened(tmp_path)["train"].load(1)


def test_images_beside_the_splits(tmp_path):
    fill(tmp_path, "train/1.png", "val/1.png", "stray.png", "more/1.png")
    with pytest.raises(UserError, match=r"2 images in .* lie outside the folders of its splits \(.*--skip_bad_files\)"):
        opened(tmp_path)
    splits = opened(tmp_path, skip_bad_files=True)
    assert names(splits) == {"train": ["train/1.png"], "val": ["val/1.png"]}
    reason = "does not lie in train, val"
    assert [source.skipped for source in splits.values()] == [[("more/1.png", reason), ("stray.png", reason)], []]


@pytest.mark.parametrize(
    "files, message",
    [
        ([], "the folder .* holds no images .files ending in jpg"),
        (["val/1.png", "other/1.png"], r"has no folder named train, only val(.|\n)*DATA/train"),
        (["train/1.png", "val/1.png", "valid/1.png"], "val and .*valid are names of one split"),
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
    fill(tmp_path / "data", "train/1.png")
    (tmp_path / "data/val").mkdir()
    with pytest.raises(UserError, match="the folder .*data/val holds no images"):
        opened(tmp_path / "data")
