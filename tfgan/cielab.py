"""Colors of sRGB as CIELAB of the white point D65, and back, by the constants of scikit-image, which the authors of pix2pix use.

Arrays become arrays, and tensors tensors; both of float32. Only what a network learns is scaled: L to [-1, 1], a and b by 1/110.
"""

from typing import Any

import numpy as np

from tfgan.lazy import tf

TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
"""X, Y and Z of linear red, green and blue."""
FROM_XYZ = np.linalg.inv(np.array(TO_XYZ)).tolist()
WHITE = (0.95047, 1.0, 1.08883)  # D65, 2°
AB = 110.0
"""What a and b are divided by for a network, as in the authors' code: colors of sRGB have a from -86 to 98, and b from -108 to 95."""


def _library(values) -> Any:
    """What computes with `values`: NumPy with arrays, TensorFlow with tensors. Functions of the same name do the same in both."""
    return np if isinstance(values, np.ndarray) else tf


def _mixed(channels, matrix) -> list:
    """Sums of three channels, weighted by each row of a matrix."""
    return [sum(weight * channel for weight, channel in zip(row, channels)) for row in matrix]


def linear(colors):
    """Intensities of sRGB's values, both from 0 to 1."""
    return _library(colors).where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def encoded(intensities):
    """The values of sRGB, from 0 to 1, of intensities; those that it does not have are clipped."""
    library = _library(intensities)
    inside = library.minimum(library.maximum(intensities, 0.0), 1.0)
    return library.where(inside <= 0.0031308, inside * 12.92, 1.055 * library.maximum(inside, 0.0031308) ** (1 / 2.4) - 0.055)


def luminance(colors):
    """The luminance Y, from 0 to 1, of colors …×3 in [0, 1], on which alone the lightness L depends: …."""
    (y,) = _mixed([linear(colors[..., channel]) for channel in range(3)], TO_XYZ[1:2])
    return y


def from_rgb(colors):
    """L from 0 to 100, a and b, …×3, of colors …×3 in [0, 1]."""
    library = _library(colors)
    xyz = _mixed([linear(colors[..., channel]) for channel in range(3)], TO_XYZ)
    x, y, z = (_compressed(value / white) for value, white in zip(xyz, WHITE))
    return library.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def to_rgb(lab):
    """Colors …×3 in [0, 1] of L, a and b, …×3; what sRGB does not have is clipped, channel by channel, which changes L, too."""
    library, y = _library(lab), (lab[..., 0] + 16.0) / 116.0
    z = library.maximum(y - lab[..., 2] / 200.0, 0.0)  # of the three, scikit-image clips this one
    xyz = [_expanded(value) * white for value, white in zip((y + lab[..., 1] / 500.0, y, z), WHITE)]
    return library.stack([encoded(channel) for channel in _mixed(xyz, FROM_XYZ)], axis=-1)


def _compressed(t):
    library = _library(t)
    return library.where(t > 0.008856, library.maximum(t, 0.008856) ** (1 / 3), 7.787 * t + 16.0 / 116.0)


def _expanded(f):
    return _library(f).where(f > 0.2068966, f**3, (f - 16.0 / 116.0) / 7.787)


def lightness_and_colors(images):
    """What networks see of images N×H×W×3 in [-1, 1]: the lightness, N×H×W×1 in [-1, 1], and a and b, N×H×W×2, as shares of 110."""
    lab = from_rgb((images + 1.0) / 2.0)
    return lab[..., :1] / 50.0 - 1.0, lab[..., 1:] / AB


def joined(lightness, colors):
    """The images N×H×W×3 in [-1, 1] of what `lightness_and_colors` gives; what sRGB does not have is clipped."""
    channels = (lightness[..., 0] + 1.0) * 50.0, colors[..., 0] * AB, colors[..., 1] * AB
    return to_rgb(_library(lightness).stack(channels, axis=-1)) * 2.0 - 1.0


def as_gray(pixels: np.ndarray) -> np.ndarray:
    """The gray picture of the same lightness, of pixels H×W×3 of an unsigned type, in that shape and type, rounded."""
    most = np.iinfo(pixels.dtype).max
    gray = np.rint(encoded(luminance(pixels.astype(np.float32) / np.float32(most))) * np.float32(most))
    return np.repeat(gray.astype(pixels.dtype)[..., None], 3, axis=-1)
