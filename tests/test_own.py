"""What a program hands to `tfgan.train` of its own: arrays and readers in the place of a folder, a method, and callbacks."""

import dataclasses
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfgan
from tfgan.config import DataConfig, Domain, setting
from tfgan.data import open_dataset
from tfgan.data.own import keep
from tfgan.data.source import Source
from tfgan.losses import l1_loss
from tfgan.methods import base
from tfgan.training.callbacks import Callback

pytestmark = pytest.mark.usefixtures("eagerly")

TINY = {
    "generator": "unet_16",
    "ngf": 4,
    "ndf": 4,
    "n_layers": 1,
    "image_size": 16,
    "batch_size": 2,
    "tensorboard": False,
    "num_samples": 1,
    "log_every": 1,
}


def noise(*shape, most=256, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, most, shape).astype(dtype)


def open_own(kind, data, size=(16, 16), **settings):
    settings = DataConfig(**settings)
    return open_dataset(dataclasses.replace(settings, dataset=keep(data, kind, settings)), kind, size, size)


PAIRS = {"source": noise(3, 16, 16, 3), "target": noise(3, 16, 16, seed=1)}


def test_pairs_of_arrays():
    dataset = open_own("paired", {"train": PAIRS, "val": {key: values[:1] for key, values in PAIRS.items()}})
    assert dataset.spec.domains == {"source": Domain("source", 3), "target": Domain("target", 1)}
    assert dataset.spec.sizes == {"train": 3, "validation": 1}
    example = dataset.validation_example(0)
    np.testing.assert_allclose(example["source"], PAIRS["source"][0] / 127.5 - 1, atol=1e-6)
    np.testing.assert_allclose(example["target"][..., 0], PAIRS["target"][0] / 127.5 - 1, atol=1e-6)
    backwards = open_own("paired", PAIRS, direction="BtoA", domains=("photo", "depth"))
    assert {key: domain.name for key, domain in backwards.spec.domains.items()} == {"source": "depth", "target": "photo"}


@pytest.mark.parametrize(
    "images",
    [
        noise(3, 16, 16, 3).tolist(),
        tf.constant(noise(3, 16, 16, 3)),
        [Image.fromarray(image) for image in noise(3, 16, 16, 3)],
        [Image.fromarray(image).convert("CMYK") for image in noise(3, 16, 16, 3)],
        list(tf.constant(noise(3, 16, 16, 3))),
        np.asfortranarray(noise(3, 16, 16, 3)),
    ],
    ids=["lists", "tensor", "pictures", "cmyk", "tensors", "fortran"],
)
def test_images_in_whatever_holds_them(images):
    if isinstance(images[0], list):  # Python's numbers do not say of how many bits the pixels are
        with pytest.raises(tfgan.UserError, match="give pixels as uint8 or uint16"):
            open_own("images", images)
        return
    dataset = open_own("images", images)
    assert dataset.spec.domains["image"].channels == 3 and dataset.spec.sizes["train"] == 3
    np.testing.assert_array_equal(dataset.column("train", "image", 3), noise(3, 16, 16, 3))


def test_a_domain_is_the_same_in_all_splits():
    dataset = open_own("images", {"train": [noise(16, 16), noise(8, 8)], "val": [noise(16, 16, 3, most=2**16, dtype=np.uint16)]})
    assert dataset.spec.domains == {"image": Domain("image", 3)} and dataset.validation_example(0)["image"].shape == (16, 16, 3)


def test_domains_without_pairs_of_any_number():
    dataset = open_own("unpaired", {"source": list(noise(2, 20, 16, 3)), "target": list(noise(5, 16, 16, 3))})
    assert dataset.spec.sizes["train"] == 5


def test_classes():
    dataset = open_own("labeled", {"image": noise(4, 16, 16), "label": [0, 1, 1, 0]}, label_names=("cat", "dog"))
    assert dataset.spec.class_names == ("cat", "dog") and dataset.validation_example(1)["label"] == 1
    assert open_own("labeled", {"image": noise(2, 16, 16), "label": np.array([0, 2])}).spec.class_names == ("0", "1", "2")


def test_attributes_that_may_be_unknown():
    values = np.array([[0, 1], [1, np.nan], [1, 0]])
    dataset = open_own("attributes", {"image": noise(3, 16, 16, 3), "attributes": values}, attributes=("old", "smiling"))
    example = dataset.validation_example(1)
    assert dataset.spec.attribute_names == ("old", "smiling")
    assert example["attributes"].tolist() == [1, 0] and example["mask"].tolist() == [1, 0]


def test_maps_of_classes():
    labels = noise(2, 16, 16, most=3, dtype=np.int64)
    dataset = open_own("semantic", {"labels": labels, "image": noise(2, 16, 16, 3)}, label_names=("sky", "road", "car"))
    assert dataset.spec.domains["labels"].classes.names == ("sky", "road", "car")
    np.testing.assert_array_equal(dataset.validation_example(1)["labels"], labels[1])


def test_a_tf_data_set_is_read_into_memory():
    dataset = open_own("paired", tf.data.Dataset.from_tensor_slices(PAIRS))
    np.testing.assert_allclose(dataset.validation_example(2)["source"], PAIRS["source"][2] / 127.5 - 1, atol=1e-6)


class Squares(Source):
    """Pairs that are made when they are asked for."""

    domains = {"A": Domain("empty", 1), "B": Domain("square", 1)}

    def __len__(self):
        return 4

    def name(self, index):
        return f"square {index}"

    def load(self, index):
        image = np.zeros((16, 16, 1), np.uint8)
        return {"A": image, "B": image + np.uint8(10 * index)}


def test_a_reader_of_its_own():
    dataset = open_own("paired", Squares())
    assert dataset.spec.sizes["train"] == 4 and dataset.validation_example(3)["target"][0, 0, 0] == pytest.approx(30 / 127.5 - 1)


class Numbered(Source):
    """Two images of one of two classes, or of a class that there is not."""

    domains, class_names = {"image": Domain("image", 3)}, ("a", "b")

    def __init__(self, label):
        self.second = label

    def __len__(self):
        return 2

    def name(self, index):
        return f"number {index}"

    def load(self, index):
        return {"image": noise(16, 16, 3), "label": np.int32([0, self.second][index])}


@pytest.mark.parametrize("label", [-1, 2])
def test_a_reader_that_gives_a_class_that_there_is_not(label):
    assert open_own("labeled", Numbered(1)).spec.class_names == ("a", "b")
    with pytest.raises(tfgan.UserError, match=f"number 1: label holds {label} to {label}, but the classes are 0 to 1"):
        open_own("labeled", Numbered(label))


@pytest.mark.parametrize(
    "kind, data, settings, message",
    [
        (
            "paired",
            {"source": PAIRS["source"]},
            {},
            "data has the keys source; a method that learns from paired images needs source, target",
        ),
        ("paired", PAIRS | {"target": noise(2, 16, 16)}, {}, "found 3 of source, 2 of target"),
        ("paired", PAIRS | {"target": noise(3, 8, 16)}, {}, r"example 0 has source 16×16 and target 8×16 \(height×width\)"),
        ("paired", {"val": PAIRS}, {}, "data has no train, only val"),
        ("paired", noise(3, 16, 16, 3), {}, "must be a dictionary of arrays with the keys source, target"),
        ("images", [noise(16, 16).astype(np.float32)], {}, "image has float32 values: say which values"),
        ("images", [noise(1, 16, 16, 3)], {}, "has the shape 1×16×16×3; give H×W or H×W×C"),
        ("images", [], {}, "0 of image"),
        ("images", [[[1, 2], [3]]], {}, "data: image 0 cannot be read as an array"),
        ("images", [Image.new("F", (4, 4))], {}, "mode F has no known range"),
        ("labeled", {"image": noise(2, 16, 16), "label": [0.5, 1]}, {}, "label must be N whole numbers"),
        ("labeled", {"image": noise(2, 16, 16), "label": [-1, 1]}, {}, "label must be N whole numbers"),
        (
            "labeled",
            {"image": noise(2, 16, 16), "label": [0, 2]},
            {"label_names": ("a", "b")},
            "names 2 classes, but data has labels up to 2",
        ),
        ("attributes", {"image": noise(1, 16, 16), "attributes": [[2]]}, {}, "must be N×K numbers 0 and 1"),
        ("attributes", {"image": noise(1, 16, 16), "attributes": [[1, 0]]}, {"attributes": ("a",)}, "names 1 attributes, but data has 2"),
        ("images", tf.data.Dataset.from_tensor_slices(noise(2, 4, 4)), {}, "must be dictionaries with the keys image"),
    ],
)
def test_arrays_that_do_not_fit(kind, data, settings, message):
    with pytest.raises(tfgan.UserError, match=message):
        open_own(kind, data, **settings)


class Heard(Callback):
    """Writes down what it is told."""

    def __init__(self):
        self.hooks, self.pictures, self.rows = [], [], []

    def on_train_begin(self, trainer, step):
        self.hooks.append(("begin", step))

    def on_samples(self, trainer, step, made):
        self.pictures.append(made.picture)
        return {"brightness": float(made.picture.mean())}

    def on_log(self, trainer, row):
        self.rows.append(row)

    def why_stop(self, trainer, step):
        return "enough." if step == 3 else ""

    def on_train_end(self, trainer, step):
        self.hooks.append(("end", step))


def test_a_run_on_arrays_is_resumed_with_the_same_arrays_alone(tmp_path, capsys):
    heard = Heard()
    run = tfgan.train("pix2pix", data=PAIRS, workdir=tmp_path / "run", steps=4, callbacks=[heard], **TINY)
    assert run.step == 3 and heard.hooks == [("begin", 0), ("end", 3)]  # stopped by the callback
    assert "3 images to train, 3 to validate (the same ones, as there is no val or test)." in capsys.readouterr().out
    assert [row["step"] for row in heard.rows] == [1, 2, 3] and heard.rows[1]["brightness"] > 0
    assert heard.pictures[0].dtype == np.uint8 and "brightness" in run.history
    assert np.isfinite(run.evaluate(features="", metrics=["l1"])["l1"])
    assert tfgan.load(run.folder, data=PAIRS).open_dataset().spec.sizes["train"] == 3
    assert tfgan.train("pix2pix", data=PAIRS, workdir=run.folder, steps=4, **TINY).step == 4
    other = PAIRS | {"source": PAIRS["source"][::-1].copy()}
    with pytest.raises(tfgan.UserError, match=r"have changed since step 4:\n  2 images of train with another content"):
        tfgan.train("pix2pix", data=other, workdir=run.folder, steps=5, **TINY)
    with pytest.raises(tfgan.UserError, match="was trained on other images than data: own:"):
        tfgan.load(run.folder, data=other)
    with pytest.raises(tfgan.UserError, match="give one of them"):
        tfgan.train("pix2pix", data=PAIRS, data_dir="x", workdir=run.folder, **TINY)
    code = f"import tfgan; run = tfgan.load({str(run.folder)!r}); print(run.step); run.open_dataset()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "4\n" and "a program gave these images. Give them again, as data= of tfgan.train or tfgan.load" in done.stderr


@dataclasses.dataclass(frozen=True)
class DarkerHParams(base.AdamHParams):
    filters: int = setting(4, "of the one hidden layer", at_least=1)


class Darker(base.Method):
    """The smallest method: one convolutional network from source to target, by L1 alone."""

    HParams = DarkerHParams
    batch_kind = "paired"

    def __init__(self, hparams, spec):
        super().__init__(hparams, spec)
        source, target = spec.domains["source"], spec.domains["target"]
        inputs = keras.Input((None, None, source.channels))
        x = keras.layers.Conv2D(hparams.filters, 3, padding="same", activation="relu")(inputs)
        x = keras.layers.Conv2D(target.channels, 3, padding="same", activation="tanh", dtype="float32")(x)
        self.networks = {"generator": keras.Model(inputs, x)}

    def make_optimizers(self):
        return {"generator": self.adam()}

    def phases(self):
        def losses(batch, seed):
            return base.PhaseResult({"generator": l1_loss(batch["target"], self.networks["generator"](batch["source"], training=True))})

        return [base.Phase("generator", losses, {"generator": ("generator",)})]

    def inference(self):
        source, target = self.spec.domains["source"], self.spec.domains["target"]
        return {"translate": base.Translation(self.networks["generator"], source, target, 1, 1, truth_key="target")}


def test_a_method_of_ones_own(tmp_path):
    settings = {key: TINY[key] for key in ("image_size", "batch_size", "tensorboard", "num_samples", "log_every")}
    run = tfgan.train(Darker, filters=2, data=PAIRS, workdir=tmp_path / "run", steps=2, **settings)
    assert run.config.method == "Darker" and run.history["generator_loss"].shape == (2,)
    image = noise(9, 7, 3)
    assert run.translate(image).shape == (9, 7, 1)
    assert run.export(tmp_path / "model").is_dir()
    np.testing.assert_array_equal(tfgan.load(run.folder, method=Darker).translate(image), run.translate(image))
    code = f"import tfgan; tfgan.load({str(run.folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "If Darker is a class of your own, hand it over: tfgan.load(FOLDER, method=Darker)." in done.stderr


@pytest.mark.parametrize(
    "method, message", [(int, "must be a name, or a subclass"), (type("gan", (Darker,), {}), "has a method of this name")]
)
def test_classes_that_cannot_be_methods(method, message):
    with pytest.raises(tfgan.UserError, match=message):
        tfgan.train(method, data=PAIRS)
