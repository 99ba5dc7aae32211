"""The integer rule: linear bounds over the affine image of a box, by backward substitution.

For inputs ``x = A y`` with y in a box, every pre-activation z of the unrolled network, and every
row (a functional of the last state, such as a margin), is bounded from below by going back step by
step. A term ``c relu(z)`` gives way to ``c' z + K``: for ``c >= 0`` with ``c'`` one of 0 and c, and
K = 0; for ``c < 0`` with any ``c <= c' <= 0``, and ``K = min(-c' below, (c - c') above)``, where
``below <= z <= above``, since ``c relu(z) - c' z`` is concave and 0 at z = 0. ``docs/rule.md`` says
it step by step, with the proof that no sum leaves 62 bits.

Everything is an integer. The functions use a part of Python that numba compiles as it stands; their
arrays are flat and handed in: lists, or numpy arrays of int64 (int32 where 31 bits are enough).
Nothing here raises: what cannot be bounded is ``NOTHING``.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

Ints = MutableSequence[int]

FRACTION = 24  #: Coefficients are multiples of ``2**-FRACTION``, or of 16, 256, 4096 times that.
LEAST = 12
SPARE = 4  #: Coefficients of inputs have so many bits less.
PART = 20  #: Weights are ``(high 2**PART + low) 2**-(2 PART)``, ``0 <= low < 2**PART``.
LIMIT = 1 << 30  #: Coefficients are at most this.
FACTOR = 1 << 28  #: A multiple of a sum that is added to a bound is at most this.
WIDE = (1 << 31) - 1  #: Bounds of pre-activations are at most this, which stands for unknown.
SLOPE = 10  #: Slopes are multiples of ``2**-SLOPE``.
ON, HALF = 1 << SLOPE, 1 << (SLOPE - 1)
NOTHING = -(1 << 62)


class Rule(NamedTuple):
    """The weights of a network: ``n`` steps of ``d`` units, the input weights less than 1 in size.

    ``hh_high``, ``hh_low`` (d d, column by column) and ``ih_high``, ``ih_low`` (d) are the parts of
    the weights;
    ``units`` (2 d d), ``drives`` (2 d) the weights of the pre-activations, then of their negatives,
    as coefficients; ``rows`` (R d) rows as coefficients; ``cut`` is 1 where a weight is not a
    multiple of ``2**-(2 PART)``, and was rounded down, else 0.
    """

    n: int
    d: int
    cut: int
    hh_high: Ints
    hh_low: Ints
    ih_high: Ints
    ih_low: Ints
    units: Ints
    drives: Ints
    rows: Ints


class Space(NamedTuple):
    """One box, what is known of the units on it, and room to work.

    ``maps`` (n n) is A with entries -1, 0, 1; ``lo``, ``hi`` (n) the box of y in units of
    ``2**-grid``; ``negative`` (n + 1) sums of how far inputs reach below 0. The y with 1 in
    ``chain`` (n + 2) add up to its last entry at most, and to the one before at least (which is not
    used where it is 0). ``below``, ``above``, ``slope`` (n d) are bounds of pre-activations, in
    units of ``2**-fine``, and what follows from them by :func:`relaxed`; units count as settled
    within ``near`` of 0.
    """

    grid: int
    fine: int
    near: int
    maps: Ints
    lo: Ints
    hi: Ints
    negative: Ints
    chain: Ints
    below: Ints
    above: Ints
    slope: Ints
    row: Ints
    new: Ints
    drive: Ints
    inputs: Ints


def scaled(space: Space, fine: int) -> Space:
    """The same room with other units of bounds."""
    return Space(
        space.grid, fine, space.near, space.maps, space.lo, space.hi, space.negative, space.chain,
        space.below, space.above, space.slope, space.row, space.new, space.drive, space.inputs,
    )  # fmt: skip


def relaxed(low: int, up: int, near: int) -> int:
    """The slope of a unit with these bounds."""
    if low >= -near:
        return ON
    if up <= near or low == -WIDE:
        return 0
    return (ON * up + (up - low) // 2) // (up - low)


def place(rule: Rule, space: Space) -> bool:
    """Take up the box in ``space``; False where it is too large for its sums to fit."""
    n, total, most = rule.n, 0, 0
    for t in range(n):
        least = 0
        most += space.chain[t] * space.hi[t]
        for k in range(n):
            a = space.maps[t * n + k]
            if a > 0:
                least += space.lo[k]
            elif a < 0:
                least -= space.hi[k]
        space.negative[t + 1] = space.negative[t] + max(-least, 0)
        total += max(abs(space.lo[t]), abs(space.hi[t]))
    if space.chain[n] == 0 and most <= space.chain[n + 1]:  # the box alone says as much
        for k in range(n):
            space.chain[k] = 0
    return total <= WIDE


def least(space: Space, n: int) -> int:
    """A lower bound of ``sum_k inputs[k] y_k`` over the box and the sum of the chain.

    For any factor, the sum times the factor is added, and its most times the factor taken off (its
    least, if the factor is negative); over the box alone the rest is least at a corner. One of the
    factors that make a coefficient 0 is best.
    """
    others, best = 0, 0
    for k in range(n):
        q = space.inputs[k]
        value = q * (space.lo[k] if q > 0 else space.hi[k])
        if space.chain[k] == 0:
            others += value
        else:
            best += value
    for j in range(n):
        factor = max(min(-space.inputs[j], FACTOR), -FACTOR if space.chain[n] != 0 else 0)
        if space.chain[j] == 0 or factor == 0:
            continue
        value = -factor * space.chain[n + 1 if factor > 0 else n]
        for k in range(n):
            if space.chain[k] != 0:
                q = space.inputs[k] + factor
                value += q * (space.lo[k] if q > 0 else space.hi[k])
        best = max(best, value)
    return others + best


def of_inputs(rule: Rule, space: Space, last: int, fraction: int) -> int:
    """A lower bound of ``sum_t drive[t] x_t`` over the inputs before ``last``, in units of
    ``2**-fine``; ``drive`` is in units of ``2**-(fraction - SPARE)``. NOTHING if a number gets
    large.
    """
    n = rule.n
    for k in range(n):
        q = 0
        for t in range(last):
            q += space.maps[t * n + k] * space.drive[t]
        if q > LIMIT or q < -LIMIT:
            return NOTHING
        space.inputs[k] = q
    total = least(space, n) - space.negative[last] * (1 + 2 * rule.cut)
    return total >> (fraction - SPARE + space.grid - space.fine)


def substitute(rule: Rule, space: Space, step: int, fraction: int) -> int:
    """A lower bound of ``row . h + drive[step] x_step``, h the state that step ``step`` reads, in
    units of ``2**-fine``; ``row`` is in units of ``2**-fraction``. NOTHING if a number gets large.
    """
    n, d = rule.n, rule.d
    row, new = space.row, space.new
    constant = 0
    for t in range(step - 1, -1, -1):
        drive_high, drive_low = 0, 0
        for i in range(d):
            unit = t * d + i
            c = row[i]
            if c < 0:
                kept = (c * space.slope[unit]) >> SLOPE
                if kept != c and space.above[unit] == WIDE:
                    return NOTHING
                below, above = min(space.below[unit], 0), max(space.above[unit], 0)
                constant += min(-kept * below, (c - kept) * above) >> fraction
                row[i] = kept
            elif space.slope[unit] < HALF:
                row[i] = 0
            drive_high += row[i] * rule.ih_high[i]
            drive_low += row[i] * rule.ih_low[i]
        g = ((drive_high + (drive_low >> PART)) >> (PART + SPARE)) - rule.cut
        if g > LIMIT or g < -LIMIT:
            return NOTHING
        space.drive[t] = g
        if t == 0:
            break
        for j in range(d):
            high, low = 0, 0
            for i in range(d):
                high += row[i] * rule.hh_high[j * d + i]
                low += row[i] * rule.hh_low[j * d + i]
            new[j] = min(((high + (low >> PART)) >> PART) - rule.cut, LIMIT)
        for j in range(d):  # lowered to LIMIT, as states are not negative
            if new[j] < -LIMIT:
                return NOTHING
            row[j] = new[j]
    total = of_inputs(rule, space, min(step + 1, n), fraction)
    return total if total == NOTHING else total + constant


def bound(rule: Rule, space: Space, step: int, rows: Sequence[int], at: int, drive: int) -> int:
    """The same for the row at ``rows[at]`` and a factor of the input, with as many bits as fit."""
    fraction = FRACTION
    while fraction >= LEAST:
        less, fits = FRACTION - fraction, True
        for j in range(rule.d):
            v = rows[at + j] >> less
            fits = fits and v >= -LIMIT
            space.row[j] = max(min(v, LIMIT), -LIMIT)
        if step < rule.n:
            space.drive[step] = drive >> less
        value = substitute(rule, space, step, fraction) if fits else NOTHING
        if value != NOTHING:
            return value
        fraction -= SPARE
    return NOTHING


def bound_units(rule: Rule, space: Space, begin: int, stop: int) -> None:
    """Bound the units of the steps ``begin .. stop - 1`` anew that nothing has settled before."""
    d, near = rule.d, space.near
    for t in range(begin, stop):
        for i in range(d):
            unit = t * d + i
            low, up = space.below[unit], space.above[unit]
            if low >= -near or up <= near:
                continue
            # Where bounds cross there is no input at all, and either will do.
            value = bound(rule, space, t, rule.units, i * d, rule.drives[i])
            low = min(max(low, value), up)
            if low < -near:
                value = bound(rule, space, t, rule.units, (d + i) * d, rule.drives[d + i])
                up = max(min(up, -value), low)
            space.below[unit] = low
            space.above[unit] = up
            space.slope[unit] = relaxed(low, up, near)


def bound_row(rule: Rule, space: Space, r: int) -> int:
    """A lower bound of row r, in units of ``2**-fine``, or NOTHING."""
    return bound(rule, space, rule.n, rule.rows, r * rule.d, 0)
