"""What can be claimed: pairs, ranges, and numbers as people write them.

Conventions of the whole package: positions count from 0; ``m`` is the position of the maximum,
``s`` that of the second largest; ``M > S`` are their values and ``r = S / M`` is the *ratio*;
a *pair* is an ordered ``(m, s)`` with ``m != s``; the *margin* over a rival ``j != s`` is
``logit[s] - logit[j]``. A model is right where every margin is positive: a tie is never right.
:mod:`certify.task` decides all of that; the functions here ask it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from numbers import Integral, Rational, Real
from typing import Literal, NamedTuple

from certify.errors import UsageError
from certify.task import SECOND_ARGMAX, Pair

__all__ = [
    "MAX_CHARACTERS",
    "NOMINAL_RATIO",
    "Exact",
    "Inputs",
    "Pair",
    "RatioRange",
    "all_pairs",
    "exact",
    "impulses",
    "parse_pairs",
    "parse_ratio_range",
    "parse_rational",
    "rivals",
]

NOMINAL_RATIO = Fraction(4, 5)

MAX_CHARACTERS = 4000
"""Of a number as text: room for every exact end of an interval."""

MAX_EXPONENT = 400
"""Of a number as text, in size: enough for every float64."""

Exact = str | int | float | Fraction | Decimal
"""A number as people write it: ``"4/5"``, ``"0.8"``, ``1``, ``Fraction(4, 5)``, or a float, which
is taken for exactly what it is (0.8 is a little more than 4/5)."""

Inputs = Literal["gaussian", "uniform"]
"""Of what random inputs: i.i.d. standard normal, or i.i.d. uniform on [0, 1]."""

all_pairs = SECOND_ARGMAX.pairs
rivals = SECOND_ARGMAX.rivals
impulses = SECOND_ARGMAX.impulses


class RatioRange(NamedTuple):
    """A closed range of ratios, ``0 < lo <= hi < 1``."""

    lo: Fraction
    hi: Fraction


def exact(value: Exact, name: str = "number") -> Fraction:
    """The exact value of a number as people write it; ``name`` is what messages call it.

    >>> exact("0.8"), exact("1e-3"), exact(0.5)
    (Fraction(4, 5), Fraction(1, 1000), Fraction(1, 2))

    Raises:
        UsageError: it is no number, or not finite.
    """
    if isinstance(value, str):
        return parse_rational(value, name)
    if isinstance(value, bool):
        pass
    elif isinstance(value, Integral | Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    elif isinstance(value, Decimal) and value.is_finite():
        return Fraction(value)
    elif isinstance(value, Real) and isfinite(value):
        return Fraction(float(value))
    raise UsageError(f"{name} is {value!r:.60}, expected a number such as '4/5' or 0.8")


def parse_rational(text: str, name: str) -> Fraction:
    """Read ``p/q`` or a decimal exactly.

    Raises:
        UsageError: the text is neither, or absurdly long.
    """
    shown = text if len(text) <= 40 else text[:37] + "..."
    if len(text) > MAX_CHARACTERS:
        raise UsageError(f"{name} {shown} is longer than {MAX_CHARACTERS} characters")
    exponent = re.search(r"[eE]([-+]?\d+)\s*$", text)
    if exponent and abs(int(exponent[1])) > MAX_EXPONENT:
        raise UsageError(f"{name} {shown} has an exponent beyond {MAX_EXPONENT}")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{name} {shown!r} is not a number like 4/5 or 0.8") from None


def parse_ratio_range(ratio: Exact | Sequence[Exact]) -> RatioRange:
    """One ratio, or the two ends of a closed range.

    >>> parse_ratio_range(("7/10", "9/10"))
    RatioRange(lo=Fraction(7, 10), hi=Fraction(9, 10))

    Raises:
        UsageError: not one or two numbers, or not ``0 < LO <= HI < 1``.
    """
    one = isinstance(ratio, str) or not isinstance(ratio, Iterable)
    given: list[Exact] = [ratio] if one else [*ratio]  # type: ignore[list-item, misc]
    if len(given) not in (1, 2):
        raise UsageError(f"ratio is one number or two (LO HI), got {len(given)}")
    ends = [exact(value, "ratio") for value in given]
    lo, hi = ends[0], ends[-1]
    if not 0 < lo <= hi < 1:
        shown = " ".join(map(str, given))
        raise UsageError(f"ratio needs 0 < LO <= HI < 1, got {shown:.80}")
    return RatioRange(lo, hi)


def parse_pairs(pairs: Iterable[Sequence[int]] | None, n: int) -> tuple[Pair, ...] | None:
    """Pairs of positions of n inputs, in order and each once; None (all of them) stays None.

    >>> parse_pairs([(2, 1), (0, 1)], 3)
    (Pair(max=0, second=1), Pair(max=2, second=1))

    Raises:
        UsageError: there is none, or one is not two different positions.
    """
    if pairs is None:
        return None
    found = set()
    for pair in pairs:
        try:
            made = Pair(*(int(position) for position in pair))
        except (TypeError, ValueError):
            raise UsageError(f"a pair is two positions (m, s), got {pair!r:.60}") from None
        if made.max == made.second or not all(0 <= position < n for position in made):
            raise UsageError(
                f"a pair is two different positions from 0 to {n - 1}, got {tuple(made)}"
            )
        found.add(made)
    if not found:
        raise UsageError("pairs is empty: leave it out for all pairs")
    chosen = tuple(sorted(found))
    return None if len(chosen) == n * (n - 1) else chosen
