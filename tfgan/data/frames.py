"""Makes each page of the files of a data set an example of its own: slices of volumes, frames of videos and DICOM, pages of TIFF."""

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.data.reading import images
from tfgan.data.reading.codecs.video_frames import chosen_frame
from tfgan.data.reading.formats import is_video
from tfgan.data.source import Source, View
from tfgan.errors import UnreadableImage
from tfgan.terminal import waiting

AT_HAND = 4  # examples whose pages are kept, as those of a file are mostly asked for one after the other


class Frames(View):
    """The pages of another source's examples, which hold the channels of one page after those of the other, see `images.fit`.

    Both images of a pair must have as many pages: the first one goes with the first, and so on.

    Of videos one frame at a time is read, see `tfgan.data.reading.codecs.video_frames`; of other files all pages are.

    Args:
        inner: the other source, whose domains are read by "frames".
        step: of so many pages of a file the first one is an example.
    """

    def __init__(self, inner: Source, step: int = 1):
        super().__init__(inner, inner.domains)
        self.paged = True
        self.class_names, self.label_side = inner.class_names, inner.label_side
        self.attribute_names, self.attribute_groups = inner.attribute_names, inner.attribute_groups
        self.attribute_sets = inner.attribute_sets
        paths = {path for index in range(len(inner)) for path in inner.paths(index)}
        with ThreadPoolExecutor() as pool:
            found = waiting(pool.map(self._count, paths), len(paths), "Counting the pages of files")
            self._pages = dict(zip(paths, found))
        counts = [self._pages_of(index) for index in range(len(inner))]
        self._places = [(index, page) for index, count in enumerate(counts) for page in range(0, count, step)]
        self._example = functools.lru_cache(AT_HAND)(inner.load)

    def _count(self, path: Path) -> int:
        """The pages of a file; 1 for one that cannot be read, which is told when it is loaded."""
        try:
            return images.probe(path, next(iter(self.domains.values())).pages).pages
        except (UnreadableImage, OSError):
            return 1

    def _pages_of(self, index: int) -> int:
        """The pages of the files of an example; 1 where they differ, so that it is told once."""
        counts = {self._pages[path] for path in self.inner.paths(index)}
        return counts.pop() if len(counts) == 1 else 1

    def __len__(self) -> int:
        return len(self._places)

    def name(self, index: int) -> str:
        return f"{self.inner.name(self._places[index][0])}{self.mark(index)}"

    def mark(self, index: int) -> str:
        return "" if len(self.inner) == len(self) else f"#{self._places[index][1] + 1}"

    def page(self, index: int) -> int:
        return self._places[index][1]

    def paths(self, index: int) -> tuple[Path, ...]:
        return self.inner.paths(self._places[index][0])

    def content(self, index: int) -> bytes:
        place, page = self._places[index]
        return self.inner.content(place) + page.to_bytes(4, "big")

    def load(self, index: int) -> dict[str, np.ndarray]:
        """One page, under the keys of the other source.

        Raises:
            UnreadableImage: the file cannot be used, or has another number of pages than its counterpart.
        """
        place, page = self._places[index]
        counts = {self.label(path): self._pages[path] for path in self.inner.paths(place)}
        if len(set(counts.values())) > 1:
            which = "both files of a pair" if len(counts) == 2 else "files that belong together"
            found = " and ".join(f"{name} has {count}" for name, count in counts.items())
            raise UnreadableImage(f"{which} must have as many pages: {found}")
        if not any(map(is_video, self.inner.paths(place))):
            example = dict(self._example(place))
        else:
            with chosen_frame(page):
                example = self.inner.load(place)
        for key, domain in self.domains.items():
            if example[key].shape[-1] > domain.channels:  # of a video it is that page alone
                example[key] = page_of(example[key], page, domain)
        return example


def page_of(image: np.ndarray, page: int, domain: Domain) -> np.ndarray:
    """One page H×W×C of all that were read for a domain; those of each part of stacked files stand together."""
    count = image.shape[-1] // domain.channels
    parts = []
    for part, channels in domain.pieces():
        begin = count * channels.start + page * part.channels
        parts.append(image[..., begin : begin + part.channels])
    return np.concatenate(parts, axis=-1)
