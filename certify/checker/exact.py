"""The rule for boxes that are too thin for bounds: exact cells with multipliers.

Over a box of y every pre-activation is followed as an exact affine function of y. One that has
both signs on the box is cut: its cell ``on`` adds the constraint ``z >= 0``, ``off`` adds
``-z >= 0``. In a cell without open units every margin is affine, and it is positive on all inputs
of the claim there because the certificate gives multipliers ``l_c >= 0`` of the constraints
``c(y) >= 0`` such that ``margin - sum l_c c`` is positive on the whole box. A cell is empty if
``-sum l_c c`` is. Constraints are numbered: ``2 t`` and ``2 t + 1`` say that input t is at least
and at most what the claim says, ``2 n, 2 n + 1, ..`` are the cuts on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from certify.checker.document import fields, integer, items, rational
from certify.checker.errors import Rejected
from certify.checker.network import Weights

#: An affine function of y: the constant, then the coefficients.
Affine = tuple[Fraction, ...]
MAX_CELLS = 1 << 14


@dataclass
class Cells:
    """One thin box: ``inputs`` (n) are affine in y, ``ends`` (n) the claim's bounds of them, ``lo``
    and ``hi`` (k) the box of y; ``second`` is to win.
    """

    weights: Weights
    second: int
    inputs: Sequence[Affine]
    ends: Sequence[tuple[Fraction, Fraction]]
    lo: Sequence[Fraction]
    hi: Sequence[Fraction]
    visited: int = 0

    def check(self, evidence: Any, place: str) -> Fraction | None:
        """A positive lower bound of all margins; None if the box holds no input at all.

        Raises:
            Rejected: some cell is not closed.
        """
        constraints = []
        for x, (least, most) in zip(self.inputs, self.ends, strict=True):
            constraints += [(x[0] - least, *x[1:]), (most - x[0], *(-v for v in x[1:]))]
        return self._walk(evidence, place, constraints, [], [])

    def _walk(
        self,
        evidence: Any,
        place: str,
        constraints: list[Affine],
        states: list[list[Affine | None]],
        partial: list[Affine | None],
    ) -> Fraction | None:
        self.visited += 1
        if self.visited > MAX_CELLS or len(constraints) > 1000:
            raise Rejected(f"{place}: more than {MAX_CELLS} cells")
        if isinstance(evidence, dict) and "empty" in evidence:
            (multipliers,) = fields(evidence, place, ("empty",))
            nothing = (Fraction(0),) * len(constraints[0])
            if self._least(nothing, constraints, multipliers, place) <= 0:
                raise Rejected(f"{place}: the cell is not proved to be empty")
            return None
        states, partial = list(states), list(partial)
        n, d = len(self.inputs), len(self.weights.w_ih)
        while len(states) < n:
            t, i = len(states), len(partial)
            if i == d:
                states.append(partial)
                partial = []
                continue
            z = self.pre_activation(states, t, i)
            low, high = self.range(z)
            if low >= 0 or high <= 0:
                partial.append(z if low >= 0 else None)
                continue
            split, on, off = fields(evidence, place, ("split", "on", "off"))
            if [integer(v, place) for v in items(split, place, 2)] != [t, i]:
                raise Rejected(f"{place}: expected a cut at step {t}, unit {i}")
            minus = tuple(-v for v in z)
            found = [
                self._walk(part, place, [*constraints, more], states, [*partial, kept])
                for part, more, kept in ((on, z, z), (off, minus, None))
            ]
            bounds = [v for v in found if v is not None]
            return min(bounds) if bounds else None
        (rows,) = fields(evidence, place, ("rows",))
        margins = self.margins(states)
        values = [
            self._least(margin, constraints, multipliers, place)
            for margin, multipliers in zip(margins, items(rows, place, len(margins)), strict=True)
        ]
        if min(values) <= 0:
            raise Rejected(f"{place}: a margin is not proved to be positive")
        return min(values)

    def pre_activation(self, states: list[list[Affine | None]], t: int, i: int) -> Affine:
        """The pre-activation of unit i at step t, given the states before (None for zero)."""
        drive = self.weights.w_ih[i]
        total = [drive * v for v in self.inputs[t]]
        if t:
            for w, h in zip(self.weights.w_hh[i], states[-1], strict=True):
                if w and h is not None:
                    total = [a + w * v for a, v in zip(total, h, strict=True)]
        return tuple(v / (1 << self.weights.shift) for v in total)

    def margins(self, states: list[list[Affine | None]]) -> list[Affine]:
        """The margins over all rivals, in a cell."""
        found = []
        out = self.weights.w_out
        for j, row in enumerate(out):
            if j == self.second:
                continue
            total = [Fraction(0)] * len(self.inputs[0])
            for a, b, h in zip(out[self.second], row, states[-1], strict=True):
                if h is not None:
                    total = [v + (a - b) * c for v, c in zip(total, h, strict=True)]
            found.append(tuple(v / (1 << self.weights.shift) for v in total))
        return found

    def range(self, z: Affine) -> tuple[Fraction, Fraction]:
        """Least and greatest value on the box."""
        low = high = z[0]
        for c, lo, hi in zip(z[1:], self.lo, self.hi, strict=True):
            low += c * (lo if c > 0 else hi)
            high += c * (hi if c > 0 else lo)
        return low, high

    def _least(
        self, row: Affine, constraints: list[Affine], multipliers: Any, place: str
    ) -> Fraction:
        total = list(row)
        last = -1
        for entry in items(multipliers, place):
            number, text = items(entry, place, 2)
            factor = rational(text, place)
            # In order, hence once each: their sum takes no longer than they are many.
            if not last < integer(number, place) < len(constraints) or factor < 0:
                raise Rejected(f"{place}: {number} with factor {factor} is no multiplier")
            last = number
            total = [a - factor * c for a, c in zip(total, constraints[number], strict=True)]
        return self.range(tuple(total))[0]
