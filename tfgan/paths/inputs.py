"""Keeps the inputs of a command from being replaced by its own results."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tfgan.errors import UserError


class Inputs:
    """Files and folders that a command reads, and must not replace.

    Args:
        inputs: the files and folders by what names them, for the message: "--style". A folder stands for all that is in it.
        is_result: whether a file is a result of the program, which may be replaced although it lies in one of these folders.
    """

    def __init__(self, inputs: Mapping[str, Iterable[Path]], is_result: Callable[[Path], bool] = lambda path: False):
        self._is_result = is_result
        self._files: dict[tuple[int, int], str] = {}  # device and number on it, which a file has whatever path leads to it
        self._folders: dict[Path, str] = {}
        for name, paths in inputs.items():
            for path in paths:
                found = _identity(path)
                if found and path.is_dir():
                    self._folders.setdefault(path.resolve(), name)
                elif found:
                    self._files.setdefault(found, name)

    def refuse(self, result: Path):
        """Raises `UserError` if writing the file `result` would replace one of the inputs."""
        found = _identity(result)
        if found is None:  # nothing is there
            return
        name = self._files.get(found)
        if name is None and self._folders and not self._is_result(result):
            name = next((self._folders[parent] for parent in result.resolve().parents if parent in self._folders), None)
        if name is not None:
            raise UserError(f"{result} would overwrite {name}: choose another output folder.")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others, through links and under any spelling; None if it is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
