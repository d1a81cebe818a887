"""Measures of what goes wrong in sample pictures: they grow alike, their brightness is turned round, they show the strides' grid.

Images are N×H×W×C float in [-1, 1]. Each measure stands beside the same of real images, so that no data set has a scale of its own. What
cannot be measured, as there are too few images or pixels, is None.
"""

import numpy as np

FLAT = 0.02  # root mean square difference of two images, one hundredth of the range, below which they count as one image
PERIODS = (2, 4, 8)  # pixels: the last three layers of stride 2 (Odena et al. 2016)
SMALLEST = 32  # pixels of height and width in which a peak of the spectrum stands apart from its neighbors
VISIBLE = 0.01  # amplitude of the faintest pattern that the eye sees, as a share of mid-gray: the 1 % of contrast sensitivity


def spread(images: np.ndarray) -> float | None:
    """Root mean square difference of two different ones of the images N×H×W×C in [-1, 1], over all pairs and pixels.

    It is from 0 to 2, and None for fewer than two images.
    The mean squared difference of a pair is twice the variance, so that no pair need be formed.
    """
    return None if len(images) < 2 else float(np.sqrt(2.0 * np.mean(np.var(images, axis=0, ddof=1, dtype=np.float64))))


def diversity(outputs: np.ndarray, real_spread: float | None) -> float | None:
    """How different the outputs are beside real images: the ratio of their spreads. 0: all are one image; 1: as different as real ones.

    Args:
        outputs: N×H×W×C in [-1, 1].
        real_spread: `spread` of real images.

    Returns:
        the ratio; None for fewer than two outputs, or where the real images are all alike or their spread is not known.
    """
    own = spread(outputs)
    return None if own is None or real_spread is None or real_spread < FLAT else own / real_spread


def luminance(images: np.ndarray) -> np.ndarray:
    """The brightness of images N×H×W×C, N×H×W float64: the mean of the colors; a fourth channel, transparency, does not count."""
    return np.mean(np.asarray(images, np.float64)[..., :3], axis=-1)


def luminance_correlation(inputs: np.ndarray, outputs: np.ndarray) -> float | None:
    """Correlation of the brightness of each input's pixels with that of its output's, averaged over the images: -1 for negatives.

    Images without any contrast are left out; the result is None if none is left.

    Args:
        inputs, outputs: N×H×W×C in [-1, 1], of the same height and width.
    """
    found = []
    for before, after in zip(luminance(inputs), luminance(outputs)):
        before, after = before - before.mean(), after - after.mean()
        scale = np.sqrt(np.mean(before**2) * np.mean(after**2))
        if scale > FLAT**2:
            found.append(np.mean(before * after) / scale)
    return float(np.mean(found)) if found else None


def grid_peak(images: np.ndarray) -> float | None:
    """The strongest pattern of a period of 2, 4 or 8 pixels in images N×H×W×C: its power in dB above that of the neighboring frequencies.

    The spectrum is that of the brightness under a Hann window, its power averaged over the images. A transposed convolution whose kernel
    is no multiple of its stride leaves such peaks (Odena et al. 2016, "Deconvolution and checkerboard artifacts"); photographs have
    none, for their power falls smoothly. Patterns that are too faint to be seen are lost in a floor under all powers.

    The result is None without images, and for images of less than 32 pixels in height or width.
    """
    if not len(images) or min(images.shape[1:3]) < SMALLEST:
        return None
    height, width = (size - size % max(PERIODS) for size in images.shape[1:3])
    gray = luminance(images)[:, :height, :width]
    window = np.outer(_hann(height), _hann(width))
    contrast = (gray - gray.mean(axis=(1, 2), keepdims=True)) * window
    power = np.mean(np.abs(np.fft.fft2(contrast)) ** 2, axis=0) + (VISIBLE * window.sum() / 2) ** 2
    decibels = 10 * np.log10(power)
    # Two rings, so that the window's main lobe of ±1 and the next peak, 4 away in the smallest images, are both left out.
    shifts = [(y, x) for y in range(-3, 4) for x in range(-3, 4) if max(abs(y), abs(x)) >= 2]
    around = np.mean([np.roll(decibels, shift, axis=(0, 1)) for shift in shifts], axis=0)
    places = [
        (y * height // period, x * width // period)
        for period in PERIODS
        if min(height, width) >= 8 * period
        for y in range(period)
        for x in range(period)
        if y or x
    ]
    return float(max(decibels[place] - around[place] for place in places))


def _hann(size: int) -> np.ndarray:
    """The periodic Hann window of `size` values, which adds no frequencies between those of the spectrum."""
    return np.hanning(size + 1)[:-1]


def checkerboard(outputs: np.ndarray, real_peak: float | None) -> float | None:
    """`grid_peak` of the outputs above that of real images, in dB; None if either is not known.

    Real images may have such a pattern too, from 8×8 blocks of JPEG.

    Args:
        outputs: N×H×W×C in [-1, 1].
        real_peak: `grid_peak` of real images.
    """
    own = grid_peak(outputs)
    return None if own is None or real_peak is None else own - real_peak
