"""Safetensors files changed in their header, and in where it and the data end."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any

PIECES = {  # of a header, and what may stand there instead
    '"shape"': ('"Shape"', '"shape", "x"', '"dtype"', '"shape": [1, 1], "shape"'),
    "[": ("[-", "[1.", "[ ", "[true,", "[0", "[1e0,", "[["),
    "{": ("{ ", "{\n", '{"__metadata__": {"a": "b"}, ', '{"__metadata__": {"a": 1}, ', "{,"),
    "F32": ("F16", "BF16", "I32", "f32", "F64", "X", "F8_E4M3"),
    "0": ("00", "-0", "0.0", "0e0", "1", "NaN", "1e400", "9" * 30),
    "]": ("]]", "], ", ", 1]", "] "),
    ": ": (":", ":\t", ": null, "),
    "rnn.": ("rnn.\\u0000", "\\ud800", "\\u0072nn.", "\u00fc", "\0", "linear."),
}


def mutate_safetensors(content: bytes, rng: Random) -> bytes:
    """One or two changes."""
    (length,) = struct.unpack_from("<Q", content)
    header, data = content[8 : 8 + length].decode(), content[8 + length :]
    for _ in range(rng.choice((1, 1, 2))):
        header = rng.choice([*in_text(header, rng), *in_structure(header, rng)])
    raw = header.encode("utf-8", "surrogatepass")
    size = max(len(raw) + rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 1, -1)), 0)
    data = rng.choice([*[data] * 8, data + b"\0", data[:-1]])
    return struct.pack("<Q", size) + raw + data


def in_text(header: str, rng: Random) -> list[str]:
    """The header with one piece of it replaced, or with something after it."""
    texts = [header + rng.choice((" ", "\n", "\0", "{}", "\t ")), header.replace(" ", "", 5)]
    for piece, others in PIECES.items():
        places = [i for i in range(len(header)) if header.startswith(piece, i)]
        if places:
            place = rng.choice(places)
            texts.append(header[:place] + rng.choice(others) + header[place + len(piece) :])
    return texts


def in_structure(header: str, rng: Random) -> list[str]:
    """The header with a tensor said twice, in another order, elsewhere, or of another shape."""
    texts = []
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        table: dict[str, Any] = json.loads(header)
        name = rng.choice(sorted(table))
        texts.append(header[:-1] + ", " + json.dumps({name: table[name]})[1:])
        texts.append(json.dumps(dict(rng.sample(list(table.items()), len(table)))))
        elsewhere = deepcopy(table)
        start, end = table[name]["data_offsets"]
        by = rng.choice((1, 4, -4))
        elsewhere[name]["data_offsets"] = rng.choice(
            ([start + by, end + by], [start, end + by], [end, start], [start, start], [start])
        )
        texts.append(json.dumps(elsewhere))
        shape = table[name]["shape"]
        reshaped = deepcopy(table)
        reshaped[name]["shape"] = rng.choice((shape[::-1], [], [*shape, 1], [2**40, 0]))
        texts.append(json.dumps(reshaped))
    return texts
