"""Finds what a folder of images may be: which kinds of batches its layout can give, the likeliest first."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig
from tfgan.data import check_settings
from tfgan.data.attributes.folder import FILES, find_files
from tfgan.data.attributes.tables import read_table
from tfgan.data.catalog import CLASSES, PAIRED, UNPAIRED
from tfgan.data.checks.finding import WARNING, Finding, plural
from tfgan.data.checks.nearest import nearest, same_scenes
from tfgan.data.folders.beside import WIDE, some
from tfgan.data.folders.classes import find_class_folders
from tfgan.data.folders.idx import find_idx
from tfgan.data.folders.layout import LISTED, Wanted, find_layout, list_images, require_folder
from tfgan.data.folders.pairs import Found, PerhapsPairs, SeveralWays, find_pairs
from tfgan.data.folders.splits import ALIASES, is_label_word, speaks_of_split, split_and_domain, split_folders
from tfgan.data.folders.stacked import open_stacked, stacked_names
from tfgan.data.reading import images
from tfgan.errors import ReadFailed, UnreadableImage, UserError

UNEVEN = 0.1  # share of files without a partner of their number, above which two folders are rather collections of their own
SURE, LIKELY = 2.95, 2.0  # scores from which a reading is called so


class Layout(NamedTuple):
    kind: str  # of batches
    words: str  # how the images lie
    sure: str = "sure"  # or likely, or possible


class Layouts(NamedTuple):
    possible: list[Layout]  # the likeliest first
    refused: dict[str, str]  # kind of the others -> why not
    doubt: str = ""  # why the likeliest must not be taken unasked: folders that are none of its classes, but domains or splits
    nearest: str = ""  # what would have to be renamed, or said, for the nearest other reading


def find_layouts(settings: DataConfig) -> Layouts:
    """The kinds of batches that a data set can be read as, without those for which one of the settings would do nothing.

    Args:
        settings: which data set, and how it is read.

    Raises:
        UserError: the folder does not exist.
    """
    if settings.colorize:
        return Layouts([Layout("paired", "color pictures, each with its lightness (--colorize)")], {})
    found = _of_folder(Path(settings.data_dir), settings) if settings.data_dir else Layouts(_of_name(settings.dataset), {})
    return found._replace(possible=[layout for layout in found.possible if _suits(settings, layout.kind)])


def unclear(data_dir: Path, layouts: Layouts) -> list[Finding]:
    """A finding, if images in sub-folders are taken for single ones because nothing better fits; else none.

    Args:
        data_dir: the data folder.
        layouts: what it can be read as, from `find_layouts`.
    """
    if layouts.doubt or [layout.kind for layout in layouts.possible] != ["images"] or not _nested(data_dir):
        return []
    kinds: dict[str, list[str]] = {}
    for kind, reason in layouts.refused.items():
        kinds.setdefault(reason, []).append(kind)
    reasons = tuple(f"no {' and no '.join(own)}: {reason}" for reason, own in kinds.items())
    problem = "the folders form no pairs, domains or classes, so their images are taken as single ones"
    cure = "if that is meant, say so with a --method for images, such as dcgan"
    return [Finding(WARNING, "unclear_layout", problem, f"{cure}; {layouts.nearest}" if layouts.nearest else cure, reasons)]


def _nested(data_dir: Path) -> bool:
    """Whether images lie in folders that are no splits."""
    splits = split_folders(data_dir)
    return any(len(path.parts) - (path.parts[0] in splits) > 1 for path in list_images(data_dir))


def _suits(settings: DataConfig, kind: str) -> bool:
    try:
        check_settings(settings, kind)
    except UserError:
        return False
    return True


def _of_name(dataset: str) -> list[Layout]:
    if dataset in CLASSES:
        return [Layout("labeled", "images in classes"), Layout("images", "the images alone")]
    if dataset == "celeba":
        return [Layout("attributes", "faces with attributes"), Layout("images", "the images alone")]
    if dataset in UNPAIRED:
        return [Layout("unpaired", "two domains")]
    alone = [Layout("images", "one half of each pair (--half)")] if dataset in PAIRED else []
    return [Layout("paired", "pairs"), Layout("semantic", "label maps and images"), Layout("unpaired", "the pairs drawn apart"), *alone]


def _of_folder(folder: Path, settings: DataConfig) -> Layouts:
    require_folder(folder)
    if find_idx(folder):
        return Layouts([Layout("labeled", "MNIST's idx files"), Layout("images", "the images of idx files alone")], {})
    scored: list[tuple[float, Layout]] = []
    refused, doubts = {}, []

    def attempt(kind: str, look: Callable[[], list[tuple[float, Layout]]]):
        try:
            scored.extend(look())
        except SeveralWays as error:
            doubts.append(str(error))
            refused[kind] = str(error)
        except UserError as error:
            refused[kind] = str(error).splitlines()[0]

    attempt("attributes", lambda: _table(folder, settings))
    attempt("pairs", lambda: _pairs(folder, settings))
    attempt("domains", lambda: _domains(folder, settings))
    attempt("classes", lambda: _classes(folder))
    attempt("images", lambda: [(1.0 if _nested(folder) else 2.5, Layout("images", "images without labels"))] if list_images(folder) else [])
    scored.sort(key=lambda entry: -entry[0])
    possible: dict[str, Layout] = {}  # of two ways to one kind, the likelier
    for score, layout in scored:
        sure = "sure" if score >= SURE else "likely" if score >= LIKELY else "possible"
        possible.setdefault(layout.kind, layout._replace(sure=sure))
    best = scored[0][0] if scored else 0.0
    if best < LIKELY and same_scenes(folder):
        doubts.append("folders whose files have equal names show the same scenes: they are no classes")
    return Layouts(list(possible.values()), refused, "".join(doubts[:1]), nearest(folder) if best < SURE or doubts else "")


def _table(folder: Path, settings: DataConfig):
    files = [folder / settings.attributes_file] if settings.attributes_file else find_files(folder)
    for path in files:
        if path.name not in (settings.attributes_file, *FILES):  # a table of any name may hold anything
            read_table(path, settings.attributes)
    return [(4.0, Layout("attributes", f"images with attributes in {files[0].name}"))] if files else []


def _pairs(folder: Path, settings: DataConfig):
    if names := () if settings.pairs_file else stacked_names(folder, settings.domains):
        open_stacked(folder, names, settings.label_domains, settings.alpha, True, settings.pages, settings.pair_names)
        return [(3.0, Layout("paired", f"pairs of {' and '.join(names)}, where + joins folders that are stacked"))]
    wanted = Wanted(settings.domains, settings.label_domains, "pairs", "photo,labels", "")
    try:
        found = find_pairs(folder, wanted, settings.pair_names, settings.pairs_file)
    except PerhapsPairs as error:
        return [(1.4, Layout("paired", f"pairs in one folder, with {error.flag}, if that is what the names mean"))]
    first = next(iter(found.pairs.values()))
    if len(first[0][1]) == 1:
        words, score, apart = "pairs side by side in one file: A the left half, B the right", 0.5, "the halves of pairs, drawn apart"
        score = 3.0 if _look_wide([files[0] for _, files in first]) else score
    else:
        where = "" if found.beside else "in two folders, matched "
        apart = "both files of pairs, drawn apart" if found.beside else "two domains in two folders"
        words, score = f"pairs {where}{found.words}", _sure_of(found, folder)
    return [
        (score, Layout("paired", words)),
        (score - 0.1, Layout("semantic", "label maps and images")),
        (score - 0.2, Layout("unpaired", apart)),
    ]


def _sure_of(found: Found, folder: Path) -> float:
    """The score of pairs in two folders, by how many files are in pairs, how they and the folders are called, and by their shapes."""
    pairs = [files for own in found.pairs.values() for _, files in own]
    alone = sum(map(len, found.alone.values()))
    if found.beside:
        return 2.7 if alone else 3.0
    if not found.patterns and 2 * len(pairs) < alone:
        return 1.2
    inner = {part for path in pairs[0] if path.is_relative_to(folder) for part in path.relative_to(folder).parts[:-1]}
    divided = any(map(speaks_of_split, inner)) or any(map(is_label_word, inner))
    if not found.patterns:
        numbered = all(part.stem.isdecimal() for part, _ in pairs)  # two collections may be numbered alike
        if not _share_shapes(pairs) or (numbered and alone > UNEVEN * (2 * len(pairs) + alone)):
            return 1.5
        return 3.0 if divided else 2.5
    lettered = inner & {f"{name}{letter}" for name in ALIASES for letter in "AB"}  # as CycleGAN names domains
    telling = not lettered and (divided or "{}" in found.patterns)  # X and X_seg are no collections that are numbered alike
    return 1.5 if alone or not _share_shapes(pairs) else 3.0 if telling else 2.4


def _share_shapes(pairs: list[tuple[Path, ...]]) -> bool:
    """Whether both images of most pairs have one shape, as far as some of them tell; their sizes may differ."""
    same = [one == other for one, other in (map(_ratio, pair) for pair in some(pairs)) if one and other]
    return not same or statistics.mean(same) > 0.5


def _ratio(path: Path) -> float:
    """Width by height of an image, rounded; 0 if its file does not tell."""
    try:
        info = images.probe(path)
    except (UnreadableImage, ReadFailed):
        return 0.0
    return round(info.width / info.height, 1)


def _look_wide(files: list[Path]) -> bool:
    """Whether most files have the shape of two images side by side."""
    ratios = [ratio for path in some(files) if (ratio := _ratio(path))]
    return bool(ratios) and statistics.median(ratios) >= WIDE


def _domains(folder: Path, settings: DataConfig):
    splits, _ = find_layout(folder, Wanted(settings.domains, settings.label_domains, "domains", "horse,zebra", ""))
    return [(2.6, Layout("unpaired", "two domains in two folders"))] if len(next(iter(splits.values()))) == 2 else []


def _classes(folder: Path):
    names = find_class_folders(folder, True).class_names
    alone = not split_folders(folder)  # classes in splits may be called as they like
    if alone and any(split_folders(folder / name) for name in names):
        raise UserError(f"{names[0]} and others hold splits, as domains do")
    divided = [name for name in names if split_and_domain(name)[0] or (alone and speaks_of_split(name))]
    if 2 * len(divided) >= len(names):
        raise UserError(f"{divided[0]} is the name of a split, not of a class")
    listed = ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
    words = f"{plural(len(names), 'class folder')}: {listed}"
    score = 2.5 if len(names) > 2 else 1.5  # two folders are rather two domains
    if same_scenes(folder):
        words, score = f"{words}, although their files have equal names", 0.4
    return [(score, Layout("labeled", words)), (score - 0.1, Layout("attributes", "classes as attributes"))]
