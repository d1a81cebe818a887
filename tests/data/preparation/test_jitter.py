"""What --augment changes: alike for both images of a pair, drawn from (seed, sample) alone, colors of photos only."""

import numpy as np
import pytest

from tfgan.config import Classes, DataConfig, Domain
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.jitter import SHADE, ZOOM, is_photo
from tfgan.data.source import Source
from tfgan.errors import UserError

PHOTO, MAP = Domain("photo", 3), Domain("labels", 3, resample="nearest")
GEOMETRY = ("vertical_flip", "rot90", "scale")


class Places(Source):
    """Pairs whose pixels (y, x) hold 3 y and 3 x in both images, and a value of their own."""

    def __init__(self, domains, size=(80, 80)):
        self.domains, self.size = domains, size

    def __len__(self):
        return 5

    def name(self, index):
        return str(index)

    def load(self, index):
        y, x = np.mgrid[: self.size[0], : self.size[1]]
        pixels = np.stack([3 * y, 3 * x, np.full_like(y, 40 * index)], axis=-1)
        return {key: pixels[..., 1].astype(np.int32) // 30 if d.is_map else pixels.astype(d.dtype) for key, d in self.domains.items()}


def opened(*augment, domains=(PHOTO, MAP), size=(64, 64), loaded=(80, 80), kind="paired"):
    source = Places(dict(zip("AB", domains)))
    streams = [(source, {"source": "A", "target": "B"})]
    return Dataset(kind, {"train": streams}, size, loaded, DataConfig(augment=augment), check=False)


def batches(found, count=40, **options):
    settings = {"batch_size": 1, "flip": False, "seed": 0} | options
    return list(found.train_batches(**settings).take(count).as_numpy_iterator())


def steps(image):
    """Mean differences between neighbors, (y down, y right, x down, x right), in pixels of the file."""
    pixels = (image + 1) * 127.5 / 3
    return tuple(float(np.diff(pixels[..., channel], axis=axis).mean()) for channel in (0, 1) for axis in (0, 1))


def test_nothing_more_is_drawn_without():
    for first, second in zip(batches(opened()), batches(opened("vertical_flip"))):
        assert any(np.array_equal(second["source"][0], image) for image in (first["source"][0], first["source"][0][::-1]))


def test_vertical_flip():
    down = [round(steps(batch["source"][0])[0]) for batch in batches(opened("vertical_flip"), 80)]
    assert set(down) == {1, -1} and 20 < down.count(1) < 60


def test_rot90():
    found = [tuple(map(round, steps(batch["source"][0]))) for batch in batches(opened("rot90"), 80)]
    assert set(found) == {(1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0)}  # turned, never mirrored


def test_scale_keeps_the_shape_and_its_bounds():
    found = [steps(batch["source"][0]) for batch in batches(opened("scale"), 80)]
    factors = [down for down, *_ in found]
    for down, skew, other, right in found:
        assert abs(down - right) < 0.03 and abs(skew) + abs(other) < 0.01
    assert 1 / ZOOM - 0.02 < min(factors) < 0.88 and 1.12 < max(factors) < ZOOM + 0.02


def test_scale_without_room_only_enlarges():
    factors = [steps(batch["source"][0])[0] for batch in batches(opened("scale", size=(80, 80)))]
    assert min(factors) > 1 / ZOOM - 0.02 and max(factors) <= 1.001


def test_both_images_of_a_pair_are_changed_alike():
    for batch in batches(opened(*GEOMETRY, "color", domains=(PHOTO, PHOTO)), flip=True):
        np.testing.assert_array_equal(batch["source"], batch["target"])


def test_label_maps_are_turned_with_the_photo_and_keep_their_values():
    for batch in batches(opened(*GEOMETRY, "color"), flip=True):
        photo, labels = batch["source"][0], batch["target"][0]
        values = np.rint((labels + 1) * 127.5)
        np.testing.assert_allclose((labels + 1) * 127.5, values, atol=1e-3)
        assert set(np.unique(values[..., :2])) <= set(range(0, 240, 3))  # none is blended
        assert photo.shape == labels.shape


def test_class_maps():
    classes = Classes("ids", tuple(range(9)), tuple(f"#00000{i}" for i in range(9)), tuple("abcdefghi"))
    labels = Domain("labels", 1, "int32", "nearest", classes)
    for batch in batches(opened(*GEOMETRY, domains=(labels, PHOTO)), flip=True):
        ids, x = batch["source"][0], (batch["target"][0][..., 1] + 1) * 127.5 / 3
        assert ids.dtype == np.int32 and ids.shape == (64, 64)
        away = np.abs(x / 10 - np.rint(x / 10)) > 0.1  # from the borders of the classes
        np.testing.assert_array_equal(ids[away], np.floor(x[away] / 10))


def test_color_changes_photos_within_their_range_and_nothing_else():
    plain, shaded = batches(opened()), batches(opened("color"))
    changed = [np.abs(a["source"] - b["source"]).mean() for a, b in zip(plain, shaded)]
    assert min(changed) > 0 and max(changed) < 3 * SHADE and np.median(changed) > 0.02
    for before, after in zip(plain, shaded):
        np.testing.assert_array_equal(before["target"], after["target"])
        assert after["source"].min() >= -1 and after["source"].max() <= 1 and after["source"].dtype == np.float32


def test_transparency_has_no_color():
    found = opened("color", domains=(Domain("photo", 4), MAP))
    found._train[0].source.load = lambda index: {"A": np.full((80, 80, 4), 100, np.uint8), "B": np.zeros((80, 80, 3), np.uint8)}
    for batch in batches(found, 5):
        np.testing.assert_allclose(batch["source"][..., 3], 100 / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("first", [1, 5])
def test_a_run_goes_on_from_any_step(first):
    found = opened(*GEOMETRY, "color")
    for late, batch in zip(batches(found, 3, first_step=first), batches(found, first + 3)[first:], strict=True):
        for key in batch:
            np.testing.assert_array_equal(late[key], batch[key])


def test_refusals():
    with pytest.raises(UserError, match="--augment=rot90 rotates images by 90°, and --image_size=32x64 is not square: use a square"):
        opened("rot90", size=(32, 64))
    with pytest.raises(UserError, match="--augment=color is for color pictures, and depth and labels are none: leave it out"):
        opened("color", domains=(Domain("depth", 1, "uint16"), MAP))
    with pytest.raises(UserError, match="--augment=colour is unknown. Did you mean color?"):
        DataConfig(augment=("colour",))


@pytest.mark.parametrize("domain, photo", [(PHOTO, True), (Domain("x", 4), True), (Domain("x", 1), False), (MAP, False)])
def test_photos(domain, photo):
    assert is_photo(domain) == photo
    assert not is_photo(Domain("x", 3, "int16", bands=True, value_range=((0.0, 1.0),)))
