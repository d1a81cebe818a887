"""Measuring comparisons: which metrics fit, what they say of known images, what real images score beside them."""

import dataclasses

import keras
import numpy as np
import pytest

from tfgan.config import Classes, Domain
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.classifier import UNKNOWN, build_classifier
from tfgan.evaluation.comparison import Comparison, Path
from tfgan.evaluation.distribution import frechet_distance, jackknife_error, kernel_distance
from tfgan.evaluation.extractors import Extractor
from tfgan.evaluation.measure import Tools, fitting, measure
from tfgan.evaluation.segmenter import Segmenter

GRAY = Domain("image", 1)
CLASSES = Classes("ids", (0, 1), ("#000000", "#ffffff"), ("dark", "light"))


def noise(seed, count=24, size=16, channels=1):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, channels), np.uint8)


@pytest.fixture(scope="module")
def extractor():
    """Features: the mean of each quarter; maps: those quarters; logits of two classes: minus and plus the mean."""
    image = keras.Input((None, None, 1))
    maps = keras.layers.AveragePooling2D(8)(image)
    mean = keras.layers.GlobalAveragePooling2D()(image)
    model = keras.Model(
        image, [keras.layers.Flatten()(keras.layers.Reshape((2, 2, 1))(maps)), maps, keras.ops.concatenate([-mean, mean], -1)]
    )
    return Extractor("quarters", model, None, 1, True, "0")


def quarters(pixels):
    return (pixels / 127.5 - 1.0).reshape(-1, 2, 8, 2, 8).mean(axis=(2, 4)).reshape(-1, 4)


def test_sets_by_the_functions_themselves(extractor):
    comparison = Comparison(GRAY, noise(0), noise(1), more_real=noise(2, 20))
    found = measure(comparison, list(METRICS), Tools(features=extractor)).values
    assert set(found) == {"swd", "fid", "kid", "inception_score", "precision", "recall", "density", "coverage"}
    assert found["fid"].value == pytest.approx(frechet_distance(quarters(noise(1)), quarters(noise(0))), rel=1e-3)
    assert found["fid"].real == pytest.approx(frechet_distance(quarters(noise(1)), quarters(noise(2, 20))), rel=1e-3)
    assert found["kid"].value == pytest.approx(kernel_distance(quarters(noise(1)), quarters(noise(0)))[0], abs=1e-6)
    assert 1.0 <= found["inception_score"].value < 1.1
    for name in ("fid", "kid", "precision", "coverage"):
        assert found[name].low <= found[name].value <= found[name].high
    error = jackknife_error(frechet_distance, quarters(noise(1)), quarters(noise(0)))
    assert found["fid"].high == pytest.approx(found["fid"].value + 2.26 * error, rel=1e-3) and found["precision"].high <= 1.0


def test_not_full_is_the_same_figure_alone(extractor):
    comparison = Comparison(GRAY, noise(0), noise(1), matched=True, more_real=noise(2))
    full, short = (measure(comparison, list(METRICS), Tools(features=extractor), full=full).values for full in (True, False))
    assert full.keys() == short.keys()
    for name in full:
        assert short[name].value == full[name].value and short[name].low is short[name].real is None


def test_few_images_are_warned_of(extractor):
    comparison = Comparison(GRAY, noise(0, 6), noise(1, 6), matched=True)
    warnings = " ".join(measure(comparison, list(METRICS), Tools(features=extractor)).warnings)
    assert "6 images are few for l1" in warnings and "6 real and 6 generated images are few" in warnings and "fid 10,000" in warnings
    assert measure(comparison, ["swd"], Tools()).warnings == [
        "6 real and 6 generated images are few: the figures depend on their number. Advisable from: swd 1,000."
    ]
    comparison = dataclasses.replace(comparison, cycled=(noise(2, 6), noise(3, 6)), asked=np.zeros([6], np.int32))
    found = measure(comparison, ["cycle_l1", "label_accuracy"], Tools(classifier=build_classifier((16, 16), 1, 2))).warnings
    assert [text.split(":")[0] for text in sorted(found)] == [f"6 images are few for {name}" for name in ("cycle_l1", "label_accuracy")]


@pytest.mark.parametrize("count, left_out", [(6, set()), (5, {"density", "coverage"}), (3, {"density", "coverage", "precision", "recall"})])
def test_too_few_images_leave_metrics_out(extractor, count, left_out):
    """Training must not stop for them: validation asks for all that fit."""
    names = {"fid", "kid", "precision", "recall", "density", "coverage"}
    found = measure(Comparison(GRAY, noise(0, count), noise(1, count)), sorted(names), Tools(features=extractor))
    assert names - found.values.keys() == left_out and any("left out" in text for text in found.warnings) == bool(left_out)


def test_matched_scores_and_their_cases(extractor):
    """Two pairs: one equal, one 51 gray values (0.4 on [-1, 1]) apart everywhere."""
    real = np.full([2, 16, 16, 1], 100, np.uint8)
    fake = real + np.array([0, 51], np.uint8)[:, None, None, None]
    found = measure(Comparison(GRAY, fake, real, matched=True), ["l1", "psnr", "feature_distance"], Tools(features=extractor))
    np.testing.assert_allclose(found.cases["l1"], [0.0, 0.4], atol=1e-6)
    np.testing.assert_allclose(found.cases["psnr"], [100.0, 20 * np.log10(5)], rtol=1e-5)
    assert found.values["l1"].value == pytest.approx(0.2) and (found.values["l1"].low, found.values["l1"].high) == pytest.approx((0.0, 0.4))
    np.testing.assert_allclose(found.cases["feature_distance"], [0.0, 4.0], atol=1e-5)  # one channel of -1 against +1


def brighter_than_middle(photos):
    """Logits of a perfect segmenter of dark and light."""
    return np.concatenate([-photos, photos], axis=-1)


@pytest.mark.parametrize("pictured", [False, True])
def test_segmentation_by_hand(pictured):
    """A quarter of the light half is dark in the generated image; the real one is as its map says. The strip of -1 counts nothing."""
    maps = np.zeros([1, 16, 16], np.int32)
    maps[:, :, 8:] = 1
    real = np.where(maps[..., None] == 1, 255, 0).astype(np.uint8)
    fake = real.copy()
    fake[:, :4, 8:] = 0
    maps[:, 12:] = -1  # 12 of 16 rows count: 96 dark pixels and 96 light ones, of which 32 are read as dark
    channels = 3 if pictured else 1
    images = [np.repeat(image, channels, axis=-1) for image in (fake, real)]
    comparison = Comparison(Domain("x", channels), *images, matched=True, maps=maps, classes=CLASSES, pictured=pictured)
    tools = Tools(segmenter=None if pictured else Segmenter(brighter_than_middle, 1))
    found = measure(comparison, ["pixel_accuracy", "class_accuracy", "mean_iou"], tools).values
    expected = {"pixel_accuracy": 160 / 192, "class_accuracy": (1 + 64 / 96) / 2, "mean_iou": (96 / 128 + 64 / 96) / 2}
    assert {name: value.value for name, value in found.items()} == pytest.approx(expected)
    assert {value.real for value in found.values()} == {1.0}


def test_labels_by_a_classifier_that_sees_brightness():
    net = build_classifier((16, 16), 1, 2)
    for layer in net.layers[:-1]:
        layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    net.layers[-1].set_weights([np.zeros([128, 2]), np.array([0.0, 1.0])])  # always class 1
    labeled = noise(2, 4), np.array([1, 1, 1, 0])
    comparison = Comparison(GRAY, noise(0, 4), noise(1, 4), asked=np.array([1, 0, 0, 0]), labeled=labeled)
    found = measure(comparison, ["label_accuracy"], Tools(classifier=net)).values["label_accuracy"]
    assert (found.value, found.real) == (0.25, 0.75)
    attributes = np.array([[1.0, 1.0], [0.0, 1.0], [UNKNOWN, 0.0], [UNKNOWN, UNKNOWN]])  # it reads (no, yes): logits 0 and 1
    comparison = dataclasses.replace(comparison, asked=attributes, labeled=None)
    found = measure(comparison, ["label_accuracy"], Tools(classifier=net)).values["label_accuracy"]
    assert found.value == pytest.approx((0.5 + 1 + 0) / 3) and found.real is None


def test_a_classifier_of_any_size():
    image = keras.Input((None, None, 3))
    net = keras.Sequential([image, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])
    net.layers[-1].set_weights([np.array([[-1.0, 1.0]] * 3), np.zeros(2)])  # class 1 is bright
    bright = np.full([3, 16, 16, 1], 255, np.uint8)
    comparison = Comparison(GRAY, bright, bright, asked=np.array([1, 1, 0]))
    assert measure(comparison, ["label_accuracy"], Tools(classifier=net)).values["label_accuracy"].value == pytest.approx(2 / 3)


def test_vectors_give_no_feature_distance(extractor):
    """A sum over no maps would be 0, the best there is."""
    vectors = keras.Model(extractor.model.inputs, extractor.model.outputs[0])
    tools = Tools(features=extractor._replace(model=vectors, classifies=False))
    found = measure(Comparison(GRAY, noise(0), noise(1), matched=True), list(METRICS), tools).values
    assert "feature_distance" not in found and "fid" in found


def test_parts_change_nothing(monkeypatch):
    maps = np.random.default_rng(3).integers(0, 2, (5, 16, 16), np.int32)
    comparison = Comparison(GRAY, noise(0, 5), noise(1, 5), matched=True, maps=maps, classes=CLASSES, cycled=(noise(2, 5), noise(3, 5)))
    names, tools = ["mean_iou", "cycle_l1"], Tools(segmenter=Segmenter(brighter_than_middle, 1))
    whole = measure(comparison, names, tools).values
    monkeypatch.setattr("tfgan.evaluation.measure.PART", 2)
    assert measure(comparison, names, tools).values == whole


def test_sliced_distance_of_a_spaced_few(monkeypatch):
    monkeypatch.setattr("tfgan.evaluation.measure.MOST_SLICED", 4)
    few = measure(Comparison(GRAY, noise(0, 8)[::2], noise(1, 8)[::2]), ["swd"], Tools()).values["swd"].value
    assert measure(Comparison(GRAY, noise(0, 8), noise(1, 8)), ["swd"], Tools()).values["swd"].value == few


def test_cycle():
    before = np.full([3, 16, 16, 1], 100, np.uint8)
    comparison = Comparison(GRAY, noise(0, 3), noise(1, 3), cycled=(before, before + np.uint8(51)))
    assert measure(comparison, ["cycle_l1"], Tools()).values["cycle_l1"].value == pytest.approx(0.4)


def test_what_fits():
    plain = Comparison(GRAY, noise(0, 2), noise(1, 2))
    assert {METRICS[name].group for name in fitting(plain)} == {"sliced", "distribution"}
    assert {METRICS[name].group for name in fitting(dataclasses.replace(plain, matched=True, alone=False))} == {"matched"}
    assert not fitting(Comparison(GRAY, noise(0, 2, 8), noise(1, 2, 8), alone=False))
    large = [np.zeros([1, size, 200, 1], np.uint8) for size in (175, 176)]
    assert ["ms_ssim" in fitting(Comparison(GRAY, images, images, matched=True)) for images in large] == [False, True]
    assert "swd" not in fitting(Comparison(GRAY, noise(0, 2, 8), noise(1, 2, 8)))
    assert measure(plain, list(METRICS), Tools()).values.keys() == {"swd"}


def test_wide_pixels_are_read_by_their_own_range():
    deep = Domain("image", 1, "uint16")
    pair = [noise(seed, 4).astype(np.uint16) * 257 for seed in (0, 1)]
    ours = measure(Comparison(deep, *pair, matched=True), ["l1", "swd"], Tools()).values
    theirs = measure(Comparison(GRAY, noise(0, 4), noise(1, 4), matched=True), ["l1", "swd"], Tools()).values
    assert ours["l1"].value == pytest.approx(theirs["l1"].value, rel=1e-4) and ours["swd"].value == pytest.approx(
        theirs["swd"].value, rel=1e-4
    )


def test_path_lengths_by_hand(extractor):
    """200 pairs, each apart by a known angle of the quarters' vectors; the last one is far off, and left out."""
    step = 1e-2
    angles = np.append(np.linspace(0.01, 1.0, 199), 9.0) * step

    def images(shift):
        quarters = np.stack([np.cos(shift), np.sin(shift), 0 * shift, 0 * shift], axis=1).reshape(-1, 2, 2, 1)
        return quarters.repeat(8, axis=1).repeat(8, axis=2).astype(np.float32)

    flat = keras.Model(extractor.model.input, [extractor.model.outputs[0]])
    vectors = Extractor("vectors", flat, None, 1, False, "0")
    pairs = [(images(0 * angles[i : i + 50]), images(angles[i : i + 50])) for i in range(0, 200, 50)]
    comparison = Comparison(GRAY, noise(0, 4), noise(1, 4), path=Path(lambda: iter(pairs), 200, step))
    lengths = (2 - 2 * np.cos(angles)) / 4 / step**2  # of unit vectors, over four features
    found = measure(comparison, ["ppl_features"], Tools(features=vectors)).values
    assert found["ppl_features"].value == pytest.approx(lengths[:-1].mean(), rel=2e-2)
    assert found["ppl_features"].low < found["ppl_features"].value < found["ppl_features"].high
    trimmed = lengths[(lengths >= np.percentile(lengths, 1, method="lower")) & (lengths <= np.percentile(lengths, 99, method="higher"))]
    assert found["ppl_features"].value == pytest.approx(trimmed.mean(), rel=1e-3)
    colors = measure(comparison, ["ppl"], Tools(perceptual=lambda one, other: float(np.abs(one - other).max() + one.shape[2]))).values
    assert colors["ppl"].value == pytest.approx(3 / step**2, rel=1e-2) and "ppl" not in fitting(Comparison(GRAY, noise(0), noise(1)))
