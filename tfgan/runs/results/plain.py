"""The plain networks of a run as a server calls them: for its pages, and as the signatures in floats that its export has."""

import math

import numpy as np
import tensorflow as tf

from tfgan.config import Size
from tfgan.inference import Sampler, Signatures
from tfgan.inference.sampler import BATCH
from tfgan.layers import tuned_function
from tfgan.portable import graph
from tfgan.runs.results.refusals import in_words
from tfgan.serving.model import Arrays, Function, Refused, Tensor


def plain_function(own: graph.Function, signatures: Signatures, size: Size) -> Function:
    """A plain network as a function of a server, traced here and now. It takes images one by one, as all that is served.

    Args:
        own: the network, with any inputs.
        signatures: those of the run.
        size: of the images that are made where none go in.
    """
    call = tf.function(tuned_function(own.run), input_signature=own.inputs, autograph=False)
    made = call.get_concrete_function().structured_outputs[own.output]
    inputs = tuple(Tensor(spec.name, spec.dtype.name, tuple(spec.shape)) for spec in own.inputs)
    least, most = _classes(own, signatures)
    batch = own.inputs[0].shape[0] or (1 if own.source else BATCH)

    def run(*arrays: np.ndarray) -> Arrays:
        for spec, array in zip(inputs, arrays):
            if spec.dtype == "int32" and not (least <= array.min() and array.max() <= most):
                raise Refused(400, f"{spec.name} must be the numbers of the classes, {least} to {most}.")
        if own.multiple:
            _check_size(own, arrays[0])
        with in_words():
            parts = [
                call(*(tf.constant(array[i : i + batch] if array.ndim else array) for array in arrays))[own.output].numpy()
                for i in range(0, len(arrays[0]), batch)
            ]
        return [np.concatenate(parts)]

    def pixels(arrays: Arrays) -> int:
        return len(arrays[0]) * math.prod(arrays[0].shape[1:3] if own.source else size)

    scalars = any(not spec.shape for spec in inputs)  # which rows of several requests do not share
    return Function(inputs, (Tensor(own.output, made.dtype.name, tuple(made.shape)),), run, pixels, merges=not scalars)


def _check_size(own: graph.Function, images: np.ndarray):
    """Raises `Refused` for images that the network takes only once they are padded."""
    height, width = images.shape[1:3]
    if height % own.multiple or width % own.multiple or min(height, width) < own.minimum:
        raise Refused(
            400,
            f"{own.inputs[0].name} must have a height and a width that are multiples of {own.multiple}, {own.minimum} at least, not "
            f"{height}×{width}: {own.name} is the plain network. The signatures of whole numbers take any size.",
        )


def _classes(own: graph.Function, signatures: Signatures) -> tuple[int, int]:
    """The least and the largest number of a class that a function takes; -1 is a pixel of none."""
    if own.source:
        return -1, len(own.source.require_classes().values) - 1 if own.source.is_map else -1  # runs with instances are not served
    signature = signatures[own.signature]
    assert isinstance(signature, Sampler)
    return 0, len(signature.class_names) - 1
