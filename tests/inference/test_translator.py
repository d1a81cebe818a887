import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataSpec, Domain
from tfgan.inference.translator import Translator, _mirrored
from tfgan.layers import tuned_function
from tfgan.methods.base import Translation
from tfgan.methods.pix2pix import HParams, Pix2Pix


def make_translator(**settings):
    hparams = HParams(generator="unet_16", image_size=(16, 16), ngf=4, ndf=4, n_layers=1, **settings)
    domains = {"source": Domain("photo", 3), "target": Domain("labels", 3)}
    keras.utils.set_random_seed(0)
    return Translator(Pix2Pix(hparams, DataSpec("paired", (16, 16), domains, {"train": 8}, "")).inference()["translate"])


@pytest.fixture(scope="module")
def translator():
    return make_translator()


def translation(function, source=Domain("a", 1), target=Domain("b", 1), multiple=1, minimum=1):  # noqa: B008
    return Translator(Translation(function, source, target, multiple, minimum))


def random_floats(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def random_bytes(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (16, 1), (17, 33), (32, 48)])
def test_any_size_keeps_its_size(translator, size):
    result = translator(random_floats(1, *size, 3)).numpy()
    assert result.shape == (1, *size, 3) and np.isfinite(result).all() and np.abs(result).max() <= 1


def bare(translator, images):
    """The generator itself, in the form that its layers have on this machine."""
    return tuned_function(translator.translation.function)(images)


def test_exact_multiple_is_the_bare_generator(translator):
    images = random_floats(1, 32, 16, 3)
    np.testing.assert_array_equal(translator(images), bare(translator, images))


def test_other_sizes_are_the_middle_of_the_mirrored_image(translator):
    images = random_floats(1, 13, 18, 3)
    padded = np.pad(images, [(0, 0), (1, 2), (7, 7), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(translator(images), bare(translator, padded)[:, 1:14, 7:25])


def test_the_network_sees_a_multiple_no_smaller_than_its_minimum():
    seen = []

    def function(images):
        seen.append(tf.shape(images)[1:3])
        return images * tf.cast(tf.size(images), tf.float32)

    translator = translation(function, multiple=4, minimum=8)
    sizes = {size: int(translator(np.ones((1, *size, 1), np.float32)).numpy()[0, 0, 0, 0]) for size in [(3, 5), (8, 9), (4, 13)]}
    assert sizes == {(3, 5): 8 * 8, (8, 9): 8 * 12, (4, 13): 8 * 16} and seen


@pytest.mark.parametrize("size", [2, 3, 5, 8])
@pytest.mark.parametrize("padded", [8, 9, 16, 40])
def test_mirrored_is_numpys_reflection(size, padded):
    indices, begin = _mirrored(tf.constant(size), tf.constant(padded))
    before = (padded - size) // 2
    assert begin == before
    np.testing.assert_array_equal(indices, np.pad(np.arange(size), (before, padded - size - before), mode="reflect"))


def test_mirrored_by_hand():
    def indices(size, padded):
        return list(_mirrored(tf.constant(size), tf.constant(padded))[0].numpy())

    assert indices(1, 4) == [0, 0, 0, 0]
    assert indices(2, 6) == [0, 1, 0, 1, 0, 1]
    assert indices(3, 8) == [2, 1, 0, 1, 2, 1, 0, 1]


def test_pixels_are_rounded_to_the_nearest_and_clipped():
    values = tf.constant([-1.5, -1.0, 99.6 / 127.5 - 1, 99.4 / 127.5 - 1, 1.0, 1.2])
    translator = translation(lambda images: tf.reshape(values, [1, 1, 6, 1]) + 0 * images)
    assert translator.pixels(np.zeros((1, 1, 6, 1), np.uint8)).numpy().ravel().tolist() == [0, 0, 100, 99, 255, 255]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_value_of_a_dtype_survives_the_way_to_floats_and_back(dtype):
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(1, 16, -1, 1)
    result = translation(lambda images: images, Domain("a", 1, dtype), Domain("b", 1, dtype)).pixels(levels).numpy()
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, levels)


def test_floats_span_minus_one_to_one():
    floats = translation(lambda images: images, Domain("a", 1, "uint16")).to_floats(np.array([0, 32768, 65535], np.uint16))
    np.testing.assert_allclose(floats, [-1, 1 / 65535, 1], atol=1e-7)


def test_from_8_to_16_bits():
    translator = translation(lambda images: images, Domain("a", 1), Domain("b", 1, "uint16"))
    assert translator.pixels(np.array([0, 1, 255], np.uint8).reshape(1, 1, 3, 1)).numpy().ravel().tolist() == [0, 257, 65535]


@pytest.mark.parametrize(
    "settings", [{}, {"inference_dropout": True}, {"batch_size": 4}, {"norm": "instance"}], ids=["image", "dropout", "moving", "instance"]
)
def test_n_in_one_batch_are_n_batches_of_one(settings):
    translator = make_translator(**settings)
    images = random_bytes(3, 20, 16, 3)
    together = translator.pixels(images).numpy()
    np.testing.assert_array_equal(together, np.concatenate([translator.pixels(image[None]).numpy() for image in images]))
    np.testing.assert_array_equal(together, translator.pixels(images).numpy())
    assert (together[0] != together[1]).any()


def test_images_never_meet_in_the_network():
    translator = translation(lambda images: images - tf.reduce_mean(images))
    both = np.stack([np.full((2, 2, 1), value, np.float32) for value in (-0.5, 0.7)])
    np.testing.assert_array_equal(translator(both), np.zeros((2, 2, 2, 1)))


def test_inference_dropout_changes_the_result():
    image = random_bytes(1, 16, 16, 3)
    assert (make_translator().pixels(image).numpy() != make_translator(inference_dropout=True).pixels(image).numpy()).any()


def test_inference_writes_no_variable(translator):
    before = [weight.numpy() for weight in translator.weights]
    translator.pixels(random_bytes(2, 16, 16, 3))
    for old, weight in zip(before, translator.weights):
        np.testing.assert_array_equal(old, weight.numpy())


def test_weights_are_the_generators_alone(translator):
    # Eight convolutions (four down, four up); the last has a bias; five batch norms of (γ, β), whose moving averages are not read.
    assert len(translator.weights) == 8 + 1 + 5 * 2


MAP = Domain("labels", 1, "int32", "nearest")


def one_hot(labels, channels=3):
    return tf.one_hot(labels, channels) * 2.0 - 1.0


def test_maps_are_padded_and_cropped_like_images():
    seen = []

    def function(labels):
        seen.append(labels.dtype)
        tf.debugging.assert_equal(tf.shape(labels), [1, 4, 8])
        return one_hot(labels)

    labels = np.random.default_rng(0).integers(-1, 3, (2, 3, 5)).astype(np.int32)
    translator = translation(function, MAP, Domain("photo", 3), multiple=4, minimum=4)
    assert translator.takes_maps and translator.pixel_spec.name == "labels"
    np.testing.assert_array_equal(translator(labels), one_hot(labels))
    np.testing.assert_array_equal(translator.pixels(labels), np.where(one_hot(labels) > 0, 255, 0))
    assert set(seen) == {tf.int32}


def test_maps_are_mirrored_at_the_border():
    translator = translation(lambda labels: tf.cast(labels[:, ::-1], tf.float32)[..., None] / 10, MAP, multiple=4, minimum=4)
    # Rows 5 6 become 6 5 6 5, which upside down are 5 6 5 6; the middle is 6 5.
    np.testing.assert_allclose(translator(np.array([[[5], [6]]], np.int32))[0, :, 0, 0], [0.6, 0.5])


def conditioned(lengths):
    """A network whose result is its image times the sum of each condition, to the powers 1, 2, …"""

    def function(images, *vectors):
        for power, vector in enumerate(vectors, start=1):
            images *= tf.reshape(tf.reduce_sum(vector, axis=1) ** power, [-1, 1, 1, 1])
        return images

    return Translator(Translation(function, Domain("a", 1), Domain("b", 1), 2, 2, conditions=lengths))


def test_each_image_has_its_own_conditions():
    translator = conditioned({"attributes": 2, "style": 1})
    images = random_floats(3, 3, 5, 1)
    attributes, style = np.array([[0.5, 0.5], [0, 0.5], [0, 0]]), np.array([[0.5], [-1], [1]])
    expected = images * np.array([1 * 0.25, 0.5 * 1, 0], np.float32).reshape(3, 1, 1, 1)
    together = translator(images, style=style, attributes=attributes).numpy()  # in any order, of any type
    np.testing.assert_allclose(together, expected, atol=1e-6)
    alone = [translator(images[i : i + 1], attributes=attributes[i : i + 1], style=style[i : i + 1]) for i in range(3)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"style": np.zeros((2, 1))},
        {"attributes": np.zeros((2, 2)), "style": np.zeros((2, 1))},
        {"attributes": np.zeros((2, 3))},
        {"attributes": np.zeros(2)},
        {"attributes": np.zeros((1, 2))},
        {"attributes": np.zeros((3, 2))},
    ],
    ids=["missing", "another", "one more", "length", "no batch", "too few", "too many"],
)
def test_wrong_conditions(conditions):
    translator = conditioned({"attributes": 2})
    for call, images in ((translator, np.zeros((2, 4, 4, 1), np.float32)), (translator.pixels, np.zeros((2, 4, 4, 1), np.uint8))):
        with pytest.raises(ValueError, match=r"expected \{'attributes': \(2, 2\)\}"):
            call(images, **conditions)
    with pytest.raises(ValueError, match="conditions of shapes .*'style'.*; expected {}"):
        translation(lambda images: images)(np.zeros((1, 2, 2, 1), np.float32), style=np.zeros((1, 1)))


def test_keys_of_the_batch():
    signature = Translation(lambda images: images, Domain("a", 1), Domain("b", 1), 1, 1, "image", "photo")
    assert (Translator(signature).input_key, Translator(signature).truth_key) == ("image", "photo")
