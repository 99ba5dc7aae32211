"""The file of hypotheses: TOML, read exactly.

What stands in it is fixed (docs/hypotheses.md). Numbers are decimals, not floats; an unknown key,
a name twice or a value of another type is an error that names the entry. Expressions are texts
here: :mod:`certify.checker.grammar` reads them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from keyword import iskeyword
from pathlib import Path
from typing import Any

from certify.checker.grammar import RESERVED
from certify.claims import NOMINAL_RATIO, RatioRange, parse_rational
from certify.errors import UsageError

TOP = ("title", "model", "ratio", "pairs", "groups", "hypothesis")
KEYS = ("name", "says", "claim", "ratio", "pairs", "change", "over", "samples", "seed")
MAX_BYTES = 1 << 22
SAMPLES = 100_000
INPUTS = ("gaussian", "uniform")


@dataclass(frozen=True)
class Entry:
    """One hypothesis as it stands in the file, defaults filled in.

    ``pairs`` None means all pairs. ``over`` names random inputs, and then ``samples`` and
    ``seed`` count; None means the impulse family.
    """

    name: str
    says: str
    claim: str
    pairs: str | None
    ratio: RatioRange
    change: tuple[str, ...]
    over: str | None = None
    samples: int = SAMPLES
    seed: int = 0


@dataclass(frozen=True)
class Note:
    """A file of hypotheses. ``model`` is the beginning of the SHA-256 of the weights, or empty."""

    title: str
    model: str
    groups: Mapping[str, tuple[int, ...]]
    entries: tuple[Entry, ...]

    def demand_model(self, sha256: str) -> None:
        """Refuse another model than the one that the file names.

        Raises:
            UsageError: it is another one.
        """
        if not sha256.startswith(self.model):
            raise UsageError(
                f"the file is about the model {self.model[:16]}, this one has SHA-256 "
                f"{sha256[:16]}: expected the model that the file names"
            )


def read_note(path: Path) -> Note:
    """Read a file of hypotheses.

    Raises:
        UsageError: it cannot be read, is not TOML, or says something that means nothing; the
            message names the entry.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path}: larger than {MAX_BYTES} bytes, no file of hypotheses")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text at byte {error.start}") from None
    return parse_note(text, str(path))


def parse_note(text: str, source: str = "hypotheses") -> Note:
    """The same from text; ``source`` is what errors call it.

    Raises:
        UsageError: as above.
    """
    try:
        # A decimal stays text until it is read exactly.
        document = tomllib.loads(text, parse_float=_Decimal)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"{source}: not TOML: {error}") from None
    _known(document, TOP, source)
    title = _text(document, "title", source, "")
    model = _text(document, "model", source, "")
    if model and not re.fullmatch(r"[0-9a-f]{8,64}", model):
        raise UsageError(f"{source}, model: expected 8 to 64 digits 0-9a-f, got {model[:70]!r}")
    groups = _groups(document.get("groups", {}), source)
    ratio = _ratio(document["ratio"], source) if "ratio" in document else None
    default = ratio or RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
    pairs = _text(document, "pairs", source, None)
    listed = document.get("hypothesis", [])
    if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
        raise UsageError(f"{source}: expected entries [[hypothesis]]")
    if not listed:
        raise UsageError(f"{source}: no [[hypothesis]] in it, so there is nothing to decide")
    entries: list[Entry] = []
    for number, found in enumerate(listed, start=1):
        entry = _entry(found, f"{source}, hypothesis {number}", default, pairs)
        if any(entry.name == other.name for other in entries):
            raise UsageError(f"{source}, hypothesis {number}: the name {entry.name!r} stands twice")
        entries.append(entry)
    return Note(title or "", model or "", groups, tuple(entries))


class _Decimal(str):
    """A TOML float as it is written."""


def _entry(found: dict[str, Any], place: str, ratio: RatioRange, pairs: str | None) -> Entry:
    name = _text(found, "name", place)
    assert name is not None
    if not name.strip():
        raise UsageError(f"{place}, name: empty")
    place = f"{place} {name!r}"
    _known(found, KEYS, place)
    claim, says = _text(found, "claim", place), _text(found, "says", place, "")
    assert claim is not None
    assert says is not None
    over = _text(found, "over", place, None)
    if over is None:
        for key in ("samples", "seed"):
            if key in found:
                raise UsageError(f'{place}, {key}: goes with over = "gaussian" or "uniform"')
    else:
        if over not in INPUTS:
            raise UsageError(f"{place}, over: expected gaussian or uniform, got {over!r}")
        for key in ("ratio", "pairs"):
            if key in found:
                raise UsageError(f"{place}, {key}: a claim about random inputs has none")
    change = found.get("change", [])
    if not isinstance(change, list) or not all(_is_text(c) for c in change):
        raise UsageError(f'{place}, change: expected a list of texts, as ["W_hh[4, 2] = 0"]')
    return Entry(
        name,
        says,
        claim,
        _text(found, "pairs", place, pairs) if over is None else None,
        _ratio(found["ratio"], place) if "ratio" in found else ratio,
        tuple(change),
        over,
        _integer(found, "samples", place, SAMPLES, 2),
        _integer(found, "seed", place, 0, 0),
    )


def _known(table: dict[str, Any], keys: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in keys:
            raise UsageError(f"{place}: unknown key {key!r}; expected one of {', '.join(keys)}")


_MISSING = "\0"


def _text(
    table: dict[str, Any], key: str, place: str, default: str | None = _MISSING
) -> str | None:
    value = table.get(key, default)
    if value is _MISSING:
        raise UsageError(f"{place}: {key} is missing")
    if value is not default and not _is_text(value):
        raise UsageError(f"{place}, {key}: expected a text in quotes, got {_shown(value)}")
    kept = str(value or "").replace("\n", " ") if key not in ("name", "title") else value or ""
    if not kept.replace("\t", " ").isprintable():
        raise UsageError(f"{place}, {key}: expected printable characters, got {_shown(value)}")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, _Decimal)


def _integer(table: dict[str, Any], key: str, place: str, default: int, least: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(
            f"{place}, {key}: expected an integer of at least {least}, got {_shown(value)}"
        )
    return value


def _ratio(value: object, place: str) -> RatioRange:
    """One ratio, or the two ends of a closed range; numbers or texts."""
    listed = value if isinstance(value, list) else [value]
    if len(listed) not in (1, 2) or (isinstance(value, list) and len(listed) != 2):
        raise UsageError(f"{place}, ratio: expected one ratio or a range [LO, HI]")
    ends: list[Fraction] = []
    for end in listed:
        if isinstance(end, bool) or not isinstance(end, int | str):
            raise UsageError(f"{place}, ratio: expected a number, got {_shown(end)}")
        ends.append(parse_rational(str(end), f"{place}, ratio:"))
    if not 0 < ends[0] <= ends[-1] < 1:
        raise UsageError(f"{place}, ratio: expected 0 < LO <= HI < 1, got {_shown(value)}")
    return RatioRange(ends[0], ends[-1])


def _groups(value: object, source: str) -> dict[str, tuple[int, ...]]:
    if not isinstance(value, dict):
        raise UsageError(f"{source}: expected a table [groups]")
    found = {}
    for name, members in value.items():
        place = f"{source}, group {name!r}"
        if not (name.isascii() and name.isidentifier()) or name in RESERVED or iskeyword(name):
            raise UsageError(f"{place}: expected a name that has no other meaning in claims")
        if not isinstance(members, list) or not members:
            raise UsageError(f"{place}: expected a list of integers, got {_shown(members)}")
        for v in members:
            if not isinstance(v, int) or isinstance(v, bool) or v < 0:
                raise UsageError(f"{place}: expected integers from 0, got {_shown(v)}")
        if len(set(members)) < len(members):
            raise UsageError(f"{place}: a member stands twice")
        found[name] = tuple(members)
    return found


def _shown(value: object) -> str:
    text = repr(str(value) if isinstance(value, _Decimal) else value)
    return text if len(text) <= 60 else text[:57] + "..."
