"""Finds the image files that a command is about, and names the results they become: relative names and formats are kept."""

import glob
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tfgan.config.words import say_once
from tfgan.data.finding.pair_names import match_names
from tfgan.data.finding.walk import named, root_of
from tfgan.data.reading import images
from tfgan.data.reading.comments import is_result
from tfgan.data.reading.formats import ACCEPTED, UNREAD, VIDEOS, VOLUMES, ending, is_picture, is_video, is_volume, told_unread, with_ending
from tfgan.errors import UserError, did_you_mean, did_you_mean_path
from tfgan.paths.files import check_folder, check_place
from tfgan.paths.inputs import Inputs
from tfgan.paths.special import special

_NO_VIDEO = "name an .mp4, or a folder" if VIDEOS else 'pip install "tfgan[video]", and .mp4 is'


class Task(NamedTuple):
    """An input and its result.

    Attributes:
        source: the file of the input, or the first one of several that are stacked.
        result: the file that it becomes.
        beside: the others of several, in their order.
        frames: the ending of the images that a video becomes, of which `result` is the folder; empty for all others.
    """

    source: Path
    result: Path
    beside: tuple[Path, ...] = ()
    frames: str = ""


def find_tasks(
    source: str,
    output: str,
    extension: str = "",
    inputs: Mapping[str, Iterable[Path]] = MappingProxyType({}),
    *,
    ending_of: Callable[[str], str] = lambda source: source,
) -> list[Task]:
    """The tasks of a command: which image file becomes which result.

    Args:
        source: an image file; a folder, with all its sub-folders; or a glob pattern, ** for sub-folders. Names are kept from the folder,
            or from the part of the pattern without wildcards, on. Hidden files are left out, and so are results inside the folder.
        output: a folder; or, for one file, also the name of the result.
        extension: the results' format, such as png; empty: as `ending_of` says.
        inputs: what else is read and must stay, files and folders by the flag that names them, such as "--style"; a folder stands for all
            that is in it.
        ending_of: the ending of a result by that of its source, both without the dot; a result that is named in full keeps its own.

    Raises:
        UserError: nothing found; an unknown format; one file named for the results of a folder; a result would overwrite a source, or what
            else is read; two sources would become one result.
        OutputError: nothing can be written to `output`.
    """
    folder = Path(output)
    root, names = find_images(source)
    names_file = os.path.isfile(folder) or (is_image(folder) and not os.path.isdir(folder))
    if (known := UNREAD.get(ending(folder))) and "video" in known.name and not os.path.isdir(folder):
        raise UserError(f"{output} would be {known.name}, which is not written: {_NO_VIDEO}.")
    (check_place if names_file else check_folder)(folder)
    if Path(source).is_file():
        tasks = [Task(Path(source), folder if names_file else folder / names[0])]
    elif names_file:
        raise UserError(f"{output} is the name of one file, and {source} stands for many images: name a folder for the results.")
    else:
        results = folder.resolve() if root.resolve() in folder.resolve().parents else None
        tasks = [Task(root / name, folder / name) for name in names if results not in (root / name).resolve().parents]
    if not tasks:
        raise _nothing(source)
    if extension:
        tasks = [Task(task.source, with_ending(task.result, _known(extension))) for task in tasks]
    elif not names_file:
        tasks = [Task(task.source, _renamed(task.result, ending_of(ending(task.source)))) for task in tasks]
    tasks = [_of_video(task, names_file) for task in tasks]
    _check_results(tasks, inputs)
    return tasks


def _of_video(task: Task, named: bool) -> Task:
    """A task whose result is a video, or a folder of frames, where its source is a video; raises `UserError` where only its result is.

    Args:
        named: whether somebody has named the file of the result.
    """
    if is_video(task.result) and not is_video(task.source):
        raise UserError(f"{task.result} would be a video, and {task.source} is an image: results of images are images.")
    if not is_video(task.source) or is_video(task.result):
        return task
    if named:
        raise UserError(
            f"{task.result} would be one image, and {task.source} is a video: name a video, or a folder for its frames, with "
            f"--format={ending(task.result) or 'png'}."
        )
    return task._replace(result=task.result.with_suffix(""), frames=ending(task.result))


def find_stacked_tasks(source: str, parts: Sequence[str], *arguments, **options) -> list[Task]:
    """The tasks of a command whose inputs are several files each, in folders called `parts` inside the folder `source`.

    Results are called as the files of the first part. Other arguments and errors are those of `find_tasks`; a `UserError` also names files
    without a counterpart.
    """
    first, *others = (str(Path(source) / part) for part in parts)
    tasks = find_tasks(first, *arguments, **options)
    if clip := next((task.source for task in tasks if is_video(task.source)), None):
        raise UserError(f"{clip} is a video, and inputs that are stacked are images: save the frames of each as images.")
    root, partners = Path(first), []
    names = [task.source.relative_to(root).as_posix() for task in tasks]
    for folder in others:
        other_root, found = find_images(folder)
        pairs = dict(match_names(names, [name.as_posix() for name in found]).pairs)
        if alone := [name for name in names if name not in pairs]:
            more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
            raise UserError(f"{first}/{alone[0]}{more} has no counterpart in {folder}: inputs are stacked from both.")
        partners.append([other_root / pairs[name] for name in names])
    _check_results(tasks, {"a file that is stacked with it": [path for paths in partners for path in paths]})
    return [task._replace(beside=beside) for task, beside in zip(tasks, zip(*partners))]


def with_instance_maps(tasks: list[Task], source: str, instances: str) -> list[Task]:
    """The tasks of label maps, each with its instance map beside it: the only file there is, or that of the same name, as in pairs.

    Args:
        source: what the tasks were found in, see `find_tasks`.
        instances: a file, a folder or a pattern, likewise.

    Raises:
        UserError: there are none; a label map has none, or one of several.
    """
    root, found = find_images(instances)
    if len(tasks) == 1 and len(found) == 1:
        pairs = {tasks[0].source.name: found[0].as_posix()}
        names = [tasks[0].source.name]
    else:
        own_root, _ = find_images(source)
        names = [task.source.relative_to(own_root).as_posix() for task in tasks]
        pairs = dict(match_names(names, [name.as_posix() for name in found]).pairs)
    if alone := [name for name in names if name not in pairs]:
        more = f" and {len(alone) - 1} more" if len(alone) > 1 else ""
        raise UserError(f"{alone[0]}{more} of {source} has no instance map in {instances}: both have the same names, or one ending each.")
    files = [root / pairs[name] for name in names]
    _check_results(tasks, {"an instance map": files})
    return [task._replace(beside=(file,)) for task, file in zip(tasks, files)]


def beside_results(tasks: list[Task], word: str) -> list[Task]:
    """The same tasks with another result each, beside the first and called NAME_`word`: a TIFF, or of a volume a volume.

    Raises:
        UserError: two of them would have one name, or the name of a source.
    """
    found = []
    for task in tasks:
        own = with_ending(task.result, "tif")
        path = own.with_name(f"{own.stem}_{word}.tif")
        found.append(task._replace(result=with_ending(path, ending(task.result)) if is_volume(task.result) else path))
    _check_results(found, {"a result": [task.result for task in tasks]})
    return found


def _renamed(result: Path, wanted: str) -> Path:
    """A result's name with another ending, if it has another one: upper case stays."""
    return result if ending(result) == wanted else with_ending(result, wanted)


def find_images(source: str) -> tuple[Path, list[Path]]:
    """The folder from which names are kept, and the sorted names of the images in it; for `source` see `find_tasks`.

    Raises:
        UserError: no images are found.
    """
    path = Path(source)
    if path.is_file():
        if (known := UNREAD.get(ending(path))) and "video" in known.name:
            raise UserError(f"{source} is {known.name}: {known.cure}.")
        return path.parent, [Path(path.name)]
    if other := special(path):
        raise UserError(f"{source} is {other}, not a file.")
    root, found = root_of(source), list(named(source))
    names = sorted(file.relative_to(root) for file in found if is_image(file))
    unread = told_unread(found)
    if not names:
        if not path.exists() and not glob.has_magic(source):
            raise UserError(f"{source} is missing.{did_you_mean_path(path)}")
        raise _nothing(source, unread)
    if unread:
        say_once(f"{source}:{unread} Skipped.")
    return root, names


def _nothing(source: str, unread: str = "") -> UserError:
    return UserError(f"{source} is neither an image nor a folder or pattern with images ({ACCEPTED}).{unread}")


def is_image(path: Path) -> bool:
    """Whether a file's ending is that of an image."""
    return is_picture(path)


def _known(extension: str) -> str:
    extension = extension.removeprefix(".").lower()
    if extension not in images.WRITTEN and extension not in VOLUMES and extension not in VIDEOS:
        if unread := UNREAD.get(extension):
            cure = f"; {_NO_VIDEO}" if "video" in unread.name else ""
            raise UserError(f"--format={extension}: {unread.name} is not written{cure}.")
        hint = did_you_mean(extension, images.WRITTEN)
        raise UserError(f"--format={extension} is unknown.{hint} There are: {', '.join((*images.WRITTEN, *VIDEOS))}.")
    return extension


def _check_results(tasks: list[Task], inputs: Mapping[str, Iterable[Path]]):
    read = Inputs({"its own source or another one": [task.source for task in tasks], **inputs}, is_result)
    seen: dict[Path, Path] = {}
    for task in tasks:
        read.refuse(task.result)
        if task.result in seen:
            raise UserError(
                f"{seen[task.result]} and {task.source} would both become {task.result}: translate them one by one, or into two folders."
            )
        seen[task.result] = task.source
