"""Boxes of the accuracy in the integers of the kernel: bounds handed down, margins with cases.

What is known of the units on a box holds on its parts, too. A row that linear bounds leave open
is proved by cases: that the unit whose relaxation costs the row most is on, and that it is off,
and so on within each case. In a case the unit is linear; the bounds of all units stay those of the
box. Both cases must prove the row, so it does not matter how they are chosen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from certify.checker.kernel import (
    FRACTION,
    HALF,
    LEAST,
    LIMIT,
    NOTHING,
    ON,
    PART,
    SLOPE,
    SPARE,
    WIDE,
    Ints,
    Rule,
    Space,
    bound_units,
    of_inputs,
    place,
    relaxed,
    scaled,
)
from certify.checker.running import Kernels

MOST = 64  #: Substitutions before a row is given up.


class Room(NamedTuple):
    """Room for the cases of one row.

    By step t: ``rows`` (n d), the coefficients of the state that step t leaves; ``sums`` (n + 1),
    what the relaxations of step t and later took; ``costs`` (n), the largest of these at step t,
    and ``units`` (n), whose it is. By case: ``case``, its unit, ``off``, whether that is off now;
    ``below``, ``above``, ``slope``, what was known of it (MOST).
    """

    rows: Ints
    sums: Ints
    costs: Ints
    units: Ints
    case: Ints
    off: Ints
    below: Ints
    above: Ints
    slope: Ints


def room_of(rule: Rule, kernels: Kernels) -> Room:
    """Room for the rows of a rule."""
    n, filled = rule.n, kernels.filled
    sizes = (n * rule.d, n + 1, n, n, MOST, MOST, MOST, MOST, MOST)
    return Room(*(filled(0, size) for size in sizes))


def unknown(rule: Rule, kernels: Kernels) -> Any:
    """What is known of the units of a word before anything is: as :func:`enter` takes it."""
    nd = rule.n * rule.d
    return kernels.wide([-WIDE] * nd + [WIDE] * nd + [0])


def shifted(value: int, by: int) -> int:
    """A lower bound in other units, at least ``-WIDE``, which stays what it is."""
    if by < 0 and value > -WIDE:
        return value >> -by
    return max(value << max(by, 0), -WIDE)


def enter(rule: Rule, space: Space, known: Ints, anew: bool) -> bool:
    """Take up the box in ``space`` inside one of which ``known`` (2 n d + 1) holds: bounds from
    below, bounds from above, and their ``fine``. It is replaced by what holds on this box: the
    same, or with ``anew`` what bounding all units again gives. False if the box is too large.
    """
    nd = rule.n * rule.d
    fine = space.fine  # for inputs up to 1; units are coarser for larger ones
    for j in range(rule.n):
        while fine > 0 and space.hi[j] >> (space.grid + space.fine - fine):
            fine -= 1
    space = scaled(space, fine)
    if not place(rule, space):
        return False
    by = fine - known[2 * nd]
    for unit in range(nd):
        low = shifted(known[unit], by)
        up = -shifted(-known[nd + unit], by)
        space.below[unit] = low
        space.above[unit] = up
        space.slope[unit] = relaxed(low, up, space.near)
    if anew:
        bound_units(rule, space, 0, rule.n)
    for unit in range(nd):
        known[unit] = space.below[unit]
        known[nd + unit] = space.above[unit]
    known[2 * nd] = fine
    return True


def descend(rule: Rule, space: Space, room: Room, start: int, fraction: int) -> int:
    """A lower bound of the row whose coefficients of the state that step ``start`` leaves are in
    ``room``, in units of ``2**-fraction``; see :func:`certify.checker.kernel.substitute`.
    """
    n, d = rule.n, rule.d
    rows, constant = room.rows, room.sums[start + 1]
    for t in range(start, -1, -1):
        at, most, worst, drive_high, drive_low = t * d, 0, -1, 0, 0
        for i in range(d):
            unit = at + i
            c, slope = rows[unit], space.slope[unit]
            if c < 0:
                kept = (c * slope) >> SLOPE
                if kept != c and space.above[unit] == WIDE:
                    return NOTHING
                below, above = min(space.below[unit], 0), max(space.above[unit], 0)
                cost = -(min(-kept * below, (c - kept) * above) >> fraction)
                constant -= cost
                if cost > most:
                    most = cost
                    worst = unit
                c = kept
            elif slope < HALF:
                c = 0
            space.row[i] = c
            drive_high += c * rule.ih_high[i]
            drive_low += c * rule.ih_low[i]
        room.costs[t] = most
        room.units[t] = worst
        room.sums[t] = constant
        g = ((drive_high + (drive_low >> PART)) >> (PART + SPARE)) - rule.cut
        if g > LIMIT or g < -LIMIT:
            return NOTHING
        space.drive[t] = g
        if t == 0:
            break
        for j in range(d):
            high, low = 0, 0
            for i in range(d):
                high += space.row[i] * rule.hh_high[j * d + i]
                low += space.row[i] * rule.hh_low[j * d + i]
            c = min(((high + (low >> PART)) >> PART) - rule.cut, LIMIT)
            if c < -LIMIT:
                return NOTHING
            rows[at - d + j] = c
    total = of_inputs(rule, space, n, fraction)
    return total if total == NOTHING else total + constant


def begin(rule: Rule, space: Space, room: Room, r: int) -> tuple[int, int]:
    """A lower bound of row r, with as many bits as fit, and how many these are."""
    last = (rule.n - 1) * rule.d
    fraction = FRACTION
    while fraction >= LEAST:
        fits = True
        for j in range(rule.d):
            c = rule.rows[r * rule.d + j] >> (FRACTION - fraction)
            fits = fits and c >= -LIMIT
            room.rows[last + j] = min(c, LIMIT)
        value = descend(rule, space, room, rule.n - 1, fraction) if fits else NOTHING
        if value != NOTHING:
            return value, fraction
        fraction -= SPARE
    return NOTHING, LEAST


def take(space: Space, room: Room, depth: int, off: int) -> None:
    """Make the unit of a case linear: on, or off."""
    unit = room.case[depth]
    room.off[depth] = off
    if off:
        space.above[unit] = 0
        space.slope[unit] = 0
    else:
        space.below[unit] = 0
        space.slope[unit] = ON


def leave(space: Space, room: Room, depth: int) -> None:
    """What was known of the unit of a case holds again."""
    unit = room.case[depth]
    space.below[unit] = room.below[depth]
    space.above[unit] = room.above[depth]
    space.slope[unit] = room.slope[depth]


def margin_proved(rule: Rule, space: Space, room: Room, r: int, least: int, most: int) -> bool:
    """Whether row r is at least ``least``, by at most ``most`` substitutions."""
    value, fraction = begin(rule, space, room, r)
    depth, changed = 0, -1  # the latest step with a unit that is not as it was
    while most > 0 and value != NOTHING:
        most -= 1
        if value >= least:
            while depth > 0:
                depth -= 1
                unit = room.case[depth]
                changed = max(changed, unit // rule.d)
                leave(space, room, depth)
                if not room.off[depth]:
                    take(space, room, depth, 1)
                    depth += 1
                    break
            if depth == 0:
                return True
        else:
            step = 0
            for t in range(1, rule.n):
                if room.costs[t] > room.costs[step]:
                    step = t
            if room.costs[step] == 0 or most == 0:
                break
            unit = room.units[step]
            room.case[depth] = unit
            room.below[depth] = space.below[unit]
            room.above[depth] = space.above[unit]
            room.slope[depth] = space.slope[unit]
            take(space, room, depth, 0)
            depth += 1
            changed = step
        value = descend(rule, space, room, changed, fraction)
        changed = -1
    while depth > 0:
        depth -= 1
        leave(space, room, depth)
    return False


def leaf(rule: Rule, space: Space, room: Room, known: Ints, right: bool, most: int) -> bool:
    """Whether all margins are positive on a box that was entered; or a rival is nowhere behind."""
    space = scaled(space, known[2 * rule.n * rule.d])
    rivals = len(rule.rows) // rule.d // 2
    if right:
        for r in range(rivals):  # noqa: SIM110 - numba compiles the loop
            if not margin_proved(rule, space, room, r, 1, most):
                return False
        return True
    for tried in (1, most):
        for r in range(rivals, 2 * rivals):
            if margin_proved(rule, space, room, r, 0, tried):
                return True
    return False
