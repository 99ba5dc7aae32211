"""The members of a zip archive, if it is byte for byte what torch or numpy writes of them.

A zip file can be made to mean two things to two programs. Here it means what its writer meant or
it is refused: the names and sizes that the directory lists say what the writer wrote, and the file
must be just that. Free are torch's alignment, and numpy's clock, system and compressed bytes.
"""

from __future__ import annotations

import re
import zlib
from struct import Struct
from typing import NamedTuple

from certify.checker.errors import Unreadable

LIMIT = 64 << 20  # bytes of a file, and of all its members once inflated
_LOCAL, _ENTRY, _END = Struct("<4sHHHHHIIIHH"), Struct("<4sHHHHHHIIIHHHHHII"), Struct("<4sHHHHIIH")
_TORCH_END = Struct("<4sQHHIIQQQQ4sIQI")
_NAME = re.compile(rb"[^\x00-\x1f\x7f\\]+")


class _Listed(NamedTuple):
    """What the directory says of a member."""

    name: bytes
    system: int
    method: int
    clock: tuple[int, int]
    packed: int
    size: int


def members(content: bytes) -> dict[str, bytes]:
    """The members by name, inflated.

    Raises:
        Unreadable: the archive is laid out in any other way.
    """
    listed = _listed(content)
    if sum(member.size for member in listed) > LIMIT:
        raise Unreadable(f"members of more than {LIMIT} bytes")
    lay_out = _torch if content[4:6] == b"\0\0" else _numpy
    found: dict[str, bytes] = {}
    index = b""
    place = 0
    for member in listed:
        data, record, entry = lay_out(content, place, member)
        name = member.name.decode()
        if content[place : place + len(record)] != record or name in found:
            raise Unreadable(f"member {name!r:.80} is damaged, there twice, or oddly packed")
        found[name] = data
        index += entry
        place += len(record)
    count, size, end = len(listed), len(index), b""
    if lay_out is _torch:
        zip64 = (b"PK\6\6", 44, 798, 45, 0, 0, count, count, size, place)
        end = _TORCH_END.pack(*zip64, b"PK\6\7", 0, place + size, 1)
    end += _END.pack(b"PK\5\6", 0, 0, count, count, size, place, 0)
    if content[place:] != index + end:
        raise Unreadable("the directory of the archive is damaged or not as its writer writes it")
    if lay_out is _torch:
        _check_alignment(content, found)
    return found


def _listed(content: bytes) -> list[_Listed]:
    """What the directory lists, if there is one at the very end; all of it is compared later."""
    end = _END.unpack(content[-_END.size :])
    place, listed = end[6], []
    for _ in range(end[4]):
        entry = _ENTRY.unpack_from(content, place)
        place += _ENTRY.size + entry[10]
        name = content[place - entry[10] : place]
        if not _NAME.fullmatch(name):
            raise Unreadable(f"a member has the name {name!r:.80}")
        listed.append(_Listed(name, entry[1] >> 8, entry[4], entry[5:7], *entry[8:10]))
    return listed


def _torch(content: bytes, place: int, member: _Listed) -> tuple[bytes, bytes, bytes]:
    """Data, record and directory entry: stored, padded, followed by the sizes if not empty."""
    name, size = member.name, member.size
    (extra,) = Struct("<H").unpack_from(content, place + 28)
    start = place + _LOCAL.size + len(name) + extra
    data = content[start : start + size]
    sizes = (zlib.crc32(data), size, size)
    flags = 0x808 if size else 0x800
    record = _LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, 0, 0, len(name), extra) + name
    record += b"FB" + Struct("<H").pack(extra - 4) + b"Z" * (extra - 4) + data
    if size:
        record += b"PK\7\x08" + Struct("<III").pack(*sizes)
    entry = (b"PK\1\2", 0, 0, flags, 0, 0, 0, *sizes, len(name), 0, 0, 0, 0, 0, place)
    return data, record, _ENTRY.pack(*entry) + name


def _check_alignment(content: bytes, found: dict[str, bytes]) -> None:
    """Every member of torch begins at the next multiple of the alignment."""
    top = next(iter(found)).split("/")[0]
    stated = found.get(f"{top}/.storage_alignment", b"64")
    if not re.fullmatch(rb"[1-9][0-9]{0,4}", stated):
        raise Unreadable("the alignment of the archive is no number")
    alignment, place = int(stated), 0
    for name, data in found.items():
        start = place + _LOCAL.size + len(name.encode()) + 4
        start += -start % alignment
        if content[start : start + len(data)] != data:
            raise Unreadable(f"member {name!r:.80} is not aligned")
        place = start + len(data) + (16 if data else 0)
    if content[place : place + 4] != b"PK\1\2":
        raise Unreadable("the members of the archive are not aligned")


def _numpy(content: bytes, place: int, member: _Listed) -> tuple[bytes, bytes, bytes]:
    """Data, record and directory entry: sizes in 64 bits in the record, in 32 in the directory."""
    name, packed, size = member.name, member.packed, member.size
    start = place + _LOCAL.size + len(name) + 20
    data = raw = content[start : start + packed]
    if member.method:
        stream = zlib.decompressobj(-15)
        data = stream.decompress(raw, size + 1)  # one more: the directory may say too little
        if member.method != 8 or not stream.eof or stream.unused_data:
            raise Unreadable(f"member {name!r:.80} is damaged or oddly packed")
    if len(data) != size:
        raise Unreadable(f"member {name!r:.80} does not have its size")
    utf8 = 0 if name.isascii() else 0x800
    about = (utf8, member.method, *member.clock, zlib.crc32(data))
    record = _LOCAL.pack(b"PK\3\4", 45, *about, 2**32 - 1, 2**32 - 1, len(name), 20) + name
    record += Struct("<HHQQ").pack(1, 16, len(data), packed) + raw
    entry = (b"PK\1\2", member.system << 8 | 45, 45, *about, packed, size, len(name))
    attributes = 0o600 << 16  # its owner may read and write it
    return data, record, _ENTRY.pack(*entry, 0, 0, 0, 0, attributes, place) + name
