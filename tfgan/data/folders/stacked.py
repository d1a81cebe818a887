"""Pairs of which a side is several files: the folders t1 and t2 are stacked as channels where the domain is called t1+t2."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgan.config import MOST_CHANNELS, Domain, Part, Strings
from tfgan.data.folders.domains import common_dtype, infer_domains
from tfgan.data.folders.layout import Wanted, folders_in, list_images, refuse, require_folder
from tfgan.data.folders.pairs import LAYOUTS, Found, find_pairs
from tfgan.data.reading import images
from tfgan.data.source import Source
from tfgan.errors import UnreadableImage, UserError

JOIN = "+"
SIDES = "AB"

Files = tuple[tuple[Path, ...], ...]
"""The files of both sides of a pair, of each part one."""


@dataclasses.dataclass(frozen=True)
class StackedFolder(Source):
    """The pairs of one split, in natural order of their names, with the keys "A" and "B", of which one or both are stacked."""

    data_dir: Path
    domains: dict[str, Domain]
    alpha: str
    files: list[Files]
    names: list[str]  # of each pair: path of the first file inside the split's folder
    skipped: Sequence[tuple[str, str]] = ()  # files left out: path inside the data folder, reason

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.names[index]

    def paths(self, index: int) -> tuple[Path, ...]:
        return tuple(path for side in self.files[index] for path in side)

    def label(self, path: Path) -> str:
        return path.relative_to(self.data_dir).as_posix()

    def load(self, index: int) -> dict[str, np.ndarray]:
        """Both images of a pair, "A" and "B", H×W×C of one size, in their domains' channels and dtype.

        Raises:
            UnreadableImage: a file is unreadable, or the files differ in size; the message names them by their path inside the data folder.
        """
        found = {}
        for side, paths in zip(SIDES, self.files[index]):
            try:
                found[side] = read_stack(paths, self.domains[side], self.alpha, self.label)
            except UnreadableImage as error:
                first = self.label(paths[0])
                raise UnreadableImage(str(error) if first in str(error) or len(paths) > 1 else f"{first}: {error}") from None
        if len({image.shape[:2] for image in found.values()}) > 1:
            sizes = [f"{self.label(paths[0])} is {_size(found[side])}" for side, paths in zip(SIDES, self.files[index])]
            raise UnreadableImage(f"{' but '.join(sizes)} (height×width); both images of a pair must have one size")
        return found


def read_stack(paths: Sequence[Path], domain: Domain, alpha: str, label=Path.as_posix) -> np.ndarray:
    """The image H×W×C of a domain in its files, one for each of its parts; or in one file that holds all channels.

    Raises:
        UnreadableImage: a file is unreadable, or is not of its part; the files differ in size; several are named, see `label`.
    """
    if len(paths) == 1:
        if domain.parts and (info := images.probe(paths[0], domain.pages)).channels != domain.channels:
            folders = " and ".join(part.name for part in domain.parts)
            raise UnreadableImage(
                f"is {info.describe()}; {domain.name} is stacked of the folders {folders}: give the folder that holds them"
            )
        return images.read(paths[0], domain, alpha)
    found = {}
    for path, (part, _) in zip(paths, domain.pieces(), strict=True):
        try:
            found[label(path)] = images.read(path, _of_part(part, domain), alpha).astype(domain.dtype)
        except UnreadableImage as error:
            raise UnreadableImage(f"{label(path)}: {error}") from None
    pages = {name: image.shape[-1] // part.channels for (name, image), (part, _) in zip(found.items(), domain.pieces())}
    if len(set(pages.values())) > 1:
        counts = " and ".join(f"{name} has {count}" for name, count in pages.items())
        raise UnreadableImage(f"files that are stacked must have as many pages: {counts}")
    if len({image.shape[:2] for image in found.values()}) > 1:
        sizes = [f"{name} is {_size(image)}" for name, image in found.items()]
        raise UnreadableImage(f"{' but '.join(sizes)} (height×width); images that are stacked must have one size")
    return np.concatenate(list(found.values()), axis=-1)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]}×{image.shape[1]}"


def _of_part(part: Part, domain: Domain) -> Domain:
    bands = part.channels not in (1, 3) or part.dtype not in ("uint8", "uint16")
    return Domain(part.name, part.channels, part.dtype, domain.resample, bands=bands, pages=domain.pages)


def stacked_names(data_dir: Path, names: Strings) -> Strings:
    """The names of A and B if one of them is several folders, joined by +; () otherwise.

    These are `names`, or A1+A2 and B where nobody has named any and the folders are called so.
    """
    if names:
        return names if len(names) == 2 and any(JOIN in name for name in names) and not _is_folder(data_dir, names) else ()
    require_folder(data_dir)
    inside = data_dir / "train" if (data_dir / "train").is_dir() else data_dir
    found = sorted(path.name for path in folders_in(inside) if list_images(path))
    parts = [name for name in found if re.fullmatch(r"A\d", name)]
    return (JOIN.join(parts), "B") if len(parts) > 1 and found == [*parts, "B"] else ()


def _is_folder(data_dir: Path, names: Strings) -> bool:
    """Whether a name with a + in it is that of a folder."""
    inside = [path.name for folder in (data_dir, data_dir / "train") if folder.is_dir() for path in folders_in(folder)]
    return any(JOIN in name and name in inside for name in names)


def open_stacked(
    data_dir: Path, names: Strings, label_domains: Strings, alpha: str, skip_bad_files: bool, pages: str, pair_names: Strings = ()
) -> dict[str, StackedFolder]:
    """The splits that are there of pairs of which a side, or both, is several folders; layouts are those of `open_pairs`.

    Args:
        data_dir: the folder.
        names: of A and B; that of folders that are stacked is theirs, joined by +.
        label_domains: domains that are label maps, as `names` has them.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        skip_bad_files: leave out files without a counterpart in each of the folders, instead of stopping.
        pages: what becomes of files of several pages: "refuse", "first" or "channels".
        pair_names: a pattern of the names in each of the folders, see `tfgan.data.finding.pair_names.match_names`; empty: found
            by themselves.

    Raises:
        UserError: a folder is missing, or named twice; files have no counterpart; a domain of more channels than there may be.
    """
    sides = [name.split(JOIN) for name in names]
    _check(sides, names, label_domains)

    patterns = _patterns([part for parts in sides for part in parts], pair_names)

    def matched(first: str, second: str) -> Found:
        wanted = Wanted((first, second), (), "pairs", ",".join(names), LAYOUTS)
        return find_pairs(data_dir, wanted, (patterns[first], patterns[second]) if patterns else pair_names)

    base = matched(sides[0][0], sides[1][0])
    first = {part: _partners(matched(part, sides[1][0]), of_second=True) for part in sides[0][1:]}
    second = {part: _partners(matched(sides[0][0], part)) for part in sides[1][1:]}
    alone = {split: list(entries) for split, entries in base.alone.items()}
    rows: dict[str, list[tuple[str, Files]]] = {split: [] for split in base.pairs}
    for split, pairs in base.pairs.items():
        for name, (a, b) in pairs:
            found = [a, *(partner.get(b) for partner in first.values())], [b, *(partner.get(a) for partner in second.values())]
            lacking = [part for parts, paths in zip(sides, found) for part, path in zip(parts, paths) if path is None]
            if lacking:
                alone[split].append((a.relative_to(data_dir).as_posix(), f"no counterpart in {' and '.join(lacking)}"))
            else:
                rows[split].append((name, tuple(tuple(path for path in paths if path) for paths in found)))
    if not skip_bad_files:
        refuse([entry for entries in alone.values() for entry in entries], f"files in {data_dir} cannot be stacked and paired")
    every = [found for pairs in rows.values() for _, found in pairs]
    domains = {
        side: _stacked(
            [_inferred(part, [found[number][at] for found in every], alpha, pages) for at, part in enumerate(parts)], label_domains
        )
        for number, (side, parts) in enumerate(zip(SIDES, sides))
    }
    return {
        split: StackedFolder(data_dir, domains, alpha, [found for _, found in pairs], [name for name, _ in pairs], alone[split])
        for split, pairs in rows.items()
    }


def _patterns(parts: list[str], pair_names: Strings) -> dict[str, str]:
    """Folder -> the pattern of its files' names; {} where none is given, or equal names are asked for."""
    if len(pair_names) < 2:
        return {}
    if len(pair_names) != len(parts):
        raise UserError(f"--pair_names must be a pattern for each of {', '.join(parts)}, in this order; found {len(pair_names)}.")
    return dict(zip(parts, pair_names))


def _partners(found: Found, of_second: bool = False) -> dict[Path, Path]:
    """File of A -> file of B of all pairs, or the other way round."""
    pairs = [files for rows in found.pairs.values() for _, files in rows]
    return {b: a for a, b in pairs} if of_second else dict(pairs)  # type: ignore[arg-type]  # two folders have two files each


def _check(sides: list[list[str]], names: Strings, label_domains: Strings):
    every = [part for parts in sides for part in parts]
    if not all(every) or len(set(every)) < len(every):
        raise UserError(f"--domains={','.join(names)}: name each folder once, those that are stacked joined by +, as in t1+t2,flair.")
    for name in label_domains:
        if name not in names:
            raise UserError(f"--label_domains: there is no domain {name!r}. There are: {', '.join(names)}.")


def _inferred(name: str, files: list[Path], alpha: str, pages: str) -> Domain:
    return infer_domains({"": files}, (name,), (), alpha, pages)[""]


def _stacked(parts: list[Domain], label_domains: Strings) -> Domain:
    """The domain of stacked files; that of the one file itself where there is one."""
    name = JOIN.join(part.name for part in parts)
    resample = "nearest" if name in label_domains else "bicubic"
    if len(parts) == 1:
        return dataclasses.replace(parts[0], resample=resample)
    channels = sum(part.channels for part in parts)
    if channels > MOST_CHANNELS:
        raise UserError(f"--domains: {name} has {channels} channels together; {MOST_CHANNELS} are the most.")
    return Domain(
        name,
        channels,
        common_dtype([part.dtype for part in parts]),
        resample,
        bands=True,
        pages=parts[0].pages,
        parts=tuple(Part(part.name, part.channels, part.dtype) for part in parts),
        format="tif",
    )
