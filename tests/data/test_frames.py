"""Each page of a file as an example of its own."""

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain, Part
from tfgan.data import open_sources
from tfgan.data.frames import page_of
from tfgan.errors import UnreadableImage, UserError


def stack(path, first, count=3):
    """A TIFF of gray pages, each of one value, one more than that of the page before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = [Image.fromarray(np.full((6, 5), first + number, np.uint8)) for number in range(count)]
    pages[0].save(path, save_all=True, append_images=pages[1:])


def opened(folder, kind="paired", **settings):
    return open_sources(DataConfig(data_dir=str(folder), pages="frames", **settings), kind, (16, 16))["train"]


def test_pages_of_pairs_go_together(tmp_path):
    for number in range(2):
        stack(tmp_path / "train/a" / f"{number}.tif", 10 * number)
        stack(tmp_path / "train/b" / f"{number}.tif", 100 + 10 * number)
    (source,) = opened(tmp_path)
    assert [source.name(index) for index in range(6)] == [f"{file}.tif#{page}" for file in (0, 1) for page in (1, 2, 3)]
    for index, value in enumerate((0, 1, 2, 10, 11, 12)):
        example = source.load(index)
        assert {key: image.shape for key, image in example.items()} == {"A": (6, 5, 1), "B": (6, 5, 1)}
        assert (example["A"].max(), example["B"].max()) == (value, 100 + value)
    assert len({source.content(index) for index in range(6)}) == 6 and source.paths(4)[0].name == "1.tif"


def test_files_of_one_page_and_of_several_may_mix(tmp_path):
    stack(tmp_path / "train/0.tif", 0, 1)
    stack(tmp_path / "train/1.tif", 10, 2)
    (source,) = opened(tmp_path, "images")
    assert [source.load(index)["image"].max() for index in range(len(source))] == [0, 10, 11]


def test_colors_of_pages_stay_together(tmp_path):
    pages = [Image.new("RGB", (5, 6), (number, 10 + number, 20 + number)) for number in range(3)]
    (tmp_path / "train").mkdir()
    pages[0].save(tmp_path / "train/0.tif", save_all=True, append_images=pages[1:])
    (source,) = opened(tmp_path, "images")
    assert [source.load(index)["image"][0, 0].tolist() for index in range(3)] == [[n, 10 + n, 20 + n] for n in range(3)]


def test_parts_of_stacked_files_give_a_page_each():
    stacked = np.arange(6)[None, None]  # two pages of a part of one channel, then two of a part of two
    domain = Domain("t1+t2", 3, bands=True, parts=(Part("t1", 1, "uint8"), Part("t2", 2, "uint8")))
    assert [page_of(stacked, page, domain).tolist() for page in (0, 1)] == [[[[0, 2, 3]]], [[[1, 4, 5]]]]


def test_pairs_of_different_numbers_of_pages_are_refused(tmp_path):
    stack(tmp_path / "train/a/0.tif", 0, 3)
    stack(tmp_path / "train/b/0.tif", 0, 2)
    (source,) = opened(tmp_path)
    with pytest.raises(UnreadableImage, match="as many pages: train/a/0.tif has 3 and train/b/0.tif has 2"):
        source.load(0)


def test_damaged_files_are_met_when_they_are_loaded(tmp_path):
    stack(tmp_path / "train/0.tif", 0)
    (tmp_path / "train/1.tif").write_bytes((tmp_path / "train/0.tif").read_bytes()[:40])
    (source,) = opened(tmp_path, "images")
    assert len(source) == 4
    with pytest.raises(UnreadableImage, match="damaged"):
        source.load(3)


def test_maps_of_classes_have_one_page(tmp_path):
    for name in ("labels", "photo"):
        (tmp_path / "train" / name).mkdir(parents=True)
        maps = [Image.fromarray(np.arange(30, dtype=np.uint8).reshape(6, 5) % 3) for _ in range(2)]
        maps[0].save(tmp_path / "train" / name / "0.tif", save_all=True, append_images=maps[1:])
    with pytest.raises(UserError, match="--pages=frames: labels are maps of classes"):
        opened(tmp_path, "semantic", label_domains=("labels",))
