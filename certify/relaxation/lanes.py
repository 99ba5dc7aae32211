"""The checker's bounds of units with all units of a step side by side: the same integers, faster.

:func:`bound_units` takes the place of :func:`certify.checker.kernel.bound_units` where the rule is
compiled; its functions are compiled with those of the rule (:mod:`certify.relaxation.compiled`).
What leaves 31 bits on the way is left to the rule's own ``bound``, which goes on with fewer bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from certify.checker.kernel import (
    FACTOR,
    FRACTION,
    HALF,
    LIMIT,
    NOTHING,
    ON,
    PART,
    SLOPE,
    SPARE,
    WIDE,
    bound,
    relaxed,
)
from certify.relaxation.products import WIDTH, multiply


def bound_units(rule: Any, space: Any, begin: int, stop: int) -> None:
    """Bound the units of the steps ``begin .. stop - 1`` anew that nothing has settled before."""
    n, d, near = rule.n, rule.d, space.near
    which = np.empty(d, dtype=np.int64)
    most = (d + WIDTH - 1) // WIDTH * WIDTH
    rows = np.empty(d * most, dtype=np.int32)
    sums = np.empty((2, d * most), dtype=np.int64)
    drives = np.empty((3, max(n, 3) * most), dtype=np.int64)
    found = np.empty((2, most), dtype=np.int64)
    for t in range(begin, stop):
        count = 0
        for i in range(d):
            if space.below[t * d + i] < -near and space.above[t * d + i] > near:
                which[count] = i
                count += 1
        for sign in range(2):
            _bound_side_by_side(rule, space, t, sign, which[:count], rows, sums, drives, found)
            left = 0
            for r in range(count):
                i = which[r]
                unit, value = t * d + i, found[0, r]
                if value == NOTHING:
                    at = sign * d + i
                    value = bound(rule, space, t, rule.units, at * d, rule.drives[at])
                low, up = space.below[unit], space.above[unit]
                # Where bounds cross there is no input at all, and either will do.
                if sign == 0:
                    low = min(max(low, value), up)
                else:
                    up = max(min(up, -value), low)
                space.below[unit] = low
                space.above[unit] = up
                space.slope[unit] = relaxed(low, up, near)
                if low < -near:
                    which[left] = i
                    left += 1
            count = left


def _bound_side_by_side(
    rule: Any, space: Any, step: int, sign: int, which: Any, rows: Any, sums: Any, drives: Any,
    found: Any,
) -> None:  # fmt: skip
    """Leave in ``found[0, r]`` what ``bound`` says of unit ``which[r]`` with all bits, or NOTHING.

    ``rows`` (d lanes) are coefficients; ``sums`` (2, d lanes) their products with the parts of
    ``w_hh``; ``drives`` (3, n lanes): coefficients of inputs, and products with the parts of
    ``w_ih``; ``found[1, r]`` is not 0 once something has left its bits.
    """
    d, count = rule.d, len(which)
    if count == 0:
        return
    lanes = (count + WIDTH - 1) // WIDTH * WIDTH
    L = np.uint64(lanes)  # unsigned: no index counts from the end
    constant, lost = found[0], found[1]
    high, low = sums[0], sums[1]
    drive, drive_high, drive_low = drives[0], drives[1], drives[2]
    for r in range(lanes):
        at = sign * d + which[min(r, count - 1)]
        constant[r] = 0
        lost[r] = 0
        drive[step * lanes + r] = rule.drives[at]
        for j in range(d):
            v = rule.units[at * d + j]
            lost[r] |= v < -LIMIT
            rows[j * lanes + r] = np.int32(max(min(v, LIMIT), -LIMIT))
    for t in range(step - 1, -1, -1):
        for i in range(d):
            _relax_lanes(space, t * d + i, rows[i * lanes :], constant, lost, L)
        now = drive[t * lanes :]
        multiply(rule.ih_high, rows, drive_high, (d, 1, 1, 0, lanes))
        multiply(rule.ih_low, rows, drive_low, (d, 1, 1, 0, lanes))
        for r in range(L):
            g = ((drive_high[r] + (drive_low[r] >> PART)) >> (PART + SPARE)) - rule.cut
            lost[r] |= (g > LIMIT) | (g < -LIMIT)
            now[r] = g
        if t == 0:
            break
        multiply(rule.hh_high, rows, high, (d, d, 1, d, lanes))
        multiply(rule.hh_low, rows, low, (d, d, 1, d, lanes))
        least = 0
        for k in range(np.uint64(d) * L):
            v = min(((high[k] + (low[k] >> PART)) >> PART) - rule.cut, LIMIT)
            least = min(least, v)
            high[k] = v
            rows[k] = np.int32(v)
        if least < -LIMIT:
            for k in range(d * lanes):
                lost[k % lanes] |= high[k] < -LIMIT
    _add_inputs(rule, space, step, lanes, drive, drive_high, drive_low, constant, lost)


def _relax_lanes(space: Any, unit: int, row: Any, constant: Any, lost: Any, L: Any) -> None:
    """What ``substitute`` does with the coefficients of one unit."""
    slope: Any = np.int64(np.int32(space.slope[unit]))  # of 31 bits, as all factors here
    below: Any = np.int64(np.int32(min(space.below[unit], 0)))
    above: Any = np.int64(np.int32(max(space.above[unit], 0)))
    if slope == ON and below == 0:
        return
    if above == WIDE:
        for r in range(L):
            c: Any = min(row[r], 0)
            lost[r] |= (np.int64(c) * slope) >> SLOPE != c
    rises = np.int32(1) if slope >= HALF else np.int32(0)
    for r in range(L):
        whole: Any = np.int64(row[r])
        falls: Any = min(whole, 0)
        kept: Any = np.int64(np.int32((falls * slope) >> SLOPE))
        constant[r] += min(-kept * below, (falls - kept) * above) >> FRACTION
        row[r] = np.int32(kept + (whole - falls) * rises)


def _add_chain(space: Any, n: int, j: int, lanes: int, q: Any, best: Any, value: Any) -> None:
    """What ``least`` does with the factors that make the coefficients of ``y_j`` 0."""
    L = np.uint64(lanes)
    of = q[j * lanes :]
    floor = -FACTOR if space.chain[n] != 0 else 0
    least, most = space.chain[n], space.chain[n + 1]
    for r in range(L):
        f = min(max(-of[r], floor), FACTOR)
        value[r] = -f * (most if f > 0 else least)
    for k in range(n):
        if space.chain[k] != 0:
            lo, hi, by = space.lo[k], space.hi[k], q[k * lanes :]
            for r in range(L):
                c = by[r] + min(max(-of[r], floor), FACTOR)
                value[r] += c * (lo if c > 0 else hi)
    for r in range(L):
        best[r] = max(best[r], value[r])


def _add_inputs(
    rule: Any, space: Any, step: int, lanes: int, drive: Any, q: Any, total: Any, constant: Any,
    lost: Any,
) -> None:  # fmt: skip
    """Add to ``constant`` the least of the terms in the inputs, or make it NOTHING."""
    n, L = rule.n, np.uint64(lanes)
    last = min(step + 1, n)
    best = total[lanes:]
    for r in range(L):
        total[r] = -space.negative[last] * (1 + 2 * rule.cut)
        best[r] = 0
    for k in range(n):
        of = q[k * lanes :]
        for r in range(L):
            of[r] = 0
        for t in range(last):
            a, now = space.maps[t * n + k], drive[t * lanes :]
            if a != 0:
                for r in range(L):
                    of[r] += a * now[r]
        lo, hi = space.lo[k], space.hi[k]
        to = total if space.chain[k] == 0 else best
        for r in range(L):
            lost[r] |= (of[r] > LIMIT) | (of[r] < -LIMIT)
            to[r] += of[r] * (lo if of[r] > 0 else hi)
    for j in range(n):
        if space.chain[j] != 0:
            _add_chain(space, n, j, lanes, q, best, total[2 * lanes :])
    for r in range(L):
        total[r] += best[r]
    shift = FRACTION - SPARE + space.grid - space.fine
    for r in range(L):
        value = (total[r] >> shift) + constant[r]
        constant[r] = NOTHING if lost[r] != 0 else value
