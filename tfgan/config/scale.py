"""The scale at which a run sees images: the record of it, and the choices of `--size`."""

import dataclasses
from collections.abc import Iterable

from tfgan.config.setting import Size
from tfgan.config.words import recorded

TRAINED, FULL = "trained", "full"
"""Sizes at which an image goes through a network: that of training's batches, or its own. A number is the pixels of its shorter side."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """At what scale a run sees the images of a domain, whole ones, in pixels of height and width.

    Attributes:
        median: of the training images before they are resized: the one with as many larger as smaller ones.
        smallest, largest: of them, by the number of pixels.
        loaded: the size to which training resizes them, before the crop.
        network: the size of what the network is given: training's crops, and the images of sample pictures and evaluations, which are
            whole, or their middle by the `fit` "width" and "none".
        fit: how images are resized, as `--fit` has it; records of earlier versions have "squeeze" for "crop" too.
    """

    median: Size
    smallest: Size
    largest: Size
    loaded: Size
    network: Size
    fit: str = dataclasses.field(default="squeeze", metadata=recorded(choices=("squeeze", "crop", "width", "none")))

    @classmethod
    def of(cls, sizes: Iterable[Size], loaded: Size, network: Size, fit: str = "squeeze") -> "Scale":
        """The scale of images of these sizes, one at least."""
        ordered = sorted(sizes, key=lambda size: (size[0] * size[1], size))
        return cls(ordered[len(ordered) // 2], ordered[0], ordered[-1], loaded, network, fit)

    def describe(self) -> str:
        """What becomes of images, as in: 64×64 pixels, of images of 256×256."""
        sizes = sorted({self.smallest, self.median, self.largest}, key=lambda size: size[0] * size[1])
        others = f" ({as_pixels(self.smallest)} to {as_pixels(self.largest)})" if len(sizes) > 1 else ""
        how = {"none": ", cut out of images at their own scale,", "width": f", cut out of images {self.network[1]} pixels wide,"}
        return f"{as_pixels(self.network)} pixels{how.get(self.fit, ',')} of images of {as_pixels(self.median)}{others}"


def as_pixels(size: Size) -> str:
    """Height and width as messages have them: 256×512."""
    return f"{size[0]}×{size[1]}"
