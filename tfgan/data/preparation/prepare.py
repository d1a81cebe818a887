"""Makes a split ready for the pipeline: checked before training, resized once, kept in memory as far as it fits."""

import contextlib
import hashlib
import logging
import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfgan.config import Domain, Size
from tfgan.data.preparation.geometry import KEEPING_SCALE, fitted, scaled, viewed
from tfgan.data.preparation.normalization import held
from tfgan.data.preparation.room import Room
from tfgan.data.reading.memory import budget
from tfgan.data.reading.patience import Patience
from tfgan.data.reading.remembered import Remembered
from tfgan.data.source import Source
from tfgan.errors import ReadFailed, UnreadableImage, UserError
from tfgan.instances import classes_of
from tfgan.terminal import waiting

logger = logging.getLogger(__name__)

LOOKED_AT = 9  # images by which the memory is estimated that all of them take
LISTED = 10  # bad files named in a message
LASTING = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)
"""What does not pass by itself where training begins, and is not tried again there; in the middle of it, a drive may be away."""


Listing = dict[str, str]
"""Name of an example -> a hash of what it holds, 16 hexadecimal digits, or "" where that is not known."""


class PreparedSource:
    """Examples by position, at the pipeline's size, under the batch's keys.

    Args:
        source: the decoded examples.
        keys: batch key -> key of the source, for example source -> B.
        size: height and width of what `fetch` returns, in pixels; of training images by the `fit` "width" and "none", those for which a
            width is taken.
        room: where what was fetched is kept, as long as there is some left.
        fit: how images of another size and shape become what `fetch` returns, see `tfgan.data.preparation.geometry`.
        crops: height and width of the random crops that are to be cut out of the images; None: there are none, and all images get `size`.
        patience: how long files are tried again that cannot be read; None: not at all.

    Attributes:
        failure: why `fetch_for_training` failed first; None if it never did.
    """

    def __init__(
        self,
        source: Source,
        keys: dict[str, str],
        size: Size,
        room: Room,
        fit: str = "squeeze",
        crops: Size | None = None,
        patience: Patience | None = None,
    ):
        self.source, self.keys, self.size, self.fit, self.crops, self.patience = source, keys, size, fit, crops, patience or Patience(0)
        self.failure: Exception | None = None
        self.domains: dict[str, Domain] = {key: source.domains[old] for key, old in keys.items() if old in source.domains}
        self._indices = list(range(len(source)))
        self._room, self._memory = room, dict[int, list[np.ndarray]]()
        self._clipped: dict[tuple[str, int], float] = {}  # share of the values of an image that lie outside the domain's range
        self._sizes: dict[int, Size] = {}  # of the source's images, where they have been loaded
        self._contents: dict[int, str] = {}  # a hash of what each example holds, where it was checked

    def __len__(self) -> int:
        return len(self._indices)

    def name(self, position: int) -> str:
        return self.source.name(self._indices[position])

    def fetch(self, position: int) -> list[np.ndarray]:
        """The arrays of one example, in the order of `keys`: images and maps at `size`, anything else as it is.

        Args:
            position: place of the example among those that are left after `check`.

        Raises:
            UnreadableImage: the files of this example cannot be used, or it names a class that there is not.
            ReadFailed: they cannot be read, and could not be for as long as there is patience.
        """
        return self.patience.read(lambda: self._fetch(position))

    def fetch_for_training(self, position: int) -> list[np.ndarray]:
        """As `fetch`, whose error is kept: of one that crosses a `tf.data` pipeline, TensorFlow leaves some text alone."""
        try:
            return self.fetch(position)
        except UnreadableImage as error:
            self.failure = self.failure or UnreadableImage(self._named(self._indices[position], str(error)))
            raise
        except Exception as error:
            self.failure = self.failure or error
            raise

    def _named(self, index: int, reason: str) -> str:
        name = self.source.name(index)
        return reason if name in reason else f"{name}: {reason}"

    def _fetch(self, position: int) -> list[np.ndarray]:
        index = self._indices[position]
        if index in self._memory:
            return self._memory[index]
        with budget.turn():
            example = self._load(index)
            self._sizes[index] = next((example[old].shape[:2] for key, old in self.keys.items() if key in self.domains), (0, 0))
            entries = [(key, example[old]) for key, old in self.keys.items()]
            arrays = [self._prepared(key, entry, index) if key in self.domains else entry for key, entry in entries]
            del example, entries  # before others take their memory
        self._check_classes(arrays)
        if index not in self._memory and self._room.take(sum(array.nbytes for array in arrays)):
            self._memory[index] = arrays
        return arrays

    def _load(self, index: int) -> dict[str, np.ndarray]:
        try:
            return self.source.load(index)
        except ReadFailed:
            raise
        except OSError as error:  # of records, or of a program's own source
            raise ReadFailed(self.source.name(index), error) from error

    def _check_classes(self, arrays: list[np.ndarray]):
        """Raises `UnreadableImage` for a label or a pixel of a class that there is not; an embedding would take -1 for the last one."""
        for (key, old), array in zip(self.keys.items(), arrays):
            classes = self.domains[key].classes if key in self.domains and array.dtype == np.int32 else None
            least, count = (-1, len(classes.names)) if classes else (0, len(self.source.class_names) if old == "label" else 0)
            found = classes_of(array) if classes and self.domains[key].instances else array
            if count and (np.min(found) < least or np.max(found) >= count):
                raise UnreadableImage(f"{old} holds {np.min(found)} to {np.max(found)}, but the classes are 0 to {count - 1}")

    def _prepared(self, key: str, image: np.ndarray, index: int) -> np.ndarray:
        domain = self.domains[key]
        if not domain.value_range:
            return self._resized(image, domain)
        low, high = (np.array(side) for side in zip(*domain.value_range))
        if outside := np.count_nonzero((image < low) | (image > high)):
            self._clipped[key, index] = outside / image.size
        return self._resized(held(image, domain), domain)

    def clipped(self) -> list[str]:
        """What to say of values outside the domains' ranges, in the images that were loaded so far: a sentence for each domain."""
        sentences = []
        for key, domain in self.domains.items():
            shares = [share for (other, _), share in self._clipped.items() if other == key]
            if shares:
                ranges = ", ".join(f"{low:g} to {high:g}" for low, high in dict.fromkeys(domain.value_range))
                share, seen = sum(shares) / len(self._sizes), f"{len(shares)} of {len(self._sizes)} images"
                sentences.append(f"{domain.name}: {share:.2%} of the values, in {seen}, lie outside {ranges} and are clipped.")
        return sentences

    def _resized(self, image: np.ndarray, domain: Domain) -> np.ndarray:
        if self.crops is None:
            return viewed(image, self.fit, self.size, domain)
        return fitted(image, self.fit, self.size, self.crops, domain)

    def check(self, split: str, skip_bad: bool, reading: object = None, anew: bool = True) -> None:
        """Loads every example once, to find those that cannot be used; of the others it is remembered, for files that stay as they are.

        Args:
            split: name of the split, for messages.
            skip_bad: leave out examples that cannot be used and log them, instead of raising an error.
            reading: how the source reads its files, where it does not tell itself.
            anew: load examples too that are remembered.

        Raises:
            UserError: some examples cannot be used, and `skip_bad` is false; some cannot be read, whatever it is; or none is left.
        """
        bad: dict[int, str] = {}
        unread: dict[int, str] = {}
        # Pages are read in order now and kept where there is room: by themselves, each takes as long as its whole file, or half a video.
        remembered = self._remembered(split, reading, anew or (self.source.paged and self._room.size > 0))

        def load(index):
            try:
                stamp, known = remembered.ask(self.source.name(index), self.source.paths(index))
                if known is None:
                    self._contents[index] = self._content(index, self._fetch_at_start(index))
                    remembered.note(self.source.name(index), stamp, self._answer(index))
                else:
                    self._take(index, known)
            except UnreadableImage as error:
                bad[index] = str(error)
            except ReadFailed as error:
                unread[index] = str(error)

        with ThreadPoolExecutor() as pool:
            indices = range(len(self._indices))
            list(waiting(pool.map(load, indices), len(indices), f"Reading the {split} images"))
        remembered.keep()
        if known := remembered.known:
            logger.info(
                f"{known:,} of {len(self):,} {split} images have not changed since they were read before: not read again (--recheck)."
            )
        if unread:
            raise UserError(
                f"{len(unread)} of {len(self)} {split} images cannot be read:\n{_listed([unread[i] for i in sorted(unread)])}\n"
                "They cannot be judged, so none of them is left out: check the drive, or the permissions of these files."
            )
        reasons = [self._named(i, bad[i]) for i in sorted(bad)]
        skipped = [f"{name}: {reason}" for name, reason in self.source.skipped] + reasons
        if reasons and not skip_bad:
            raise UserError(
                f"{len(bad)} of {len(self)} {split} images cannot be used:\n{_listed(reasons)}\n"
                f"Repair or remove these files{', or leave them out with --skip_bad_files' * (len(bad) < len(self))}."
            )
        for sentence in self.clipped():
            logger.warning(f"{split}: {sentence}")
        if skipped:
            logger.warning(f"Left out {len(skipped)} {split} images:\n{_listed(skipped)}")
        self._indices = [i for i in self._indices if i not in bad]
        if not self._indices:
            raise UserError(f"No {split} image is left.")

    def _remembered(self, split: str, reading: object, anew: bool) -> Remembered:
        """What is known of the examples of earlier times, as they are read now."""
        source = self.source
        names = source.class_names, source.attribute_names, source.attribute_groups, source.attribute_sets, source.label_side
        return Remembered("examples", split, reading, self.keys, self.domains, names, source.beside(), anew=anew)

    def _answer(self, index: int) -> list:
        """What `check` finds out of an example: its size, a hash of what it holds, and by key the share of its values that are clipped."""
        clipped = {key: self._clipped[key, index] for key in self.domains if (key, index) in self._clipped}
        return [*self._sizes[index], self._contents[index], clipped]

    def _take(self, index: int, answer: list):
        """Notes what was found out of an example before."""
        height, width, self._contents[index], clipped = answer
        self._sizes[index] = height, width
        self._clipped.update({(key, index): share for key, share in clipped.items()})

    def _fetch_at_start(self, index: int) -> list[np.ndarray]:
        """Fetches an example; what does not pass by itself is told at once."""
        try:
            return self._fetch(index)
        except ReadFailed as error:
            if isinstance(OSError(error.errno, ""), LASTING):
                raise
            return self.fetch(index)

    def _content(self, index: int, arrays: list[np.ndarray]) -> str:
        """A hash, 16 hexadecimal digits, of an example's images as they are stored and of what else it holds; "" if it is not known."""

        def read() -> bytes:
            try:
                return self.source.content(index)
            except OSError as error:
                raise ReadFailed(self.source.name(index), error) from error

        images = self.patience.read(read)  # which are in the machine's memory, as they were just loaded
        others = [np.asarray(array).tobytes() for key, array in zip(self.keys, arrays) if key not in self.domains]
        return hashlib.sha256(images + b"".join(others)).hexdigest()[:16] if images else ""

    def original_sizes(self) -> list[Size]:
        """Height and width, before they are resized, of the images that were loaded so far; of the first one if none was."""
        if not self._sizes:
            self.fetch(0)
        return list(self._sizes.values())

    def bytes(self) -> int:
        """The memory that all prepared images and maps take, in bytes; by some of them, where each has a size of its own."""
        pixels = math.prod(self.size)
        if self.crops is not None and self.fit in KEEPING_SCALE:
            pixels = self._typical_pixels(self.crops)
        return len(self) * pixels * sum(max(d.channels, 1) * np.dtype(d.held_as).itemsize for d in self.domains.values())

    def _typical_pixels(self, crops: Size) -> int:
        """The mean number of pixels of some prepared images, evenly spaced; what cannot be loaded is told by `check`."""
        found = []
        for index in range(0, len(self.source), max(1, -(-len(self.source) // LOOKED_AT))):
            with contextlib.suppress(UnreadableImage, ReadFailed, OSError):
                own = next(self.source.load(index)[self.keys[key]].shape[:2] for key in self.domains)
                found.append(math.prod(scaled(own, self.fit, self.size, crops)))
        return round(sum(found) / len(found)) if found else math.prod(self.size)

    def listing(self) -> Listing:
        """The examples in their order; of those that a program's own source gives one name, the later ones get their place."""
        found: Listing = {}
        for position, index in enumerate(self._indices):
            name = self.name(position)
            found[f"{name} ({position})" if name in found else name] = self._contents.get(index, "")
        return found

    def fingerprint(self) -> str:
        """A hash, 16 hexadecimal digits, of the examples' names in their order."""
        return fingerprint_of(self.name(i) for i in range(len(self)))


def fingerprint_of(names: Iterable[str]) -> str:
    """A hash, 16 hexadecimal digits, of names in their order."""
    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()[:16]


def _listed(lines: list[str]) -> str:
    more = [f"  … and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join([f"  {line}" for line in lines[:LISTED]] + more)
