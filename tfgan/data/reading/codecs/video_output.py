"""Writes videos by PyAV: frames one by one at the times of those that they are made of, beside the sound as it is."""

import contextlib
import errno
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from tfgan.config import as_pixels
from tfgan.data.reading.codecs.video import BT601, BT709, BT2020, FULL_RANGE, HDR, HIGH, Clip, colors_of
from tfgan.data.reading.formats import VIDEOS, ending
from tfgan.errors import UserError
from tfgan.paths.files import new_file

COARSEST = Fraction(1, 60_000)  # seconds, of MPEG-4's clock, which has 16 bits
LIMITED_RANGE = 1
OFF_BEAT = 0.25  # of the time between two frames, up to which a frame is on the beat of its rate


class _Encoder(NamedTuple):
    name: str  # FFmpeg's
    options: dict[str, str]
    even: bool = True  # whether both sides must be


_H264 = _Encoder("libx264", {"crf": "17"})  # next to lossless to the eye
_MPEG4 = _Encoder("mpeg4", {})
_ENCODERS = {
    **dict.fromkeys(("MP4", "MOV", "MKV"), (_H264, _MPEG4)),
    "WebM": (_Encoder("libvpx-vp9", {"crf": "24", "b:v": "0", "cpu-used": "4", "row-mt": "1"}, even=False),),
    "AVI": (_MPEG4,),
}
"""Container -> its encoders, the best first: not every build of FFmpeg has all."""
_DEMUXED_AS = {"MP4": "mp4", "MOV": "mov", "MKV": "matroska", "WebM": "webm", "AVI": "avi"}


def encoder_of(path: Path) -> _Encoder:
    """The encoder for a video with this ending. Raises `UserError` if this installation has none."""
    import av

    form = VIDEOS[ending(path)]
    for encoder in _ENCODERS[form]:
        if encoder.name in av.codec.codecs_available:
            return encoder
    raise UserError(f"this installation of PyAV has no encoder for {form}: name another one of .{', .'.join(VIDEOS)}")


class Recording:
    """A video that is being written; `new_video` makes it.

    Attributes:
        notes: what is to be said of it, as clauses: what of the source could not be kept.
    """

    def __init__(self, file: BinaryIO, path: Path, like: Clip, comment: str):
        import av

        self._file, self._path, self._like, self._comment = file, path, like, comment
        self.notes: list[str] = []
        self._encoder = encoder_of(path)
        self._sounds: dict[int, Any] = {}
        self._last = -1
        try:
            self._open(sound=True)
        except (av.FFmpegError, ValueError):  # of a container that does not know the sound's coding
            if not like.sounds:
                raise
            names = (sound.codec_context.name if sound.codec_context else "of an unknown coding" for sound in like.sounds)
            codecs = " and ".join(dict.fromkeys(names))
            self.notes.append(f"loses its sound ({codecs}), which {VIDEOS[ending(path)]} cannot hold as it is: name an .mkv to keep it")
            with _told(path):
                self._open(sound=False)
        if others := [stream.type for stream in like.container.streams if stream.type not in ("video", "audio")]:
            self.notes.append(f"loses what is neither pictures nor sound ({', '.join(dict.fromkeys(others))})")

    def _open(self, sound: bool):
        import av

        self._file.seek(0)
        self._file.truncate()
        form = _DEMUXED_AS[VIDEOS[ending(self._path)]]
        self._container: Any = av.open(self._file, "w", format=form, metadata_encoding="ascii", buffer_size=2**18)
        self._container.metadata["comment"] = self._comment
        self._stream = self._add_video()
        self._sounds = {}
        for stream in self._like.sounds if sound else []:
            self._sounds[stream.index] = self._container.add_stream_from_template(stream)
        self._container.start_encoding()

    def _add_video(self) -> Any:
        info, encoder = self._like.info, self._encoder
        stream = self._container.add_stream(encoder.name, rate=self._like.rate, options=dict(encoder.options))
        even = encoder.even
        self._size = (info.height + info.height % 2, info.width + info.width % 2) if even else (info.height, info.width)
        if self._size != (info.height, info.width):
            words = f"gets {as_pixels(self._size)} pixels, its last row or column twice: {encoder.name} takes even sides only"
            self.notes = list(dict.fromkeys([*self.notes, words]))
        stream.height, stream.width = self._size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = self._clock()
        stream.time_base = self._clock()
        shape = self._like.stream.sample_aspect_ratio
        if shape:
            context.sample_aspect_ratio = 1 / shape if self._like.turned % 2 else shape
        if encoder is _MPEG4:
            context.qmin = context.qmax = 2  # its finest steps
        self._matrix = self._colors()
        context.color_range, context.colorspace = LIMITED_RANGE, self._matrix
        first = self._like.first
        if int(first.colorspace) == self._matrix:
            context.color_primaries, context.color_trc = int(first.color_primaries), int(first.color_trc)
        elif self._matrix == BT709:
            context.color_primaries = context.color_trc = BT709
        return stream

    def _colors(self) -> int:
        """The matrix by which colors are coded: that of the source, where results look like it; of what is not HDR."""
        matrix, _ = colors_of(self._like.first)
        if matrix == BT2020 or int(self._like.first.color_trc) in HDR:
            return BT709
        return matrix if matrix in (BT709, BT601) else BT709 if self._like.info.height >= HIGH else BT601

    def _clock(self) -> Fraction:
        """The time base: that of the source, where the container and the encoder have such."""
        base = self._like.stream.time_base
        if VIDEOS[ending(self._path)] == "AVI":  # which knows one rate, and no times
            return 1 / self._like.rate
        return max(base, COARSEST) if self._encoder is _MPEG4 else base

    def write(self, pixels: np.ndarray, pts: int):
        """Adds a frame, H×W×C uint8 with 1 or 3 channels; `pts` is that of the frame of which it was made.

        Raises:
            UserError: the container or the encoder does not take it.
        """
        import av

        height, width = self._size
        extra = ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0))
        image = np.pad(np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels, extra, mode="edge")
        colored = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24")
        frame: Any = colored.reformat(
            format="yuv420p", dst_colorspace=self._matrix, src_color_range=FULL_RANGE, dst_color_range=LIMITED_RANGE
        )
        time = pts * self._like.stream.time_base
        frame.time_base = self._stream.codec_context.time_base
        frame.pts = max(round(time / frame.time_base), self._last + 1)
        self._last = frame.pts
        with _told(self._path):
            self._container.mux(self._stream.encode(frame))

    def copy(self, packet: Any):
        """Adds a packet of the source's sound, as it is; nothing where its sound could not be kept."""
        if (stream := self._sounds.get(packet.stream.index)) is not None:
            packet.stream = stream
            with _told(self._path):
                self._container.mux([packet])

    def finish(self):
        """Writes what the encoder still holds, and the end of the file."""
        with _told(self._path):
            self._container.mux(self._stream.encode(None))
            self._container.close()


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Says what an encoder or a container does not take; what the disk does not take is an `OSError` of Python's own file."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            raise
        raise UserError(f"cannot be written as {VIDEOS[ending(path)]}: {error.strerror}") from None


@contextlib.contextmanager
def new_video(path: Path, like: Clip, times: Sequence[int], comment: str) -> Iterator[Recording]:
    """A context in which a video is written, which is there, whole, at its end; if the context fails, nothing is.

    Args:
        path: the file, which is replaced if it exists; its ending says the container.
        like: the clip of which it is made: the video has its rate, size, shape of pixels, and sound.
        times: of that clip's frames, see `tfgan.data.reading.codecs.video_frames.Index`.
        comment: ASCII text, which the file states.

    Raises:
        UserError: this installation has no encoder for it; an AVI, which has one rate, of frames that have none.
        OutputError: the file cannot be written.
    """
    if VIDEOS[ending(path)] == "AVI":
        places = [float(time * like.stream.time_base * like.rate) for time in times]
        if any(abs(place - round(place)) > OFF_BEAT for place in places) or len(set(map(round, places))) < len(places):
            raise UserError("AVI files have one frame rate, and these frames come at varying times: name an .mp4 or .mkv")
    with new_file(path) as part, part.open("w+b") as file:
        recording = Recording(file, path, like, comment)
        yield recording
        recording.finish()
