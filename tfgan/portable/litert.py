"""LiteRT files (.tflite) of a run's networks, for phones, browsers and small computers, and running them."""

import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan.portable.graph import Function, frozen
from tfgan.portable.quiet import quiet

ENDINGS = {"none": "", "float16": "_float16", "dynamic": "_dynamic", "int8": "_int8"}
"""Quantization -> what is put behind a file's name: weights in float32, in float16, in 8 bits, and 8 bits for what flows as well."""

Inputs = dict[str, np.ndarray]


def convert(functions: Sequence[Function], quantize: str = "none", calibration: dict[str, list[Inputs]] | None = None) -> bytes:
    """A LiteRT model with a signature for each of the functions, which share their weights.

    All that it holds are LiteRT's own operations. Weights are frozen first: as variables they convert too, and give NaN.

    Args:
        functions: of fixed sizes; with `quantize="int8"`, those of floats alone are taken.
        quantize: one of `ENDINGS`.
        calibration: for int8, inputs by name for each function: the ranges of 8 bits are those of what flows for these.
    """
    wanted = [function for function in functions if quantize != "int8" or function.is_floats]
    with tempfile.TemporaryDirectory() as folder:
        # By way of a SavedModel, as the converter takes several signatures, and names, from there alone.
        tf.saved_model.save(tf.Module(), folder, signatures={function.name: _constant(function) for function in wanted})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[function.name for function in wanted])
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantize == "int8":
            given = calibration or {}
            converter.representative_dataset = lambda: ((name, inputs) for name in given for inputs in given[name])
        with quiet(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")  # which the converter itself uses
            return converter.convert()


def _constant(function: Function) -> Any:
    """The traced function with its weights as constants."""
    graph = frozen(function)
    return function._replace(call=lambda *inputs: tf.nest.flatten(graph(*inputs))[0]).traced()


def with_file(model: bytes, name: str, content: bytes) -> bytes:
    """A LiteRT model with a file in it, as LiteRT's associated files lie: a zip archive behind the model, which `unzip` opens.

    https://ai.google.dev/edge/litert/conversion/tensorflow/metadata
    """
    whole = BytesIO(model)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)  # without the time, so that equal models are equal files
    return whole.getvalue()


class Model:
    """A LiteRT file in LiteRT's own runtime, on the CPU.

    Attributes:
        names: of its signatures.
    """

    def __init__(self, path: Path):
        from ai_edge_litert.interpreter import Interpreter

        with quiet():
            self._interpreter = Interpreter(str(path))
            self._interpreter.allocate_tensors()
        self.names = list(self._interpreter.get_signature_list())

    def run(self, name: str, inputs: Inputs) -> np.ndarray:
        """The one result of a signature for inputs of its fixed shapes, by their names."""
        (result,) = self._interpreter.get_signature_runner(name)(**inputs).values()
        return result
