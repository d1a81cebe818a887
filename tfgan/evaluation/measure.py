"""Measuring a comparison: each group of metrics once, by the tools that are there."""

import functools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np

from tfgan.config import Classes, Domain, Size
from tfgan.data.label_maps.maps import paint
from tfgan.data.preparation.normalization import as_floats
from tfgan.data.preparation.ranges import range_of
from tfgan.evaluation import flicker, sliced
from tfgan.evaluation.bootstrap import interval, mean_interval
from tfgan.evaluation.catalog import FROM_FEATURES, METRICS
from tfgan.evaluation.classifier import read_as_asked
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.distribution import (
    FEWEST,
    density_coverage,
    frechet_distance,
    inception_score,
    jackknife_error,
    kernel_distance,
    precision_recall,
)
from tfgan.evaluation.extractors import Extractor, Seen, image_input, maps_of, resize, see, seen_maps, with_channels
from tfgan.evaluation.perceptual import map_distance
from tfgan.evaluation.pixels import WINDOW, WINDOW_OF_SCALES, paired_scores
from tfgan.evaluation.ranks import rank_correlation
from tfgan.evaluation.results import Measured, Value
from tfgan.evaluation.segmentation import confusion, segmentation_scores
from tfgan.evaluation.segmenter import Segmenter, at_size, nearest_classes, segment
from tfgan.terminal import waiting

PART = 64  # images that are floats at once
MOST_SLICED = 2048  # images of each side, evenly spaced, for the sliced Wasserstein distance
FEWEST_FOR_ERRORS = 20  # images; of fewer the jackknife's parts are too small
FEWEST_SCORES = 30  # images; of fewer an interval by the bootstrap is too narrow
LEAST = {"precision": 4, "recall": 4, "density": 6, "coverage": 6}  # images: one more than the neighbors that are looked at; else 2
NEEDED = {
    "features": "features",
    "probabilities": "class probabilities",
    "maps": "feature maps",
    "perceptual": "LPIPS' weights",
    "segmenter": "a segmenter",
    "classifier": "a classifier",
}
WIDTHS = {"kid": 1.96}  # standard errors on either side of a 95 % interval
JACKKNIFE = 2.26  # the same of errors from the jackknife's ten groups: Student's t of 9 degrees of freedom
RANGES = {
    "inception_score": (1.0, math.inf),
    "kid": (-math.inf, math.inf),
    **dict.fromkeys(("precision", "recall", "coverage"), (0.0, 1.0)),
}


class Tools(NamedTuple):
    """Networks that some metrics need; None where there is none."""

    features: Extractor | None = None
    perceptual: Callable[[np.ndarray, np.ndarray], float] | None = None  # LPIPS of a pair of images H×W×3 in [-1, 1]
    segmenter: Segmenter | None = None
    classifier: keras.Model | None = None

    def has(self, tool: str) -> bool:
        if tool == "probabilities":
            return self.features is not None and self.features.classifies
        if tool == "maps":
            return self.features is not None and self.features.has_maps
        return tool in ("", "uncertainty") or getattr(self, tool) is not None  # a comparison brings its maps of uncertainty


def fitting(comparison: Comparison) -> list[str]:
    """Names of the metrics that can be measured on a comparison, given their tools."""
    there = {
        "matched": comparison.matched,
        "units": comparison.matched and (comparison.domain.value_range or comparison.domain.dtype != "uint8"),
        "sequence": comparison.matched and comparison.clips is not None,
        "segmentation": comparison.maps is not None,
        "spread": comparison.matched and comparison.spread is not None,
        "labels": comparison.asked is not None,
        "cycle": comparison.cycled is not None,
        "path": comparison.path is not None,
        "sliced": comparison.alone and min(comparison.real.shape[1:3]) >= sliced.SMALLEST,
        "distribution": comparison.alone,
    }
    smallest = {"ssim": WINDOW, "ms_ssim": WINDOW_OF_SCALES}
    return [name for name, metric in METRICS.items() if there[metric.group] and min(comparison.real.shape[1:3]) >= smallest.get(name, 1)]


def measure(comparison: Comparison, names: list[str], tools: Tools, *, seed: int = 0, full: bool = True) -> Measured:
    """Measures those of the metrics `names` that fit a comparison and whose tools are there.

    Metrics of features for which there are too few images are left out too, with a warning.

    Args:
        seed: of intervals and projections.
        full: with intervals and what real images score, which take several times as long.

    Raises:
        UserError: features that are not finite, or images that a metric cannot compare.
    """
    measurement = _Measurement(comparison, tools, seed, full)
    fit = [name for name in fitting(comparison) if name in names and tools.has(_tool(comparison, name))]
    for group in dict.fromkeys(METRICS[name].group for name in fit):
        getattr(measurement, group)([name for name in fit if METRICS[name].group == group])
    return measurement.measured


def obstacle(comparison: Comparison, name: str, tools: Tools) -> str:
    """Why a metric cannot be measured on a comparison; "" if it can."""
    if name not in fitting(comparison):
        return "it does not fit the images"
    tool, count = _tool(comparison, name), min(len(comparison.real), len(comparison.fake))
    if not tools.has(tool):
        seeing = f" of {tools.features.name}, which has none" if tool in FROM_FEATURES and tools.features else ""
        return f"it needs {NEEDED[tool]}{seeing}"
    if name == "flicker" and next(_changes(comparison), None) is None:
        return f"between no two frames do {flicker.FEWEST:.0%} of the real pixels keep still"
    least = _least(name)
    return f"{count} images are too few: it needs {least}" if count < least else ""


def _tool(comparison: Comparison, name: str) -> str:
    """The tool that a metric needs for a comparison: the colors of pictures of label maps are read without a segmenter."""
    return "" if comparison.pictured and METRICS[name].tool == "segmenter" else METRICS[name].tool


def _changes(comparison: Comparison) -> Iterator[tuple[float, float]]:
    assert comparison.clips is not None
    return flicker.changes(comparison.real, comparison.fake, comparison.clips, comparison.domain)


def _least(name: str) -> int:
    return LEAST.get(name, 2 if METRICS[name].group == "distribution" else 1)


class _Measurement:
    """A measurement in progress: each group of metrics has a method of its name, given the metrics wanted, whose tools are there."""

    def __init__(self, comparison: Comparison, tools: Tools, seed: int, full: bool):
        self.comparison, self.tools, self.seed, self.full = comparison, tools, seed, full
        self.measured = Measured({}, {}, list(comparison.notes) if full else [])

    def floats(self, pixels: np.ndarray, domain: Domain | None = None) -> np.ndarray:
        return as_floats(pixels, domain or self.comparison.domain)

    def each(self, function: Callable[..., np.ndarray], *pixels: np.ndarray, domain: Domain | None = None) -> np.ndarray:
        """Results of `function` for images in [-1, 1], some at a time: floats take four times the memory of pixels."""
        parts = [slice(begin, begin + PART) for begin in range(0, len(pixels[0]), PART)]
        shown = waiting(parts, len(parts), "Measuring images, in batches")
        return np.concatenate([function(*(self.floats(images[part], domain) for images in pixels)) for part in shown])

    def mean(self, scores, real: float | None = None) -> Value:
        """The mean of scores of images, with its interval where the measurement is full."""
        low, high = mean_interval(scores, self.seed) if self.full else (None, None)
        return Value(float(np.mean(scores)), low, high, real)

    def matched(self, wanted: list[str]):
        scores: dict[str, list[float]] = {}
        perceptual, features = self.tools.perceptual, self.tools.features
        for pair in zip(self.comparison.real, self.comparison.fake):
            real, fake = map(self.floats, pair)
            found = paired_scores(real, fake)
            if perceptual and "lpips" in wanted:
                found["lpips"] = perceptual(*(np.asarray(with_channels(image[None], 3))[0] for image in (real, fake)))
            if features and "feature_distance" in wanted:
                maps = ([layer[0] for layer in maps_of(features, image[None])] for image in (real, fake))
                found["feature_distance"] = map_distance(*maps)
            for name, score in found.items():
                scores.setdefault(name, []).append(score)
        for name in [name for name in wanted if name in scores]:
            self.measured.cases[name] = np.array(scores[name])
            self.measured.values[name] = self.mean(scores[name])
        self._warn_of_few_scores(wanted)

    def units(self, wanted: list[str]):
        """The mean absolute difference in the units of the files: that on [-1, 1] times half of each channel's range."""
        domain = self.comparison.domain
        ranges = np.array([range_of(domain, channel) for channel in range(self.comparison.real.shape[-1])])
        halves = ((ranges[:, 1] - ranges[:, 0]) / 2).astype(np.float32)
        errors = self.each(
            lambda real, fake: (np.abs(real - fake) * halves).mean(axis=(1, 2, 3)), self.comparison.real, self.comparison.fake
        )
        self.measured.cases["l1_units"] = errors
        self.measured.values["l1_units"] = self.mean(errors)

    def sequence(self, wanted: list[str]):
        """The change where the real frames keep still, beside that of the real frames there."""
        clips = self.comparison.clips
        assert clips is not None
        steps = int(np.count_nonzero(clips[1:] == clips[:-1]))
        found = np.array(list(waiting(_changes(self.comparison), steps, "Comparing frames")))
        self.measured.values["flicker"] = self.mean(found[:, 0], float(found[:, 1].mean()) if self.full else None)
        if len(found) < steps:
            self.measured.warnings.append(
                f"flicker is that of {len(found):,} of {steps:,} changes of frames: in the others nothing keeps still."
            )

    def segmentation(self, wanted: list[str]):
        maps, classes = self.comparison.maps, self.comparison.classes
        assert maps is not None and classes is not None
        size, count = maps.shape[1:], len(classes.names)
        fake, real = (
            np.stack([confusion(truth, told, count) for truth, told in zip(maps, self._read_classes(pixels, size, classes))])
            for pixels in (self.comparison.fake, self.comparison.real)
        )

        def score_of(rows, name):
            return segmentation_scores(fake[rows].sum(axis=0))[name]

        ceiling = segmentation_scores(real.sum(axis=0))
        for name, score in segmentation_scores(fake.sum(axis=0)).items():
            if name in wanted:
                low, high = interval(functools.partial(score_of, name=name), len(fake), self.seed)
                self.measured.values[name] = Value(score, low, high, ceiling[name])
        self._warn_of_few_scores(wanted)

    def _read_classes(self, pixels: np.ndarray, size: Size, classes: Classes) -> np.ndarray:
        """The classes that images show, at the size of the true maps: by the segmenter, or of pictures of label maps by their colors."""
        colors = paint(np.arange(len(classes.names))[None], classes)[0] / np.float32(127.5) - 1.0

        def read(images):
            if self.comparison.pictured:
                return at_size(nearest_classes(images, colors), size)
            assert self.tools.segmenter is not None
            return segment(self.tools.segmenter, images, size)

        return self.each(read, pixels)

    def spread(self, wanted: list[str]):
        """Where the maps of uncertainty are high, the error should be: of each image's pixels, and of the images."""
        maps = self.comparison.spread
        assert maps is not None
        errors = self.each(lambda real, fake: np.abs(real - fake).mean(axis=3), self.comparison.real, self.comparison.fake)
        if "uncertainty_pixels" in wanted:
            found = np.array([rank_correlation(one, error) for one, error in zip(maps, errors)])
            if flat := int(np.isnan(found).sum()):
                self.measured.warnings.append(f"{flat} of {len(found)} maps of uncertainty have one value alone, and count as 0.")
            self.measured.values["uncertainty_pixels"] = self.mean(np.nan_to_num(found))
        if "uncertainty_images" in wanted:
            means = maps.mean(axis=(1, 2, 3)), errors.mean(axis=(1, 2))

            def score_of(rows):
                return np.nan_to_num(rank_correlation(*(values[rows] for values in means)))

            ends = interval(score_of, len(errors), self.seed) if self.full else (None, None)
            self.measured.values["uncertainty_images"] = Value(float(score_of(np.arange(len(errors)))), *ends)
        self._warn_of_few_scores(wanted)

    def labels(self, wanted: list[str]):
        assert self.comparison.asked is not None
        shares = self._shares(self.comparison.fake, self.comparison.asked)
        real = float(np.mean(self._shares(*self.comparison.labeled))) if self.full and self.comparison.labeled else None
        self.measured.values["label_accuracy"] = self.mean(shares, real)
        self._warn_of_few_scores(wanted)

    def _shares(self, pixels: np.ndarray, asked: np.ndarray) -> np.ndarray:
        size, channels = image_input(self.tools.classifier)
        images = self.each(lambda part: np.asarray(resize(with_channels(part, channels), size)), pixels)
        return read_as_asked(self.tools.classifier, images, asked)

    def cycle(self, wanted: list[str]):
        assert self.comparison.cycled is not None
        domain = self.comparison.shown  # they are of the domain that was translated
        errors = self.each(lambda before, after: np.abs(before - after).mean(axis=(1, 2, 3)), *self.comparison.cycled, domain=domain)
        self.measured.values["cycle_l1"] = self.mean(errors)
        self._warn_of_few_scores(wanted)

    def path(self, wanted: list[str]):
        """The mean distance of neighbors, a squared unit of the way, without the lowest and highest 1 %, as in the authors' code."""
        assert self.comparison.path is not None
        pairs, _, step = self.comparison.path
        found: dict[str, list[float]] = {name: [] for name in wanted}
        for sides in waiting(pairs(), None, "Measuring path lengths, in batches"):
            if "ppl" in wanted and self.tools.perceptual:
                colors = [np.asarray(with_channels(side, 3)) for side in sides]
                found["ppl"] += [self.tools.perceptual(*pair) for pair in zip(*colors)]
            if "ppl_features" in wanted and self.tools.features:
                maps = [[np.asarray(layer) for layer in seen_maps(self.tools.features, side)] for side in sides]
                found["ppl_features"] += [
                    map_distance(*([layer[number] for layer in side] for side in maps)) for number in range(len(sides[0]))
                ]
        for name, distances in found.items():
            lengths = np.array(distances) / step**2
            low, high = np.percentile(lengths, 1, method="lower"), np.percentile(lengths, 99, method="higher")
            self.measured.values[name] = self.mean(lengths[(lengths >= low) & (lengths <= high)])

    def sliced(self, wanted: list[str]):
        def some(pixels):
            count = min(len(pixels), MOST_SLICED)
            return self.floats(pixels[np.arange(count) * len(pixels) // count])

        real, more = some(self.comparison.real), self.comparison.more_real
        distance = sliced.sliced_wasserstein(real, some(self.comparison.fake), self.seed)["mean"]
        baseline = sliced.sliced_wasserstein(real, some(more), self.seed)["mean"] if self.full and more is not None else None
        self.measured.values["swd"] = Value(distance, real=baseline)
        self._warn_of_few_images({"swd": sliced.FEWEST})

    def _warn_of_few_images(self, fewest: dict[str, int]):
        """Warns of the metrics for which there are fewer images than advisable; `fewest` says from how many on each is."""
        real, fake = len(self.comparison.real), len(self.comparison.fake)
        few = [f"{name} {least:,}" for name, least in fewest.items() if min(real, fake) < least]
        if few:
            sizes = f"{real:,} real and {fake:,} generated images"
            self.measured.warnings.append(f"{sizes} are few: the figures depend on their number. Advisable from: {', '.join(few)}.")

    def distribution(self, wanted: list[str]):
        count = min(len(self.comparison.real), len(self.comparison.fake))
        left_out = [name for name in wanted if count < _least(name)]
        if left_out:
            self.measured.warnings.append(f"{count} images are too few for {', '.join(left_out)}, which are left out.")
            wanted = [name for name in wanted if name not in left_out]
        real, fake = self._seen(self.comparison.real), self._seen(self.comparison.fake)
        found, baseline = self._distances(real, fake, wanted, errors=self.full and count >= FEWEST_FOR_ERRORS), {}
        if self.full and self.comparison.more_real is not None:
            baseline = self._distances(real, self._seen(self.comparison.more_real), wanted, errors=False)
        for name, value in found.items():
            self.measured.values[name] = value._replace(real=baseline[name].value if name in baseline else None)
        self._warn_of_few_images({name: FEWEST[name] for name in found})

    def _seen(self, pixels: np.ndarray) -> Seen:
        assert self.tools.features is not None
        return see(self.tools.features, pixels, lambda part: as_floats(part, self.comparison.domain))

    def _distances(self, real: Seen, fake: Seen, wanted: list[str], errors: bool) -> dict[str, Value]:
        sets, found = (real.features, fake.features), {}

        def add(names, statistic, *rows):
            """Adds one or several figures of one statistic, with errors by the jackknife."""
            if set(names) & set(wanted):
                error = jackknife_error(statistic, *rows, seed=self.seed) if errors else None
                values = np.atleast_1d(statistic(*rows))
                for name, value, width in zip(names, values, values if error is None else np.atleast_1d(error)):
                    found[name] = _around(name, value, None if error is None else width)

        add(["fid"], frechet_distance, *sets)
        if "kid" in wanted:
            value, error = kernel_distance(*sets)
            found["kid"] = _around("kid", value, error if errors else None)
        add(["inception_score"], inception_score, fake.probabilities)
        add(["precision", "recall"], lambda *rows: [np.mean(shares) for shares in precision_recall(*rows)], *sets)
        add(["density", "coverage"], lambda *rows: [np.mean(shares) for shares in density_coverage(*rows)], *sets)
        return {name: value for name, value in found.items() if name in wanted}

    def _warn_of_few_scores(self, wanted: list[str]):
        if len(self.comparison.fake) < FEWEST_SCORES:
            self.measured.warnings.append(f"{len(self.comparison.fake)} images are few for {', '.join(wanted)}: intervals are too narrow.")


def _around(name: str, value: float, error: float | None) -> Value:
    """A figure and its interval, inside the metric's range."""
    if error is None:
        return Value(float(value))
    width, (least, most) = WIDTHS.get(name, JACKKNIFE) * error, RANGES.get(name, (0.0, math.inf))
    return Value(float(value), max(float(value - width), least), min(float(value + width), most))
