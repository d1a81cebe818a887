"""Chunks of rows, in which large images are worked on: whole copies of them in wider types would take many times their memory."""

from collections.abc import Iterator

AT_ONCE = 2**22  # pixels that are worked on together


def chunks(height: int, width: int) -> Iterator[slice]:
    """The rows of an image, from its top to its bottom, in slices of as many as make `AT_ONCE` pixels at most, and of one at least."""
    rows = max(1, AT_ONCE // max(width, 1))
    yield from (slice(top, min(top + rows, height)) for top in range(0, height, rows))
