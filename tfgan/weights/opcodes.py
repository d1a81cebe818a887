"""Interprets the part of the pickle format that a dictionary of tensors needs, and refuses every other instruction by its name.

Nothing is executed: `pickletools.genops` only parses instructions. What they ask to be called is compared with a short list of names, none
of which is ever imported, and becomes a record here.
"""

import io
import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.weights.tensors import Refused

MOST_BYTES = 64 << 20  # of instructions: those of a thousand tensors take a hundred kilobytes
DTYPES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}
"""PyTorch's class of a storage -> the type of its numbers, as NumPy has it."""


class Name(NamedTuple):
    """What a pickle would import."""

    module: str
    name: str


class Storage(NamedTuple):
    """A row of numbers in the file, by its key there."""

    dtype: str
    key: str
    numbers: int


class View(NamedTuple):
    """A tensor: a view of a storage."""

    storage: Storage
    offset: int
    shape: Any  # these two as they stand in the file
    strides: Any


class _Mark:
    pass


DICTIONARY = Name("collections", "OrderedDict")
TENSOR = (Name("torch._utils", "_rebuild_tensor"), Name("torch._utils", "_rebuild_tensor_v2"))
PARAMETER = Name("torch._utils", "_rebuild_parameter")
CALLED = (DICTIONARY, *TENSOR, PARAMETER)
CONSTANTS = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
LITERALS = {
    *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4", "BINFLOAT", "FLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "BINSTRING", "SHORT_BINSTRING", "STRING"),
}
NOTHING = {"PROTO", "FRAME"}


class Machine:
    """A stack machine for one pickle at a time.

    Args:
        path: of the file, for messages.
        file: from which instructions are read; where one pickle ends the next one may begin.

    Attributes:
        storages: key -> the storage, of all that were met so far.
    """

    def __init__(self, path: Path, file: io.BytesIO):
        self.path, self.file = path, file
        self.storages: dict[str, Storage] = {}

    def run(self) -> Any:
        """What the next pickle stands for: text, numbers, lists, tuples, dictionaries, and `View`s.

        Raises:
            Refused: an instruction, a name or an object that no dictionary of tensors has; or a damaged file.
        """
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        for name, argument in self._instructions():
            if name == "STOP":
                return self._pop()
            self._step(name, argument)
        raise self._damaged()

    def _instructions(self) -> Iterator[tuple[str, Any]]:
        try:
            for opcode, argument, _ in pickletools.genops(self.file):
                yield opcode.name, argument
        except ValueError:  # no instruction, or one that is cut short; also text that is no UTF-8, and numbers of too many digits
            raise self._damaged() from None

    def _damaged(self) -> Refused:
        return Refused(self.path, "it is damaged: its list of tensors cannot be read")

    def refuse(self, what: str) -> Refused:
        cure = "Who trusts it loads it in PyTorch, and saves its weights alone: torch.save(model.state_dict(), FILE)"
        return Refused(self.path, f"it holds {what}, which no file of weights needs: it is refused, and nothing of it was run. {cure}")

    def _pop(self) -> Any:
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise self._damaged()
        return self.stack.pop()

    def _to_mark(self) -> list[Any]:
        """What lies above the topmost mark, which goes with it."""
        for place in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[place], _Mark):
                above = self.stack[place + 1 :]
                del self.stack[place:]
                return above
        raise self._damaged()

    def _step(self, name: str, argument: Any):
        if name in NOTHING:
            return
        if name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in LITERALS:
            self.stack.append(argument)
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            if argument not in self.memo:
                raise self._damaged()
            self.stack.append(self.memo[argument])
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            top = self._pop()
            self.memo[len(self.memo) if argument is None else argument] = top
            self.stack.append(top)
        elif method := getattr(self, f"_do_{name.lower()}", None):
            method(argument)
        else:
            raise self.refuse(f"the instruction {name}")

    def _do_mark(self, _):
        self.stack.append(_Mark())

    def _do_pop(self, _):
        self._pop()

    def _do_empty_dict(self, _):
        self.stack.append({})

    def _do_empty_list(self, _):
        self.stack.append([])

    def _do_tuple(self, _):
        self.stack.append(tuple(self._to_mark()))

    def _do_tuple1(self, _):
        self.stack.append((self._pop(),))

    def _do_tuple2(self, _):
        last = self._pop()
        self.stack.append((self._pop(), last))

    def _do_tuple3(self, _):
        last, middle = self._pop(), self._pop()
        self.stack.append((self._pop(), middle, last))

    def _do_append(self, _):
        self._extend([self._pop()])

    def _do_appends(self, _):
        self._extend(self._to_mark())

    def _extend(self, items: list[Any]):
        values = self._pop()
        if not isinstance(values, list):
            raise self._damaged()
        values += items
        self.stack.append(values)

    def _do_setitem(self, _):
        value = self._pop()
        self._set([self._pop(), value])

    def _do_setitems(self, _):
        self._set(self._to_mark())

    def _set(self, items: list[Any]):
        values = self._pop()
        if not isinstance(values, dict) or len(items) % 2 or not all(isinstance(key, str | int) for key in items[::2]):
            raise self._damaged()
        values.update(zip(items[::2], items[1::2]))
        self.stack.append(values)

    def _do_global(self, argument: str):
        module, _, name = argument.partition(" ")
        self._import(Name(module, name))

    def _do_stack_global(self, _):
        name, module = self._pop(), self._pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise self._damaged()
        self._import(Name(module, name))

    def _import(self, name: Name):
        if name not in CALLED and not _storage_dtype(name):
            raise self.refuse(f"the name {name.module}.{name.name}"[:200])
        self.stack.append(name)

    def _do_binpersid(self, _):
        """A storage: ("storage", its class, its key, device, how many numbers), and in old files what it is a view of, if it is one."""
        given = self._pop()
        if not (isinstance(given, tuple) and len(given) in (5, 6) and given[0] == "storage" and isinstance(given[1], Name)):
            raise self.refuse("an object that is no storage of numbers")
        dtype, key, count = _storage_dtype(given[1]), given[2], given[4]
        if not dtype or not isinstance(key, str) or type(count) is not int or count < 0:
            raise self.refuse("a storage of what are no numbers")
        if given[5:] not in ((), (None,)):
            raise self.refuse("a storage that is part of another one")
        storage = Storage(dtype, key, count)
        if self.storages.setdefault(key, storage) != storage:
            raise self._damaged()
        self.stack.append(storage)

    def _do_reduce(self, _):
        given, function = self._pop(), self._pop()
        if not isinstance(function, Name) or not isinstance(given, tuple) or function not in CALLED:
            raise self.refuse("a call of what is no function for tensors")
        if function == DICTIONARY:
            self.stack.append(self._dictionary(given))
        elif function == PARAMETER and given and isinstance(given[0], View):
            self.stack.append(given[0])
        elif function in TENSOR and len(given) >= 4 and isinstance(given[0], Storage) and type(given[1]) is int:
            self.stack.append(View(*given[:4]))
        else:
            raise self._damaged()

    def _dictionary(self, given: tuple) -> dict:
        """An ordered dictionary; Python 2 gives it its pairs as a list."""
        pairs = given[0] if given else []
        fits = isinstance(pairs, list) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs)
        if len(given) > 1 or not fits or not all(isinstance(key, str | int) for key, _ in pairs):
            raise self._damaged()
        return dict(pairs)

    def _do_build(self, _):
        """Attributes of a dictionary, which are the versions of PyTorch's modules: they say nothing of the tensors."""
        self._pop()
        if not isinstance(self.stack[-1] if self.stack else None, dict):
            raise self.refuse("attributes of what is no dictionary")


def _storage_dtype(name: Name) -> str:
    return DTYPES.get(name.name, "") if name.module in ("torch", "torch.cuda") else ""
