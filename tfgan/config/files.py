"""Helpers for paths, and for files that are whole or not there."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes):
    """Writes a file whole or not at all, so that a reader never meets half of it, even after a kill; makes its folder if need be.

    Args:
        path: the file, which is replaced if it exists.
        content: bytes as they are, or text, which is written as UTF-8.

    Raises:
        OSError: the folder or the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def with_home(path: str) -> str:
    """The path with a leading `~` replaced by the home folder, as shells leave `~` alone behind the = of a flag; "" stays ""."""
    return str(Path(path).expanduser()) if path else ""
