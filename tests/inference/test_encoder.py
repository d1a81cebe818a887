import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.data.reading.images import resize
from tfgan.inference.encoder import Encoder
from tfgan.methods.base import Encoding


def make_encoder(function, size=(4, 4), length=2, channels=1, dtype="uint8"):
    return Encoder(Encoding(function, Domain("photo", channels, dtype), size, length))


def extremes(images):
    return tf.stack([tf.reduce_min(images, axis=(1, 2, 3)), tf.reduce_max(images, axis=(1, 2, 3))], axis=1)


def flat(images):
    return tf.reshape(images, [tf.shape(images)[0], 16])


@pytest.mark.parametrize("size", [(1, 1), (3, 9), (4, 4), (50, 20)])
def test_images_of_any_size_reach_the_network_at_its_own(size):
    encoder = make_encoder(lambda images: tf.cast(tf.tile(tf.shape(images)[None, 1:3], [tf.shape(images)[0], 1]), tf.float32), (8, 6))
    assert encoder(np.zeros((3, *size, 1), np.float32)).numpy().tolist() == [[8, 6]] * 3


def test_an_image_of_the_networks_size_is_taken_as_it_is():
    image = np.random.default_rng(0).uniform(-1, 1, (2, 4, 4, 1)).astype(np.float32)
    np.testing.assert_allclose(make_encoder(flat, length=16)(image).numpy().reshape(image.shape), image, atol=1e-6)


@pytest.mark.parametrize(("dtype", "largest"), [("uint8", 255), ("uint16", 65535)])
def test_pixels_span_minus_one_to_one(dtype, largest):
    image = np.array([0, largest, largest // 5, largest], dtype).reshape(1, 2, 2, 1)
    encoder = make_encoder(lambda images: tf.reshape(images, [1, 4]), (2, 2), 4, dtype=dtype)
    np.testing.assert_allclose(encoder.pixels(image), [[-1, 1, -0.6, 1]], atol=1e-6)


def test_what_bicubic_overshoots_is_clipped():
    image = np.zeros((1, 8, 8, 1), np.uint8)
    image[:, :, 4:] = 255
    assert make_encoder(extremes, (16, 16)).pixels(image).numpy().tolist() == [[-1, 1]]


@pytest.mark.parametrize("size", [(2, 3), (16, 16), (33, 20)])
def test_images_are_resized_as_for_training(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 1), np.uint8)
    expected = resize(image, (4, 4), "bicubic").astype(np.float32) / 127.5 - 1
    found = make_encoder(flat, length=16).pixels(image[None]).numpy().reshape(4, 4, 1)
    np.testing.assert_allclose(found, expected, atol=1.01 / 127.5)  # Pillow rounds after each of its two passes


def test_several_images_are_the_same_as_each_alone():
    images = np.random.default_rng(0).integers(0, 256, (3, 9, 7, 1), np.uint8)
    encoder = make_encoder(flat, length=16)
    together = encoder.pixels(images).numpy()
    np.testing.assert_array_equal(together, np.concatenate([encoder.pixels(image[None]) for image in images]))
    assert (together[0] != together[1]).any()


def test_weights_and_description():
    used, unused = tf.Variable([1.0]), tf.Variable([2.0])
    encoder = make_encoder(lambda images: extremes(images) * used)
    assert [weight.ref() for weight in encoder.weights] == [used.ref()] and unused.numpy() == 2
    assert encoder.describe() == "photo to a vector of 2" and encoder.input_key == "image"


@pytest.mark.parametrize(("size", "part"), [((4, 8), np.s_[:, :, 2:6]), ((9, 4), np.s_[:, 2:6]), ((4, 4), np.s_[:])])
def test_images_are_cut_to_the_networks_shape_where_training_images_were(size, part):
    image = np.random.default_rng(0).uniform(-1, 1, (2, *size, 1)).astype(np.float32)
    cut = Encoder(Encoding(flat, Domain("face", 1), (4, 4), 16, crop=True))
    np.testing.assert_allclose(cut(image).numpy().reshape(2, 4, 4, 1), image[part], atol=1e-6)
    if size != (4, 4):
        assert np.abs(make_encoder(flat, length=16)(image) - cut(image)).max() > 0.1  # squeezed, not cut
