"""ONNX files of a run's networks, and running them by onnxruntime."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.portable.graph import Function

OPSET = 18  # the newest that tf2onnx 1.17 writes
AXES = {3: ("N", "H", "W"), 4: ("N", "H", "W", "C"), 2: ("N", "length"), 1: ("N",)}


def convert(function: Function, metadata: dict[str, str]) -> bytes:
    """An ONNX model of a function; sizes that are unknown are called N, H and W there.

    Args:
        metadata: properties that the model carries, name -> text.
    """
    import tf2onnx

    with _quiet():
        model, _ = tf2onnx.convert.from_function(function.traced(), input_signature=list(function.inputs), opset=OPSET)
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        for axis, name in zip(axes, AXES.get(len(axes), ())):
            if not axis.HasField("dim_value"):
                axis.dim_param = name
    for name, text in metadata.items():
        model.metadata_props.add(key=name, value=text)
    model.producer_name, model.producer_version = "tfgan", ""
    return model.SerializeToString()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A context in which tf2onnx says what goes wrong alone: it logs each pass over the graph."""
    logger = logging.getLogger("tf2onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


class Model:
    """An ONNX file in onnxruntime, on the CPU."""

    def __init__(self, path: Path):
        import onnxruntime

        self._session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The one result for inputs by their names."""
        (result,) = self._session.run(None, inputs)
        return result
