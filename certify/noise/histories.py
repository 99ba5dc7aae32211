"""Histories of the two largest inputs, as a complete cover of the noise box.

The network keeps track of the running maximum and the running second. While only noise has
arrived, where an input falls relative to those two decides what the network does with it, on
whatever scale; so the noise box is cut along this *history*: for each position before the first
impulse, in turn, whether the input

- ``n`` becomes the new maximum of 0 and what came before,
- ``b`` falls between the running second and the running maximum (both 0 at first), or
- ``d`` falls below the running second.

Before the first ``n`` maximum and second are both 0 and ``b`` does not occur, which leaves
``(3**f + 1) / 2`` histories of length f. A history may end early: any tree of words that is
closed under "extend by all choices" covers the box.

Within a history the values met are totally ordered, hence sums of non-negative increments, and
every input below is ``running second - gap``: an affine image of a box, with entries 0 and +-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from certify.claims import Pair, RatioRange
from certify.compiled import kernel
from certify.model import FloatArray

#: Box ends are multiples of 2**-GRID, so that float64 and integers agree on them.
GRID = 40
LETTERS = "nbd"
_NEW, _BETWEEN, _BELOW = 0, 1, 2


def floor_grid(value: Fraction) -> float:
    """The largest multiple of ``2**-GRID`` that is at most ``value``."""
    return float(Fraction(value * 2**GRID // 1, 2**GRID))


def ceil_grid(value: Fraction) -> float:
    """The least multiple of ``2**-GRID`` that is at least ``value``."""
    return -floor_grid(-value)


def choices(pair: Pair, history: str) -> str:
    """The letters that may follow ``history``; empty where it is complete.

    Postcondition: the sets of inputs of the extensions cover that of ``history``.
    """
    if len(history) >= min(pair):
        return ""
    return "nbd" if "n" in history else "nd"


@kernel
def fill_family(m, s, letters, length, r_lo, r_hi, noise, A, b, lo, hi):  # type: ignore[no-untyped-def]
    """Write the affine map and the box of a history; see :class:`Family`.

    ``letters`` (n,) are indices into ``LETTERS`` of which the first ``length`` count; ``A``
    (n, n - 1), ``b`` (n,), ``lo`` and ``hi`` (n - 1,) are overwritten.
    """
    n = len(b)
    A[:] = 0.0
    b[:] = 0.0
    lo[:] = -noise
    hi[:] = noise
    b[m] = 1.0
    for t in range(n):
        if t != m:
            A[t, t - (t > m)] = 1.0
    k = s - (s > m)
    lo[k] = r_lo
    hi[k] = r_hi
    chain = np.empty(n, dtype=np.int64)  # positions whose values are ordered, ascending
    size = 0
    for t in range(length):  # before the first impulse a position is its own column
        lo[t] = 0.0
        if letters[t] == _BELOW:
            A[t, t] = -1.0
            if size >= 2:
                hi[t] = 2.0 * noise
                for i in range(size - 1):
                    A[t, chain[i]] = 1.0
        else:
            place = size
            if letters[t] == _BETWEEN:
                place = size - 1
                chain[size] = chain[place]
            chain[place] = t
            size += 1
    for i in range(size):  # insertions are above the second, so the rows of gaps stay right
        for j in range(i):
            A[chain[i], chain[j]] = 1.0


@dataclass(frozen=True, eq=False)
class Family:
    """The inputs of one history: ``A y + b`` for y in a box.

    ``A`` (n, n - 1), ``b`` (n,); ``lo``, ``hi`` (n - 1,) the box of y, in position order without
    the maximum's. All ends are multiples of ``2**-GRID``, rounded outward.
    """

    A: FloatArray
    b: FloatArray
    lo: FloatArray
    hi: FloatArray


def family(n: int, pair: Pair, ratio: RatioRange, eps: Fraction, history: str) -> Family:
    """The inputs with ``x_m = 1``, ``x_s`` in the range, noise in ``[-eps, eps]`` and a history.

    Raises:
        ValueError: a word that is no history of this pair.
    """
    if any(letter not in choices(pair, history[:i]) for i, letter in enumerate(history)):
        raise ValueError(f"{history!r} is no history of the pair {tuple(pair)}")
    made = Family(np.empty((n, n - 1)), np.empty(n), np.empty(n - 1), np.empty(n - 1))
    letters = np.array([LETTERS.index(c) for c in history.ljust(n, "d")], dtype=np.int8)
    fill_family(
        pair.max, pair.second, letters, len(history), floor_grid(ratio.lo), ceil_grid(ratio.hi),
        ceil_grid(eps), made.A, made.b, made.lo, made.hi,
    )  # fmt: skip
    return made
