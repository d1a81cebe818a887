"""How sample pictures show images of 16 bits."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.config import Domain


class Contrast:
    """The stretch of dark images of 16 bits: scanners fill a small part of that range, which would be all black.

    A domain whose examples span less than half of the range is shown from their darkest to their brightest value, in every column and at
    every time alike.

    Args:
        domains: of the data set, by the keys of the examples.
        examples: of the validation split, images H×W×C in [-1, 1] by key.
    """

    def __init__(self, domains: Mapping[str, Domain], examples: Sequence[Mapping[str, np.ndarray]]):
        self._ranges: list[tuple[Domain, float, float]] = []
        for key, domain in domains.items():
            values = [example[key] for example in examples if key in example] if domain.dtype == "uint16" else []
            if not values:
                continue
            low, high = float(min(map(np.min, values))), float(max(map(np.max, values)))
            if 0 < high - low < 1:
                self._ranges.append((domain, low, high))

    def stretch(self, image: np.ndarray, domain: Domain | None) -> np.ndarray:
        """An image H×W×C in [-1, 1] of a domain as it is shown; values beyond those of the examples go beyond [-1, 1]."""
        for other, low, high in self._ranges:
            if other is domain:
                return (image - low) * (2.0 / (high - low)) - 1.0
        return image

    def remarks(self) -> list[str]:
        """A clause for each domain that is stretched: which of the files' values are black and white."""
        return [f"{domain.name}: black is {_value(low)}, white {_value(high)} of 65535" for domain, low, high in self._ranges]


def _value(shown: float) -> int:
    """The value in a file of 16 bits."""
    return round((shown + 1.0) * 65535 / 2)
