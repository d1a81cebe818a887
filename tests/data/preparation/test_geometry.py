"""Images of any size and shape on their way to the network: squeezed, cut, as wide as it, or at their own scale."""

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain
from tfgan.data import open_dataset
from tfgan.data.preparation.geometry import distortion, fitted, scaled, viewed
from tfgan.errors import UserError


@pytest.mark.parametrize(
    "fit, own, expected",
    [
        ("squeeze", (500, 310), (32, 48)),
        ("crop", (64, 48), (64, 48)),  # 48 wide, and more than 32 high
        ("crop", (16, 48), (32, 96)),
        ("width", (96, 96), (48, 48)),
        ("width", (20, 96), (24, 115)),  # ten rows would be left, of which no crop of 24 can be cut
        ("width", (10, 10), (48, 48)),
        ("none", (500, 310), (500, 310)),
        ("none", (12, 36), (24, 72)),  # enlarged to the crop
        ("none", (40, 20), (72, 36)),
    ],
)
def test_the_size_at_which_an_image_is_seen(fit, own, expected):
    size, least = (32, 48), (24, 36)
    found = scaled(own, fit, size, least)
    assert found == expected
    if fit != "squeeze":
        assert distortion(own, found) < 0.05  # by rounding to pixels


PHOTO, MAP = Domain("photo", 3), Domain("labels", 3, resample="nearest")


def circles(height, width, radius=6, pitch=20):
    """White, with black circles, H×W×3 uint8."""
    y, x = np.mgrid[:height, :width]
    inside = (y % pitch - pitch // 2 + 0.5) ** 2 + (x % pitch - pitch // 2 + 0.5) ** 2 < radius**2
    return np.where(inside, 0, 255).astype(np.uint8)[..., None].repeat(3, -1)


def roundness(image):
    """How much longer than wide black shapes are, by the share of dark steps in both directions; 1 for circles. Floats in [-1, 1]."""
    dark = image[..., 0] < 0
    rows, columns = (np.count_nonzero(np.diff(dark.astype(np.int8), axis=axis)) for axis in (0, 1))
    return rows / columns


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


SIZES = {"trainA": [(130, 250), (80, 125), (150, 217)], "trainB": [(100, 100), (200, 75), (80, 155)]}


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory):
    """Two domains of circles, in images of many sizes and shapes."""
    folder = tmp_path_factory.mktemp("circles")
    for side, sizes in SIZES.items():
        for number, size in enumerate(sizes):
            write(folder / side / f"{number}.png", circles(*size))
    return folder


def batches(found, count, **options):
    return list(found.train_batches(batch_size=1, flip=True, seed=3, **options).take(count).as_numpy_iterator())


@pytest.mark.parametrize("fit", ["crop", "width", "none"])
def test_circles_stay_circles_in_images_of_mixed_sizes(unpaired, fit):
    found = open_dataset(DataConfig(data_dir=str(unpaired), fit=fit), "unpaired", (64, 64), (72, 72))
    for batch in [*batches(found, 9), *({key: array[None] for key, array in found.validation_example(i).items()} for i in range(3))]:
        for image in (batch["source"][0], batch["target"][0]):
            assert image.shape == (64, 64, 3) and 0.77 < roundness(image) < 1.3


def test_squeezed_circles_are_none(unpaired):
    found = open_dataset(DataConfig(data_dir=str(unpaired)), "unpaired", (64, 64), (64, 64))
    assert not all(0.77 < roundness(batch["source"][0]) < 1.3 for batch in batches(found, 6))


def test_native_crops_are_parts_of_the_files(tmp_path):
    """Pixels say where they are: crops hold neighbors, and come from everywhere in the image."""
    y, x = np.mgrid[:40, :100].astype(np.uint8)
    for side in "AB":
        write(tmp_path / "train" / side / "1.png", np.stack([y, x, x * 0], -1))
    found = open_dataset(DataConfig(data_dir=str(tmp_path), fit="none"), "paired", (16, 16), (18, 18))
    corners = []
    for batch in batches(found, 60):
        source, target = (np.rint((batch[key][0] + 1) * 127.5).astype(int) for key in ("source", "target"))
        np.testing.assert_array_equal(source, target)
        assert (np.diff(source[..., 0], axis=0) == 1).all() and (abs(np.diff(source[..., 1], axis=1)) == 1).all()
        corners.append((source[..., 0].min(), source[..., 1].min()))
    top, left = map(np.array, zip(*corners))
    assert top.max() <= 24 and left.max() <= 84 and len(set(corners)) > 40 and np.ptp(top) > 18 and np.ptp(left) > 65
    middle = np.rint((found.validation_example(0)["source"] + 1) * 127.5)
    np.testing.assert_array_equal(middle[..., :2], np.stack([y, x], -1)[12:28, 42:58])
    np.testing.assert_array_equal(found.column("train", "source", 1)[0][..., :2], np.stack([y, x], -1)[12:28, 42:58])


@pytest.mark.parametrize("fit", ["width", "none"])
@pytest.mark.parametrize("cache", ["always", "never"])
def test_crops_of_mixed_sizes_go_on_from_any_step(unpaired, fit, cache):
    settings = DataConfig(data_dir=str(unpaired), fit=fit, cache=cache)
    found = open_dataset(settings, "unpaired", (32, 32), (36, 36))
    expected = batches(found, 7)
    for late, batch in zip(batches(found, 3, first_step=4), expected[4:], strict=True):
        for key in batch:
            np.testing.assert_array_equal(late[key], batch[key])


def test_maps_keep_their_classes():
    ids = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert set(np.unique(fitted(ids, "none", (6, 6), (6, 6), MAP))) == set(range(12))
    assert viewed(ids, "width", (6, 6), MAP).shape == (6, 6)
    np.testing.assert_array_equal(viewed(ids, "none", (1, 2), MAP), ids[1:2, 1:3])


def test_an_image_of_the_size_is_the_very_same():
    image = circles(32, 32)
    for fit in ("squeeze", "crop", "width", "none"):
        assert fitted(image, fit, (32, 32), (32, 32), PHOTO) is image and viewed(image, fit, (32, 32), PHOTO) is image


def test_a_measuring_network_sees_what_the_run_sees(unpaired):
    """At another size: the native crop of 64 pixels, made smaller, and not a crop of 32 pixels."""
    data = DataConfig(data_dir=str(unpaired), fit="none")
    large = open_dataset(data, "unpaired", (64, 64), (64, 64)).column("validation", "source", 1)[0]
    small = open_dataset(data, "unpaired", (32, 32), (32, 32), network=(64, 64)).column("validation", "source", 1)[0]
    np.testing.assert_allclose(small, np.asarray(Image.fromarray(large).resize((32, 32), Image.Resampling.BICUBIC)), atol=1)


@pytest.mark.parametrize("own, expected", [((100, 100), 0.0), ((100, 110), 0.1), ((100, 50), 1.0), ((50, 100), 1.0)])
def test_distortion(own, expected):
    assert distortion(own, (64, 64)) == pytest.approx(expected)


def test_the_built_in_set_has_the_networks_size():
    with pytest.raises(UserError, match="--fit has no effect for --dataset=synthetic"):
        open_dataset(DataConfig(fit="none"), "paired", (16, 16), (16, 16))
