"""Reads files of weights: what PyTorch's `torch.save` wrote, now or in its first years, and safetensors."""

import io
import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.errors import did_you_mean_path
from tfgan.weights.opcodes import MOST_BYTES, Machine, Storage, View
from tfgan.weights.tensors import Refused, Tensor, Weights, as_numbers, check_shape, plain_names

MAGIC = 0x1950A86A20F9469CFC6C  # of torch.save before version 1.6
PROTOCOL = 1001
MOST_DEPTH = 3  # of the dictionary of tensors in others, such as {"epoch": 9, "state_dict": {…}}
KNOWN = ".pth, .pt, .ckpt or .bin of PyTorch, or .safetensors"


def read_weights(path: Path) -> Weights:
    """The tensors in a file of weights, by name; their values are read when they are asked for.

    No code that the file holds is run, and nothing is written.

    Raises:
        Refused: there is no such file, it is of another format or damaged, or it holds anything but tensors.
    """
    if not path.is_file():
        raise Refused(path, f"there is no such file.{did_you_mean_path(path)}")
    try:
        with path.open("rb") as file:
            start = file.read(16)
        if path.suffix.lower() == ".safetensors":
            return plain_names(_safetensors(path))
        if start.startswith(b"PK\x03\x04"):
            return plain_names(_zip(path))
        if start.startswith(b"\x80\x02\x8a\x0a"):  # the magic number, as a pickle of protocol 2
            return plain_names(_legacy(path))
    except OSError as error:
        raise Refused(path, f"it cannot be read: {error.strerror or error}") from None
    raise Refused(path, f"it is none of the files that are read: {KNOWN}")


def _zip(path: Path) -> Weights:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise Refused(path, f"it is damaged: {error}") from None
    with archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        roots = [name.removesuffix("data.pkl") for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
        if any("/code/" in name for name in entries):
            raise Refused(path, "it is a TorchScript program: save its weights alone, torch.save(model.state_dict(), FILE)")
        if len(roots) != 1:
            raise Refused(path, "it is a zip file, but not one that torch.save wrote")
        root = roots[0]
        for entry in entries.values():
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise Refused(path, f"{entry.filename[:80]} in it is packed, as torch.save packs nothing")
        if entries[f"{root}data.pkl"].file_size > MOST_BYTES:
            raise Refused(path, f"its list of tensors is longer than {MOST_BYTES >> 20} MB")
        order = ">" if _entry(path, f"{root}byteorder", entries, b"little") == b"big" else "<"
        found = Machine(path, io.BytesIO(_entry(path, f"{root}data.pkl", entries))).run()

    def numbers(storage: Storage) -> np.ndarray:
        name = f"{root}data/{storage.key}"
        if not storage.key.isalnum() or name not in entries:
            raise Refused(path, f"it is damaged: {storage.key[:40]!r}, a row of numbers, is missing")
        return _numbers(path, _entry(path, name, entries), storage, order)

    return _tensors(path, found, numbers)


def _entry(path: Path, name: str, entries: dict[str, zipfile.ZipInfo], default: bytes = b"") -> bytes:
    if name not in entries:
        return default
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(entries[name])
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(path, f"it is damaged: {error}") from None


def _legacy(path: Path) -> Weights:
    """The file of torch.save before PyTorch 1.6, in which nearly all weights of 2017 to 2020 lie.

    Pickles of a magic number, a version, and the machine; the tensors; a list of the storages' keys; and these, each after its length.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = io.BytesIO(file.read(min(size, MOST_BYTES)))
        machine = Machine(path, head)
        magic, protocol, system = machine.run(), machine.run(), machine.run()
        if magic != MAGIC or protocol != PROTOCOL or not isinstance(system, dict):
            raise Refused(path, "it is of a version of PyTorch that is not read: load and save it again with a newer one")
        found, keys = machine.run(), machine.run()
        place, order = head.tell(), "<" if system.get("little_endian", True) else ">"
    counts = machine.storages
    places: dict[str, int] = {}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or set(counts) != set(keys):
        raise Refused(path, "it is damaged: its rows of numbers are not those of its tensors")
    with path.open("rb") as file:
        for key in keys:
            file.seek(place)
            if int.from_bytes(file.read(8), "little" if order == "<" else "big") != counts[key].numbers:
                raise Refused(path, "it is damaged: a row of numbers has another length than its tensor says")
            places[key] = place + 8
            place += 8 + counts[key].numbers * _item_size(counts[key])
    if place > size:
        raise Refused(path, "it is damaged: it ends in the middle of its numbers")

    def numbers(storage: Storage) -> np.ndarray:
        with path.open("rb") as file:
            file.seek(places[storage.key])
            return _numbers(path, file.read(storage.numbers * _item_size(storage)), storage, order)

    return _tensors(path, found, numbers)


def _item_size(storage: Storage) -> int:
    return 2 if storage.dtype == "bfloat16" else np.dtype(storage.dtype).itemsize


def _numbers(path: Path, data: bytes, storage: Storage, order: str) -> np.ndarray:
    if len(data) != storage.numbers * _item_size(storage):
        raise Refused(path, "it is damaged: a row of numbers has another length than its tensor says")
    dtype = np.dtype("u2" if storage.dtype == "bfloat16" else storage.dtype)
    return np.frombuffer(data, dtype.newbyteorder(">" if order == ">" else "<"))


def _tensors(path: Path, found: Any, numbers: Callable[[Storage], np.ndarray]) -> Weights:
    """The dictionary of tensors in what a pickle stands for: it itself, or the one that lies in it beside other things."""
    level = {"": found}
    for _ in range(MOST_DEPTH):
        level = {name: inner for name, inner in level.items() if isinstance(inner, dict)}
        holders = {name: inner for name, inner in level.items() if any(isinstance(value, View) for value in inner.values())}
        if len(holders) > 1:
            listed = ", ".join(name[:40] for name in list(holders)[:8])
            raise Refused(path, f"it holds several dictionaries of tensors ({listed}): save the one of the network alone")
        if holders:
            (inner,) = holders.values()
            return {str(name): _tensor(path, str(name), value, numbers) for name, value in inner.items() if isinstance(value, View)}
        once = {id(inner): inner for inner in level.values()}  # a file of a few bytes may name one dictionary a million times
        level = {str(name): value for inner in once.values() for name, value in inner.items()}
    raise Refused(path, "it holds no dictionary of tensors, as torch.save(model.state_dict(), FILE) writes")


def _tensor(path: Path, name: str, view: View, numbers: Callable[[Storage], np.ndarray]) -> Tensor:
    shown, storage = name[:80], view.storage
    shape, strides = check_shape(path, shown, view.shape), check_shape(path, shown, view.strides)
    last = view.offset + sum((size - 1) * stride for size, stride in zip(shape, strides))
    count = math.prod(shape)
    # A network's tensor has each number once: with strides of 0 a few bytes would claim gigabytes.
    if len(shape) != len(strides) or view.offset < 0 or (count and last >= storage.numbers) or count > storage.numbers:
        raise Refused(path, f"it is damaged: {shown} lies outside its numbers")

    def read() -> np.ndarray:
        values = numbers(storage)
        row = np.lib.stride_tricks.as_strided(
            values[view.offset :], shape, [stride * values.itemsize for stride in strides], writeable=False
        )
        return as_numbers(row, storage.dtype) if count else np.zeros(shape, np.float32)

    return Tensor(shape, read)


def _safetensors(path: Path) -> Weights:
    import ml_dtypes  # noqa: F401  (without it NumPy has no bfloat16)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  (it is no dictionary)
            shapes = {name: check_shape(path, name[:80], tuple(part.get_shape())) for name, part in slices.items()}
            dtypes = {name: part.get_dtype() for name, part in slices.items()}
    except (SafetensorError, ValueError) as error:
        raise Refused(path, f"it is damaged: {error}") from None

    def reader(name: str) -> Callable[[], np.ndarray]:
        def read() -> np.ndarray:
            try:
                with safe_open(path, "np") as file:
                    values = file.get_tensor(name)
                return as_numbers(values.astype(np.float32) if dtypes[name] == "BF16" else values, "")
            except (SafetensorError, TypeError, AttributeError) as error:
                raise Refused(path, f"{name[:80]} ({dtypes[name]}) cannot be read: {error}") from None

        return read

    return {name: Tensor(shape, reader(name)) for name, shape in shapes.items()}
