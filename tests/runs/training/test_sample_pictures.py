"""Sample pictures: titles, epoch and what stands in each column, for translations, classes and noise."""

import types

import numpy as np
import pytest
import tensorflow as tf
from cut_pictures import column, stated

from tfgan.config import Classes, DataSpec, Domain
from tfgan.data.reading import images
from tfgan.inference import Sampler, Translator
from tfgan.methods.base import Generation, Method, Stage, Translation
from tfgan.runs.training.pictures import MOST_COLUMNS, Samples
from tfgan.training.timeline import Timeline

pytestmark = pytest.mark.usefixtures("eagerly")
SIZE = 16


class Data:
    """A data set of given validation examples."""

    def __init__(self, domains, examples, **more):
        self.examples = examples
        sizes = {"train": 8, "validation": len(examples)}
        self.spec = DataSpec(kind="paired", image_size=(SIZE, SIZE), domains=domains, sizes=sizes, fingerprint="", **more)

    def validation_example(self, index):
        return self.examples[index]


def drawn(data, signatures, tmp_path, step=4, count=2, row=Method.sample_row):
    """The picture after a step of 4 an epoch, as an array, and where its images are."""
    method = types.SimpleNamespace(stage=Stage(0, 0, 2), inference=lambda: {name: s.translation for name, s in signatures.items()})
    method.sample_row = lambda example, use: row(method, example, use)
    samples = Samples(method, signatures, data, count, tmp_path)
    trainer = types.SimpleNamespace(timeline=Timeline([method.stage], 8), tensorboard=None, show_samples=lambda step, made: {})
    samples.on_interval(trainer, step)
    (path,) = (tmp_path / "samples").glob("*.png")
    return images.decode(path), stated(path)


def translator(source, target, function):
    return Translator(Translation(function, source, target, 1, 1, "source", "target"))


def noise(seed, channels=3, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, (SIZE, SIZE, channels)).astype(np.float32)


def shown(image):
    return np.clip(np.rint((image + 1) * 127.5), 0, 255).astype(np.uint8)


def test_translations_stand_beside_what_the_data_set_has(tmp_path):
    source, target = Domain("labels", 3), Domain("photo", 1)
    data = Data({"source": source, "target": target}, [{"source": noise(i), "target": noise(9 + i, 1)} for i in range(2)])
    picture, places = drawn(data, {"translate": translator(source, target, lambda x: -x[..., :1])}, tmp_path)
    assert [(c.title, c.made) for c in places.columns] == [("labels", False), ("photo", False), ("generated photo", True)]
    assert places.caption == "epoch 1 · step 4 · each pixel is shown as 8×8" and places.width == 128
    for number, example in enumerate(data.examples):
        found = [column(picture, places, title)[number] for title in ("labels", "photo", "generated photo")]
        gray = example["target"].repeat(3, axis=2)
        for image, expected in zip(found, (example["source"], gray, -example["source"][..., :1].repeat(3, axis=2))):
            np.testing.assert_array_equal(image, shown(expected))


@pytest.mark.parametrize("step, said", [(4, "epoch 1 · step 4"), (1000, "epoch 250 · step 1,000"), (5, "epoch 1.25 · step 5")])
def test_the_epoch_is_on_the_picture(tmp_path, step, said):
    """As text that differs from epoch to epoch, above images that do not."""
    domain = Domain("photo", 3)
    data, same = (
        Data({"source": domain, "target": domain}, [{"source": noise(0), "target": noise(1)}]),
        translator(domain, domain, lambda x: x),
    )
    picture, places = drawn(data, {"translate": same}, tmp_path / "a", step)
    other, _ = drawn(data, {"translate": same}, tmp_path / "b", step=2)
    top = places.columns[0].top
    assert places.caption.startswith(f"{said} · ")
    assert (picture[:top] != other[:top]).any() and (picture[top:] == other[top:]).all()


@pytest.mark.parametrize("target", [Domain("scan", 1, "uint16"), Domain("ids", 1, resample="nearest")])
def test_dark_targets_are_shown_from_black_to_white(tmp_path, target):
    """A scan of 12 bits in 16, and ids from 0 to 11: truth and generated image by the truth's range, the source as it is."""
    most = 65535 if target.dtype == "uint16" else 255
    values = np.linspace(0, 11, SIZE * SIZE).round().reshape(SIZE, SIZE, 1) * (372 if most > 255 else 1)
    truth = (values / most * 2 - 1).astype(np.float32)
    source = Domain("photo", 1)
    data = Data({"source": source, "target": target}, [{"source": noise(3, 1, -1, -0.5), "target": truth}])
    made = translator(source, target, lambda x: tf.constant(truth)[None] * 1.0)
    picture, places = drawn(data, {"translate": made}, tmp_path)
    assert f"{target.name}: black is 0, white {values.max():.0f} of {most}" in places.caption
    for title in (target.name, f"generated {target.name}"):
        (image,) = column(picture, places, title)
        np.testing.assert_allclose(image[..., :1], values / values.max() * 255, atol=0.51)
    np.testing.assert_array_equal(column(picture, places, "photo")[0][..., :1], shown(data.examples[0]["source"]))


def test_16_bits_that_fill_their_range_are_shown_as_they_are(tmp_path):
    deep = Domain("scan", 1, "uint16")
    data = Data({"source": deep, "target": deep}, [{"source": noise(0, 1), "target": noise(1, 1)}])
    picture, places = drawn(data, {"translate": translator(deep, deep, lambda x: x)}, tmp_path, count=1)
    assert "black" not in places.caption


def test_label_maps_have_their_palette(tmp_path):
    classes = Classes("ids", (0, 1), ("#0a141e", "#fa6400"), ("wall", "roof"))
    labels, photo = Domain("labels", 1, "int32", "nearest", classes), Domain("photo", 3)
    map_ = np.arange(SIZE * SIZE).reshape(SIZE, SIZE).astype(np.int32) % 2
    data = Data({"labels": labels, "image": photo}, [{"labels": map_, "image": noise(0)}])
    translation = Translation(lambda x: tf.zeros([1, SIZE, SIZE, 3]), labels, photo, 1, 1, "labels", "image")
    picture, places = drawn(data, {"translate": Translator(translation)}, tmp_path)
    (image,) = column(picture, places, "labels")
    np.testing.assert_array_equal(image, np.array([[10, 20, 30], [250, 100, 0]])[map_])


def painted(latents, labels=None):
    return tf.zeros([len(latents), SIZE, SIZE, 1]) + (0.0 if labels is None else tf.cast(labels, tf.float32)[:, None, None, None] / 100)


def sampled(tmp_path, names, count=3):
    domain = Domain("image", 1)
    signature = Sampler(Generation(painted, domain, latent_dim=3, class_names=names))
    return drawn(Data({"image": domain}, [{"image": noise(0, 1)}], class_names=names), {"generate": signature}, tmp_path, count=count)


def test_class_names_stand_over_their_columns(tmp_path):
    names = ("zero", "猫", "a very long name that does not fit over a cell whatever is done")
    picture, places = sampled(tmp_path, names)
    assert [(c.title, c.rows, c.made) for c in places.columns] == [(name, 3, True) for name in names]
    assert [int(column(picture, places, name)[0][0, 0, 0]) for name in names] == [128, 129, 130]
    assert len({c.left for c in places.columns}) == 3 and {c.left - d.left for c, d in zip(places.columns[1:], places.columns)} == {136}


def test_noise_without_classes_has_one_title(tmp_path):
    _, places = sampled(tmp_path, ())
    assert [c.title for c in places.columns] == ["from noise", "", ""] and all(c.made for c in places.columns)


def test_many_classes_go_on_below_and_too_many_are_said(tmp_path):
    picture, places = sampled(tmp_path, tuple(f"class {number}" for number in range(60)), count=1)
    assert len(places.columns) == MOST_COLUMNS == 48 and "the first 48 of 60 columns" in places.caption
    assert picture.shape[1] == 12 * 136 + 8 and len({c.top for c in places.columns}) == 4
    assert int(column(picture, places, "class 47")[0][0, 0, 0]) == round(1.47 * 127.5)
