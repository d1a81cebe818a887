"""The segmenter: shapes, learning, foreign models, reading label maps by their colors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.evaluation.segmenter import Segmenter, build_segmenter, load_segmenter, nearest_classes, segment, segmenter_size, train_segmenter


def test_shapes():
    model = build_segmenter(3, 5)
    assert model(np.zeros([2, 24, 40, 3])).shape == (2, 24, 40, 5)
    # By hand: convolutions 3×3 without bias and 4 numbers a batch norm channel, down to 128, up again, then 16·5 + 5.
    down = [(3, 16), (16, 16), (16, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    up = [(192, 64), (64, 64), (96, 32), (32, 32), (48, 16), (16, 16)]
    assert model.count_params() == sum(9 * a * b + 4 * b for a, b in down + up) + 85


@pytest.mark.parametrize("size, expected", [((256, 256), (128, 128)), ((64, 64), (64, 64)), ((300, 600), (64, 128)), ((6, 21), (8, 24))])
def test_size(size, expected):
    assert segmenter_size(size) == expected


def halves(count):
    """Photos whose left part is darker than their right one, and where the border is; a strip at the top counts nothing."""
    random = np.random.default_rng(0)
    maps = np.zeros([count, 16, 16], np.int32)
    for number, border in enumerate(random.integers(3, 13, count)):
        maps[number, :, border:] = 1
    photos = maps[..., None] * 1.0 - 0.5 + 0.1 * random.normal(size=(count, 16, 16, 3))
    maps[:, :2] = -1
    return photos.astype(np.float32), maps


def test_learns_what_can_be_seen():
    photos, maps = halves(24)
    model = train_segmenter(photos, maps, 2, steps=60)
    told, counted = segment(Segmenter(model, 3), photos, (16, 16), batch=7), maps >= 0
    assert told.shape == maps.shape and told.dtype == np.int32
    assert np.mean(told[counted] == maps[counted]) > 0.95


@pytest.mark.parametrize("form", ["model.keras", "saved_model"])
def test_given_models(tmp_path, form):
    image = keras.Input((None, None, 3))
    model = keras.Model(image, keras.layers.Conv2D(4, 1)(image))
    path = tmp_path / form
    model.save(path) if form.endswith("keras") else model.export(path, verbose=False)
    photos = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    segmenter = load_segmenter(str(path), 4, 3, (8, 8))
    np.testing.assert_array_equal(segment(segmenter, photos, (8, 8)), np.argmax(model(photos), axis=-1))
    with pytest.raises(UserError, match="3 classes"):
        load_segmenter(str(path), 3, 3, (8, 8))


@pytest.mark.parametrize("form", ["model.keras", "saved_model"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_models_of_one_size_and_other_channels(tmp_path, form, channels):
    """The model takes 32×24 alone, and tells dark from light: photos of 16×12 are enlarged, its classes made small again."""
    image = keras.Input((32, 24, channels))
    model = keras.Model(image, keras.ops.concatenate([-image[..., :1], image[..., :1]], axis=-1))
    path = tmp_path / form
    model.save(path) if form.endswith("keras") else model.export(path, verbose=False)
    maps = np.zeros([2, 16, 12], np.int32)
    maps[:, 4:, 6:] = 1
    for of_data in (1, 3):
        photos = np.repeat(maps[..., None] * np.float32(1.6) - np.float32(0.8), of_data, axis=-1)
        segmenter = load_segmenter(str(path), 2, of_data, (16, 12))
        np.testing.assert_array_equal(segment(segmenter, photos, (16, 12)), maps)


def test_own_segmenter_of_gray_photos(tmp_path):
    build_segmenter(1, 3).save(tmp_path / "gray.keras")
    segmenter = load_segmenter(str(tmp_path / "gray.keras"), 3, 1, (16, 24))
    assert segment(segmenter, np.zeros([2, 16, 24, 1], np.float32), (16, 24)).shape == (2, 16, 24)


def test_models_that_do_not_fit(tmp_path):
    image = keras.Input((None, None, 2))
    keras.Model(image, image).save(tmp_path / "two.keras")
    with pytest.raises(UserError, match="1, 3 or 4 channels"):
        load_segmenter(str(tmp_path / "two.keras"), 2, 3, (16, 16))
    image = keras.Input((None, None, 3))
    halved = keras.layers.UpSampling2D(2)(keras.layers.MaxPooling2D(2)(image))
    keras.Model(image, keras.layers.Concatenate()([halved, image])).save(tmp_path / "even.keras")
    assert load_segmenter(str(tmp_path / "even.keras"), 6, 3, (16, 16)).size == (None, None)
    with pytest.raises(UserError, match="even.keras cannot read a photo of 15×16"):
        load_segmenter(str(tmp_path / "even.keras"), 6, 3, (15, 16))


def test_bad_models(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        load_segmenter(str(tmp_path / "absent.keras"), 2, 3, (16, 16))
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_segmenter(str(tmp_path / "text.keras"), 2, 3, (16, 16))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="cannot be loaded"):
        load_segmenter(str(tmp_path / "empty"), 2, 3, (16, 16))


def test_nearest_colors():
    colors = np.array([[-1, -1, -1], [1, 1, 1], [1, -1, -1]], np.float32)
    images = np.array([[[[-0.9, -0.8, -1], [0.9, -0.2, -0.1]], [[0.2, 0.1, 0.3], [-0.1, -0.2, -0.3]]]], np.float32)
    assert nearest_classes(images, colors).tolist() == [[[0, 2], [1, 0]]]
    assert tf.as_dtype(nearest_classes(images, colors).dtype) == tf.int32
