"""What is known of an export by its folder: read without TensorFlow, so that nothing else is ever taken for one and replaced."""

import json
import re
from pathlib import Path

from tfgan.errors import UserError
from tfgan.paths.files import is_there
from tfgan.paths.folders import files_in

RECORD = "tfgan.json"  # beside the SavedModel: what it was made of, which files it has, and at what scale the run sees images

_LAYOUT = re.compile(r"saved_model\.pb|fingerprint\.pb|variables/variables\.(index|data-\d{5}-of-\d{5})|assets/")
"""What TensorFlow writes for a SavedModel without assets: the files of exports whose record does not list them yet."""


def files_of_export(folder: Path) -> list[str]:
    """The files of the export in `folder`, by their names from it; see `tfgan.paths.folders.files_in`.

    Raises:
        UserError: the folder is no export, or holds anything that is no part of it, which must never be removed.
    """
    cure = "use --output=FOLDER"
    if not folder.is_dir():
        raise UserError(f"{folder} exists. It is not a folder, and was left as it is: {cure}.")
    record = _read_record(folder / RECORD)
    if record is None:
        raise UserError(
            f"{folder} exists. It is not an export, and was left as it is: {cure}. "
            f"(An export holds {RECORD}; those of early versions do not.)"
        )
    listed = record.get("files")
    own = {str(name) for name in listed} if isinstance(listed, list) else set()
    found = [name for name in files_in(folder) if name != RECORD]
    others = [name for name in found if not (name in own if own else _LAYOUT.fullmatch(name))]
    links = [name for name in found if (folder / name).is_symlink()]
    if others or links:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise UserError(
            f"{folder} exists. It holds {(others or links)[0]}{more}, which does not belong to the export, and was left as it is: {cure}."
        )
    return [*found, RECORD]


def _read_record(path: Path) -> dict | None:
    """The record of an export; None if there is none, or it is that of something else."""
    try:
        record = json.loads(path.read_bytes()) if is_there(path) and not path.is_symlink() else None
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and {"run", "method", "step"} <= set(record) else None
