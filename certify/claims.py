"""What can be claimed: input families, ranges and the rule for ties.

Conventions of the whole package: positions count from 0; ``m`` is the position of the maximum,
``s`` that of the second largest; ``M > S`` are their values and ``r = S / M`` is the *ratio*;
a *pair* is an ordered ``(m, s)`` with ``m != s``; the *margin* over a rival ``j != s`` is
``logit[s] - logit[j]``. A model is right where every margin is positive: a tie is never right.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from certify.errors import UsageError

NOMINAL_RATIO = Fraction(4, 5)

MAX_CHARACTERS = 4000
"""Of a number on the command line: room for every exact end of an interval."""


class Pair(NamedTuple):
    """An ordered pair of positions: of the maximum, and of the second largest."""

    max: int
    second: int


class RatioRange(NamedTuple):
    """A closed range of ratios, ``0 < lo <= hi < 1``."""

    lo: Fraction
    hi: Fraction


def all_pairs(n: int) -> tuple[Pair, ...]:
    """All ``n (n - 1)`` pairs of positions, ordered by ``m``, then by ``s``."""
    return tuple(Pair(m, s) for m in range(n) for s in range(n) if m != s)


def rivals(pair: Pair, n: int) -> tuple[int, ...]:
    """The ``n - 1`` positions that must lose against ``pair.second``."""
    return tuple(j for j in range(n) if j != pair.second)


def impulses(pair: Pair, ratio: Fraction, n: int) -> list[Fraction]:
    """The input of length n with 1 at ``m``, the ratio at ``s`` and 0 elsewhere."""
    x = [Fraction(0)] * n
    x[pair.max], x[pair.second] = Fraction(1), ratio
    return x


def parse_rational(text: str, name: str) -> Fraction:
    """Read ``p/q`` or a decimal exactly.

    Raises:
        UsageError: the text is neither, or absurdly long.
    """
    shown = text if len(text) <= 40 else text[:37] + "..."
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{name} {shown} is longer than {MAX_CHARACTERS} characters")
    try:
        if "e" in text.lower():
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{name} {shown!r} is not a number like 4/5 or 0.8") from None


def parse_ratio_range(texts: Sequence[str]) -> RatioRange:
    """One ratio, or the two ends of a closed range.

    Raises:
        UsageError: not one or two numbers, or not ``0 < LO <= HI < 1``.
    """
    if len(texts) not in (1, 2):
        raise UsageError(f"--ratio takes one number or two (LO HI), got {len(texts)}")
    ends = [parse_rational(text, "ratio") for text in texts]
    lo, hi = ends[0], ends[-1]
    if not 0 < lo <= hi < 1:
        raise UsageError(f"--ratio needs 0 < LO <= HI < 1, got {' '.join(texts)}")
    return RatioRange(lo, hi)
