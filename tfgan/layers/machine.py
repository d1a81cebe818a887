"""The form in which a layer runs: the plain one, or one that gets equal results faster on the CPU at hand.

A graph keeps the form it was traced in, wherever it runs later. So the plain form is what a layer has by itself, in exports and in models
that a user saves; training and inference on this machine ask for the other.
"""

import contextlib
import functools
import threading
from collections.abc import Callable

import tensorflow as tf

_state = threading.local()  # replicas are traced in threads of their own


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


@contextlib.contextmanager
def tuned():
    """A context in which layers that are called take the form that is fastest on this machine."""
    before = getattr(_state, "tuned", False)
    _state.tuned = True
    try:
        yield
    finally:
        _state.tuned = before


def tuned_function(function: Callable) -> Callable:
    """Wraps `function` so that the layers it calls take the form that is fastest on this machine."""

    @functools.wraps(function)
    def run(*arguments):
        with tuned():
            return function(*arguments)

    return run


def is_tuned() -> bool:
    """Whether a layer should take the form that is fastest on this machine: inside `tuned`."""
    return getattr(_state, "tuned", False)


def is_tuned_for_cpu() -> bool:
    """Whether a layer should take its form for CPUs: inside `tuned`, where there is no GPU."""
    return is_tuned() and not has_gpu()
