"""Reading checkpoints: whether one is whole to its last value, and the weights of one for a method."""

import contextlib
import logging
from pathlib import Path

import tensorflow as tf

from tfgan.errors import UserError, first_line
from tfgan.methods.base import Method
from tfgan.training.kept import Kept, find_checkpoint

logger = logging.getLogger(__name__)


def find_damage(kept: Kept) -> str:
    """What is wrong with a checkpoint; "" if it is whole. All its values are read where the sums of its files are not known.

    Raises:
        UserError: a file that cannot be read, which tells nothing of what it holds.
    """
    if (why := kept.damage()) or kept.sums:
        return why
    try:
        reader = tf.train.load_checkpoint(kept.path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)  # which checks TensorFlow's own checksum of it
    except Exception as error:  # TensorFlow raises what it meets: AttributeError for an index of other bytes
        return first_line(error)
    return ""


@contextlib.contextmanager
def fitting(path: str):
    """Turns what TensorFlow raises inside for a whole checkpoint at `path` that is of other networks into a `UserError`."""
    try:
        yield
    except (tf.errors.OpError, AssertionError, IndexError, ValueError) as error:
        tf.get_logger().setLevel("ERROR")  # one warning for each of a thousand values that were not restored
        raise UserError(f"The checkpoint {path} is whole, but not of the run's networks: {first_line(error)}.") from error


@contextlib.contextmanager
def readable_state(method: Method, path: str):
    """A context in which the state of a checkpoint, maybe of an earlier version, can be read.

    State that the method no longer has is read and forgotten. Numbers that were of another type, as CycleGAN's of kept images, which was
    int32, are converted at the end.

    Args:
        method: its state is what is restored in the end.
        path: of the checkpoint.

    Yields:
        name -> the variable to restore into: `method.state` itself, if the checkpoint is of this version.
    """
    types = tf.train.load_checkpoint(path).get_variable_to_dtype_map()
    keys = {name: f"state/{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in (*method.state, *method.former_state)}
    stored = {name: types[key] for name, key in keys.items() if key in types}
    forgotten = {name: tf.Variable(tf.zeros([], tf.int64), trainable=False) for name in method.former_state if name in stored}
    converted = {
        name: tf.Variable(tf.zeros(own.shape, stored[name]), trainable=False)
        for name, own in method.state.items()
        if stored.get(name, own.dtype) != own.dtype
    }
    yield method.state | forgotten | converted if forgotten or converted else method.state
    for name, earlier in converted.items():
        method.state[name].assign(tf.cast(earlier, method.state[name].dtype))


def load_weights(folder: Path, method: Method, which: str = "last") -> int:
    """Loads networks, averages and state from RUN/checkpoints into `method`.

    Args:
        folder: RUN/checkpoints.
        method: its networks have the run's sizes.
        which: last, best, or the number of a step.

    Returns:
        The step of the checkpoint.

    Raises:
        UserError: there is no such checkpoint, or it cannot be read; the message lists those that are there.
    """
    found, passed = find_checkpoint(folder, which, find_damage)
    for kept, why in passed:
        logger.warning(
            f"{kept.path} is {'damaged' if kept.ended else 'not there yet'} ({why}): {found.name}, the newest whole one, is used."
        )
    step = tf.Variable(0, dtype=tf.int64)
    with fitting(found.path), readable_state(method, found.path) as state:
        checkpoint = tf.train.Checkpoint(networks=method.networks, averages=method.ema, state=state, step=step)
        checkpoint.read(found.path).expect_partial().assert_existing_objects_matched()
    return int(step.numpy())
