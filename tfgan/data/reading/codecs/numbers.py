"""The number types of pixels: what a file's own type is read as, without losing a value in silence."""

import logging

import numpy as np

from tfgan.config import DTYPES
from tfgan.errors import UnreadableImage

logger = logging.getLogger(__name__)

READ_AS = {"bool": "uint8", "int8": "int16", "int64": "int32", "uint64": "uint32", "float64": "float32"}
"""Type that files have and images do not -> the type that it is read as."""


def read_as(found: np.dtype, what: str) -> str:
    """The type of `DTYPES` that values of the type `found` are read as.

    Args:
        found: the type in the file, of any byte order.
        what: the file, as the message calls it.

    Raises:
        UnreadableImage: there is none, as for complex numbers, texts, and Python objects.
    """
    name = READ_AS.get(found.name, found.name)
    if name not in DTYPES:
        raise UnreadableImage(f"{what}, {found.name}: not supported; save it as one of {', '.join(DTYPES)}")
    return name


def narrowed(values: np.ndarray, dtype: str, name: str) -> np.ndarray:
    """The values in a type that `read_as` gave, once it is known to hold them all.

    Rounding of 64-bit floats is logged of the first such file of a process.

    Args:
        values: of any shape and byte order.
        dtype: the type of the result, in the byte order of the machine.
        name: the file, for the log.

    Raises:
        UnreadableImage: whole numbers or floats that the type does not hold; values that are no finite numbers.
    """
    kind = values.dtype.kind
    if kind == "f":
        _check_finite(values, f"{values.dtype.name} values are NaN or infinite: put numbers in their place (np.nan_to_num does)")
    if kind in "iu" and values.dtype.itemsize == 8 and values.size:
        low, high, limits = int(values.min()), int(values.max()), np.iinfo(dtype)
        if low < limits.min or high > limits.max:
            raise UnreadableImage(
                f"its {values.dtype.name} values reach from {low} to {high}, and {dtype} ends at {limits.min} and {limits.max}: "
                "scale them, or save them as float32"
            )
    with np.errstate(over="ignore"):  # which the check below tells
        result = values.astype(dtype, copy=False)
    if kind == "f" and result.dtype.itemsize < values.dtype.itemsize:
        _check_finite(result, f"{values.dtype.name} values are too large for {dtype}: scale them")
        if not np.array_equal(result, values):
            _tell_rounded(name)
    return result


def _check_finite(values: np.ndarray, problem: str):
    count = values.size - int(np.count_nonzero(np.isfinite(values)))
    if count:
        raise UnreadableImage(f"{count:,} of its {values.size:,} {problem}, or leave the file out")


_rounded: list[str] = []


def _tell_rounded(name: str):
    if not _rounded:
        _rounded.append(name)
        logger.info(f"{name}: its 64-bit floats are read as float32, rounded to 7 digits, as in other such files.")
