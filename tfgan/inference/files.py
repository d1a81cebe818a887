"""Files and folders through a translator: relative names and formats are kept, nothing is overwritten."""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tfgan.data import images
from tfgan.errors import UnreadableImage, UserError
from tfgan.inference.tiling import translate_image
from tfgan.inference.translator import Translator


class Task(NamedTuple):
    source: Path
    result: Path


def find_tasks(source: str, output: str, extension: str = "") -> list[Task]:
    """Which file becomes which.

    Args:
        source: an image file, a folder (with all its sub-folders), or a glob pattern.
        output: a folder; or, for one file, also the name of the result.
        extension: the results' format, such as png; empty: that of each source.

    Raises:
        UserError: nothing found; a result would overwrite its source; two sources would become one result.
    """
    path = Path(source)
    if path.is_file():
        tasks = [Task(path, Path(output) if _is_image(Path(output)) else Path(output) / path.name)]
    elif path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and _is_image(file))
        tasks = [Task(file, Path(output) / file.relative_to(path)) for file in found]
    else:
        found = sorted(file for file in map(Path, glob.glob(source, recursive=True)) if file.is_file() and _is_image(file))
        tasks = [Task(file, Path(output) / file.name) for file in found]
    if not tasks:
        raise UserError(f"{source} is neither an image nor a folder or pattern with images ({', '.join(sorted(images.EXTENSIONS))}).")
    if extension:
        tasks = [Task(task.source, task.result.with_suffix("." + extension.lstrip("."))) for task in tasks]
    _check_results(tasks)
    return tasks


def _is_image(path: Path) -> bool:
    return path.suffix.lower().lstrip(".") in images.EXTENSIONS and not path.name.startswith(".")


def _check_results(tasks):
    seen: dict[Path, Path] = {}
    for source, result in tasks:
        if result.resolve() == source.resolve():
            raise UserError(f"{result} would overwrite its own source: choose another output folder.")
        if result in seen:
            raise UserError(f"{seen[result]} and {source} would both become {result}: translate their folders one by one.")
        seen[result] = source


def translate_files(translator: Translator, tasks: list[Task], *, alpha: str, overwrite: bool, tile: int) -> Iterator[tuple[Task, str]]:
    """Does the tasks; yields each with what became of it: "" if done, "exists" if its result was there, otherwise the reason it failed."""
    for task in tasks:
        if task.result.exists() and not overwrite:
            yield task, "exists"
            continue
        try:
            image = images.convert(images.decode(task.source), translator.source.channels, translator.source.dtype, alpha)
            images.save(task.result, translate_image(translator, image, tile))
            yield task, ""
        except (UnreadableImage, UserError) as error:
            yield task, str(error)
