"""Functions of TensorFlow without graphs."""

import contextlib

import tensorflow as tf

EAGERLY = "import tensorflow as tf; tf.config.run_functions_eagerly(True)\n"
"""What a process runs first to do so to its end."""


@contextlib.contextmanager
def running_eagerly():
    """Inside, a `tf.function` is the Python function that it was made from; XLA compiles nothing."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)
