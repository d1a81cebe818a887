"""The messages of the program as it goes, by Python's logging: the logger "tfgan" and those below it."""

import logging
import sys

from tfgan.terminal import wrapped


class _Terminal(logging.StreamHandler):
    """Writes plain lines to the standard output stream of the moment, which a program may replace."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.setFormatter(logging.Formatter("%(message)s"))

    def format(self, record):
        return wrapped(super().format(record), self.stream)

    def handleError(self, record):
        """Passes over messages that nobody reads any more, or that a full disk does not take: training goes on without them."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    @property
    def stream(self):
        return sys.stdout


def show_messages(always: bool = False):
    """Shows the messages on the standard output stream, unless the program that uses this package has set up logging its own way.

    Args:
        always: show them even if logging has been set up, except on the logger "tfgan" itself.
    """
    logger = logging.getLogger("tfgan")
    if logger.handlers or (logging.getLogger().handlers and not always):
        return
    logger.addHandler(_Terminal())
    logger.setLevel(logging.INFO)
    logger.propagate = False
