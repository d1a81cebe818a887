"""How much of what should keep still changes from frame to frame.

The warping error of Lai et al. 2018 ("Learning Blind Video Temporal Consistency", §4.2) is the difference of a frame and of the next one
once that has been warped by the optical flow, where nothing is occluded. Here it is taken where the flow is known without an estimate:
where the real frames keep still, it is zero. The difference is the absolute one, as that of `l1`, in place of the squared one.
"""

from collections.abc import Iterator

import numpy as np

from tfgan.config import Domain
from tfgan.data.preparation.normalization import as_floats

STILL = 4 / 255  # on [-1, 1], two of 255 steps: what the coding of a video changes where nothing moves
FEWEST = 0.01  # share of the pixels that must keep still, for a figure that is not of a few


def changes(real: np.ndarray, fake: np.ndarray, clips: np.ndarray, domain: Domain) -> Iterator[tuple[float, float]]:
    """Yields, for each two frames one after the other of which enough keeps still, the mean change there of the generated and real ones.

    Args:
        real, fake: frames N×H×W×C, of which real[i] and fake[i] are one; as `tfgan.data.preparation.normalization.held` has them.
        clips: of each, the number of its clip.
        domain: of both.

    Returns:
        Mean absolute differences on [-1, 1], 0 to 2, over the pixels where no channel of the real frames changes by more than `STILL`.
    """
    for index in range(len(clips) - 1):
        if clips[index] != clips[index + 1]:
            continue
        before, after = as_floats(real[index : index + 2], domain)
        moved = np.abs(after - before)
        still = (moved <= STILL * (1 + 1e-5)).all(axis=-1)  # rounding of floats aside
        if still.mean() < FEWEST:
            continue
        first, second = as_floats(fake[index : index + 2], domain)
        yield float(np.abs(second - first)[still].mean()), float(moved[still].mean())
