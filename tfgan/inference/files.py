"""Files and folders through a translator: relative names and formats are kept, nothing is overwritten, and results say what made them."""

import glob
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from tfgan.config import Domain
from tfgan.data import images
from tfgan.data.label_maps import maps as label_maps
from tfgan.errors import UnreadableImage, UserError, did_you_mean
from tfgan.inference.origin import Origin, as_comment, digest, read_origin, unlike
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator

DONE, KEPT, OTHER, FAILED = "done", "kept", "other", "failed"
"""What became of a task: its result is new, was there already, is another one that was there already, or could not be made."""


class Task(NamedTuple):
    source: Path
    result: Path


class Outcome(NamedTuple):
    """What became of a task, one of `DONE`, `KEPT`, `OTHER` and `FAILED`, and what is to be said of it."""

    kind: str
    text: str = ""  # why it failed; what the other result is; of a new one, at what scale it was made if it is not that of training


def find_tasks(source: str, output: str, extension: str = "") -> list[Task]:
    """The tasks of a command: which image file becomes which result.

    Args:
        source: an image file; a folder, with all its sub-folders; or a glob pattern, ** for sub-folders. Names are kept from the folder,
            or from the part of the pattern without wildcards, on. Hidden files are left out, and so are results inside the folder.
        output: a folder; or, for one file, also the name of the result.
        extension: the results' format, such as png; empty: that of each source.

    Raises:
        UserError: nothing found; an unknown format; a result would overwrite a source; two sources would become one result.
    """
    folder = Path(output)
    root, names = find_images(source)
    if Path(source).is_file():
        tasks = [Task(Path(source), folder if is_image(folder) else folder / names[0])]
    else:
        results = folder.resolve() if root.resolve() in folder.resolve().parents else None
        tasks = [Task(root / name, folder / name) for name in names if results not in (root / name).resolve().parents]
    if not tasks:
        raise _nothing(source)
    if extension:
        tasks = [Task(task.source, task.result.with_suffix(f".{_known(extension)}")) for task in tasks]
    _check_results(tasks)
    return tasks


def find_images(source: str) -> tuple[Path, list[Path]]:
    """The folder from which names are kept, and the sorted names of the images in it; for `source` see `find_tasks`.

    Raises:
        UserError: no images are found.
    """
    path = Path(source)
    if path.is_file():
        return path.parent, [Path(path.name)]
    if path.is_dir():
        root, found = path, path.rglob("*")
    else:
        root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
        found = (Path(name) for name in glob.glob(source, recursive=True))
    names = sorted(file.relative_to(root) for file in found if is_image(file) and file.is_file())
    names = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    if not names:
        raise _nothing(source)
    return root, names


def _nothing(source: str) -> UserError:
    return UserError(f"{source} is neither an image nor a folder or pattern with images ({', '.join(sorted(images.EXTENSIONS))}).")


def is_image(path: Path) -> bool:
    """Whether a file's ending is that of an image."""
    return path.suffix[1:].lower() in images.EXTENSIONS


def _known(extension: str) -> str:
    extension = extension.removeprefix(".").lower()
    if extension not in images.EXTENSIONS:
        hint = did_you_mean(extension, images.EXTENSIONS)
        raise UserError(f"--format={extension} is unknown.{hint} There are: {', '.join(images.EXTENSIONS)}.")
    return extension


def _check_results(tasks):
    sources = {task.source.resolve() for task in tasks}
    seen: dict[Path, Path] = {}
    for source, result in tasks:
        if result.resolve() in sources:
            raise UserError(f"{result} would overwrite its own source or another one: choose another output folder.")
        if result in seen:
            raise UserError(f"{seen[result]} and {source} would both become {result}: translate them one by one, or without --format.")
        seen[result] = source


def translate_files(
    translator: Translator,
    tasks: list[Task],
    conditions: Callable = lambda image: {},
    *,
    alpha: str,
    overwrite: bool,
    passage: Passage,
    origin: Origin,
) -> Iterator[tuple[Task, Outcome]]:
    """Does the tasks, one after the other; yields each with what became of it.

    A result that exists is kept if it states the same origin. Another one stays too, unless `overwrite` is set, and is told.
    A file that cannot be read, translated or written is told; the others are done.

    Args:
        conditions: what an image H×W×C is translated by: image -> {name: vector}.
        alpha: what becomes of transparency, see `tfgan.data.images.convert`.
        overwrite: do a task whose result exists.
        passage: the size at which images go through.
        origin: what all results of the tasks say of their making; each adds its own input.
    """
    for task in tasks:
        try:
            own = origin | {"input": digest(task.source)}
            if task.result.exists() and not overwrite:
                other = unlike(read_origin(task.result), own)
                yield task, Outcome(OTHER, other) if other else Outcome(KEPT)
                continue
            image = read_image(task.source, translator.source, alpha)
            result = passage.translate(translator, image, conditions)
            images.save(task.result, result, as_comment(own))
            yield task, Outcome(DONE, passage.unlike_training(image.shape[:2]))
        except tf.errors.ResourceExhaustedError:
            yield task, Outcome(FAILED, f"{image.shape[0]}×{image.shape[1]} pixels do not fit into memory: {passage.smaller()}")
        except (UnreadableImage, UserError, OSError) as error:
            yield task, Outcome(FAILED, str(error))


def read_image(path: Path, domain: Domain, alpha: str):
    """An image file as `domain` takes it: H×W×C of its dtype, or class indices H×W int32.

    Raises:
        UnreadableImage: the file is damaged, of an unknown kind, or does not hold the domain's classes.
    """
    if domain.classes is not None:
        return label_maps.load(path, domain)
    return images.convert(images.decode(path), domain.channels, domain.dtype, alpha)
