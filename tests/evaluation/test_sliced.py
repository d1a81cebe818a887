import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from tfgan.errors import UserError
from tfgan.evaluation import sliced
from tfgan.evaluation.sliced import sliced_wasserstein


def noise(count, size, seed, channels=3, blur=0.0):
    images = np.random.default_rng(seed).normal(0.0, 0.3, (count, *np.broadcast_to(size, 2), channels)).astype(np.float32)
    return scipy.ndimage.gaussian_filter(images, (0, blur, blur, 0), mode="wrap") if blur else images


def burt_and_adelson(images):
    """The pyramid with scipy: smoothed, halved, and blown up again between zeros; mirrored at the edges."""
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[None, :, :, None] / 256
    smaller = scipy.ndimage.convolve(images.astype(np.float64), kernel, mode="mirror")[:, ::2, ::2]
    spread = np.zeros(images.shape)
    spread[:, ::2, ::2] = smaller
    return smaller, images - scipy.ndimage.convolve(spread, 4 * kernel, mode="mirror")


@pytest.mark.parametrize("size", [(64, 64), (33, 47)])
def test_laplacian_pyramid(size):
    images = noise(2, size, 0)
    smaller, finest = burt_and_adelson(images)
    np.testing.assert_allclose(sliced._laplacian_level(images, 0), finest, atol=1e-6)
    if size == (64, 64):
        coarsest, middle = burt_and_adelson(smaller)
        np.testing.assert_allclose(sliced._laplacian_level(images, 1), middle, atol=1e-6)
        smaller = coarsest
    np.testing.assert_allclose(sliced._laplacian_level(images, len(sliced._heights(*size)) - 1), smaller, atol=1e-6)


@pytest.mark.parametrize("size, names", [(16, ["16"]), (31, ["31"]), (33, ["33", "17"]), ((128, 70), ["128", "64", "32"])])
def test_levels_down_to_16_pixels(size, names):
    real, fake = noise(3, size, 0, channels=1), noise(3, size, 1, channels=1)
    found = sliced_wasserstein(real, fake)
    assert list(found) == [*names, "mean"] and found["mean"] == pytest.approx(np.mean([found[name] for name in names]))


def test_patches_are_cut_from_anywhere():
    y, x = np.mgrid[:20, :30]
    images = np.stack([x, y, np.full_like(x, 0)], axis=-1)[None] + np.array([0, 0, 1]) * np.arange(2)[:, None, None, None]
    patches = sliced._patches(images, np.random.default_rng(0))
    assert patches.shape == (256, 7, 7, 3)
    np.testing.assert_array_equal(patches[:, 3, 5, :2] - patches[:, 0, 0, :2], np.tile([5, 3], (256, 1)))
    assert patches[:128, ..., 2].max() == 0 and patches[128:, ..., 2].min() == 1
    assert set(patches[:, 0, 0, 0]) == set(range(24)) and set(patches[:, 0, 0, 1]) == set(range(14))


def test_patches_are_normalized_by_channel():
    patches = np.random.default_rng(0).normal([1, 2, 3], [4, 5, 6], (50, 7, 7, 3)).astype(np.float32)
    found = sliced._normalized(patches.copy()).reshape(50, 7, 7, 3)
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(found, (patches - patches.mean(axis=(0, 1, 2))) / patches.std(axis=(0, 1, 2)), atol=1e-5)


def test_one_dimension_as_scipy_has_it():
    one, two = np.random.default_rng(0).normal(0, 1, (2, 300, 1)).astype(np.float32) * np.array([[[1]], [[2]]], np.float32)
    expected = scipy.stats.wasserstein_distance(one[:, 0], two[:, 0])
    assert sliced._sliced(one, two, np.random.default_rng(0)) == pytest.approx(expected, rel=1e-5)


def test_shifted_patches_in_closed_form():
    # On a direction u a shift v moves all by v·u, of mean |v| Γ(D/2) / (√π Γ((D+1)/2)).
    patches, shift = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32), np.zeros(30, np.float32)
    shift[:4] = 2.0
    expected = 4.0 * math.exp(math.lgamma(15) - math.lgamma(15.5)) / math.pi**0.5
    assert sliced._sliced(patches, patches + shift, np.random.default_rng(0)) == pytest.approx(expected, rel=0.1)


def test_only_the_level_that_changes_moves():
    real = noise(20, 32, 0, channels=1)
    fine = np.indices((32, 32)).sum(axis=0)[None, ..., None] % 2 * 2.0 - 1.0  # a checkerboard, which smoothing takes away
    same, checked = sliced_wasserstein(real, noise(20, 32, 1, channels=1)), sliced_wasserstein(real, noise(20, 32, 1, channels=1) + fine)
    assert checked["32"] > 4 * same["32"] and checked["16"] < 1.2 * same["16"]
    assert sliced_wasserstein(real, noise(20, 32, 1, channels=1, blur=1.0))["32"] > 2 * same["32"]


def test_brightness_and_contrast_do_not_count():
    real, fake = noise(20, 16, 0), noise(20, 16, 1)
    assert sliced_wasserstein(real, 0.5 * fake + 0.2)["16"] == pytest.approx(sliced_wasserstein(real, fake)["16"], rel=1e-3)


def test_identical_sets_seeds_and_symmetry():
    real, fake = noise(4, 32, 0, 1), noise(4, 32, 1, 1)
    assert sliced_wasserstein(real, real)["mean"] == 0
    assert sliced_wasserstein(real, fake, 3) == sliced_wasserstein(real, fake, 3) != sliced_wasserstein(real, fake, 4)
    assert sliced_wasserstein(real, fake) == pytest.approx(sliced_wasserstein(fake, real), rel=1e-5)


def test_blocks_of_images_and_sets_of_two_sizes(monkeypatch):
    real, fake = noise(10, 16, 0, 1), noise(30, 16, 1, 1)
    expected = sliced_wasserstein(real, fake[::3])
    assert sliced_wasserstein(real, fake) == expected and sliced_wasserstein(fake, real)["16"] > 0
    assert set(sliced_wasserstein(real[:1], fake)) == {"16", "mean"}
    monkeypatch.setattr(sliced, "BATCH", 7)
    sizes = []
    monkeypatch.setattr(sliced, "_patches", lambda images, random, made=sliced._patches: sizes.append(len(images)) or made(images, random))
    assert sliced_wasserstein(real, fake)["16"] > 0 and sizes == [7, 3, 7, 3]


def test_constant_images():
    dark, light, real = np.full((4, 32, 32, 3), 0.1, np.float32), np.full((4, 32, 32, 3), 0.3, np.float32), noise(4, 32, 0)
    assert sliced_wasserstein(dark, light)["mean"] == pytest.approx(0, abs=5)  # rounding is not blown up to patches of its own
    assert sliced_wasserstein(real, dark)["mean"] > 200


def test_the_scale():
    assert 1e3 * sliced._sliced(*[sliced._normalized(noise(4, 7, s).copy()) for s in (0, 1)], np.random.default_rng(0)) > 100
    real, flat = noise(20, 16, 0), np.zeros((20, 16, 16, 3), np.float32)
    # White patches of deviation 1 are N(0, 1) on each direction: E|x| = √(2/π) from 0.
    assert sliced_wasserstein(real, flat)["16"] == pytest.approx(1e3 * (2 / math.pi) ** 0.5, rel=0.03)


def test_unlike_or_small_images():
    with pytest.raises(UserError, match=r"\(16, 16, 3\).*\(16, 20, 3\)"):
        sliced_wasserstein(noise(2, 16, 0), noise(2, (16, 20), 1))
    with pytest.raises(UserError, match="15×40 pixels"):
        sliced_wasserstein(noise(2, (15, 40), 0), noise(2, (15, 40), 1))
