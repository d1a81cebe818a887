"""What the server asks of a model: a small protocol, which a run fulfills, and which tests fulfill without one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

Arrays = Sequence[np.ndarray]

BESIDE = {"style": "a photo whose style the result takes", "instances": "the instance map of a label map"}
"""The files that may come beside the one that is translated, by the names of their fields."""


class Refused(Exception):
    """Raised for a request that is not served; the message tells the client why, and what to do.

    Args:
        status: of the response: 400 for what is wrong with it, 413 for what is too large, 429 and 504 for what comes at a bad time, …
    """

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status


class Tensor(NamedTuple):
    """An input or a result of a function: sizes in `shape` are None where any number fits, and there is one at least; of a single number
    for all rows it is ()."""

    name: str
    dtype: str  # NumPy's name; "string" for bytes
    shape: tuple[int | None, ...]


class Function(NamedTuple):
    """A way to use a model, a signature of its export.

    Attributes:
        run: arrays in the order of `inputs`, each of as many rows -> arrays in the order of `outputs`; raises `Refused`.
        pixels: how many pixels a call with these arrays reads or makes, the larger of both; raises `Refused` for files that cannot be told.
        merges: whether several calls may become one, of their rows together.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    run: Callable[..., Arrays]
    pixels: Callable[[Arrays], int]
    merges: bool = True


class File(NamedTuple):
    """A result as a file."""

    content: bytes
    kind: str  # its media type
    note: str = ""  # what is to be said of it; "" if nothing is


class Page(NamedTuple):
    """What the page of a model asks for, which paints, slides and switches with the model behind it.

    Attributes:
        record: JSON, what the page offers and by which functions.
        examples: the bytes of the examples that it names.
        functions: by the names that it has; all sizes in them are known, and each has one result.
    """

    record: bytes
    examples: bytes
    functions: Mapping[str, Function]


class Model(Protocol):
    """A model behind the server."""

    @property
    def name(self) -> str:
        """Its name in addresses."""
        ...

    @property
    def version(self) -> int:
        """From 1 on."""
        ...

    @property
    def functions(self) -> Mapping[str, Function]:
        """What it can do, by the names of the export's signatures."""
        ...

    def describe(self) -> dict[str, Any]:
        """What a page needs to offer the model, as JSON has it: what it does, into what, its classes and attributes."""
        ...

    def page(self) -> Page:
        """What its page asks for; raises `Refused` if it has none."""
        ...

    def translate(self, content: bytes, beside: Mapping[str, bytes], options: Mapping[str, Any]) -> File:
        """The translation of the bytes of an image file; raises `Refused`, or `ValueError` with words for the client.

        Args:
            beside: the files of the request that are called as in `BESIDE`.
        """
        ...

    def sample(self, options: Mapping[str, Any]) -> File:
        """An image from noise; raises as `translate`."""
        ...


class Limits(NamedTuple):
    """What a request may take.

    Attributes:
        bytes: of a body; all bodies in hand together may have `BODIES` times as many.
        pixels: that a request reads or makes.
        queue: requests in hand at a time.
        seconds: for a body to come, and then for its answer.
        batch: rows of calls that are merged.
    """

    bytes: int = 2**25
    pixels: int = 2**22
    queue: int = 64
    seconds: float = 60.0
    batch: int = 8


BODIES = 8
