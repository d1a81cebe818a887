"""Starting TensorFlow without the lines it writes about CPU features and absent GPUs, and what the program says with them."""

import contextlib
import functools
import logging
import os
import subprocess
import sys
from pathlib import Path

from tfgan.errors import UserError
from tfgan.messages import show_messages
from tfgan.runs.terminate import end_in_words
from tfgan.terminal import status
from tfgan.training.machine import address_space
from tfgan.training.memory import keep_freed_memory

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
DEBUGGING = "0"  # shows all that TensorFlow writes
FILTER = Path(__file__).with_name("noise.py")
PATIENCE = 2.0  # seconds for the filter's last lines
# Bytes of address space, by TensorFlow 2.21 on 2 CPU cores: it could not be loaded in 1.4 GB, and the smallest training needs 1.8.
LEAST, ROOMY = 3 * 2**29, 4 * 2**30

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def quiet_start():
    """A context in which what C++ code writes to the standard error stream goes through `tfgan.runs.noise`.

    The variable TF_CPP_MIN_LOG_LEVEL does not do it: while its libraries are loaded TensorFlow has not read it yet, and writes straight to
    file descriptor 2, past `sys.stderr`. So the descriptor itself must lead elsewhere for a moment. Into a file, the last words of a
    process that crashes would be lost, and no thread of this process could read a pipe, as importing holds the lock of the interpreter:
    hence another process, which outlives a crash. Nothing is filtered for a user who asks for all logs, TF_CPP_MIN_LOG_LEVEL=0.
    """
    level = os.environ.setdefault(LEVEL, "2")
    command = [sys.executable, "-I", "-S", str(FILTER), level if level in ("1", "2", "3") else "2"]
    if level == DEBUGGING or not sys.executable:
        yield
        return
    sys.stderr.flush()
    # In a session of its own, so that Ctrl-C does not end it.
    filtering = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    assert filtering.stdin is not None
    stderr = os.dup(2)
    os.dup2(filtering.stdin.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        filtering.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a process that was started meanwhile may go on writing
            filtering.wait(PATIENCE)


def _check_address_space():
    """Looks at the limit of the process's address space, `ulimit -v`, before TensorFlow is loaded into it.

    Some of TensorFlow's libraries abort the process where they get no more of it, which nothing can catch.

    Raises:
        UserError: TensorFlow cannot be loaded within the limit.
    """
    limit = address_space()
    if limit >= ROOMY:
        return
    found = f"The address space of this process is limited to {limit / 2**30:.1f} GB (ulimit -v)"
    cure = "Raise it: `ulimit -v unlimited`, or ask for more memory for the batch job"
    if limit < LEAST:
        raise UserError(f"{found}, and TensorFlow needs {LEAST / 2**30:.1f} GB. {cure}.")
    logger.warning(f"{found}: if that is used up, TensorFlow may end with signal 6 or 11, without a clear message. {cure}.")


@functools.cache
def start_tensorflow():
    """Imports TensorFlow and looks for its devices, quietly; from now on the program's own messages are shown.

    A GPU's memory is taken as it is needed. TensorFlow by itself takes all of it at once, and leaves none to a second run on the card.

    Raises:
        UserError: TensorFlow cannot be loaded within the limit of the address space.
    """
    show_messages()
    _check_address_space()
    keep_freed_memory()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # TensorFlow Datasets brings it; it tells of its caches
    with status("Starting TensorFlow …"), quiet_start():
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError, ValueError):  # a program that has used TensorFlow before, or divided the GPU, has said
                tf.config.experimental.set_memory_growth(gpu, True)
    end_in_words()
