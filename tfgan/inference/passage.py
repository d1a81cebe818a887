"""The size at which images go through a network: that of training, their own, or another one. Results come back in the images' own size."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan.cielab import joined, lightness_and_colors
from tfgan.config import FULL, TRAINED, Size, as_pixels
from tfgan.data.preparation.geometry import scaled
from tfgan.data.preparation.normalization import normalize
from tfgan.data.reading import memory
from tfgan.data.reading.chunks import AT_ONCE, chunks
from tfgan.data.reading.images import resize
from tfgan.errors import UserError
from tfgan.inference.room import fitting_tile
from tfgan.inference.tiling import translate_image
from tfgan.inference.translator import Translator

FLOATS = 12  # bytes of a pixel of three channels as floats
TOLERANCE = 1.5  # times larger or smaller than in training, up to which nothing is said: random crops alone differ by 286/256


class Passage(NamedTuple):
    """The way of images through a network.

    Attributes:
        size: "trained": whole images are resized as for batches, sample pictures and evaluations; "full": pixels stay as they are; or the
            number of pixels of the shorter side, at which images keep their shape.
        network: height and width of what the network was trained on, in pixels.
        loaded: height and width to which training resized whole images before the crop.
        tile: see `tfgan.inference.tiling.translate_image`; images that training squeezed to one size are not cut.
        fit: how training resized images, see `tfgan.data.preparation.geometry.scaled`.
    """

    size: str
    network: Size
    loaded: Size
    tile: int = 0
    fit: str = "squeeze"

    @property
    def squeezes(self) -> bool:
        """Whether all images go through at one size, that of the network."""
        return self.size == TRAINED and self.fit == "squeeze"

    @property
    def keeps_scale(self) -> bool:
        """Whether images go through pixel by pixel as they are, but for those smaller than what the network was trained on."""
        return self.size == FULL or (self.size == TRAINED and self.fit == "none")

    def at(self, size: Size) -> Size:
        """Height and width at which an image of `size` goes through. Raises `UserError` if it would be too large to be handled."""
        if self.squeezes:
            _check_floats(self.network, f"training was at {as_pixels(self.network)} pixels")
            return self.network
        if self.size == FULL:
            return size
        if self.size == TRAINED:
            height, width = scaled(size, self.fit, self.network, self.network)
            if (height, width) == tuple(size):
                return size
        else:
            shorter, wanted = min(size), int(self.size)
            height, width = (max(1, round(side * wanted / shorter)) for side in size)
        _check_floats((height, width), f"at --size={self.size} its {as_pixels(size)} pixels become {as_pixels((height, width))}")
        return height, width

    def enlargement(self, size: Size) -> float:
        """How many times larger than in training an image of `size` goes through, by the side that differs most; below 1 if smaller."""
        trained = scaled(size, self.fit, self.loaded, self.network)
        ratios = [passed / loaded for passed, loaded in zip(self.at(size), trained)]
        return max(ratios, key=lambda ratio: abs(math.log(ratio)))

    def unlike_training(self, size: Size) -> str:
        """What to say of an image of `size` that goes through at another scale than in training; "" if it does not."""
        ratio = self.enlargement(size)
        if 1 / TOLERANCE <= ratio <= TOLERANCE:
            return ""
        times = f"{ratio:.1f} times larger" if ratio > 1 else f"{1 / ratio:.1f} times smaller"
        cure = f"--size={min(self.loaded)}" if self.size == TRAINED else f"--size={TRAINED}"
        trained = as_pixels(scaled(size, self.fit, self.loaded, self.network))
        return (
            f"is translated at {as_pixels(self.at(size))} pixels, {times} than whole images in training ({trained}), "
            f"a scale that the run has not learned: {cure} is closer to it"
        )

    def describe(self) -> str:
        """The sentence that says at which size images go through."""
        if self.size == FULL:
            return "Images are translated at their own size (--size=full)."
        how = f"{self.size} pixels on their shorter side"
        if self.size == TRAINED:
            if self.fit == "none":
                return (
                    f"Images are translated at their own size, as in training with its crops of {as_pixels(self.network)} pixels "
                    f"(--size={TRAINED})."
                )
            how = {
                "squeeze": f"{as_pixels(self.network)} pixels, as in training",
                "crop": f"the scale of training, at which their largest crop has {as_pixels(self.network)} pixels",
                "width": f"a width of {self.network[1]} pixels, as in training, in their own shape",
            }[self.fit]
        return f"Images are translated at {how}; results are resized to the images' own size (--size={self.size})."

    def smaller(self) -> str:
        """What to do about an image that does not fit into memory."""
        if self.squeezes:
            return "nothing smaller is like training"
        return "use a smaller --tile" + f", or --size={TRAINED}" * (self.size != TRAINED)

    def translate(
        self, translator: Translator, image: np.ndarray, conditions: Callable = lambda image: {}, *, floats: bool = False
    ) -> np.ndarray:
        """The translation of one image, in the image's own size.

        Args:
            image: H×W×C as `tfgan.data.preparation.normalization.held` has it, or float32 in [-1, 1], or a map of class indices H×W.
            conditions: what an image is translated by, once it has the size at which it goes through: image -> {name: vector}.
            floats: the result in float32, [-1, 1].

        Returns:
            H×W×C' of the target's dtype, or a map of class indices H×W; float32 in [-1, 1] of the network's channels if `floats`.

        Raises:
            UserError: the image would be too large at this size.
        """
        own = image.shape[0], image.shape[1]
        check_memory(own, translator)
        if own[0] * own[1] <= AT_ONCE:
            return self._translate(translator, image, conditions, floats)
        memory.give_back()
        result = self._translate(translator, image, conditions, floats)
        memory.give_back()
        return result

    def _translate(self, translator: Translator, image: np.ndarray, conditions: Callable, floats: bool) -> np.ndarray:
        own = image.shape[0], image.shape[1]
        seen = resize(image, self.at(own), translator.source.resample, bands=translator.source.bands)
        tile = 0 if self.squeezes else self.tile
        if tile:
            tile = fitting_tile(tile, translator, seen.shape[:2], lambda tile: memory_of(own, translator))
        if seen is image:
            return translate_image(translator, image, conditions(image), tile=tile, floats=floats)
        result = translate_image(translator, seen, conditions(seen), tile=tile, floats=True)
        if not floats and own[0] * own[1] > AT_ONCE:
            return _pixels_in_chunks(result, image, translator)
        result = _relit(resize(result, own, translator.target.resample, bands=translator.target.bands), image, translator)
        return result if floats else translator.to_pixels(result).numpy()


def _check_floats(size: Size, what: str):
    """Raises `UserError`, which begins with `what`, if an image of `size` takes more memory as floats than images may."""
    needed = size[0] * size[1] * FLOATS
    if needed > memory.limit():
        raise UserError(f"{what}, which {memory.refusal(needed)}")


def check_memory(size: Size, translator: Translator):
    """Raises `UserError` if the translation of an image of `size` takes more memory than images may."""
    if reason := too_large(size, translator):
        raise UserError(reason)


def too_large(size: Size, translator: Translator) -> str:
    """Why an image of `size`, its translation, and copies in decoder and encoder take more memory than images may; "" if they do not."""
    needed = memory_of(size, translator)
    return f"the translation of {as_pixels(size)} pixels {memory.refusal(needed)}" if needed > memory.limit() else ""


def memory_of(size: Size, translator: Translator) -> int:
    """The bytes that an image of `size`, its translation, and copies in decoder and encoder take."""
    source, target = (domain.channels * np.dtype(domain.dtype).itemsize for domain in (translator.source, translator.target))
    return size[0] * size[1] * (source + target + 2 * memory.BYTES_PER_PIXEL)


def _relit(result: np.ndarray, image: np.ndarray, translator: Translator) -> np.ndarray:
    """A translation H×W×C float32; one that colors images by their lightness has that of the image itself, H×W×3, in full detail."""
    if not translator.target.lab:
        return result
    floats = image if image.dtype == np.float32 else normalize(image, translator.source)
    return joined(lightness_and_colors(floats)[0], lightness_and_colors(result)[1])


def _pixels_in_chunks(result: np.ndarray, image: np.ndarray, translator: Translator) -> np.ndarray:
    """A translation H×W×C float32 as pixels of the size of its image, of which a chunk of rows at a time is held as floats."""
    size = image.shape[0], image.shape[1]
    pixels = translator.empty(size)
    scale = result.shape[0] / size[0]
    for rows in chunks(*size):
        box = (0.0, rows.start * scale, float(result.shape[1]), min(rows.stop * scale, float(result.shape[0])))
        part = resize(result, (rows.stop - rows.start, size[1]), translator.target.resample, box, bands=translator.target.bands)
        pixels[rows] = translator.to_pixels(_relit(part, image[rows], translator)).numpy()
    return pixels
