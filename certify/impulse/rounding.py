"""How far the float32 program is from the exact network, whatever order it sums in.

*One neuron.* Let a neuron add N products that are not certainly zero (adding a zero is exact), its
positive ones at most ``P`` and its negative ones at least ``-Q`` in sum. In IEEE arithmetic to
nearest, each product is off by at most ``u = 2**-24`` of its size and by an underflow of
``2**-150`` (nothing where it is by M = 1), and each of the N - 1 additions by at most u times its
result before rounding, which is a sum over a subset: at most ``max(P, Q) / (1 - N u)`` in size.
The errors of additions add up as they are. So in any order, fused or not (then with fewer
roundings)::

    |computed - exact sum| <= (P + Q + (N - 1) max(P, Q)) u / (1 - N u) + N 2**-149

(Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., sections 3.1 and 4.2; the
addition of two floats never underflows). That nothing overflows is checked.

*Forward.* With ``H`` a bound of the exact state and ``E`` one of the distance between the states
of the two programs, the pre-activations differ by at most ``err = |W| E + delta``, where ``delta``
is the bound above for states up to ``H + E``. A unit whose exact pre-activation is at most -err is
off in both programs: exactly 0. One whose exact pre-activation is at least err is on in both. Of
any other, the rectifier does not stretch the difference.

*Adjoint.* Where the margin is less than four forward bounds, its error is bounded by
``sum |A_ti| delta_ti`` over steps and units instead: ``A`` is the derivative of the margin with
respect to pre-activation i of step t, with an unknown slope in [0, 1] for units that are neither
certainly on nor certainly off (:meth:`Program._adjoint`).

All bounds are integers scaled by ``2**160``, rounded outwards. :mod:`certify.checker.float32`
computes the same integers from the end points of the intervals alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import mul

from certify.claims import Pair, rivals
from certify.model import Network

SCALE = 160  #: bounds are integers times 2**-SCALE; below the 2**-150 of an underflow
SHARPEN = 4  #: the adjoint is computed where the margin is less than so many forward bounds
_INVERSE_U = 1 << 24  # 1 / u
_ONE = 1 << SCALE
_LARGEST = _ONE << 127  # safely below the largest float32


@dataclass(frozen=True)
class Run:
    """An exact run: per step, each pre-activation rounded down and up; the exact logits."""

    ratio: Fraction
    before: tuple[tuple[list[int], list[int]], ...]
    logits: list[Fraction]


@dataclass(frozen=True)
class Gap:
    """A rival on an interval: its smallest exact margin, and the bound of the error."""

    rival: int
    margin: Fraction
    error: Fraction

    @property
    def left(self) -> Fraction:
        """What the error leaves of the margin: the program is right where this is positive."""
        return self.margin - self.error


class MayOverflowError(Exception):
    """Some sum may leave the range of float32."""


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(map(mul, a, b))


@dataclass(frozen=True)
class Step:
    """One step of the forward analysis: per unit the bound of its own rounding error, and its
    slope: 0 (certainly off in both programs), 1 (certainly on) or None (unknown, in [0, 1]).
    """

    rounding: list[int]
    slopes: list[int | None]


@dataclass(frozen=True)
class _Row:
    """The weights of one neuron for the states and, last, for the input; sizes by sign."""

    positive: list[int]
    negative: list[int]
    absolute: list[int]  # for the states alone
    zeros: list[int]  # the places of zeros

    @classmethod
    def of(cls, weights: Sequence[int]) -> _Row:
        return cls(
            [max(v, 0) for v in weights],
            [max(-v, 0) for v in weights],
            [abs(v) for v in weights[:-1]],
            [i for i, v in enumerate(weights) if not v],
        )


@dataclass(frozen=True)
class Program:
    """The float32 program of a network, and bounds of its rounding errors."""

    network: Network

    @cached_property
    def _neurons(self) -> list[_Row]:
        rows = zip(self.network.w_hh, self.network.w_ih, strict=True)
        return [_Row.of((*row, w_x)) for row, w_x in rows]

    @cached_property
    def _readouts(self) -> list[_Row]:
        return [_Row.of((*row, 0)) for row in self.network.w_out]

    @cached_property
    def _columns(self) -> list[tuple[int, ...]]:
        return list(zip(*self.network.w_hh, strict=True))

    @cached_property
    def _abs_columns(self) -> list[tuple[int, ...]]:
        return [tuple(map(abs, column)) for column in self._columns]

    def run(self, pair: Pair, ratio: Fraction) -> Run:
        """The exact run with 1 at m and the ratio at s."""
        network, q = self.network, ratio.denominator
        state = [0] * network.hidden_size
        before = []
        for t in range(network.seq_len):
            x = q if t == pair.max else ratio.numerator if t == pair.second else 0
            drive = x << (network.shift * t)
            exact = [
                w * drive + _dot(row, state)
                for w, row in zip(network.w_ih, network.w_hh, strict=True)
            ]
            scale = network.shift * (t + 1)
            down = [((v << SCALE) // q) >> scale for v in exact]
            up = [-(((-v << SCALE) // q) >> scale) for v in exact]
            before.append((down, up))
            state = [max(v, 0) for v in exact]
        denominator = q << (network.shift * (network.seq_len + 1))
        logits = [Fraction(_dot(row, state), denominator) for row in network.w_out]
        return Run(ratio, tuple(before), logits)

    def closest(self, pair: Pair, a: Run, b: Run) -> Gap:
        """The rival that the error comes closest to, on an interval within a piece, a to b."""
        return min(self.gaps(pair, a, b), key=lambda gap: gap.left)

    def gaps(self, pair: Pair, a: Run, b: Run) -> list[Gap]:
        """Margin and error bound of every rival on an interval within a piece, a to b.

        Raises:
            MayOverflowError: some sum may leave the range of float32 numbers.
        """
        steps, distance, bound = self._forward(pair, a, b)
        readout = [self._rounding(row, [*bound, 0]) for row in self._readouts]
        own = self.network.w_out[pair.second]
        gaps = []
        for rival in rivals(pair, self.network.seq_len):
            margin = min(run.logits[pair.second] - run.logits[rival] for run in (a, b))
            weights = [v - w for v, w in zip(own, self.network.w_out[rival], strict=True)]
            rounding = readout[pair.second] + readout[rival]
            carried = self._unscaled(_dot([abs(v) for v in weights], distance))
            gap = Gap(rival, margin, Fraction(carried + rounding, _ONE))
            if gap.margin < SHARPEN * gap.error:
                sharper = self._adjoint(weights, steps) + rounding
                gap = Gap(rival, margin, Fraction(sharper, _ONE))
            gaps.append(gap)
        return gaps

    def _unscaled(self, product: int) -> int:
        """A bound times a weight, brought back to the scale of bounds, rounded up."""
        return -(-product >> self.network.shift)

    def _rounding(self, row: _Row, sizes: Sequence[int], *, unit_input: bool = False) -> int:
        """The rounding error of one neuron, for states and an input (last) of these ``sizes``.

        ``unit_input`` says that the input is 1, so that its product is exact.
        """
        positive, negative = _dot(row.positive, sizes), _dot(row.negative, sizes)
        terms = len(sizes) - sizes.count(0) - sum(sizes[i] > 0 for i in row.zeros)
        total, largest = positive + negative, max(positive, negative)
        if not total:
            return 0
        of_input = (row.positive[-1] + row.negative[-1]) * sizes[-1]
        rounded = terms - (unit_input and of_input > 0)
        products = total - unit_input * of_input
        relative = -(-(products + (terms - 1) * largest) // (_INVERSE_U - terms))
        error = self._unscaled(relative) + (rounded << (SCALE - 149))
        if self._unscaled(total) + error > _LARGEST:
            raise MayOverflowError
        return error

    def _forward(self, pair: Pair, a: Run, b: Run) -> tuple[list[Step], list[int], list[int]]:
        """Per step the rounding errors and slopes; for the final state the distance between the
        two programs and a bound of the computed state. All for S from ``a`` to ``b``.
        """
        network = self.network
        largest_s = -(-b.ratio.numerator * _ONE // b.ratio.denominator)
        distance = bound = [0] * network.hidden_size
        steps = []
        for t in range(min(pair), network.seq_len):
            x = _ONE if t == pair.max else largest_s if t == pair.second else 0
            rounding: list[int] = []
            slopes: list[int | None] = []
            distances, bounds = [], []
            (low_a, high_a), (low_b, high_b) = a.before[t], b.before[t]
            sizes = [*bound, x]
            for i, row in enumerate(self._neurons):
                own = self._rounding(row, sizes, unit_input=t == pair.max)
                error = self._unscaled(_dot(row.absolute, distance)) + own
                low, high = min(low_a[i], low_b[i]), max(high_a[i], high_b[i])
                rounding.append(own)
                if high + error <= 0:
                    slopes.append(0)
                    distances.append(0)
                    bounds.append(0)
                else:
                    slopes.append(1 if low >= error else None)
                    distances.append(error + min(high, 0))  # the exact unit is 0 if high < 0
                    bounds.append(high + error)
            steps.append(Step(rounding, slopes))
            distance, bound = distances, bounds
        return steps, distance, bound

    def _adjoint(self, weights: Sequence[int], steps: Sequence[Step]) -> int:
        """A bound of ``|weights . (computed - exact final state)|``, by the adjoint.

        ``middle[i] +- radius[i]`` encloses the derivative with respect to unit i, for all
        slopes in [0, 1] of the units whose slope is unknown.
        """
        shift = self.network.shift
        middle = [(v << SCALE) >> shift for v in weights]
        radius = [1] * len(middle)
        total = 0
        for step in reversed(steps):
            for i, slope in enumerate(step.slopes):
                if slope == 0:
                    middle[i] = radius[i] = 0
                elif slope is None:
                    low, high = min(middle[i] - radius[i], 0), max(middle[i] + radius[i], 0)
                    middle[i] = (low + high) // 2
                    radius[i] = high - middle[i]
            sizes = [abs(v) + r for v, r in zip(middle, radius, strict=True)]
            total += _dot(sizes, step.rounding)
            radius = [self._unscaled(_dot(column, radius)) + 1 for column in self._abs_columns]
            middle = [_dot(column, middle) >> shift for column in self._columns]
        return -(-total >> SCALE)
