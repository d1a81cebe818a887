"""CIELAB against scikit-image, in NumPy and in TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import cielab

color = pytest.importorskip("skimage.color")

GRID = np.stack(np.meshgrid(*[np.linspace(0, 255, 18)] * 3), axis=-1).round().reshape(18, -1, 3).astype(np.uint8)
ALL = np.concatenate([GRID, np.repeat(np.arange(252, dtype=np.uint8).reshape(18, 14, 1), 3, axis=-1)], axis=1)  # grays, too
FLOATS = (ALL / np.float32(255)).astype(np.float32)


@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
def test_conversions_agree_with_scikit_image(kind):
    lab, theirs = np.asarray(cielab.from_rgb(kind(FLOATS))), color.rgb2lab(FLOATS.astype(np.float64))
    assert lab.dtype == np.float32 and np.abs(lab - theirs).max() < 2e-4
    back = np.asarray(cielab.to_rgb(kind(theirs.astype(np.float32))))
    assert np.abs(back - color.lab2rgb(theirs)).max() < 2e-5
    assert (np.rint(back * 255) == ALL).all()


@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
@pytest.mark.filterwarnings("ignore:.*negative Z")
def test_what_srgb_does_not_have_is_clipped_as_there(kind):
    noise = np.random.default_rng(0)
    lab = np.stack([noise.uniform(0, 100, 4000), *noise.uniform(-110, 110, (2, 4000))], axis=-1)
    found = np.asarray(cielab.to_rgb(kind(lab.astype(np.float32))))
    assert found.min() == 0 and 0.999 < found.max() <= 1
    assert np.abs(found - color.lab2rgb(lab)).max() < 5e-5


def test_networks_see_shares_that_come_back():
    images = tf.constant(FLOATS[None] * 2 - 1)
    lightness, colors = cielab.lightness_and_colors(images)
    assert lightness.shape[-1] == 1 and colors.shape[-1] == 2
    assert -1 - 1e-5 < np.min(lightness) < -0.99 and 0.99 < np.max(lightness) < 1 + 1e-5 and np.max(np.abs(colors)) < 1
    np.testing.assert_allclose(cielab.joined(lightness, colors), images, atol=1e-4)
    theirs = color.rgb2lab(FLOATS)
    np.testing.assert_allclose(lightness[0, ..., 0], theirs[..., 0] / 50 - 1, atol=1e-5)  # the scales of the authors' data set
    np.testing.assert_allclose(colors[0], theirs[..., 1:] / 110, atol=1e-5)


@pytest.mark.parametrize("dtype, rest", [(np.uint8, 0.26), (np.uint16, 1e-3)])
def test_the_gray_picture_has_the_same_lightness(dtype, rest):
    most = np.iinfo(dtype).max
    pixels = np.rint(FLOATS.astype(np.float64) * most).astype(dtype)
    gray = cielab.as_gray(pixels)
    assert gray.dtype == dtype and gray.shape == pixels.shape and (gray == gray[..., :1]).all()
    apart = [color.rgb2lab(image / most)[..., 0] for image in (gray, pixels)]
    assert np.abs(apart[0] - apart[1]).max() < rest
    gray_already = pixels[:, -14:]
    np.testing.assert_array_equal(cielab.as_gray(gray_already), gray_already)
