"""The checkpoints that lie in a run's folder, and whether they are whole: told without TensorFlow, so that a wrong name is told at once."""

import json
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tfgan.errors import UserError, first_line
from tfgan.training.manifest import PARTS, Manifest, Sums, sha256_of

BEST = "best.json"
INDEX_END = bytes.fromhex("57fb808b247547db")  # the last bytes of every index that TensorFlow wrote to its end


class DamagedRecord(UserError):
    """Raised for a record of the best checkpoint that says nothing; the message tells why."""


class Kept(NamedTuple):
    """A checkpoint in RUN/checkpoints.

    Attributes:
        folder: RUN/checkpoints.
        name: such as ckpt-40 or best/best-40.
        files: those that lie there.
        sums: of its files, as they were written; empty if they are not known.
        ended: whether its save is known to have ended.
    """

    folder: Path
    name: str
    files: list[Path]
    sums: Sums
    ended: bool

    @property
    def step(self) -> int:
        return step_of(self.name)

    @property
    def path(self) -> str:
        """As TensorFlow takes it."""
        return str(self.folder / self.name)

    def damage(self) -> str:
        """What is wrong with its files; "" if nothing is, as far as can be told without TensorFlow, which is all if their sums are known.

        Raises:
            UserError: a file that cannot be read, which tells nothing of what it holds.
        """
        if not self.files:
            return "its files are missing"
        if not self.ended and any(_problem(path) for path in self._parts()):
            return "its save was not finished"
        return next(filter(None, (_problem(path) or self._difference(path) for path in self._parts())), "")

    def _parts(self) -> list[Path]:
        """The files that it should have: an index, and as many shards of data as their names tell."""
        counts = [int(match[3]) for path in self.files if (match := PARTS.fullmatch(path.name)) and match[3]]
        count = min(max(counts, default=1), 9_999)
        names = self.sums or [".index", *(f".data-{shard:05}-of-{count:05}" for shard in range(count))]
        return [Path(self.path).with_name(name) if self.sums else Path(self.path + name) for name in names]

    def _difference(self, path: Path) -> str:
        if path.name not in self.sums:
            return ""
        expected, found = self.sums[path.name], path.stat().st_size
        if found != expected.bytes:
            return f"{path.name} has {found:,} bytes of {expected.bytes:,}"
        try:
            return "" if sha256_of(path) == expected.sha256 else f"{path.name} holds other bytes than were written"
        except OSError as error:
            raise UserError(_unreadable(path, error)) from None


def step_of(name: str) -> int:
    """The step of a checkpoint, by its name such as ckpt-40, best/best-40 or best/best-40-2."""
    return int(name.partition("-")[2].partition("-")[0])


def _problem(path: Path) -> str:
    """Why the file can be no part of a whole checkpoint; "" if it may be one."""
    try:
        if not os.path.lexists(path):
            return f"{path.name} is missing"
        if not path.is_file():
            return f"{path.name} is no file"
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                return f"{path.name} is empty"
            if path.suffix == ".index":
                file.seek(max(size - len(INDEX_END), 0))
                return "" if file.read() == INDEX_END else f"{path.name} is cut short"
    except OSError as error:
        raise UserError(_unreadable(path, error)) from None
    return ""


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {error.strerror or error}. Make it readable; nothing was changed."


def names_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name of a checkpoint, path) of all in a folder that has the name of a checkpoint's file.

    Raises:
        UserError: the folder is a file, or cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        reason = "is a file, where a run keeps its checkpoints" if folder.is_file() else f"cannot be read: {error.strerror}"
        raise UserError(f"{folder} {reason}. Nothing was changed.") from None
    for path in paths:
        if match := PARTS.fullmatch(path.name):
            yield match[1], path


def kept_checkpoints(folder: Path, manifest: Manifest | None = None) -> list[Kept]:
    """The checkpoints in RUN/checkpoints, newest first, whole and damaged; also those of which nothing is left."""
    entries = (manifest or Manifest.read(folder)).entries
    files: dict[str, list[Path]] = {name: [] for name, sums in entries.items() if sums is not None}
    for name, path in names_in(folder):
        files.setdefault(name, []).append(path)
    found = [_kept(folder, name, paths, entries) for name, paths in files.items() if name.startswith("ckpt-")]
    return sorted(found, key=lambda kept: kept.step, reverse=True)


def _kept(folder: Path, name: str, files: list[Path], entries: dict[str, Sums | None]) -> Kept:
    return Kept(folder, name, files, entries.get(name) or {}, entries.get(name, {}) is not None)


def best_record(folder: Path) -> dict:
    """The record of the best checkpoint in RUN/checkpoints: metric, value, step, name, perhaps images; empty if there is none.

    Raises:
        DamagedRecord: it holds something else.
        UserError: it cannot be read, which tells nothing of what it holds.
    """
    path = folder / BEST
    try:
        record = json.loads(path.read_text())
        metric, value, step = record["metric"], record["value"], record["step"]
        name = record.get("name", f"best-{step}")  # which earlier versions did not write
    except FileNotFoundError:
        return {}
    except (IsADirectoryError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedRecord(f"{path} is no record: {first_line(error)}.") from None
    except OSError as error:
        raise UserError(_unreadable(path, error)) from None
    if not (isinstance(metric, str) and type(value) in (int, float) and math.isfinite(value) and type(step) is int and step >= 0):
        raise DamagedRecord(f"{path} is no record: it needs a metric, a finite value and a step.")
    if name not in best_names(step):
        raise DamagedRecord(f"{path} is no record: its name is not of step {step}.")
    images = record.get("images")
    return {"metric": metric, "value": value, "step": step, "name": name} | ({"images": images} if isinstance(images, str) else {})


def best_names(step: int) -> tuple[str, str]:
    """The two names of a best checkpoint of this step: one that takes the other's place is whole before that goes."""
    return f"best-{step}", f"best-{step}-2"


def kept_best(folder: Path) -> Kept | None:
    """The best checkpoint in RUN/checkpoints by its record, whole or damaged; None if there is none.

    Raises:
        DamagedRecord: the record holds something else.
    """
    record = best_record(folder)
    if not record:
        return None
    name = record["name"]
    files = [path for other, path in names_in(folder / "best") if other == name]
    return _kept(folder, f"best/{name}", files, Manifest.read(folder).entries)


def holds_checkpoints(run: Path) -> bool:
    """Whether the run in the folder `run` has a checkpoint or had one, whole or damaged, so that what it learned is worth keeping."""
    folder = run / "checkpoints"
    return bool(kept_checkpoints(folder)) or any(names_in(folder / "best"))


Judge = Callable[[Kept], str]
"""What is wrong with a checkpoint, "" if nothing is: `Kept.damage`, or one that reads it by TensorFlow too."""

Passed = list[tuple[Kept, str]]
"""The newer checkpoints that were passed over, and what is wrong with each."""


def resume_point(folder: Path, damage: Judge = Kept.damage) -> tuple[Kept | None, Passed]:
    """The newest whole checkpoint in RUN/checkpoints; None if the run never came to the end of a save, and begins.

    Raises:
        UserError: there are checkpoints, and none is whole: a run never starts over what it has learned.
    """
    passed: Passed = []
    for kept in kept_checkpoints(folder):
        if not (why := damage(kept)):
            return kept, passed
        passed.append((kept, why))
    if any(kept.ended for kept, _ in passed):
        listed = "\n".join(f"  {kept.name}: {why}" for kept, why in passed)
        raise UserError(
            f"{folder} has checkpoints, and none is whole, so that the run cannot go on:\n{listed}\n"
            f"Nothing was changed. Put back a copy of one, or use another --workdir; to start over here, move {folder} away."
        )
    return None, passed


def find_checkpoint(folder: Path, which: str, damage: Judge = Kept.damage) -> tuple[Kept, Passed]:
    """A whole checkpoint in RUN/checkpoints.

    Args:
        which: last, the newest whole one; best; or the number of a step.

    Raises:
        UserError: there is no such checkpoint, or it is damaged; the message lists those that are there.
    """
    if which == "last":
        found, passed = resume_point(folder, damage)
        if not found:
            raise UserError(f"{folder} has no checkpoint 'last'. The run has no checkpoint yet.")
        return found, passed
    if which == "best":
        try:
            wanted = kept_best(folder)
        except DamagedRecord as error:
            raise UserError(f"{error} {_there(folder, damage)}") from None
    else:
        wanted = next((kept for kept in kept_checkpoints(folder) if str(kept.step) == which), None)
    if wanted is None:
        raise UserError(f"{folder} has no checkpoint {which!r}. {_there(folder, damage)}")
    if why := damage(wanted):
        raise UserError(f"{wanted.path} is damaged: {why}. {_there(folder, damage)}")
    return wanted, []


def _there(folder: Path, damage: Judge) -> str:
    """Lists the whole checkpoints of a run by the words that choose them."""
    kept = [kept for kept in kept_checkpoints(folder) if not damage(kept)]
    names = [str(one.step) for one in reversed(kept)] + ["last"] * bool(kept)
    try:
        best = kept_best(folder)
        names += ["best"] * bool(best and not damage(best))
    except DamagedRecord:  # which names none
        pass
    return f"There are: {', '.join(names)}." if names else "The run has no whole checkpoint."
