"""Files of weights, made here byte by byte: they are read right, and what is no tensor in them is refused and never run."""

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.weights import read_weights, reading
from tfgan.weights.reading import MAGIC

VALUES = np.arange(12, dtype="<f4").reshape(3, 4) - 5.5


class Global:
    """Written as the name of something that a pickle would import."""

    def __init__(self, module, name):
        self.module, self.name = module, name


def text(word):
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def whole(number):
    return b"J" + struct.pack("<i", number) if abs(number) < 2**31 else b"\x8a\x09" + number.to_bytes(9, "little", signed=True)


def write(value) -> bytes:
    """Instructions of a pickle, without its begin and end."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Global):
        return f"c{value.module}\n{value.name}\n".encode()
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return whole(value)
    if value is None:
        return b"N"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(write, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(write, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(write(key) + write(item) for key, item in value.items()) + b"u"
    raise TypeError(value)


def pickled(value) -> bytes:
    return b"\x80\x02" + write(value) + b"."


def called(function, *given) -> bytes:
    return write(function) + write(given) + b"R"


def storage(key="0", count=12, dtype="FloatStorage", legacy=False) -> bytes:
    return write(("storage", Global("torch", dtype), key, "cpu", count, *([None] if legacy else []))) + b"Q"


def tensor(shape=(3, 4), strides=(4, 1), offset=0, **options) -> bytes:
    return called(Global("torch._utils", "_rebuild_tensor_v2"), storage(**options), offset, shape, strides, False, {})


def zipped(path: Path, content, data=None, packed=False, **entries) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr("any/data.pkl", content if isinstance(content, bytes) else pickled(content))
        for key, values in (data or {"0": VALUES.tobytes()}).items():
            archive.writestr(f"any/data/{key}", values)
        for name, values in entries.items():
            archive.writestr(f"any/{name}", values)
    return path


def old(path: Path, content, rows) -> Path:
    """As torch.save wrote it before PyTorch 1.6."""
    system = {"protocol_version": 1001, "little_endian": True}
    parts = [
        b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little") + b".",
        pickled(1001),
        pickled(system),
        pickled(content),
        pickled(list(rows)),
    ]
    path.write_bytes(b"".join([*parts, *(struct.pack("<q", count) + values for count, values in rows.values())]))
    return path


def refused(path: Path, words: str):
    with pytest.raises(UserError) as caught:
        for found in read_weights(path).values():
            found.read()
    message = str(caught.value)
    assert words in message and str(path) in message and "\n" not in message, message


def test_a_zip_of_tensors(tmp_path):
    content = {
        "plain": tensor(),
        "turned": tensor((4, 3), (1, 4)),
        "part": tensor((2, 2), (4, 2), 1),
        "one": tensor((), (), 3),
        "epoch": 7,
    }
    found = read_weights(zipped(tmp_path / "a.pth", content))
    assert {name: it.shape for name, it in found.items()} == {"plain": (3, 4), "turned": (4, 3), "part": (2, 2), "one": ()}
    np.testing.assert_array_equal(found["plain"].read(), VALUES)
    np.testing.assert_array_equal(found["turned"].read(), VALUES.T)
    np.testing.assert_array_equal(found["part"].read(), [[-4.5, -2.5], [-0.5, 1.5]])
    assert found["one"].read() == -2.5 and found["one"].read().dtype == np.float32


@pytest.mark.parametrize(
    "dtype, values, expected",
    [
        ("HalfStorage", np.array([1.5, -2], "<f2"), [1.5, -2]),
        ("BFloat16Storage", np.array([0x3FC0, 0xC000], "<u2"), [1.5, -2]),
        ("DoubleStorage", np.array([1.5, -2], "<f8"), [1.5, -2]),
        ("LongStorage", np.array([2**40, -2], "<i8"), [2**40, -2]),
        ("BoolStorage", np.array([True, False]), [1, 0]),
    ],
)
def test_types_of_numbers(tmp_path, dtype, values, expected):
    content = {"a": tensor((2,), (1,), count=2, dtype=dtype)}
    read = read_weights(zipped(tmp_path / "a.pt", content, {"0": values.tobytes()}))["a"].read()
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == (np.int64 if dtype in ("LongStorage", "BoolStorage") else np.float32)


def test_big_endian_files(tmp_path):
    path = zipped(tmp_path / "a.pth", {"a": tensor()}, {"0": VALUES.astype(">f4").tobytes()}, byteorder=b"big")
    np.testing.assert_array_equal(read_weights(path)["a"].read(), VALUES)


def test_ordered_dictionaries_with_attributes_and_parameters(tmp_path):
    empty = called(Global("collections", "OrderedDict"))
    parameter = called(Global("torch._utils", "_rebuild_parameter"), tensor(), True, empty)
    metadata = b"}" + text("_metadata") + empty + b"sb"  # what BUILD gives to the dictionary
    filled = empty + b"(" + text("module.a") + tensor() + text("module.b") + parameter + b"u" + metadata
    found = read_weights(zipped(tmp_path / "a.pth", b"\x80\x02" + filled + b"."))
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["b"].read(), VALUES)


def test_a_dictionary_in_others(tmp_path):
    found = read_weights(zipped(tmp_path / "a.pth", {"epoch": 3, "more": {"state_dict": {"a": tensor()}}}))
    assert list(found) == ["a"]
    refused(zipped(tmp_path / "b.pth", {"G": {"a": tensor()}, "D": {"a": tensor()}}), "several dictionaries of tensors (G, D)")


def test_files_of_old_versions(tmp_path):
    other = np.array([3.0, 4.0], "<f4")
    content = {"a": tensor(legacy=True), "b": tensor((2,), (1,), key="7", count=2, legacy=True)}
    path = old(tmp_path / "a.pth", content, {"0": (12, VALUES.tobytes()), "7": (2, other.tobytes())})
    found = read_weights(path)
    np.testing.assert_array_equal(found["a"].read(), VALUES)
    np.testing.assert_array_equal(found["b"].read(), other)
    path.write_bytes(path.read_bytes()[:-1])
    refused(path, "it ends in the middle of its numbers")
    refused(old(path, content, {"0": (13, VALUES.tobytes()), "7": (2, other.tobytes())}), "another length")
    refused(old(path, content, {"0": (12, VALUES.tobytes())}), "not those of its tensors")


def test_safetensors(tmp_path):
    from safetensors.numpy import save_file

    save_file({"module.a": VALUES, "module.n": np.array([3])}, tmp_path / "a.safetensors")
    found = read_weights(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(found["a"].read(), VALUES)
    assert found["n"].read() == [3]
    (tmp_path / "b.safetensors").write_bytes((tmp_path / "a.safetensors").read_bytes()[:-4])
    refused(tmp_path / "b.safetensors", "it is damaged")


# What is in nobody's weights


class Shell:
    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


class Evaluated:
    def __reduce__(self):
        return eval, (f"open({str(self.trace)!r}, 'w')",)


class Attribute:
    def __reduce__(self):
        return getattr, (str, "format_map")


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("kind", [Shell, Evaluated, Attribute])
def test_nothing_in_a_file_is_run(tmp_path, kind, protocol):
    hostile = kind()
    kind.trace = tmp_path / "trace"
    content = pickle.dumps({"a": hostile}, protocol=protocol)
    refused(zipped(tmp_path / "a.pth", content), "it is refused, and nothing of it was run")
    path = old(tmp_path / "b.pth", {}, {})
    refused_in_old = path.read_bytes().replace(pickled({}), content)
    path.write_bytes(refused_in_old)
    refused(path, "nothing of it was run")
    assert not (tmp_path / "trace").exists()
    if kind is Shell:
        pickle.loads(content)  # which does run
        assert (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "content, words",
    [
        (called(Global("torch", "load"), "x"), "the name torch.load"),
        (called(Global("torch._utils", "_rebuild_tensor_v2.__globals__")), "the name torch._utils._rebuild_tensor_v2.__globals__"),
        (called(Global("torch.nn", "Linear"), 1, 1), "the name torch.nn.Linear"),
        (called(Global("torch", "FloatStorage"), 10**9), "a call of what is no function for tensors"),
        (text("os") + text("system") + b"\x93", "the name os.system"),
        (b"(i__builtin__\neval\n", "the instruction INST"),
        (b"\x82\x01", "the instruction EXT1"),
        (b"Pa\n", "the instruction PERSID"),
        (write({"a": ()}) + write({"b": 1}) + b"b", "no dictionary of tensors"),
        (write(3) + write({"b": 1}) + b"b", "attributes of what is no dictionary"),
        (write(("file", "a")) + b"Q", "an object that is no storage"),
        (write(("storage", Global("torch", "FloatStorage"), "0", "cpu", -4)) + b"Q", "a storage of what are no numbers"),
        (write(("storage", Global("torch", "FloatStorage"), "0", "cpu", 4, ("1", 0, 4))) + b"Q", "part of another one"),
        (b"}" + write(tensor()) + write(1) + b"s", "it is damaged"),
        (b"h\x05", "it is damaged"),
        (b"R", "it is damaged"),
        (b"u", "it is damaged"),
        (b"\xff", "it is damaged"),
        (b"X\xff\xff\xff\x7fabc", "it is damaged"),
        (b"\x8d" + b"\xff" * 8, "it is damaged"),
        (b"X\x01\x00\x00\x00\xff", "it is damaged"),
        ([tensor()], "no dictionary of tensors"),
        ({}, "no dictionary of tensors"),
    ],
)
def test_what_no_weights_need_is_refused(tmp_path, content, words):
    refused(zipped(tmp_path / "a.pth", content if not isinstance(content, bytes) else b"\x80\x02" + content + b"."), words)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"shape": (3, 5), "strides": (4, 1)}, "lies outside"),
        ({"offset": 1}, "lies outside"),
        ({"offset": -1}, "lies outside"),
        ({"shape": (10**6, 10**3), "strides": (0, 0)}, "lies outside"),  # a few bytes that would be gigabytes
        ({"shape": (2**20, 2**20), "strides": (0, 0)}, "claims 1,099,511,627,776 numbers"),
        ({"shape": (2**70,), "strides": (1,)}, "claims"),
        ({"shape": (3, 4), "strides": (-4, 1)}, "no sizes of a tensor"),
        ({"shape": (3, 4), "strides": (4,)}, "lies outside"),
        ({"shape": (1,) * 20, "strides": (1,) * 20}, "no sizes of a tensor"),
        ({"shape": "ab"}, "no sizes of a tensor"),
        ({"count": 13}, "another length than its tensor says"),
        ({"key": "../../etc/passwd"}, "is missing"),
        ({"key": "9"}, "is missing"),
    ],
)
def test_tensors_beyond_their_numbers(tmp_path, options, words):
    refused(zipped(tmp_path / "a.pth", {"a": tensor(**options)}), words)


def test_zips_that_torch_did_not_write(tmp_path):
    refused(zipped(tmp_path / "a.pth", {"a": tensor()}, {"0": bytes(10**6)}, packed=True), "is packed, as torch.save packs nothing")
    refused(zipped(tmp_path / "a.pth", {"a": tensor()}, packed=True), "is packed, as torch.save packs nothing")
    refused(zipped(tmp_path / "b.pth", {"a": tensor()}, **{"code/__torch__.py": b"x"}), "a TorchScript program")
    with zipfile.ZipFile(tmp_path / "c.pth", "w") as archive:
        archive.writestr("../data.pkl", "x")
        archive.writestr("a/b/data.pkl", "x")
    refused(tmp_path / "c.pth", "it is damaged")
    path = zipped(tmp_path / "d.pth", {"a": tensor()})
    claimed = path.read_bytes().replace(struct.pack("<II", 48, 48), struct.pack("<II", 2**31, 2**31))  # of 48 bytes
    path.write_bytes(claimed)
    refused(path, "it is damaged")
    path = zipped(tmp_path / "d.pth", {"a": tensor()})
    data = bytearray(path.read_bytes())
    data[data.index(VALUES.tobytes()) + 3] ^= 1
    path.write_bytes(data)
    refused(path, "it is damaged: Bad CRC-32")
    path.write_bytes(data[:-30])
    refused(path, "it is damaged")
    assert sorted(it.name for it in tmp_path.iterdir()) == ["a.pth", "b.pth", "c.pth", "d.pth"]


def test_a_list_of_tensors_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    refused(zipped(tmp_path / "a.pth", {"a": tensor()}), "its list of tensors is longer than")


def test_one_dictionary_a_million_times_takes_no_time(tmp_path):
    inner = b"}(" + b"".join(text(str(n)) + b"N" for n in range(500)) + b"uq\x01"
    nested = b"}(" + text("x") + inner + b"".join(text(f"k{n}") + b"h\x01" for n in range(5000)) + b"u"
    refused(zipped(tmp_path / "a.pth", b"\x80\x02" + nested + b"."), "no dictionary of tensors")


def test_other_files(tmp_path):
    refused(tmp_path / "gone.pth", "there is no such file.")
    (tmp_path / "alone.pth").write_bytes(b"")
    with pytest.raises(UserError, match=r"alon\.pth: there is no such file\. Did you mean .*alone\.pth\?$"):
        read_weights(tmp_path / "alon.pth")
    (tmp_path / "alone.pth").unlink()
    for name, content in (("a.pth", b""), ("a.h5", b"\x89HDF\r\n"), ("tar.pth", b"0" * 600)):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, "none of the files that are read")
    data = io.BytesIO()
    pickle.dump({"a": 1}, data, protocol=2)
    (tmp_path / "b.pth").write_bytes(data.getvalue())
    refused(tmp_path / "b.pth", "none of the files that are read")
