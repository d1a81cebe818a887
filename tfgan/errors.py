"""The errors that are the user's to mend, which the command line shows as one message, without a stack trace."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Raised for wrong settings or data; the message names the thing and the cure. The command line exits with code 2."""


class UnreadableImage(Exception):
    """Raised for one image file that cannot be used; the message gives the reason.

    Data loading turns it into a `UserError` or skips the file.
    """


class TrainingFailed(Exception):
    """Raised if training had to stop (non-finite loss, full disk); the message says what was kept. The command line exits with code 1."""


def first_line(error: Exception) -> str:
    """The first line of what an error of a library says, without a full stop; the name of its class, if it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns " Did you mean X?" for the known name nearest to `name`, to be put behind a sentence; "" if none is near.

    Args:
        cutoff: least similarity of a near name, from 0 to 1.
    """
    close = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f" Did you mean {close[0]}?" if close else ""
