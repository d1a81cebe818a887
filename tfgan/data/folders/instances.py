"""Finds the instance map of each label map: in a folder of its own, or beside it, by a pattern of names."""

from collections.abc import Mapping
from pathlib import Path

from tfgan.config import Strings, shell_flag
from tfgan.data.finding.pair_names import Pattern, stem
from tfgan.data.folders.layout import Wanted, list_images
from tfgan.data.folders.pairs import LAYOUTS, find_pairs
from tfgan.data.reading.formats import is_picture
from tfgan.errors import UserError

SHARED = "{}"


def find_instances(data_dir: Path, where: str, files: list[Path], labels: str, pair_names: Strings) -> dict[Path, Path]:
    """File of a label map -> that of its instance map; those without one are left out.

    Args:
        data_dir: the data folder.
        where: the setting `instances`: the name of a folder, as --domains names folders; or a pattern with {} of the names of files that
            lie beside the label maps.
        files: of the label maps.
        labels: name of their domain, which is that of their folder.
        pair_names: the setting of that name, in which a third pattern is of instance maps in a folder.

    Raises:
        UserError: there is no such folder, or not one instance map.
    """
    own = _pattern_of(files, pair_names[:2])
    if SHARED in where:
        found = _beside(where, files, own)
    else:
        wanted = Wanted((labels, where), (), "pairs", "labels,inst", LAYOUTS)
        matched = find_pairs(data_dir, wanted, (own, pair_names[2]) if len(pair_names) == 3 else ())
        found = dict(both for rows in matched.pairs.values() for _, both in rows if len(both) == 2)
    kept = {file: found[file] for file in files if file in found}
    if not kept:
        flag = shell_flag("instances", where)
        raise UserError(
            f"{flag}: no label map has an instance map there, as {files[0]} has none: name a folder, or a pattern with {SHARED}."
        )
    return kept


def _pattern_of(files: list[Path], patterns: Strings) -> str:
    """The pattern, of those of both images of a pair in any order, that says most of the names of label maps; {} where none is given."""
    plain = [stem(pattern) if is_picture(pattern) else pattern for pattern in patterns if SHARED in pattern]
    names = [stem(file.name) for file in files]
    fitting = [pattern for pattern in plain if any(_pattern(pattern).shared(name) is not None for name in names)]
    return max(fitting, key=len, default=SHARED)


def _pattern(text: str) -> Pattern:
    before, _, behind = text.partition(SHARED)
    return Pattern(before, behind)


def _beside(where: str, files: list[Path], own: str) -> Mapping[Path, Path]:
    """By patterns: what both names share is the same, and so is the folder."""
    label, instance = _pattern(own), _pattern(where)
    there = {stem(path.as_posix()): path for folder in {file.parent for file in files} for path in _listed(folder)}
    shared = {file: label.shared(stem(file.as_posix())) for file in files}
    partners = {file: there.get(instance.filled(part)) for file, part in shared.items() if part is not None}
    return {file: partner for file, partner in partners.items() if partner is not None and partner != file}


def _listed(folder: Path) -> list[Path]:
    return [folder / path for path in list_images(folder) if len(path.parts) == 1]
