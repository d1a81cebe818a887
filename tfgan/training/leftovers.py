"""What killed processes left in a run's folder, and are temporaries by their names: it is removed."""

import re
from pathlib import Path

from tfgan.paths import temporary

FOLDERS = (".", "checkpoints", "checkpoints/best", "samples", "samples/inputs", "evaluation")
"""Those of a run in which tfgan writes files whole or not at all."""
PART = re.compile(r"\..+\.(\d+)\.part")  # of earlier versions
STATE = re.compile(r"checkpoint\.tmp[0-9a-f]{32}")  # of TensorFlow's record of checkpoints
SAVE = re.compile(r"(ckpt-\d+|best-\d+(-2)?)_temp")  # the folder in which TensorFlow writes a checkpoint
SHARD = re.compile(r"part-\d{5}-of-\d{5}\.(index|data-\d{5}-of-\d{5})(\.tempstate\d+)?")


def remove_leftovers(run: Path):
    """Removes the temporary files of processes that are gone from the folder of a run; all else stays.

    Checkpoints are written by whoever has the run's lock alone, and what is unfinished of them is nobody's.

    Raises:
        OSError: a folder cannot be written.
    """
    for folder in (run / name for name in FOLDERS):
        if not folder.is_dir():
            continue
        temporary.remove_leftovers(folder)
        for path in sorted(folder.iterdir()):
            if SAVE.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                remove_save(path)
            elif path.is_file() and _is_leftover(path):
                path.unlink(missing_ok=True)


def _is_leftover(path: Path) -> bool:
    part = PART.fullmatch(path.name)
    return temporary.is_left_over(path, None, int(part[1])) if part else bool(STATE.fullmatch(path.name))


def remove_save(folder: Path):
    """Removes what TensorFlow wrote of a checkpoint that it never finished; files of other names stay, and so does the folder then."""
    for path in folder.iterdir():
        if SHARD.fullmatch(path.name) and path.is_file():
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
