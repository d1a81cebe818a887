"""Arrays as programs give them: whatever NumPy takes for one is read, and what cannot be is refused by name."""

from typing import Any

import numpy as np

from tfgan.errors import UserError, first_line


def as_array(name: str, given: Any) -> np.ndarray:
    """What NumPy takes for an array, such as lists, tensors and views of any strides, as an array of the machine's byte order.

    Args:
        name: what it is, for the message.
        given: bfloat16 becomes float32.

    Raises:
        UserError: NumPy does not take it for an array of numbers or texts, such as lists of different lengths, or a symbolic tensor.
    """
    try:
        array = np.asarray(given)
    except Exception as error:  # of any class, as it comes from the object's own __array__
        raise UserError(f"{name} cannot be read as an array ({type(given).__name__}): {first_line(error)}.") from error
    if array.dtype.name == "bfloat16":  # of a class that NumPy does not know as a float
        return array.astype(np.float32)
    if array.dtype.kind not in "biufUSO":
        raise UserError(f"{name} cannot be read as numbers: they are {array.dtype}.")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def whole_numbers(name: str, given: Any, most: int) -> np.ndarray:
    """N whole numbers from 0 to `most`, N int64, one at least.

    Args:
        name: what they are, for the message.
        given: what NumPy takes for an array, a range, or another iterable.

    Raises:
        UserError: anything else.
    """
    listed = list(given) if hasattr(given, "__iter__") and not hasattr(given, "__getitem__") else given  # an iterator, or a set
    numbers = as_array(name, listed)
    if numbers.ndim != 1 or numbers.size == 0:
        shape = "×".join(map(str, numbers.shape)) or "a single value"
        raise UserError(f"{name} must be whole numbers from 0 to {most} in a list, one at least; found the shape {shape}.")
    if numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() > most:
        wrong = [value for value in numbers.tolist() if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most]
        raise UserError(f"{name} must be whole numbers from 0 to {most}; found {', '.join(map(repr, wrong[:5]))}.")
    return numbers.astype(np.int64)
