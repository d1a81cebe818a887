"""Starting TensorFlow without the dozen lines it writes about CPU features and absent GPUs, and what the program says with them."""

import contextlib
import os
import sys
import tempfile

from tfgan.messages import show_messages
from tfgan.training.memory import keep_freed_memory


@contextlib.contextmanager
def quiet_start():
    """A context that swallows what C++ code writes to the standard error stream: it ignores TF_CPP_MIN_LOG_LEVEL until TensorFlow is up.

    Nothing is swallowed if that variable is set, nor if the body fails.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    sys.stderr.flush()
    with tempfile.TemporaryFile() as swallowed:
        stderr = os.dup(2)
        os.dup2(swallowed.fileno(), 2)
        try:
            yield
        except BaseException:
            swallowed.seek(0)
            os.write(stderr, swallowed.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def start_tensorflow():
    """Imports TensorFlow and looks for its devices, quietly; from now on the program's own messages are shown.

    A GPU's memory is taken as it is needed. TensorFlow by itself takes all of it at once, and leaves none to a second run on the card.
    """
    show_messages()
    keep_freed_memory()
    with quiet_start():
        import tensorflow as tf

        for gpu in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError, ValueError):  # a program that has used TensorFlow before, or divided the GPU, has said
                tf.config.experimental.set_memory_growth(gpu, True)
