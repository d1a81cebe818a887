"""Order, crop, flip, normalization and resume of training batches, with sources whose pixels say where they come from."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.data.preparation.normalization import normalize
from tfgan.data.preparation.pipeline import make_batches
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.source import Source


class Numbered(Source):
    """`count` examples; pixel (y, x) of example i is (i, y, x) in every image, as the domain's dtype."""

    def __init__(self, count, domains, size=(8, 10)):
        self.count, self.domains, self.size = count, domains, size

    def __len__(self):
        return self.count

    def name(self, index):
        return str(index)

    def load(self, index):
        y, x = np.mgrid[: self.size[0], : self.size[1]]
        pixels = np.stack([np.full_like(y, index), y, x], axis=-1)
        return {
            key: pixels[..., 2].astype(np.int32) if domain.dtype == "int32" else pixels.astype(domain.dtype)
            for key, domain in self.domains.items()
        } | {"label": np.int32(index)}


PAIR = {"A": Domain("photo", 3), "B": Domain("labels", 3, resample="nearest")}


def stream(count=10, domains=PAIR, keys=None, size=(8, 10)) -> PreparedSource:
    return PreparedSource(Numbered(count, domains, size), keys or {"source": "A", "target": "B"}, size, room=Room(math.inf))


def take(streams, batches, *, image_size=(6, 6), batch_size=5, flip=True, seed=0, **options) -> list[dict]:
    dataset = make_batches(streams, image_size, batch_size=batch_size, flip=flip, seed=seed, **options)
    return list(dataset.take(batches).as_numpy_iterator())


def pixels(images) -> np.ndarray:
    """Back from [-1, 1] to the uint8 values."""
    return np.rint((images + 1) * 127.5).astype(int)


def indices(batches, key="source") -> list[int]:
    return [int(image[0, 0, 0]) for batch in batches for image in pixels(batch[key])]


def assert_same(found: list[dict], expected: list[dict]):
    for a, b in zip(found, expected, strict=True):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 64])
def test_every_epoch_is_a_permutation(count):
    order = indices(take([stream(count)], 3 * count, batch_size=1))
    epochs = [order[i * count : (i + 1) * count] for i in range(3)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(count))] * 3
    if count >= 7:
        assert list(range(count)) not in epochs
        assert epochs[0] != epochs[1] and epochs[1] != epochs[2]


def test_seed_decides():
    assert_same(take([stream()], 4), take([stream()], 4))
    assert indices(take([stream()], 4)) != indices(take([stream()], 4, seed=1))


def test_batches_go_over_the_end_of_an_epoch():
    order = indices(take([stream(10)], 5, batch_size=4))
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))


def test_pairs_share_crop_and_flip():
    flips, corners = set(), set()
    for batch in take([stream()], 60):
        np.testing.assert_array_equal(batch["source"], batch["target"])
        for image in pixels(batch["source"]):
            assert image.shape == (6, 6, 3)
            assert (np.diff(image[..., 1], axis=0) == 1).all()  # rows in order: never upside down
            steps = np.unique(np.diff(image[..., 2], axis=1))
            assert len(steps) == 1 and abs(steps[0]) == 1
            flips.add(int(steps[0]))
            corners.add((image[..., 1].min(), image[..., 2].min()))
    assert flips == {1, -1}
    assert corners == {(top, left) for top in range(3) for left in range(5)}  # every place of a 6×6 crop in 8×10


def test_flips_half_of_the_images():
    batches = take([stream()], 80)
    flipped = [image[0, 0, 2] > image[0, -1, 2] for batch in batches for image in pixels(batch["source"])]
    assert 0.4 < np.mean(flipped) < 0.6  # 400 images: 4 standard deviations


def test_no_flip_no_crop():
    for batch in take([stream()], 4, image_size=(8, 10), flip=False):
        assert (pixels(batch["source"])[..., 2] == np.arange(10)).all()


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_first_step_skips_batches(step):
    if step < 10:
        expected = take([stream()], step + 3)[step:]
    else:
        expected = [batch for k in range(3) for batch in take([stream()], 1, first_step=step + k)]
    assert_same(take([stream()], 3, first_step=step), expected)


@pytest.mark.parametrize("pipelines, replicas", [(1, 2), (2, 2), (2, 4)])
def test_replicas_together_see_what_one_sees(pipelines, replicas):
    """Batches of one pipeline go to its replicas in turn (tf.distribute)."""
    expected = take([stream()], 3, batch_size=8, first_step=2)
    shares = []
    for pipeline in range(pipelines):
        context = tf.distribute.InputContext(pipelines, pipeline, replicas)
        shares.append(take([stream()], 3 * replicas // pipelines, batch_size=8, first_step=2, context=context))
    each = replicas // pipelines
    for number, batch in enumerate(expected):
        parts = [share for pipeline in shares for share in pipeline[number * each : (number + 1) * each]]
        assert all(len(part["source"]) == 8 // replicas for part in parts)
        np.testing.assert_array_equal(np.concatenate([part["source"] for part in parts]), batch["source"])


def test_unpaired_streams_are_independent_and_whole():
    day, night = {"A": Domain("day", 3)}, {"B": Domain("night", 3)}
    streams = [stream(3, day, {"source": "A"}), stream(7, night, {"target": "B"})]
    batches = take(streams, 21, batch_size=2)
    sources, targets = indices(batches, "source"), indices(batches, "target")
    assert all(sorted(sources[i : i + 3]) == list(range(3)) for i in range(0, 42, 3))
    assert all(sorted(targets[i : i + 7]) == list(range(7)) for i in range(0, 42, 7))
    assert len(set(zip(sources, targets))) > 14  # of 21 pairs; in lockstep each source would meet few targets
    cropped = [(pixels(b["source"])[i, ..., 1:].min(), pixels(b["target"])[i, ..., 1:].min()) for b in batches for i in range(2)]
    assert any(a != b for a, b in cropped)  # and each has its own crop


def test_unpaired_streams_of_one_length_are_not_in_lockstep():
    day, night = {"A": Domain("day", 3)}, {"B": Domain("night", 3)}
    batches = take([stream(10, day, {"source": "A"}), stream(10, night, {"target": "B"})], 2)
    assert indices(batches, "source") != indices(batches, "target")


def test_label_maps_and_labels_pass_through():
    domains = {"labels": Domain("labels", 1, "int32", "nearest"), "image": Domain("photo", 3)}
    streams = [stream(5, domains, {"labels": "labels", "image": "image", "label": "label"})]
    for batch in take(streams, 4):
        assert batch["labels"].dtype == batch["label"].dtype == np.int32
        assert batch["labels"].shape == (5, 6, 6) and batch["image"].dtype == np.float32
        np.testing.assert_array_equal(batch["labels"], pixels(batch["image"])[..., 2])  # cropped and flipped alike
        np.testing.assert_array_equal(batch["label"], pixels(batch["image"])[:, 0, 0, 0])


@pytest.mark.parametrize("dtype, largest", [("uint8", 255), ("uint16", 65535)])
def test_normalization(dtype, largest):
    values = np.array([[[0], [largest], [largest // 5]]], dtype)
    domain = Domain("depth", 1, dtype)
    for image in (values, tf.constant(values)):
        found = np.asarray(normalize(image, domain))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.ravel(), [-1.0, 1.0, -0.6], atol=1e-6)  # 51 = 255/5 and 13107 = 65535/5


def test_uint16_keeps_its_depth_through_the_pipeline():
    domains = {"A": Domain("depth", 3, "uint16"), "B": Domain("photo", 3)}
    (batch,) = take([stream(1, domains)], 1, image_size=(8, 10), flip=False, batch_size=1)
    np.testing.assert_allclose(batch["source"][0, 1, 2], np.array([0, 1, 2]) * 2 / 65535 - 1, atol=1e-7)


def joined() -> list[PreparedSource]:
    """Two sets of 5 and of 3 images of one kind, marked 0 and 1."""

    class Marked(Numbered):
        def __init__(self, count, mark):
            super().__init__(count, {"image": Domain("photo", 3)})
            self.mark = mark

        def load(self, index):
            return super().load(index) | {"mark": np.float32(self.mark)}

    keys = {"image": "image", "mark": "mark"}
    return [PreparedSource(Marked(count, mark), keys, (8, 10), room=Room(math.inf)) for mark, count in enumerate((5, 3))]


def test_joined_sets_take_turns_by_whole_batches():
    batches = take(joined(), 20, batch_size=2, alternate=True)
    assert [batch["mark"].tolist() for batch in batches] == [[0, 0], [1, 1]] * 10
    assert all(batch["image"].shape == (2, 6, 6, 3) for batch in batches)
    for mark, count in ((0, 5), (1, 3)):  # each set in epochs of its own
        order = indices(batches[mark::2], "image")
        epochs = [order[i : i + count] for i in range(0, len(order) - count + 1, count)]
        assert len(epochs) >= 4 and all(sorted(epoch) == list(range(count)) for epoch in epochs)


@pytest.mark.parametrize("batches_per_step", [1, 2, 3, 4])
def test_every_joined_set_has_every_place_of_a_step(batches_per_step):
    """StarGAN's generator learns from the last batch of a step alone: it must meet all sets, also where their number divides n_critic."""
    batches = take(joined(), 12 * batches_per_step, batch_size=1, alternate=True, batches_per_step=batches_per_step)
    marks = np.array([batch["mark"][0] for batch in batches], int).reshape(12, batches_per_step)
    for place in range(batches_per_step):
        assert sorted(marks[:2, place]) == [0, 1] and marks[:, place].sum() == 6
    for mark, count in ((0, 5), (1, 3)):  # nothing left out or taken twice within an epoch
        order = indices([batch for batch in batches if batch["mark"][0] == mark], "image")
        shares = np.bincount(order, minlength=count)
        assert shares.max() - shares.min() <= 1 + (len(order) > count)


@pytest.mark.parametrize("first, batches_per_step", [(1, 1), (2, 1), (7, 1), (3, 2), (1, 3)])
def test_joined_sets_go_on_from_any_step(first, batches_per_step):
    options = {"batch_size": 2, "alternate": True, "batches_per_step": batches_per_step}
    expected = take(joined(), first * batches_per_step + 4, **options)[first * batches_per_step :]
    assert_same(take(joined(), 4, first_step=first, **options), expected)


@pytest.mark.parametrize("pipelines", [1, 2])
def test_replicas_see_one_of_the_joined_sets_at_a_time(pipelines):
    expected = take(joined(), 4, batch_size=4, alternate=True, first_step=1)
    shares = []
    for pipeline in range(pipelines):
        context = tf.distribute.InputContext(pipelines, pipeline, 2)
        shares.append(take(joined(), 8 // pipelines, batch_size=4, alternate=True, first_step=1, context=context))
    each = 2 // pipelines
    for number, batch in enumerate(expected):
        parts = [part for share in shares for part in share[number * each : (number + 1) * each]]
        assert_same([{key: np.concatenate([part[key] for part in parts]) for key in batch}], [batch])
        assert len(set(batch["mark"])) == 1
