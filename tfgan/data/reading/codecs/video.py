"""Videos by the package PyAV, which brings FFmpeg's libraries: their frames as they are meant to be seen, one at a time.

A file is read through Python's own file object, and by the demuxers of the containers that are known here alone: a playlist that is
called .mp4 opens nothing else.
"""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.data.reading.formats import VIDEOS, ending
from tfgan.data.reading.headers import ImageInfo, check_room, file_size
from tfgan.errors import ReadFailed, UnreadableImage, first_line

DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi"
BYTES_PER_PIXEL = 24  # of a frame that is decoded, turned and copied, with those to which it refers

RGB, BT709, UNSPECIFIED, BT601, BT2020 = 0, 1, 2, 5, 9  # ITU-T H.273, table 4
MATRICES = {BT709, 4, BT601, 6, 7, BT2020}  # that FFmpeg's scaler knows
HDR = {16: "PQ", 18: "HLG"}  # ITU-T H.273, table 3
HIGH = 720  # rows from which on players take colors that are not described for those of BT.709, and not of BT.601
FULL_RANGE = 2
CUT_OFF = 1.0  # seconds that a file lacks of what it states, from which on it is told


class Frame(NamedTuple):
    """A frame as it is meant to be seen."""

    pixels: np.ndarray  # H×W×C uint8: gray, RGB, or RGBA
    pts: int  # when it is shown, in units of the clip's time base


class Clip:
    """A video that is open, read from its beginning to its end; `open_clip` makes it.

    Attributes:
        stream: PyAV's, of the video; others that a file may have, as of a picture on the cover, are passed over.
        sounds: PyAV's audio streams.
        broken: parts of the file that could not be decoded so far.
        first: the first frame, as PyAV has it.
        turned: by how many quarters, counterclockwise, frames are turned to be upright.
    """

    def __init__(self, container: Any, path: Path):
        self.container, self.path, self.broken, self._end = container, path, 0, Fraction(0)
        found = [stream for stream in container.streams.video if not stream.disposition & stream.disposition.__class__.attached_pic]
        if not found:
            raise UnreadableImage("has no video stream, only sound or other data")
        self.stream, self.sounds = found[0], list(container.streams.audio)
        self.stream.thread_type = "AUTO"
        self._ahead: list[Any] = []
        self._coming = self._decoded()
        self.first = self._first()
        self.turned = round(self.first.rotation / 90) % 4
        parts = [part for part in self.first.format.components if not part.is_alpha]
        self.alpha = len(parts) < len(self.first.format.components)
        self.gray = len(parts) == 1 and not (self.alpha or self.first.format.has_palette or self.first.format.is_bayer)
        self.bits = max(part.bits for part in parts)

    def _first(self) -> Any:
        for part in self._coming:
            self._ahead.append(part)
            if hasattr(part, "format"):
                return part
        raise UnreadableImage("damaged or incomplete: none of its frames can be decoded" if self.broken else "has no frames")

    def _decoded(self, sounds: bool = True) -> Iterator[Any]:
        """Yields PyAV's frames of the video, and its packets of sound, in the order in which the file has them."""
        for packet in self.container.demux(self.stream, *(self.sounds if sounds else [])):
            if packet.pts is not None:
                self._end = max(self._end, packet.pts * packet.time_base)
            if packet.stream.type == "audio":
                if packet.dts is not None:  # the last one, which is empty
                    yield packet
                continue
            try:
                yield from packet.decode()
            except Exception as error:  # libraries of many decoders: what is damaged is passed over, and counted
                _raise_unless_damage(error, self.path)
                self.broken += 1

    def parts(self) -> Iterator[Any]:
        """Yields each `Frame`, and PyAV's packets of sound, in the order in which the file has them; to be called once.

        Raises:
            UnreadableImage: the file is damaged so that nothing behind can be found; frames of another size.
        """
        with faults(self.path):
            while self._ahead:
                yield self._part(self._ahead.pop(0))
            for part in self._coming:
                yield self._part(part)

    def frames_from(self, time: int) -> Iterator[Any]:
        """Yields PyAV's frames from the key frame on that comes before `time`, in units of the stream's time base; instead of `parts`."""
        self._ahead = []
        self.container.seek(time, stream=self.stream)
        yield from (part for part in self._decoded(sounds=False) if part.pts is not None)

    def _part(self, part: Any) -> Any:
        if not hasattr(part, "format"):
            return part
        if (part.height, part.width) != (self.first.height, self.first.width):
            raise UnreadableImage(
                f"its frames have {self.first.height}×{self.first.width} pixels at first, and {part.height}×{part.width} at "
                f"{float(part.time or 0):.2f} s: cut it there"
            )
        return Frame(self.pixels(part), part.pts)

    def pixels(self, frame: Any) -> np.ndarray:
        """The pixels of a frame of PyAV, upright, H×W×C uint8."""
        matrix, full = colors_of(frame)
        form = "rgba" if self.alpha else "rgb24"
        pixels = frame.reformat(format=form, src_colorspace=matrix, src_color_range=FULL_RANGE if full else 1, dst_color_range=FULL_RANGE)
        upright = np.rot90(pixels.to_ndarray(), self.turned)
        return np.ascontiguousarray(upright[..., :1] if self.gray else upright)

    @property
    def info(self) -> ImageInfo:
        """What one frame is; of the number of frames nothing is known yet."""
        size = self.first.height, self.first.width
        height, width = size[::-1] if self.turned % 2 else size
        channels = 1 if self.gray else 4 if self.alpha else 3
        return ImageInfo(height, width, channels, "uint8", alpha=self.alpha, format=VIDEOS[ending(self.path)])

    @property
    def rate(self) -> Fraction:
        """Frames in a second, on average."""
        return self.stream.average_rate or self.stream.guessed_rate or Fraction(25)

    def notes(self) -> list[str]:
        """What is to be said of frames that are not seen as the file has them, as clauses."""
        found = []
        if name := HDR.get(int(self.first.color_trc)):
            found.append(f"is HDR ({name}), which is read as it is, without tone mapping: its colors look pale to a network of photos")
        if self.bits > 8:
            found.append(f"has {self.bits} bits a color, of which 8 are read")
        if self.first.interlaced_frame:
            found.append("is interlaced, and its frames are taken as they are")
        return found

    def missing(self, frames: int) -> str:
        """What is to be said of what could not be read, once all has been, and `frames` have; "" if all is there."""
        if self.broken or self.stream.frames > frames:
            lost = max(self.broken, self.stream.frames - frames)
            return f"lacks {lost:,} of its {frames + lost:,} frames, which are missing or damaged"
        stated = (self.container.duration or 0) / 1e6
        return f"ends after {float(self._end):.1f} of the {stated:.1f} s that it states" if stated - self._end > CUT_OFF else ""


def colors_of(frame: Any) -> tuple[int, bool]:
    """The matrix by which a frame's colors are coded, and whether they span all values; where it is not described, as players guess."""
    matrix = int(frame.colorspace)
    if matrix not in MATRICES:
        matrix = BT709 if frame.height >= HIGH else BT601
    return matrix, int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")


@contextlib.contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """A context in which a video is open.

    Raises:
        UnreadableImage: the file is empty, damaged, of an unknown coding, or has no frames; they would take too much memory.
        ReadFailed: the system does not give it.
    """
    with faults(path):
        if file_size(path) == 0:
            raise UnreadableImage("the file is empty")
    with contextlib.ExitStack() as stack:
        with faults(path):
            clip = Clip(stack.enter_context(open_container(path)), path)
        check_room(clip.info, room(clip.info))
        yield clip


@contextlib.contextmanager
def open_container(path: Path) -> Iterator[Any]:
    """A context in which PyAV's container of a file is open, read by the demuxers that are known here alone; errors are PyAV's."""
    import av

    options = {"format_whitelist": DEMUXERS}
    with path.open("rb") as file, av.open(file, metadata_errors="replace", options=options, buffer_size=2**18) as container:
        yield container


def room(info: ImageInfo) -> int:
    """The bytes of memory that a frame takes until its pixels are an array."""
    return info.height * info.width * BYTES_PER_PIXEL


@contextlib.contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turns what FFmpeg raises into `UnreadableImage`, and what the file system raises into `ReadFailed`."""
    try:
        yield
    except (ReadFailed, UnreadableImage):
        raise
    except Exception as error:
        _raise_unless_damage(error, path)
        reason = getattr(error, "strerror", "") or first_line(error)
        raise UnreadableImage(f"damaged, incomplete, or of an unknown coding: {reason}") from None


def _raise_unless_damage(error: Exception, path: Path):
    """Raises errors that are not of FFmpeg's: those of the file system, and of the program."""
    import av

    if isinstance(error, OSError) and not isinstance(error, av.FFmpegError):
        raise ReadFailed(path, error) from None
    if not isinstance(error, (av.FFmpegError, UnicodeError, NotImplementedError)):
        raise error


def read_text(path: Path) -> str:
    """The comment that a video states; "" if it has none."""
    with open_container(path) as container:
        return next((text for name, text in container.metadata.items() if name.lower() == "comment"), "")
