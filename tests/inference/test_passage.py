"""At what size images go through a network, and how they come back."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Classes, Domain
from tfgan.data.reading.images import resize
from tfgan.errors import UserError
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation

CLASSES = Classes("ids", (0, 1, 2), ("#000000", "#ff0000", "#00ff00"), ("wall", "door", "window"))


def recorder(source=Domain("a", 3), target=Domain("b", 3)):  # noqa: B008
    """A translator that copies colors, and the images that went through it."""
    seen = []

    def note(x):
        seen.append(x.numpy()[0])
        return tf.cast(x, tf.float32)

    def function(x):
        y = tf.ensure_shape(tf.py_function(note, [x], tf.float32), x.shape)
        return tf.repeat(y[..., None], 3, -1) - 1.0 if source.dtype == "int32" else y

    return Translator(Translation(function, source, target, 1, 1)), seen


def noise(*shape, high=256):
    return np.random.default_rng(0).integers(0, high, shape).astype(np.uint8)


def passage(size, network=(8, 8), loaded=(9, 9), tile=0):
    return Passage(size, network, loaded, tile)


@pytest.mark.parametrize(
    ("size", "given", "through"),
    [
        ("trained", (32, 32), (8, 8)),
        ("trained", (6, 30), (8, 8)),  # squeezed, as batches are
        ("trained", (4, 4), (8, 8)),
        ("full", (32, 20), (32, 20)),
        ("16", (32, 64), (16, 32)),
        ("16", (30, 20), (24, 16)),
        ("16", (5, 3), (27, 16)),
    ],
)
def test_images_go_through_at_the_size_and_come_back_in_their_own(size, given, through):
    translator, seen = recorder()
    image = noise(*given, 3)
    result = passage(size).translate(translator, image)
    assert [x.shape[:2] for x in seen] == [through] and result.shape == image.shape and result.dtype == np.uint8
    np.testing.assert_allclose((seen[0] + 1) * 127.5, resize(image, through, "bicubic"), atol=1e-3)


def test_the_way_back_is_bicubic_for_colors_and_nearest_for_label_maps():
    image = noise(32, 32, 3)
    small = resize(image, (8, 8), "bicubic")
    smooth = passage("trained").translate(recorder()[0], image)
    assert np.abs(smooth.astype(int) - resize(small, (32, 32), "bicubic")).max() <= 1 and (smooth[::4, ::4] != smooth[1::4, 1::4]).any()
    stepped = passage("trained").translate(recorder(target=Domain("b", 3, resample="nearest"))[0], image)
    np.testing.assert_array_equal(stepped, small.repeat(4, 0).repeat(4, 1))


def test_label_maps_keep_their_classes_on_the_way_in():
    translator, seen = recorder(Domain("labels", 1, "int32", "nearest", CLASSES))
    labels = noise(20, 12, high=3).astype(np.int32)
    passage("trained").translate(translator, labels)
    np.testing.assert_array_equal(seen[0], resize(labels, (8, 8), "nearest"))
    sized = Passage("10", (8, 8), (8, 8)).translate(translator, labels)
    assert seen[1].shape == (17, 10) and sized.shape == (20, 12, 3)


def test_floats_stay_floats_in_their_range():
    image = np.sign(np.random.default_rng(0).normal(size=(9, 31, 3))).astype(np.float32)
    result = passage("trained").translate(recorder()[0], image, floats=True)
    assert result.dtype == np.float32 and result.shape == image.shape and np.abs(result).max() <= 1 and np.abs(result).max() > 0.5
    pixels = passage("trained").translate(recorder()[0], image)
    np.testing.assert_allclose((result + 1) * 127.5, pixels, atol=0.51)


def test_hidden_colors_do_not_bleed_into_floats():
    image = np.full((4, 4, 4), -1.0, np.float32)
    image[:, 2:] = 1.0  # white and opaque beside black and transparent
    small = resize(image, (4, 2), "bicubic")
    assert small[:, 1, :3].min() > 0.999 and resize(image, (4, 5), "bicubic")[:, 2, :3].min() > 0.99


def test_conditions_see_what_the_network_sees():
    sizes = []
    translator, _ = recorder()
    passage("trained").translate(translator, noise(32, 20, 3), lambda image: sizes.append(image.shape) or {})
    passage("full").translate(translator, noise(32, 20, 3), lambda image: sizes.append(image.shape) or {})
    assert sizes == [(8, 8, 3), (32, 20, 3)]


def test_tiles_are_of_the_resized_image_and_never_of_training():
    for size, through in (("full", [(16, 16)] * 4), ("16", [(16, 16)]), ("trained", [(24, 24)])):
        translator, seen = recorder()
        Passage(size, (24, 24), (24, 24), tile=16).translate(translator, noise(24, 24, 3))
        assert [x.shape[:2] for x in seen] == through


@pytest.mark.parametrize(
    ("size", "network", "loaded", "given", "said"),
    [
        ("trained", (256, 256), (286, 286), (3000, 4000), ""),
        ("full", (256, 256), (286, 286), (256, 256), ""),
        ("full", (256, 256), (286, 286), (429, 300), ""),
        ("full", (256, 256), (286, 286), (432, 300), "is translated at 432×300 pixels, 1.5 times larger than whole images"),
        ("full", (256, 256), (286, 286), (3000, 4000), "14.0 times larger than whole images in training (286×286)"),
        ("full", (256, 256), (286, 286), (100, 256), "2.9 times smaller"),
        ("256", (256, 256), (286, 286), (3000, 3000), ""),
        ("512", (256, 256), (286, 286), (3000, 3000), "--size=trained is closer"),
        ("256", (256, 256), (286, 286), (1000, 3000), "2.7 times larger"),  # the run saw wide images squeezed
        ("trained", (256, 256), (600, 600), (600, 600), "2.3 times smaller than whole images in training (600×600), a scale"),
        ("trained", (256, 256), (600, 600), (600, 600), "--size=600 is closer"),
        ("600", (256, 256), (600, 600), (1200, 1200), ""),
    ],
)
def test_another_scale_than_trainings_is_told(size, network, loaded, given, said):
    found = Passage(size, network, loaded).unlike_training(given)
    assert said in found and bool(said) == bool(found)


def test_what_cannot_be_handled_is_refused():
    with pytest.raises(UserError, match=r"at --size=4000 its 2×3000 pixels become 4000×6000000, which takes 268.3 GB of memory"):
        passage("4000").translate(recorder()[0], noise(2, 3000, 3))


def test_a_run_of_images_that_no_machine_holds_is_refused():
    with pytest.raises(UserError, match="training was at 16384×16384 pixels, which takes 3 GB of memory, and 1 GB are allowed"):
        passage("trained", network=(2**14, 2**14)).translate(recorder()[0], noise(2, 3, 3))


def test_a_translation_that_takes_more_memory_than_images_may_is_refused(monkeypatch):
    translator, seen = recorder()
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", str(1 / 1024))
    with pytest.raises(UserError, match="the translation of 400×300 pixels takes 0.1 GB of memory, and 0.1 GB are allowed"):
        passage("trained").translate(translator, noise(400, 300, 3))
    assert not seen


@pytest.mark.parametrize("size", ["trained", "40"])
def test_large_results_come_back_in_chunks(size, monkeypatch):
    translator, image = recorder()[0], noise(90, 70, 3)
    whole = passage(size).translate(translator, image)
    for module in ("tfgan.inference.passage", "tfgan.data.reading.chunks"):
        monkeypatch.setattr(f"{module}.AT_ONCE", 700)
    chunked = passage(size).translate(translator, image)
    assert chunked.dtype == np.uint8 and np.abs(chunked.astype(int) - whole).max() <= 1 and (chunked == whole).mean() > 0.999


@pytest.mark.parametrize(
    ("fit", "given", "through"),
    [
        ("none", (20, 33), (20, 33)),
        ("none", (4, 16), (8, 32)),  # enlarged to the crops, as in training
        ("width", (32, 16), (16, 8)),
        ("width", (8, 32), (8, 32)),  # two rows would be left of it
        ("crop", (32, 16), (16, 8)),
        ("crop", (16, 32), (8, 16)),
    ],
)
def test_images_go_through_as_training_made_them(fit, given, through):
    """In their own shape, and as wholes: what training cut out of them lies side by side."""
    translator, seen = recorder()
    image = noise(*given, 3)
    way = Passage("trained", (8, 8), (9, 9), fit=fit)
    result = way.translate(translator, image)
    assert [x.shape[:2] for x in seen] == [through] and result.shape == image.shape
    assert not way.squeezes and way.unlike_training(given) == ""
    assert "in training" in way.describe() or "scale of training" in way.describe()


def test_large_images_at_their_own_scale_go_through_in_tiles():
    translator, seen = recorder()
    image = noise(40, 24, 3)
    np.testing.assert_array_equal(Passage("trained", (8, 8), (9, 9), 16, "none").translate(translator, image), image)
    assert len(seen) > 4 and all(x.shape[:2] == (16, 16) for x in seen)


def test_another_scale_than_that_of_training_is_told():
    way = Passage("64", (8, 8), (9, 9), fit="none")
    assert "8.0 times larger than whole images in training (8×8)" in way.unlike_training((8, 8))
