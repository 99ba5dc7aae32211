"""Exact runs of the network in integers, and the argument that joins two of them.

With ``K = 2**shift`` and an integer input ``x``, the state after step t times ``K**t`` is an
integer vector. A run at the ratio ``p/q`` takes ``x = (q at m, p at s)``: by positive homogeneity
that is the run at ``M = 1`` times q.

Linear pieces. Let a < b be two ratios. If at every step no pre-activation has strictly opposite
signs at a and at b, then all states are linear in ``(M, S)`` on [a, b]: by induction on the step
the pre-activation is linear there, with values of one weak sign at both ends, so between them
too, and its rectifier is itself or zero throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from certify.checker.errors import Rejected


class Weights(Protocol):
    """Integer weights times ``2**shift``, as :mod:`certify.checker.reader` gives them."""

    @property
    def shift(self) -> int: ...  # noqa: D102
    @property
    def w_ih(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def w_hh(self) -> Sequence[Sequence[int]]: ...  # noqa: D102
    @property
    def w_out(self) -> Sequence[Sequence[int]]: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Run:
    """One exact run, all integers.

    The true final state is ``state / (denominator * K**n)``, a true logit
    ``logit / (denominator * K**(n + 1))``, a pre-activation of step t
    ``before[t] / (denominator * K**(t + 1))``. The latter are large, so none is kept for long.
    """

    state: list[int]
    logits: list[int]
    denominator: int
    before: list[list[int]]

    def margin(self, s: int, j: int) -> Fraction:
        """``logit[s] - logit[j]`` times ``K**(n + 1)``."""
        return Fraction(self.logits[s] - self.logits[j], self.denominator)


def run(weights: Weights, x: Sequence[Fraction]) -> Run:
    """The exact run on the input ``x`` of length n."""
    denominator = 1
    for value in x:
        denominator *= Fraction(value * denominator).denominator
    state = [0] * len(weights.w_ih)
    before = []
    for t, value in enumerate(x):
        drive = int(value * denominator) << (weights.shift * t)
        on = [(i, h) for i, h in enumerate(state) if h]
        step = [
            w * drive + sum([row[i] * h for i, h in on])
            for w, row in zip(weights.w_ih, weights.w_hh, strict=True)
        ]
        before.append(step)
        state = [v if v > 0 else 0 for v in step]
    logits = [sum([w * h for w, h in zip(row, state, strict=True)]) for row in weights.w_out]
    return Run(state, logits, denominator, before)


def impulses(n: int, m: int, s: int, ratio: Fraction) -> list[Fraction]:
    """The input with 1 at m, the ratio at s, 0 elsewhere."""
    x = [Fraction(0)] * n
    x[m], x[s] = Fraction(1), ratio
    return x


def pattern_between(left: Run, right: Run, place: str) -> list[int]:
    """The activation pattern (a bit mask a step) of the linear piece between two runs.

    Raises:
        Rejected: some unit has strictly opposite signs at the ends.
    """
    pattern = []
    for t, (a, b) in enumerate(zip(left.before, right.before, strict=True)):
        mask = 0
        for unit, (u, v) in enumerate(zip(a, b, strict=True)):
            if (u < 0 < v) or (v < 0 < u):
                raise Rejected(f"{place}: unit {unit} changes sign at step {t} inside the piece")
            if u > 0 or v > 0:
                mask |= 1 << unit
        pattern.append(mask)
    return pattern
