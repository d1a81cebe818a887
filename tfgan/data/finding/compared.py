"""Which files of two folders are compared, and which of them are pairs: by their names, as those of a data set are."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tfgan.config import shell_flag
from tfgan.data.finding.files import find_images
from tfgan.data.finding.pair_names import EQUALLY, Matched, match_names
from tfgan.errors import UserError

logger = logging.getLogger(__name__)


class Compared(NamedTuple):
    """The files that are compared, real and generated ones, and what they are called."""

    real: list[Path]
    fake: list[Path]
    names: tuple[str, ...]  # of the generated ones, without their endings
    unpaired: str = ""  # why they are no pairs, as a clause; "" if real[i] and fake[i] are one
    words: str = ""  # how the pairs were found, where not all names are equal


def files_to_compare(real: str, fake: str, count: int, pair_names: Sequence[str]) -> Compared:
    """The images of two folders or patterns, evenly spaced where there are more than `count`: of pairs, or of each side.

    Args:
        pair_names: what the names of pairs are, see `tfgan.data.finding.pair_names.match_names`.

    Raises:
        UserError: there are no images, both sides are the same files, or `pair_names` does not pair all that they fit.
    """
    roots, listed = zip(*map(find_images, (real, fake)))
    names = [[name.as_posix() for name in side] for side in listed]
    matched = match_names(names[0], names[1], pair_names)
    pairs = matched.pairs if pair_names or not any(matched.alone) else []
    chosen = [_spaced(side, count) for side in (zip(*_spaced(pairs, count)) if pairs else names)]
    files = [[root / name for name in side] for root, side in zip(roots, chosen)]
    alone = [[name for name, partner in side.items() if partner is not None or not pair_names] for side in matched.alone]
    problem = "" if pairs else _why_not(matched, alone, (real, fake))
    if pair_names and (problem or any(alone)):
        raise UserError(f"{shell_flag('pair_names', tuple(pair_names))}: {_why_not(matched, alone, (real, fake))}.")
    refuse_same(files[0], files[1], (real, fake))
    words = "" if problem or matched.words == EQUALLY else matched.words
    return Compared(files[0], files[1], tuple(os.path.splitext(name)[0] for name in chosen[1]), problem, words)


def _spaced(items: Sequence, count: int) -> list:
    kept = min(count, len(items))
    return [items[i * len(items) // kept] for i in range(kept)]


def _why_not(matched: Matched, alone: list[list[str]], folders: tuple[str, str]) -> str:
    """A clause that says why the images of two folders are no pairs; `alone` are the names of each side that have no partner."""
    if matched.rivals:
        flags = " or ".join(shell_flag("pair_names", rival) for rival in matched.rivals)
        return f"their names form pairs in several ways, of which one is chosen by {flags}"
    for names, folder in zip(alone, folders):
        if names:
            more = f" and {len(names) - 1} more are" if names[1:] else " is"
            return f"{os.path.splitext(names[0])[0]}{more} in {folder} only"
    return "no names fit"


def refuse_same(real: list[Path], fake: list[Path], folders: tuple[str, str]):
    """Raises `UserError` if both sides are the same files, whatever they are called; some that are in both are told."""
    known = [{(found.st_dev, found.st_ino) for path in side if (found := _stat(path))} for side in (real, fake)]
    both = len(known[0] & known[1])  # by what a file is, through links and under any name
    if both and known[0] == known[1]:
        same = folders[0] if folders[0] == folders[1] else f"{folders[0]} and {folders[1]}"
        raise UserError(
            f"--real and --fake are the same {both} files, of {same}: there is nothing to compare. Name two folders, or the files of "
            "one by patterns, such as --real='DIR/*_real_B.png' --fake='DIR/*_fake_B.png'."
        )
    if both:
        logger.warning(f"{both} files are in both --real and --fake: the scores look better than they are.")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:  # what cannot be read is told when it is read
        return None
