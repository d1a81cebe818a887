"""Keras' own files (.keras) of a run's bare networks, which can be trained further, and running them in the place of the run's."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from tfgan.inference import Signatures
from tfgan.methods.base import Method


def networks_of(method: Method, signatures: Signatures) -> dict[str, Any]:
    """The networks that the signatures of a run use, by name; where the run keeps moving averages of weights, those."""
    used = {id(variable) for signature in signatures.values() for variable in signature.weights}
    candidates = method.networks | method.ema
    return {name: network for name, network in candidates.items() if any(id(variable.value) in used for variable in network.variables)}


def write(network: Any, path: Path, name: str, content: bytes) -> None:
    """Writes a network as a Keras file, with a further file of this name and content in the archive that it is."""
    network.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)


def read(path: Path) -> Any:
    """The network in a Keras file. Its layers are tfgan's own, which must be imported: tfgan.layers, and tfgan.networks.stylegan."""
    return keras.saving.load_model(path, compile=False, safe_mode=True)


@contextlib.contextmanager
def standing_in(networks: dict[str, Any], others: dict[str, Any]) -> Iterator[None]:
    """A context in which calls of the networks are answered by others of the same names."""
    for name, network in networks.items():
        network.call = others[name].call
    try:
        yield
    finally:
        for network in networks.values():
            del network.call
