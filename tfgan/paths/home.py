"""Paths in the home folder: the cache, and those that begin with `~`, which shells leave so behind the = of a flag, and Python too."""

import os
from pathlib import Path

from tfgan.errors import UserError


def with_home(path: str) -> str:
    """The path with a leading `~` replaced by the home folder, and `~NAME` by that of a user; "" stays "".

    A file of the working folder whose name begins with `~` and names no user is that file.

    Raises:
        UserError: there is neither such a user nor such a file; a folder that is called so would be no one's wish.
    """
    if not path.startswith("~"):
        return str(Path(path)) if path else ""
    found = os.path.expanduser(path)
    if not found.startswith("~"):
        return str(Path(found))
    first = Path(path).parts[0]
    if os.path.lexists(first):
        return os.path.abspath(path)
    raise UserError(f"{path}: there is no user {first[1:]!r} whose home folder {first} would be. For a path of that name write ./{path}")


def cache() -> Path:
    """The folder where what is fetched is kept, by the rules of the desktop (XDG)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tfgan"
