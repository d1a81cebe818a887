"""What an export is given wrong, it refuses in words."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Classes, Domain
from tfgan.inference import Encoder, Sampler, Translator
from tfgan.inference.export import export
from tfgan.methods.base import Encoding, Generation, Translation

SIZE = 8
IMAGE = np.zeros((1, SIZE, SIZE, 3), np.uint8)
MAP = np.zeros((1, SIZE, SIZE), np.int32)
ATTRIBUTES = np.float32([[0, 1, 0]])
LATENTS = np.zeros((2, 5), np.float32)
DAY, NIGHT = Domain("day", 3), Domain("night", 3)
CLASSES = ("wall", "door", "window")
LABELS = Domain("labels", 1, "int32", "nearest", Classes("ids", (0, 1, 2), ("#000000", "#ff0000", "#00ff00"), CLASSES))


def painted(maps, scale=0.3):
    return tf.repeat(scale * tf.cast(maps, tf.float32)[..., None], 3, axis=-1)


def conditioned(images, attributes, latent):
    return images * attributes[:, None, None] + tf.reduce_sum(latent)


def generate(latents, labels):
    return tf.tile((latents[:, :1] + 0.1 * tf.cast(labels, tf.float32)[:, None])[:, None, None], [1, SIZE, SIZE, 3])


SIGNATURES = {
    "cyclegan": {
        "to_night": Translator(Translation(lambda x: -x, DAY, NIGHT, 4, 4)),
        "to_day": Translator(Translation(lambda x: -x, NIGHT, DAY, 4, 4)),
        "encode": Encoder(Encoding(lambda x: x[:, 0, 0], DAY, (4, 4), 3)),
    },
    "spade": {"translate": Translator(Translation(painted, LABELS, DAY, 4, 4))},
    "stargan": {"translate": Translator(Translation(conditioned, DAY, DAY, 4, 4, conditions={"attributes": 3, "latent": 2}))},
    "cgan": {"generate": Sampler(Generation(generate, DAY, 5, CLASSES))},
}
"""Signatures like those of the methods that these are named after, without networks."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(name, signature, inputs by name) -> result of an export of such signatures, as any program loads it."""
    loaded = {}

    def serve(name, signature, **given):
        if name not in loaded:
            folder = tmp_path_factory.mktemp("exports") / name
            export(SIGNATURES[name], folder)
            loaded[name] = tf.saved_model.load(str(folder))
        (result,) = loaded[name].signatures[signature](**{key: tf.constant(value) for key, value in given.items()}).values()
        return result

    serve.loaded = loaded
    return serve


def refused(served, words, method, signature="serving_default", **given):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        served(method, signature, **given)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    "shape", [(SIZE, SIZE, 3), (1, SIZE, SIZE, 4), (1, SIZE, SIZE, 1), (1, 1, SIZE, SIZE, 3), (SIZE, SIZE), (0, SIZE, SIZE, 3), ()]
)
@pytest.mark.parametrize("signature", ["serving_default", "to_day", "encode"])
def test_images_of_another_shape(served, shape, signature):
    shown = f"[{' '.join(map(str, shape))}]"
    refused(served, ["images must have the shape [N, H, W, 3]", shown], "cyclegan", signature, images=np.zeros(shape, np.uint8))


def test_a_shape_that_fits_is_taken(served):
    assert served("cyclegan", "serving_default", images=np.zeros((2, 20, 7, 3), np.uint8)).shape == (2, 20, 7, 3)


def test_the_shape_is_still_told_to_clients(served):
    served("cyclegan", "serving_default", images=IMAGE)
    signature = served.loaded["cyclegan"].signatures["serving_default"]
    assert signature.structured_input_signature[1]["images"].shape.as_list() == [None, None, None, 3]
    assert signature.structured_outputs["images"].shape.as_list() == [None, None, None, 3]


def test_a_single_file(served):
    file = tf.io.encode_png(IMAGE[0]).numpy()
    refused(served, ["image_bytes must have the shape [N]"], "cyclegan", "serve_bytes", image_bytes=file)
    assert served("cyclegan", "serve_bytes", image_bytes=[file]).shape == (1,)


@pytest.mark.parametrize("label", [-1, 3, -(2**31), 2**31 - 1])
def test_classes_that_do_not_exist(served, label):
    words = ["labels must be from 0 to 2", f"[{label}]"]
    refused(served, words, "cgan", "from_seed", seed=[0, 1], labels=[1, label])
    refused(served, words, "cgan", latents=LATENTS, labels=[1, label])


def test_every_class_is_taken(served):
    assert served("cgan", "from_seed", seed=[0, 0, 0], labels=[0, 1, 2]).shape[0] == 3


@pytest.mark.parametrize("label", [-2, 3, 255])
def test_maps_of_classes_that_do_not_exist(served, label):
    wrong = MAP.copy()
    wrong[0, 3, 5] = label
    refused(served, ["labels must be from -1 to 2", f"[{label}]"], "spade", labels=wrong)
    wrong[0, 3, 5] = -1  # none
    assert served("spade", "serving_default", labels=wrong).shape == (1, SIZE, SIZE, 3)


@pytest.mark.parametrize("value", [-1, 2, np.nan])
def test_attributes_that_are_neither_there_nor_absent(served, value):
    wrong = ATTRIBUTES.copy()
    wrong[0, 1] = value
    refused(served, ["attributes must be from 0 to 1"], "stargan", images=IMAGE, attributes=wrong, latent=LATENTS[:1, :2])
    assert served("stargan", "serving_default", images=IMAGE, attributes=ATTRIBUTES, latent=LATENTS[:1, :2]).shape == IMAGE.shape


@pytest.mark.parametrize("latents", [LATENTS[0], LATENTS[:, :4], LATENTS[None]])
def test_latents_of_another_shape(served, latents):
    refused(served, ["latents must have the shape [N, 5]"], "cgan", latents=latents, labels=[0, 1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_latents_that_are_no_numbers(served, value):
    wrong = LATENTS.copy()
    wrong[1, 3] = value
    refused(served, ["latents must be finite numbers"], "cgan", latents=wrong, labels=[0, 1])
    refused(served, ["latent must be finite"], "stargan", images=IMAGE, attributes=ATTRIBUTES, latent=wrong[1:, 2:4])


def test_inputs_of_different_counts(served):
    refused(served, ["latents and labels must have the same number of rows", "[2 1]"], "cgan", latents=LATENTS, labels=[0])
    refused(served, ["seed and labels", "[2 3]"], "cgan", "from_seed", seed=[0, 1], labels=[0, 1, 2])
    two = np.repeat(IMAGE, 2, 0)
    refused(served, ["images and attributes and latent", "[2 1 2]"], "stargan", images=two, attributes=ATTRIBUTES, latent=LATENTS[:, :2])
    refused(served, ["labels must have the shape [N]", "[]"], "cgan", latents=LATENTS, labels=0)
