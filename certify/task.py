"""The task: which position is right, what ties mean, and which inputs belong to it.

Everything else asks here. A network does not say what it was trained for: one for another task of
the same shapes (argmax, argmedian) is judged by the task it is read with, and every answer names
that task. Another task is another class with these methods, given to
:class:`certify.model.Network` as ``task``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Number = Fraction | int


class Pair(NamedTuple):
    """An ordered pair of positions: of the maximum, and of the second largest."""

    max: int
    second: int


@dataclass(frozen=True)
class SecondArgmax:
    """Point at the position of the second-largest input.

    The model points where the largest logit stands. A tie is never right: neither one between the
    inputs that decide which position is asked for, nor one for the largest logit.
    """

    name: str = "second-argmax"

    def target(self, x: Sequence[Number]) -> int | None:
        """The right position for the input ``x`` (n, at least 2), or None where the largest or
        the second largest is not unique.

        >>> SecondArgmax().target([3, 1, 2])
        2
        >>> SecondArgmax().target([3, 1, 1]) is None
        True
        """
        order = sorted(range(len(x)), key=lambda i: x[i], reverse=True)
        second = x[order[1]]
        tied = second == x[order[0]] or (len(x) > 2 and second == x[order[2]])
        return None if tied else order[1]

    def choice(self, logits: Sequence[Number]) -> int | None:
        """The position of the largest logit, or None where two are largest."""
        best = max(logits)
        return logits.index(best) if logits.count(best) == 1 else None

    def is_right(self, x: Sequence[Number], logits: Sequence[Number]) -> bool:
        """Whether the model that gives these logits on ``x`` points at the right position."""
        target = self.target(x)
        return target is not None and self.choice(logits) == target

    def targets(self, x: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The right positions for inputs ``x`` (N, n), and where there is none for a tie, (N,)."""
        values = np.asarray(x)
        order = np.argsort(values, axis=1)
        top = np.take_along_axis(values, order[:, -3:], axis=1)
        return order[:, -2], (np.diff(top, axis=1) == 0).any(axis=1)

    # The families of inputs that claims speak of, and the margins that they are about.

    def pairs(self, n: int) -> tuple[Pair, ...]:
        """All ``n (n - 1)`` pairs of positions, ordered by ``m``, then by ``s``."""
        return tuple(Pair(m, s) for m in range(n) for s in range(n) if m != s)

    def rivals(self, pair: Pair, n: int) -> tuple[int, ...]:
        """The ``n - 1`` positions that must lose against ``pair.second``, the right one."""
        return tuple(j for j in range(n) if j != pair.second)

    def impulses(self, pair: Pair, ratio: Fraction, n: int) -> list[Fraction]:
        """The input of length n with 1 at ``m``, the ratio at ``s`` and 0 elsewhere."""
        return [
            Fraction(1) if t == pair.max else ratio if t == pair.second else Fraction(0)
            for t in range(n)
        ]

    def noise_box(
        self, pair: Pair, lo: Fraction, hi: Fraction, noise: Fraction, n: int
    ) -> list[tuple[Fraction, Fraction]]:
        """The ends of each of the n inputs: 1 at ``m``, the ratios at ``s``, noise elsewhere."""
        ends = [(-noise, noise)] * n
        ends[pair.max], ends[pair.second] = (Fraction(1), Fraction(1)), (lo, hi)
        return ends


SECOND_ARGMAX = SecondArgmax()
