"""Whether the network is right on a drawn cell: fixed-point arithmetic, and exact where in doubt.

A cell of inputs (:mod:`certify.checker.drawing`) counts as right if the network is right on all of
it, as wrong if it is wrong on all of it, and else as open. Nearly all are decided by states with a
radius in fixed point: a true state lies within ``e`` of ``c``, both in units of ``2**-unit``.

One step: ``z = sum W c`` with weights split as ``W = (hi + (lo + rho) / 2**half) / 2**scale``,
``0 <= rho < 1``, so that ``hi`` and ``lo`` have ``half`` bits and sums of products with numbers of
:data:`STATE_BITS` bits fit 62. Rounding down twice and leaving out rho costs less than
``3 + sum |c| / 2**(half + scale)`` units; the radius of z is that and ``sum ceil(|W| e)``. The
rectifier brings two numbers no further apart. States that outgrow their bits, inputs whose first
words tie and margins within their radius are decided exactly: the run at the cell's corner, and the
most that a cell can change a margin, ``|W_out| (|W_hh| a + |W_ih|)`` step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence, Sequence
from fractions import Fraction
from typing import NamedTuple

from certify.checker.drawing import OUT_OF_WORDS, WORD, draw
from certify.checker.network import Weights, run

STATE_BITS = 39
OPEN, RIGHT, WRONG = 0, 1, 2
UNDECIDABLE = -1  #: its own digits are in doubt
LARGEST_INPUT = 16


class Table(NamedTuple):
    """The weights for the kernel, row after row: ``d`` rows of W_hh with W_ih as last column, then
    ``n`` rows of W_out with a zero. ``high``, ``low``, ``most`` (|W| rounded up) have
    ``(d + n) (d + 1)`` entries. ``usable`` says whether the weights fit at all.
    """

    hidden: int
    length: int
    half: int
    scale: int
    unit: int
    high: Sequence[int]
    low: Sequence[int]
    most: Sequence[int]
    usable: bool


def table_of(weights: Weights) -> Table:
    """The weights in two parts each; how many bits each number has follows from the sizes."""
    d, n, shift = len(weights.w_ih), len(weights.w_out), weights.shift
    half = 61 - STATE_BITS - (d + 1).bit_length()
    flat = [
        w
        for row, last in zip(
            [*weights.w_hh, *weights.w_out], [*weights.w_ih, *[0] * n], strict=True
        )
        for w in (*row, last)
    ]
    largest = max(map(abs, flat), default=0)
    scale = half - 1 - (largest.bit_length() - shift)
    impulse = run(weights, [Fraction(LARGEST_INPUT)] + [Fraction(0)] * (n - 1))
    peak = max(
        (abs(v) >> (shift * (t + 1)) for t, step in enumerate(impulse.before) for v in step),
        default=0,
    )
    unit = STATE_BITS - 2 - max(peak, LARGEST_INPUT).bit_length()
    usable = half > 0 and 0 <= scale <= 40 and unit >= 0
    parts = [divmod((w << (half + scale)) >> shift, 1 << half) for w in flat] if usable else []
    return Table(
        d, n, half, scale, unit,
        [high for high, _ in parts], [low for _, low in parts],
        [-(-(abs(w) << scale) >> shift) for w in flat] if usable else [],
        usable,
    )  # fmt: skip


def advance(
    table: Table, row: int, x: int, radius: int, numbers: Sequence[int], radii: Sequence[int]
) -> tuple[int, int]:
    """One row of weights times the states and the input: the value and its radius.

    Numbers and radii have at most ``STATE_BITS`` bits.
    """
    d = table.hidden
    at = row * (d + 1)
    upper, lower = table.high[at + d] * x, table.low[at + d] * x
    size, spread = abs(x), table.most[at + d] * radius
    for j in range(d):
        if radii[j]:
            upper += table.high[at + j] * numbers[j]
            lower += table.low[at + j] * numbers[j]
            spread += table.most[at + j] * radii[j]
            size += numbers[j]
    value = (upper + (lower >> table.half)) >> table.scale
    return value, (spread >> table.scale) + (size >> (table.half + table.scale)) + 5


def second_largest(cells: Sequence[int], base: int, n: int) -> int:
    """The position of the second largest by the first words; -1 where they tie with it."""
    first = second = third = -1
    for t in range(n):
        if first < 0 or cells[base + 2 * t] > cells[base + 2 * first]:
            first, second, third = t, first, second
        elif second < 0 or cells[base + 2 * t] > cells[base + 2 * second]:
            second, third = t, second
        elif third < 0 or cells[base + 2 * t] > cells[base + 2 * third]:
            third = t
    if cells[base + 2 * first] == cells[base + 2 * second] or (
        third >= 0 and cells[base + 2 * second] == cells[base + 2 * third]
    ):
        return -1
    return second


def decide(
    table: Table, cells: Sequence[int], base: int, work: Sequence[MutableSequence[int]]
) -> int:
    """``RIGHT`` or ``WRONG`` if that holds on all of the cell at ``base``, else ``OPEN``.

    ``work`` has four rows of ``d`` integers: states, their radii, and the next of both. A unit
    that is off for certain has radius 0, any other a positive one.
    """
    second = second_largest(cells, base, table.length)
    if second < 0:
        return OPEN
    numbers, radii = work[0], work[1]
    for i in range(table.hidden):
        numbers[i] = 0
        radii[i] = 0
    for t in range(table.length):
        x, radius = cells[base + 2 * t], 1
        if table.unit > 32:
            x, radius = x << (table.unit - 32), 1 << (table.unit - 32)
        else:
            x >>= 32 - table.unit
        for i in range(table.hidden):
            value, error = advance(table, i, x, radius, numbers, radii)
            if value + error <= 0:
                value = error = 0
            value = max(value, 0)
            if max(value, error) >> STATE_BITS:
                return OPEN
            work[2][i], work[3][i] = value, error
        for i in range(table.hidden):
            numbers[i], radii[i] = work[2][i], work[3][i]
    own, spread = advance(table, table.hidden + second, 0, 0, numbers, radii)
    verdict = RIGHT
    for j in range(table.length):
        if j != second:
            value, error = advance(table, table.hidden + j, 0, 0, numbers, radii)
            if own - value + spread + error < 0:
                return WRONG
            if own - value <= spread + error:
                verdict = OPEN
    return verdict


def decide_block(
    table: Table,
    normal: bool,
    words: Sequence[int],
    verdicts: MutableSequence[int],
    cells: MutableSequence[int],
    work: Sequence[MutableSequence[int]],
    flags: MutableSequence[int],
) -> bool:
    """Draw samples and decide what fixed point decides; False where the words end early.

    ``verdicts[i]`` becomes one of ``OPEN``, ``RIGHT``, ``WRONG``, ``UNDECIDABLE``; ``cells`` holds
    the two words of each number, sample after sample.
    """
    at = 0
    for i in range(len(verdicts)):
        base = 2 * table.length * i
        at = draw(words, at, cells, base, table.length, flags, normal)
        if at == OUT_OF_WORDS:
            return False
        if flags[0]:
            verdicts[i] = UNDECIDABLE
        elif table.usable:
            verdicts[i] = decide(table, cells, base, work)
        else:
            verdicts[i] = OPEN
    return True


class Exact:
    """Cells decided by exact integers: a run at the cell's corner, and how far the cell reaches."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    def decide(self, cell: Sequence[int]) -> int:
        """``RIGHT``, ``WRONG`` or ``OPEN`` for the cell of two words a number.

        States times ``2**64 K**t`` lie within ``reach`` of those of the corner; units that are off
        on all of the cell have reach 0, so that a tie is one wherever only such units could differ.
        """
        corner = [cell[t] * WORD + cell[t + 1] for t in range(0, len(cell), 2)]
        order = sorted(range(len(corner)), key=lambda t: -corner[t])
        largest = [corner[t] for t in order[:3]]
        if len(set(largest)) < len(largest):
            return OPEN
        state = reach = [0] * len(self.weights.w_ih)
        for t, value in enumerate(corner):
            scale = 1 << (self.weights.shift * t)
            rows = list(zip(self.weights.w_ih, self.weights.w_hh, strict=True))
            before = [w * value * scale + _dot(row, state) for w, row in rows]
            reach = [abs(w) * scale + _dot(map(abs, row), reach) for w, row in rows]
            off = [z + e <= 0 for z, e in zip(before, reach, strict=True)]
            state = [max(z, 0) for z in before]
            reach = [0 if o else e for o, e in zip(off, reach, strict=True)]
        own = self.weights.w_out[order[1]]
        verdict = RIGHT
        for j, other in enumerate(self.weights.w_out):
            if j != order[1]:
                row = [a - b for a, b in zip(own, other, strict=True)]
                margin, spread = _dot(row, state), _dot(map(abs, row), reach)
                if margin + spread <= 0:
                    return WRONG
                if margin <= spread:
                    verdict = OPEN
        return verdict


def _dot(row: Iterable[int], numbers: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(row, numbers, strict=True))
