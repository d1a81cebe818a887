"""Arrays of each type of pixel, for tests of the readers and writers."""

import numpy as np

RNG = np.random.default_rng(0)


def values(dtype, shape):
    """Values over the whole range of a type."""
    if np.dtype(dtype).kind == "f":
        return (RNG.standard_normal(shape) * 1000).astype(dtype)
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max, shape, dtype, endpoint=True)
