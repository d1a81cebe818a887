"""Which frames of two videos, or of two folders of frames in order, are compared, and which of them are pairs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tfgan.data.finding.compared import refuse_same
from tfgan.data.finding.files import find_images
from tfgan.data.finding.order import natural_key
from tfgan.data.finding.pair_names import match_names
from tfgan.data.reading.codecs.video_frames import index_of
from tfgan.data.reading.formats import is_video
from tfgan.errors import ReadFailed, UnreadableImage, UserError


class Shot(NamedTuple):
    """A frame: a file of its own, or one of those of a video."""

    file: Path
    frame: int = 0  # of the video, from 0
    name: str = ""


class Clips(NamedTuple):
    """The frames that are compared."""

    real: list[Shot]
    fake: list[Shot]
    clips: list[int]  # of each pair of frames, the number of the clip that it is of
    unpaired: str = ""  # why they are no pairs, as a clause; "" if real[i] and fake[i] are one
    words: str = ""  # what is to be said of them


def clips_to_compare(real: str, fake: str, count: int, pair_names: Sequence[str], in_order: bool) -> Clips | None:
    """The frames of two videos, or folders or patterns with videos; None where there is none, unless `in_order` is set.

    Of two videos, or of a video and a folder of images, the first frame goes with the first one, and so on; of several the names say
    which are pairs, see `tfgan.data.finding.pair_names.match_names`. The images of a folder are frames in the order of their names, by
    their numbers, if `in_order` is set, or where the other side is one video; else each is by itself.

    Args:
        count: frames of each side at most: the first ones, as each must follow on the other.
        in_order: whether the images of each folder are frames, one after the other.

    Raises:
        UserError: there are no images, or a video cannot be read.
    """
    sides = [(root, [name.as_posix() for name in names]) for root, names in map(find_images, (real, fake))]
    videos = [sum(map(is_video, names)) for _, names in sides]
    if not (in_order or any(videos)):
        return None
    alone = [videos[side] == len(sides[side][1]) == 1 for side in (0, 1)]
    found = [_clips(root, names, in_order or alone[1 - side]) for side, (root, names) in enumerate(sides)]
    problem, pairs = "", [(next(iter(found[0])), next(iter(found[1])))]
    if max(map(len, found)) > 1:
        matched = match_names(list(found[0]), list(found[1]), pair_names)
        pairs = matched.pairs
        if left := [name for names in matched.alone for name in names] or ["no name"] * (not pairs):
            problem = f"{left[0]} has no counterpart"
    for one, other in pairs:
        lengths = len(found[0][one]), len(found[1][other])
        if lengths[0] != lengths[1]:
            problem = problem or f"{one or real} has {lengths[0]:,} frames and {other or fake} {lengths[1]:,}"
    files = [[root / name for name in names] for root, names in sides]
    refuse_same(files[0], files[1], (real, fake))
    if problem:
        shots = [[shot for clip in side.values() for shot in clip][:count] for side in found]
        return Clips(shots[0], shots[1], [], problem)
    rows = [(a, b, clip) for clip, (one, other) in enumerate(pairs) for a, b in zip(found[0][one], found[1][other])]
    words = f"The first {count:,} of {len(rows):,} frames are measured (--count)." if len(rows) > count else ""
    return Clips([a for a, _, _ in rows][:count], [b for _, b, _ in rows][:count], [clip for _, _, clip in rows][:count], words=words)


def _clips(root: Path, names: list[str], in_order: bool) -> dict[str, list[Shot]]:
    """Name of a clip -> its frames: a video's are its own, images are those of their folder, or each is by itself."""
    found: dict[str, list[Shot]] = {}
    for name in sorted(names, key=natural_key):
        if is_video(name):
            found[name] = [Shot(root / name, frame, f"{name}#{frame + 1}") for frame in range(_length(root / name))]
        else:
            found.setdefault(name.rpartition("/")[0] if in_order else name, []).append(Shot(root / name, 0, name))
    return found


def _length(path: Path) -> int:
    try:
        return index_of(path).info.pages
    except (UnreadableImage, ReadFailed) as error:
        raise UserError(f"{path}: {error}") from None
