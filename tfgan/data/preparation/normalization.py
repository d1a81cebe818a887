"""Between the values of image files and what networks see: the range of a domain becomes -1 to 1, and back."""

from __future__ import annotations  # types of TensorFlow, which is imported when it is needed

import numpy as np

from tfgan.config import Domain
from tfgan.lazy import tf


def held(values: np.ndarray, domain: Domain) -> np.ndarray:
    """Values of files H×W×C or N×H×W×C as they are held on their way: float32 in [-1, 1] where the domain has a range, else as they are."""
    return normalize(values, domain) if domain.value_range else values


def as_floats(images, domain: Domain):
    """Images as `held` gives them, as float32 in [-1, 1]."""
    return images if domain.value_range else normalize(images, domain)


def normalize(image, domain: Domain):
    """Values of the domain's files, on the last axis its channels, as float32 in [-1, 1]; tensors stay tensors, and arrays arrays.

    The range of the domain, or of its type where it has none, becomes -1 to 1; values beyond it are clipped.
    """
    if domain.value_range:
        low, high = (np.array(side, np.float64) for side in zip(*domain.value_range))
        # In float64, as float32 does not hold all values of 32 bits.
        if isinstance(image, np.ndarray):
            return np.clip((image.astype(np.float64) - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0).astype(np.float32)
        return tf.cast(tf.clip_by_value((tf.cast(image, tf.float64) - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0), tf.float32)
    scale = np.float32(2.0 / np.iinfo(domain.dtype).max)
    image = np.asarray(image, np.float32) if isinstance(image, np.ndarray) else tf.cast(image, tf.float32)
    return image * scale - np.float32(1.0)


def denormalize(floats, domain: Domain):
    """Images float32 in [-1, 1], on the last axis the channels, as a tensor of the values of the domain's files.

    Whole numbers are rounded to the nearest one; what is beyond the range is clipped.
    """
    dtype = tf.as_dtype(domain.dtype)
    if domain.value_range:
        low, high = (np.array(side, np.float64) for side in zip(*domain.value_range))
        values = (tf.clip_by_value(tf.cast(floats, tf.float64), -1.0, 1.0) + 1.0) * ((high - low) / 2) + low
        return tf.cast(values, dtype) if dtype.is_floating else tf.cast(tf.clip_by_value(tf.round(values), dtype.min, dtype.max), dtype)
    # Not tf.saturate_cast: its one operation exists in TensorFlow alone, and an export is converted to other runtimes.
    return tf.cast(tf.clip_by_value(tf.round((floats + 1.0) * (dtype.max / 2)), dtype.min, dtype.max), dtype)


def span(domain: Domain) -> float:
    """How far apart two values of a domain's files can be: the widest of its ranges, or the whole one of its type."""
    if domain.value_range:
        return max(high - low for low, high in domain.value_range)
    return int(np.iinfo(domain.dtype).max)
