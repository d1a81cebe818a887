"""The rule of a run's folder: a run is made in a new or empty one, and goes on in its own; folders of other things are left alone."""

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfgan.config import DataConfig, TrainConfig
from tfgan.config.near import RECORD, is_run
from tfgan.errors import UserError, first_line
from tfgan.paths.aside import free_name
from tfgan.paths.files import check_encoding
from tfgan.runs.planning.lock import LOCK, held, is_lock
from tfgan.training.callbacks import Callback
from tfgan.training.kept import holds_checkpoints

HARMLESS = {"thumbs.db", "desktop.ini", "lost+found", "@eadir", "$recycle.bin", "system volume information"}
"""Names, in lower case, that systems put into folders by themselves; names that begin with a dot are harmless too."""

PARTS = {"method", "data", "training", "hparams", "spec"}
"""Keys of a run's record since the first version. With three of them it is a run's, though it may be damaged."""

LISTED = 3  # things named in a message
_SPLIT = re.compile(r"(train|val|valid|validation|test)[AB]?")


@contextlib.contextmanager
def claimed(training: TrainConfig, data: DataConfig) -> Iterator[Callback]:
    """A context in which this process alone trains the run in the folder `training.workdir`, which it makes if need be.

    Yields:
        A callback for the training, see `tfgan.runs.planning.lock.held`.

    Raises:
        UserError: a folder in which no run is made, or whose run another process trains.
    """
    judge_workdir(training.workdir, (data.data_dir, *data.extra_data_dirs))
    with held(training.workdir) as lock:
        yield lock


def judge_workdir(workdir: str, data_dirs: Iterable[str] = ()):
    """Raises `UserError` for a folder in which no run is made, and which is not a run's.

    Args:
        workdir: the folder, which need not exist. What systems put into folders, hidden files and empty subfolders do not count.
        data_dirs: folders of images. A new run does not lie in one of them, as its pictures would become images of the data set.
    """
    path = Path(workdir)
    check_encoding(path, "--workdir=")
    _refuse_files(path)
    if holds_checkpoints(path):  # of which the plan tells whether they can go on
        return
    if path.is_dir() and is_run(path):
        _refuse_foreign_record(path / RECORD)
        return
    for data_dir in filter(None, data_dirs):
        _refuse_data(path, Path(data_dir))
    if path.is_dir():
        _refuse_others(path)


def _refuse_files(path: Path):
    """Raises `UserError` if the folder cannot be made, as a file or a broken link is in its way."""
    for place in (path, *path.parents):
        if place.is_dir():
            return
        if place.exists():
            raise UserError(f"--workdir={path} cannot be made: {place} is a file.")
        if place.is_symlink():
            raise UserError(f"--workdir={path} cannot be made: {place} is a broken link.")


def _refuse_foreign_record(record: Path):
    """Raises `UserError` for a config.json of another program, or one of which nobody knows."""
    cure = "It stays as it is: choose another --workdir"
    try:
        values = json.loads(record.read_bytes())
    except OSError as error:
        raise UserError(f"{record} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{record} is damaged, or of another program: {first_line(error)}. {cure}, or put a copy of it back.") from None
    if not isinstance(values, dict) or len(PARTS & values.keys()) < 3:
        raise UserError(f"{record} is not a run's: another program made it. {cure}.")


def _refuse_data(path: Path, data_dir: Path):
    """Raises `UserError` for a new run in a folder of images; beside its splits, or above it, is no place of images."""
    here, data = path.resolve(), data_dir.resolve()
    if here != data and data not in here.parents:
        return
    inside = here.relative_to(data).parts
    splits = {child.name for child in data.iterdir() if _SPLIT.fullmatch(child.name) and child.is_dir()} if data.is_dir() else set()
    if inside and splits and inside[0] not in splits:
        return
    place = "is the data folder" if not inside else f"lies inside the data folder {data_dir}"
    cure = f"use a folder outside of it, such as --workdir={free_name(data.with_name(f'{data.name}_run'))}"
    raise UserError(f"--workdir={path} {place}: the run's pictures would become images of the data set. Cure: {cure}.")


def _refuse_others(path: Path):
    """Raises `UserError` for a folder that exists, is no run, and holds anything that counts."""
    try:
        others = sorted(entry.name for entry in os.scandir(path) if _counts(entry))
    except OSError as error:
        raise UserError(f"--workdir={path} cannot be read: {error.strerror}.") from None
    home = path.resolve() == Path(os.path.expanduser("~")).resolve()
    if others or home:
        shown = ", ".join(others[:LISTED]) + ", …" * (len(others) > LISTED)
        what = "is the home folder" if home else f"holds other things ({shown}) and is not a run (no {RECORD})"
        cure = f"A run is made in a new or an empty folder, such as --workdir={free_name(path / 'run')}."
        raise UserError(f"--workdir={path} {what}: it stays as it is. {cure}")


def _counts(entry: os.DirEntry) -> bool:
    """Whether something in a folder is a user's."""
    if entry.name.startswith(".") or entry.name.lower() in HARMLESS:
        return False
    if entry.is_dir(follow_symlinks=False):
        return any(files for _, _, files in os.walk(entry.path))
    return not (entry.name == LOCK and is_lock(Path(entry.path)))
