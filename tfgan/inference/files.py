"""Files and folders through a translator: relative names and formats are kept, nothing is overwritten, and results say what made them."""

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import Domain
from tfgan.data.finding.files import Task
from tfgan.data.folders.stacked import read_stack
from tfgan.data.label_maps import maps as label_maps
from tfgan.data.label_maps.objects import read_instances
from tfgan.data.label_maps.results import as_values, encode_result, is_coded
from tfgan.data.reading import images, volumes
from tfgan.data.reading.formats import FORMATS, ending, is_video, is_volume
from tfgan.data.reading.nodata import for_type, put_back
from tfgan.errors import OutputError, ReadFailed, TooLarge, UnreadableImage, UserError
from tfgan.inference.origin import Origin, as_comment, digest, read_origin, unlike
from tfgan.inference.pages import as_read, translate_pages
from tfgan.inference.passage import Passage, too_large
from tfgan.inference.room import used_up
from tfgan.inference.translator import Translator
from tfgan.inference.video import Frames
from tfgan.inference.windows import check_possible, translate_windows
from tfgan.instances import packed
from tfgan.paths.files import check_file, is_there, write_atomically
from tfgan.paths.special import special

logger = logging.getLogger(__name__)

DONE, KEPT, OTHER, FAILED, PARTLY = "done", "kept", "other", "failed", "partly"
"""What became of a task: its result is new, was there already, is another one that was there already, could not be made, or is new and
lacks frames that could not be read."""

NO_OTHER = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Reasons for which no other result can be written either."""


class Outcome(NamedTuple):
    """What became of a task, one of `DONE`, `KEPT`, `OTHER`, `FAILED` and `PARTLY`, and what is to be said of it."""

    kind: str
    text: str = ""  # why it failed; what the other result is; of a new one, at what scale it was made if it is not that of training


def translate_files(
    translator: Translator,
    tasks: list[Task],
    conditions: Callable = lambda image: {},
    *,
    alpha: str,
    overwrite: bool,
    passage: Passage,
    origin: Origin,
    axis: str = "",
    say: Callable[[str], None] = logger.warning,
) -> Iterator[tuple[Task, Outcome]]:
    """Does the tasks, one after the other; yields each with what became of it.

    A result that exists is kept if it states the same origin. Another one stays too, unless `overwrite` is set, and is told.
    A file that cannot be read, translated or written is told; the others are done, unless the disk is full or takes nothing.

    Args:
        conditions: what an image H×W×C is translated by: image -> {name: vector}.
        alpha: what becomes of transparency, see `tfgan.data.reading.images.convert`.
        overwrite: do a task whose result exists.
        passage: the size at which images go through.
        origin: what all results of the tasks say of their making; each adds its own input.
        axis: along which volumes are cut, see `tfgan.inference.pages.as_read`.
        say: told what is to be said of a video while it is translated.

    Raises:
        OutputError: the disk is full, or cannot be written to.
    """
    for task in tasks:
        try:
            yield task, _do(translator, task, conditions, alpha, overwrite, passage, origin, axis, say)
        except ReadFailed as error:
            yield task, Outcome(FAILED, error.reason)
        except (UnreadableImage, UserError, OSError) as error:
            if isinstance(error, OutputError) and error.errno in NO_OTHER:
                raise
            yield task, Outcome(FAILED, str(error))


def _do(
    translator: Translator,
    task: Task,
    conditions: Callable,
    alpha: str,
    overwrite: bool,
    passage: Passage,
    origin: Origin,
    axis: str,
    say: Callable[[str], None],
) -> Outcome:
    """Does a task, see `translate_files`; raises whatever keeps it from being done."""
    if other := special(task.source):
        raise UnreadableImage(f"is {other}, not a file")
    files = [task.source, *task.beside]
    own = origin | {"input": " ".join(map(digest, files))}
    if not task.frames and is_there(task.result) and not overwrite:
        other = unlike(read_origin(task.result), own)
        return Outcome(OTHER, other) if other else Outcome(KEPT)
    source = as_read(task.source, translator.source, axis)
    try:
        info = images.probe(task.source, source.pages)
        if reason := too_large((info.height, info.width), translator):
            raise TooLarge(reason)
    except TooLarge as refusal:
        check_possible(task, source, translator, passage, refusal)
        check_file(task.result)
        return Outcome(DONE, translate_windows(task, source, translator, passage, conditions, alpha, as_comment(own)))
    remark = passage.unlike_training((info.height, info.width))
    with used_up((info.height, info.width), passage.smaller()):
        if is_video(task.source):
            clip = Frames(translator, task.source, conditions, alpha=alpha, passage=passage, say=say)
            made = _write_clip(clip, task, translator, overwrite, own)
            return made if made.kind != DONE else Outcome(DONE, remark)
        check_file(task.result)
        # No name here holds the image while its translation is written: both and the file together are the most that is needed.
        results = translate_pages(translator, read_image(files, source, alpha), source, task.result, passage, conditions)
        if len(results) > 1 or is_volume(task.result):
            if is_coded(translator.target):
                results = [as_values(result, translator.target) for result in results]
            volumes.save(task.result, results, as_comment(own), translator.target.bands, task.source, source.pages)
        else:
            write_result(task.result, results[0], translator.target, as_comment(own), like=task.source, nodata=info.nodata)
    return Outcome(DONE, remark)


def _write_clip(clip: Frames, task: Task, translator: Translator, overwrite: bool, origin: Origin) -> Outcome:
    """Writes the translation of a video, or of each of its frames into a folder, but for those that are there already."""
    if not task.frames:
        check_file(task.result)
        clip.into_video(task.result, as_comment(origin))
        return Outcome(PARTLY if clip.lacks_frames else DONE)
    made, other = 0, ""

    def name(number: int) -> Path:
        return task.result / f"frame_{number:06d}.{task.frames}"

    def is_wanted(number: int) -> bool:
        nonlocal other
        if overwrite or not is_there(name(number)):
            return True
        other = other or unlike(read_origin(name(number)), origin | {"frame": number})
        return False

    for number, pixels in enumerate(clip.numbered(is_wanted), start=1):
        if pixels is not None:
            check_file(name(number))
            write_result(name(number), pixels, translator.target, as_comment(origin | {"frame": number}))
            made += 1
    if other:
        return Outcome(OTHER, other)
    return Outcome((PARTLY if clip.lacks_frames else DONE) if made else KEPT)


def write_result(path: Path, pixels: np.ndarray, domain: Domain, comment: str, like: Path | None = None, nodata: float | None = None):
    """Writes a result H×W×C of a domain, whole or not at all; label maps with the exact values of their classes.

    Args:
        like: the file that it was made of, whose place on the map it takes over if that has one; see `tfgan.data.reading.images.save`.
        nodata: the value by which that file says where it has no data; a TIFF that is no label map has none there either.

    Raises:
        UserError: the format of the path's ending cannot hold it.
        OSError: the file cannot be written.
    """
    if is_coded(domain):
        write_atomically(path, encode_result(pixels, domain, path.suffix, comment, like))
        return
    without = None
    if like and nodata is not None and FORMATS.get(ending(path)) == "TIFF":
        without = for_type(nodata, pixels.dtype.name)
        pixels = put_back(pixels, images.without_data(like, nodata), without)
    images.save(path, pixels, comment, domain.bands, like=like, without=without)


def with_instances(labels: np.ndarray, files: Sequence[Path], domain: Domain) -> np.ndarray:
    """A label map with the instances in its instance map, the only one of `files`, where its domain has such.

    Raises:
        UnreadableImage: there is no such file where one is needed, or it does not fit.
    """
    if not domain.instances:
        return labels
    if not files:
        raise UnreadableImage("no instance map is given, and the run needs one (--instances)")
    try:
        return packed(labels, read_instances(files[0], domain.pages, labels.shape))
    except UnreadableImage as error:
        raise UnreadableImage(f"{files[0]}: {error}") from None


def read_image(files: Sequence[Path], domain: Domain, alpha: str):
    """An image as `domain` takes it: H×W×C of its dtype, or class indices H×W int32.

    Args:
        files: the file; or those of the domain's parts, which are stacked; or a label map and its instance map.
        domain: where it goes.
        alpha: what becomes of transparency: "composite", "drop" or "keep".

    Raises:
        UnreadableImage: the file is damaged, of an unknown kind, or does not hold the domain's classes.
        ReadFailed: the system does not give it.
    """
    if domain.classes is not None:
        return with_instances(label_maps.load(files[0], domain), files[1:], domain)
    return read_stack(files, domain, alpha)
