"""Tensors as JSON, as TensorFlow Serving has them (https://www.tensorflow.org/tfx/serving/api_rest), held to shapes and types."""

import base64
import binascii
import itertools
import json
import math
from typing import Any

import numpy as np

from tfgan.serving.model import Arrays, Refused, Tensor

MOST_DIMENSIONS = 8
SHOWN = 20  # characters of a number in a message
B64 = "b64"

TYPES = {
    **{"uint8": "DT_UINT8", "uint16": "DT_UINT16", "uint32": "DT_UINT32", "int16": "DT_INT16", "int32": "DT_INT32"},
    **{"float16": "DT_HALF", "float32": "DT_FLOAT", "string": "DT_STRING"},
}
"""Types of tensors, by the names that TensorFlow Serving gives them in a model's metadata."""


def parse(body: bytes) -> Any:
    """What the JSON in `body` says. Raises `Refused` for what is none, and for NaN and infinity, which JSON does not have."""

    def refuse(word: str):
        raise Refused(400, f"the body holds {word}, which JSON does not have: numbers must be finite.")

    try:
        return json.loads(body.decode("utf-8"), parse_constant=refuse)
    except RecursionError:
        raise Refused(400, "the body is nested too deeply.") from None
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise Refused(400, f"the body is no JSON: {str(error)[:200]}.") from None


def read_inputs(asked: Any, inputs: tuple[Tensor, ...]) -> list[np.ndarray]:
    """The arrays of a request of the form {"instances": …}, row by row, or {"inputs": …}, input by input.

    Raises:
        Refused: neither or both are given; names that are missing or unknown; values of another shape or type than the inputs have; inputs
            of different numbers of rows.
    """
    if not isinstance(asked, dict) or ("instances" in asked) == ("inputs" in asked):
        raise Refused(400, 'the body must be an object with either "instances", a list of rows, or "inputs", a tensor for each input.')
    by_name = _columns(asked["instances"], inputs) if "instances" in asked else _named(asked["inputs"], inputs)
    arrays = [as_array(by_name[spec.name], spec) for spec in inputs]
    rows = {spec.name: len(array) for spec, array in zip(inputs, arrays) if spec.shape}
    if len(set(rows.values())) > 1:
        counts = " and ".join(f"{count} of {name}" for name, count in rows.items())
        raise Refused(400, f"inputs must have as many rows as each other, not {counts}.")
    return arrays


def _named(given: Any, inputs: tuple[Tensor, ...]) -> dict[str, Any]:
    """Input -> its value, out of an object of them, or of the value of the only one."""
    names = [spec.name for spec in inputs]
    if isinstance(given, dict) and set(given) != {B64}:
        if set(given) != set(names):
            raise Refused(400, f"the inputs must be {' and '.join(names)}, not {' and '.join(map(str, list(given)[:8]))[:200] or 'none'}.")
        return given
    if len(names) > 1:
        raise Refused(400, f"the inputs are {' and '.join(names)}: give an object with each by its name.")
    return {names[0]: given}


def _columns(rows: Any, inputs: tuple[Tensor, ...]) -> dict[str, list]:
    if not isinstance(rows, list) or not rows:
        raise Refused(400, '"instances" must be a list of rows, one at least.')
    if single := [spec.name for spec in inputs if not spec.shape]:
        raise Refused(400, f'{" and ".join(single)} is one for all rows: give "inputs", a tensor for each input, and not "instances".')
    named = [_named(row, inputs) for row in rows]
    return {spec.name: [row[spec.name] for row in named] for spec in inputs}


def as_array(value: Any, spec: Tensor) -> np.ndarray:
    """Nested lists as an array of the shape and the type of `spec`; raises `Refused` for all others."""
    shape, leaves = _flattened(value, spec)
    fits = len(shape) == len(spec.shape) and all(found == size or (size is None and found) for found, size in zip(shape, spec.shape))
    if not fits:
        wanted = ", ".join("NHW"[axis] if size is None else str(size) for axis, size in enumerate(spec.shape))
        found = ", ".join(map(str, shape))
        raise Refused(400, f"{spec.name} must have the shape [{wanted}]; the given shape is [{found}].")
    if spec.dtype == "string":
        return np.array([_bytes(leaf, spec) for leaf in leaves], object).reshape(shape)
    return _numbers(leaves, spec).reshape(shape)


def _flattened(value: Any, spec: Tensor) -> tuple[list[int], list]:
    """The shape of nested lists, and all that they hold. No array is made of what may be anything."""
    shape: list[int] = []
    level = [value]
    while level and isinstance(level[0], list):
        if len(shape) == MOST_DIMENSIONS:
            raise Refused(400, f"{spec.name} must have {len(spec.shape)} dimensions, not {len(shape)} or more.")
        sizes = {len(inner) if isinstance(inner, list) else None for inner in level}
        if len(sizes) > 1:
            raise Refused(400, f"{spec.name} must be lists of one length in each dimension.")
        shape.append(len(level[0]))
        level = list(itertools.chain.from_iterable(level))
    if any(isinstance(leaf, list) for leaf in level):
        raise Refused(400, f"{spec.name} must be lists of one length in each dimension.")
    return shape, level


def _numbers(leaves: list, spec: Tensor) -> np.ndarray:
    kinds, dtype = set(map(type, leaves)), np.dtype(spec.dtype)
    wanted = {int} if dtype.kind in "iu" else {int, float}
    if not kinds <= wanted:
        found = ", ".join(sorted(kind.__name__ for kind in kinds - wanted))
        raise Refused(400, f"{spec.name} must be {'whole ' * (len(wanted) == 1)}numbers ({spec.dtype}), not {found}.")
    least, most = min(leaves), max(leaves)
    limits = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    lowest, highest = (limit.item() if isinstance(limit, np.generic) else limit for limit in (limits.min, limits.max))
    if not (lowest <= least and most <= highest):
        found = " to ".join(str(value)[:SHOWN] for value in (least, most))
        raise Refused(400, f"{spec.name} must be {spec.dtype}, from {lowest:g} to {highest:g}, not {found}.")
    return np.array(leaves, dtype)


def _bytes(leaf: Any, spec: Tensor) -> bytes:
    """The bytes of {"b64": …}, or of a text in UTF-8, as TensorFlow Serving has it."""
    if isinstance(leaf, dict) and set(leaf) == {B64} and isinstance(leaf[B64], str):
        try:
            return base64.b64decode(leaf[B64], validate=True)
        except (binascii.Error, ValueError):
            raise Refused(400, f"{spec.name} holds what is no base64.") from None
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "surrogatepass")
    raise Refused(400, f'{spec.name} must be bytes: {{"b64": "…"}}.')


def unpack(body: bytes, inputs: tuple[Tensor, ...]) -> list[np.ndarray]:
    """Arrays of known shapes that lie one behind the other in `body`, in little-endian order.

    Raises:
        Refused: another number of bytes than they have; numbers that are not finite.
    """
    dtypes = [np.dtype(spec.dtype).newbyteorder("<") for spec in inputs]
    shapes = [[int(size or 0) for size in spec.shape] for spec in inputs]
    sizes = [dtype.itemsize * math.prod(shape) for dtype, shape in zip(dtypes, shapes)]
    if len(body) != sum(sizes):
        wanted = " and ".join(f"{size:,} of {spec.name}" for size, spec in zip(sizes, inputs))
        raise Refused(400, f"the body has {len(body):,} bytes; it must have {wanted}.")
    begins = itertools.accumulate(sizes, initial=0)
    arrays = [np.frombuffer(body[at : at + size], dtype).reshape(shape) for at, size, dtype, shape in zip(begins, sizes, dtypes, shapes)]
    for array, spec in zip(arrays, inputs):
        if not np.isfinite(array).all():
            raise Refused(400, f"{spec.name} holds NaN or infinity: numbers must be finite.")
    return arrays


def answer(results: Arrays, outputs: tuple[Tensor, ...], by_row: bool) -> bytes:
    """The JSON of results: {"predictions": [row, …]}, or {"outputs": …} for a request by inputs; the name of an only one is left out.

    Numbers that are not finite are written as NaN and Infinity, as TensorFlow Serving does.
    """
    lists = {spec.name: _listed(result, spec) for spec, result in zip(outputs, results)}
    if not by_row:
        found: Any = {"outputs": next(iter(lists.values())) if len(lists) == 1 else lists}
    elif len(lists) == 1:
        found = {"predictions": next(iter(lists.values()))}
    else:
        found = {"predictions": [dict(zip(lists, row)) for row in zip(*lists.values())]}
    return json.dumps(found, separators=(",", ":")).encode()


def _listed(result: np.ndarray, spec: Tensor) -> list:
    if spec.dtype == "string":
        return [{B64: base64.b64encode(bytes(value)).decode("ascii")} for value in result.tolist()]
    return result.tolist()


def count_pixels(array: np.ndarray) -> int:
    """The pixels of images N×H×W×C or maps N×H×W."""
    return math.prod(array.shape[:3])


def metadata(name: str, version: int, signatures: dict[str, tuple[tuple[Tensor, ...], tuple[Tensor, ...]]]) -> dict[str, Any]:
    """What TensorFlow Serving says of a model's signatures, by name: inputs and results."""

    def described(signature: str, specs: tuple[Tensor, ...], kind: str) -> dict[str, Any]:
        return {
            spec.name: {
                "dtype": TYPES[spec.dtype],
                "tensor_shape": {
                    "dim": [{"size": str(-1 if size is None else size), "name": ""} for size in spec.shape],
                    "unknown_rank": False,
                },
                "name": f"{signature}_{spec.name}:0" if kind == "inputs" else f"StatefulPartitionedCall_{signature}:{number}",
            }
            for number, spec in enumerate(specs)
        }

    found = {
        signature: {
            "inputs": described(signature, inputs, "inputs"),
            "outputs": described(signature, outputs, "outputs"),
            "method_name": "tensorflow/serving/predict",
        }
        for signature, (inputs, outputs) in signatures.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": found}},
    }
