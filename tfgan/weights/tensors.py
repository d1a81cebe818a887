"""Named tensors of a file, whose values are read when they are asked for, and what may be wrong with such a file."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.errors import UserError

MOST_DIMENSIONS = 8
MOST_NUMBERS = 2**31  # of one tensor: 8 GB as float32, many times what a generator has in all
WRAPPERS = ("module.", "_orig_mod.")
"""What PyTorch's DataParallel and torch.compile put before the names of weights."""


class Refused(UserError):
    """Raised for a file that holds no plain tensors, or is damaged; the message names it."""

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path}: {why}{'' if why.endswith(('.', '?')) else '.'}")


class Unfit(Exception):
    """Raised for a network of a known family that tfgan does not have; the message says why, as the end of a sentence."""


class Tensor(NamedTuple):
    """A tensor of a file.

    Attributes:
        shape: its sizes.
        read: a function that reads its values, an array of `shape`: float32 if they are real numbers, else int64. It raises `Refused` if
            the file is damaged there.
    """

    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]


Weights = dict[str, Tensor]
"""Name of a tensor, as PyTorch's modules call it -> the tensor."""


def check_shape(path: Path, name: str, shape) -> tuple[int, ...]:
    """The sizes of a tensor; raises `Refused` for what are no sizes, or of more numbers than any network has."""
    if not isinstance(shape, tuple | list) or len(shape) > MOST_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise Refused(path, f"{name} has no sizes of a tensor")
    if math.prod(shape) > MOST_NUMBERS:
        raise Refused(path, f"{name} claims {math.prod(shape):,} numbers, more than the {MOST_NUMBERS:,} that are read")
    return tuple(shape)


def as_numbers(values: np.ndarray, dtype: str) -> np.ndarray:
    """The values of a tensor as float32, or as int64 if they are whole numbers or truth values.

    Args:
        values: as the file has them.
        dtype: "bfloat16" for 16 bits that are the upper half of a float32's, which NumPy does not know; otherwise anything.
    """
    if dtype == "bfloat16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32 if values.dtype.kind == "f" else np.int64)


def plain_names(weights: Weights) -> Weights:
    """The same tensors under the names that they have in the network itself, without those of what was around it."""
    for wrapper in WRAPPERS:
        if weights and all(name.startswith(wrapper) for name in weights):
            return plain_names({name.removeprefix(wrapper): tensor for name, tensor in weights.items()})
    return weights
