"""Writes files that are whole or not there, and says before hours are spent where none can be written."""

import errno
import os
import secrets
import stat
from pathlib import Path

from tfgan.errors import OutputError, UserError

PREFIX, SUFFIX = ".tfgan-", ".part"  # of what is being written


def write_atomically(path: Path, content: str | bytes):
    """Writes a file whole or not at all, so that a reader never meets half of it, even after a kill; makes its folder if need be.

    What is there under the name, a link included, is replaced as a whole; what a link leads to stays as it is.

    Args:
        path: the file, which is replaced if it exists.
        content: bytes as they are, or text, which is written as UTF-8.

    Raises:
        OutputError: the folder or the file cannot be written; what was there before is there still.
    """
    try:
        make_folder(path.parent)
        if is_there(path) and not (path.is_file() or path.is_symlink()):
            raise OSError(errno.EEXIST, "a folder, a device or a pipe is there")
        part = temporary(path.parent)
        try:
            with part.open("xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise OutputError(path, error) from error


def make_folder(folder: Path):
    """Makes a folder and those above it; one that is there stays. Raises `OSError` or `ValueError` if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, f"{error.filename} is no folder") from None


def temporary(folder: Path) -> Path:
    """A name in `folder` for what is being written, which nobody else uses: short, whatever its own name is, and with the process in it."""
    return folder / f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}"


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
            raise UserError(f"{flag}{path} is no file but a device, a pipe or a socket: use another name.")
    check_place(path)


def check_place(path: Path):
    """Raises `OutputError` if a file or folder `path` cannot be made, as far as that is seen without writing anything."""
    for parent in path.absolute().parents:
        try:
            if not stat.S_ISDIR(os.stat(parent).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, f"{parent} is no folder")
            if not os.access(parent, os.W_OK | os.X_OK):
                read_only = hasattr(os, "statvfs") and os.statvfs(parent).f_flag & os.ST_RDONLY
                number = errno.EROFS if read_only else errno.EACCES
                raise OSError(number, os.strerror(number))
            return
        except FileNotFoundError as error:
            if os.path.islink(parent):
                raise OutputError(path, OSError(errno.ENOENT, f"{parent} is a link that leads nowhere")) from error
        except (OSError, ValueError) as error:
            raise OutputError(path, error) from error


def is_there(path: Path) -> bool:
    """Whether anything has this name: a file, a folder, or a link, be it one that leads nowhere."""
    return os.path.lexists(path)
