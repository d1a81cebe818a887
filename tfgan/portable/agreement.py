"""How near the results of a file come to the run's, in its own runtime, and whether that is near enough."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.portable.cases import Case, Inputs
from tfgan.portable.graph import Function

STEPS = 127.5  # of 8 bits, from 0 to 1 of [-1, 1]
WINDOW = 11  # pixels of SSIM's window; smaller images take a smaller one


class Bound(NamedTuple):
    """How far results may be from the run's: mean and largest difference in steps of 8 bits, SSIM, and pixels of another class."""

    mean: float
    largest: float
    ssim: float
    share: float


BOUNDS = {
    "none": Bound(1e-4 * STEPS, 1e-4 * STEPS, 0.999, 0.001),  # 1e-4 on [-1, 1]
    "float16": Bound(0.5, 8.0, 0.99, 0.01),
    "dynamic": Bound(3.0, 48.0, 0.95, 0.05),
    "int8": Bound(6.0, 96.0, 0.85, 0.1),
}
"""Quantization -> what its results are held to."""


class Agreement(NamedTuple):
    """What came of a comparison of one function of one file with the run, over all cases.

    Attributes:
        file: its name in the export.
        quantize: a key of `BOUNDS`.
        cases: at which sizes, in words.
        largest_difference: on [-1, 1]; of vectors, in their own units.
        mean, largest: in steps of 8 bits; of vectors, 255 steps span twice the largest value; of maps of classes, 0.
        ssim: the lowest one of an image; None for vectors and maps.
        share: of pixels with another class.
        fits: whether all of it is within the bound.
    """

    file: str
    function: str
    quantize: str
    cases: str
    largest_difference: float
    mean: float
    largest: float
    ssim: float | None
    share: float
    fits: bool

    def record(self) -> dict[str, Any]:
        """As JSON has it, with the bound."""
        return self._asdict() | {"bound": BOUNDS[self.quantize]._asdict()}


def compare(file: str, function: Function, quantize: str, cases: Sequence[Case], run: Callable[[Inputs], np.ndarray]) -> Agreement:
    """Runs a function on its cases and compares the results with the run's.

    Args:
        run: runs it: inputs by name -> its result.
    """
    pairs = [(case.expected, case.cut(run(case.inputs))) for case in cases]
    if wrong := [f"{made.shape} instead of {expected.shape}" for expected, made in pairs if made.shape != expected.shape]:
        raise ValueError(f"{file}: {function.name} gives results of shape {wrong[0]}")
    words = ", ".join(dict.fromkeys(filter(None, (case.words for case in cases))))
    apart = [np.abs(expected.astype(np.float64) - made) for expected, made in pairs]
    bound = BOUNDS[quantize]
    if function.output == "translated_labels":
        share = max(float(np.mean(differences > 0)) for differences in apart)
        return Agreement(file, function.name, quantize, words, 0.0, 0.0, 0.0, None, share, share <= bound.share)
    steps = _steps(function, [expected for expected, _ in pairs])
    largest_difference = max(float(np.max(differences)) for differences in apart)
    mean, largest = max(float(np.mean(differences)) for differences in apart) * steps, largest_difference * steps
    ssim = min(_ssim(function, *pair) for pair in pairs) if pairs[0][0].ndim == 4 else None
    # Rounding to whole values may fall either way; NaN is within no bound.
    most = max(bound.largest, 0.0 if function.is_floats or function.domain is None else 1.0)
    fits = mean <= max(bound.mean, 0.0 if most == bound.largest else most) and largest <= most and (ssim is None or ssim >= bound.ssim)
    if not function.is_floats and function.domain is not None:
        largest_difference /= STEPS
    return Agreement(file, function.name, quantize, words, largest_difference, mean, largest, ssim, 0.0, bool(fits))


def _steps(function: Function, expected: list[np.ndarray]) -> float:
    """How many steps of 8 bits there are in a difference of 1."""
    if function.domain is not None:
        return STEPS if function.is_floats else 1.0
    return STEPS / max(1.0, *(float(np.max(np.abs(vectors))) for vectors in expected))


def _ssim(function: Function, expected: np.ndarray, made: np.ndarray) -> float:
    span, window = 2.0 if function.is_floats else 255.0, min(WINDOW, *expected.shape[1:3])
    shift = 1.0 if function.is_floats else 0.0  # SSIM is of values from 0 on: it compares means by their quotient
    pair = (tf.constant(image.astype(np.float32) + shift) for image in (expected, made))
    return float(tf.reduce_min(tf.image.ssim(*pair, max_val=span, filter_size=window)))


HEADINGS = ("file", "function", "compared at", "largest on [-1, 1]", "mean step", "largest step", "SSIM", "")


def table(found: Sequence[Agreement]) -> list[str]:
    """Lines of a table of comparisons, with the bounds below."""
    rows = [HEADINGS, *(_row(one) for one in found)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    used = dict.fromkeys(one.quantize for one in found)
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows] + [_words(name) for name in used]


def _row(one: Agreement) -> tuple[str, ...]:
    if one.function.endswith("_pixels") and one.ssim is None and one.share:
        numbers = (f"{one.share:.2%} of pixels", "", "", "")
    else:
        numbers = (f"{one.largest_difference:.2g}", f"{one.mean:.3f}", f"{one.largest:.2f}", "" if one.ssim is None else f"{one.ssim:.4f}")
    return (one.file, one.function, one.cases, *numbers, "" if one.fits else "OUT OF BOUNDS")


def _words(quantize: str) -> str:
    bound = BOUNDS[quantize]
    if quantize == "none":
        return "Bounds of float32: 1e-4 on [-1, 1], of pixels 1 step of 255."
    return f"Bounds of {quantize}: mean {bound.mean:g} and largest {bound.largest:g} steps of 255, SSIM {bound.ssim:g}."
