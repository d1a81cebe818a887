"""Writes folders that are whole or not there, and removes of earlier ones nothing but the files that are known to be the program's own."""

import contextlib
import logging
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from tfgan.errors import OutputError
from tfgan.paths.files import is_there, make_folder
from tfgan.paths.temporary import temporary

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def new_folder(path: Path, old_files: Collection[str] = ()) -> Iterator[Path]:
    """A context in which a folder is filled under a temporary name, and at whose end it gets its own.

    If the context fails, the new folder is gone, and what was at `path` is there as before.

    Args:
        path: the folder.
        old_files: files that the folder `path` holds so far, if it is to be replaced, by their names from it. They are removed, and the
            folders that are empty then; whatever else came to be there in the meantime stays, in a folder beside, which is said.

    Yields:
        The empty folder that is to be filled.

    Raises:
        OutputError: the folder cannot be made, filled or renamed.
    """
    try:
        make_folder(path.parent)
        part = temporary(path.parent)
        part.mkdir()
    except (OSError, ValueError) as error:
        raise OutputError(path, error) from error
    try:
        yield part
        _move(part, path, old_files)
    except OSError as error:  # of a file in it, too
        raise OutputError(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # this process made it, under a name that nobody else uses


def _move(part: Path, path: Path, old_files: Collection[str]):
    if not is_there(path):
        os.rename(part, path)
        return
    old = path.with_name(f"kept-{secrets.token_hex(6)}")  # no temporary: if this process is killed now, the earlier folder must stay
    os.rename(path, old)
    try:
        os.rename(part, path)
    except OSError:
        os.rename(old, path)
        raise
    _remove(old, old_files)
    if old.exists():
        logger.warning(f"{path} had been filled with other files; they are kept in {old}.")


def _remove(folder: Path, files: Collection[str]):
    """Removes these files of a folder, and what folders of it are empty then."""
    for name in (name for name in files if not name.endswith("/")):
        (folder / name).unlink(missing_ok=True)
    for inner, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):  # something else is in it
            os.rmdir(inner)


def files_in(folder: Path) -> list[str]:
    """All that a folder and its sub-folders hold, by names from it with /: files, links, which are not followed, and empty folders, whose
    names end in /.

    Raises:
        OutputError: a folder cannot be read.
    """

    def stop(error: OSError):
        raise OutputError(folder, error) from error

    found = []
    for inner, folders, files in os.walk(folder, onerror=stop):
        here = Path(inner).relative_to(folder)
        links = [name for name in folders if Path(inner, name).is_symlink()]
        found += [(here / name).as_posix() for name in [*files, *links]]
        found += [f"{(here / name).as_posix()}/" for name in folders if name not in links and not any(Path(inner, name).iterdir())]
    return sorted(found)
