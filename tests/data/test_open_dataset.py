"""From settings to batches: every kind, of the built-in set and of folders of the user's."""

import re

import numpy as np
import pytest
from PIL import Image

from tfgan.config import DataConfig, Domain
from tfgan.data import open_dataset
from tfgan.errors import UserError

SIZE = (8, 8)


def open_kind(kind, **settings):
    return open_dataset(DataConfig(**settings), kind, SIZE, SIZE)


def batches_of(dataset, count=1, size=2):
    return list(dataset.train_batches(batch_size=size, flip=False, seed=0).take(count).as_numpy_iterator())


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def shade(value):
    return np.full((*SIZE, 3), value, np.uint8)


def values(images) -> set[int]:
    """The first pixels' values, from 0 to 255."""
    return {round(float(image[0, 0, 0] + 1) * 127.5) for image in images}


KINDS = {
    "paired": {"source": ((8, 8, 3), np.float32), "target": ((8, 8, 3), np.float32)},
    "unpaired": {"source": ((8, 8, 3), np.float32), "target": ((8, 8, 3), np.float32)},
    "semantic": {"labels": ((8, 8), np.int32), "image": ((8, 8, 3), np.float32)},
    "attributes": {"image": ((8, 8, 3), np.float32), "attributes": ((8,), np.float32), "mask": ((8,), np.float32)},
    "labeled": {"image": ((8, 8, 3), np.float32), "label": ((), np.int32)},
    "images": {"image": ((8, 8, 3), np.float32)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_built_in_set_in_every_kind(kind):
    dataset = open_kind(kind, synthetic_images=5)
    (batch,) = batches_of(dataset)
    example = dataset.validation_example(0)
    assert dataset.spec.kind == kind and dataset.spec.sizes == {"train": 5, "validation": 8}
    assert batch.keys() == example.keys() == KINDS[kind].keys()
    for key, (shape, dtype) in KINDS[kind].items():
        assert batch[key].shape == (2, *shape) and example[key].shape == shape
        assert batch[key].dtype == example[key].dtype == dtype
        if key in dataset.spec.domains and dtype == np.float32:
            assert -1 <= batch[key].min() < batch[key].max() <= 1
    if kind == "attributes":
        groups = [[dataset.spec.attribute_names.index(name) for name in group] for group in dataset.spec.attribute_groups]
        assert len(dataset.spec.attribute_names) == 8 and all((batch["attributes"][:, group].sum(axis=1) == 1).all() for group in groups)
    assert bool(dataset.spec.class_names) == (kind == "labeled")
    if kind == "semantic":
        classes = dataset.spec.domains["labels"].classes
        assert 0 <= batch["labels"].min() < batch["labels"].max() < len(classes.values)


@pytest.mark.parametrize("direction, source, target", [("AtoB", "day", "night"), ("night_to_day", "night", "day")])
def test_direction_of_the_built_in_unpaired_set(direction, source, target):
    dataset = open_kind("unpaired", synthetic_images=5, direction=direction)
    assert [dataset.spec.domains[key].name for key in ("source", "target")] == [source, target]
    (batch,) = batches_of(dataset, size=5)
    assert batch[{"day": "source", "night": "target"}[source]].mean() > batch[{"day": "target", "night": "source"}[source]].mean()


@pytest.fixture
def horses(tmp_path):
    for number in range(2):
        write(tmp_path / "trainA" / f"{number}.png", shade(10 + number))
        write(tmp_path / "testB" / f"{number}.png", shade(60 + number))
    write(tmp_path / "testA" / "0.png", shade(50))
    for number in range(5):
        write(tmp_path / "trainB" / f"{number}.png", shade(100 + number))
    return tmp_path


@pytest.mark.parametrize("direction, keys", [("AtoB", ("source", "target")), ("zebra2horse", ("target", "source"))])
def test_folders_of_two_domains(horses, direction, keys):
    dataset = open_kind("unpaired", data_dir=str(horses), domains=("horse", "zebra"), direction=direction)
    assert dataset.spec.sizes == {"train": 5, "validation": 2}
    assert [dataset.spec.domains[key].name for key in keys] == ["horse", "zebra"]
    batches = batches_of(dataset, 5)
    seen = [set().union(*(values(batch[key]) for batch in batches)) for key in keys]
    assert seen == [{10, 11}, {100, 101, 102, 103, 104}]
    assert [values([dataset.validation_example(1)[key]]) for key in keys] == [{50}, {61}]


IDS = [[0] * 8] * 3 + [[7] * 8] * 3 + [[255] * 8] * 2


@pytest.fixture
def streets(tmp_path):
    for number in range(3):
        write(tmp_path / "train" / "labels" / f"{number}.png", IDS)
        write(tmp_path / "train" / "photo" / f"{number}.png", shade(20 + number))
    return tmp_path


def test_pairs_as_pairs_apart_and_as_classes(streets):
    folder = {"data_dir": str(streets), "domains": ("photo", "labels"), "label_domains": ("labels",)}
    (paired,) = batches_of(open_kind("paired", direction="labels_to_photo", **folder))
    assert paired["source"].shape == (2, 8, 8, 1) and values(paired["target"]) <= {20, 21, 22}
    np.testing.assert_allclose(paired["source"][0, :, 0, 0], np.array([0, 0, 0, 7, 7, 7, 255, 255]) * 2 / 255 - 1, atol=1e-6)

    apart = open_kind("unpaired", direction="labels_to_photo", **folder)
    assert apart.spec.domains["source"].name == "labels" and apart.spec.sizes["train"] == 3

    semantic = open_kind("semantic", direction="labels_to_photo", **folder)
    (batch,) = batches_of(semantic)
    assert batch["labels"][0, :, 0].tolist() == [0, 0, 0, 1, 1, 1, -1, -1] and values(batch["image"]) <= {20, 21, 22}
    assert semantic.spec.domains["labels"].classes.values == (0, 7)
    assert semantic.validation_example(0)["labels"][:, 0].tolist() == [0, 0, 0, 1, 1, 1, -1, -1]


def test_pairs_with_painted_classes(streets):
    folder = {"data_dir": str(streets), "domains": ("photo", "labels"), "label_domains": ("labels",), "label_coding": "ids"}
    painted = open_kind("paired", direction="labels_to_photo", **folder)
    domain = painted.spec.domains["source"]
    assert domain.channels == 3 and domain.dtype == "uint8" and domain.classes.values == (0, 7)
    (batch,) = batches_of(painted)
    rows = [bytes(np.rint((row + 1) * 127.5).astype(np.uint8)).hex() for row in batch["source"][0, :, 0]]
    sky, road = (color.removeprefix("#") for color in domain.classes.colors)
    assert rows == [sky] * 3 + [road] * 3 + ["000000"] * 2


def test_label_coding_needs_the_label_domain(streets):
    with pytest.raises(UserError, match="--label_domains=photo or labels"):
        open_kind("paired", data_dir=str(streets), domains=("photo", "labels"), label_coding="ids")


def test_joined_folders_of_attributes(tmp_path):
    for number in range(8):
        write(tmp_path / "faces" / f"{number}.png", shade(number))
        write(tmp_path / "moods" / ("angry", "happy")[number % 2] / f"{number}.png", shade(100 + number))
    rows = [f"{number}.png,{number % 2},{'val' if number < 2 else 'train'}" for number in range(8)]
    (tmp_path / "faces" / "attributes.csv").write_text("\n".join(["file,Smiling,split", *rows]))
    dataset = open_kind("attributes", data_dir=str(tmp_path / "faces"), extra_data_dirs=(str(tmp_path / "moods"),))
    spec = dataset.spec
    assert spec.attribute_names == ("Smiling", "angry", "happy") and spec.attribute_groups == (("angry", "happy"),)
    assert spec.attribute_sets == (("Smiling",), ("angry", "happy")) and spec.domains == {"image": Domain("image", 3)}
    assert spec.sizes == {"train": 6 + 7, "validation": 2 + 1}
    first, second = batches_of(dataset, 2)
    assert (first["mask"] == [1, 0, 0]).all() and (second["mask"] == [0, 1, 1]).all()
    for batch, offset, column in ((first, 0, 0), (second, 100, 2)):
        numbers = [round(float(image[0, 0, 0] + 1) * 127.5) - offset for image in batch["image"]]
        assert batch["attributes"][:, column].tolist() == [number % 2 for number in numbers]


@pytest.fixture
def animals(tmp_path):
    for number, animal in enumerate(("cat", "dog", "owl")):
        for copy in range(2):
            write(tmp_path / "train" / animal / f"{copy}.png", shade(10 * number + copy))
        write(tmp_path / "test" / animal / "0.png", shade(100 + number))
    return tmp_path


def test_class_folders_with_labels_and_without(animals):
    labeled = open_kind("labeled", data_dir=str(animals))
    assert labeled.spec.class_names == ("cat", "dog", "owl") and labeled.spec.domains == {"image": Domain("image", 3)}
    assert labeled.spec.sizes == {"train": 6, "validation": 3}
    seen = set()
    for batch in batches_of(labeled, 3):
        assert batch["label"].dtype == np.int32
        seen |= {(value, label) for image, label in zip(batch["image"], batch["label"].tolist()) for value in values([image])}
    assert seen == {(10 * label + copy, label) for label in range(3) for copy in range(2)}
    assert [int(labeled.validation_example(index)["label"]) for index in range(3)] == [0, 1, 2]

    images = open_kind("images", data_dir=str(animals))
    assert images.spec.class_names == () and images.spec.fingerprint == labeled.spec.fingerprint and images.spec.kind == "images"
    assert set().union(*(values(batch["image"]) for batch in batches_of(images, 3))) == {0, 1, 10, 11, 20, 21}
    assert list(images.validation_example(0)) == ["image"]


def test_skipped_files_of_images(animals, capsys):
    (animals / "train" / "cat" / "bad.png").write_text("text")
    write(animals / "stray.png", shade(1))
    with pytest.raises(UserError, match="1 images in .* lie outside the folders of its splits"):
        open_kind("images", data_dir=str(animals))
    assert open_kind("images", data_dir=str(animals), skip_bad_files=True).spec.sizes["train"] == 6
    printed = capsys.readouterr().out
    assert "Left out 2 train images" in printed and "stray.png: does not lie in" in printed and "cat/bad.png: not an image" in printed


@pytest.fixture
def digits(tmp_path):
    pixels = np.repeat(np.uint8([10, 20, 30, 40]), 28 * 28)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes.fromhex("00000803 00000004 0000001c 0000001c") + bytes(pixels))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(bytes.fromhex("00000801 00000004 00010002"))
    return tmp_path


def test_idx_files_with_labels_and_without(digits):
    labeled = open_kind("labeled", data_dir=str(digits), label_names=("a", "b", "c"))
    assert labeled.spec.class_names == ("a", "b", "c") and labeled.spec.domains == {"image": Domain("image", 1)}
    assert labeled.spec.sizes == {"train": 4, "validation": 4}  # training images validate where there are no others
    (batch,) = batches_of(labeled, size=4)
    assert batch["image"].shape == (4, 8, 8, 1)
    found = dict(zip([round(float(image[0, 0, 0] + 1) * 127.5) for image in batch["image"]], batch["label"].tolist()))
    assert found == {10: 0, 20: 1, 30: 0, 40: 2}
    assert open_kind("labeled", data_dir=str(digits)).spec.class_names == ("0", "1", "2")
    images = open_kind("images", data_dir=str(digits))
    assert images.spec.class_names == () and list(images.validation_example(0)) == ["image"]


@pytest.mark.parametrize("half, shades", [("left", {10, 11}), ("right", {200, 201})])
def test_halves_of_side_by_side_files(tmp_path, half, shades):
    for number in range(2):
        write(tmp_path / f"{number}.png", np.concatenate([shade(10 + number), shade(200 + number)], axis=1))
    found = open_kind("images", data_dir=str(tmp_path), half=half)
    (batch,) = batches_of(found)
    assert values(batch["image"]) == shades and np.ptp(batch["image"], axis=(1, 2, 3)).max() == 0
    assert found.spec.domains == {"image": Domain("image", 3)}


@pytest.mark.parametrize("half, side", [("left", "A"), ("right", "B")])
def test_half_of_a_set_of_pairs(streets, monkeypatch, half, side):
    from tfgan.data.folders.pairs import open_pairs

    pairs = open_pairs(streets, ("photo", "labels"), ("labels",), "composite", False)
    monkeypatch.setattr("tfgan.data.tfds.pairs.open_pix2pix", lambda name, tfds_dir: pairs if name == "facades" else None)
    found = open_kind("images", dataset="facades", half=half)
    assert found.spec.domains == {"image": pairs["train"].domains[side]} and found.spec.sizes["train"] == 3
    expected = {20, 21, 22} if side == "A" else {0}
    assert values(image for batch in batches_of(found, 2) for image in batch["image"]) == expected


def test_real_halves(test_data):
    found = open_dataset(DataConfig(data_dir=str(test_data / "facades"), half="left"), "images", (16, 16), (16, 16))
    assert found.spec.sizes == {"train": 400, "validation": 50}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (
            "labeled",
            {"dataset": "facades"},
            "--dataset=facades has no classes. Use synthetic, mnist, fashion_mnist, cifar10, or --",
        ),
        ("labeled", {"dataset": "celeba"}, "--dataset=celeba has no classes."),
        ("labeled", {"dataset": "tfds:stl10"}, "--dataset=tfds:stl10 has no classes."),
        ("labeled", {"dataset": "mnits"}, "--dataset=mnits is unknown. Did you mean mnist?"),
        ("images", {"dataset": "facades"}, "--dataset=facades has pairs: take --half=left (photo) or --half=right (labels)."),
        (
            "images",
            {"dataset": "horse2zebra"},
            "--dataset=horse2zebra has no single images. Use synthetic, mnist,",
        ),
        ("images", {"dataset": "cifar"}, "--dataset=cifar is unknown. Did you mean cifar10?"),
        ("paired", {"dataset": "mnist"}, "--dataset=mnist has no pairs of images."),
        ("attributes", {"dataset": "celebs"}, "--dataset=celebs is unknown. Did you mean celeba?"),
        ("attributes", {"dataset": "facades"}, "--dataset=facades has no attributes. Use synthetic, celeba, or --data_dir=FOLDER"),
        ("paired", {"dataset": "horse2zebra"}, "--dataset=horse2zebra has no pairs of images."),
        ("semantic", {"dataset": "celeba"}, "--dataset=celeba has no pairs of images."),
        ("unpaired", {"dataset": "celeba"}, "--dataset=celeba has no pairs of images."),
        ("unpaired", {"dataset": "horse2zebras"}, "--dataset=horse2zebras is unknown. Did you mean horse2zebra?"),
        ("unpaired", {"direction": "day_to_dusk"}, "is neither AtoB nor BtoA, nor day_to_night or night_to_day"),
        ("unpaired", {"domains": ("photo", "labels")}, "the domains of --dataset=synthetic are day,night"),
    ],
)
def test_what_a_set_does_not_have(kind, settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        open_kind(kind, **settings)


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        (
            "unpaired",
            {"label_coding": "palette"},
            "--label_coding has no effect for a method that learns from unpaired images: leave it out",
        ),
        ("unpaired", {"extra_data_dirs": ("/nowhere",)}, "--extra_data_dirs has no effect for a method that learns from unpaired images"),
        ("paired", {"attributes": ("night",)}, "--attributes has no effect for a method that learns from paired images"),
        ("attributes", {"direction": "nonsense"}, "--direction has no effect for a method that learns from attributes images"),
        ("attributes", {"attributes": ("night",)}, "--attributes has no effect for --dataset=synthetic: leave it out, or name another"),
        ("paired", {"label_palette": ("facades",)}, "--label_palette has no effect for --dataset=synthetic"),
        ("semantic", {"direction": "photo_to_labels"}, "--direction has no effect for --dataset=synthetic"),
        ("labeled", {"half": "left"}, "--half has no effect for a method that learns from labeled images"),
        ("paired", {"fit": "squeeze"}, "--fit has no effect for --dataset=synthetic"),
        ("images", {"label_names": ("a", "b")}, "--label_names has no effect for a method that learns from images alone"),
        ("images", {"tfds_source": "image"}, "--tfds_source has no effect for a method that learns from images alone"),
        ("labeled", {"domains": ("a", "b")}, "--domains has no effect for a method that learns from labeled images"),
        ("labeled", {"label_names": ("a", "b")}, "--label_names has no effect for --dataset=synthetic"),
        ("images", {"half": "left"}, "--half has no effect for --dataset=synthetic"),
        ("images", {"fit": "squeeze"}, "--fit has no effect for --dataset=synthetic"),
        (
            "images",
            {"dataset": "mnist", "half": "left"},
            "--half=left is for side by side files: leave it out, or",
        ),
        ("labeled", {"dataset": "mnist", "label_names": ("a",)}, "idx files; --dataset=mnist has names for them: leave it out"),
        ("labeled", {"data_dir": "/", "label_names": ("a",)}, "--label_names names the classes of idx files; class folders have names"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(kind, settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        open_kind(kind, **settings)


def test_idx_files_have_no_halves(digits):
    with pytest.raises(UserError, match="--half=right is for side by side files, which the idx files in .* are not: leave it out"):
        open_kind("images", data_dir=str(digits), half="right")
