"""A program of its own that passes on what TensorFlow writes while it starts, without the noise: `python noise.py LEVEL < lines`.

LEVEL is that of TF_CPP_MIN_LOG_LEVEL. The lines come before TensorFlow has read that variable, so that information is among them at any
level, and so are a few that are marked as errors and are none.
"""

import os
import re
import sys
from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia")  # is there where an NVIDIA driver is

_LOGGED = re.compile(rb"(?:\d{4}-\d\d-\d\d [\d:.]+: ([IWEF]) |([IWEF])\d{4} [\d:.]+ +\d+ )[\w./-]+:\d+\] ")
"""The head of a line of TensorFlow's logs, in its own format and in that of Abseil, with the letter of its severity."""

_ALWAYS = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|To enable the following instructions: .* rebuild TensorFlow"  # the second line of one of information
    rb"|.*Unable to register cu\w+ factory: Attempting to register factory for plugin"
    rb"|.*computation placer already registered"
)
_WITHOUT_A_CARD = re.compile(rb".*(failed call to cuInit|Could not find cuda drivers|Cannot dlopen some GPU libraries)", re.IGNORECASE)


def is_noise(line: bytes, level: int, card: bool) -> bool:
    """Whether nobody misses a line.

    Args:
        line: of the standard error stream.
        level: of TF_CPP_MIN_LOG_LEVEL: 1 shows warnings, 2 and 3 do not.
        card: whether the machine has an NVIDIA card, so that it is no noise that it cannot be used.
    """
    if _ALWAYS.match(line):
        return True
    if _WITHOUT_A_CARD.match(line):
        return not card
    logged = _LOGGED.match(line)
    severity = (logged[1] or logged[2]) if logged else b""
    return severity == b"I" or (severity == b"W" and level > 1)


def main(level: str):
    card = NVIDIA.exists()
    for line in sys.stdin.buffer:  # until the last process that writes is gone
        if not is_noise(line, int(level), card):
            os.write(2, line)


if __name__ == "__main__":
    main(sys.argv[1])
