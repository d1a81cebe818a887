"""Pairs with label maps of every coding, seen as classes: from folders, and from sources that give decoded images."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain, from_dict
from tfgan.data.folders.pairs import open_pairs
from tfgan.data.label_maps.maps import load, paint
from tfgan.data.label_maps.palettes import CMP_CLASSES as CLASSES
from tfgan.data.label_maps.palettes import CMP_PALETTE as PALETTE
from tfgan.data.label_maps.semantic import open_encoded, open_semantic
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.source import Source
from tfgan.data.synthetic import SyntheticSource
from tfgan.errors import UnreadableImage, UserError

FACADES = DataConfig(label_palette=("facades",))


def write(path, pixels, palette=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(pixels, np.uint8))
    if palette:
        image.putpalette(palette)
    image.save(path, **options)


def folder(path, names=("labels", "photo"), skip_bad_files=False):
    return open_pairs(path, names, (), "composite", skip_bad_files)


def two_folders(path, maps, palette=None, size=None):
    """DATA/train/labels + DATA/train/photo, and val likewise; photos have the color of their number."""
    for split, found in maps.items():
        for number, rows in enumerate(found):
            write(path / split / "labels" / f"{number}.png", rows, palette)
            write(path / split / "photo" / f"{number}.jpg", np.full((*(size or np.shape(rows)[:2]), 3), 60 + number), quality=95)
    return folder(path)


@dataclasses.dataclass(frozen=True)
class Decoded(Source):
    """Pairs in memory, as a stored data set gives them."""

    maps: list[np.ndarray]  # H×W×C
    image_size: tuple[int, int] = (2, 2)

    @property
    def domains(self):
        return {"A": Domain("map", self.maps[0].shape[-1]), "B": Domain("picture", 3, "uint16")}

    def __len__(self):
        return len(self.maps)

    def name(self, index):
        return f"pair {index}"

    def load(self, index):
        return {"A": self.maps[index], "B": np.full((*self.image_size, 3), index, np.uint16)}


def test_ids_in_two_folders(tmp_path, capsys):
    found = open_semantic(two_folders(tmp_path, {"train": [[[0, 5], [5, 255]]], "val": [[[7, 0], [0, 0]]]}), "A", DataConfig())
    assert list(found) == ["train", "val"] and len(found["train"]) == 1 and found["train"].name(0) == "0.png"
    assert "3 classes (class 0, class 5, class 7), 12.5 % of the pixels ignored" in capsys.readouterr().out
    labels = found["train"].domains["labels"]
    assert labels == Domain("labels", 1, "int32", "nearest", labels.classes) and labels.classes.values == (0, 5, 7)
    assert found["train"].domains["image"] == Domain("photo", 3) and found["val"].domains["labels"] == labels
    example = found["train"].load(0)
    assert example["labels"].tolist() == [[0, 1], [1, -1]] and example["labels"].dtype == np.int32
    assert example["image"].shape == (2, 2, 3) and np.abs(example["image"].astype(int) - 60).max() <= 2
    assert found["val"].load(0)["labels"].tolist() == [[2, 0], [0, 0]]


def test_indices_of_a_palette_are_read_from_the_file(tmp_path):
    colors = [9, 9, 9, 9, 9, 9, 255, 0, 0]  # indices 0 and 1 look alike: only the file itself tells them apart
    pairs = two_folders(tmp_path, {"train": [[[0, 1], [2, 1]]]}, colors)
    found = open_semantic(pairs, "A", DataConfig(label_names=("wall", "door", "roof")))["train"]
    assert found.domains["labels"].classes.coding == "palette"
    assert found.load(0)["labels"].tolist() == [[0, 1], [2, 1]]


def test_side_by_side_colors_on_either_side(tmp_path):
    colors = np.array([[255, 0, 0], [0, 0, 255], [1, 2, 3]])
    halves = colors[np.array([[1, 0], [1, 1]])], np.broadcast_to(colors[2], (2, 2, 3))
    for side, order in (("A", halves), ("B", halves[::-1])):
        write(tmp_path / side / "train" / "x.png", np.concatenate(order, axis=1))
        settings = DataConfig(label_palette=("ff0000", "0000ff"), label_names=("roof", "sky"))
        example = open_semantic(folder(tmp_path / side), side, settings)["train"].load(0)
        assert example["labels"].tolist() == [[1, 0], [1, 1]] and (example["image"] == [1, 2, 3]).all()


def test_decoded_pairs_of_one_channel():
    found = open_semantic({"train": Decoded([np.array([[[3], [4]], [[4], [4]]], np.uint8)])}, "A", DataConfig())["train"]
    assert found.domains == {"labels": dataclasses.replace(found.domains["labels"], name="map"), "image": Domain("picture", 3, "uint16")}
    assert found.load(0)["labels"].tolist() == [[0, 1], [1, 1]] and found.load(0)["image"].dtype == np.uint16
    assert found.name(0) == "pair 0" and not found.skipped


def test_painted_pairs_keep_their_keys(tmp_path):
    pairs = two_folders(tmp_path, {"train": [[[0, 5], [5, 255]]]})
    found = open_encoded(pairs, "A", DataConfig())
    source = found["train"]
    classes = source.domains["A"].classes
    assert source.domains == {"A": Domain("labels", 3, "uint8", "nearest", classes), "B": Domain("photo", 3)}
    example = source.load(0)
    assert list(example) == ["A", "B"] and example["A"].dtype == np.uint8
    assert example["A"].tolist() == [[[128, 0, 0], [0, 128, 0]], [[0, 128, 0], [0, 0, 0]]]
    assert (example["B"] == pairs["train"].load(0)["B"]).all()


def test_encoded_pairs_keep_their_keys_and_the_indices(tmp_path):
    pairs = two_folders(tmp_path, {"train": [[[0, 5], [5, 255]]]})
    source = open_encoded(pairs, "A", DataConfig(label_encoding="onehot"))["train"]
    assert source.domains == {"A": Domain("labels", 1, "int32", "nearest", source.domains["A"].classes), "B": Domain("photo", 3)}
    assert source.load(0)["A"].tolist() == [[0, 1], [1, -1]] and source.load(0)["A"].dtype == np.int32


def test_the_stored_classes_alone_read_the_same_file(tmp_path):
    pairs = two_folders(tmp_path, {"train": [[[0, 5], [5, 255]]]})
    for found, key in ((open_semantic(pairs, "A", DataConfig()), "labels"), (open_encoded(pairs, "A", DataConfig()), "A")):
        stored = from_dict(Domain, json.loads(json.dumps(dataclasses.asdict(found["train"].domains[key]))))
        assert (load(tmp_path / "train" / "labels" / "0.png", stored) == found["train"].load(0)[key]).all()


def test_unknown_values_name_their_file(tmp_path):
    pairs = two_folders(tmp_path, {"train": [[[0, 1], [1, 1]]]})
    found = open_semantic(pairs, "A", DataConfig())["train"]
    write(tmp_path / "train" / "labels" / "0.png", [[0, 1], [1, 9]])
    with pytest.raises(UnreadableImage, match="^train/labels/0.png: label 9 is none of the classes' .known: 0, 1; ignored: 255"):
        found.load(0)


def test_sizes_that_differ(tmp_path):
    with pytest.raises(UnreadableImage, match="train/labels/0.png is 2×2 but train/photo/0.jpg is 3×2"):
        open_semantic(two_folders(tmp_path, {"train": [[[0, 1], [1, 1]]]}, size=(3, 2)), "A", DataConfig())["train"].load(0)
    pairs = {"train": Decoded([np.array([[[3], [4]]], np.uint8)])}
    with pytest.raises(UnreadableImage, match="pair 0: label map is 1×2 but image is 2×2 .height×width.; both images of a pair"):
        open_semantic(pairs, "A", DataConfig())["train"].load(0)


def test_files_that_were_left_out_stay_listed(tmp_path):
    two_folders(tmp_path, {"train": [[[0, 1], [1, 1]]]})
    write(tmp_path / "train" / "labels" / "lonely.png", [[0]])
    found = open_semantic(folder(tmp_path, skip_bad_files=True), "A", DataConfig())["train"]
    assert [file for file, _ in found.skipped] == ["train/labels/lonely.png"] and len(found) == 1


def test_the_wrong_side_is_noticed(tmp_path):
    for number in range(2):
        y, x = np.mgrid[:64, :64]
        photo = np.stack([x * 3, y * 3, x + y + number], axis=-1)
        write(tmp_path / "train" / f"{number}.png", np.concatenate([photo, np.zeros_like(photo)], axis=1))
    with pytest.raises(UserError, match="--direction"):
        open_semantic(folder(tmp_path), "A", DataConfig())


def test_the_built_in_pairs_have_the_built_in_classes():
    pairs, semantic = (SyntheticSource(kind, "train", 6, (64, 64)) for kind in ("paired", "semantic"))
    found = open_semantic({"train": pairs}, "B", FACADES)["train"]
    assert found.domains["labels"] == semantic.domains["labels"] and found.domains["labels"].classes.names == CLASSES
    for index in range(6):
        for key, array in semantic.load(index).items():
            assert (found.load(index)[key] == array).all()
    assert (open_encoded({"train": pairs}, "B", FACADES)["train"].load(2)["B"] == pairs.load(2)["B"]).all()


def test_classes_keep_through_the_pipelines_resize():
    pairs = {"train": SyntheticSource("paired", "train", 1, (64, 64))}
    source = open_semantic(pairs, "B", FACADES)["train"]
    prepared = PreparedSource(source, {"labels": "labels", "image": "image"}, (32, 48), Room(0))
    labels, image = prepared.fetch(0)
    assert labels.shape == (32, 48) and labels.dtype == np.int32 and image.shape == (32, 48, 3)
    assert set(np.unique(labels)) <= set(np.unique(source.load(0)["labels"]))


def test_real_facades(test_data, capsys):
    pairs = folder(test_data / "facades", ("photo", "labels"))
    found = open_semantic({"val": pairs["val"]}, "B", DataConfig())["val"].domains["labels"].classes
    colors = np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in found.colors], float)
    distances = np.linalg.norm(colors[:, None] - PALETTE, axis=-1)
    assert sorted(distances.argmin(1)) == list(range(12)) and distances.min(1).max() < 6

    source = open_semantic({"val": pairs["val"]}, "B", FACADES)["val"]
    maps = [source.load(index)["labels"] for index in range(20)]
    shares = np.bincount(np.concatenate([labels.ravel() for labels in maps]), minlength=12) / (20 * 256 * 256)
    # Of all 500 maps: 21.8 % background, 35.5 % façade, 12.9 % window, 1.2 % pillar.
    np.testing.assert_allclose(shares[[0, 1, 2, 10]], [0.218, 0.355, 0.129, 0.012], atol=0.06)
    original = pairs["val"].load(0)["B"].astype(int)
    assert np.median(np.abs(paint(maps[0], source.domains["labels"].classes) - original).max(-1)) <= 3
    with pytest.raises(UserError, match="--direction"):
        open_semantic({"val": pairs["val"]}, "A", DataConfig())
