"""The linear pieces of the impulse family, exactly.

Before its first impulse a state is zero, so pairs with the same distance have the same
*trajectory*, begun sooner or later: an impulse, and ``gap`` steps later another. It is followed
once. After k steps it is what the pair ends with whose first impulse comes k steps before the end.

With M at m, S = r M at s and zeros elsewhere, and ``K = 2**shift``: on a piece of ratios r the
state after k steps is ``(a M + b S) / K**k``, with integer vectors a and b. The next
pre-activations are linear there, too. Where one has strictly opposite signs at the ends, the piece
is cut at its root, a rational number. On each part every unit then has one weak sign, so its
rectifier is itself or zero: linear again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter, mul

from certify.checker.network import Run, Weights, impulses, run

BITS = 128


@dataclass(frozen=True)
class Piece:
    """The ratios from ``lo`` to ``hi``, and the state on them: ``a M + b S``, per unit."""

    lo: Fraction
    hi: Fraction
    a: list[int]
    b: list[int]


class Trajectory:
    """The pieces of [0, 1] after so many ``steps``, in order; they are those of the pair (m, s)
    whose first impulse comes so many steps before the end. ``forward``: the maximum comes first.
    """

    def __init__(self, weights: Weights, gap: int, *, forward: bool) -> None:
        self.weights, self.gap, self.forward, self.steps = weights, gap, forward, 0
        self.n = len(weights.w_out)
        zero = [0] * len(weights.w_ih)
        self.pieces = [Piece(Fraction(0), Fraction(1), zero, zero)]

    @property
    def m(self) -> int:
        """Where the maximum stands."""
        return self.n - self.steps + (0 if self.forward else self.gap)

    @property
    def s(self) -> int:
        """Where the second largest stands."""
        return self.n - self.steps + (self.gap if self.forward else 0)

    def advance(self, most: int) -> bool:
        """Take a step; False, and no more of it, once there are more than ``most`` pieces."""
        drive = int(self.steps in (0, self.gap)) << (self.weights.shift * self.steps)
        of_max = (self.steps == 0) == self.forward
        self.steps += 1
        left, self.pieces = self.pieces[::-1], []
        while left and len(self.pieces) + len(left) <= most:  # what is done with is forgotten
            self.pieces += self._step(left.pop(), drive, of_max)
        return not left and len(self.pieces) <= most

    def nodes(self, lo: Fraction, hi: Fraction) -> list[Fraction]:
        """The ratios in [lo, hi] where pieces meet, and both ends, in order."""
        inner = {piece.lo for piece in self.pieces if lo < piece.lo < hi}
        return sorted({lo, *inner, hi})

    def state(self, ratio: Fraction) -> list[int]:
        """The final state at a ratio for M = 1, times ``ratio.denominator * K**steps``."""
        piece = self.pieces[bisect_left(self.pieces, ratio, key=attrgetter("hi"))]
        p, q = ratio.numerator, ratio.denominator
        return [a * q + b * p for a, b in zip(piece.a, piece.b, strict=True)]

    def run(self, ratio: Fraction) -> Run:
        """The exact run of the pair at a ratio."""
        return run(self.weights, impulses(self.n, self.m, self.s, ratio))

    def _step(self, piece: Piece, drive: int, of_max: bool) -> Iterator[Piece]:
        on = [i for i, (a, b) in enumerate(zip(piece.a, piece.b, strict=True)) if a or b]
        on_a, on_b = [piece.a[i] for i in on], [piece.b[i] for i in on]
        all_a, all_b = [], []
        for w, row in zip(self.weights.w_ih, self.weights.w_hh, strict=True):
            seen = [row[i] for i in on]
            a, b = sum(map(mul, seen, on_a)), sum(map(mul, seen, on_b))
            all_a.append(a + w * drive if of_max else a)
            all_b.append(b if of_max else b + w * drive)
        return _cut(piece.lo, piece.hi, all_a, all_b)


def _cut(lo: Fraction, hi: Fraction, all_a: list[int], all_b: list[int]) -> Iterator[Piece]:
    """The parts of a piece with these pre-activations, rectified."""
    left, right = signs(all_a, all_b, lo), signs(all_a, all_b, hi)
    on = [u > 0 or (u == 0 and v > 0) for u, v in zip(left, right, strict=True)]
    roots: dict[Fraction, list[int]] = {}
    for i, (u, v) in enumerate(zip(left, right, strict=True)):
        if u * v < 0:
            roots.setdefault(Fraction(-all_a[i], all_b[i]), []).append(i)
    for start, end in pairwise([lo, *sorted(roots), hi]):
        for i in roots.get(start, ()):
            on[i] = not on[i]
        yield Piece(
            start,
            end,
            [a if u else 0 for a, u in zip(all_a, on, strict=True)],
            [b if u else 0 for b, u in zip(all_b, on, strict=True)],
        )


def signs(all_a: Sequence[int], all_b: Sequence[int], r: Fraction) -> list[int]:
    """The signs of ``a + b r``: -1, 0 or 1.

    ``r 2**BITS = near + t`` with ``0 <= t < 1``, so where ``a 2**BITS + b near`` is larger than b
    in size, it has the sign of ``a + b r``. The long product is left to the rest.
    """
    p, q = r.numerator, r.denominator
    near = (p << BITS) // q
    found = []
    for a, b in zip(all_a, all_b, strict=True):
        value = (a << BITS) + b * near
        if abs(value) <= abs(b):
            value = a * q + b * p
        found.append((value > 0) - (value < 0))
    return found
