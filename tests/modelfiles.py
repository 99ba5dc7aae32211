"""Model files made by hand, byte by byte, good ones and bad ones, for both readers."""

from __future__ import annotations

import io
import json
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.float64]]

IH, HH, OUT = NAMES = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight")
DTYPES = ("float16", "bfloat16", "float32", "float64")
TORCH = {
    "float16": "Half",
    "bfloat16": "BFloat16",
    "float32": "Float",
    "float64": "Double",
    "int64": "Long",
}
SAFETENSORS = {
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
}


def weights(d: int = 3, n: int = 4, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Random weights that every format holds exactly (7 significant bits)."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float64]:
        return rng.integers(-127, 128, shape).astype(np.float64) * np.exp2(
            rng.integers(-9, 3, shape)
        )

    return {IH: draw(d, 1), HH: draw(d, d), OUT: draw(n, d)}


def encode(array: NDArray[np.float64], dtype: str, order: str = "little") -> bytes:
    """The numbers in row-major order, in the given format."""
    sign = "<" if order == "little" else ">"
    if dtype == "bfloat16":
        bits = array.astype(np.float32).view(np.uint32) >> 16
        return bits.astype(f"{sign}u2").tobytes()
    return array.astype(np.dtype(dtype).newbyteorder(sign)).tobytes()  # type: ignore[arg-type]


# -- torch's zip layout --------------------------------------------------------------------------


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def tensor(
    key: str,
    dtype: str,
    shape: Sequence[int],
    strides: Sequence[int] | None = None,
    offset: int = 0,
    count: int | None = None,
    parameter: bool = False,
) -> bytes:
    """The pickle operations that build one tensor."""
    if strides is None:
        strides = [int(np.prod(shape[i + 1 :])) for i in range(len(shape))]
    if count is None:
        count = int(np.prod(shape))
    body = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(("
        + text("storage")
        + f"ctorch\n{TORCH[dtype]}Storage\n".encode()
        + text(key)
        + text("cpu")
        + number(count)
        + b"tQ"
        + number(offset)
        + b"("
        + b"".join(map(number, shape))
        + b"t("
        + b"".join(map(number, strides))
        + b"t\x89ccollections\nOrderedDict\n)RtR"
    )
    if parameter:
        body = (
            b"ctorch._utils\n_rebuild_parameter\n"
            + body
            + b"\x88ccollections\nOrderedDict\n)R\x87R"
        )
    return body


def state_dict(entries: Mapping[str, bytes]) -> bytes:
    """The pickle of an OrderedDict, with the metadata that torch attaches."""
    items = b"".join(text(name) + value for name, value in entries.items())
    metadata = b"}" + text("_metadata") + b"}sb"
    return b"\x80\x02ccollections\nOrderedDict\n)Rq\x00(" + items + b"u" + metadata + b"."


def torch_pack(members: Mapping[str, bytes], alignment: int = 64) -> bytes:
    """An archive as ``torch.save`` lays it out."""
    body, directory = b"", b""
    for name, data in members.items():
        place, plain = len(body), name.encode()
        pad = -(place + 34 + len(plain)) % alignment
        flags, sizes = 0x808 if data else 0x800, (zlib.crc32(data), len(data), len(data))
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 0, flags, *[0] * 6, len(plain), pad + 4)
        body += plain + b"FB" + struct.pack("<H", pad) + b"Z" * pad + data
        body += struct.pack("<4s3I", b"PK\7\x08", *sizes) if data else b""
        fields = (0, 0, flags, 0, 0, 0, *sizes, len(plain), 0, 0, 0, 0, 0, place)
        directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", *fields) + plain
    count, size, place = len(members), len(directory), len(body)
    end = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 798, 45, 0, 0, count, count, size, place)
    end += struct.pack("<4sIQI", b"PK\6\7", 0, place + size, 1)
    end += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, place, 0)
    return body + directory + end


def pack(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return stream.getvalue()


def torch_file(
    arrays: Arrays, dtype: str = "float32", order: str | None = "little", folder: str = "archive"
) -> bytes:
    entries = {name: tensor(str(i), dtype, a.shape) for i, (name, a) in enumerate(arrays.items())}
    members = {f"{folder}/data.pkl": state_dict(entries)}
    if order is not None:
        members[f"{folder}/byteorder"] = order.encode()
    for i, array in enumerate(arrays.values()):
        members[f"{folder}/data/{i}"] = encode(array, dtype, order or "little")
    members[f"{folder}/version"] = b"3\n"
    return torch_pack(members)


def torch_pickle(program: bytes, **members: bytes) -> bytes:
    """A torch file with this pickle; ``members`` are its storages by key."""
    data = {f"archive/data/{key.lstrip('s')}": raw for key, raw in members.items()}
    return torch_pack({"archive/data.pkl": program, **data, "archive/version": b"3\n"})


# -- safetensors and npz -------------------------------------------------------------------------


def safetensors_file(
    arrays: Arrays, dtype: str = "float32", metadata: dict[str, str] | None = None
) -> bytes:
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, array in arrays.items():
        raw = encode(array, dtype)
        header[name] = {
            "dtype": SAFETENSORS[dtype],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    return safetensors_raw(json.dumps(header).encode(), data)


def safetensors_raw(header: bytes, data: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def npz_file(arrays: Mapping[str, Any], dtype: str | None = "float32", order: str = "=") -> bytes:
    stream = io.BytesIO()
    cast = {
        name: a if dtype is None else a.astype(np.dtype(dtype).newbyteorder(order))  # type: ignore[arg-type]
        for name, a in arrays.items()
    }
    np.savez(stream, **cast)
    return stream.getvalue()


MAKERS: dict[str, Callable[..., bytes]] = {
    "pt": torch_file,
    "safetensors": safetensors_file,
    "npz": npz_file,
}


# -- bad files -----------------------------------------------------------------------------------


class Trap:
    """An object whose pickle, if it ran, would leave the marker file behind."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


def _nested_tuples() -> bytes:
    # 60 doublings: hashing, comparing or printing this takes for ever.
    doubling = b")q\x01" + b"h\x01h\x01\x86q\x01" * 60
    return b"\x80\x02}" + doubling + b"K\x01s."


def _as_key_of_storage() -> bytes:
    doubling = b")q\x01" + b"0h\x01h\x01\x86q\x01" * 60
    storage = (
        b"(" + text("storage") + b"ctorch\nFloatStorage\nh\x01" + text("cpu") + number(9) + b"tQ"
    )
    return b"\x80\x02" + doubling.replace(b"0", b"") + storage + b"."


def hostile(marker: Path) -> dict[str, bytes]:
    """Files that must end in an error within seconds, without running anything, by name."""
    good = weights()
    trap = pickle.dumps(Trap(marker), protocol=2)
    npz = npz_file(good)
    bomb = pack({"archive/data.pkl": b"\0" * (16 << 20)}, zipfile.ZIP_DEFLATED)
    many = {**good, HH: np.zeros((3, 3))}
    storage = {f"s{i}": encode(a, "float32") for i, a in enumerate(good.values())}
    plain = {name: tensor(str(i), "float32", a.shape) for i, (name, a) in enumerate(good.items())}
    lying = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        lying, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
    )
    objects = io.BytesIO()
    np.save(objects, np.array([[Trap(marker)]], dtype=object), allow_pickle=True)
    npy = {f"{name}.npy": zipfile.ZipFile(io.BytesIO(npz)).read(f"{name}.npy") for name in NAMES}
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, about just this
        for name in (*npy, f"{IH}.npy"):
            archive.writestr(name, npy[name])
    big_tensor = {**plain, HH: tensor("1", "float32", (1 << 30, 1 << 30), (0, 0), count=9)}
    return {
        "a pickled call": torch_pickle(trap),
        "a pickled call, bare": trap,
        "a pickled call as a value": torch_pickle(state_dict({IH: trap[2:-1]})),
        "os.system": torch_pickle(b"\x80\x02cos\nsystem\nX\x04\0\0\0true\x85R."),
        "stack_global": torch_pickle(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."),
        "inst": torch_pickle(b"\x80\x02(X\x04\0\0\0trueios\nsystem\n."),
        "obj": torch_pickle(b"\x80\x02(cos\nsystem\nX\x04\0\0\0trueo."),
        "newobj": torch_pickle(b"\x80\x02cos\nsystem\n)\x81."),
        "extension": torch_pickle(b"\x80\x02\x82\x01."),
        "memo bomb": torch_pickle(b"\x80\x02}r\xff\xff\xff\x7f."),
        "long bytes": torch_pickle(b"\x80\x05\x8e" + struct.pack("<Q", 1 << 62) + b"abc."),
        "bytearray": torch_pickle(b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"abc."),
        "long int": torch_pickle(b"\x80\x02\x8b" + struct.pack("<i", 1 << 30) + b"abc."),
        "decimal int": torch_pickle(b"\x80\x02I" + b"9" * 100_000 + b"\n."),
        "exponential key": torch_pickle(_nested_tuples()),
        "exponential storage": torch_pickle(_as_key_of_storage()),
        "deep tuple": torch_pickle(b"\x80\x02}" + b")" + b"\x85" * 90_000 + b"K\x01s."),
        "many marks": torch_pickle(b"\x80\x02" + b"(" * 90_000 + b"t" * 90_000 + b"."),
        "many constants": torch_pickle(b"\x80\x02" + b"N" * 40_000 + b"(t0" * 20_000 + b"."),
        "endless pickle": torch_pickle(b"\x80\x02" + b"N" * 1_000_000),
        "empty pickle": torch_pickle(b""),
        "pickle that stops at once": torch_pickle(b"\x80\x02."),
        "inflating pickle": bomb,
        "inflating npy": pack(
            {f"{name}.npy": b"\0" * (16 << 20) for name in NAMES}, zipfile.ZIP_DEFLATED
        ),
        "npy that lies about its shape": pack(dict.fromkeys(npy, lying.getvalue())),
        "npy of objects": pack({**npy, f"{HH}.npy": objects.getvalue()}),
        "npy with a header that is cut off inside": pack(
            {
                **npy,
                f"{HH}.npy": npy[f"{HH}.npy"].replace(b"True", b"(\0(").replace(b"False", b"(\0(("),
            }
        ),
        "npy cut off": pack({**npy, f"{HH}.npy": npy[f"{HH}.npy"][:-1]}),
        "lzma": pack(npy, zipfile.ZIP_LZMA),
        "member twice": twice.getvalue(),
        "huge shape": torch_pickle(state_dict(big_tensor), **storage),
        "view beyond storage": torch_pickle(
            state_dict({**plain, HH: tensor("1", "float32", (3, 3), (3, 1), 1, count=9)}),
            **storage,
        ),
        "negative stride": torch_pickle(
            state_dict({**plain, HH: tensor("1", "float32", (3, 3), (-1, 1), 8, count=9)}),
            **storage,
        ),
        "negative offset": torch_pickle(
            state_dict({**plain, HH: tensor("1", "float32", (3, 3), (3, 1), -1, count=9)}),
            **storage,
        ),
        "storage too small": torch_pickle(state_dict(plain), **{**storage, "s1": b"\0" * 35}),
        "storage missing": torch_pickle(state_dict(plain), s0=b""),
        "two pickles": pack({"a/data.pkl": b"", "b/data.pkl": b""}),
        "byte order": torch_pack(
            {
                "archive/data.pkl": state_dict(plain),
                "archive/byteorder": b"middle",
                **{f"archive/data/{key[1:]}": raw for key, raw in storage.items()},
                "archive/version": b"3\n",
            }
        ),
        "empty zip": pack({}),
        "deep JSON": safetensors_raw(b"{" + b'"a":{' * 50_000, b""),
        "long JSON integer": safetensors_raw(b'{"a":' + b"1" * 50_000 + b"}", b""),
        "header length": struct.pack("<Q", 1 << 63) + b"{}",
        "overlap": safetensors_raw(
            json.dumps(
                {
                    name: {"dtype": "F32", "shape": list(a.shape), "data_offsets": [0, 4 * a.size]}
                    for name, a in many.items()
                }
            ).encode(),
            encode(good[OUT], "float32"),
        ),
        "tail": safetensors_file(good) + b"\0",
        "empty": b"",
        "noise": bytes(range(256)) * 8,
        "too long": b"\0" * (65 << 20),
    }
