"""What the pickle in a torch file describes; nothing in it is run.

A pickle is a program for a small stack machine. It is only tokenised here; what its operations do
to a stack is spelled out for those that ``torch.load(weights_only=True)`` knows and checkpoints
use. What is neither tensor nor text, number, list or dict becomes :data:`INERT`.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from certify.checker.errors import Unreadable
from certify.checker.tensors import FORMATS, Order, Tensor

_LIMIT = 1 << 20  # bytes
_LITERALS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_DEVICE = re.compile(r"(cpu|cuda|mps|xpu)(:[0-9]{1,3})?")  # not meta: it has no data
_HARMLESS = re.compile(  # calls that make something else than tensors, and change nothing
    r"collections Counter|torch (Size|device)|torch\._utils _rebuild_\w+|_codecs encode"
    r"|builtins (set|complex|bytearray)|numpy dtype|numpy\._?core\.multiarray scalar"
)
_MENTIONED = re.compile(  # storages and types of numbers
    r"torch (Half|BFloat16|Float|Double|Long|Int|Short|Char|Byte|Bool|Complex\w+|Q\w+)Storage"
    r"|torch\.storage (Untyped|Typed)Storage|collections OrderedDict"
    r"|torch (bool|bfloat16|(float|complex|u?int|q\w+)\d\w*|per_(tensor|channel)_\w+)"
)
INERT: Any = object()


class _Name(str):
    """What a pickle names ("module name"); nothing is imported for it."""


class _StateDict(dict[Any, Any]):
    """An OrderedDict: torch attaches the versions of modules to it."""


class _Storage(NamedTuple):
    kind: str
    key: str
    size: int


def unpickle(program: bytes, files: dict[str, bytes], order: Order) -> tuple[Any, list[str]]:
    """The value that a pickle describes, and the keys of the storages in order of mention.

    ``files`` holds the storages as ``data/KEY``.

    Raises:
        Unreadable: it uses something that no checkpoint needs.
    """
    if len(program) > _LIMIT:
        raise Unreadable(f"a pickle of more than {_LIMIT} bytes")
    machine = _Machine(files, order)
    for opcode, argument, place in pickletools.genops(program):
        if opcode.name == "STOP" and place != len(program) - 1:
            raise Unreadable("a pickle does not end where it stops")
        machine.step(opcode.name, cast(Any, argument))
    if len(machine.stack) != 1 or machine.below:
        raise Unreadable("a pickle leaves more than one value")
    return machine.stack[0], list(machine.storages)


class _Machine:
    """The stack, the stacks under each mark, and what was put aside under a number."""

    def __init__(self, files: dict[str, bytes], order: Order) -> None:
        self.files, self.order = files, order
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def step(self, name: str, value: Any) -> None:
        """One operation."""
        stack = self.stack
        if name in _LITERALS:
            stack.append(value)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("EMPTY_DICT", "EMPTY_LIST"):
            stack.append({} if name == "EMPTY_DICT" else [])
        elif name == "MARK":
            self.below.append(stack)
            self.stack = []
        elif name in ("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"):
            values = self.group() if name == "TUPLE" else self.pop(int(name[-1]))
            self.stack.append(tuple(values))
        elif name in ("APPEND", "APPENDS"):
            values = self.pop(1) if name == "APPEND" else self.group()
            if type(self.stack[-1]) is not list:
                raise Unreadable("a pickle appends to what is no list")
            self.stack[-1].extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            self.fill(self.pop(2) if name == "SETITEM" else self.group())
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[value] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[value])
        elif name == "GLOBAL":
            if not _HARMLESS.fullmatch(value) and not _MENTIONED.fullmatch(value):
                raise Unreadable(f"a pickle names {value!r:.80}, which no state dict needs")
            stack.append(_Name(value))
        elif name == "BINPERSID":
            stack.append(self.storage(*self.pop(1)))
        elif name == "REDUCE":
            stack.append(self.call(*self.pop(2)))
        elif name == "BUILD":
            (attached,) = self.pop(1)
            plain = type(stack[-1]) is _StateDict and type(attached) is dict
            # On a tensor it would replace the storage, on a dict it could hide what is in it.
            if stack[-1] is not INERT and not (plain and attached.keys() <= {"_metadata"}):
                raise Unreadable("a pickle attaches something that is not a state dict's metadata")
        elif name != "STOP" and (name, value) not in (("PROTO", 2), ("PROTO", 3)):
            raise Unreadable(f"a pickle uses {name}, which no state dict needs")

    def pop(self, count: int) -> list[Any]:
        """The topmost values; a mark is never among them."""
        if count > len(self.stack):
            raise Unreadable("a pickle takes more from its stack than there is")
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    def group(self) -> list[Any]:
        """What stands above the last mark."""
        values, self.stack = self.stack, self.below.pop()
        return values

    def fill(self, items: Sequence[Any]) -> None:
        """Put keys and values into the dict on the stack."""
        target = self.stack[-1]
        if target is not INERT and not isinstance(target, dict):
            raise Unreadable("a pickle fills what is no dict")
        for key, item in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, (str, int)) or (target is not INERT and key in target):
                raise Unreadable("a dict has a key twice, or one that is no string or number")
            if target is not INERT:
                target[key] = item

    def storage(self, described: Any) -> _Storage:
        """What a persistent id refers to."""
        tag, kind, key, device, count = described
        if tag != "storage" or (type(kind), type(key), type(count)) != (_Name, str, int):
            raise Unreadable("a pickle refers to something that is no storage")
        if type(device) is not str or not _DEVICE.fullmatch(device):
            raise Unreadable(f"a storage on the device {device!r:.40}")
        storage = _Storage(str(kind), key, count)
        if self.storages.setdefault(key, storage) != storage:
            raise Unreadable("a storage is described in two ways")  # torch goes by the first
        return storage

    def call(self, function: Any, arguments: Any) -> Any:
        """What a call would return; it is not made."""
        if type(function) is not _Name or type(arguments) is not tuple:
            raise Unreadable("a pickle calls something that has no name")
        if function == "collections OrderedDict" and not arguments:
            return _StateDict()
        if function == "torch._utils _rebuild_parameter" and isinstance(arguments[0], Tensor):
            return arguments[0]
        if function == "torch._utils _rebuild_tensor_v2" and len(arguments) == 6:
            # A seventh argument can say that all numbers are negated.
            return self.tensor(*arguments[:4])
        if not _HARMLESS.fullmatch(function):
            raise Unreadable(f"a pickle calls {function!r:.80}, not run")
        return INERT

    def tensor(self, storage: Any, start: Any, shape: Any, strides: Any) -> Tensor:
        """A view of a storage."""
        if type(storage) is not _Storage or (type(shape), type(strides)) != (tuple, tuple):
            raise Unreadable("a tensor is not described as a view of a storage")
        raw = self.files[f"data/{storage.key}"]
        if storage.kind in FORMATS and len(raw) != FORMATS[storage.kind][0] * storage.size:
            raise Unreadable(f"a storage has {len(raw)} bytes, not {storage.size} numbers")
        last = start + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        if all(shape) and last >= storage.size:
            raise Unreadable(f"a tensor of shape {shape!r:.80} reaches beyond its storage")
        return Tensor(storage.kind, shape, raw, self.order, strides, start)
