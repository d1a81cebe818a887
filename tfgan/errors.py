"""Errors that are the user's to mend: shown as one message, without a stack trace."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Wrong settings or data; the message names the thing and the cure. The command line exits with code 2."""


class UnreadableImage(Exception):
    """One image file that cannot be used; the message gives the reason. Data loading turns it into a `UserError` or skips the file."""


class TrainingFailed(Exception):
    """Training had to stop (non-finite loss, full disk); the message says what was kept. The command line exits with code 1."""


def first_line(error: Exception) -> str:
    """What an error of a library says, in one line without a full stop; its kind, if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """ " Did you mean X?" for the known name nearest to `name`, to be put behind a sentence; "" if none is near."""
    close = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f" Did you mean {close[0]}?" if close else ""
