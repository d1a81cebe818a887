"""Shares memory among the threads that read images: a few bytes can unpack to gigabytes, and every thread would unpack its own."""

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator

from tfgan.errors import UserError

VARIABLE = "TFGAN_IMAGE_MEMORY"
"""Environment variable: gigabytes that all images in the hands of all threads may take together."""

DEFAULT = 1.0
BYTES_PER_PIXEL = 4  # at the least, of the largest image: the pixels as they are unpacked, a copy, and what is made of them
MOST = 1024.0  # gigabytes


def limit() -> int:
    """The bytes that images may take together, see `VARIABLE`; raises `UserError` if it is set to no number of gigabytes."""
    text = os.environ.get(VARIABLE, "")
    try:
        gigabytes = float(text) if text else DEFAULT
    except ValueError:
        gigabytes = 0.0
    if not 1 / 1024 <= gigabytes <= MOST:
        raise UserError(f"{VARIABLE}={text[:40]} must be a number of gigabytes, such as 2.")
    return int(gigabytes * 2**30)


def give_back():
    """Gives the system the memory that was freed: glibc keeps it for the next allocation, all of it since TensorFlow was started, see
    `tfgan.training.memory`, and pieces of what a large image took are of no use to what comes after it."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # other C libraries have none
        trim(0)


def refusal(needed: int) -> str:
    """The end of a sentence on a file that would take `needed` bytes, more than all images may: why it is not used, and the cure."""
    return (
        f"takes {_gigabytes(needed)} of memory, and {_gigabytes(limit())} are allowed: make it smaller, or allow more with "
        f"{VARIABLE}={-(-needed // 2**29) / 2:g}"
    )


def _gigabytes(count: int) -> str:
    """Rounded up, so that what is over a limit does not read as if it were the limit."""
    return f"{-(-count * 10 // 2**30) / 10:g} GB"


class Budget:
    """Bytes that threads take for their images, and give back when they have done with them.

    A thread that already holds some never waits for more, so that two that hold halves of what they need do not wait for each other.
    """

    def __init__(self):
        self._taken = 0
        self._changed = threading.Condition()
        self._own = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """A context for the work of one thread on one example: what `take` took inside is given back at its end. They may be nested."""
        depth = getattr(self._own, "depth", 0)
        self._own.depth = depth + 1
        try:
            yield
        finally:
            self._own.depth = depth
            if not depth:
                self._give(self._held())

    def take(self, amount: int):
        """Takes bytes, inside a `turn`; waits until others have given back so many. All of them can be had by one thread alone."""
        held, most = self._held(), limit()
        with self._changed:
            if not held:
                self._changed.wait_for(lambda: not self._taken or self._taken + amount <= most)
            self._taken += amount
        self._own.held = held + amount

    def _held(self) -> int:
        return getattr(self._own, "held", 0)

    def _give(self, amount: int):
        self._own.held = 0
        with self._changed:
            self._taken -= amount
            self._changed.notify_all()


budget = Budget()
"""What all threads of the process share."""
