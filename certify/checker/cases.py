"""Cases of a leaf of a noise tree, in the integers of the kernel.

A row may be proved by cases: that some unit is on, and that it is off. In its tree, in preorder,
``PROVED`` is a leaf; a step and a unit come before the trees of both cases, on first. In a case the
unit is linear; the bounds of all units stay those of the box.
"""

from __future__ import annotations

from collections.abc import Sequence

from certify.checker.kernel import NOTHING, ON, Ints, Rule, Space, bound_row

PROVED = 255
DEEPEST = 250  #: Cases within cases of one row.
TRAIL = 5  #: Numbers kept of each: the unit, whether it is off now, and what was known.
ROOM = TRAIL * DEEPEST


def settle(space: Space, unit: int, on: bool) -> None:
    """Make a unit linear."""
    if on:
        space.below[unit] = 0
        space.slope[unit] = ON
    else:
        space.above[unit] = 0
        space.slope[unit] = 0


def row_by_cases(
    rule: Rule, space: Space, tape: Sequence[int], at: int, r: int, least: int, trail: Ints
) -> tuple[int, int]:
    """Where the tree of row r at ``tape[at]`` ends, if it proves that the row is ``least`` or more,
    else -1; and the least bound of its leaves. ``trail`` (ROOM) is room.
    """
    depth, found = 0, -NOTHING
    while at < len(tape):
        step = int(tape[at])
        at += 1
        if step != PROVED:
            if at >= len(tape) or step >= rule.n or tape[at] >= rule.d or depth == DEEPEST:
                return -1, found
            unit, top = step * rule.d + int(tape[at]), depth * TRAIL
            at += 1
            trail[top] = unit
            trail[top + 1] = 0
            trail[top + 2] = space.below[unit]
            trail[top + 3] = space.above[unit]
            trail[top + 4] = space.slope[unit]
            depth += 1
            settle(space, unit, True)
            continue
        found = min(found, bound_row(rule, space, r))
        if found < least:
            return -1, found
        while depth > 0:
            top = (depth - 1) * TRAIL
            unit = trail[top]
            space.below[unit] = trail[top + 2]
            space.above[unit] = trail[top + 3]
            space.slope[unit] = trail[top + 4]
            if trail[top + 1] == 0:
                trail[top + 1] = 1
                settle(space, unit, False)
                break
            depth -= 1
        if depth == 0:
            return at, found
    return -1, found
