"""Writes a run's networks in the formats of other runtimes, and runs every file there on real inputs of the run."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.config import Size
from tfgan.inference import Signatures
from tfgan.methods.base import Method
from tfgan.portable import keras_file, litert, onnx
from tfgan.portable.agreement import Agreement, compare
from tfgan.portable.cases import Case, Inputs, calibration, cases, one_by_one
from tfgan.portable.description import FILE, describe
from tfgan.portable.graph import Function, draws, frozen, functions, plain
from tfgan.terminal import waiting


class Portable(NamedTuple):
    """What files are made of.

    Attributes:
        method: of the run, with its trained weights.
        images: real inputs of each signature, by its name; none for those from noise.
        facts: what the files say of the run beside what its networks tell: run, method, step, license.
        size: height and width for functions of a fixed size.
    """

    method: Method
    signatures: Signatures
    images: dict[str, list[np.ndarray]]
    facts: dict[str, Any]
    size: Size

    def describe(self, made: list[Function]) -> str:
        return json.dumps(self.facts | describe(self.method.spec, self.signatures, made), indent=2, ensure_ascii=False)


class Fixed(NamedTuple):
    """The functions of a run for one image of one size, by the name of their signature, and the cases of each, by its own name."""

    functions: dict[str, list[Function]]
    cases: dict[str, list[Case]]

    @classmethod
    def of(cls, portable: Portable) -> "Fixed":
        made = functions(portable.signatures, portable.size)
        given = {
            function.name: cases(function, portable.signatures[name], portable.images.get(name, []), portable.size, dynamic=False)
            for name, some in made.items()
            for function in some
        }
        return cls(made, given)


def write_litert(portable: Portable, fixed: Callable[[], Fixed], folder: Path, quantize: str) -> list[Agreement]:
    """Writes a LiteRT file for each signature to `folder`, for one image of one size, and returns how near its functions are to the run.

    Args:
        fixed: gives what files of all quantizations are made of and compared with.
    """
    found = []
    for name, made in fixed().functions.items():
        signature, images = portable.signatures[name], portable.images.get(name, [])
        calibrated = {
            function.name: calibration(function, signature, images, portable.size)
            for function in made
            if function.is_floats and quantize == "int8"
        }
        path = _place(folder, f"{name}{litert.ENDINGS[quantize]}.tflite")
        path.write_bytes(litert.with_file(litert.convert(made, quantize, calibrated), FILE, portable.describe(made).encode()))
        model = litert.Model(path)
        for function in (function for function in made if function.name in model.names):
            run = _each(functools.partial(model.run, function.name))
            found.append(compare(f"{folder.name}/{path.name}", function, quantize, fixed().cases[function.name], run))
    return found


def _each(run: Callable[[Inputs], np.ndarray]) -> Callable[[Inputs], np.ndarray]:
    """Runs N inputs one by one, for what takes a batch of one."""
    return lambda inputs: np.concatenate([run(one) for one in one_by_one(inputs)])


def write_onnx(portable: Portable, folder: Path) -> list[Agreement]:
    """Writes an ONNX file for each function to `folder`, for any number of images of any size, and returns how near it is to the run.

    A network with dropout after training has the size of `portable` alone: its mask is a constant there, and random bits elsewhere.
    """
    found = []
    fixed = functions(portable.signatures, portable.size, None)
    for name, made in functions(portable.signatures, None, None).items():
        for number, function in enumerate(made):
            dynamic = not draws(frozen(function))
            wanted = function if dynamic else fixed[name][number]
            path = _place(folder, f"{function.name}.onnx")
            path.write_bytes(onnx.convert(wanted, {FILE: portable.describe([wanted])}))
            given = cases(wanted, portable.signatures[name], portable.images.get(name, []), portable.size, dynamic)
            found.append(compare(f"{folder.name}/{path.name}", wanted, "none", given, onnx.Model(path).run))
    return found


def write_keras(portable: Portable, folder: Path) -> list[Agreement]:
    """Writes a Keras file for each network to `folder`, and returns how near the run's functions come to the run with those in place."""
    networks = keras_file.networks_of(portable.method, portable.signatures)
    made = functions(portable.signatures, None, None)
    about = portable.describe(plain(portable.signatures)).encode()
    for name, network in networks.items():
        keras_file.write(network, _place(folder, f"{name}.keras"), FILE, about)
    read = {name: keras_file.read(folder / f"{name}.keras") for name in networks}
    found = []
    for name, some in made.items():
        function = some[0]
        given = cases(function, portable.signatures[name], portable.images.get(name, []), portable.size, dynamic=True)
        used = {id(variable) for variable in portable.signatures[name].weights}
        names = [key for key, network in networks.items() if any(id(variable.value) in used for variable in network.variables)]
        with keras_file.standing_in(networks, read):

            def run(inputs, function=function):
                return function.call(*map(tf.constant, inputs.values())).numpy()

            file = " and ".join(f"{folder.name}/{key}.keras" for key in names)
            found.append(compare(file, function, "none", given, run))
    return found


def write(portable: Portable, folder: Path, formats: tuple[str, ...], quantize: tuple[str, ...]) -> list[Agreement]:
    """Writes all files of some formats to folders of that name in `folder`, and returns how near they are to the run.

    Args:
        formats: of litert, onnx and keras.
        quantize: keys of `litert.ENDINGS`, of which each makes files of its own, once.
    """
    work: list[Callable[[], list[Agreement]]] = []
    if "litert" in formats:
        fixed = functools.cache(functools.partial(Fixed.of, portable))
        work += [functools.partial(write_litert, portable, fixed, folder / "litert", kind) for kind in dict.fromkeys(quantize)]
    work += [functools.partial(write_onnx, portable, folder / "onnx")] if "onnx" in formats else []
    work += [functools.partial(write_keras, portable, folder / "keras")] if "keras" in formats else []
    return [one for job in waiting(work, len(work), "Writing files for other runtimes, and running them there") for one in job()]


def _place(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    return folder / name.replace("/", "_")  # a domain can be called anything
