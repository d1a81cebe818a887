"""The sets of CycleGAN as TFDS itself prepares them, offline: only the download is replaced, by a small folder of the archive's layout."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.config import Domain
from tfgan.data.tfds.builders import PIX2PIX
from tfgan.data.tfds.cyclegan import CYCLEGAN, URL, open_cyclegan
from tfgan.errors import UnreadableImage, UserError

tfds = pytest.importorskip("tensorflow_datasets")

COUNTS = {"trainA": 5, "trainB": 2, "testA": 1, "testB": 3}


def picture(path: Path, value: int):
    """An image of one gray value, 4 high and 4 + value wide."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 4 + value, 3), value, np.uint8)).save(path, quality=95)


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Path:
    """The unpacked archive that TFDS is handed, with images of values 0, 1, … in each part of it; those of B start at 100."""
    folder = tmp_path / "unpacked/horse2zebra"
    for part, count in COUNTS.items():
        for number in range(count):
            picture(folder / part / f"n{number}.jpg", number + 100 * part.endswith("B"))
    asked = []

    def download_and_extract(self, url):
        asked.append(url)
        return str(folder.parent)

    monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", download_and_extract)
    yield folder
    assert set(asked) == {URL.format(name="horse2zebra")}  # what a message tells to download is what TFDS downloads


def values(source) -> list[int]:
    return [int(image.mean()) for index in range(len(source)) for image in source.load(index).values()]


@pytest.mark.parametrize("array_record", [True, False])
def test_splits_and_domains(archive, array_record, tmp_path, monkeypatch):
    if not array_record:
        monkeypatch.setitem(sys.modules, "array_record", None)
    splits = open_cyclegan("horse2zebra", str(tmp_path / "tfds"))
    assert list(splits) == ["train", "test"]
    assert {split: tuple(map(len, sources)) for split, sources in splits.items()} == {"train": (5, 2), "test": (1, 3)}
    for a, b in splits.values():
        assert a.domains == {"A": Domain("horse", 3)} and b.domains == {"B": Domain("zebra", 3)}
    a, b = splits["train"]
    assert sorted(values(a)) == [0, 1, 2, 3, 4] and sorted(values(b)) == [100, 101]
    assert values(splits["test"][0]) == [0] and sorted(values(splits["test"][1])) == [100, 101, 102]
    assert [a.name(index) for index in range(5)] == ["000000", "000001", "000002", "000003", "000004"]
    for index, value in enumerate(values(a)):
        assert a.load(index)["A"].shape == (4, 4 + value, 3) and a.load(index)["A"].dtype == np.uint8


def test_order_is_stable_and_the_set_prepared_once(archive, tmp_path):
    first = open_cyclegan("horse2zebra", str(tmp_path / "tfds"))["train"]
    anew = open_cyclegan("horse2zebra", str(tmp_path / "elsewhere"))["train"]
    shutil.rmtree(archive)
    again = open_cyclegan("horse2zebra", str(tmp_path / "tfds"))["train"]
    assert [values(source) for source in first] == [values(source) for source in anew] == [values(source) for source in again]


def test_gray_and_damaged_files(archive, tmp_path):
    Image.new("L", (6, 4), 7).save(archive / "testA/n0.jpg")
    for number in range(3):
        (archive / f"testB/n{number}.jpg").write_bytes(b"no image")
    a, b = open_cyclegan("horse2zebra", str(tmp_path / "tfds"))["test"]
    assert a.load(0)["A"].shape == (4, 6, 3) and (a.load(0)["A"] == 7).all()
    with pytest.raises(UnreadableImage, match="^zebra: not an image"):
        b.load(0)


def test_an_empty_domain(archive, tmp_path):
    for file in (archive / "trainB").iterdir():
        file.unlink()
    with pytest.raises(UserError, match='cannot prepare horse2zebra in .*split "trainB": No examples'):
        open_cyclegan("horse2zebra", str(tmp_path / "tfds"))


def test_no_network(tmp_path, monkeypatch):
    def fail(self, url):
        raise tfds.download.DownloadError("no route to host")

    monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", fail)
    with pytest.raises(UserError) as caught:
        open_cyclegan("monet2photo", str(tmp_path))
    text = str(caught.value)
    assert f"cannot prepare monet2photo in {tmp_path}: no route to host" in text
    assert "download https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/monet2photo.zip by hand" in text
    assert "--data_dir=FOLDER/monet2photo" in text


def test_table():
    known = tfds.builder_cls("cycle_gan").builder_configs
    assert set(known) == set(CYCLEGAN) | {"maps", "facades"} and not set(CYCLEGAN) & set(PIX2PIX)
    for name, facts in CYCLEGAN.items():
        first, second = name.split("_")[0].split("2")
        assert facts.domains == (first, second)
        assert list(facts.images) == ["train", "test"] and all(count > 0 for counts in facts.images.values() for count in counts)


def test_import_is_light():
    code = "import sys, tfgan.data.tfds.cyclegan; assert not {'tensorflow', 'tensorflow_datasets'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
