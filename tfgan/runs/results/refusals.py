"""What is wrong with a request to a server of runs, in words for its client."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from tfgan.errors import TooLarge, UnreadableImage, UserError
from tfgan.faults import is_out_of_memory
from tfgan.serving.model import Refused

REFUSED_BY_GRAPH = re.compile(r"assertion failed: (.*)")


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """A context in which what is wrong with a request is `Refused`, in words for its client."""
    try:
        yield
    except TooLarge as error:
        raise Refused(413, f"the image: {error.reason}.") from None
    except UnreadableImage as error:
        raise Refused(400, f"the image: {error}.") from None
    except UserError as error:
        raise Refused(400, _as_addresses(str(error))) from None
    except tf.errors.InvalidArgumentError as error:
        raise Refused(400, _graph_words(error.message)) from None
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise Refused(503, "the server's memory is used up: ask for less, or later.") from None


def _as_addresses(message: str) -> str:
    """What a message says to users of the command line, for clients: settings stand in the address, and verbs are addresses."""
    message = re.sub(r"--(?=(?:to|set|seed|size|tile|format|style|truncation)\b)", "", message)
    return re.sub(r"`tfgan (translate|sample)`", r"POST /\1", message)


def _graph_words(message: str) -> str:
    """What an assertion of the graph says, whose parts stand in brackets; or the first line of an operation's own words."""
    found = REFUSED_BY_GRAPH.search(message)
    if not found:
        return f"{message.splitlines()[0][:300]}."
    return re.sub(r"^\[|\]$", "", found[1].strip()).replace("] [", " ", 1)[:300] + "."
