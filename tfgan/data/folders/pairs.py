"""Finds, matches and reads pairs of images in the user's own folder, and says what is wrong with them before training starts."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import Domain, Strings, shell_flag
from tfgan.config.words import say_once
from tfgan.data.finding.pair_names import EQUALLY, match_names, parse_patterns
from tfgan.data.folders.beside import Beside, find_beside
from tfgan.data.folders.domains import infer_domains
from tfgan.data.folders.layout import (
    Folders,
    Wanted,
    find_layout,
    list_images,
    names_of_sides,
    refuse,
    require_folder,
)
from tfgan.data.folders.pair_table import read_pairs
from tfgan.data.preparation.pairing import as_pair, split_halves
from tfgan.data.reading import images
from tfgan.data.source import Source
from tfgan.errors import UnreadableImage, UserError

LAYOUTS = """\
Accepted layouts (val and test beside train are optional):
  DATA/train/*.jpg                  both images of a pair side by side in one file: A the left half, B the right
  DATA/train/A   + DATA/train/B     two folders of any names, files matched by name
  DATA/A/train   + DATA/B/train     the same, split inside
  DATA/trainA    + DATA/trainB      the same, as CycleGAN names them; or DATA/train_A + DATA/train_B, with any names for A and B
  DATA/train     + DATA/train_masks images, and label maps beside them
  DATA/train/1.jpg + 1_mask.png     both files of a pair in one folder, told by their names
  DATA/A         + DATA/B           two folders without splits: all of them train
  DATA/*.jpg                        side by side files without splits: all of them train
  --pairs_file=FILE.csv             a row for each pair, wherever its files are"""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class PairedFolder(Source):
    """The pairs of one split, in natural order of their names, with the keys "A" and "B"."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[Folders]  # of each pair: one side by side file, or the files of A and B
    names: list[str]  # of each pair: path of the file (of A's file) inside the split's folder
    skipped: Sequence[tuple[str, str]] = ()  # files left out: path inside the data folder, reason

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.names[index]

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both images of a pair, "A" and "B", H×W×C of one size, in their domains' channels and dtype.

        Raises:
            UnreadableImage: a file is unreadable, a side by side file has an odd width, or the two files differ in size. The message
                names the files by their path inside the data folder.
        """
        paths = self.files[index]
        pages = self.domains["A"].pages  # one setting, which both domains have
        if len(paths) == 1:
            found = dict(zip("AB", self._named(paths[0], lambda path: split_halves(images.load(path, pages)))))
        else:
            found = {self.label(path): self._named(path, lambda path: images.load(path, pages)) for path in paths}
        return as_pair(found, self.domains, self.alpha)

    def paths(self, index: int) -> tuple[Path, ...]:
        return self.files[index]

    def _named(self, path: Path, read: Callable):
        try:
            return read(path)
        except UnreadableImage as error:
            raise UnreadableImage(f"{self.label(path)}: {error}") from None

    def label(self, path: Path) -> str:
        return (path.relative_to(self.data_dir) if path.is_relative_to(self.data_dir) else path).as_posix()


class SeveralWays(UserError):
    """The names of files form pairs in several ways, of which somebody must choose."""


class PerhapsPairs(UserError):
    """The files of one folder may be pairs by their names, or images that hold both halves of a pair: somebody must say."""

    def __init__(self, data_dir: Path, beside: Beside):
        self.flag = beside.flag
        example = " and ".join(name.partition("/")[2] for name in beside.within.pairs[0])
        self.problem = f"the names of the files in {data_dir} form pairs, such as {example}"
        super().__init__(f"{self.problem}: if they are, say {self.flag}; if each file holds two images side by side, --pair_names=equal")


class Found(NamedTuple):
    """The pairs of a folder, and the files that belong to none."""

    pairs: dict[str, list[tuple[str, Folders]]]  # split -> name of each pair, and its one side by side file or its files of A and B
    alone: dict[str, list[tuple[str, str]]]  # split -> path inside the data folder, reason
    names: tuple[str, ...]  # of A and B
    words: str = ""  # how they were found, as a clause
    patterns: Strings = ()  # the value of --pair_names that says the same; () for equal names
    others: int = 0  # files that have other names than the patterns that were given
    beside: bool = False  # whether both files of each pair lie in one folder


def open_pairs(
    data_dir: Path,
    names: tuple[str, ...],
    label_domains: tuple[str, ...],
    alpha: str,
    skip_bad_files: bool,
    pages: str = "refuse",
    pair_names: Strings = (),
    pairs_file: str = "",
    instances: str = "",
) -> dict[str, PairedFolder]:
    """The splits that are there of a folder of image pairs: "train", "val" (also named valid or validation), "test".

    Layouts: side by side files in DATA/train (A the left half, B the right); DATA/train/A + DATA/train/B or DATA/A/train + DATA/B/train
    with any two folder names; DATA/trainA + DATA/trainB, or DATA/train_A + DATA/train_B with any names; DATA/train + DATA/train_masks. A
    DATA folder without splits is "train", be it of side by side files or of two folders. Folders inside those of the layout count too.
    Files of pairs may also lie in one folder, see `tfgan.data.folders.beside`.
    Files of two folders match by their names, see `tfgan.data.finding.pair_names`; how they were found is logged, unless
    the names are equal.

    Of two freely named folders, A is the first in the alphabet, unless `names` are the names of folders: then A is `names[0]`.

    A domain has 3 channels if any of its files, over all splits, is in color, else 1; with alpha="keep" it has 4 if any file has
    transparency. It is uint16 if all its files are, else uint8. Only headers are read for this; files whose header cannot be read are
    passed over here and reported by `load`. Files of 8 and 16 bits, gray and color, may mix: see `tfgan.data.reading.images.convert`.

    Args:
        data_dir: the folder.
        names: names of the domains A and B; empty: those of the two folders, or "A" and "B".
        label_domains: names of the domains that are label maps, to be resized by nearest neighbor.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out files without a counterpart, listed in `PairedFolder.skipped`, instead of stopping.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".
        pair_names: two patterns of the names, see `tfgan.data.finding.pair_names.match_names`.
        pairs_file: a CSV file of the pairs, see `tfgan.data.folders.pair_table`; "" where the folders say which they are.
        instances: a folder of instance maps, which is not told to be unused.

    Raises:
        UserError: there is no such folder, it holds no images or no layout of the above, files have no counterpart, a name is unknown.
    """
    found = find_pairs(data_dir, Wanted(names, label_domains, "pairs", "photo,labels", LAYOUTS, (instances,)), pair_names, pairs_file)
    if not skip_bad_files:
        bad = [entry for entries in found.alone.values() for entry in entries]
        refuse(bad, f"files in {data_dir} cannot be paired")
    if found.words not in ("", EQUALLY):
        same = f" ({shell_flag('pair_names', found.patterns)})" if found.patterns and not pair_names else ""
        logger.info(f"Pairs {found.words}{same}.")
    if found.others:
        logger.info(f"{found.others} files have other names, and are not used.")
    files = [files for pairs in found.pairs.values() for _, files in pairs]
    domains = infer_domains({"A": [pair[0] for pair in files], "B": [pair[-1] for pair in files]}, found.names, label_domains, alpha, pages)
    return {
        split: PairedFolder(data_dir, domains, alpha, [files for _, files in pairs], [name for name, _ in pairs], found.alone[split])
        for split, pairs in found.pairs.items()
    }


def find_pairs(data_dir: Path, wanted: Wanted, pair_names: Strings = (), pairs_file: str = "") -> Found:
    """The pairs of a data folder, without a look into their files; arguments as for `open_pairs`.

    Raises:
        UserError: there is no layout, no pair at all, a split without one, or a choice between names must be made.
    """
    if pairs_file:
        return _of_table(data_dir, wanted, pairs_file)
    beside = find_beside(data_dir, pair_names)
    if beside and beside.sure:
        return _of_beside(data_dir, wanted, beside)
    splits, names = find_layout(data_dir, wanted)
    if any(len(folders) == 1 for folders in splits.values()):
        if beside:
            raise PerhapsPairs(data_dir, beside)
        if parse_patterns(pair_names):
            raise UserError(f"{shell_flag('pair_names', pair_names)}: no two files in {data_dir} are a pair by these patterns")
        pairs: dict[str, list[tuple[str, Folders]]] = {
            split: [(path.as_posix(), (folder / path,)) for path in list_images(folder)] for split, (folder,) in splits.items()
        }
        return Found(pairs, {split: [] for split in splits}, names)
    return _matched(data_dir, splits, names, pair_names)


def _of_table(data_dir: Path, wanted: Wanted, pairs_file: str) -> Found:
    require_folder(data_dir)
    table = read_pairs(data_dir / pairs_file, data_dir)
    names = names_of_sides(wanted, table.names)
    swap = wanted.names == table.names[::-1]
    pairs = {
        split: [(row[swap][0], tuple(path for _, path in (row[::-1] if swap else row))) for row in rows]
        for split, rows in table.rows.items()
    }
    alone = {split: table.bad if number == 0 else [] for number, split in enumerate(pairs)}
    return Found(pairs, alone, names, f"by {pairs_file}")


def _of_beside(data_dir: Path, wanted: Wanted, beside: Beside) -> Found:
    """The pairs whose files lie beside each other. A test split without any is not used, as where folders of one side are missing."""
    names, within = names_of_sides(wanted, ("A", "B")), beside.within
    pairs: dict[str, list[tuple[str, Folders]]] = {split: [] for split in beside.splits}
    for a, b in within.pairs:
        split, _, name = a.partition("/")
        pairs[split].append((name, (beside.listed[a], beside.listed[b])))
    if not pairs.get("test", [()]):
        say_once(f"{beside.splits['test']} is not used: it holds no pairs.")
        del pairs["test"]
    alone: dict[str, list[tuple[str, str]]] = {split: [] for split in pairs}
    for name, partner in within.alone.items():
        split = name.partition("/")[0]
        if split in alone:
            reason = f"no {partner.partition('/')[2]}.*" if partner else f"several files are called {_stem(name)}"
            alone[split].append((beside.listed[name].relative_to(data_dir).as_posix(), reason))
    for split, found in pairs.items():
        if not found:
            raise UserError(f"no two files in {beside.splits[split]} are a pair by {' and '.join(within.patterns)}, as others are")
    a, b = within.patterns
    words = f"in one folder, by {a} and {b}, where {{}} is what both names share"
    return Found(pairs, alone, names, words, within.patterns, len(within.others), beside=True)


def _matched(data_dir: Path, splits: Mapping[str, Folders], names: tuple[str, ...], pair_names: Strings) -> Found:
    """The pairs of two folders a split, by the names of their files in all splits together, so that one rule holds for them all."""
    listed = [
        {f"{split}/{path.as_posix()}": folders[side] / path for split, folders in splits.items() for path in list_images(folders[side])}
        for side in (0, 1)
    ]
    matched = match_names(list(listed[0]), list(listed[1]), pair_names)
    if not matched.pairs:
        raise (SeveralWays if matched.rivals else UserError)(_no_pairs(splits, matched.rivals))
    pairs: dict[str, list[tuple[str, Folders]]] = {split: [] for split in splits}
    alone: dict[str, list[tuple[str, str]]] = {split: [] for split in splits}
    for a, b in matched.pairs:
        split, _, name = a.partition("/")
        pairs[split].append((name, (listed[0][a], listed[1][b])))
    for side in (0, 1):
        for name, partner in matched.alone[side].items():
            split = name.partition("/")[0]
            if partner is None and pair_names:
                continue
            other = splits[split][1 - side].relative_to(data_dir)
            reasons = {
                None: f"has another name than {matched.patterns[side] if matched.patterns else 'those of pairs'}",
                "": f"several files are called {_stem(name)}",
            }
            reason = reasons.get(partner) or f"no {(other / str(partner).partition('/')[2]).as_posix()}.*"
            alone[split].append((listed[side][name].relative_to(data_dir).as_posix(), reason))
    for split, found in pairs.items():
        if not found:
            raise UserError(_no_pairs({split: splits[split]}, ()))
    others = sum(partner is None for side in matched.alone for partner in side.values()) if pair_names else 0
    return Found(pairs, alone, names, matched.words, matched.patterns, others)


def _stem(name: str) -> str:
    return Path(name.partition("/")[2]).with_suffix("").as_posix()


def _no_pairs(splits: Mapping[str, Folders], rivals: tuple[Strings, ...]) -> str:
    """What is wrong with two folders whose names form no pairs, or could form several, and what to do."""
    where = " and ".join(str(folder) for folder in next(iter(splits.values())))
    if rivals:
        flags = " or ".join(shell_flag("pair_names", rival) for rival in rivals)
        return f"the names in {where} form pairs in several ways: choose one by {flags}"
    examples = " and ".join(list_images(folder)[0].as_posix() for folder in next(iter(splits.values())))
    return (
        f"no file in {where} has a counterpart; files of a pair have the same name, as 1.jpg and 1.png do, or one ending for each side, as "
        f"1.jpg and 1_seg.png; here they are called {examples}: rename them, or say what they share by "
        "--pair_names='{}_a,{}_b', or list them in a --pairs_file"
    )
