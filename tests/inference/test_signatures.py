"""SavedModels of runs with several signatures: translations, conditions, encodings, maps of classes; and files decoded inside the graph."""

import functools
import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.config import Classes, DataSpec, Domain
from tfgan.data.label_maps import maps as label_maps
from tfgan.data.reading import images
from tfgan.errors import UnreadableImage
from tfgan.inference import open_inference
from tfgan.inference.export import decode, export, is_decodable, largest_difference, make_signatures, signature_name
from tfgan.inference.translator import Translator
from tfgan.methods import cyclegan, spade, stargan
from tfgan.methods.base import Translation

RGB = ("#ff0000", "#00ff00", "#0000ff")
IDS = Classes("ids", (0, 3, 7), RGB, ("sky", "road", "car"), 255)
DEEP_IDS = Classes("ids", (0, 3, 1000), RGB, ("sky", "road", "car"), 255)
PALETTE = Classes("palette", (0, 1, 2), RGB, ("sky", "road", "car"))
COLORS = Classes("colors", (0xFF0000, 0x00FF00, 0x0000FF), RGB, ("sky", "road", "car"))
TINY = {"ngf": 4, "ndf": 4, "image_size": (16, 16), "batch_size": 2}


def a_map(classes):
    return Domain("labels", 1, "int32", "nearest", classes)


def painted(classes):
    return Domain("labels", 3, "uint8", "nearest", classes)


def data_spec(kind, domains, **names):
    return DataSpec(kind, (16, 16), domains, {"train": 4}, "", **names)


def make_cyclegan():
    hparams = cyclegan.HParams(generator="resnet_1", n_layers=1, **TINY)
    return cyclegan.CycleGAN(hparams, data_spec("unpaired", {"source": Domain("day/1", 3), "target": Domain("night sky", 3)}))


def make_stargan():
    spec = data_spec("attributes", {"image": Domain("photo", 3)}, attribute_names=("brick", "wood", "night"))
    return stargan.StarGAN(stargan.HParams(n_layers=2, n_blocks=1, **TINY), spec)


def make_spade():
    hparams = spade.HParams(depth=2, n_layers=2, style_encoder=True, encoder_size=16, latent_dim=8, **TINY)
    return spade.Spade(hparams, data_spec("semantic", {"labels": a_map(COLORS), "image": Domain("photo", 3)}))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A maker of a method -> its signatures and its SavedModel, reloaded."""

    @functools.cache
    def make(make_method):
        keras.utils.set_random_seed(0)
        signatures = open_inference(make_method())
        folder = tmp_path_factory.mktemp("export") / "model"
        export(signatures, folder)
        return signatures, tf.saved_model.load(str(folder))

    return make


def random_inputs(signature, *shape):
    noise = np.random.default_rng(0)
    if signature.source.dtype == "int32":
        return noise.integers(-1, 3, shape).astype(np.int32)
    return noise.integers(0, 256, (*shape, 3), np.uint8)


def random_conditions(signature, n):
    return {name: np.random.default_rng(1).uniform(0, 1, (n, length)).astype(np.float32) for name, length in signature.lengths.items()}


def constants(values):
    return {name: tf.constant(value) for name, value in values.items()}


EXPECTED = [
    (make_cyclegan, ["serving_default", "serve_bytes", "to_night sky", "to_night sky_bytes", "to_day/1", "to_day/1_bytes"]),
    (make_stargan, ["serving_default", "serve_bytes", "classify"]),
    (make_spade, ["serving_default", "serve_bytes", "encode"]),
]
METHOD = pytest.mark.parametrize("method", [method for method, _ in EXPECTED])


@pytest.mark.parametrize(("method", "names"), EXPECTED)
def test_names(exported, method, names):
    """Whatever a domain is called: spaces and slashes are fine for a SavedModel."""
    signatures, model = exported(method)
    assert sorted(model.signatures) == sorted(names)
    assert {signature_name(name, signatures) for name in signatures} <= set(names)
    assert signature_name(next(iter(signatures)), signatures) == "serving_default"


@METHOD
def test_every_signature_is_the_runs_own_way(exported, method):
    signatures, model = exported(method)
    for name, signature in signatures.items():
        batch = random_inputs(signature, 2, 17, 12)
        given = random_conditions(signature, 2) if isinstance(signature, Translator) else {}
        key = "images" if isinstance(signature, Translator) else "vectors"
        for served_name in {signature_name(name, signatures), name} & set(model.signatures):
            served = model.signatures[served_name](**constants({signature.pixel_spec.name: batch, **given}))
            assert list(served) == [key]
            np.testing.assert_allclose(served[key].numpy().astype(float), signature.pixels(batch, **given).numpy().astype(float), atol=1e-5)


def test_both_directions_are_there(exported):
    _, model = exported(make_cyclegan)
    image = tf.constant(np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), np.uint8))
    there, back, default = (
        model.signatures[name](images=image)["images"].numpy() for name in ("to_night sky", "to_day/1", "serving_default")
    )
    assert (there != back).any() and (there == default).all()


@METHOD
def test_every_signature_of_files_is_the_runs_own_way(exported, method):
    signatures, model = exported(method)
    for name, signature in signatures.items():
        if not isinstance(signature, Translator):
            continue
        inputs = [random_inputs(signature, *size) for size in ((9, 16), (16, 20))]
        if signature.takes_maps:
            inputs = [np.maximum(labels, 0) for labels in inputs]
        files = [images.encode(label_maps.paint(image, COLORS) if signature.takes_maps else image, "png") for image in inputs]
        given = random_conditions(signature, 2)
        bytes_name = "serve_bytes" if signature_name(name, signatures) == "serving_default" else f"{name}_bytes"
        answers = model.signatures[bytes_name](**constants({"image_bytes": files, **given}))["image_bytes"].numpy()
        for number, (image, answer) in enumerate(zip(inputs, answers)):
            own = signature.pixels(image[None], **{key: value[number : number + 1] for key, value in given.items()})
            np.testing.assert_array_equal(images.decode(answer), own[0])


@METHOD
def test_difference_of_every_way(exported, method):
    signatures, model = exported(method)
    for name, signature in signatures.items():
        serve = model.signatures[signature_name(name, signatures)]
        inputs = [random_inputs(signature, 16, 16) for _ in range(2)]
        assert largest_difference(signature, serve, inputs) <= 1e-5

        def wrong(serve=serve, **given):
            return {key: value + tf.cast(3, value.dtype) for key, value in serve(**given).items()}

        changed = largest_difference(signature, wrong, inputs)
        assert changed == pytest.approx(3, abs=1e-4) or changed > 250  # uint8 goes round

        def broken(serve=serve, **given):
            return {key: tf.cast(value, tf.float32) * np.nan for key, value in serve(**given).items()}

        assert np.isnan(largest_difference(signature, broken, inputs))


def test_difference_depends_on_the_conditions():
    signature = Translator(Translation(lambda x, v: x * v[:, None, None], Domain("a", 3), Domain("b", 3), 1, 1, conditions={"v": 3}))
    ignoring = Translator(Translation(lambda x, v: x, Domain("a", 3), Domain("b", 3), 1, 1, conditions={"v": 3}))
    serve = make_signatures({"translate": ignoring})["serving_default"]
    assert largest_difference(signature, lambda images, v: serve(images, v), [random_inputs(signature, 4, 4)] * 8) > 1


def file_bytes(pixels, form="PNG", palette=None, dtype=np.uint8):
    image = Image.fromarray(np.asarray(pixels, dtype))
    if palette:
        image.putpalette(palette)
    content = io.BytesIO()
    image.save(content, form)
    return content.getvalue()


GRAY = [[0, 3, 7, 255], [7, 7, 0, 3]]
DEEP = [[0, 3, 1000, 255], [1000, 3, 3, 0]]
RED_GREEN_BLUE = [[[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 9, 9]]] * 2
OWN_PALETTE = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0]
GRAY_PALETTE = [0, 0, 0, 3, 3, 3, 7, 7, 7]

FILES = {
    "8 bit": (IDS, file_bytes(GRAY)),
    "16 bit": (DEEP_IDS, file_bytes(DEEP, dtype=np.uint16)),
    "16 bit of small ids": (IDS, file_bytes(GRAY, dtype=np.uint16)),
    "8 bit beside large ids": (DEEP_IDS, file_bytes([[0, 3, 255]])),
    "gray RGB": (IDS, file_bytes(np.repeat(np.array(GRAY)[..., None], 3, 2))),
    "gray RGBA": (IDS, file_bytes(np.concatenate([np.repeat(np.array(GRAY)[..., None], 3, 2), np.full((2, 4, 1), 255)], 2))),
    "gray palette": (IDS, file_bytes([[0, 1, 2]], palette=GRAY_PALETTE)),
    "BMP ids": (IDS, file_bytes(GRAY, "BMP")),
    "GIF ids": (IDS, file_bytes(GRAY, "GIF")),
    "colors": (COLORS, file_bytes(RED_GREEN_BLUE)),
    "BMP colors": (COLORS, file_bytes(RED_GREEN_BLUE, "BMP")),
    "JPEG colors": (COLORS, file_bytes(np.repeat(np.repeat(RED_GREEN_BLUE, 16, 0), 16, 1), "JPEG")),
    "palette by color": (COLORS, file_bytes([[0, 1, 2, 3]], palette=OWN_PALETTE)),
}


@pytest.mark.parametrize("make_domain", [a_map, painted])
@pytest.mark.parametrize(("classes", "content"), FILES.values(), ids=FILES)
def test_files_are_decoded_as_everywhere_else(classes, content, make_domain):
    domain = make_domain(classes)
    expected = label_maps.load(content, domain)
    found = tf.function(lambda data: decode(data, domain))(tf.constant(content))
    assert found.dtype == domain.dtype and is_decodable(domain)
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 1


def test_what_is_refused_elsewhere_is_no_class_in_a_graph():
    unknown, far = file_bytes([[0, 4, 255]]), file_bytes(np.full((4, 4, 3), (200, 200, 0)))
    for content, classes in ((unknown, IDS), (far, COLORS)):
        with pytest.raises(UnreadableImage):
            label_maps.load(content, a_map(classes))
    assert decode(unknown, a_map(IDS)).numpy().tolist() == [[0, -1, -1]]
    assert decode(unknown, painted(IDS)).numpy().tolist() == [[[255, 0, 0], [0, 0, 0], [0, 0, 0]]]
    assert (decode(far, a_map(COLORS)).numpy() == 0).all()


@pytest.mark.parametrize(
    "domain", [a_map(PALETTE), painted(PALETTE), Domain("opacity", 2)], ids=["palette map", "painted palette", "gray with transparency"]
)
def test_no_signature_of_files_that_tensorflow_cannot_read(domain):
    def function(x):
        return tf.zeros([1, tf.shape(x)[1], tf.shape(x)[2], 3])

    signature = Translator(Translation(function, domain, Domain("photo", 3), 1, 1))
    assert not is_decodable(domain)
    assert list(make_signatures({"translate": signature})) == ["serving_default"]
    back = Translator(Translation(lambda x: x, Domain("photo", 3), Domain("photo", 3), 1, 1))
    assert list(make_signatures({"to_photo": signature, "back": back})) == ["serving_default", "to_photo", "back", "back_bytes"]
