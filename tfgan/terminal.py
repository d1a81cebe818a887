"""What is shown to somebody at a terminal: as wide as it is, in color where it has any, and how far a piece of work has come."""

import contextlib
import logging
import os
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from typing import Any, TextIO, TypeVar

logger = logging.getLogger("tfgan.terminal")

PATIENCE = 3.0  # seconds that nobody wonders about on a terminal
FIRST_LINE = 10.0  # seconds, where there is none
SILENCE = 30.0  # seconds between lines where there is no terminal

_CODES = {"bold": "1", "red": "1;31", "yellow": "1;33", "cyan": "36"}

Item = TypeVar("Item")


def columns(stream: TextIO, otherwise: int) -> int:
    """The width of the terminal that `stream` writes to, in characters; `otherwise` where it is no terminal, or does not say."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or otherwise
    except (OSError, ValueError, AttributeError):  # AttributeError: a stream that a program has put in its place
        return otherwise


def wrapped(text: str, stream: TextIO) -> str:
    """The text, whose lines are broken between words where the terminal that `stream` writes to is narrower; else as it is."""
    width = columns(stream, 0)
    return "\n".join(line if not width or len(line) <= width else _broken(line, width) for line in text.splitlines())


def _broken(line: str, width: int) -> str:
    return textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


@contextlib.contextmanager
def status(text: str):
    """A context in which a terminal shows what it waits for; elsewhere nothing is shown."""
    if not sys.stderr.isatty():
        yield
        return
    print(text, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(f"\r{' ' * len(text)}\r", end="", file=sys.stderr, flush=True)


def has_color(stream: TextIO) -> bool:
    """Whether `stream` writes to a terminal with colors, and the user has not set NO_COLOR (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def tint(text: str, color: str, stream: TextIO) -> str:
    """The text in a color, bold, red, yellow or cyan, where `stream` has colors."""
    return f"\033[{_CODES[color]}m{text}\033[0m" if has_color(stream) else text


def duration(seconds: float) -> str:
    """A time in few characters: 0:07, 12:30, 1:02:30, 2 d 3 h."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Waiting:
    """Shows how far a piece of work has come and how long it will take: a bar on a terminal, lines elsewhere, nothing if it is done soon.

    The time left is reckoned from what came after the first part: that one loads and compiles, and may take as long as a thousand others.

    Args:
        what: the work in words, as a sentence begins: "Making images".
        total: number of its parts; None if nobody knows it, so that only those that are done are counted.
    """

    def __init__(self, what: str, total: int | None):
        self.what, self.total, self.done = what, total, 0
        self._told = time.perf_counter() + FIRST_LINE - SILENCE
        self._first: tuple[float, int] | None = None  # when the first parts were done, and how many
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=what, delay=PATIENCE, leave=False, dynamic_ncols=True, bar_format=self._form())

    def advance(self, parts: int = 1):
        """Notes that more parts are done."""
        self.done += parts
        now = time.perf_counter()
        self._first = self._first or (now, self.done)
        if self._bar is not None:
            self._bar.bar_format = self._form(now)
            self._bar.update(parts)
        elif now - self._told >= SILENCE and self.done != self.total:
            self._told = now
            logger.info(f"{self.what}: {self.done}{f' of {self.total}' if self.total else ''}{self._left(now)}")

    def _form(self, now: float = 0.0) -> str:
        """The form of the bar, as tqdm takes it."""
        return f"{{desc}} {{bar}} {{n_fmt}}/{{total_fmt}}{self._left(now)}" if self.total else "{desc}: {n_fmt}"

    def _left(self, now: float) -> str:
        """The time left in words, with a comma before; "" where it is not known, as when only the first parts are done."""
        began, first = self._first or (now, self.done)
        if not self.total or self.done == first:
            return ""
        return f", {duration((now - began) / (self.done - first) * (self.total - self.done))} left"

    def say(self, text: str):
        """Writes a line to the standard error stream, which leaves the bar whole."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            print(text, file=sys.stderr)

    def __enter__(self) -> "Waiting":
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()


def waiting(items: Iterable[Item], total: int | None, what: str) -> Iterator[Item]:
    """The items one by one, while it is shown how many of the `total` have come; for this and `what` see `Waiting`."""
    with Waiting(what, total) as shown:
        for item in items:
            yield item
            shown.advance()
