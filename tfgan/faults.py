"""What ends a command although nobody foresaw it: a fault of tfgan, memory that is used up, a disk or a reader that is gone."""

import contextlib
import errno
import os
import platform
import re
import shlex
import tempfile
import time
import traceback
from pathlib import Path
from typing import NamedTuple

import tfgan
from tfgan.config import is_run, shortened
from tfgan.errors import OutputError, TrainingFailed, UnreadableImage, UserError, first_line

TRACE = "TFGAN_TRACE"
"""Environment variable; set to anything but 0, faults go on as exceptions, with their trace, as programmers want them."""

FAULT = 70  # EX_SOFTWARE of sysexits.h
LONGEST = 300  # characters of a line about a fault
LONGEST_OURS = 2000  # of one that we wrote, which may quote what somebody else did

WRONG_PATHS = (errno.ENAMETOOLONG, errno.ELOOP, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)

# In errors of other kinds; the last three are of the loader of libraries, of TensorFlow about a constant for which there is no room, and of
# oneDNN's out_of_memory.
OUT_OF_MEMORY = (
    *("std::bad_alloc", "OOM when allocating", "out of memory", "Cannot allocate memory"),
    *("failed to map segment", "Cannot parse tensor from proto", "received an exception:Status: 1, message"),
)

NO_MEMORY = (
    "memory is used up. Use less of it: a smaller --batch_size, --image_size or --tile, a batch in parts (--accumulate=2), smaller "
    "networks, --cache=never, or a machine that has more."
)


class Ending(NamedTuple):
    """How a command ends: the title of its last message, the message, and the exit code."""

    title: str
    text: str  # "": nothing is said
    code: int


def goes_on(error: BaseException) -> bool:
    """Whether an exception is to go on with its trace: nobody foresaw it, and the environment asks for it, see `TRACE`."""
    foreseen = UserError, UnreadableImage, OutputError, TrainingFailed, KeyboardInterrupt, BrokenPipeError
    return os.environ.get(TRACE, "0") not in ("", "0") and not isinstance(error, foreseen)


def ending(error: BaseException, arguments: list[str]) -> Ending:
    """How a command ends that raised `error`; a fault of tfgan leaves its trace in a file.

    Args:
        arguments: of the command, without the program's name.
    """
    if isinstance(error, UserError):
        return Ending("error:", "\n".join(shortened(line, LONGEST_OURS) for line in str(error).splitlines()), 2)
    if isinstance(error, UnreadableImage):  # of one file that a command cannot do without
        return Ending("error:", f"{error}.", 2)
    if isinstance(error, TrainingFailed | OutputError):
        return Ending("stopped:", str(error), 1)
    if isinstance(error, KeyboardInterrupt):
        return Ending("", "", 130)
    if isinstance(error, BrokenPipeError):  # as `tfgan list | head -1` ends; 128 and the number of SIGPIPE
        return Ending("", "", 141)
    if is_out_of_memory(error):
        return Ending("stopped:", NO_MEMORY, 1)
    if isinstance(error, OSError) and error.strerror:
        place = f"{shortened(str(error.filename))}: " if error.filename else ""
        wrong = error.errno in WRONG_PATHS
        return Ending("error:" if wrong else "stopped:", f"{place}{error.strerror}.", 2 if wrong else 1)
    file = _write_trace(error, arguments)
    what = " ".join(f"{type(error).__name__}: {first_line(error)}".split()) if str(error).strip() else type(error).__name__
    kept = f"the trace in {file}" if file else f"the trace that {TRACE}=1 shows"
    text = f"a fault of tfgan, not of yours: {what[:LONGEST]}\nPlease report it, with the command and {kept}."
    return Ending("fault:", text, FAULT)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, NumPy or TensorFlow could not get the memory they asked for."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    return getattr(error, "errno", None) == errno.ENOMEM or any(words in str(error) for words in OUT_OF_MEMORY)


def _write_trace(error: BaseException, arguments: list[str]) -> Path | None:
    """Writes the trace to a new file, in the run that the command names or else in the folder of temporary files; None if none can be."""
    name = f"tfgan-fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    command = " ".join(map(shlex.quote, ["tfgan", *_without_token(arguments)]))
    head = f"{command}\ntfgan {tfgan.__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    text = head + "".join(traceback.format_exception(error))
    for folder in (*_runs(arguments), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, MemoryError):
            with (folder / name).open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return folder / name
    return None


def _without_token(arguments: list[str]) -> list[str]:
    """The words of a command without the token of `tfgan serve`, which is nobody else's to read."""
    shown = [re.sub(r"^(--?token)=.*", r"\1=…", word, flags=re.DOTALL) for word in arguments]
    return ["…" if before in ("--token", "-token") else word for before, word in zip(["", *shown], shown)]


def _runs(arguments: list[str]) -> list[Path]:
    """The runs among the words of a command, be it behind the = of a flag."""
    found = []
    for word in arguments:
        with contextlib.suppress(OSError, ValueError):  # a word that is no path
            path = Path(os.path.expanduser(word.rpartition("=")[2]))
            found += [path] if is_run(path) else []
    return found
