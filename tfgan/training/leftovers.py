"""What killed processes left in a run's folder: removed where its name tells that it is a temporary, and set aside otherwise."""

import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path

FOLDERS = (".", "checkpoints", "checkpoints/best", "samples", "samples/inputs", "evaluation")
"""Those of a run in which tfgan writes files whole or not at all."""
PART = re.compile(r"\.tfgan-(\d+)-[0-9a-f]{12}\.part|\..+\.(\d+)\.part")  # see `tfgan.paths.files`, and of earlier versions
STATE = re.compile(r"checkpoint\.tmp[0-9a-f]{32}")  # of TensorFlow's record of checkpoints
SAVE = re.compile(r"(ckpt|best)-\d+_temp")  # the folder in which TensorFlow writes a checkpoint
SHARD = re.compile(r"part-\d{5}-of-\d{5}\.(index|data-\d{5}-of-\d{5})(\.tempstate\d+)?")


def remove_leftovers(run: Path):
    """Removes the temporary files of processes that are gone from the folder of a run; all else stays.

    Raises:
        OSError: a folder cannot be written.
    """
    for folder in (run / name for name in FOLDERS):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if SAVE.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                remove_save(path)
            elif path.is_file() and _is_leftover(path.name):
                path.unlink(missing_ok=True)


def _is_leftover(name: str) -> bool:
    part = PART.fullmatch(name)
    return not _is_alive(int(part[1] or part[2])) if part else bool(STATE.fullmatch(name))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def remove_save(folder: Path):
    """Removes what TensorFlow wrote of a checkpoint that it never finished; files of other names stay, and so does the folder then."""
    for path in folder.iterdir():
        if SHARD.fullmatch(path.name) and path.is_file():
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def set_aside(folder: Path, name: str, paths: Iterable[Path]) -> Path:
    """Moves files out of the way, into a new folder FOLDER/damaged/NAME, or NAME_2 and so on where there is one.

    Returns:
        The new folder.

    Raises:
        OSError: the folder cannot be written.
    """
    (folder / "damaged").mkdir(exist_ok=True)
    for count in itertools.count(1):
        aside = folder / "damaged" / (name if count == 1 else f"{name}_{count}")
        if not os.path.lexists(aside):
            break
    aside.mkdir()
    for path in paths:
        path.rename(aside / path.name)
    return aside
