"""Generated images beside real ones: what a run, or a folder, gives the metrics to measure."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from tfgan.config import Classes, Domain


class Path(NamedTuple):
    """Pairs of images that are neighbors on the way between two latents: batches of pairs n×H×W×C float32 in [-1, 1].

    Attributes:
        pairs: makes them anew.
        size: how many pairs there are.
        step: how far apart two neighbors are, as a share of the way.
    """

    pairs: Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
    size: int
    step: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Generated and real images, N×H×W×C as `tfgan.data.preparation.normalization.held` has them, and what else is known of them.

    What is absent is None, and metrics that need it are left out.
    """

    domain: Domain  # of all images here
    fake: np.ndarray
    real: np.ndarray  # the reference
    split: str = ""  # of the data set, that the reference is of
    resized: int = 0  # images of both sides that had another size
    matched: bool = False  # fake[i] should be real[i]
    alone: bool = True  # the images are also compared as sets
    more_real: np.ndarray | None = None  # other real images in the place of generated ones: what a perfect generator would score
    maps: np.ndarray | None = None  # N×h×w class maps of what fake[i] should show, at the segmenter's size; -1 counts nothing
    classes: Classes | None = None  # of these maps
    pictured: bool = False  # the images are pictures of label maps, in the classes' colors; otherwise photos
    asked: np.ndarray | None = None  # what fake[i] should show: labels N, or attributes N×A, as in `classifier.read_as_asked`
    labeled: tuple[np.ndarray, np.ndarray] | None = None  # real images that the classifier did not learn from, and what they show
    cycled: tuple[np.ndarray, np.ndarray] | None = None  # originals, and what came back of them after two translations
    spread: np.ndarray | None = None  # N×H×W×1 maps of how sure the run is of fake[i], float32 in [-1, 1]
    path: Path | None = None  # neighbors on the ways between latents, of what makes images from noise
    names: tuple[str, ...] = ()  # of the matched images
    clips: np.ndarray | None = None  # of matched frames of videos, in order: the number of the clip that each is of
    inputs: np.ndarray | None = None  # what fake[i] was made of, to be shown
    shown: Domain | None = None  # of the inputs; None: that of all images here
    notes: tuple[str, ...] = ()  # what is to be said of the real images' figures
