"""Images of ten classes through TensorFlow Datasets: its own builders, offline, with images of one value each."""

import socket

import numpy as np
import pytest
import urllib3

from tfgan.config import DataConfig, Domain
from tfgan.data import open_dataset
from tfgan.data.catalog import CLASSES
from tfgan.data.tfds.classes import open_classes
from tfgan.errors import UserError

tfds = pytest.importorskip("tensorflow_datasets")
downloader = pytest.importorskip("tensorflow_datasets.core.download.downloader")

SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
NAMES = {
    "mnist": ("0", "1", "9"),
    "fashion_mnist": ("T-shirt/top", "Trouser", "Ankle boot"),
    "cifar10": ("airplane", "automobile", "truck"),
}
CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]  # as its download lists them


def examples(name, first, count):
    """Images of the values first, first + 1, …, and the classes these have modulo ten."""
    for value in range(first, first + count):
        example = {"image": np.full(SHAPES[name], value, np.uint8), "label": value % 10}
        yield value, example | ({"id": str(value)} if name == "cifar10" else {})


def prepare(name, folder, file_format="array_record"):
    def splits(self, dl_manager):
        if name == "cifar10":
            self.info.features["label"].names = CIFAR10
        return {"train": examples(name, 10, 12), "test": examples(name, 100, 3)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfds.builder_cls(name), "_split_generators", splits)
        tfds.builder(name, data_dir=folder).download_and_prepare(file_format=file_format)


@pytest.mark.parametrize("name, file_format", [("mnist", "array_record"), ("fashion_mnist", "tfrecord"), ("cifar10", "array_record")])
def test_splits_and_classes(tmp_path, name, file_format):
    prepare(name, tmp_path, file_format)
    splits = open_classes(name, str(tmp_path), labeled=True)
    assert {split: len(source) for split, source in splits.items()} == {"train": 12, "test": 3}
    train = splits["train"]
    assert train.domains == {"image": Domain("image", SHAPES[name][-1])}
    assert len(train.class_names) == 10 and tuple(train.class_names[at] for at in (0, 1, -1)) == NAMES[name]
    found = list(map(train.load, range(12)))
    assert {int(example["image"].mean()) for example in found} == set(range(10, 22))
    for example in found:
        assert example["image"].shape == SHAPES[name] and example["image"].dtype == np.uint8
        assert example["label"] == example["image"].mean() % 10 and example["label"].dtype == np.int32
    assert train.name(3) == "000003"


def test_without_labels(tmp_path):
    prepare("mnist", tmp_path)
    train = open_classes("mnist", str(tmp_path), labeled=False)["train"]
    assert train.class_names == () and list(train.load(0)) == ["image"]


@pytest.mark.parametrize("kind, class_names", [("labeled", tuple("0123456789")), ("images", ())])
def test_batches(tmp_path, kind, class_names):
    prepare("mnist", tmp_path)
    found = open_dataset(DataConfig(dataset="mnist", tfds_dir=str(tmp_path)), kind, (32, 32), (32, 32))
    assert found.spec.class_names == class_names and found.spec.sizes == {"train": 12, "validation": 3}
    assert found.spec.domains == {"image": Domain("image", 1)}
    (batch,) = found.train_batches(batch_size=4, flip=False, seed=0).take(1).as_numpy_iterator()
    assert batch["image"].shape == (4, 32, 32, 1)
    if kind == "labeled":
        assert batch["label"].tolist() == [round(float(image.mean() + 1) * 127.5) % 10 for image in batch["image"]]


@pytest.mark.parametrize("name, own", [("fashion_mnist", "train-images-idx3-ubyte.gz"), ("cifar10", "a folder for each class")])
def test_failed_download_says_what_to_do(tmp_path, monkeypatch, name, own):
    def fail(self, url):
        raise tfds.download.DownloadError("no route to host")

    monkeypatch.setattr(tfds.download.DownloadManager, "download_and_extract", fail)
    with pytest.raises(UserError, match=rf"(?s)cannot prepare {name} in .*no route to host.*{own}.* use --data_dir=FOLDER"):
        open_classes(name, str(tmp_path), labeled=True)


def test_without_a_network_the_download_fails_at_once(tmp_path, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    waits = []
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(urllib3.util.retry.Retry, "sleep", lambda self, response=None: waits.append(self.total))
    with pytest.raises(
        UserError, match=r"mnist cannot be downloaded: \S+ cannot be reached\. Is there a network connection\?\n.*--data_dir=FOLDER"
    ):
        open_classes("mnist", str(tmp_path), labeled=True)
    assert not waits and downloader.MAX_RETRIES > 0


def test_table():
    assert set(CLASSES) == set(SHAPES) <= set(tfds.list_builders(with_community_datasets=False))
