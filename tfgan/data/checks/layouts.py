"""Finds what a folder of images may be: which kinds of batches its layout can give, the likeliest first."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tfgan.config import DataConfig
from tfgan.data import check_settings, images
from tfgan.data.attributes.folder import FILES, find_files
from tfgan.data.attributes.tables import read_table
from tfgan.data.catalog import CLASSES, PAIRED, UNPAIRED
from tfgan.data.checks.finding import WARNING, Finding, plural
from tfgan.data.folders.classes import find_class_folders
from tfgan.data.folders.idx import find_idx
from tfgan.data.folders.layout import LISTED, SPLITS, Wanted, find_layout, list_images, require_folder, split_folders
from tfgan.data.folders.pairs import match_files
from tfgan.errors import ReadFailed, UnreadableImage, UserError

PROBED = 16  # files whose shape tells single images from pairs side by side
WIDE = 1.8  # width by height above which files look like two images side by side: photos are up to 16:9
_SPLIT_NAMES = [name for aliases in SPLITS.values() for name in aliases]


class Layout(NamedTuple):
    kind: str  # of batches
    words: str  # how the images lie


class Layouts(NamedTuple):
    possible: list[Layout]  # the likeliest first
    refused: dict[str, str]  # kind of the others -> why not


def find_layouts(settings: DataConfig) -> Layouts:
    """The kinds of batches that a data set can be read as, without those for which one of the settings would do nothing.

    Args:
        settings: which data set, and how it is read.

    Raises:
        UserError: the folder does not exist.
    """
    found = _of_folder(Path(settings.data_dir), settings) if settings.data_dir else Layouts(_of_name(settings.dataset), {})
    return Layouts([layout for layout in found.possible if _suits(settings, layout.kind)], found.refused)


def unclear(data_dir: Path, layouts: Layouts) -> list[Finding]:
    """A finding, if images in sub-folders are taken for single ones because nothing better fits; else none.

    Args:
        data_dir: the data folder.
        layouts: what it can be read as, from `find_layouts`.
    """
    splits = split_folders(data_dir)
    nested = any(len(path.parts) - (path.parts[0] in splits) > 1 for path in list_images(data_dir))
    if not nested or [layout.kind for layout in layouts.possible] != ["images"]:
        return []
    kinds: dict[str, list[str]] = {}
    for kind, reason in layouts.refused.items():
        kinds.setdefault(reason, []).append(kind)
    reasons = tuple(f"no {' and no '.join(own)}: {reason}" for reason, own in kinds.items())
    problem = "the folders form no pairs, domains or classes, so their images are taken as single ones"
    return [Finding(WARNING, "unclear_layout", problem, "if that is meant, say so with a --method for images, such as dcgan", reasons)]


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
    refused = {}

    def attempt(kind: str, look: Callable[[], list[tuple[float, Layout]]]):
        try:
            scored.extend(look())
        except UserError as error:
            refused[kind] = str(error).splitlines()[0]

    attempt("attributes", lambda: _table(folder, settings))
    attempt("pairs", lambda: _pairs(folder, settings))
    attempt("domains", lambda: _domains(folder, settings))
    attempt("classes", lambda: _classes(folder))
    attempt("images", lambda: [(1.0, Layout("images", "images without labels"))] if list_images(folder) else [])
    scored.sort(key=lambda entry: -entry[0])
    possible = {layout.kind: layout for _, layout in reversed(scored)}  # of two ways to one kind, the likelier
    return Layouts([layout for _, layout in scored if possible[layout.kind] is layout], refused)


def _table(folder: Path, settings: DataConfig):
    files = [folder / settings.attributes_file] if settings.attributes_file else find_files(folder)
    for path in files:
        if path.name not in (settings.attributes_file, *FILES):  # a table of any name may hold anything
            read_table(path, settings.attributes)
    return [(4.0, Layout("attributes", f"images with attributes in {files[0].name}"))] if files else []


def _pairs(folder: Path, settings: DataConfig):
    splits, names = find_layout(folder, Wanted(settings.domains, settings.label_domains, "pairs", "photo,labels", ""))
    folders = next(iter(splits.values()))
    if len(folders) == 1:
        words = "pairs side by side in one file: A the left half, B the right"
        score = 3.0 if _look_wide(folders[0]) else 0.5
    else:
        matched, unmatched = match_files(folder, folders)
        if not matched:
            raise UserError(f"no file of {names[0]} has a counterpart of the same name in {names[1]}")
        words = "pairs in two folders, matched by name"
        score = 3.0 if 2 * len(matched) >= len(unmatched) else 1.2
    apart = Layout("unpaired", "the halves of pairs, drawn apart" if len(folders) == 1 else "two domains in two folders")
    return [(score, Layout("paired", words)), (score - 0.1, Layout("semantic", "label maps and images")), (score - 0.2, apart)]


def _look_wide(folder: Path) -> bool:
    """Whether most files have the shape of two images side by side."""
    files, ratios = list_images(folder), []
    for path in files[:: max(1, len(files) // PROBED)]:
        try:
            info = images.probe(folder / path)
        except (UnreadableImage, ReadFailed):
            continue
        ratios.append(info.width / info.height)
    return bool(ratios) and statistics.median(ratios) >= WIDE


def _domains(folder: Path, settings: DataConfig):
    splits, _ = find_layout(folder, Wanted(settings.domains, settings.label_domains, "domains", "horse,zebra", "", unsplit=True))
    folders = next(iter(splits.values()))
    if len(folders) != 2:
        return []
    matched, unmatched = match_files(folder, folders) if folders[0].parent == folder else ([], [])
    pairs = f", whose files match by name (to train on pairs, move both into {folder / 'train'})" if len(matched) > len(unmatched) else ""
    return [(2.6, Layout("unpaired", f"two domains in two folders{pairs}"))]


def _classes(folder: Path):
    names = find_class_folders(folder, True).class_names
    if lettered := [name for name in names if name[-1] in "AB" and name[:-1] in _SPLIT_NAMES]:
        raise UserError(f"{lettered[0]} is the name of a domain in a split")
    listed = ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
    words = f"{plural(len(names), 'class folder')}: {listed}"
    score = 2.5 if len(names) > 2 else 1.5  # two folders are rather two domains
    return [(score, Layout("labeled", words)), (score - 0.1, Layout("attributes", "classes as attributes"))]
