"""What is no file and no folder: pipes, sockets and devices, which must never be opened."""

import stat
from pathlib import Path

_KINDS = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))


def special(path: Path) -> str:
    """What a path is that is neither a file nor a folder, such as "a named pipe", with links followed; "" if it is one, or nothing.

    To read a pipe is to wait for who writes to it, perhaps forever; a device may have no end.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # nothing is there; ValueError: a null character
        return ""
    return next((words for fits, words in _KINDS if fits(mode)), "")
