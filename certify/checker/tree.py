"""The walk through one pair's tree of a ``noise`` certificate, in the integers of the kernel.

The tape is the tree in preorder. Its nodes are sets of inputs; the root is the whole box of inputs
``claim.least <= x <= claim.most``. The walk cuts them itself, so that the parts always cover the
whole. A node is a byte:

- ``HISTORY`` cuts by where the next input before the first impulse falls: above the maximum of 0
  and the inputs before it (NEW), between that and the second largest (BETWEEN; both are 0 at
  first, and then it coincides with the next), or below the second largest (BELOW);
- a number below n halves that coordinate of the box;
- ``PROVED`` ends with linear bounds of all margins, ``BY_CASES`` with a tree of cases for each
  margin (:mod:`certify.checker.cases`), ``OUTSIDE`` with a box that holds no input of the noise
  box, ``EXACT`` with :mod:`certify.checker.exact`. Nothing else ends a branch.

After a byte that cuts come two more, ``begin`` and ``stop``, after ``PROVED`` and ``BY_CASES``
comes ``begin`` (``stop`` is n): the units of these steps are bounded anew. What is known of a unit
at a node holds for all inputs of the node, hence also below it.

Coordinates. The inputs known to be ordered are a chain; each is the one before it plus its own
coordinate. A new maximum goes on top, one between second and maximum goes below the top, and one
below the second is the second (0 as long as fewer than two inputs are in the chain) minus its own
coordinate. Later inputs never get in below the second. All others are their own coordinate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from certify.checker.cases import row_by_cases
from certify.checker.kernel import Ints, Rule, Space, bound_row, bound_units, place, relaxed

HISTORY, EXACT, BY_CASES, OUTSIDE, PROVED = 251, 252, 253, 254, 255
NEW, BETWEEN, BELOW = 0, 1, 2
DONE, PAUSED, EXACTLY = 0, 1, 2  #: What a walk ends with, or a fault.
FAULTS = (
    "the tape ends before the tree",
    "the box is not outside the noise box",
    "the box is outside the noise box",
    "no range of steps",
    "a margin is not proved to be what is claimed",
    "the history is complete",
    "this coordinate is too narrow to be halved",
    "no kind of node",
    "too deep",
    "the box is too large for 62 bits",
)  #: What the walk finds, as 3 and more.
CUT, INSIDE, EMPTY, RANGE, MARGIN, COMPLETE, NARROW, KIND, DEEP, LARGE = range(3, 13)


class Claim(NamedTuple):
    """``least <= x <= most`` (n); ``first``, how many inputs a history may order; ``bound``, what
    every margin is to be at least, in units of the rule.
    """

    first: int
    bound: int
    least: Ints
    most: Ints


class Stack(NamedTuple):
    """Open branches, ``size`` at most: boxes ``lo``, ``hi`` (size n), histories ``letters``
    (size n), ``length`` (size), bounds ``below``, ``above`` (size n d). ``cursor``: the index of
    the top, -1 for none; nodes and bytes of the tape that are done; leaves. ``trail`` is room for
    cases.
    """

    size: int
    lo: Ints
    hi: Ints
    letters: Ints
    length: Ints
    below: Ints
    above: Ints
    cursor: Ints
    trail: Ints


def write_maps(
    letters: Sequence[int], at: int, length: int, n: int, maps: Ints, chain: Ints
) -> int:
    """The rows of A for the history ``letters[at : at + length]``; ``chain`` (n) is room. The
    largest of the ordered inputs, or -1: it is the sum of the coordinates of all of them.
    """
    for k in range(n * n):
        maps[k] = 0
    for t in range(n):
        maps[t * n + t] = 1
    size = 0
    for t in range(length):
        if letters[at + t] == BELOW:
            maps[t * n + t] = -1
            for i in range(size - 1):
                maps[t * n + chain[i]] = 1
        else:
            chain[size] = t
            if letters[at + t] == BETWEEN:
                chain[size], chain[size - 1] = chain[size - 1], t
            size += 1
    for i in range(size):
        for j in range(i):
            maps[chain[i] * n + chain[j]] = 1
    return chain[size - 1] if size > 0 else -1


def tighten(maps: Sequence[int], least: Ints, most: Ints, lo: Ints, hi: Ints, n: int) -> bool:
    """Shrink the box to what ``least <= x <= most`` leaves; False where that is nothing."""
    for t in range(n):
        low, up = 0, 0
        for k in range(n):
            a = maps[t * n + k]
            if a > 0:
                low += lo[k]
                up += hi[k]
            elif a < 0:
                low -= hi[k]
                up -= lo[k]
        if low > most[t] or up < least[t]:
            return False
        over, under = most[t] - low, up - least[t]
        for k in range(n):
            a = maps[t * n + k]
            if a != 0:
                down, rise = (under, over) if a > 0 else (over, under)
                new = max(lo[k], hi[k] - down)
                hi[k] = min(hi[k], lo[k] + rise)
                lo[k] = new
    return True


def load(rule: Rule, space: Space, claim: Claim, stack: Stack, top: int) -> None:
    """Put the branch at ``top`` into ``space``."""
    n, nd = rule.n, rule.n * rule.d
    for k in range(n):
        space.lo[k] = stack.lo[top * n + k]
        space.hi[k] = stack.hi[top * n + k]
    for u in range(nd):
        low, up = stack.below[top * nd + u], stack.above[top * nd + u]
        space.below[u] = low
        space.above[u] = up
        space.slope[u] = relaxed(low, up, space.near)
    largest = write_maps(stack.letters, top * n, stack.length[top], n, space.maps, space.drive)
    for k in range(n):
        space.chain[k] = space.maps[largest * n + k] if largest >= 0 else 0
    space.chain[n + 1] = claim.most[largest] if largest >= 0 else 0


def push(
    rule: Rule, space: Space, claim: Claim, stack: Stack, parent: int, child: int, letter: int
) -> None:
    """Write what is known in ``space`` to the stack, at ``child``: the box in ``space`` if
    ``letter`` is negative, else the box of the history of ``parent`` with one more letter.
    """
    n, nd, length = rule.n, rule.n * rule.d, stack.length[parent]
    for u in range(nd):
        stack.below[child * nd + u] = space.below[u]
        stack.above[child * nd + u] = space.above[u]
    for t in range(length):
        stack.letters[child * n + t] = stack.letters[parent * n + t]
    stack.length[child] = length
    if letter < 0:
        for k in range(n):
            stack.lo[child * n + k] = space.lo[k]
            stack.hi[child * n + k] = space.hi[k]
        return
    stack.letters[child * n + length] = letter
    stack.length[child] = length + 1
    ordered = 0
    for k in range(n):
        stack.lo[child * n + k] = claim.least[k]
        stack.hi[child * n + k] = claim.most[k]
        if k <= length:  # increments and gaps are at most as large as inputs differ
            stack.lo[child * n + k] = 0
            if stack.letters[child * n + k] != BELOW:
                ordered += 1
            elif ordered >= 2:
                stack.hi[child * n + k] = claim.most[k] - claim.least[k]


def cut(rule: Rule, space: Space, claim: Claim, stack: Stack, top: int, op: int) -> tuple[int, int]:
    """Replace the branch at ``top``, which is in ``space``, by its parts; the first one on top.
    Returns the new top, and what is wrong, or DONE.
    """
    if op == HISTORY:
        if stack.length[top] >= claim.first:
            return top, COMPLETE
        some = 0
        for t in range(stack.length[top]):
            if stack.letters[top * rule.n + t] == NEW:
                some = 1
        push(rule, space, claim, stack, top, top + 1 + some, NEW)
        if some:
            push(rule, space, claim, stack, top, top + 1, BETWEEN)
        push(rule, space, claim, stack, top, top, BELOW)
        return top + 1 + some, DONE
    if op >= rule.n:
        return top, KIND
    lo, hi = space.lo[op], space.hi[op]
    if hi - lo < 2:  # halves are smaller, so no branch is endless
        return top, NARROW
    middle = (lo + hi) >> 1
    space.hi[op] = middle
    push(rule, space, claim, stack, top, top + 1, -1)
    space.lo[op] = middle
    space.hi[op] = hi
    push(rule, space, claim, stack, top, top, -1)
    return top + 1, DONE


def proved(
    rule: Rule, space: Space, bound: int, trail: Ints, tape: Sequence[int], at: int, cases: bool
) -> int:
    """Where the leaf that goes on at ``tape[at]`` ends, if every row is at least ``bound``, with a
    tree of cases for each on the tape or without; else -1.
    """
    for r in range(len(rule.rows) // rule.d):
        if cases:
            at, _ = row_by_cases(rule, space, tape, at, r, bound, trail)
            if at < 0:
                return -1
        elif bound_row(rule, space, r) < bound:
            return -1
    return at


def node(
    rule: Rule, space: Space, claim: Claim, stack: Stack, tape: Sequence[int], top: int, at: int
) -> tuple[int, int, int]:
    """Check the node at ``tape[at]`` for the branch at ``top``; both go on, and the status."""
    n = rule.n
    if at >= len(tape):
        return top, at, CUT
    load(rule, space, claim, stack, top)
    op = int(tape[at])
    at += 1
    inside = tighten(space.maps, claim.least, claim.most, space.lo, space.hi, n)
    if op == OUTSIDE:
        return top - 1, at, INSIDE if inside else DONE
    if not inside:
        return top, at, EMPTY
    if op == EXACT:
        stack.cursor[3] += 1
        return top - 1, at, EXACTLY
    leaf = op in (PROVED, BY_CASES)
    if at + (0 if leaf else 1) >= len(tape):
        return top, at, CUT
    begin, stop = int(tape[at]), n
    at += 1
    if not leaf:
        stop = int(tape[at])
        at += 1
    if begin > stop or stop > n:
        return top, at, RANGE
    if not place(rule, space):
        return top, at, LARGE
    bound_units(rule, space, begin, stop)
    if leaf:
        stack.cursor[3] += 1
        at = proved(rule, space, claim.bound, stack.trail, tape, at, op == BY_CASES)
        return top - 1, max(at, 0), MARGIN if at < 0 else DONE
    if top + 2 >= stack.size:
        return top, at, DEEP
    top, status = cut(rule, space, claim, stack, top, op)
    return top, at, status


def walk(
    rule: Rule, space: Space, claim: Claim, stack: Stack, tape: Sequence[int], most: int
) -> int:
    """Go on through the tape for ``most`` nodes at most.

    Returns:
        DONE at the end of the tree; PAUSED; EXACTLY at an EXACT leaf, whose box and maps are in
        ``space``: it is for the caller to decide; or what is wrong at the node, an index of FAULTS
        and 3 more. ``stack.cursor`` says how far it came.
    """
    top, at = stack.cursor[0], stack.cursor[2]
    status = DONE
    while top >= 0 and status == DONE and most > 0:
        top, at, status = node(rule, space, claim, stack, tape, top, at)
        stack.cursor[1] += 1
        most -= 1
    stack.cursor[0] = top
    stack.cursor[2] = at
    return PAUSED if status == DONE and top >= 0 else status
