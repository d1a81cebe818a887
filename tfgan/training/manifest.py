"""The record of the checkpoints that a run wrote itself: the size and the SHA-256 of each of their files."""

import dataclasses
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tfgan.errors import UserError, first_line
from tfgan.paths.files import write_atomically

FILE = "manifest.json"
STATE = "checkpoint"  # TensorFlow's own record, which other tools read
PARTS = re.compile(r"((?:ckpt-(?:0|[1-9]\d{0,17})|best-(?:0|[1-9]\d{0,17})(?:-2)?))\.(?:index|data-(\d{5})-of-(\d{5}))")
"""The names of a checkpoint's files. A best checkpoint with -2 took the place of an earlier one of its step."""


class FileSum(NamedTuple):
    """What a file held when it was written: its bytes, and their SHA-256 as 64 hexadecimal digits."""

    bytes: int
    sha256: str


Sums = dict[str, FileSum]
"""Name of a file of a checkpoint -> its sum; empty for a checkpoint of a version without sums."""


@dataclasses.dataclass
class Manifest:
    """The file RUN/checkpoints/manifest.json.

    A name is noted before its first byte is written, and struck out after its last file was deleted: what is not named here is not the
    run's own, such as a backup that somebody put there, and is never deleted.

    Attributes:
        entries: name of a checkpoint, such as ckpt-40 or best/best-40 -> the sums of its files; None for one whose save has not ended.
        damage: what is wrong with the file; "" if nothing is. There are no sums then.
    """

    entries: dict[str, Sums | None]
    damage: str = ""

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of RUN/checkpoints. Where there is none, or it is damaged, the run's own checkpoints are those of TensorFlow's record.

        Raises:
            UserError: it cannot be read, which tells nothing of what it holds.
        """
        try:
            return cls(_entries(json.loads((folder / FILE).read_text())))
        except (FileNotFoundError, NotADirectoryError):
            return cls(_named_by_tensorflow(folder))
        except (IsADirectoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return cls(_named_by_tensorflow(folder), first_line(error))
        except OSError as error:
            raise UserError(f"{folder / FILE} cannot be read: {error.strerror}. Make it readable; nothing was changed.") from None

    def write(self, folder: Path):
        """Raises `OSError` if the folder cannot be written."""
        files: dict[str, dict | None] = {}
        for name, sums in sorted(self.entries.items()):
            files[name] = None if sums is None else {file: found._asdict() for file, found in sums.items()}
        write_atomically(folder / FILE, json.dumps({"checkpoints": files, "sha256": _sum_of(files)}, indent=1) + "\n")


def _entries(record: dict) -> dict[str, Sums | None]:
    """Raises `ValueError` for a record whose own sum is wrong: sums that a flipped bit changed must not condemn a checkpoint."""
    if record["sha256"] != _sum_of(record["checkpoints"]):
        raise ValueError("its own checksum is wrong")
    entries: dict[str, Sums | None] = {}
    for name, sums in record["checkpoints"].items():
        if not re.fullmatch(r"ckpt-\d{1,18}|best/best-\d{1,18}(-2)?", name) or not all(PARTS.fullmatch(file) for file in sums or ()):
            raise ValueError(f"{name} is no checkpoint")
        entries[name] = None if sums is None else {file: FileSum(**found) for file, found in sums.items()}
    return entries


def _sum_of(files: dict) -> str:
    """Of what the manifest says, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _named_by_tensorflow(folder: Path) -> dict[str, Sums | None]:
    """The checkpoints that an earlier version wrote, which had no other record of them than TensorFlow's."""
    try:
        text = (folder / STATE).read_text(errors="replace")
    except OSError:
        return {}
    paths = re.findall(r'^(?:all_)?model_checkpoint_paths?: "(.*)"$', text, re.MULTILINE)
    names = (path.rpartition("/")[2] for path in paths)  # of another folder, if the run was moved
    return {name: {} for name in names if re.fullmatch(r"ckpt-\d{1,18}", name)}


def write_state(folder: Path, names: list[str]):
    """Writes TensorFlow's own record of the checkpoints in `folder`, the newest last, for other tools; tfgan does without it."""
    lines = [f'model_checkpoint_path: "{names[-1]}"', *(f'all_model_checkpoint_paths: "{name}"' for name in names)]
    write_atomically(folder / STATE, "\n".join(lines) + "\n")


def sums_on_disk(files: Iterable[Path]) -> Sums:
    """The sums of files that were just written, which are on the disk then, and not in the memory of the machine alone."""
    found = {}
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            found[path.name] = FileSum(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())
    return found


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file; read once by this process as long as it is the same file and not changed."""
    now = path.stat()
    return _sha256(path.absolute(), now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@functools.lru_cache(64)
def _sha256(path: Path, *_) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
