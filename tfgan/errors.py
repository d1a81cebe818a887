"""The errors that are the user's to mend, which the command line shows as one message, without a stack trace."""

import difflib
import errno
from collections.abc import Callable, Iterable
from pathlib import Path


class UserError(ValueError):
    """Raised for wrong settings or data; the message names the thing and the cure. The command line exits with code 2."""


class UnreadableImage(Exception):
    """Raised for one image file whose content cannot be used; the message gives the reason.

    Data loading turns it into a `UserError` or skips the file.
    """


class TooLarge(UnreadableImage):
    """Raised for an image that takes more memory than images may, see `tfgan.data.reading.memory`; the message gives the cure.

    Args:
        reason: the message, for one who wants the image as a whole.
        otherwise: the end of the message for one who wants to learn from it; "" if there is none.
    """

    def __init__(self, reason: str, otherwise: str = ""):
        super().__init__(reason + otherwise)
        self.reason = reason


class ReadFailed(OSError, UserError):
    """Raised for a file that the system does not give, as network drives do now and then; nothing is known of its content.

    Training tries again. Nobody calls such a file damaged, or skips it.

    Args:
        file: its path, or what messages call it.
        error: what the system said.
    """

    def __init__(self, file: Path | str, error: OSError):
        OSError.__init__(self, error.errno, error.strerror or first_line(error), str(file))

    @property
    def reason(self) -> str:
        """The message without the file's name."""
        return f"cannot be read: {self.strerror}"

    def __str__(self) -> str:
        return f"{self.filename} {self.reason}"


class TrainingFailed(Exception):
    """Raised if training had to stop (non-finite loss, full disk); the message says what was kept. The command line exits with code 1."""


class Diverged(TrainingFailed):
    """Raised if training had to stop as a loss or a weight was not finite: other settings help, and nothing else."""


class OutputError(OSError):
    """Raised where a result cannot be written; the message names the path and the reason. The command line exits with code 1.

    Attributes:
        errno: the number of the reason, as `OSError` has it; None where there is none.
        filename: the path, as text.
    """

    def __init__(self, path: Path | str, error: Exception):
        reason = (error.strerror if isinstance(error, OSError) else "") or first_line(error)
        super().__init__(getattr(error, "errno", None), reason, str(path))

    def __str__(self) -> str:
        full = self.errno in (errno.ENOSPC, errno.EDQUOT)
        return f"{self.filename} cannot be written: {self.strerror}. {'Make room, or choose' if full else 'Choose'} another place."


def first_line(error: BaseException) -> str:
    """The first line of what an error of a library says, without a full stop; the name of its class, if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns " Did you mean X?" for the known name nearest to `name`, to be put behind a sentence; "" if none is near.

    Args:
        cutoff: least similarity of a near name, from 0 to 1.
    """
    close = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f" Did you mean {close[0]}?" if close else ""


def did_you_mean_path(path: Path, fits: Callable[[Path], bool] = Path.exists) -> str:
    """Returns " Did you mean X?" for the existing path nearest to `path`, to be put behind a sentence; "" if none is near.

    Folders on the way may be misspelled too.

    Args:
        path: what was asked for.
        fits: whether a path is of the kind that was wanted, such as `Path.is_dir`.
    """
    near = _nearest(path, fits)
    return f" Did you mean {near}?" if near and near != path else ""


def _nearest(path: Path, fits: Callable[[Path], bool]) -> Path | None:
    parent = path.parent if path.parent.is_dir() or path.parent == path else _nearest(path.parent, Path.is_dir)
    try:
        there = {child.name.casefold(): child for child in sorted(parent.iterdir())} if parent else {}
    except OSError:  # a folder that cannot be read suggests nothing
        return None
    close = difflib.get_close_matches(path.name.casefold(), [name for name, child in there.items() if fits(child)], 1)
    return there[close[0]] if close else None
