"""Any frame of a video by its number: how many there are, and each of them without those that come long before it.

A decoder can begin at key frames alone. Frames that are asked for in their order, give or take a few, as by several threads, are decoded
once; for any other, all from the key frame before it on are, which are some 10 to 250.
"""

import bisect
import collections
import contextlib
import dataclasses
import functools
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.data.reading import memory
from tfgan.data.reading.codecs.video import Clip, faults, open_clip, open_container, room
from tfgan.data.reading.headers import ImageInfo
from tfgan.errors import UnreadableImage

OPEN = 4  # clips at once
AT_HAND = 2**26  # bytes of the last frames that are kept of each
MOST_AT_HAND = 64
NEAR = 48  # frames that are decoded on the way to the next one, rather than to look for a key frame


class Index(NamedTuple):
    """What is known of a clip's frames before they are decoded."""

    info: ImageInfo  # of one frame; `pages` is how many there are
    times: tuple[int, ...]  # of each, in order, in units of the stream's time base


def index_of(path: Path) -> Index:
    """The index of a clip, by the heads of its packets, for which the file is read once; see `open_clip` for errors."""
    return _index(path, *_state(path))


def _state(path: Path) -> tuple[int, ...]:
    with faults(path):
        found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@functools.lru_cache(4096)
def _index(path: Path, *_: int) -> Index:
    with open_clip(path) as clip:
        info, number = clip.info, clip.stream.index
    times = _times_in_packets(path, number)
    if times is None:  # of files that do not state when frames are shown
        with open_clip(path) as clip:
            times = [frame.pts for frame in clip.frames_from(0)]
    return Index(dataclasses.replace(info, pages=len(times)), tuple(sorted(times)))


def _times_in_packets(path: Path, number: int) -> list[int] | None:
    import av

    times: list[int] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(faults(path))
        container = stack.enter_context(open_container(path))
        stack.enter_context(contextlib.suppress(av.InvalidDataError))  # the end of a file that is damaged from there on
        for packet in container.demux(container.streams[number]):
            if packet.size and not packet.is_discard:
                if packet.pts is None:
                    return None
                times.append(packet.pts)
    return times


def probe(path: Path, pages: str) -> ImageInfo:
    """What a frame of a clip is, and how many there are.

    Args:
        pages: what becomes of several frames: "refuse", "first" or "frames".

    Raises:
        UnreadableImage: the clip has several and they are refused; `pages` is "channels"; see `open_clip` for others.
    """
    info = index_of(path).info
    if info.pages > 1 and pages in ("refuse", "channels"):
        raise UnreadableImage(
            f"{info.format} video with {info.pages:,} frames: take each as an image with --pages=frames (every Nth with --frame_step=N), "
            "or the first of each file with --pages=first"
        )
    return info


def decode(path: Path, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The frame of a clip that `chosen_frame` names, by default the first, H×W×C uint8, and what it is.

    Raises:
        UnreadableImage: `probe` would refuse the clip; the frame is damaged or missing.
    """
    info = probe(path, pages)
    memory.budget.take(room(info))
    number = getattr(_chosen, "number", 0)
    with _reader(path) as reader:
        return reader.read(number), dataclasses.replace(info, pages=1)


_chosen = threading.local()


@contextlib.contextmanager
def chosen_frame(number: int) -> Iterator[None]:
    """A context in which this thread's `decode` gives the frame with this number, from 0."""
    _chosen.number = number
    try:
        yield
    finally:
        _chosen.number = 0


class _Reader:
    """A clip that stays open while others are not asked for; one thread at a time reads it."""

    def __init__(self, path: Path):
        self.times, self.lock = index_of(path).times, threading.Lock()
        self.closed = False
        self._path, self._stack = path, contextlib.ExitStack()
        self._clip: Clip = self._stack.enter_context(open_clip(path))
        self._frames: Iterator[Any] = iter(())
        self._at = self.times[-1] + 1  # the time of the frame that was decoded last; nothing comes behind this one
        self._at_hand: dict[int, Any] = {}  # time -> PyAV's frame, the newest last; None for one that is damaged
        self._most = min(max(AT_HAND // (3 * self._clip.first.height * self._clip.first.width), 2), MOST_AT_HAND)

    def close(self):
        self.closed = True
        self._stack.close()

    def read(self, number: int) -> np.ndarray:
        """The pixels of a frame. Raises `UnreadableImage` if it is damaged or missing."""
        if number >= len(self.times):
            raise UnreadableImage(f"there is no frame {number + 1:,}, only {len(self.times):,}")
        time = self.times[number]
        if time not in self._at_hand:
            with faults(self._path):
                self._decode_to(number)
        frame = self._at_hand.get(time)
        if frame is None:
            raise UnreadableImage(f"frame {number + 1:,} of {len(self.times):,} is damaged or missing")
        return self._clip.pixels(frame)

    def _decode_to(self, number: int):
        time = self.times[number]
        if not self._at < time <= self.times[min(bisect.bisect_right(self.times, self._at) + NEAR, len(self.times) - 1)]:
            self._frames = self._clip.frames_from(time)
            first = next(self._frames, None)
            if first is not None and first.pts > time:  # containers without a good index
                self._frames = self._clip.frames_from(min(0, self.times[0]))
            elif first is not None:
                self._frames = itertools.chain([first], self._frames)
        damaged, begun = False, self._clip.broken
        broken = begun
        for frame in self._frames:
            damaged = (damaged or self._clip.broken > broken) and not frame.key_frame  # what refers to what is lost
            broken = self._clip.broken
            self._at = frame.pts
            self._keep(frame.pts, None if damaged or frame.is_corrupt else frame)
            if frame.pts >= time:
                break
        if time not in self._at_hand:
            # Packets that show nothing by themselves, as VP8 has, are no damage: until the next frame the screen shows that.
            self._keep(time, self._at_hand.get(self._at) if self._at > time and broken == begun else None)

    def _keep(self, time: int, frame: Any):
        self._at_hand[time] = frame
        while len(self._at_hand) > self._most:
            del self._at_hand[next(iter(self._at_hand))]


_readers: collections.OrderedDict[tuple, _Reader] = collections.OrderedDict()
_changing = threading.Lock()


@contextlib.contextmanager
def _reader(path: Path) -> Iterator[_Reader]:
    """A context in which this thread alone has the reader of a clip."""
    while True:
        found = _of(path)
        with found.lock:
            if not found.closed:  # by threads that read others in the meantime
                yield found
                return


def _of(path: Path) -> _Reader:
    key = (path, *_state(path))
    with _changing:
        found = _readers.pop(key, None) or _Reader(path)
        _readers[key] = found
        old = [_readers.pop(next(iter(_readers))) for _ in range(len(_readers) - OPEN)]
    for reader in old:
        with reader.lock:
            reader.close()
    return found
