"""Strict reading of a certificate: JSON without floats or duplicate keys, exact rationals.

Whatever is not exactly of the expected shape is refused, with the place where it stands.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from certify.checker.errors import Rejected, Unreadable

VERSION = 2
ANEW = {
    "accuracy": "certify accuracy MODEL",
    "circuit": "certify explain MODEL",
    "impulse": "certify MODEL",
    "noise": "certify MODEL --noise EPS",
}  # what writes a certificate of a kind that there was in version 1
MAX_BYTES = 1 << 28
MAX_JSON = 1 << 26
MAX_VALUES = 1 << 22  # once parsed, lists of nothing take twenty times as much as their text
MAX_DEPTH = 32
MAX_DIGITS = 4000  # of one integer; what Python itself converts without being asked is 4300
RATIONAL = re.compile(r"(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?", re.ASCII)
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error)
KEYS = {"format", "version", "kind", "library", "model", "settings", "claim", "evidence"}


@dataclass(frozen=True)
class Document:
    """A certificate as read: its kind, its JSON, and the binary evidence of a container."""

    kind: str
    body: dict[str, Any]
    evidence: bytes


def read_document(path: Path) -> Document:
    """Read a JSON certificate, or a zip container with ``certificate.json``, ``evidence.bin``.

    Raises:
        Unreadable: the file is not a certificate: empty, cut off, too large, not JSON.
    """
    try:
        if not path.is_file():  # a pipe or a device may never end
            raise Unreadable(f"{path}: no such file")
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(f"{path}: larger than {MAX_BYTES} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    evidence = b""
    if data[:2] == b"PK":
        data, evidence = _unpack(path, data)
    body = _parse(path, data)
    if body.get("format") != "certify-certificate":
        raise Unreadable(f'{path}: not a certificate: no "format": "certify-certificate"')
    kind = body.get("kind")
    if not isinstance(kind, str):
        raise Unreadable(f"{path}: no kind")
    version = body.get("version")
    if not same(version, VERSION):
        anew = f": make it anew with {ANEW[kind]}" if version == 1 and kind in ANEW else ""
        raise Unreadable(f"{path}: version {version!r:.40}, this checker knows {VERSION}{anew}")
    return Document(kind, body, evidence)


def _unpack(path: Path, data: bytes) -> tuple[bytes, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            names = sorted(container.namelist())
            if names != ["certificate.json", "evidence.bin"]:
                raise Unreadable(f"{path}: a container of {names[:4]!r:.200}, not of a certificate")
            members = []
            for name in names:
                if container.getinfo(name).compress_type not in (0, 8):
                    raise Unreadable(f"{path}: {name} is neither stored nor deflated")
                with container.open(name) as stream:
                    members.append(stream.read(MAX_BYTES + 1))
                if len(members[-1]) > MAX_BYTES:
                    raise Unreadable(f"{path}: {name} is larger than {MAX_BYTES} bytes")
    except (*_BROKEN, EOFError, ValueError, LookupError, RuntimeError, OSError) as error:
        raise Unreadable(f"{path}: a broken container: {error}") from None
    return members[0], members[1]


def _parse(path: Path, data: bytes) -> dict[str, Any]:
    def unique(items: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(items)
        if len(table) < len(items):
            raise ValueError("a key stands twice in one object")
        return table

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"{text[:20]} is not an integer")

    def integer(text: str) -> int:
        if len(text) > MAX_DIGITS:
            raise ValueError(f"an integer of {len(text)} digits")
        return int(text)

    if len(data) > MAX_JSON:
        raise Unreadable(f"{path}: JSON of more than {MAX_JSON} bytes")
    values = sum(map(data.count, (b",", b"[", b"{")))  # commas in strings too: those are few
    if values > MAX_VALUES:
        raise Unreadable(f"{path}: JSON of about {values} values, more than {MAX_VALUES}")
    try:
        body = json.loads(
            data.decode("ascii"),
            object_pairs_hook=unique,
            parse_float=refuse,
            parse_constant=refuse,
            parse_int=integer,
        )
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: not a certificate: {error}") from None
    if not isinstance(body, dict):
        raise Unreadable(f"{path}: not a certificate: no JSON object")
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH):  # so that what is read can be compared and shown
        inner = (v.values() if isinstance(v, dict) else v for v in level)
        level = [v for values in inner for v in values if isinstance(v, (dict, list))]
    if level:
        raise Unreadable(f"{path}: not a certificate: nested more than {MAX_DEPTH} deep")
    return body


def fields(value: Any, place: str, names: Iterable[str]) -> list[Any]:
    """The values of an object that has exactly these keys, in this order."""
    names = list(names)
    if not isinstance(value, dict):
        raise Rejected(f"{place}: expected an object")
    if set(value) != set(names):
        odd = sorted(set(value) ^ set(names))[0]
        raise Rejected(f"{place}: key {odd!r:.80} is {'unknown' if odd in value else 'missing'}")
    return [value[name] for name in names]


Pairs = list[tuple[int, int]]
SHOWN = 20  # pairs named in what is established; the certificate names all


def claimed(
    claim: Any, names: Iterable[str], n: int, place: str = "claim"
) -> tuple[list[Any], Pairs, str]:
    """The values of a claim about pairs (max, second), these pairs, and how to call them.

    They are all pairs, in order, or those that the key ``only`` lists: some but not all of them,
    in the same order. Such a claim is never worded as one about every pair.
    """
    everything = [(m, s) for m in range(n) for s in range(n) if m != s]
    if not isinstance(claim, dict) or "only" not in claim:
        return fields(claim, place, names), everything, f"{len(everything)} pairs"
    *values, only = fields(claim, place, [*names, "only"])
    only = items(only, f"{place}.only")
    found = [tuple(integer(v, f"{place}.only") for v in items(p, f"{place}.only", 2)) for p in only]
    known = set(found)
    pairs = [pair for pair in everything if pair in known]
    if found != pairs or not 0 < len(pairs) < len(everything):
        raise Rejected(f"{place}.only: expected some of the pairs but not all, each once, in order")
    more = ", ..." if len(pairs) > SHOWN else ""
    shown = ", ".join(str(pair) for pair in pairs[:SHOWN]) + more
    return values, pairs, f"{len(pairs)} chosen pairs out of {len(everything)}: {shown}"


def items(value: Any, place: str, length: int | None = None) -> list[Any]:
    """A list, of the given length."""
    if not isinstance(value, list) or length not in (None, len(value)):
        expected = "a list" if length is None else f"a list of {length}"
        raise Rejected(f"{place}: expected {expected}")
    return value


def rational(value: Any, place: str) -> Fraction:
    """A string ``p/q`` or ``p`` in lowest terms."""
    match = RATIONAL.fullmatch(value) if isinstance(value, str) else None
    if not match or any(len(part) > MAX_DIGITS for part in match.groups("1")):
        raise Rejected(f"{place}: {str(value)[:40]!r} is not a rational p/q")
    number = Fraction(int(match[1]), int(match[2] or 1))
    if str(number) != value:
        raise Rejected(f"{place}: {value[:40]!r} is not in lowest terms")
    return number


def rationals(value: Any, place: str, length: int | None = None) -> list[Fraction]:
    """A list of rationals."""
    return [rational(v, f"{place}[{i}]") for i, v in enumerate(items(value, place, length))]


def integer(value: Any, place: str) -> int:
    """A JSON integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Rejected(f"{place}: expected an integer")
    return value


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same JSON, at every depth: ``false`` is not 0, nor ``true`` 1."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def equal(claimed: Any, found: Any, place: str) -> None:
    """Demand that a claimed value, as JSON, is the one that was found."""
    if not same(claimed, found):
        raise Rejected(f"{place}: claimed {_short(claimed)}, found {_short(found)}")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
