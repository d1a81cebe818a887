"""A data set as a whole: what it checks, counts, keeps in memory and says."""

import re
import threading

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataConfig, Domain, Scale
from tfgan.data import open_dataset, parse_direction
from tfgan.data.dataset import Dataset
from tfgan.data.source import Source
from tfgan.errors import UnreadableImage, UserError

KEYS = {"source": "A", "target": "B"}


class Shades(Source):
    """`count` pairs of 4×4 images; A of example i has the value i, B has 255 - i. Those in `bad` cannot be read. Counts its loads."""

    domains = {"A": Domain("photo", 3), "B": Domain("labels", 1)}

    def __init__(self, count, bad=(), prefix=""):
        self.count, self.bad, self.prefix, self.loads, self._lock = count, bad, prefix, 0, threading.Lock()

    def __len__(self):
        return self.count

    def name(self, index):
        return f"{self.prefix}{index}.png"

    def load(self, index):
        with self._lock:
            self.loads += 1
        if index in self.bad:
            raise UnreadableImage("cut off")
        return {"A": np.full((4, 4, 3), index, np.uint8), "B": np.full((4, 4, 1), 255 - index, np.uint8)}


def dataset(train, validation=None, keys=KEYS, **settings) -> Dataset:
    splits = {"train": [(train, keys)]} | ({"val": [(validation, keys)]} if validation else {})
    return Dataset("paired", splits, (4, 4), (4, 4), DataConfig(**settings))


def shades(dataset, count) -> list[int]:
    batches = dataset.train_batches(batch_size=1, flip=True, seed=0).take(count).as_numpy_iterator()
    return [int(np.rint((batch["source"][0, 0, 0, 0] + 1) * 127.5)) for batch in batches]


def test_spec():
    spec = dataset(Shades(5), Shades(2)).spec
    assert (spec.kind, spec.image_size, spec.sizes) == ("paired", (4, 4), {"train": 5, "validation": 2})
    assert spec.domains == {"source": Domain("photo", 3), "target": Domain("labels", 1)}
    swapped = dataset(Shades(5), keys={"source": "B", "target": "A"}).spec
    assert swapped.domains == {"source": Domain("labels", 1), "target": Domain("photo", 3)}


class Sizes(Source):
    """Pairs of the given heights and widths."""

    domains = Shades.domains

    def __init__(self, *sizes):
        self.sizes = sizes

    def __len__(self):
        return len(self.sizes)

    def name(self, index):
        return f"{index}.png"

    def load(self, index):
        return {key: np.zeros((*self.sizes[index], domain.channels), np.uint8) for key, domain in self.domains.items()}


@pytest.mark.parametrize("cache", ["always", "never"])
def test_scale_is_that_of_the_training_images(cache):
    train = Sizes((8, 6), (100, 90), (9, 20), (5, 4), (12, 12))
    found = Dataset("paired", {"train": [(train, KEYS)], "val": [(Sizes((1, 1)), KEYS)]}, (4, 4), (6, 6), DataConfig(cache=cache)).scale()
    assert found == {key: Scale((12, 12), (5, 4), (100, 90), (6, 6), (4, 4)) for key in ("source", "target")}
    assert found["source"].describe() == "4×4 pixels, of images of 12×12 (5×4 to 100×90)"


def test_scale_of_unpaired_domains_and_of_images_that_are_not_checked():
    streams = [(Sizes((8, 8)), {"source": "A"}), (Sizes((16, 16), (20, 20), (30, 30)), {"target": "B"})]
    found = Dataset("unpaired", {"train": streams}, (4, 4), (4, 4), DataConfig()).scale()
    assert [found[key].median for key in ("source", "target")] == [(8, 8), (20, 20)]
    unchecked = Dataset("unpaired", {"train": streams}, (4, 4), (4, 4), DataConfig(), check=False).scale()
    assert unchecked["target"].describe() == "4×4 pixels, of images of 16×16"


def test_fingerprint_follows_the_training_names():
    first = dataset(Shades(5)).spec.fingerprint
    assert dataset(Shades(5), Shades(3)).spec.fingerprint == first
    assert dataset(Shades(6)).spec.fingerprint != first
    assert dataset(Shades(5, prefix="new")).spec.fingerprint != first


def test_validation_split_is_the_first_there_is():
    sources = {split: [(Shades(count), KEYS)] for split, count in {"train": 5, "test": 2, "val": 3}.items()}
    for there, size in ((("train", "test", "val"), 3), (("train", "test"), 2), (("train",), 5)):
        found = Dataset("paired", {split: sources[split] for split in there}, (4, 4), (4, 4), DataConfig())
        assert found.spec.sizes["validation"] == size
    example = found.validation_example(1)
    np.testing.assert_allclose(example["source"], np.full((4, 4, 3), 2 / 255 - 1), atol=1e-6)
    np.testing.assert_allclose(example["target"], np.full((4, 4, 1), 1 - 2 / 255), atol=1e-6)


def test_unpaired_counts_the_longer_domain():
    streams = [(Shades(3), {"source": "A"}), (Shades(7), {"target": "B"})]
    found = Dataset("unpaired", {"train": streams, "test": streams}, (4, 4), (4, 4), DataConfig())
    assert found.spec.sizes == {"train": 7, "validation": 7}
    assert set(found.validation_example(5)) == {"source", "target"}


def test_no_training_images():
    with pytest.raises(UserError, match="no training images; it has: test"):
        Dataset("paired", {"test": [(Shades(1), KEYS)]}, (4, 4), (4, 4), DataConfig())


def test_bad_files_are_named_before_training():
    with pytest.raises(UserError) as caught:
        dataset(Shades(5, bad=(1, 3)), Shades(2))
    message = str(caught.value)
    assert "2 of 5 train images" in message and "--skip_bad_files" in message
    assert "1.png: cut off" in message and "3.png: cut off" in message and "2.png" not in message
    with pytest.raises(UserError, match="1 of 2 val images"):
        dataset(Shades(5), Shades(2, bad=(0,)))


def test_many_bad_files_are_counted_not_all_listed():
    with pytest.raises(UserError, match="25 of 30 train images") as caught:
        dataset(Shades(30, bad=range(25)))
    assert str(caught.value).count("cut off") == 10 and "… and 15 more" in str(caught.value)


def test_skipped_files_are_left_out_and_counted(capsys):
    found = dataset(Shades(5, bad=(1, 3)), Shades(2), skip_bad_files=True)
    output = capsys.readouterr().out
    assert "Left out 2 train images" in output and "3.png: cut off" in output and "val images" not in output
    assert found.spec.sizes["train"] == 3
    assert sorted(shades(found, 3)) == [0, 2, 4]
    assert found.spec.fingerprint != dataset(Shades(5)).spec.fingerprint
    with pytest.raises(UserError, match="No train image is left"):
        dataset(Shades(2, bad=(0, 1)), Shades(1), skip_bad_files=True)


@pytest.mark.parametrize("cache, loads", [("always", 5), ("auto", 5), ("never", 5 + 1)])
def test_cache(cache, loads, capsys):
    source = Shades(5)
    found = dataset(source, Shades(1), cache=cache)
    place = "decoded again for each step" if cache == "never" else "kept in memory"
    assert f"{place} (--cache={cache})" in capsys.readouterr().out
    assert source.loads == 5  # the check before training
    batches = found.train_batches(batch_size=1, flip=False, seed=0)
    after_probe = source.loads  # of the arrays' shapes
    assert after_probe == loads
    list(batches.take(10))
    assert (source.loads >= after_probe + 10) if cache == "never" else (source.loads == after_probe)


def test_auto_caches_what_fits(capsys, monkeypatch):
    # 5 training and 1 validation pairs of 4×4×(3 + 1) bytes: 384, where half of the free memory may be taken
    cases = {
        4: "decoded again for each step",
        399: "52% of them kept in memory, the others decoded again for each step",
        769: "kept in memory",
    }
    for free, place in cases.items():
        monkeypatch.setattr("tfgan.data.dataset.free_memory", lambda free=free: free)
        dataset(Shades(5), Shades(1))
        assert f"free: {place} (--cache=auto)" in capsys.readouterr().out


def test_what_fits_stays_in_memory_and_the_others_are_decoded_again(monkeypatch):
    """Room for the validation pair and two of the five training pairs: each epoch decodes three; the batches are the same."""
    monkeypatch.setattr("tfgan.data.dataset.free_memory", lambda: 2 * 3 * 64)
    source = Shades(5)
    some, none = dataset(source, Shades(1)), dataset(Shades(5), Shades(1), cache="never")
    batches = [list(found.train_batches(batch_size=1, flip=False, seed=0).take(25).as_numpy_iterator()) for found in (some, none)]
    for one, other in zip(*batches, strict=True):
        np.testing.assert_array_equal(one["source"], other["source"])
    before = source.loads
    for position in range(5):
        some._train[0].fetch(position)
    assert source.loads - before == 3


def test_synthetic_batches():
    settings = DataConfig(synthetic_images=6, direction="labels_to_photo")
    found = open_dataset(settings, "paired", (16, 16), (18, 18))
    assert found.spec.sizes == {"train": 6, "validation": 8}
    assert [domain.name for domain in found.spec.domains.values()] == ["labels", "photo"]
    (batch,) = found.train_batches(batch_size=4, flip=True, seed=0).take(1)
    for key in ("source", "target"):
        assert batch[key].shape == (4, 16, 16, 3) and batch[key].dtype == tf.float32
        assert -1 <= float(tf.reduce_min(batch[key])) < float(tf.reduce_max(batch[key])) <= 1
    assert found.validation_example(0)["source"].shape == (16, 16, 3)


def test_unknown_names():
    with pytest.raises(UserError, match="Did you mean facades?"):
        open_dataset(DataConfig(dataset="facade"), "paired", (16, 16), (16, 16))


DIRECTIONS = {"AtoB": "AB", "BtoA": "BA", "photo_to_labels": "AB", "Labels2Photo": "BA", "photo->labels": "AB"}


@pytest.mark.parametrize("text, expected", DIRECTIONS.items())
def test_direction(text, expected):
    assert parse_direction(text, "photo", "labels") == tuple(expected)


def test_wrong_direction():
    with pytest.raises(UserError, match="photo_to_labels or labels_to_photo"):
        parse_direction("photo_to_map", "photo", "labels")


def test_real_pairs(test_data):
    """Any folder of pairs in the real data becomes batches."""
    folders = sorted(path.parent for path in test_data.glob("*/train"))
    if not folders:
        pytest.skip("no folder with a train split in TFGAN_TEST_DATA")
    found = open_dataset(DataConfig(data_dir=str(folders[0])), "paired", (32, 32), (36, 36))
    (batch,) = found.train_batches(batch_size=2, flip=True, seed=0).take(1)
    assert batch["source"].shape[:3] == (2, 32, 32)


@pytest.mark.parametrize(
    "settings, message",
    [
        (DataConfig(domains=("labels", "photo")), "--domains=labels,photo: the domains of --dataset=synthetic are photo,labels"),
        (DataConfig(label_domains=("lables",)), "no domain 'lables'. Did you mean labels?"),
    ],
)
def test_domains_of_a_built_in_set_are_its_own(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        open_dataset(settings, "paired", (16, 16), (16, 16))
    assert open_dataset(DataConfig(domains=("photo", "labels"), label_domains=("labels",)), "paired", (16, 16), (16, 16))


def test_unpaired_examples_go_round_in_the_shorter_domain():
    splits = {"train": [(Shades(3), {"source": "A"}), (Shades(7), {"target": "B"})]}
    found = Dataset("unpaired", splits, (4, 4), (4, 4), DataConfig())
    shown = [(example["source"][0, 0, 0], example["target"][0, 0, 0]) for example in map(found.validation_example, range(7))]
    np.testing.assert_allclose(np.array(shown), [[i % 3 * 2 / 255 - 1, 1 - i * 2 / 255] for i in range(7)], atol=1e-6)


class Faces(Source):
    """`count` images of one value each, with attributes of two joined sets, of which they have one."""

    domains = {"image": Domain("image", 1)}
    attribute_names, attribute_groups, attribute_sets = ("a", "b", "c"), (("b", "c"),), (("a",), ("b", "c"))

    def __init__(self, count, first, mask):
        self.count, self.first, self.mask = count, first, mask

    def __len__(self):
        return self.count

    def name(self, index):
        return f"{self.first + index}.png"

    def load(self, index):
        image, mask = np.full((4, 4, 1), self.first + index, np.uint8), np.array(self.mask, np.float32)
        return {"image": image, "attributes": mask * (index % 2), "mask": mask}


def joined_faces(**settings) -> Dataset:
    keys = {key: key for key in ("image", "attributes", "mask")}
    ones, others = [1, 0, 0], [0, 1, 1]
    splits = {
        "train": [(Faces(5, 0, ones), keys), (Faces(3, 100, others), keys)],
        "val": [(Faces(2, 50, ones), keys), (Faces(3, 150, others), keys)],
    }
    return Dataset("attributes", splits, (4, 4), (4, 4), DataConfig(**settings))


def test_joined_sets_add_up():
    spec = joined_faces().spec
    assert spec.sizes == {"train": 8, "validation": 5} and spec.domains == {"image": Domain("image", 1)}
    assert spec.attribute_names == ("a", "b", "c") and spec.attribute_groups == (("b", "c"),)
    assert spec.attribute_sets == (("a",), ("b", "c")) and spec.class_names == ()


def test_validation_examples_of_joined_sets_follow_each_other():
    found = joined_faces()
    examples = [found.validation_example(index) for index in range(6)]
    values = [round(float(example["image"][0, 0, 0] + 1) * 127.5) for example in examples]
    assert values == [50, 51, 150, 151, 152, 50]  # and from the beginning
    assert [example["mask"].tolist() for example in examples[:3]] == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]
    assert [example["attributes"].tolist() for example in examples[1:4]] == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]


def test_training_batches_of_joined_sets_take_turns():
    batches = list(joined_faces().train_batches(batch_size=2, flip=True, seed=0, first_step=1).take(4).as_numpy_iterator())
    assert [batch["mask"].tolist() for batch in batches] == [[[0, 1, 1]] * 2, [[1, 0, 0]] * 2] * 2
    assert all(set(batch) == {"image", "attributes", "mask"} and batch["image"].dtype == np.float32 for batch in batches)


def test_fingerprint_follows_every_joined_set():
    keys = {key: key for key in ("image", "attributes", "mask")}
    faces = [Faces(5, 0, [1, 0, 0]), Faces(3, 100, [0, 1, 1]), Faces(3, 101, [0, 1, 1])]
    found = [Dataset("attributes", {"train": [(faces[0], keys), (faces[i], keys)]}, (4, 4), (4, 4), DataConfig()) for i in (1, 2)]
    assert found[0].spec.fingerprint != found[1].spec.fingerprint
    assert found[0].spec.sizes == {"train": 8, "validation": 8}
