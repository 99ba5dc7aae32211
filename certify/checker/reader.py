"""The weights of a model as exact integers: the checker's own reader.

Reads what ``certify.reading`` reads (torch's zip layout, safetensors, npz; float16, bfloat16,
float32, float64), shares no code with it, and never turns a weight into a float. Each container is
read in the one way in which its own writer writes it. Everything else is :class:`Unreadable`.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from certify.checker.archive import LIMIT, members
from certify.checker.errors import Unreadable
from certify.checker.pickled import INERT, unpickle
from certify.checker.roles import Roles, find_roles
from certify.checker.tensors import FORMATS, Order, whole

_HEADER = 1 << 20  # bytes of a safetensors header
_OTHERS = {  # bytes of the numbers that safetensors knows beside floats
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3"), 1),
    **{f"{sign}{8 * size}": size for sign in "IU" for size in (2, 4, 8)},
}
_SIZE = rb"(?:0|[1-9]\d{0,8})"
_NPY = re.compile(
    rb"\{'descr': '([<>|])(\w{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \((|N,|N(?:, N)+)\), \} *\n".replace(b"N", _SIZE)
)
_TORCH = re.compile(  # its members, in this order; torch may compute from it where a storage lies
    r"data\.pkl,(\.format_version,)?(\.storage_alignment,)?(byteorder,)?"
    r"(data/(0|[1-9][0-9]{0,4}),)*version,(\.data/serialization_id,)?"
)
_CONTENTS = {
    "version": rb"[1-9]\n",
    "byteorder": rb"little|big",
    ".format_version": rb"1",
    ".data/serialization_id": rb"[0-9]{1,40}",
}
_DAMAGE = (
    *(zlib.error, struct.error, EOFError, ValueError, TypeError),
    *(LookupError, OverflowError, RuntimeError, MemoryError, AttributeError),
)
_ORDERS: dict[bytes, Order] = {b"little": "little", b"big": "big", b"<": "little", b">": "big"}

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Weights:
    """``w_ih`` (d), ``w_hh`` (d, d) and ``w_out`` (n, d) times ``2**shift``, all integers.

    ``assumed`` says what was assumed to find them in the file.
    """

    shift: int
    w_ih: tuple[int, ...]
    w_hh: Matrix
    w_out: Matrix
    sha256: str
    assumed: tuple[str, ...] = ()


def read_weights(path: Path | str) -> Weights:
    """The weights in a ``.pt``/``.pth``, ``.safetensors`` or ``.npz`` file.

    Raises:
        Unreadable: the file is not a model of the family, in one of these formats.
    """
    try:
        if not Path(path).is_file():
            raise Unreadable("no such file")
        with Path(path).open("rb") as stream:
            content = stream.read(LIMIT + 1)
        if len(content) > LIMIT:
            raise Unreadable(f"more than {LIMIT} bytes")
        return _weights(find_roles((_zip if content[:2] == b"PK" else _safetensors)(content)))
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}") from None
    except _DAMAGE as error:
        raise Unreadable(f"{path}: not a model ({type(error).__name__}: {error!s:.100})") from None


def _weights(roles: Roles) -> Weights:
    d, n = roles.matrices[0].shape[0], roles.matrices[2].shape[0]
    flat = [number for matrix in roles.matrices for number in matrix.numbers()]
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
        assumed=roles.assumed,
    )


def _safetensors(content: bytes) -> dict[str, Any]:
    (length,) = struct.unpack_from("<Q", content)
    if not 0 < length <= min(_HEADER, len(content) - 8) or content[8:9] != b"{":
        raise Unreadable("not a model file of a known kind, or cut off")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise Unreadable("a header has a key twice")
        return {name.encode().decode(): value for name, value in pairs}  # no half characters

    def natural(text: str) -> int:
        if not re.fullmatch("[0-9]{1,18}", text):
            raise Unreadable(f"a header has the number {text:.20}")
        return int(text)

    def refuse(text: str) -> NoReturn:
        raise Unreadable(f"a header has the number {text:.20}")

    header = json.loads(
        content[8 : 8 + length].decode(),
        object_pairs_hook=unique,
        parse_int=natural,
        parse_float=refuse,
        parse_constant=refuse,
    )
    metadata = header.pop("__metadata__", {})
    if not all(isinstance(text, str) and text.encode() is not None for text in metadata.values()):
        raise Unreadable("metadata is no text")
    entries: dict[str, Any] = {k: v for k, v in metadata.items() if k == "nonlinearity"}
    end = 0
    for name in sorted(header, key=lambda name: list(header[name]["data_offsets"])):
        entry = header[name]
        code, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if entry.keys() != {"dtype", "shape", "data_offsets"} or start != end or name in entries:
            raise Unreadable("a tensor is described in an unknown way, or they overlap")
        size = FORMATS.get(f"safetensors {code}", (_OTHERS.get(code, 0), 0))[0]
        raw = content[8 + length + start : 8 + length + stop]
        entries[name] = whole(f"safetensors {code}", size, shape, raw)
        end = stop
        if not size or stop - start != len(raw):
            raise Unreadable(f"a tensor of type {code!r:.20}, or one that is cut off")
    if end != len(content) - 8 - length:
        raise Unreadable("there is something after the tensors")
    return entries


def _zip(content: bytes) -> dict[str, Any]:
    archive = members(content)
    if archive and all(name.endswith(".npy") for name in archive):
        return {name.removesuffix(".npy"): _npy(raw) for name, raw in archive.items()}
    top = next(iter(archive)).split("/")[0] + "/"
    files = {name.removeprefix(top): raw for name, raw in archive.items() if name.startswith(top)}
    if len(files) != len(archive) or not _TORCH.fullmatch("".join(f"{name}," for name in files)):
        raise Unreadable(f"members {[*files]!r:.200}, not as torch writes them")
    for name, pattern in _CONTENTS.items():
        if name in files and not re.fullmatch(pattern, files[name]):
            raise Unreadable(f"a member {name!r} that torch would not write")
    order = _ORDERS[files.get("byteorder", b"little")]
    state, mentioned = unpickle(files["data.pkl"], files, order)
    storages = [name for name in files if name.startswith("data/")]
    described = [f"data/{key}" for key in mentioned]
    if ".format_version" not in files:
        storages, described = sorted(storages), sorted(described)
    if storages != described:  # torch may compute where a storage lies from the order of mention
        raise Unreadable("the storages are not those that the pickle describes, in order")
    if not isinstance(state, dict):
        raise Unreadable("no dict of tensors")
    return state


def _npy(raw: bytes) -> Any:
    """A tensor; the text of a lone string; INERT for other arrays."""
    if raw[:8] not in (b"\x93NUMPY\x01\x00", b"\x93NUMPY\x02\x00"):
        raise Unreadable("not an npy member of version 1 or 2")
    begin = 10 if raw[6] == 1 else 12
    end = begin + int.from_bytes(raw[8:begin], "little")
    header = _NPY.fullmatch(raw[begin:end])
    if not header:
        return INERT
    order, kind, fortran, axes = header.groups()
    shape = tuple(int(size) for size in axes.split(b",") if size.strip())
    if kind[:1] == b"U" and not shape:
        return raw[end:].decode("utf-32-be" if order == b">" else "utf-32-le").rstrip("\0")
    if f"npy {kind.decode()}" not in FORMATS:
        return INERT
    strides, step = [], 1
    for size in shape:
        strides.append(step)
        step *= size
    layout = {"order": _ORDERS[order], "strides": strides if fortran == b"True" else None}
    return whole(f"npy {kind.decode()}", int(kind[1:]), shape, raw[end:], **layout)
