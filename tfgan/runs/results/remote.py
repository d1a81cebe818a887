"""The page of a run with the run itself behind it, on a server: what it offers, and the run's plain networks as functions."""

import json
import math

import numpy as np
import tensorflow as tf

from tfgan.config import Size
from tfgan.config.verbs import AppConfig
from tfgan.inference import Sampler, Signatures
from tfgan.layers import tuned_function
from tfgan.portable import graph
from tfgan.runs.opening import Run
from tfgan.runs.results.page import allowed, describe, make_record, subtitle
from tfgan.runs.results.refusals import in_words
from tfgan.serving.model import Arrays, Function, Page, Refused, Tensor


def make_page(name: str, run: Run, signatures: Signatures) -> Page:
    """What the page of a run asks its server for.

    Args:
        name: of the run, in its title.

    Raises:
        UserError: images that a browser cannot show, or no images of the run to begin with.
    """
    offered = describe(run, signatures, AppConfig.examples)
    for way in offered.ways:
        way["bound"] = allowed(way["target"]["map"], 0.0, 0.0)
    functions = {own.name: _function(own, signatures, run.config.hparams.image_size) for own in offered.functions}
    record = make_record(run, offered, "unconverted") | {
        "title": name,
        "subtitle": f"{subtitle(run, offered)}, on this server",
        "functions": {key: {"inputs": [tensor.name for tensor in own.inputs]} for key, own in functions.items()},
    }
    return Page(json.dumps(record, allow_nan=False).encode(), offered.content, functions)


def _function(own: graph.Function, signatures: Signatures, size: Size) -> Function:
    """A plain network as the server calls it: for one image at a time, of the size of training."""
    call = tf.function(tuned_function(own.run), input_signature=own.inputs, autograph=False)
    inputs = tuple(Tensor(spec.name, spec.dtype.name, tuple(spec.shape)) for spec in own.inputs)
    least, most = _classes(own, signatures)
    pixels = math.prod(own.inputs[0].shape[1:3] if own.source else size)

    def run(*arrays: np.ndarray) -> Arrays:
        for spec, array in zip(inputs, arrays):
            if spec.dtype == "int32" and not (least <= array.min() and array.max() <= most):
                raise Refused(400, f"{spec.name} must be the numbers of the classes, {least} to {most}.")
        with in_words():
            return [call(*map(tf.constant, arrays))[own.output].numpy()]

    output = Tensor(own.output, "float32", (None,))
    return Function(inputs, (output,), run, lambda arrays: pixels, merges=False)


def _classes(own: graph.Function, signatures: Signatures) -> tuple[int, int]:
    """The least and the largest number of a class that a function takes; -1 is a pixel of none."""
    if own.source:
        return -1, len(own.source.require_classes().values) - 1 if own.source.is_map else -1
    signature = signatures[own.signature]
    assert isinstance(signature, Sampler)
    return 0, len(signature.class_names) - 1
