"""Paths, and files that are whole or not there."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes):
    """Writes the file whole or not at all: a reader, or a kill, never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def with_home(path: str) -> str:
    """The path with `~` replaced, which shells leave alone behind the = of a flag; "" stays."""
    return str(Path(path).expanduser()) if path else ""
