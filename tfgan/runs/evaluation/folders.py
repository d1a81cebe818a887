"""The comparison of the images of two folders, in the type and the range of their files: nothing is reduced to 8 bits."""

import dataclasses
import logging
from collections.abc import Callable, Sequence

import numpy as np

from tfgan.config import Domain, Size, Strings, as_pixels
from tfgan.config.ranges import AUTO, FULL_TYPE, parse_ranges
from tfgan.data.finding.compared import files_to_compare
from tfgan.data.finding.sequences import Clips, Shot, clips_to_compare
from tfgan.data.folders.domains import shared_pixels
from tfgan.data.preparation.normalization import held
from tfgan.data.preparation.ranges import FULL
from tfgan.data.preparation.room import MEMORY_SHARE, free_memory
from tfgan.data.reading.codecs.video_frames import chosen_frame
from tfgan.data.reading.images import probe, read, resize
from tfgan.errors import UnreadableImage, UserError
from tfgan.evaluation.comparison import Comparison
from tfgan.terminal import waiting

logger = logging.getLogger(__name__)


def compare_folders(
    real: str, fake: str, count: int, pair_names: Sequence[str] = (), value_range: Strings = (), in_order: bool = False
) -> Comparison:
    """The comparison of the images of two folders or patterns, or of two videos; matched if their names form pairs, and the sizes of each
    pair agree.

    Sets are compared at the most frequent size of the real images; others are resized to it. This is said, and why there are no pairs.

    Args:
        count: images of each folder, or pairs, at most, evenly spaced; of videos the first ones.
        pair_names: what the names of pairs are, see `tfgan.data.finding.pair_names.match_names`.
        value_range: the setting of `tfgan evaluate`.
        in_order: whether the images of a folder are frames, one after the other.

    Raises:
        UserError: no images; damaged ones; both sides are the same files; values whose range must be said; more frames than memory holds.
    """
    found = _find(real, fake, count, pair_names, in_order)
    infos = [[_read(probe, shot) for shot in side] for side in (found.real, found.fake)]
    sizes = [[(info.height, info.width) for info in side] for side in infos]
    size = max(set(sizes[0]), key=sizes[0].count)
    other = sum(own != size for side in sizes for own in side)
    if other:
        logger.info(f"{other} images are resized to {size[0]}×{size[1]} (height×width), the most frequent size of the real ones.")
    names = tuple(shot.name for shot in found.fake)
    problem = found.unpaired or _unlike(sizes, names, (real, fake))
    if problem:
        logger.info(f"The images are compared as two sets, not pair by pair: {problem}.")
    elif found.words:
        logger.info(found.words)
    channels, dtype, bands = shared_pixels([info for side in infos for info in side], deepest=True)
    domain = Domain("image", channels, dtype, bands=bands)
    if found.clips:
        _check_memory(len(names), size, domain)
    arrays = []
    for side in (found.real, found.fake):
        pixels = np.empty([len(side), *size, domain.channels], domain.dtype)
        shots = waiting(side, len(side), "Reading images")
        for row, shot in zip(pixels, shots):  # one at a time: originals may be far larger than what is kept
            row[:] = resize(_read(lambda file: read(file, domain, "composite"), shot), size, "bicubic")
        arrays.append(pixels)
    domain = _ranged(domain, value_range, arrays[0])
    _tell_clipped(domain, arrays, (real, fake))
    notes = () if problem or not np.array_equal(arrays[0], arrays[1]) else (f"All {len(names)} pairs are equal, pixel by pixel: copies?",)
    true, made = (held(pixels, domain) for pixels in arrays)
    clips = np.array(found.clips) if found.clips and not problem else None
    return Comparison(domain, made, true, matched=not problem, names=names, resized=other, notes=notes, clips=clips)


def _find(real: str, fake: str, count: int, pair_names: Sequence[str], in_order: bool) -> Clips:
    """The images that are compared, be they files or frames of videos."""
    if clips := clips_to_compare(real, fake, count, pair_names, in_order):
        return clips
    found = files_to_compare(real, fake, count, pair_names)
    fakes = [Shot(path, 0, name) for path, name in zip(found.fake, found.names)]
    return Clips([Shot(path) for path in found.real], fakes, [], found.unpaired, f"Pairs {found.words}." if found.words else "")


def _check_memory(count: int, size: Size, domain: Domain):
    """Raises `UserError` for pairs of frames that would take more than `MEMORY_SHARE` of the free memory."""
    needed, free = 2 * count * size[0] * size[1] * domain.channels * np.dtype(domain.dtype).itemsize, free_memory()
    if free is not None and needed > MEMORY_SHARE * free:
        fitting = int(count * MEMORY_SHARE * free / needed)
        raise UserError(
            f"{count:,} pairs of frames of {as_pixels(size)} pixels take {needed / 2**30:.1f} GB, and {free / 2**30:.1f} GB are free: "
            f"measure fewer, --count={max(fitting, 2)}, or smaller ones."
        )


def _ranged(domain: Domain, value_range: Strings, real: np.ndarray) -> Domain:
    """The domain with the range that is stated, or is that of the real images; none where the type's whole one is meant.

    Raises:
        UserError: the type has no range of its own and none is said; the real images are of one value alone; a range names a domain.
    """
    rules = parse_ranges(value_range)
    if named := [rule.domain for rule in rules if rule.domain]:
        raise UserError(f"--value_range: two folders have no domains, such as {named[0]}: give LOW:HIGH, auto or full alone.")
    origin = rules[0].origin if rules else FULL_TYPE
    if origin == FULL_TYPE:
        if domain.dtype not in FULL:
            raise UserError(
                f"The images have {domain.dtype} values: say which are the lowest and the highest there are, --value_range=LOW:HIGH, or "
                "--value_range=auto for those of the real images."
            )
        return domain
    low, high = np.percentile(real, (rules[0].low, rules[0].high)).tolist() if origin == AUTO else (rules[0].low, rules[0].high)
    if not low < high:
        raise UserError(f"--value_range={value_range[0]}: the real images have only the value {low:g}.")
    return dataclasses.replace(domain, value_range=((low, high),))


def _tell_clipped(domain: Domain, arrays: Sequence[np.ndarray], folders: Sequence[str]):
    for low, high in domain.value_range:
        for pixels, folder in zip(arrays, folders):
            if share := np.mean((pixels < low) | (pixels > high)):
                logger.warning(f"{folder}: {share:.2%} of the values are outside {low:g} to {high:g}, and are clipped.")


def _read(function: Callable, shot: Shot):
    try:
        with chosen_frame(shot.frame):
            return function(shot.file)
    except UnreadableImage as error:
        raise UserError(f"{shot.file}: {error}. Repair or remove it.") from None


def _unlike(sizes: list[list[Size]], names: Sequence[str], folders: tuple[str, str]) -> str:
    """A clause that says in which pair the sizes differ; "" if they do in none."""
    for name, (h, w), (height, width) in zip(names, *sizes):
        if (h, w) != (height, width):
            return f"{name} is {h}×{w} in {folders[0]} and {height}×{width} in {folders[1]}"
    return ""
