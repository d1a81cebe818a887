"""Videos through a translator: frame by frame, one of them in memory at a time, all by the same noise, beside the sound as it is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.data.preparation.normalization import held
from tfgan.data.reading.codecs.video import Clip, Frame, open_clip
from tfgan.data.reading.codecs.video_frames import index_of
from tfgan.data.reading.codecs.video_output import new_video
from tfgan.data.reading.images import Loaded, fit
from tfgan.errors import UnreadableImage
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator
from tfgan.terminal import Waiting

Say = Callable[[str], None]


class Frames:
    """The translation of a clip's frames.

    Args:
        alpha, passage, conditions: see `tfgan.inference.files.translate_files`. All frames are translated by the conditions of the first:
            read from each image anew, as attributes are, they would flicker.
        say: told what is to be said of the clip.

    Raises:
        UnreadableImage, ReadFailed: the clip cannot be read.
    """

    def __init__(self, translator: Translator, source: Path, conditions: Callable, *, alpha: str, passage: Passage, say: Say):
        self._translator, self._source, self._passage, self._alpha, self._say = translator, source, passage, alpha, say
        self._make_conditions = conditions
        self._conditions: dict[str, np.ndarray] = {}
        self._times = index_of(source).times
        self.lacks_frames = False  # whether some could not be read, once all others are translated

    def into_video(self, result: Path, comment: str) -> None:
        """Writes the translation as a video with the sound of its source, whole or not at all; `comment` is what the file states.

        Raises:
            UnreadableImage, ReadFailed: the clip cannot be read.
            UserError: the container cannot hold it.
            OutputError: the file cannot be written.
        """
        with open_clip(self._source) as clip, new_video(result, clip, self._times, comment) as video:
            for note in video.notes:
                self._tell(note)
            for part in self._parts(clip):
                if isinstance(part, Frame):
                    video.write(self.translated(part.pixels, clip), part.pts)
                else:
                    video.copy(part)

    def numbered(self, wanted: Callable[[int], bool]) -> Iterator[np.ndarray | None]:
        """Yields the translation of each frame, H×W×C of the target's dtype, or None for one whose number, from 1, is not `wanted`.

        Raises:
            UnreadableImage, ReadFailed: the clip cannot be read.
        """
        with open_clip(self._source) as clip:
            frames = (part for part in self._parts(clip) if isinstance(part, Frame))
            for number, frame in enumerate(frames, start=1):
                yield self.translated(frame.pixels, clip) if wanted(number) else None

    def translated(self, pixels: np.ndarray, clip: Clip) -> np.ndarray:
        """The translation of a frame, H×W×C of the target's dtype."""
        source = self._translator.source
        image = fit(Loaded(pixels, clip.info), source, self._alpha)
        return self._passage.translate(self._translator, held(image, source), self._fixed)

    def _fixed(self, image: np.ndarray) -> dict[str, np.ndarray]:
        if not self._conditions:
            self._conditions = self._make_conditions(image)
        return self._conditions

    def _parts(self, clip: Clip) -> Iterator[Any]:
        for note in clip.notes():
            self._tell(note)
        done = 0
        with Waiting(f"Translating {self._source.name}", len(self._times)) as shown:
            for part in clip.parts():
                yield part
                if isinstance(part, Frame):
                    done += 1
                    shown.advance()
        if done == 0:
            raise UnreadableImage("has no frames")
        if note := clip.missing(done):
            self.lacks_frames = True
            self._tell(f"{note}; the others are translated")

    def _tell(self, clause: str):
        self._say(f"{self._source} {clause}.")
