"""Tensors by name out of the three containers, without running anything that they contain.

The description of the tensors in a torch file is a pickle, a program for a small stack machine.
:class:`_Pickle` implements only the operations that describe dicts of tensors, and what it builds
are inert stand-ins, so there is nothing that could run anything else. Sizes are checked before
anything is inflated or allocated.

All functions raise :class:`ModelFileError` (without the file's name, which
:func:`certify.reading.weights.read_network` adds), or one of :data:`DAMAGE` on a damaged file.
"""

from __future__ import annotations

import io
import json
import pickletools
import re
import struct
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.errors import ModelFileError
from certify.reading.roles import EXPECTED, ITEM_SIZE, Entries, Tensor, shown

if TYPE_CHECKING:
    from certify.model import FloatArray

MAX_FILE = 8 << 20  #: bytes in a file, and in a member of an archive once inflated
_MAX_HEADER = 1 << 20  #: bytes in a pickle or in the header of a safetensors file
_MAX_OPERATIONS = 100_000  #: in a pickle; a state dict of three tensors has about 140

#: What the standard library and numpy raise on files that are not what they seem.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    OverflowError,
    RuntimeError,  # includes NotImplementedError and RecursionError
    MemoryError,
    SyntaxError,
    tokenize.TokenError,  # numpy, of an npy header
)
_OLD_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def read_entries(content: bytes) -> Entries:
    """What the file with these bytes holds, by name."""
    if content.startswith(b"PK"):
        return _archive_entries(zipfile.ZipFile(io.BytesIO(content)))
    if content[8:9] == b"{":
        return _safetensors_entries(content)
    if content.startswith(_OLD_TORCH) or b"\x00ustar" in content[256:264]:
        raise ModelFileError(
            "is in torch's old format (before torch 1.6), expected the zip layout: "
            "load it with torch and save the state dict again"
        )
    if content.startswith(b"\x80"):
        raise ModelFileError("is a bare pickle, which is not read: expected a saved state dict")
    raise ModelFileError("is not a .pt, .pth, .safetensors or .npz file (by its first bytes)")


# -- archives ------------------------------------------------------------------------------------


def _archive_entries(archive: zipfile.ZipFile) -> Entries:
    names = archive.namelist()
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ModelFileError(f"member {shown(repeated[0])} of the archive is there twice")
    pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) == 1:
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names or any(n.startswith(f"{folder}code/") for n in names):
            raise ModelFileError(
                "is a TorchScript program, expected a state dict: "
                "save it with torch.save(model.state_dict(), path)"
            )
        return _Pickle(archive, folder).entries()
    if names and all(name.endswith(".npy") for name in names):
        return {n.removesuffix(".npy"): _npy_entry(n, _member(archive, n)) for n in names}
    raise ModelFileError(
        "is a zip archive, but of neither torch (one FOLDER/data.pkl) nor numpy (.npy members)"
    )


def _member(archive: zipfile.ZipFile, name: str, limit: int = MAX_FILE) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ModelFileError(f"has no member {shown(name)}") from None
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelFileError(f"member {shown(name)} is neither stored nor deflated")
    if info.flag_bits & 1:
        raise ModelFileError(f"member {shown(name)} is encrypted")
    if info.file_size > limit:  # zipfile never inflates more than this number says
        raise ModelFileError(
            f"member {shown(name)} inflates to {info.file_size} bytes, expected at most {limit}"
        )
    return archive.read(info)


def _npy_entry(name: str, raw: bytes) -> object:
    stream = io.BytesIO(raw)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ModelFileError(f"{shown(name)} has npy version {version}, expected 1.0 or 2.0")
    read = np.lib.format.read_array_header_1_0
    shape, _, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(stream)
    if len(raw) - stream.tell() != prod(shape) * dtype.itemsize:
        raise ModelFileError(f"{shown(name)} does not have the size of its shape {shape}")
    if dtype.kind == "U" and not shape:
        return str(np.load(io.BytesIO(raw), allow_pickle=False))
    return Tensor(
        dtype.name, shape, lambda: np.load(io.BytesIO(raw), allow_pickle=False).astype(np.float64)
    )


# -- safetensors ---------------------------------------------------------------------------------

_SAFETENSORS_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


def _safetensors_entries(content: bytes) -> Entries:
    (length,) = struct.unpack_from("<Q", content)
    if length > min(_MAX_HEADER, len(content) - 8):
        raise ModelFileError(f"has a header of {length} bytes by its first 8 bytes: cut off?")
    header = json.loads(content[8 : 8 + length].decode(), object_pairs_hook=_no_duplicates)
    data = content[8 + length :]
    metadata = header.pop("__metadata__", {})
    entries: dict[str, object] = {}
    if "nonlinearity" in metadata:
        entries["nonlinearity"] = metadata["nonlinearity"]
    spans = []
    for name, described in header.items():
        if not isinstance(described, dict) or described.keys() != {
            "dtype",
            "shape",
            "data_offsets",
        }:
            raise ModelFileError(f"{shown(name)} lacks dtype, shape or data_offsets")
        start, end = described["data_offsets"]
        shape = _sizes(described["shape"], name)
        spans.append(_sizes([start, end], name))
        dtype = _SAFETENSORS_DTYPES.get(described["dtype"], str(described["dtype"])[:20])
        entries[name] = Tensor(
            dtype,
            shape,
            partial(_decode, data[start:end], dtype, "<", shape),
        )
        if dtype in ITEM_SIZE and end - start != prod(shape) * ITEM_SIZE[dtype]:
            raise ModelFileError(f"{shown(name)} does not have the size of its shape {shape}")
    ends = [0, *(end for _, end in sorted(spans))]
    if [start for start, _ in sorted(spans)] != ends[:-1] or ends[-1] != len(data):
        raise ModelFileError("its tensors do not fill the file without gap or overlap: cut off?")
    return entries


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ModelFileError("its header has an entry twice")
    return result


# -- torch ---------------------------------------------------------------------------------------

_STORAGES = {
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
}
_REBUILD = ("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter")


@dataclass(frozen=True)
class _Global:
    """A name that a pickle mentions; nothing is imported for it."""

    name: str


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    count: int


class _Mark:
    """Where a group of values on the stack begins."""


class _Pickle:
    """The stack machine of pickle, cut down to what describes a dict of tensors.

    Values are numbers, strings, None, tuples, lists, dicts with strings as keys, and the inert
    stand-ins above. Every operation costs constant time and memory in the bytes it consumes.
    """

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        self.archive, self.folder = archive, folder
        self.order = "<"
        if f"{folder}byteorder" in archive.namelist():
            order = _member(archive, f"{folder}byteorder", 16)
            if order not in (b"little", b"big"):
                raise ModelFileError(f"its byte order is {order!r}, expected little or big")
            self.order = "<" if order == b"little" else ">"
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def entries(self) -> Entries:
        """The state dict: tensors by name."""
        program = _member(self.archive, f"{self.folder}data.pkl", _MAX_HEADER)
        for count, (operation, argument, _) in enumerate(pickletools.genops(program)):
            if count > _MAX_OPERATIONS:
                raise ModelFileError(f"its pickle has more than {_MAX_OPERATIONS} operations")
            self._step(operation.name, argument)
        (state,) = self.stack
        if isinstance(state, Tensor):
            raise ModelFileError(f"holds a single tensor; {EXPECTED}")
        if not isinstance(state, dict):
            raise ModelFileError(f"holds no dict of tensors; {EXPECTED}")
        return state

    def _step(self, operation: str, argument: Any) -> None:
        push, pop = self.stack.append, self.stack.pop
        match operation:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT":
                push(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE" | "BINUNICODE8":
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
                push(_Mark)
            case "TUPLE":
                push(tuple(self._group()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                size = int(operation[-1])
                values = tuple(self.stack[-size:])
                del self.stack[-size:]
                push(values)
            case "APPEND":
                self._fill([pop()])
            case "APPENDS":
                self._fill(self._group())
            case "SETITEM":
                value, key = pop(), pop()
                self._fill([key, value])
            case "SETITEMS":
                self._fill(self._group())
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                push(self.memo[argument])
            case "GLOBAL":
                push(self._named(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                name, module = pop(), pop()
                push(self._named(module, name))
            case "BINPERSID":
                push(self._storage(pop()))
            case "REDUCE":
                arguments, function = pop(), pop()
                push(self._call(function, arguments))
            case "BUILD":  # torch attaches versions to the dict: nothing about the weights
                pop()
                if not isinstance(self.stack[-1], dict):  # on a tensor it replaces the storage
                    raise ModelFileError("its pickle attaches something to what is no dict")
            case _:
                raise ModelFileError(f"its pickle uses {operation}, which no state dict needs")

    def _group(self) -> list[Any]:
        values = []
        while (value := self.stack.pop()) is not _Mark:
            values.append(value)
        return values[::-1]

    def _fill(self, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)
            return
        if not isinstance(target, dict):
            raise ModelFileError("its pickle fills something that is no dict")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str):
                raise ModelFileError(f"holds a dict with a key that is no string; {EXPECTED}")
            if key in target:
                raise ModelFileError(f"has the entry {shown(key)} twice")
            target[key] = value

    def _named(self, module: object, name: object) -> _Global:
        full = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        storage = re.fullmatch(r"torch\.\w+Storage", full)
        if full not in ("collections.OrderedDict", *_REBUILD) and not storage:
            raise ModelFileError(
                f"holds a pickled {shown(full)} (nothing was run), expected a state dict: "
                "save it with torch.save(model.state_dict(), path)"
            )
        return _Global(full)

    def _storage(self, described: Any) -> _Storage:
        tag, kind, key, _, count = described
        if tag != "storage" or not isinstance(kind, _Global) or not isinstance(key, str):
            raise ModelFileError("its pickle describes a storage in an unknown way")
        (count,) = _sizes([count], key)
        dtype = kind.name.removeprefix("torch.").removesuffix("Storage").lower()
        storage = _Storage(_STORAGES.get(kind.name, dtype), key, count)
        if self.storages.setdefault(key, storage) != storage:  # torch goes by the first
            raise ModelFileError(f"its pickle describes the storage {shown(key)} in two ways")
        return storage

    def _call(self, function: Any, arguments: Any) -> object:
        match function, arguments:
            case _Global("collections.OrderedDict"), ():
                return {}
            case _Global("torch._utils._rebuild_parameter"), (Tensor() as tensor, *_):
                return tensor
            case (
                _Global("torch._utils._rebuild_tensor_v2"),
                (_Storage() as storage, offset, tuple() as size, tuple() as stride, _, _),
            ):
                (start,) = _sizes([offset], storage.key)
                return self._tensor(
                    storage, start, _sizes(size, storage.key), _sizes(stride, storage.key)
                )
            case _:
                # A seventh argument of _rebuild_tensor_v2 can say that all numbers are negated.
                raise ModelFileError(
                    "its pickle builds something that is no dict of plain tensors "
                    "(such as a tensor that is a view with metadata)"
                )

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
            raw = _member(self.archive, f"{self.folder}data/{storage.key}")
            if len(raw) != storage.count * ITEM_SIZE[storage.dtype]:
                raise ModelFileError(
                    f"storage {shown(storage.key)} has {len(raw)} bytes, expected "
                    f"{storage.count} numbers of {storage.dtype}"
                )
            index = np.full(shape, start, dtype=np.int64)
            for axis, step in enumerate(stride):
                steps = np.arange(shape[axis], dtype=np.int64) * step
                index += steps.reshape([-1 if a == axis else 1 for a in range(len(shape))])
            return _decode(raw, storage.dtype, self.order, (storage.count,))[index]

        return Tensor(storage.dtype, shape, load)


# -- what all containers share -------------------------------------------------------------------


def _decode(raw: bytes, dtype: str, order: str, shape: tuple[int, ...]) -> FloatArray:
    """The numbers in ``raw`` as float64, which holds all four formats exactly."""
    if dtype == "bfloat16":  # the upper half of a float32
        bits = np.frombuffer(raw, dtype=f"{order}u2").astype(np.uint32) << 16
        return bits.view(np.float32).astype(np.float64).reshape(shape)
    numbers = np.frombuffer(raw, dtype=f"{order}f{ITEM_SIZE[dtype]}")
    return numbers.astype(np.float64).reshape(shape)


def _sizes(values: Iterable[Any], name: str) -> tuple[int, ...]:
    sizes = tuple(values)
    if len(sizes) > 8 or any(type(v) is not int or not 0 <= v < 2**31 for v in sizes):
        raise ModelFileError(f"{shown(name)} has a shape or position that cannot be")
    return sizes
