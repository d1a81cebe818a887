"""What results say of their origin: the run, its step and its way, the settings, and the file that was translated.

It stands in the result itself, see `tfgan.data.reading.comments`. So a command that is repeated goes on where it was stopped, and
never takes the result of another run, step, way or input for its own.
"""

import hashlib
import json
from pathlib import Path

from tfgan.config.stored import DAMAGE, parse
from tfgan.data.reading.comments import read_comment
from tfgan.errors import ReadFailed

Origin = dict[str, str | int | float]
"""What a result depends on: by name, in the words in which messages tell it."""

LONGEST = 1000  # characters of what the program itself never writes so long
NOT_COMPARED = ("run",)  # a run that was moved or renamed is known by its weights


def as_comment(origin: Origin) -> str:
    """The origin as the text that a file holds: JSON, in ASCII."""
    return json.dumps({"tfgan": origin})


def read_origin(path: Path) -> Origin:
    """The origin that the result `path` states; empty if it states none."""
    try:
        found = parse(read_comment(path))["tfgan"]
        return {name: value for name, value in found.items() if isinstance(value, str | int | float) and len(str(value)) <= LONGEST}
    except DAMAGE:
        return {}


def unlike(found: Origin, wanted: Origin) -> str:
    """What sets the origin of a result apart from the wanted one, as messages tell it; "" if nothing does."""
    if not found:
        return "do not say what made them (an earlier version, or another program)"
    names = [name for name in wanted | found if name not in NOT_COMPARED and found.get(name) != wanted.get(name)]
    if not names:
        return ""
    if found.get("run") != wanted.get("run") and "weights" in names:
        return f"were made by {found.get('run')} at step {found.get('step')}"
    shown = [name for name in names if name != "weights"] or names
    return "have " + " and ".join(_difference(name, found, wanted) for name in shown)


def _difference(name: str, found: Origin, wanted: Origin) -> str:
    if name in ("input", "weights"):
        return {"input": "another input", "weights": "other weights"}[name]
    return f"another {name} ({found.get(name, 'none')}, not {wanted.get(name, 'none')})"


def digest(path: Path) -> str:
    """A hash, 16 hexadecimal digits, of a file's content. Raises `ReadFailed` for a file that the system does not give."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise ReadFailed(path, error) from None
