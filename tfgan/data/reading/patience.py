"""Reads again what a drive does not give for a moment, as network drives do: growing pauses, one line an outage, and an end."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tqdm import tqdm

from tfgan.terminal import duration

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.25  # seconds, twice as long after each attempt
LONGEST_PAUSE = 15.0

Result = TypeVar("Result")


class Patience:
    """How long a file is tried again that cannot be read. All threads that read one data set share it, and give up together.

    Args:
        seconds: for which one file is tried again; 0: not at all.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._given_up = threading.Event()
        self._waiting: set[int] = set()  # threads
        self._changing = threading.Lock()

    def read(self, load: Callable[[], Result]) -> Result:
        """What `load` returns. Raises the `OSError` that it goes on raising, or raises once somebody else has given up."""
        pause, began = FIRST_PAUSE, 0.0
        try:
            while True:
                try:
                    return load()
                except OSError as error:
                    began = began or time.monotonic()
                    left = self.seconds - (time.monotonic() - began)
                    if left <= 0 or self._given_up.is_set():
                        self._given_up.set()
                        raise
                    self._wait(error, min(pause, left))
                    pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            if began:
                self._no_longer_waits(time.monotonic() - began)

    def _wait(self, error: OSError, seconds: float):
        with self._changing:
            first = not self._waiting
            self._waiting.add(threading.get_ident())
        if first:
            _say(f"{str(error).rstrip('.')}: trying again for {duration(self.seconds)} (--read_patience).")
        self._pause(seconds)

    def _pause(self, seconds: float):
        self._given_up.wait(seconds)

    def _no_longer_waits(self, waited: float):
        with self._changing:
            self._waiting.discard(threading.get_ident())
            last = not self._waiting
        if last and not self._given_up.is_set():
            _say(f"Reading goes on after {duration(waited)}.")


def _say(text: str):
    with tqdm.external_write_mode():  # which leaves a progress bar whole
        logger.warning(text)
