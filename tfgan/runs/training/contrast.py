"""How sample pictures show images whose values fill a small part of their files' range."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.config import Domain


class Contrast:
    """The stretch of images that would be all black: scans of 12 bits in files of 16, and gray label maps, whose values are ids of classes.

    If the examples of such a domain span less than half of its range, it is shown from their lowest to their highest value, in every column
    and at every time alike. Photos of 8 bits are shown as they are.

    Args:
        domains: of the data set, by the keys of the examples.
        examples: of the validation split, images H×W×C in [-1, 1] by key.
    """

    def __init__(self, domains: Mapping[str, Domain], examples: Sequence[Mapping[str, np.ndarray]]):
        self._ranges: list[tuple[Domain, float, float]] = []
        for key, domain in domains.items():
            values = [example[key] for example in examples if key in example] if may_be_dark(domain) else []
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
        return [_remark(*stretched) for stretched in self._ranges]


def may_be_dark(domain: Domain) -> bool:
    """Whether the images of a domain may fill so small a part of their range that nothing would be seen."""
    if domain.value_range or domain.bands:
        return False
    return domain.dtype == "uint16" or (domain.dtype == "uint8" and domain.channels == 1 and domain.resample == "nearest")


def _remark(domain: Domain, low: float, high: float) -> str:
    most = int(np.iinfo(domain.dtype).max)
    black, white = (round((value + 1.0) * most / 2) for value in (low, high))
    return f"{domain.name}: black is {black}, white {white} of {most}"
