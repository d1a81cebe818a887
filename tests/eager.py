"""Functions of TensorFlow without graphs."""

import contextlib

import tensorflow as tf


@contextlib.contextmanager
def running_eagerly():
    """Inside, a `tf.function` is the Python function that it was made from; XLA compiles nothing."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
