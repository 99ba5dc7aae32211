"""The members of a zip archive, if it is laid out as torch's or numpy's own writer does it.

Two readers can see two things in one archive: it may have two directories, headers that contradict
the directory, data before or between its records, names that differ in case, attributes, comments.
So nothing is looked for. The directory at the end says how many members there are, their names and
sizes; from these the whole file is written anew as the writer would have written it, and what is
not equal to it, byte for byte, is refused. What is left to a file is what a writer is free in:
torch in its alignment, numpy in the time of day, the operating system and the compressed bytes.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from struct import Struct

from certify.errors import ModelFileError
from certify.reading.tensors import MAX_FILE, shown

_LOCAL = Struct("<4s5H3I2H")
_CENTRAL = Struct("<4s6H3I5H2I")
_END = Struct("<4s4H2IH")
_END64 = Struct("<4sQ2H2I4Q")
_LOCATOR = Struct("<4sIQI")
_UNKNOWN = 0xFFFFFFFF  # in place of a size: see the zip64 extra field
_OWNER_MAY_READ_AND_WRITE = 0o600 << 16


@dataclass(frozen=True)
class Record:
    """What the directory says of a member. None of it is believed before the layout is checked."""

    name: str
    system: int
    method: int
    time: tuple[int, int]
    packed: int
    size: int

    @property
    def encoded(self) -> bytes:
        """The name as it stands in the file."""
        return self.name.encode()

    @property
    def utf8(self) -> int:
        """The flag for a name that is not ASCII."""
        return 0 if self.name.isascii() else 1 << 11


def directory(content: bytes) -> list[Record]:
    """The records that the directory at the very end of the file lists.

    Raises:
        ModelFileError: there is none at the end, or a name stands in it twice or is no plain text.
    """
    end = _END.unpack_from(content, max(len(content) - _END.size, 0))
    if end[0] != b"PK\5\6":
        raise ModelFileError("is a zip archive that does not end with its directory: cut off?")
    records = []
    place = end[6]
    for _ in range(end[4]):
        fields = _CENTRAL.unpack_from(content, place)
        place += _CENTRAL.size
        name = content[place : place + fields[10]].decode()
        place += fields[10]
        if not name.isprintable() or "\\" in name:
            raise ModelFileError(f"member {shown(name)} of the archive has an unprintable name")
        records.append(
            Record(name, fields[1] >> 8, fields[4], (fields[5], fields[6]), fields[8], fields[9])
        )
    repeated = [name for name, count in Counter(r.name for r in records).items() if count > 1]
    if repeated:
        raise ModelFileError(f"member {shown(repeated[0])} of the archive is there twice")
    if sum(record.size for record in records) > MAX_FILE:
        raise ModelFileError(
            f"its members inflate to {sum(record.size for record in records)} bytes, "
            f"expected at most {MAX_FILE}"
        )
    return records


def torch_members(content: bytes, records: list[Record]) -> dict[str, bytes]:
    """The members of an archive that ``torch.save`` wrote, by name.

    Each is stored behind a header without sizes that is padded to a multiple of the alignment, and
    followed by its sizes, if it is not empty; a zip64 end of the directory is always there.
    """
    members: dict[str, bytes] = {}
    pads, starts, central = [], [], []
    place = 0
    for record in records:
        name = record.encoded
        header = place + _LOCAL.size + len(name)
        (pad,) = Struct("<H").unpack_from(content, header + 2)
        start = header + 4 + pad
        data = content[start : start + record.size]
        sizes = (zlib.crc32(data), len(data), len(data))
        flags = 0x808 if data else 0x800
        local = _LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, 0, 0, len(name), pad + 4) + name
        local += b"FB" + Struct("<H").pack(pad) + b"Z" * pad + data
        local += Struct("<4s3I").pack(b"PK\7\x08", *sizes) if data else b""
        _expect(content, place, local, record, "torch.save")
        entry = (b"PK\1\2", 0, 0, flags, 0, 0, 0, *sizes, len(name), 0, 0, 0, 0, 0, place)
        central.append(_CENTRAL.pack(*entry) + name)
        members[record.name] = data
        pads.append(pad)
        starts.append(start)
        place += len(local)
    entries = b"".join(central)
    count = len(records)
    end64 = (b"PK\6\6", 44, 798, 45, 0, 0, count, count, len(entries), place)
    end = _END64.pack(*end64) + _LOCATOR.pack(b"PK\6\7", 0, place + len(entries), 1)
    end += _END.pack(b"PK\5\6", 0, 0, count, count, len(entries), place, 0)
    _expect_end(content, place, entries + end, "torch.save")
    folder = records[0].name.split("/")[0]
    alignment = members.get(f"{folder}/.storage_alignment", b"64")
    if not alignment.isdigit() or alignment.startswith(b"0") or len(alignment) > 5:
        raise ModelFileError(f"its alignment is {alignment[:20]!r}, expected a number like 64")
    if any(start % int(alignment) for start in starts) or max(pads) >= int(alignment):
        raise ModelFileError(f"its members are not aligned to {int(alignment)} bytes")
    return members


def numpy_members(content: bytes, records: list[Record]) -> dict[str, bytes]:
    """The members of an archive that ``numpy.savez`` or ``savez_compressed`` wrote, by name."""
    members: dict[str, bytes] = {}
    central = []
    place = 0
    for record in records:
        name = record.encoded
        start = place + _LOCAL.size + len(name) + 20
        packed = content[start : start + record.packed]
        data = packed if record.method == 0 else _inflated(packed, record)
        members[record.name] = data
        about = (record.utf8, record.method, *record.time, zlib.crc32(data))
        local = _LOCAL.pack(b"PK\3\4", 45, *about, _UNKNOWN, _UNKNOWN, len(name), 20) + name
        local += Struct("<2H2Q").pack(1, 16, len(data), len(packed)) + packed
        _expect(content, place, local, record, "numpy.savez")
        entry = (b"PK\1\2", 45 | record.system << 8, 45, *about, len(packed), len(data), len(name))
        rest = (0, 0, 0, 0, _OWNER_MAY_READ_AND_WRITE, place)
        central.append(_CENTRAL.pack(*entry, *rest) + name)
        place += len(local)
    entries = b"".join(central)
    count = len(records)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(entries), place, 0)
    _expect_end(content, place, entries + end, "numpy.savez")
    return members


def _inflated(packed: bytes, record: Record) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    data = stream.decompress(packed, record.size + 1)  # one more, lest it say too little
    if record.method != 8 or not stream.eof or stream.unused_data or len(data) != record.size:
        raise ModelFileError(f"member {shown(record.name)} is damaged")
    return data


def _expect(content: bytes, place: int, written: bytes, record: Record, writer: str) -> None:
    if content[place : place + len(written)] != written:
        raise ModelFileError(
            f"member {shown(record.name)} is not laid out as {writer} lays it out (or damaged), "
            "so that programs could disagree about what it holds: load it and save it again"
        )


def _expect_end(content: bytes, place: int, written: bytes, writer: str) -> None:
    if content[place:] != written:
        raise ModelFileError(
            f"its directory is not laid out as {writer} lays it out (or damaged), "
            "so that programs could disagree about what it holds: load it and save it again"
        )
