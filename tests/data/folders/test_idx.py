"""MNIST's own files: read byte by byte, and refused where they do not fit."""

import gzip
import re
import tracemalloc

import numpy as np
import pytest

from tfgan.config import Domain
from tfgan.data.folders.idx import find_idx, open_idx, read_idx
from tfgan.errors import UserError

THREE = bytes.fromhex("00000803 00000003 00000002 00000004") + bytes(range(24))  # 3 images of 2×4
ZIPPED = gzip.compress(THREE, mtime=0)  # a time would name the tests differently in each worker process
TWO = bytes.fromhex("00000803 00000002 00000002 00000004") + bytes(range(100, 116))


def labels(*values) -> bytes:
    return bytes.fromhex("00000801") + len(values).to_bytes(4, "big") + bytes(values)


def fill(folder, **files):
    """train_images=content … -> train-images-idx3-ubyte …"""
    for name, content in files.items():
        stem, what = name.split("_")
        (folder / f"{stem}-{what}-idx{3 if what == 'images' else 1}-ubyte").write_bytes(content)
    return folder


def complete(folder):
    return fill(folder, train_images=THREE, train_labels=labels(2, 0, 1), t10k_images=TWO, t10k_labels=labels(1, 1))


def test_images_and_labels(tmp_path):
    splits = open_idx(complete(tmp_path), labeled=True)
    assert {split: len(source) for split, source in splits.items()} == {"train": 3, "test": 2}
    train = splits["train"]
    assert train.class_names == splits["test"].class_names == ("0", "1", "2") and train.domains == {"image": Domain("image", 1)}
    example = train.load(1)
    np.testing.assert_array_equal(example["image"], np.arange(8, 16).reshape(2, 4, 1))
    assert example["image"].dtype == np.uint8 and example["label"].dtype == np.int32 and example["label"].shape == ()
    assert [int(train.load(index)["label"]) for index in range(3)] == [2, 0, 1]
    np.testing.assert_array_equal(splits["test"].load(0)["image"].ravel(), np.arange(100, 108))
    assert [train.name(index) for index in range(3)] == ["00000", "00001", "00002"]


def test_images_need_no_labels(tmp_path):
    splits = open_idx(fill(tmp_path, train_images=THREE), labeled=False)
    assert list(splits) == ["train"] and splits["train"].class_names == () and list(splits["train"].load(0)) == ["image"]


def test_names_of_classes(tmp_path):
    complete(tmp_path)
    assert open_idx(tmp_path, labeled=True, class_names=("a", "b", "c", "d"))["train"].class_names == ("a", "b", "c", "d")
    with pytest.raises(UserError, match="--label_names names 2 classes, but .* has labels up to 2: name 3"):
        open_idx(tmp_path, labeled=True, class_names=("a", "b"))
    with pytest.raises(UserError, match="--label_names=a,b,a: every class needs a name of its own"):
        open_idx(tmp_path, labeled=True, class_names=("a", "b", "a"))


def test_classes_without_training_images_are_told(tmp_path, capsys):
    fill(tmp_path, train_images=THREE, train_labels=labels(3, 1, 1), t10k_images=TWO, t10k_labels=labels(4, 0))
    assert open_idx(tmp_path, labeled=True)["train"].class_names == ("0", "1", "2", "3", "4")
    assert "no training image has the class 0, 2, 4." in capsys.readouterr().out


@pytest.mark.parametrize("pattern", ["{}-idx{}-ubyte.gz", "{}.idx{}-ubyte", "{}.idx{}-ubyte.gz"])
def test_names_of_files(tmp_path, pattern):
    for what, rank, content in (("images", 3, THREE), ("labels", 1, labels(0, 1, 2))):
        path = tmp_path / pattern.format(f"train-{what}", rank)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    train = open_idx(tmp_path, labeled=True)["train"]
    assert train.load(2)["label"] == 2 and train.load(2)["image"][0, 0] == 16


def test_the_unpacked_of_two_files_counts(tmp_path):
    fill(tmp_path, train_images=THREE)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(TWO))
    assert find_idx(tmp_path)["train"]["image"].name == "train-images-idx3-ubyte"
    assert find_idx(tmp_path / "nowhere") == {}


def test_unpacked_under_its_packed_name(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(THREE)
    assert read_idx(path, 3).shape == (3, 2, 4)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is no idx3 file of bytes: it begins with , not with 00 00 08 03"),
        (labels(1, 2), "begins with 00 00 08 01, not with 00 00 08 03"),
        (THREE.replace(b"\x08", b"\x0d", 1), "begins with 00 00 0d 03"),  # floats
        (THREE[:10], "is damaged: of 3×0×0 bytes and a header of 16, 10 are there"),
        (THREE[:-1], "is damaged: of 3×2×4 bytes and a header of 16, 39 are there"),
        (THREE + b"\0", "is damaged: of 3×2×4 bytes and a header of 16, at least 41 are there"),
        (THREE[:4] + b"\xff" * 12, "is too large, or damaged: its header says 4294967295×4294967295×4294967295 bytes"),
        (THREE[:4] + bytes((0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4)), "holds nothing: its header says 3×0×4 bytes"),
        (ZIPPED[:-9], "cannot be read: Compressed file ended"),
        (ZIPPED[:-8] + b"\0" * 8, "cannot be read: CRC check failed"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 20, "cannot be read: "),
    ],
)
def test_damaged_files(tmp_path, content, message):
    fill(tmp_path, train_images=content)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        open_idx(tmp_path, labeled=False)
    assert str(tmp_path / "train-images-idx3-ubyte") in str(caught.value)


def test_no_more_is_unpacked_than_the_header_claims(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(THREE + bytes(2**26), 1))
    tracemalloc.start()
    with pytest.raises(UserError, match="is damaged: of 3×2×4 bytes and a header of 16, at least 41 are there"):
        read_idx(path, 3)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


@pytest.mark.parametrize(
    "files, message",
    [
        ({"train_images": THREE}, "has train-images-idx3-ubyte but no labels: train-labels-idx1-ubyte[.gz] is missing"),
        (
            {"train_images": THREE, "train_labels": labels(0, 1)},
            "train-images-idx3-ubyte holds 3 images, but train-labels-idx1-ubyte 2 labels",
        ),
        (
            {"train_images": THREE, "train_labels": labels(0, 1, 0), "t10k_images": TWO},
            "has t10k-images-idx3-ubyte but no labels: t10k-labels-idx1-ubyte[.gz] is missing",
        ),
        ({"t10k_images": TWO, "t10k_labels": labels(0, 1)}, "no training images: train-images-idx3-ubyte[.gz] is missing"),
        ({"train_images": THREE, "train_labels": labels(7, 7, 7)}, "have one label; classes need at least two"),
        ({"train_images": THREE, "train_labels": THREE}, "is no idx1 file of bytes: it begins with 00 00 08 03, not with 00 00 08 01"),
    ],
)
def test_files_that_do_not_fit(tmp_path, files, message):
    with pytest.raises(UserError, match=re.escape(message)):
        open_idx(fill(tmp_path, **files), labeled=True)


def test_unreadable_file(tmp_path):
    with pytest.raises(UserError, match="nothing cannot be read: .*No such file"):
        read_idx(tmp_path / "nothing", 3)


def test_real_digits(test_data):
    splits = open_idx(test_data / "mnist", labeled=True)
    assert splits["train"].class_names == tuple("0123456789") and (len(splits["train"]), len(splits["test"])) == (8000, 1000)
    digits = {label: splits["train"].images[splits["train"].labels == label].mean(0) for label in range(10)}
    assert digits[0][14, 14] < 20 and digits[1][14, 14] > 150  # a ring and a stroke
    right = [np.argmin([np.square(image - mean).sum() for mean in digits.values()]) for image in splits["test"].images[:200]]
    assert np.mean(right == splits["test"].labels[:200]) > 0.7  # the label of the nearest mean
