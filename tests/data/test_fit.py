"""Images of another shape than the network's: cut to their middle, or squeezed."""

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig
from tfgan.data import open_dataset
from tfgan.data.reading import images


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


@pytest.mark.parametrize(
    "size, shape, rows, columns",
    [
        ((218, 178), (1, 1), (20, 198), (0, 178)),  # CelebA's 178×178
        ((5, 8), (64, 64), (0, 5), (1, 6)),  # of an odd rest, less at the left
        ((8, 5), (64, 64), (1, 6), (0, 5)),
        ((6, 12), (64, 32), (0, 6), (4, 7)),
        ((12, 6), (32, 64), (4, 7), (0, 6)),
        ((1, 100), (100, 1), (0, 1), (49, 50)),  # a pixel at least
        ((7, 10), (2, 3), (0, 7), (0, 10)),  # 10.5 columns would have this ratio
        ((28, 28), (32, 32), (0, 28), (0, 28)),
    ],
)
def test_middle(size, shape, rows, columns):
    image = np.arange(size[0] * size[1] * 3).reshape(*size, 3)
    found = images.middle(image, shape)
    np.testing.assert_array_equal(found, image[slice(*rows), slice(*columns)])
    assert (found is image) == (found.shape == image.shape) and not (found.shape != image.shape and np.shares_memory(found, image))


# Of the second, Pillow's bicubic filter made 17 and 53 of each row; the mean of its four pixels is 15 and 55.
@pytest.mark.parametrize("fit, expected", [("crop", [[30, 40], [110, 120]]), ("squeeze", [[17, 53], [97, 133]])])
@pytest.mark.parametrize("kind", ["labeled", "images"])
def test_images_of_another_shape(tmp_path, kind, fit, expected):
    """2×8 pixels for a network of 2×2: the two columns in the middle, or all of them, four to one."""
    pixels = np.arange(16, dtype=np.uint8).reshape(2, 8, 1).repeat(3, -1) * 10
    for name in ("a/1.png", "b/1.png"):
        write(tmp_path / name, pixels)
    found = open_dataset(DataConfig(data_dir=str(tmp_path), fit=fit), kind, (2, 2), (2, 2))
    (batch,) = found.train_batches(batch_size=2, flip=False, seed=0).take(1).as_numpy_iterator()
    for image in (batch["image"][0], found.validation_example(0)["image"]):
        np.testing.assert_allclose((image[..., 0] + 1) * 127.5, expected, atol=1e-3)


def test_images_of_other_kinds_are_squeezed(tmp_path):
    for side in "AB":
        write(tmp_path / f"train{side}" / "1.png", np.repeat([[0] * 4 + [100] * 8 + [200] * 4], 8, axis=0))
    found = open_dataset(DataConfig(data_dir=str(tmp_path)), "unpaired", (8, 8), (8, 8))
    image = found.validation_example(0)["source"]
    np.testing.assert_allclose((image[0, [0, -1], 0] + 1) * 127.5, [0, 200], atol=8)  # both ends are there
