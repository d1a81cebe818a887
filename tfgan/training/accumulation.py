"""A batch that goes through the networks in parts, one after the other, so that a step needs the memory of a part alone."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgan.layers import fold_in

Made = tuple[Any, dict[str, tf.Tensor], dict[str, tf.Tensor], list[tf.Tensor], tf.Tensor]
"""Of a batch: gradients, scalars, outputs b×… by name, batch statistics, and 1 if all gradients are finite or 0."""


def in_parts(function: Callable[..., Made], parts: int, batch: dict[str, tf.Tensor], seed: tf.Tensor, loss_scale: tf.Tensor) -> Made:
    """What a function makes of a batch, of whose means and gradients of means it takes the means over equal parts.

    These are the batch's own where no image's result depends on other images. Batch norms see a part, and so do a discriminator's
    comparisons of images with each other.

    Args:
        function: (batch, seed, loss scale) -> what is made of it. It is traced twice, whatever the number of parts.
        parts: divides the batch.
        batch: tensors b×… by key.
        seed: of shape (2,), from which each part gets one of its own.
    """
    if parts == 1:
        return function(batch, seed, loss_scale)

    pieces = {key: tf.reshape(value, [parts, -1, *value.shape[1:]]) for key, value in batch.items()}

    def make(number) -> Made:
        return function({key: piece[number] for key, piece in pieces.items()}, fold_in(seed, number), loss_scale)

    def add(number, sums, outputs, finite):
        *summed, made, also_finite = _ordered(make(number))
        sums = tf.nest.map_structure(tf.add, sums, summed)
        outputs = {name: tf.tensor_scatter_nd_update(room, [[number]], made[name][None]) for name, room in outputs.items()}
        return number + 1, sums, outputs, tf.minimum(finite, also_finite)

    *sums, made, finite = _ordered(make(0))
    outputs = {name: tf.concat([value[None], tf.repeat(tf.zeros_like(value)[None], parts - 1, 0)], 0) for name, value in made.items()}
    loop = tf.while_loop(lambda number, *_: number < parts, add, (1, sums, outputs, finite), parallel_iterations=1)
    (gradients, scalars, statistics), outputs, finite = loop[1:]
    gradients, scalars, statistics = tf.nest.map_structure(lambda total: total / parts, [gradients, scalars, statistics])
    return gradients, scalars, {name: tf.reshape(room, [-1, *room.shape[2:]]) for name, room in outputs.items()}, statistics, finite


def _ordered(made: Made):
    """What is summed over parts, then outputs, then whether all is finite."""
    gradients, scalars, outputs, statistics, finite = made
    return tf.nest.map_structure(tf.convert_to_tensor, gradients), scalars, statistics, outputs, finite  # those of embeddings are sparse
