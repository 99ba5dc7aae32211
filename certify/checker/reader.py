"""The weights of a model as exact integers: the checker's own reader.

Reads what ``certify.reading.weights`` reads (torch's zip layout, safetensors, npz; float16,
bfloat16, float32, float64), shares no code with it, and never turns a weight into a float. A pickle
is only tokenised; what its operations do to a stack is spelled out here for the few that a state
dict has. Everything else in a file is :class:`Unreadable`.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickletools
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from certify.checker.errors import Unreadable

_LIMIT = 8 << 20  # bytes of a file, and of a member once inflated
_HEADER = 1 << 18  # bytes of a pickle or of a safetensors header
_SIZE = 256  # units and inputs
_NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight")
_FORMATS = {  # (bytes, bits of the exponent)
    **dict.fromkeys(("safetensors F16", "torch HalfStorage", "npy f2"), (2, 5)),
    **dict.fromkeys(("safetensors BF16", "torch BFloat16Storage"), (2, 8)),
    **dict.fromkeys(("safetensors F32", "torch FloatStorage", "npy f4"), (4, 8)),
    **dict.fromkeys(("safetensors F64", "torch DoubleStorage", "npy f8"), (8, 11)),
}
_NPY = re.compile(
    rb"\{'descr': '([<>])(f[248])', 'fortran_order': (True|False), "
    rb"'shape': \((\d{1,4}), (\d{1,4})\), \} *\n"
)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, TypeError),
    *(LookupError, OverflowError, RuntimeError, MemoryError, AttributeError),
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = {"BININT", "BININT1", "BININT2", "LONG1"}
_LITERALS |= {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}

_Order = Literal["little", "big"]
_ORDERS: dict[bytes, _Order] = {b"little": "little", b"big": "big", b"<": "little", b">": "big"}

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Weights:
    """``w_ih`` (d), ``w_hh`` (d, d) and ``w_out`` (n, d) times ``2**shift``, all integers."""

    shift: int
    w_ih: tuple[int, ...]
    w_hh: Matrix
    w_out: Matrix
    sha256: str


class _Tensor(NamedTuple):
    shape: Sequence[int]
    numbers: list[tuple[int, int]]  # in row-major order; (a, e) is a * 2**e, a odd or (0, 0)


def read_weights(path: Path | str) -> Weights:
    """The weights in a ``.pt``/``.pth``, ``.safetensors`` or ``.npz`` file.

    Raises:
        Unreadable: the file is not a model of the family, in one of these formats.
    """
    try:
        if not Path(path).is_file():
            raise Unreadable("no such file")
        with Path(path).open("rb") as stream:
            content = stream.read(_LIMIT + 1)
        if len(content) > _LIMIT:
            raise Unreadable(f"more than {_LIMIT} bytes")
        return _weights(*(_zip if content[:2] == b"PK" else _safetensors)(content))
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    except _DAMAGE as error:
        raise Unreadable(f"{path}: not a model ({type(error).__name__}: {error!s:.100})") from None


def _weights(w_ih: _Tensor, w_hh: _Tensor, w_out: _Tensor) -> Weights:
    d, n = w_ih.shape[0], w_out.shape[0]
    shapes = [list(t.shape) for t in (w_ih, w_hh, w_out)]
    if shapes != [[d, 1], [d, d], [n, d]] or not (1 <= d <= _SIZE and 2 <= n <= _SIZE):
        raise Unreadable(f"shapes {shapes} are not those of W_ih, W_hh and W_out")
    flat = [*w_ih.numbers, *w_hh.numbers, *w_out.numbers]
    lines = ["certify-weights 1", f"{d} {n}", *(f"{a} {e}" for a, e in flat), ""]
    shift = max(0, *(-e for _, e in flat))
    ints = tuple(a << (e + shift) for a, e in flat)
    rows = [ints[i : i + d] for i in range(0, len(ints), d)]
    return Weights(
        shift=shift,
        w_ih=rows[0],
        w_hh=tuple(rows[1 : d + 1]),
        w_out=tuple(rows[d + 1 :]),
        sha256=hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest(),
    )


def _matrix(
    raw: bytes,
    code: str,
    order: _Order,
    shape: Sequence[int],
    count: int | None = None,
    start: int = 0,
    strides: Sequence[int] | None = None,
) -> _Tensor:
    """Entry ``(i, j)`` stands at place ``start + i * strides[0] + j * strides[1]`` of ``count``."""
    (rows, columns), (step, skip) = shape, strides or (shape[1], 1)
    if any(type(v) is not int for v in (rows, columns, step, skip, start)):
        raise Unreadable("a shape or position is no integer")
    size, exponent_bits = _FORMATS[code]
    if not 0 <= max(shape) <= _SIZE or min(start, rows, columns, step, skip) < 0:
        raise Unreadable(f"a matrix cannot have shape {list(shape)}")
    if len(raw) != size * (rows * columns if count is None else count):
        raise Unreadable(f"{len(raw)} bytes of data do not fit to the shape {list(shape)}")
    fraction_bits = 8 * size - 1 - exponent_bits
    top = (1 << exponent_bits) - 1
    numbers = []
    for i, j in product(range(rows), range(columns)):
        at = size * (start + i * step + j * skip)
        if at + size > len(raw):
            raise Unreadable(f"a matrix of shape {list(shape)} reaches beyond its storage")
        bits = int.from_bytes(raw[at : at + size], order)  # sign, biased exponent, fraction
        fraction = bits & ((1 << fraction_bits) - 1)
        exponent = bits >> fraction_bits & top
        if exponent == top:
            raise Unreadable("a weight is NaN or infinite")
        a = fraction | (1 << fraction_bits) if exponent else fraction
        if not a:
            numbers.append((0, 0))
            continue
        twos = (a & -a).bit_length() - 1
        signed = -(a >> twos) if bits >> (8 * size - 1) else a >> twos
        numbers.append((signed, max(exponent, 1) - (top >> 1) - fraction_bits + twos))
    return _Tensor(shape, numbers)


def _safetensors(content: bytes) -> Iterator[_Tensor]:
    (length,) = struct.unpack_from("<Q", content)
    if not 0 < length <= min(_HEADER, len(content) - 8) or content[8:9] != b"{":
        raise Unreadable("not a model file of a known kind, or cut off")
    pairs = json.loads(content[8 : 8 + length], object_pairs_hook=list)
    entries = {name: dict(described) for name, described in pairs if name != "__metadata__"}
    for name, value in (pair for key, pairs_ in pairs if key == "__metadata__" for pair in pairs_):
        if name == "nonlinearity" and value.lower() != "relu":
            raise Unreadable(f"its nonlinearity is {value!r:.40}")
    spans = sorted(entry["data_offsets"] for entry in entries.values())
    ends = [0, *(end for _, end in spans)]
    if len({name for name, _ in pairs}) != len(pairs) or set(entries) != set(_NAMES):
        raise Unreadable(f"tensors {sorted(entries)!r:.200} are not {_NAMES}")
    if [start for start, _ in spans] != ends[:-1] or ends[-1] != len(content) - 8 - length:
        raise Unreadable("tensors leave gaps, overlap or are cut off")
    for name in _NAMES:
        entry, (start, end) = entries[name], entries[name]["data_offsets"]
        raw = content[8 + length + start : 8 + length + end]
        yield _matrix(raw, f"safetensors {entry['dtype']:.8}", "little", entry["shape"])


def _zip(content: bytes) -> Iterator[_Tensor]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise Unreadable("a member of the archive is there twice")

    def member(name: str, limit: int = _LIMIT) -> bytes:
        info = archive.getinfo(name)
        if info.file_size > limit or info.compress_type not in (0, 8):  # zipfile stops at file_size
            raise Unreadable(f"member {name!r:.80} is too large or oddly packed")
        return archive.read(info)

    pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
    if not pickles:
        markers = {"nonlinearity.npy"} & set(names)
        if set(names) - markers != {f"{name}.npy" for name in _NAMES}:
            raise Unreadable(f"members {names!r:.200} are not {_NAMES}")
        if markers and not _relu(member("nonlinearity.npy", 1024)):
            raise Unreadable("its nonlinearity is not relu")
        yield from (_npy(member(f"{name}.npy")) for name in _NAMES)
        return
    (top,) = (name.removesuffix("data.pkl") for name in pickles)
    if f"{top}constants.pkl" in names:
        raise Unreadable("a TorchScript program, not a state dict")
    order = _ORDERS[member(f"{top}byteorder", 16) if f"{top}byteorder" in names else b"little"]
    state = _unpickle(member(f"{top}data.pkl", _HEADER))
    marker = state.pop("nonlinearity", "relu")
    if marker.lower() != "relu" or set(state) != set(_NAMES):
        raise Unreadable(f"entries {sorted(state)!r:.200} are not {_NAMES}")
    for name in _NAMES:
        tag, ((_, kind, key, _, count), start, shape, strides) = state[name]
        if type(kind) is not _Name or type(key) is not str or tag != "tensor":
            raise Unreadable(f"{name} is not a tensor in a storage")
        raw = member(f"{top}data/{key}")
        yield _matrix(raw, kind, order, shape, count, start, strides)


def _npy(raw: bytes) -> _Tensor:
    if raw[:8] not in (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00"):
        raise Unreadable("not an npy member of version 1 or 2")
    begin = 10 if raw[6] == 1 else 12
    end = begin + int.from_bytes(raw[8:begin], "little")
    header = _NPY.fullmatch(raw[begin:end])
    if not header:
        raise Unreadable("an npy header is not that of a matrix of floats")
    rows, columns = int(header[4]), int(header[5])
    strides = (1, rows) if header[3] == b"True" else (columns, 1)
    code, order = f"npy {header[2].decode()}", _ORDERS[header[1]]
    return _matrix(raw[end:], code, order, (rows, columns), strides=strides)


def _relu(raw: bytes) -> bool:
    """Whether an npy member holds the string: after the header's newline, in UTF-32."""
    return raw.replace(b"\0", b"").lower().endswith(b"\nrelu")


class _Name(str):
    """What a pickle names ("module name"); nothing is imported for it."""


def _unpickle(program: bytes) -> dict[str, Any]:
    """The dict that a pickle describes; a tensor in it is ``("tensor", arguments)``."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    storages: dict[Any, tuple[Any, Any]] = {}
    mark = object()

    def pop(count: int) -> tuple[Any, ...]:
        if count > len(stack):
            raise Unreadable("a pickle takes more from its stack than there is")
        values = tuple(stack[len(stack) - count :])
        del stack[len(stack) - count :]
        return values

    def group() -> tuple[Any, ...]:
        values = []
        while (value := stack.pop()) is not mark:
            values.append(value)
        return tuple(reversed(values))

    for opcode, argument, _ in pickletools.genops(program):
        name, value = opcode.name, cast(Any, argument)
        if name in ("PROTO", "FRAME", "STOP"):
            continue
        if name in _LITERALS:
            stack.append(value)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "MARK":
            stack.append(mark)
        elif name == "TUPLE":
            stack.append(group())
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(pop(int(name[-1])))
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else value] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        elif name == "GLOBAL":
            stack.append(_Name(value))
        elif name == "STACK_GLOBAL":
            stack.append(_Name("{:.99} {:.99}".format(*pop(2))))
        elif name == "BINPERSID":
            tag, kind, key, _, count = stack[-1]
            if tag != "storage" or (type(kind), type(key), type(count)) != (_Name, str, int):
                raise Unreadable("a pickle refers to something that is no storage")
            if storages.setdefault(key, (kind, count)) != (kind, count):
                raise Unreadable("a storage is described in two ways")  # torch goes by the first
        elif name == "REDUCE":
            function, arguments = pop(2)
            if type(function) is not _Name or type(arguments) is not tuple:
                raise Unreadable("a pickle calls something that has no name")
            if function == "collections OrderedDict" and not arguments:
                stack.append({})
            elif function == "torch._utils _rebuild_tensor_v2":
                if len(arguments) != 6:  # a seventh can say that all numbers are negated
                    raise Unreadable("a tensor has metadata, which is not understood")
                stack.append(("tensor", arguments[:4]))
            elif function == "torch._utils _rebuild_parameter":
                stack.append(arguments[0])
            else:
                raise Unreadable(f"a pickle calls {function!r:.80}, not run")
        elif name in ("SETITEM", "SETITEMS"):
            items = pop(2) if name == "SETITEM" else group()
            for key, item in zip(items[::2], items[1::2], strict=True):
                if type(key) is not str or key in stack[-1]:
                    raise Unreadable("a dict has a key twice, or one that is no string")
                stack[-1][key] = item
        elif name == "BUILD":  # torch attaches versions to the dict: nothing about the weights
            pop(1)
            if type(stack[-1]) is not dict:  # what is attached to a tensor replaces its storage
                raise Unreadable("a pickle attaches something to what is no dict")
        else:
            raise Unreadable(f"a pickle uses {name}, which no state dict needs")
    (state,) = stack
    if type(state) is not dict:
        raise Unreadable("no dict of tensors")
    return state
