"""Checks in the graphs of an export, which refuse in words what a client gives wrong: TensorFlow by itself takes any shape and number."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgan.inference.claims import UNKNOWN, claimed_pixels

SHOWN = 10  # numbers of a tensor in a message
BEGIN = 16  # bytes of a file in a message


class Guard(NamedTuple):
    """What an input of a signature must be.

    Attributes:
        spec: the shape, dtype and name of the input.
        least, most: between which all its values lie; None: any number, but no NaN and nothing infinite.
        meaning: what its values are, for the message about others: "the numbers of the classes".
    """

    spec: tf.TensorSpec
    least: float | None = None
    most: float | None = None
    meaning: str = ""


def guarded(guards: Sequence[Guard], values: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The inputs of a signature, of which the graph fails with an `InvalidArgumentError` in words where they are not as the guards say.

    Args:
        guards: one for each value.
        values: tensors, which must have as many rows as each other.
    """
    found = [_of_range(guard, _of_shape(guard.spec, value)) for guard, value in zip(guards, values)]
    if len(found) < 2:
        return found
    rows = tf.stack([tf.shape(value)[0] for value in found])
    names = " and ".join(guard.spec.name for guard in guards)
    agree = _refuse_unless(tf.reduce_all(rows == rows[0]), f"{names} must have the same number of rows; they have", rows)
    with tf.control_dependencies([agree]):
        return [tf.identity(value) for value in found]


def small_enough(data, most: int):
    """The bytes of an image file, a string scalar, once their header claims no more than `most` pixels: nothing is decoded before that."""
    pixels = claimed_pixels(data)
    known = _refuse_unless(
        pixels != UNKNOWN, "image_bytes must be PNG, JPEG, GIF, BMP or WebP files with a whole header; this file begins with", _begin(data)
    )
    words = f"image_bytes must hold no more than {most} pixels each (--max_pixels of the export); this file claims"
    with tf.control_dependencies([known, _refuse_unless(pixels <= most, words, pixels)]):
        return tf.identity(data)


def _begin(data):
    """The first bytes of a file, which tell people what it is."""
    return tf.strings.substr(tf.strings.join([data, " " * BEGIN]), 0, BEGIN)


def _of_shape(spec: tf.TensorSpec, value):
    """`value`, once it has the shape of `spec`: a caller of a SavedModel's signature may give any. Of images there is one at least."""
    sizes, shape = list(spec.shape), tf.shape(value)
    least = [int(len(sizes) > 2) if size is None else size for size in sizes]
    most = [tf.int32.max if size is None else size for size in sizes]
    # Too few or too many sizes are seen by the -1 behind the last one. The rank itself is a constant to TensorFlow, as the spec says.
    ended = tf.concat([shape, tf.fill([len(sizes) + 1], -1)], axis=0)[: len(sizes) + 1]
    fits = tf.reduce_all((ended >= [*least, -1]) & (ended <= [*most, -1]))
    wanted = ", ".join("NHW"[axis] if size is None else str(size) for axis, size in enumerate(sizes))
    check = _refuse_unless(fits, f"{spec.name} must have the shape [{wanted}]; the given shape is", shape)
    with tf.control_dependencies([check]):
        return tf.identity(value)


def _of_range(guard: Guard, value):
    name = guard.spec.name
    if guard.least is not None:
        inside = (value >= tf.cast(guard.least, value.dtype)) & (value <= tf.cast(guard.most, value.dtype))
        words = f"{name} must be from {guard.least:g} to {guard.most:g}, {guard.meaning}; not"
    elif value.dtype.is_floating:
        inside, words = tf.math.is_finite(value), f"{name} must be finite numbers; not"
    else:
        return value
    with tf.control_dependencies([_refuse_unless(tf.reduce_all(inside), words, tf.boolean_mask(value, ~inside))]):
        return tf.identity(value)


def _refuse_unless(fits, words: str, found):
    return tf.raw_ops.Assert(condition=fits, data=[words, found], summarize=SHOWN)
