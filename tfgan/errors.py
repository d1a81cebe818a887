"""Errors that are the user's to mend: shown as one message, without a stack trace."""


class UserError(Exception):
    """Wrong settings or data; the message names the thing and the cure. The command line exits with code 2."""


class UnreadableImage(Exception):
    """One image file that cannot be used; the message gives the reason. Data loading turns it into a `UserError` or skips the file."""


class TrainingFailed(Exception):
    """Training had to stop (non-finite loss, full disk); the message says what was kept. The command line exits with code 1."""
