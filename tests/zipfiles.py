"""Zip files taken apart: every field of every header by itself, and together again."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
END64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR = struct.Struct("<4sIQI")


@dataclass
class Record:
    """A member: what its own header says, and what the directory says of it."""

    name: bytes
    data: bytes
    local: list[int]  # version, flags, method, time, date, crc, packed, size
    extra: bytes
    descriptor: bytes
    entry: list[int]  # made by, version, flags, method, time, date, crc, packed, size
    attributes: list[int]  # disk, internal, external
    listed: bytes = b""  # the name in the directory, if another
    central_extra: bytes = b""
    comment: bytes = b""
    before: bytes = b""
    offset: int = 0
    shift: int = 0
    is_stored: bool = True
    is_listed: bool = True


@dataclass
class Archive:
    """A zip file taken apart; ``write`` puts it together with all offsets right."""

    records: list[Record]
    has64: bool
    order: list[int] = field(default_factory=list)  # of the directory
    end: dict[int, int] = field(default_factory=dict)  # fields of the end that are not right
    end64: dict[int, int] = field(default_factory=dict)
    locator: dict[int, int] = field(default_factory=dict)
    comment: bytes = b""
    tail: bytes = b""
    between: bytes = b""  # before the directory

    def write(self) -> bytes:
        body = b""
        for record in self.records:
            if not record.is_stored:
                continue
            body += record.before
            record.offset = len(body)
            sizes = (len(record.name), len(record.extra))
            body += LOCAL.pack(b"PK\3\4", *record.local, *sizes) + record.name + record.extra
            body += record.data + record.descriptor
        body += self.between
        order = self.order or range(len(self.records))
        listed = [self.records[i] for i in order if self.records[i].is_listed]
        directory = b"".join(self._entry(record) for record in listed)
        start, count, size = len(body), len(listed), len(directory)
        body += directory
        if self.has64:
            fields = [b"PK\6\6", 44, 798, 45, 0, 0, count, count, size, start]
            body += END64.pack(*changed(fields, self.end64))
            body += LOCATOR.pack(*changed([b"PK\6\7", 0, start + size, 1], self.locator))
        fields = [b"PK\5\6", 0, 0, count, count, size, start, len(self.comment)]
        return body + END.pack(*changed(fields, self.end)) + self.comment + self.tail

    @staticmethod
    def _entry(record: Record) -> bytes:
        name = record.listed or record.name
        lengths = (len(name), len(record.central_extra), len(record.comment))
        place = (record.offset + record.shift) % 2**32
        packed = CENTRAL.pack(b"PK\1\2", *record.entry, *lengths, *record.attributes, place)
        return packed + name + record.central_extra + record.comment


def changed(fields: list[Any], changes: dict[int, int]) -> list[Any]:
    return [changes.get(i, value) for i, value in enumerate(fields)]


def take_apart(content: bytes) -> Archive:
    """An archive as torch or numpy writes it."""
    end = END.unpack(content[-END.size :])
    records = []
    place = end[6]
    for _ in range(end[4]):
        entry = CENTRAL.unpack_from(content, place)
        place += CENTRAL.size + entry[10]
        name = content[place - entry[10] : place]
        local = LOCAL.unpack_from(content, entry[16])
        start = entry[16] + LOCAL.size + local[9]
        data = start + local[10]
        after = data + entry[8]
        descriptor = content[after : after + 16] if local[2] & 8 else b""
        records.append(
            Record(
                name,
                content[data:after],
                list(local[1:9]),
                content[start:data],
                descriptor,
                list(entry[1:10]),
                [entry[13], entry[14], entry[15]],
            )
        )
    return Archive(records, has64=content[-42:-38] == b"PK\6\7")


def archive_size(archive: Archive) -> int:
    """Bytes of directory and ends."""
    start = END.unpack(archive.write()[-END.size :])
    return int(start[5]) + (76 if archive.has64 else 0)
