"""Entries by name out of the three containers, without running anything that they contain.

Each is read in the one way in which its own writer writes it, so that no other program can see
other weights in an accepted file. Sizes are checked before anything is inflated or allocated.

All functions raise :class:`ModelFileError` (without the file's name, which
:func:`certify.reading.weights.read_network` adds), or one of :data:`DAMAGE` on a damaged file.
"""

from __future__ import annotations

import io
import json
import struct
import tokenize
import zlib
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from certify.errors import ModelFileError
from certify.reading.archives import Record, directory, numpy_members, torch_members
from certify.reading.tensors import (
    ITEM_SIZE,
    MAX_HEADER,
    Entries,
    Tensor,
    as_floats,
    as_numbers,
    as_sizes,
    shown,
)
from certify.reading.torch_files import torch_entries

if TYPE_CHECKING:
    from certify.model import FloatArray

#: What the standard library and numpy raise on files that are not what they seem.
DAMAGE = (
    zlib.error,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    OverflowError,
    RuntimeError,  # includes RecursionError
    MemoryError,
    SyntaxError,
    tokenize.TokenError,  # numpy, of an npy header
)
_OLD_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def read_entries(content: bytes) -> Entries:
    """What the file with these bytes holds, by name."""
    if content.startswith(b"PK"):
        return _archive_entries(content, directory(content))
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


def _archive_entries(content: bytes, records: list[Record]) -> Entries:
    names = [record.name for record in records]
    pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) == 1:
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names or any(n.startswith(f"{folder}code/") for n in names):
            raise ModelFileError(
                "is a TorchScript program, expected a state dict: "
                "save it with torch.save(model.state_dict(), path)"
            )
        return torch_entries(torch_members(content, records))
    if names and all(name.endswith(".npy") for name in names):
        members = numpy_members(content, records)
        return {n.removesuffix(".npy"): _npy_entry(n, raw) for n, raw in members.items()}
    raise ModelFileError(
        "is a zip archive, but of neither torch (one FOLDER/data.pkl) nor numpy (.npy members)"
    )


def _npy_entry(name: str, raw: bytes) -> object:
    stream = io.BytesIO(raw)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ModelFileError(f"{shown(name)} has npy version {version}, expected 1.0 or 2.0")
    begin = stream.tell() + (2 if version == (1, 0) else 4)
    read = np.lib.format.read_array_header_1_0
    shape, fortran, dtype = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(
        stream
    )
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": fortran,
        "shape": shape,
    }
    written = "{" + "".join(f"{key!r}: {value!r}, " for key, value in header.items()) + "}"
    end = stream.tell()
    if raw[begin:end].decode("latin-1").rstrip(" \n") != written or raw[end - 1 : end] != b"\n":
        raise ModelFileError(f"{shown(name)} has a header that numpy would write otherwise")
    if dtype.kind not in "fU":
        return Tensor(dtype.name, shape, _no_load)
    if len(raw) - end != prod(shape) * dtype.itemsize:
        raise ModelFileError(f"{shown(name)} does not have the size of its shape {shape}")
    if dtype.kind == "U":
        return str(np.load(io.BytesIO(raw), allow_pickle=False)) if not shape else None
    return Tensor(
        dtype.name, shape, lambda: np.load(io.BytesIO(raw), allow_pickle=False).astype(np.float64)
    )


def _no_load() -> FloatArray:
    raise ModelFileError("holds an array of a type that is not read")


# -- safetensors ---------------------------------------------------------------------------------

_SAFETENSORS_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_OTHER_SIZES = dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3"), 1) | dict.fromkeys(
    ("I16", "U16"), 2
)
_OTHER_SIZES |= dict.fromkeys(("I32", "U32"), 4) | dict.fromkeys(("I64", "U64"), 8)


def _safetensors_entries(content: bytes) -> Entries:
    (length,) = struct.unpack_from("<Q", content)
    if length > min(MAX_HEADER, len(content) - 8):
        raise ModelFileError(f"has a header of {length} bytes by its first 8 bytes: cut off?")
    header = json.loads(
        content[8 : 8 + length].decode(),
        object_pairs_hook=_no_duplicates,
        parse_int=_natural,
        parse_float=_natural,
        parse_constant=_natural,
    )
    json.dumps(header, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    data = content[8 + length :]
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ModelFileError("has __metadata__ that is no text")
    entries: dict[str, object] = {}
    if "nonlinearity" in metadata:
        entries["nonlinearity"] = metadata["nonlinearity"]
    spans = []
    for name, described in header.items():
        if name == "nonlinearity":
            raise ModelFileError("has a tensor of the name 'nonlinearity'")
        tensor, span = _safetensor(name, described, data)
        entries[name] = tensor
        spans.append(span)
    ends = [0, *(end for _, end in sorted(spans))]
    if [start for start, _ in sorted(spans)] != ends[:-1] or ends[-1] != len(data):
        raise ModelFileError("its tensors do not fill the file without gap or overlap: cut off?")
    return entries


def _safetensor(name: str, described: Any, data: bytes) -> tuple[Tensor, tuple[int, ...]]:
    """A tensor, and where it begins and ends."""
    if not isinstance(described, dict) or described.keys() != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"{shown(name)} lacks dtype, shape or data_offsets")
    start, end = described["data_offsets"]
    shape = as_sizes(described["shape"], name)
    dtype = _SAFETENSORS_DTYPES.get(described["dtype"], str(described["dtype"])[:20])
    size = ITEM_SIZE.get(dtype) or _OTHER_SIZES.get(dtype)
    if size is None:
        raise ModelFileError(f"{shown(name)} has the unknown dtype {shown(dtype)}")
    if end - start != prod(shape) * size:
        raise ModelFileError(f"{shown(name)} does not have the size of its shape {shape}")
    raw = data[start:end]
    return Tensor(
        dtype, shape, lambda: as_floats(as_numbers(raw, dtype, "<")).reshape(shape)
    ), as_sizes([start, end], name)


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ModelFileError(f"its header has the number {text[:20]}, expected a size or an offset")
    return int(text)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ModelFileError("its header has an entry twice")
    return result
