"""Pairs for colorization out of color pictures alone: each is the target, and the gray picture of the same lightness its source."""

import dataclasses

import numpy as np

from tfgan.cielab import as_gray
from tfgan.config import Domain
from tfgan.data.source import Source, View
from tfgan.errors import UserError

NAMES = ("lightness", "colors")


class Colorized(View):
    """Color pictures with their gray ones, under the keys A, gray in three channels, and B.

    Args:
        inner: pictures under the key "image".

    Raises:
        UserError: these are not in red, green and blue of 8 or 16 bits.
    """

    def __init__(self, inner: Source):
        domain = inner.domains["image"]
        if domain.channels != 3 or domain.bands or domain.dtype not in ("uint8", "uint16"):
            gray = " All of them are gray: there is no color to learn." if domain.channels == 1 and not domain.bands else ""
            alpha = " Leave --alpha=keep out." if domain.channels == 4 and not domain.bands else ""
            raise UserError(
                f"--colorize=lab takes pictures in red, green and blue of 8 or 16 bits; these have {domain.values}.{gray}{alpha}"
            )
        lightness, colors = (dataclasses.replace(domain, name=name, lab=lab) for name, lab in zip(NAMES, ("L", "ab")))
        domains: dict[str, Domain] = {"A": lightness, "B": colors}
        super().__init__(inner, domains)

    def load(self, index: int) -> dict[str, np.ndarray]:
        """The gray picture and the picture itself, both H×W×3 in their type; see `Source.load` for errors."""
        image = self.inner.load(index)["image"]
        return {"A": as_gray(image), "B": image}
