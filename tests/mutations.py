"""Archives changed in their structure, so that programs may disagree about them.

Every field of every header is changed by itself or together with all that depends on it, and what
comes out is still a zip file to many a program.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from random import Random

from tests.zipfiles import (
    END,
    LOCAL,
    Archive,
    Record,
    archive_size,
    take_apart,
)

Mutation = Callable[[Archive, Archive, Random], None]
MUTATIONS: list[Mutation] = []


def mutation(change: Mutation) -> Mutation:
    MUTATIONS.append(change)
    return change


def mutate(content: bytes, donor: bytes, rng: Random) -> bytes:
    """One to three changes of an archive's structure; ``donor`` is another with other weights."""
    while True:
        archive, other = take_apart(content), take_apart(donor)
        assert archive.write() == content
        with suppress(struct.error):  # a number that no field holds
            for change in rng.choices(MUTATIONS, k=rng.choice((1, 1, 1, 2, 3))):
                change(archive, other, rng)
            mutated = archive.write()
            return on_bytes(mutated, rng) if rng.random() < 0.1 else mutated


def on_bytes(content: bytes, rng: Random) -> bytes:
    """A few bytes changed, left out, put in, or said twice."""
    place, size = rng.randrange(len(content)), rng.choice((1, 1, 2, 4, 8, 64))
    piece = content[place : place + size]
    insert = rng.choice((rng.randbytes(len(piece)), b"", piece * 2, bytes(size), b"PK\5\6" + piece))
    return content[:place] + insert + content[place + size :]


def settle(record: Record, data: bytes) -> None:
    """Give a member other bytes, with all that its headers say of them."""
    record.data = data
    sizes = [zlib.crc32(data), len(data), len(data)]
    record.entry[6:9] = sizes
    if record.descriptor:
        record.descriptor = struct.pack("<4s3I", b"PK\7\x08", *sizes)
    elif record.extra[:2] == b"\1\0":
        record.extra = struct.pack("<2H2Q", 1, 16, len(data), len(data))
        record.local[5] = sizes[0]


def realign(archive: Archive, alignment: int = 64) -> None:
    """Pad as torch does."""
    place = 0
    for record in archive.records:
        pad = -(place + LOCAL.size + len(record.name) + 4) % alignment
        record.extra = b"FB" + struct.pack("<H", pad) + b"Z" * pad
        place += LOCAL.size + len(record.name) + len(record.extra)
        place += len(record.data) + len(record.descriptor)


# -- changes that leave a file that some writer could have written ---------------------------------


@mutation
def other_data(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    data = bytearray(record.data or b"?")
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    settle(record, bytes(data))
    if archive.has64:
        realign(archive)


@mutation
def other_small_member(archive: Archive, donor: Archive, rng: Random) -> None:
    small = [r for r in archive.records if len(r.data) < 50]
    if small:
        values = (b"big", b"little", b"1", b"0", b"3\n", b"10\n", b"64", b"8", b"007", b"\xff", b"")
        settle(rng.choice(small), rng.choice(values))
        realign(archive)


@mutation
def other_alignment(archive: Archive, donor: Archive, rng: Random) -> None:
    alignment = rng.choice((1, 2, 8, 32, 128, 4096))
    for record in archive.records:
        if record.name.endswith(b".storage_alignment") and rng.random() < 0.7:
            settle(record, str(alignment).encode())
    realign(archive, alignment)


@mutation
def data_of_another_file(archive: Archive, donor: Archive, rng: Random) -> None:
    pairs = list(zip(archive.records, donor.records, strict=False))
    mine, other = rng.choice(pairs)
    settle(mine, other.data)
    if archive.has64:
        realign(archive)


@mutation
def another_folder(archive: Archive, donor: Archive, rng: Random) -> None:
    top = rng.choice((b"a", b"A b", b"\xc3\xbc", b"..", b"", b"a/b", b"a\0b", b"\xff"))
    for record in archive.records:
        if rng.random() < 0.95:
            record.name = top + record.name[record.name.find(b"/") :]
    realign(archive)


# -- names -----------------------------------------------------------------------------------------


@mutation
def other_name(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    name = record.name
    odd = rng.choice(
        (
            name.upper(),
            name + b"\0",
            name + b"\0x",
            name + b" ",
            name.replace(b"/", b"\\"),
            name.replace(b"/", b"//"),
            b"/" + name,
            b"./" + name,
            name + b"/",
            rng.choice(archive.records).name,
            name.replace(b"a", b"\xc3\xa4"),
            name.rpartition(b"/")[0] + b"/constants.pkl",
            name.rpartition(b"/")[0] + b"/.data/version",
        )
    )
    where = rng.randrange(3)
    if where == 0:
        record.name = odd
    elif where == 1:
        record.listed = odd
    else:
        record.listed, record.name = record.name, odd
    if rng.random() < 0.5 and archive.has64:
        realign(archive)


@mutation
def twice(archive: Archive, donor: Archive, rng: Random) -> None:
    mine, other = rng.choice(list(zip(archive.records, donor.records, strict=False)))
    copy = deepcopy(rng.choice((mine, other)))
    if rng.random() < 0.3:
        copy.name = rng.choice((copy.name.upper(), copy.name + b"\0", copy.name + b"2"))
    copy.is_listed = rng.random() < 0.8
    archive.records.insert(rng.randint(0, len(archive.records)), copy)
    if rng.random() < 0.5 and archive.has64:
        realign(archive)


@mutation
def hidden(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    if rng.random() < 0.5:
        record.is_listed = False
    else:
        record.is_stored = False


@mutation
def reordered(archive: Archive, donor: Archive, rng: Random) -> None:
    if rng.random() < 0.5:
        archive.order = rng.sample(range(len(archive.records)), len(archive.records))
    else:
        rng.shuffle(archive.records)
        if archive.has64:
            realign(archive)


# -- fields of headers -----------------------------------------------------------------------------


@mutation
def field_of_a_header(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    fields = rng.choice((record.local, record.entry))
    at = rng.randrange(len(fields))
    wide = at >= len(fields) - 3
    values = (0, 1, fields[at] ^ 1, fields[at] ^ 8, fields[at] ^ 0x800, 8, 20, 45, 0x031E)
    fields[at] = rng.choice((*values, 2**32 - 1, fields[at] + 1) if wide else values) % (
        2**32 if wide else 2**16
    )


@mutation
def attributes(archive: Archive, donor: Archive, rng: Random) -> None:
    many = archive.records if rng.random() < 0.3 else [rng.choice(archive.records)]
    at, value = rng.choice(((0, 1), (1, 1), (2, 16), (2, 0o40755 << 16), (2, 0o120777 << 16)))
    for record in many:
        record.attributes[at] ^= value
        if rng.random() < 0.3:
            record.entry[0] ^= rng.choice((3 << 8, 10 << 8, 20))


@mutation
def deflated(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    stream = zlib.compressobj(rng.choice((0, 9)), zlib.DEFLATED, -15)
    packed = stream.compress(record.data) + stream.flush()
    if rng.random() < 0.3:
        packed += rng.randbytes(3)
    record.entry[3], record.entry[7] = 8, len(packed)
    record.data = packed
    if rng.random() < 0.8:
        record.local[2] = 8
    if record.descriptor:
        record.descriptor = struct.pack("<4s3I", b"PK\7\x08", *record.entry[6:9])
    if record.extra[:2] == b"\1\0":
        record.extra = struct.pack("<2H2Q", 1, 16, record.entry[8], len(packed))
    if rng.random() < 0.5 and archive.has64:
        realign(archive)


@mutation
def sizes(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    by = rng.choice((1, -1, 4, 16, 64, -8, 1 << 20))
    for at in rng.choice(((7,), (8,), (7, 8))):
        record.entry[at] = max(0, record.entry[at] + by)
    if rng.random() < 0.5:
        record.descriptor = record.descriptor[:4] + struct.pack("<3I", *record.entry[6:9])


@mutation
def checksum(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    for fields, at in ((record.entry, 6), (record.local, 5)):
        if rng.random() < 0.5:
            fields[at] = rng.choice((0, fields[at] ^ 1, zlib.crc32(record.data)))


@mutation
def descriptor(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    crc, packed, size = record.entry[6:9]
    record.descriptor = rng.choice(
        (
            b"",
            struct.pack("<3I", crc, packed, size),
            struct.pack("<4sI2Q", b"PK\7\x08", crc, packed, size),
            struct.pack("<4s3I", b"PK\7\x08", crc ^ 1, packed, size),
            struct.pack("<4s3I", b"PK\7\x08", crc, packed, size),
            rng.randbytes(16),
        )
    )


@mutation
def extra(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    size = rng.choice((len(record.extra), len(record.extra), 0, 4, 20, 64))
    zip64 = struct.pack("<2H2Q", 1, 16, len(record.data), len(record.data))
    record.extra = rng.choice(
        (
            record.extra.replace(b"Z", rng.randbytes(1)),
            record.extra.replace(b"FB", b"up"),
            b"FB" + struct.pack("<H", max(size - 4, 0)) + b"Z" * max(size - 4, 0),
            zip64,
            zip64 + record.extra,
            record.extra + zip64,
            record.extra + b"FB\0\0",
            b"\x75\x70\x0b\0\1" + bytes(10),
        )
    )


@mutation
def zip64(archive: Archive, donor: Archive, rng: Random) -> None:
    record, other = rng.choice(archive.records), rng.choice(archive.records)
    archive.write()
    which = rng.randrange(3)
    if which == 0:  # the place
        place = rng.choice((record.offset, other.offset))
        record.central_extra = struct.pack("<2HQ", 1, 8, place)
        record.shift = 2**32 - 1 - record.offset
    elif which == 1:  # the sizes
        sizes = (rng.choice((record, other)).entry[8], rng.choice((record, other)).entry[7])
        record.central_extra = struct.pack("<2H2Q", 1, 16, *sizes)
        record.entry[7] = record.entry[8] = 2**32 - 1
    else:  # for nothing
        record.central_extra = struct.pack("<2H3Q", 1, 24, 1, 1, other.offset)


@mutation
def comments(archive: Archive, donor: Archive, rng: Random) -> None:
    record = rng.choice(archive.records)
    which = rng.randrange(3)
    if which == 0:
        record.comment = rng.choice((b"x", b"PK\1\2", b"PK\5\6" + bytes(18)))
    elif which == 1:
        archive.comment = rng.choice((b"x", b"PK\5\6" + bytes(18), donor.write()[-98:]))
    else:
        record.central_extra = b"FB\2\0ZZ"


# -- places ----------------------------------------------------------------------------------------


@mutation
def gap(archive: Archive, donor: Archive, rng: Random) -> None:
    filling = rng.choice((bytes(64), b"Z" * 64, b"x", donor.write(), b"PK\3\4"))
    which = rng.randrange(4)
    if which == 0:
        archive.records[0].before = filling
    elif which == 1:
        rng.choice(archive.records).before = filling
    elif which == 2:
        archive.between = filling
    else:
        archive.tail = rng.choice((b"\0", b"\n", filling, donor.write()))


@mutation
def overlapping(archive: Archive, donor: Archive, rng: Random) -> None:
    archive.write()
    record, other = rng.choice(archive.records), rng.choice(archive.records)
    record.shift = rng.choice((other.offset - record.offset, 1, -1, 4, len(archive.between)))


@mutation
def two_directories(archive: Archive, donor: Archive, rng: Random) -> None:
    mine, other = archive.write(), donor.write()
    place = len(mine) - len(archive.comment) - END.size
    which = rng.randrange(3)
    if which == 0:  # the other file stands before this one, whole
        archive.records[0].before = other
        if rng.random() < 0.5:
            for record in archive.records:
                record.shift = -len(other)
    elif which == 1:  # its members and its directory stand before the directory of this one
        archive.between = other
        start = END.unpack(other[-END.size :])
        archive.end64 = {8: start[5], 9: place - archive_size(archive) + start[6]}
        if rng.random() < 0.5:
            archive.end = {5: start[5], 6: len(mine)}
    else:  # the locator points to another end
        archive.between = other[-98:]
        archive.locator = {2: rng.choice((0, len(mine) - 98, place))}


@mutation
def ends(archive: Archive, donor: Archive, rng: Random) -> None:
    which = rng.randrange(4)
    value = rng.choice((0, 1, 2, len(archive.records) - 1, 2**16 - 1))
    if which == 0:
        archive.end[rng.randint(1, 6)] = value
    elif which == 1:
        archive.end64[rng.randint(1, 9)] = value
    elif which == 2:
        archive.locator[rng.randint(1, 3)] = value
    else:
        archive.has64 = not archive.has64
