"""What sees images: sizes and channels, given models, the data's own networks, and stamps that tell them apart."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.errors import UserError
from tfgan.evaluation import extractors
from tfgan.evaluation.classifier import build_classifier
from tfgan.evaluation.segmenter import build_segmenter


def floats(pixels):
    return np.asarray(pixels, np.float32) / 127.5 - 1.0


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)


def test_resize_is_pillows_bicubic_in_floats(pixels):
    """Of Parmar et al. 2022: what shrinks is smoothed. Pillow's filter of float planes is the outside implementation."""
    ours = extractors.resize(floats(pixels), (6, 9)).numpy()
    planes = [Image.fromarray(floats(pixels)[0, ..., c]).resize((9, 6), Image.Resampling.BICUBIC) for c in range(3)]
    np.testing.assert_allclose(ours[0], np.clip(np.stack(planes, axis=-1), -1, 1), atol=1e-5)
    assert extractors.resize(floats(pixels), None).shape == (5, 16, 16, 3)


def test_channels():
    gray, rgb = np.full([1, 2, 2, 1], 0.5, np.float32), np.zeros([1, 2, 2, 4], np.float32) + [1.0, 0.0, -1.0, 0.3]
    assert np.asarray(extractors.with_channels(gray, 3)).tolist() == np.full([1, 2, 2, 3], 0.5).tolist()
    np.testing.assert_array_equal(extractors.with_channels(rgb, 3), rgb[..., :3])
    np.testing.assert_allclose(extractors.with_channels(rgb, 1)[0, 0, 0], 0.2989 - 0.114, atol=1e-4)


def test_own_classifier(pixels):
    net = build_classifier((16, 16), 3, 4)
    extractor = extractors.from_classifier(net)
    seen = extractors.see(extractor, pixels, floats)
    assert seen.features.shape == (5, 128)
    np.testing.assert_allclose(seen.probabilities, tf.nn.softmax(net(floats(pixels))).numpy(), atol=1e-5)
    (found,) = extractors.maps_of(extractor, floats(pixels))
    np.testing.assert_allclose(found.mean(axis=(1, 2)), seen.features, rtol=1e-4, atol=1e-5)


def test_own_segmenter(pixels):
    extractor = extractors.from_segmenter(build_segmenter(3, 4), (8, 8))
    seen, maps = extractors.see(extractor, pixels, floats), extractors.maps_of(extractor, floats(pixels))
    assert [found.shape[1:] for found in maps] == [(8, 8, 16), (4, 4, 32), (2, 2, 64), (1, 1, 128)] and seen.probabilities is None
    np.testing.assert_allclose(seen.features, np.concatenate([m.mean(axis=(1, 2)) for m in maps], axis=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooled", [True, False])
def test_given_model(tmp_path, pixels, pooled):
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(6, 3)(image)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(x) if pooled else x)
    model.save(tmp_path / "model.keras")
    extractor = extractors.given_model(str(tmp_path / "model.keras"))
    small = extractors.with_channels(extractors.resize(floats(pixels), (8, 8)), 1)
    expected = np.asarray(model(small))
    found = extractors.see(extractor, pixels, floats).features
    np.testing.assert_allclose(found, expected if pooled else expected.mean(axis=(1, 2)), atol=1e-4)
    assert len(extractors.maps_of(extractor, floats(pixels))) == (not pooled)


def test_models_that_do_not_fit(tmp_path):
    vector = keras.Input((3,))
    keras.Model(vector, keras.layers.Dense(2)(vector)).save(tmp_path / "vector.keras")
    with pytest.raises(UserError, match="must take images"):
        extractors.given_model(str(tmp_path / "vector.keras"))
    with pytest.raises(UserError, match="cannot be loaded"):
        extractors.given_model(str(tmp_path / "absent.keras"))


@pytest.mark.parametrize("file, layers", [("sequential", [keras.Input((8, 8, 3))]), ("any_size", [keras.Input((None, None, 4))])])
def test_sequential_models(tmp_path, pixels, file, layers):
    net = keras.Sequential([*layers, keras.layers.Conv2D(5, 3), keras.layers.GlobalAveragePooling2D()])
    net.save(tmp_path / f"{file}.keras")
    extractor = extractors.given_model(str(tmp_path / f"{file}.keras"))
    images = extractors.with_channels(extractors.resize(floats(pixels), extractor.size), extractor.channels)
    np.testing.assert_allclose(extractors.see(extractor, pixels, floats).features, net(images), rtol=1e-4, atol=1e-5)
    assert not extractor.has_maps


@pytest.mark.parametrize("shape", [(8, 8, 2), (None, None, None), (None, 8, 3)])
def test_images_that_others_cannot_be_brought_to(tmp_path, shape):
    image = keras.Input(shape)
    keras.Model(image, keras.ops.mean(image, axis=-1, keepdims=True)).save(tmp_path / "model.keras")
    with pytest.raises(UserError, match=r"model.keras must take images.*1, 3 or 4 channels"):
        extractors.given_model(str(tmp_path / "model.keras"))


def test_code_in_a_model_is_refused(tmp_path):
    image = keras.Input((8, 8, 3))
    keras.Model(image, keras.layers.Lambda(lambda x: x + 1)(image)).save(tmp_path / "code.keras")
    with pytest.raises(UserError, match="cannot be loaded"):
        extractors.given_model(str(tmp_path / "code.keras"))


def test_stamps_tell_weights_and_sizes_apart():
    net = build_classifier((16, 16), 3, 4)
    first = extractors.from_classifier(net).stamp()
    assert first == extractors.from_classifier(net).stamp()
    net.weights[0].assign(net.weights[0] + 1e-6)
    assert extractors.from_classifier(net).stamp()["weights"] != first["weights"]
    segmenter = build_segmenter(3, 4)
    assert extractors.from_segmenter(segmenter, (8, 8)).stamp() != extractors.from_segmenter(segmenter, (16, 16)).stamp()


def test_inception_without_weights_says_what_needs_none(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"absent.h5 does not exist.*--features=own.*With --features= these metrics remain.*: l1, ssim\."):
        extractors.inception(str(tmp_path / "absent.h5"), ["l1", "ssim"])

    def offline(**settings):
        raise Exception("URL fetch failure: no network")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(UserError, match="no network.*these metrics remain"):
        extractors.inception("imagenet", ["l1"])


@pytest.mark.slow
def test_inception_by_random_weights(tmp_path, pixels):
    """Weights of the right shapes, random: features are the network's own average pool, probabilities those of its top."""
    keras.utils.set_random_seed(0)
    net = keras.applications.InceptionV3(weights=None)
    net.save_weights(tmp_path / "top.weights.h5")
    extractor = extractors.inception(str(tmp_path / "top.weights.h5"), [])
    seen = extractors.see(extractor, pixels[:1], floats)
    resized = extractors.resize(floats(pixels[:1]), (299, 299))
    pool = keras.Model(net.input, net.get_layer("avg_pool").output)
    np.testing.assert_allclose(seen.features, pool(resized), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(seen.probabilities, net(resized), rtol=1e-3, atol=1e-5)
    assert [found.shape[1:] for found in extractors.maps_of(extractor, floats(pixels[:1]))] == [
        (35, 35, 256),
        (35, 35, 288),
        (17, 17, 768),
        (8, 8, 2048),
    ]
    small = keras.applications.InceptionV3(weights=None, include_top=False)
    small.save_weights(tmp_path / "notop.weights.h5")
    assert not extractors.inception(str(tmp_path / "notop.weights.h5"), []).classifies


def test_digests_of_files(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    (tmp_path / "b").write_text("1")
    assert extractors.file_digest(str(tmp_path / "b")) == "6b86b273ff34fce1"  # sha256sum of "1"
    before = extractors.file_digest(str(tmp_path / "a"))
    (tmp_path / "a" / "one").write_text("2")
    assert extractors.file_digest(str(tmp_path / "a")) != before
