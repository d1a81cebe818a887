"""The crops that training sees: what a contact sheet shows of them, and which are too small."""

import math

import numpy as np
import pytest
import tiny_folders as tiny

from tfgan.config import DataConfig, Domain
from tfgan.data import open_sources
from tfgan.data.checks.crops import check_crops
from tfgan.data.checks.sheet import Cuts, sheet_columns
from tfgan.data.preparation.pipeline import make_batches
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.reading import images
from tfgan.data.source import Source

SIDE, COUNT = 128, 4


class Maps(Source):
    """Pairs whose pixels say where they are: red is the row, green the column, and blue the example."""

    domains = {"A": Domain("photo", 3), "B": Domain("labels", 3, resample="nearest")}

    def __len__(self):
        return COUNT

    def name(self, index):
        return str(index)

    def load(self, index):
        rows, columns = np.mgrid[:SIDE, :SIDE]
        pixels = np.stack([rows, columns, np.full_like(rows, index)], axis=-1).astype(np.uint8)
        return {"A": pixels, "B": 255 - pixels}


def cells(images):
    """(example, top, left, mirrored) of each crop."""
    for image in images:
        first, last = image[0, 0].astype(int), image[-1, -1].astype(int)
        yield first[2], first[0], min(first[1], last[1]), first[1] > last[1]


def columns(**cuts):
    return sheet_columns("paired", [Maps()], DataConfig(), Cuts(**cuts))


def test_a_sheet_shows_random_crops():
    """Of the size of the network's images, cut out of what is loaded; those of a pair alike."""
    photos, labels = columns(image_size=(96, 96), loaded_size=(SIDE, SIDE), flip=True).values()
    assert all(image.shape == (96, 96, 3) for image in photos)
    found = list(cells(photos))
    assert found == list(cells(255 - label for label in labels)) and [example for example, *_ in found] == [0, 1, 2, 3]
    assert len({(top, left) for _, top, left, _ in found}) == COUNT and {mirrored for *_, mirrored in found} == {False, True}
    for (_, top, left, mirrored), image in zip(found, photos):
        whole = Maps().load(0)["A"][top : top + 96, left : left + 96]
        np.testing.assert_array_equal(image[..., :2], (whole[:, ::-1] if mirrored else whole)[..., :2])


def test_a_sheet_depends_on_the_seed():
    first, again, other = (columns(image_size=(96, 96), loaded_size=(SIDE, SIDE), seed=seed)["source: photo"] for seed in (0, 0, 1))
    assert list(cells(first)) == list(cells(again)) != list(cells(other))


def test_a_sheet_shows_whole_images_where_training_sees_them():
    (photos, _) = columns(image_size=(SIDE, SIDE), loaded_size=(SIDE, SIDE)).values()
    for number, image in enumerate(photos):
        np.testing.assert_array_equal(image, Maps().load(number)["A"])


def test_crops_of_a_sheet_are_those_of_the_pipeline():
    """The examples of a batch stand in another order; each place has the crop and the mirroring that the sheet has there."""
    stream = PreparedSource(Maps(), {"source": "A", "target": "B"}, (SIDE, SIDE), room=Room(math.inf))
    (batch,) = make_batches([stream], (96, 96), batch_size=COUNT, flip=True, seed=0).take(1).as_numpy_iterator()
    trained = np.rint((batch["source"] + 1) * 127.5).astype(np.uint8)
    shown = columns(image_size=(96, 96), loaded_size=(SIDE, SIDE), flip=True)["source: photo"]
    assert [where for _, *where in cells(trained)] == [where for _, *where in cells(shown)]


@pytest.mark.parametrize(
    "image_size, loaded_size, share",
    [
        ((64, 64), (286, 286), "4.5 times as large: each shows 5% of"),
        ((64, 256), (72, 512), "2.0 times"),
        ((64, 64), (84, 84), "1.3 times"),
        ((64, 64), (83, 83), ""),
        ((256, 256), (286, 286), ""),
        ((16, 16), (16, 16), ""),
    ],
)
def test_crops_that_show_a_corner_are_found(image_size, loaded_size, share):
    findings = check_crops(image_size, loaded_size)
    assert len(findings) == bool(share)
    for finding in findings:
        assert (finding.severity, finding.name) == ("warning", "small_crops")
        assert share in finding.problem and "--load_size=0" in finding.cure


def folder_of_shapes(folder, *heights):
    """Two domains that are no pairs, of noise 64 pixels wide."""
    rng = np.random.default_rng(0)
    for side in "AB":
        for number, height in enumerate(heights if side == "A" else [64] * 4):
            images.save(folder / f"train{side}" / f"{number}.png", rng.integers(0, 256, (height, 64, 3)).astype(np.uint8))
    return folder


def distorted(folder, *flags):
    _, found, text = tiny.check(folder, "--image_size=32", "--method=cyclegan", "--noprobe", *flags)
    return ("warning", "distorted_images") in found, text


@pytest.mark.parametrize("height, told", [(64, False), (59, False), (58, True), (70, False), (71, True), (128, True)])
def test_images_that_are_squeezed_by_ten_percent_are_told(tmp_path, height, told):
    found, text = distorted(folder_of_shapes(tmp_path, 64, 64, height))
    assert found == told
    assert not told or "1 image of A squeezed out of shape, by up to" in text and "trainA/2.png" in text and "--fit=none" in text


@pytest.mark.parametrize("fit", ["crop", "width", "none"])
def test_images_that_keep_their_shape_are_not(tmp_path, fit):
    assert not distorted(folder_of_shapes(tmp_path, 64, 40, 100), f"--fit={fit}")[0]


def test_a_sheet_shows_squeezed_images_in_their_own_shape(tmp_path):
    folder_of_shapes(tmp_path, 64, 128)
    cuts = Cuts((96, 96), (96, 96))
    for fit, titles in {"squeeze": ["source: A", "A, not squeezed", "target: B"], "none": ["source: A", "target: B"]}.items():
        settings = DataConfig(data_dir=str(tmp_path), fit=fit)
        shown = sheet_columns("unpaired", open_sources(settings, "unpaired", (96, 96))["train"], settings, cuts)
        assert list(shown) == titles and all(image.shape == (96, 96, 3) for column in shown.values() for image in column)
    shown = sheet_columns("unpaired", open_sources(DataConfig(data_dir=str(tmp_path)), "unpaired", (96, 96))["train"], DataConfig(), cuts)
    tall = shown["A, not squeezed"][1]
    assert (tall[:, :24] == 255).all() and (tall[:, -24:] == 255).all() and not (tall[:, 24:-24] == 255).all(axis=(0, 2)).any()


def test_a_sheet_shows_what_augment_changes():
    plain, changed = (columns(image_size=(96, 96), loaded_size=(SIDE, SIDE), augment=kinds) for kinds in ((), ("vertical_flip", "rot90")))
    assert any((first != second).any() for first, second in zip(plain["source: photo"], changed["source: photo"]))
    for photo, labels in zip(changed["source: photo"], changed["target: labels"]):
        np.testing.assert_array_equal(photo, 255 - labels)
