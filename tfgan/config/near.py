"""Tells runs by their folders: which folder is one, which one somebody meant, and what in it belongs to it."""

from pathlib import Path

from tfgan.errors import UserError, did_you_mean_path
from tfgan.paths.files import check_file, is_there

RECORD = "config.json"
FROZEN = ("features.keras", "features.h5")
"""Names that the copy of a frozen network has in a run."""
PARTS = (
    *(RECORD, *FROZEN, "checkpoints", "samples", "tensorboard", "evaluation"),
    *("metrics.jsonl", "alarms.jsonl", "postponed.json", "evaluation.json", "images.json", "lock"),
)
"""Names in the folder of a run that training and evaluations write, and later commands read."""
LISTED = 8  # runs named in a message


def is_run(folder: Path) -> bool:
    """Whether a folder is a run, one that may have no checkpoint yet."""
    return (folder / RECORD).is_file()


def refuse_part_of_run(path: Path, flag: str = ""):
    """Raises `UserError` if something else is to be written where a run, whichever it is, keeps what belongs to it.

    Args:
        path: what is to be written; flag: the setting that names it, for the message: "--out=".
    """
    whole = path.resolve()
    for parent in whole.parents:
        if whole.relative_to(parent).parts[0] in PARTS and is_run(parent):
            raise UserError(f"{flag}{path} belongs to the run {parent}, which needs what is there: choose another place.")


def check_new_file(path: Path, flag: str):
    """Raises `UserError` for a result that would replace what is there or belongs to a run; `OutputError` if it cannot be written.

    Args:
        path: the file that is to be written; flag: the setting that names it, for the message: "--out=".
    """
    if is_there(path):
        raise UserError(f"{flag}{path} exists: use another name.")
    check_file(path, flag)
    refuse_part_of_run(path, flag)


def no_run(folder: Path) -> str:
    """What is wrong with `folder`, which is no run, and which run may have been meant; as whole sentences."""
    problem = f"it has no {RECORD}" if folder.is_dir() else "it is a file" if folder.exists() else "it is missing"
    return f"{folder} is not a run: {problem}.{_hint(folder)}"


def _hint(folder: Path) -> str:
    """ " Did you mean X?", or which runs the folder holds, or else what a run is."""
    outer = next((parent for parent in folder.parents if is_run(parent)), None)  # such as RUN/checkpoints
    if outer:
        return f" Did you mean {outer}?"
    inside = sorted(child for child in folder.iterdir() if is_run(child)) if folder.is_dir() else []
    if inside:
        return f" It holds runs: {', '.join(map(str, inside[:LISTED]))}{', …' * (len(inside) > LISTED)}."
    if not folder.is_absolute() and is_run("runs" / folder):
        return f" Did you mean {'runs' / folder}?"
    near = did_you_mean_path(folder, is_run)
    if not near and len(folder.parts) == 1 and Path("runs").is_dir():
        near = did_you_mean_path("runs" / folder, is_run)
    return near or " A run is the --workdir of `tfgan train`."
