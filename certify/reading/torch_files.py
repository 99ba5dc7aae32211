"""The entries of a file that ``torch.save`` wrote, without running anything that it contains.

The description of the tensors in a torch file is a pickle, a program for a small stack machine.
:class:`_Pickle` implements the operations that ``torch.load(weights_only=True)`` knows, as far as
checkpoints use them, and what it builds are inert stand-ins, so there is nothing that could run
anything else. What is not a tensor, text, number, list or dict becomes an :class:`_Inert`.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.errors import ModelFileError
from certify.reading.tensors import (
    EXPECTED,
    ITEM_SIZE,
    MAX_HEADER,
    Entries,
    Tensor,
    as_floats,
    as_numbers,
    as_sizes,
    shown,
)

if TYPE_CHECKING:
    from certify.model import FloatArray

_MAX_OPERATIONS = 200_000  #: in a pickle; a state dict of three tensors has about 140
_MEMBERS = re.compile(  #: in this order; torch may compute where a storage lies from it
    r"data\.pkl(, \.format_version)?(, \.storage_alignment)?(, byteorder)?"
    r"(, data/(0|[1-9]\d{0,4}))*, version(, \.data/serialization_id)?",
    re.ASCII,
)
_CONTENTS = {  #: of the members that are not tensors
    "version": rb"[1-9]\n",
    "byteorder": rb"little|big",
    ".format_version": rb"1",
    ".data/serialization_id": rb"\d{1,40}",
}
_STORAGES = {
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
}
_DEVICES = re.compile(r"(cpu|cuda|mps|xpu)(:\d{1,3})?", re.ASCII)  #: not meta, which has no data
_INERT_CALLS = re.compile(
    r"collections\.Counter|torch\.(Size|device)|torch\._utils\._rebuild_\w+|_codecs\.encode"
    r"|builtins\.(set|complex|bytearray)|numpy\.dtype|numpy\._?core\.multiarray\.scalar"
)
_INERT_NAMES = re.compile(
    r"torch\.((Long|Int|Short|Char|Byte|Bool|Complex(Float|Double)|Q\w+)Storage"
    r"|storage\.(Untyped|Typed)Storage|bool|bfloat16|(float|complex|u?int|q\w+)\d\w*"
    r"|per_(tensor|channel)_\w+)"
)


@dataclass(frozen=True)
class _Global:
    """A name that a pickle mentions; nothing is imported for it."""

    name: str


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    count: int


class _Inert:
    """Something beside the weights that is left as it is."""


class _OrderedDict(dict[Any, Any]):
    """What a state dict is; torch attaches the versions of its modules to it."""


def torch_entries(members: Mapping[str, bytes]) -> Entries:
    """What the archive with these members holds, by name.

    Raises:
        ModelFileError: it holds something else than a dict, or what cannot be read without running
            something.
    """
    folder = next(iter(members)).split("/")[0]
    files = {name.removeprefix(f"{folder}/"): data for name, data in members.items()}
    if len(files) != len(members) or not _MEMBERS.fullmatch(", ".join(files)):
        found = shown(", ".join(files))
        raise ModelFileError(f"has members that torch.save does not write, or not so: {found}")
    for name, pattern in _CONTENTS.items():
        if name in files and not re.fullmatch(pattern, files[name]):
            raise ModelFileError(f"its {name} is {files[name][:20]!r}")
    return _Pickle(files).entries()


class _Pickle:
    """The stack machine of pickle, cut down to what describes dicts of tensors.

    Values are numbers, strings, None, tuples, lists, dicts, and the inert stand-ins above. Every
    operation costs constant time and memory in the bytes it consumes.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.order = ">" if files.get("byteorder") == b"big" else "<"
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under each mark
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def entries(self) -> Entries:
        """The dict at the top of the file."""
        program = self.files["data.pkl"]
        if len(program) > MAX_HEADER:
            raise ModelFileError(f"its pickle has {len(program)} bytes, at most {MAX_HEADER}")
        for count, (operation, argument, place) in enumerate(pickletools.genops(program)):
            if count > _MAX_OPERATIONS:
                raise ModelFileError(f"its pickle has more than {_MAX_OPERATIONS} operations")
            if operation.name == "STOP" and (self.below or place != len(program) - 1):
                raise ModelFileError("its pickle does not end where it stops")
            self._step(operation.name, argument)
        (state,) = self.stack
        if isinstance(state, Tensor):
            raise ModelFileError(f"holds a single tensor; {EXPECTED}")
        if not isinstance(state, dict):
            raise ModelFileError(f"holds no dict of tensors; {EXPECTED}")
        if not all(isinstance(name, str) for name in state):
            raise ModelFileError(f"holds a dict with a key that is no string; {EXPECTED}")
        self._check_order()
        return state

    def _check_order(self) -> None:
        """Torch may compute where a storage lies, instead of looking where it is."""
        described = [f"data/{key}" for key in self.storages]
        stored = [name for name in self.files if name.startswith("data/")]
        if ".format_version" not in self.files:
            described, stored = sorted(described), sorted(stored)
        if stored != described:
            raise ModelFileError("its storages are not those that its pickle describes, in order")

    def _step(self, operation: str, argument: Any) -> None:
        push, pop = self.stack.append, self.stack.pop
        match operation:
            case "PROTO":
                if argument not in (2, 3):  # torch.load knows no operation of later ones
                    raise ModelFileError(
                        f"was saved with pickle_protocol={argument}, expected torch's default, 2"
                    )
            case "STOP":
                pass
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT" | "BINUNICODE":
                push(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                push({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[operation])
            case "EMPTY_DICT":
                push({})
            case "EMPTY_LIST":
                push([])
            case "EMPTY_TUPLE":
                push(())
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "TUPLE":
                group = tuple(self._group())
                self.stack.append(group)
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                values = [pop() for _ in range(int(operation[-1]))]
                push(tuple(reversed(values)))
            case "APPEND" | "SETITEM":
                values = [pop() for _ in range(1 if operation == "APPEND" else 2)]
                self._fill(operation, values[::-1])
            case "APPENDS" | "SETITEMS":
                self._fill(operation, self._group())
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                push(self.memo[argument])
            case "GLOBAL":
                push(_named(".".join(argument.split(" "))))
            case "BINPERSID":
                push(self._storage(pop()))
            case "REDUCE":
                arguments, function = pop(), pop()
                push(self._call(function, arguments))
            case "BUILD":
                self._attach(pop())
            case _:
                raise ModelFileError(f"its pickle uses {operation}, which no state dict needs")

    def _group(self) -> list[Any]:
        """What stands above the last mark."""
        group, self.stack = self.stack, self.below.pop()
        return group

    def _fill(self, operation: str, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list) and operation.startswith("APPEND"):
            target.extend(values)
            return
        if not isinstance(target, (dict, _Inert)) or not operation.startswith("SETITEM"):
            raise ModelFileError("its pickle fills something that is no dict or list")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, (str, int)):
                raise ModelFileError("holds a dict with a key that is neither string nor number")
            if isinstance(target, dict):
                if key in target:
                    raise ModelFileError(f"has the entry {shown(str(key))} twice")
                target[key] = value

    def _attach(self, attributes: Any) -> None:
        """What torch attaches to a state dict: nothing about the weights."""
        target = self.stack[-1]
        if isinstance(target, _Inert):
            return
        if not isinstance(target, _OrderedDict) or not isinstance(attributes, dict):
            # On a tensor it would replace the storage.
            raise ModelFileError("its pickle attaches something to what is no state dict")
        if attributes.keys() - {"_metadata"}:
            raise ModelFileError("its state dict has attributes, expected _metadata alone")

    def _storage(self, described: Any) -> _Storage | _Inert:
        tag, kind, key, device, count = described
        if tag != "storage" or not isinstance(kind, _Global) or not isinstance(key, str):
            raise ModelFileError("its pickle describes a storage in an unknown way")
        if not isinstance(device, str) or not _DEVICES.fullmatch(device):
            raise ModelFileError(f"a storage of it is on the device {shown(str(device))}")
        (count,) = as_sizes([count], key)
        dtype = kind.name.rpartition(".")[2].removesuffix("Storage").lower()
        storage = _Storage(_STORAGES.get(kind.name, dtype), key, count)
        if self.storages.setdefault(key, storage) != storage:  # torch goes by the first
            raise ModelFileError(f"its pickle describes the storage {shown(key)} in two ways")
        return storage

    def _call(self, function: Any, arguments: Any) -> object:
        match function, arguments:
            case _Global("collections.OrderedDict"), ():
                return _OrderedDict()
            case _Global("torch._utils._rebuild_parameter"), (Tensor() as tensor, bool(), _):
                return tensor
            case (
                _Global("torch._utils._rebuild_tensor_v2"),
                (_Storage() as storage, offset, tuple() as size, tuple() as stride, bool(), _),
            ):
                (start,) = as_sizes([offset], storage.key)
                sizes, steps = (as_sizes(v, storage.key) for v in (size, stride))
                return self._tensor(storage, start, sizes, steps)
            case (
                _Global("torch._utils._rebuild_tensor_v3"),
                (_Storage() as storage, _, tuple() as size, _, _, _, _Global(dtype), *_),
            ):  # of a type that has no storage of its own, such as float8
                return Tensor(dtype.removeprefix("torch."), as_sizes(size, storage.key), _no_load)
            case _Global(name), tuple() if _INERT_CALLS.fullmatch(name):
                # Among others a tensor with metadata, which can say that its numbers are negated.
                return _Inert()
            case _:
                raise ModelFileError("its pickle calls something that is not called so")

    def _tensor(
        self, storage: _Storage, start: int, shape: tuple[int, ...], stride: tuple[int, ...]
    ) -> Tensor:
        if len(shape) != len(stride):
            raise ModelFileError(f"a tensor of shape {shape} has strides {stride}")
        last = start + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
        if 0 not in shape and last >= storage.count:
            raise ModelFileError(
                f"a tensor of shape {shape}, strides {stride} and offset {start} reaches beyond "
                f"its storage {shown(storage.key)} of {storage.count} numbers"
            )

        def load() -> FloatArray:
            raw = self.files[f"data/{storage.key}"]
            if len(raw) != storage.count * ITEM_SIZE[storage.dtype]:
                raise ModelFileError(
                    f"storage {shown(storage.key)} has {len(raw)} bytes, expected "
                    f"{storage.count} numbers of {storage.dtype}"
                )
            index = np.full(shape, start, dtype=np.int64)
            for axis, step in enumerate(stride):
                steps = np.arange(shape[axis], dtype=np.int64) * step
                index += steps.reshape([-1 if a == axis else 1 for a in range(len(shape))])
            return as_floats(as_numbers(raw, storage.dtype, self.order)[index])

        return Tensor(storage.dtype, shape, load)


def _named(full: str) -> _Global:
    known = full in ("collections.OrderedDict", *_STORAGES)
    if not known and not _INERT_CALLS.fullmatch(full) and not _INERT_NAMES.fullmatch(full):
        raise ModelFileError(
            f"holds a pickled {shown(full)} (nothing was run), expected a state dict: "
            "save it with torch.save(model.state_dict(), path)"
        )
    return _Global(full)


def _no_load() -> FloatArray:
    raise ModelFileError("holds a tensor of a type that is not read")
