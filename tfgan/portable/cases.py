"""Real inputs of a run for its functions, with what the run makes of them: what every file is held to."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tfgan.config import Size
from tfgan.data.preparation.normalization import normalize
from tfgan.inference import Encoder, Sampler, Translator
from tfgan.portable.graph import Function

SEEDS = range(4)  # of images from noise that are compared
CALIBRATION = range(1000, 1032)  # and of those that 8 bits are calibrated on
IMAGES = 4  # that are compared at most, at each size
OTHER_TRUNCATION = 0.5

Inputs = dict[str, np.ndarray]


class Case(NamedTuple):
    """Inputs of a function, N in a batch, and the run's result.

    Attributes:
        inputs: by name; images are padded to what the network takes.
        expected: what the run makes of the images before they are padded.
        words: what is special about the case: the size of the images.
        top, left: where in the function's result the run's result begins.
    """

    inputs: Inputs
    expected: np.ndarray
    words: str
    top: int = 0
    left: int = 0

    def cut(self, made: np.ndarray) -> np.ndarray:
        """The part of a function's result that is the run's."""
        if made.ndim < 3 or made.ndim != self.expected.ndim or made.shape == self.expected.shape:
            return made
        height, width = self.expected.shape[1:3]
        return made[:, self.top : self.top + height, self.left : self.left + width]


def cases(function: Function, signature: Translator | Encoder | Sampler, images: list[np.ndarray], size: Size, dynamic: bool) -> list[Case]:
    """The cases of a function.

    Images of a translation come at `size`, at one that needs padding to get there and, if sizes are dynamic, at a larger one and one that
    is padded to that; their conditions are drawn at random.

    Args:
        images: real inputs of the run as `signature` takes them, H×W×C or class indices H×W; one at least, but for a sampler.
        size: height and width that the network takes.
        dynamic: whether the function takes any other, too.
    """
    if isinstance(signature, Sampler):
        return list(_from_noise(function, signature, SEEDS))
    if isinstance(signature, Encoder):
        return list(_encoded(function, signature, images[:IMAGES]))
    return [_translated(function, signature, images[:IMAGES], shape) for shape in _sizes(function, size, dynamic)]


def calibration(function: Function, signature: Translator | Encoder | Sampler, images: list[np.ndarray], size: Size) -> list[Inputs]:
    """Inputs of a function for one image each, by which 8 bits are calibrated: none is compared.

    They are the run's own images, but from right to left, and images of other seeds.
    """
    turned = [image[:, ::-1] for image in images]
    if isinstance(signature, Sampler):
        found = list(_from_noise(function, signature, CALIBRATION))
    elif isinstance(signature, Encoder):
        found = list(_encoded(function, signature, turned))
    else:
        found = [_translated(function, signature, turned, size)]
    return [inputs for case in found for inputs in one_by_one(case.inputs)]


def one_by_one(inputs: Inputs) -> Iterator[Inputs]:
    """Inputs for a batch of N as inputs for batches of one; scalars are the same for all."""
    (count,) = {len(value) for value in inputs.values() if value.ndim}
    for i in range(count):
        yield {name: value[i : i + 1] if value.ndim else value for name, value in inputs.items()}


def _sizes(function: Function, size: Size, dynamic: bool) -> list[Size]:
    (height, width), step = size, function.multiple
    some = [(height, width), *([(height + step, width + 2 * step)] if dynamic else [])]
    fewer = [max(1, step // 2), max(1, step // 3)]
    padded = [(h - fewer[0], w - fewer[1]) for h, w in some] if step > 1 else []
    return some + [(h, w) for h, w in padded if h > 0 and w > 0]


def fitted(image: np.ndarray, size: Size) -> np.ndarray:
    """The middle of an image H×W… where it is larger than `size`, and mirrored at its border where it is smaller."""
    for axis, wanted in enumerate(size):
        begin = max(0, (image.shape[axis] - wanted) // 2)
        image = image.take(range(begin, begin + min(wanted, image.shape[axis])), axis=axis)
        image = _mirrored(image, wanted, axis)[0]
    return image


def _mirrored(image: np.ndarray, wanted: int, axis: int) -> tuple[np.ndarray, int]:
    """An image that is mirrored at both ends of an axis until it is `wanted` long, and where it begins; as Translator does it."""
    before = (wanted - image.shape[axis]) // 2
    around = [(0, 0)] * image.ndim
    around[axis] = (before, wanted - image.shape[axis] - before)
    return np.pad(image, around, mode="reflect"), before


def _conditions(way: Translator, count: int, generator: np.random.Generator) -> Inputs:
    return {
        name: (generator.integers(0, 2, [count, n]) if name in ("attributes", "mask") else generator.normal(size=[count, n])).astype(
            np.float32
        )
        for name, n in way.lengths.items()
    }


def _translated(function: Function, way: Translator, images: list[np.ndarray], size: Size) -> Case:
    pixels = np.stack([fitted(image, size) for image in images])
    given = _conditions(way, len(pixels), np.random.default_rng(0))
    if function.is_floats:
        batch = way.to_floats(pixels).numpy()
        expected = way(batch, **given).numpy()
    else:
        batch, expected = pixels, way.pixels(pixels, **given).numpy()
    padded, starts = batch, []
    for axis, length in enumerate(size, start=1):
        multiple = function.multiple
        padded, begin = _mirrored(padded, max((length + multiple - 1) // multiple * multiple, function.minimum), axis)
        starts.append(begin)
    words = f"{size[0]}×{size[1]}" + (" padded" if padded.shape != batch.shape else "")
    return Case({function.inputs[0].name: padded, **given}, expected, words, *starts)


def _encoded(function: Function, encoder: Encoder, images: list[np.ndarray]) -> Iterator[Case]:
    for image in images:
        floats = normalize(image[None], encoder.source)
        if function.is_floats:
            yield Case({"images": encoder.fit(floats).numpy()}, encoder(floats).numpy(), "")
            continue
        pixels = np.round((encoder.fit(floats).numpy() + 1.0) * (np.iinfo(encoder.source.dtype).max / 2)).astype(encoder.source.dtype)
        yield Case({"images": pixels}, encoder.encoding.function(normalize(pixels, encoder.source)).numpy(), "")


@functools.lru_cache(4)
def _truncated(sampler: Sampler, psi: float) -> Sampler:
    """The run's sampler with another ψ, made once for all that is compared with it: each has graphs of its own."""
    return sampler.truncated(psi)


def _from_noise(function: Function, sampler: Sampler, seeds: range) -> Iterator[Case]:
    latents = sampler.latents(seeds)
    labels = {"labels": np.arange(len(seeds), dtype=np.int32) % len(sampler.class_names)} if sampler.class_names else {}
    if sampler.styles is None:
        own = sampler(latents, **labels) if function.is_floats else sampler.pixels(latents, **labels)
        yield Case({"latents": latents, **labels}, own.numpy(), "")
        return
    for psi in dict.fromkeys((sampler.styles.truncation, OTHER_TRUNCATION)):
        mapped = sampler.styles.map(latents, psi).numpy()
        run, inputs = _truncated(sampler, psi), {"latents": latents, "truncation": np.array(psi, np.float32)}
        if function.name == "mapping":
            yield Case(inputs, mapped, f"ψ {psi:g}")
        elif function.name == "synthesis":
            yield Case({"styles": mapped}, run(latents).numpy(), f"ψ {psi:g}")
        else:
            yield Case(inputs, (run(latents) if function.is_floats else run.pixels(latents)).numpy(), f"ψ {psi:g}")
