"""Writes files that are whole or not there, and says before hours are spent where none can be written."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from tfgan.errors import OutputError, UserError
from tfgan.paths.temporary import temporary


def write_atomically(path: Path, content: str | bytes):
    """Writes a file whole or not at all, so that a reader never meets half of it, even after a kill; makes its folder if need be.

    What is there under the name, a link included, is replaced as a whole; what a link leads to stays as it is.

    Args:
        path: the file, which is replaced if it exists.
        content: bytes as they are, or text, which is written as UTF-8.

    Raises:
        OutputError: the folder or the file cannot be written; what was there before is there still.
    """
    with new_file(path) as part, part.open("xb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A context in which a file is written under a temporary name, and at whose end it gets its own; makes its folder if need be.

    If the context fails, the new file is gone, and what was there under the name is there as before. For what is replaced see
    `write_atomically`.

    Yields:
        The temporary name, under which nothing is there yet.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    try:
        make_folder(path.parent)
        if is_there(path) and not (path.is_file() or path.is_symlink()):
            raise OSError(errno.EEXIST, "a folder, a device or a pipe is there")
        part = temporary(path.parent)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise OutputError(path, error) from error
    try:
        yield part
        _rename(part, path)
    except UserError:  # of what the file is made of
        raise
    except OSError as error:
        raise OutputError(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _rename(part: Path, path: Path):
    try:
        os.replace(part, path)
    except ValueError as error:
        raise OutputError(path, error) from error


def make_folder(folder: Path):
    """Makes a folder and those above it; one that is there stays. Raises `OSError` or `ValueError` if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, f"{error.filename} is no folder") from None


def check_file(path: Path, flag: str = ""):
    """Judges a file that is to be written, and writes nothing.

    Args:
        flag: the setting that names the file, for the message: "--out=".

    Raises:
        UserError: a link or a folder is there.
        OutputError: the file could not be written: no permission, a name that is too long, a file where a folder must be.
    """
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise OutputError(path, error) from error
    else:
        if stat.S_ISLNK(found.st_mode):
            raise UserError(f"{flag}{path} is a link, to {os.readlink(path)}: name the file itself, or another one.")
        if stat.S_ISDIR(found.st_mode):
            raise UserError(f"{flag}{path} is a folder: name a file.")
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{flag}{path} is a device, a pipe, or a socket, not a file: use another name.")
    check_place(path)


def check_place(path: Path):
    """Raises `OutputError` if a file or folder `path` cannot be made, as far as that is seen without writing anything."""
    _check_parents(path, path.absolute().parents)


def check_folder(path: Path):
    """Raises `OutputError` if no file can be made in the folder `path`, which may not be there yet, as far as that is seen."""
    _check_parents(path, [path.absolute(), *path.absolute().parents])


def _check_parents(path: Path, folders: Iterable[Path]):
    """Judges the first of the folders that is there: in it, or in a new one below, `path` is to be made."""
    for folder in folders:
        try:
            mode = os.stat(folder).st_mode
        except (FileNotFoundError, NotADirectoryError):
            if folder.is_symlink():
                raise OutputError(path, OSError(errno.ENOENT, f"{folder} is a broken link")) from None
            continue
        except (OSError, ValueError) as error:
            raise OutputError(path, error) from error
        if not stat.S_ISDIR(mode):
            raise OutputError(path, OSError(errno.ENOTDIR, f"{folder} is no folder"))
        if not os.access(folder, os.W_OK | os.X_OK):
            read_only = hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY
            number = errno.EROFS if read_only else errno.EACCES
            raise OutputError(path, OSError(number, os.strerror(number)))
        return


def check_encoding(path: Path | str, flag: str = ""):
    """Raises `UserError` for a path that UTF-8 cannot say: TensorFlow, which writes and reads there, takes no other.

    Args:
        flag: the setting that names the path, for the message: "--workdir=".
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UserError(f"{flag}{path} is not UTF-8, and TensorFlow needs UTF-8 paths: rename it, or use another place.") from None


def is_there(path: Path) -> bool:
    """Whether anything has this name: a file, a folder, or a link, be it one that leads nowhere."""
    return os.path.lexists(path)
