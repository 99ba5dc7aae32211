"""The rule for the ``float32`` section of an impulse certificate.

The float32 program gets the same inputs as the exact network: 1 at m, a float32 number S at s, 0
elsewhere. For the ratios [lo, hi], S is any float32 number from the one nearest to lo to the one
nearest to hi. The evidence is, per pair, a list of points that cut these inputs into intervals.
Within each no unit of the exact network changes sign, so that pre-activations and margins are
linear. Everything else is found anew, for any order of summation, fused or not.

One neuron adds N products that may be nonzero, positive ones of at most P and negative ones of at
most Q in sum. With ``u = 2**-24`` each product is off by at most u of its size and an underflow
of ``2**-150`` (a product with the input 1 is exact), each of N - 1 additions by at most u of the
sum of a subset, computed, which is at most ``max(P, Q) / (1 - N u)``. In all at most::

    (P + Q + (N - 1) max(P, Q)) u / (1 - N u) + N 2**-149

Errors are carried on in two ways: forward, unit by unit, and, where that takes more than a
quarter of a margin, by the derivative of the margin with respect to every pre-activation, with an
unknown slope in [0, 1] for units that may be on in one program alone.

Bounds are integers times ``2**-160``, rounded outwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from operator import mul
from typing import Any, NamedTuple

from certify.checker.document import equal, fields, integer, items, rationals
from certify.checker.errors import Rejected
from certify.checker.network import Run, Weights, pattern_between
from certify.checker.pieces import Trajectory
from certify.checker.work import products, weight_bits

BITS = 160
MOST = 1 << (BITS + 127)  # safely below the largest float32
KEYS = ("max", "second", "verdict", "reason", "rival", "margin", "error_bound", "points")

Row = Sequence[int]


class Float32Section:
    """The section ``float32`` of a certificate for the ratios [lo, hi], checked pair by pair."""

    def __init__(
        self,
        weights: Weights,
        lo: Fraction,
        hi: Fraction,
        section: Any,
        pairs: Sequence[tuple[int, int]],
    ) -> None:
        self.verdict, inputs, entries = fields(section, "float32", ("verdict", "inputs", "pairs"))
        self.ends = [_nearest(lo), _nearest(hi)]
        equal(inputs, [str(v) for v in self.ends], "float32.inputs")
        rows = (weights.w_ih, *weights.w_hh, *weights.w_out)
        self.sound = all(_is_float32(v, weights.shift) for row in rows for v in row)
        self.program = _Program(weights)
        self.entries = items(entries, "float32.pairs", len(pairs))
        self.proved = 0

    def check(self, index: int, line: Trajectory) -> None:
        """Check the entry of one pair."""
        place = f"float32.pairs[{index}]"
        values = dict(zip(KEYS, fields(self.entries[index], place, KEYS), strict=True))
        equal([values["max"], values["second"]], [line.m, line.s], place)
        if values["verdict"] == "unknown":
            equal([values[key] for key in KEYS[4:]], [None, None, None, []], place)
            if not isinstance(values["reason"], str) or not values["reason"]:
                raise Rejected(f"{place}.reason: expected why it is unknown")
            return
        equal(values["verdict"], "proved", f"{place}.verdict")
        equal(values["reason"], None, f"{place}.reason")
        if not self.sound or not 0 < self.ends[0] <= self.ends[1] < 1:
            raise Rejected(f"{place}.verdict: a weight is no float32 number, or S becomes 0 or 1")
        points = rationals(values["points"], f"{place}.points")
        found = _follow(self.program, line, points, self.ends, place)
        equal(integer(values["rival"], f"{place}.rival"), found.rival, f"{place}.rival")
        equal(values["margin"], str(found.margin), f"{place}.margin")
        equal(values["error_bound"], str(found.error), f"{place}.error_bound")
        self.proved += 1

    def close(self) -> str:
        """Check the verdict once all pairs are checked; returns what the section establishes."""
        count = len(self.entries)
        equal(self.verdict, "proved" if self.proved == count else "unknown", "float32.verdict")
        return (
            f"float32: the program picks s too for {self.proved} of {count} pairs, M = 1 and every "
            f"float32 S from {float(self.ends[0]):.9g} to {float(self.ends[1]):.9g}, whatever "
            "order it sums in"
        )


def gap_steps(weights: Weights) -> int:
    """The steps of bounding one interval: forward, and by the derivative of each margin."""
    d, n = len(weights.w_ih), len(weights.w_out)
    each = products(2 * BITS + 127, weight_bits(weights))
    return (3 + 2 * n) * n * (d + 1) * (d + 2) * each


def _nearest(x: Fraction) -> Fraction:
    """The float32 number nearest to 0 < x < 1, ties to even."""
    exponent = -1
    while x < Fraction(1, 1 << -exponent) and exponent > -126:
        exponent -= 1
    spacing = Fraction(1, 1 << (23 - exponent))
    return round(x / spacing) * spacing


def _is_float32(value: int, shift: int) -> bool:
    """Whether ``value / 2**shift`` is: 24 bits, exponents from -149 on, below 2**128."""
    twos = max((value & -value).bit_length() - 1, 0)
    bits = abs(value).bit_length()
    return not value or (bits - twos <= 24 and twos - shift >= -149 and bits - shift <= 128)


def _follow(
    program: _Program, line: Trajectory, points: list[Fraction], ends: list[Fraction], place: str
) -> _Gap:
    """The closest gap over all intervals and rivals; every gap must be open."""
    if not points or [points[0], points[-1]] != ends:
        raise Rejected(f"{place}.points: expected to run from {ends[0]} to {ends[1]}")
    if any(a >= b for a, b in pairwise(points)):
        raise Rejected(f"{place}.points: expected to increase")
    a = line.run(points[0])
    closest: _Gap | None = None
    for i, top in enumerate(points[1:] or points):
        b = line.run(top)
        pattern_between(a, b, f"{place}.points[{i}]")
        gap = program.gap(line, a, b, top, f"{place}.points[{i}]")
        if gap.left <= 0:
            raise Rejected(
                f"{place}.points[{i}]: the margin over {gap.rival}, {float(gap.margin):.3g}, is "
                f"not above the bound of its rounding error, {float(gap.error):.3g}"
            )
        closest = gap if closest is None or gap.left < closest.left else closest
        a = b
    assert closest is not None
    return closest


class _Gap(NamedTuple):
    left: Fraction  # margin - error
    margin: Fraction
    error: Fraction
    rival: int


class _Neuron:
    """Sizes of a neuron's weights for the state and, last, for the input, by sign."""

    def __init__(self, row: Row, w_x: int) -> None:
        self.positive = [v if v > 0 else 0 for v in (*row, w_x)]
        self.negative = [-v if v < 0 else 0 for v in (*row, w_x)]
        self.sizes = [abs(v) for v in row]
        self.zeros = [i for i, v in enumerate((*row, w_x)) if v == 0]


class _Program:
    """Bounds of the rounding errors of the float32 program."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.neurons = [_Neuron(r, w) for r, w in zip(weights.w_hh, weights.w_ih, strict=True)]
        self.readouts = [_Neuron(row, 0) for row in weights.w_out]
        self.columns = list(zip(*weights.w_hh, strict=True))
        self.column_sizes = [[abs(v) for v in column] for column in self.columns]

    def gap(self, line: Trajectory, a: Run, b: Run, top: Fraction, place: str) -> _Gap:
        """The closest rival for all S of an interval with these runs at its ends, up to top."""
        w, s = self.weights, line.s
        steps, distance, state = self._forward(line, a, b, top, place)
        readout = [self._rounding(r, [*state, 0], False, place) for r in self.readouts]
        scale = 1 << (w.shift * (line.n + 1))
        gaps = []
        for j in range(line.n):
            if j == s:
                continue
            margin = min(a.margin(s, j), b.margin(s, j)) / scale
            seen = [u - v for u, v in zip(w.w_out[s], w.w_out[j], strict=True)]
            error = _up(_dot([abs(v) for v in seen], distance), w.shift) + readout[s] + readout[j]
            if margin * (1 << BITS) < 4 * error:
                error = self._adjoint(seen, steps) + readout[s] + readout[j]
            bound = Fraction(error, 1 << BITS)
            gaps.append(_Gap(margin - bound, margin, bound, j))
        return min(gaps, key=lambda gap: gap.left)

    def _rounding(self, neuron: _Neuron, sizes: Row, unit: bool, place: str) -> int:
        """One neuron's rounding error; ``unit``: the input, last of the sizes, is exactly 1."""
        positive, negative = _dot(neuron.positive, sizes), _dot(neuron.negative, sizes)
        total = positive + negative
        if not total:
            return 0
        terms = len(sizes) - sizes.count(0) - sum(sizes[i] > 0 for i in neuron.zeros)
        exact = (neuron.positive[-1] + neuron.negative[-1]) * sizes[-1] if unit else 0
        rounded = total - exact + (terms - 1) * max(positive, negative)
        relative = -(-rounded // ((1 << 24) - terms))
        underflows = (terms - (exact > 0)) << (BITS - 149)
        error = _up(relative, self.weights.shift) + underflows
        if _up(total, self.weights.shift) + error > MOST:
            raise Rejected(f"{place}: a sum may leave the range of float32 numbers")
        return error

    def _forward(
        self, line: Trajectory, a: Run, b: Run, top: Fraction, place: str
    ) -> tuple[list[tuple[list[int], list[int | None]]], list[int], list[int]]:
        """Per step and unit: rounding error and slope (0, 1, None: in [0, 1]); at the end the
        distance between the programs' states, and a bound of the computed one.
        """
        shift = self.weights.shift
        distance = state = [0] * len(self.neurons)
        steps = []
        for t in range(min(line.m, line.s), line.n):
            x = (
                1 << BITS
                if t == line.m
                else _fixed(top.numerator, top.denominator, 0)
                if t == line.s
                else 0
            )
            sizes = [*state, x]
            roundings: list[int] = []
            slopes: list[int | None] = []
            new_distance, new_state = [], []
            scale = shift * (t + 1)
            for neuron, u, v in zip(self.neurons, a.before[t], b.before[t], strict=True):
                own = self._rounding(neuron, sizes, t == line.m, place)
                error = _up(_dot(neuron.sizes, distance), shift) + own
                high = max(_fixed(u, a.denominator, scale), _fixed(v, b.denominator, scale))
                low = -max(_fixed(-u, a.denominator, scale), _fixed(-v, b.denominator, scale))
                roundings.append(own)
                off = high + error <= 0
                slopes.append(0 if off else 1 if low >= error else None)
                new_distance.append(0 if off else error + min(high, 0))
                new_state.append(0 if off else error + high)
            steps.append((roundings, slopes))
            distance, state = new_distance, new_state
        return steps, distance, state

    def _adjoint(self, seen: Row, steps: list[tuple[list[int], list[int | None]]]) -> int:
        """A bound of ``|seen . (computed - exact final state)|``.

        The derivative with respect to unit i lies in ``middle[i] +- radius[i]``.
        """
        shift, total = self.weights.shift, 0
        middle, radius = [(v << BITS) >> shift for v in seen], [1] * len(seen)
        for roundings, slopes in reversed(steps):
            for i, slope in enumerate(slopes):
                low, high = middle[i] - radius[i], middle[i] + radius[i]
                if slope == 0:
                    middle[i] = radius[i] = 0
                elif slope is None:
                    low, high = min(low, 0), max(high, 0)
                    middle[i] = (low + high) // 2
                    radius[i] = high - middle[i]
                total += (abs(middle[i]) + radius[i]) * roundings[i]
            radius = [_up(_dot(column, radius), shift) + 1 for column in self.column_sizes]
            middle = [_dot(column, middle) >> shift for column in self.columns]
        return _up(total, BITS)


def _dot(a: Row, b: Row) -> int:
    return sum(map(mul, a, b))


def _up(value: int, bits: int) -> int:
    """``value / 2**bits``, rounded up."""
    return -(-value >> bits)


def _fixed(value: int, denominator: int, bits: int) -> int:
    """``value / (denominator * 2**bits)`` times ``2**BITS``, rounded up."""
    return -(((-value << BITS) // denominator) >> bits)
