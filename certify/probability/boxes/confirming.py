"""From a tape of the search to that of a certificate: leaves that the checker's own rule proves.

The rule (:mod:`certify.checker.leaves`, compiled) decides, so what is written is accepted. A leaf
is tried with the bounds of the last box around it whose units were bounded, and if these don't
prove it with a few cases, with bounds of its own. All other leaves are open, and inner nodes under
which nothing is proved are, too.
"""

from __future__ import annotations

import numpy as np

from certify.checker import leaves
from certify.checker.boxes import BOUND
from certify.compiled import kernel
from certify.probability.boxes.branch_and_bound import LEAF, MAX_DEPTH, OPEN, RIGHT, TAIL, WRONG
from certify.probability.boxes.cuts import cut_box
from certify.probability.boxes.quantiles import GRID, OK, W_ONE, WORK_ROWS, box_of
from certify.relaxation.compiled import function

_enter, _leaf = function(leaves.enter), function(leaves.leaf)
_CELLS = 2.0**GRID
#: Units are bounded on every third box on the way down, if it has as many proved leaves.
EVERY, WORTH = 3, 3
#: Substitutions of a row before a leaf is bounded anew.
FEW = 32
_MOST = leaves.MOST
LIMB = 28  #: Volumes are summed exactly, in limbs of so many bits.


@kernel
def _proved_below(tape, count):  # type: ignore[no-untyped-def]
    """Write for each node how many proved leaves are at or under it."""
    stack = np.empty(MAX_DEPTH + 2, dtype=np.int64)
    top = 0
    for i in range(len(tape) - 1, -1, -1):
        here = 0
        if tape[i] >= LEAF:
            here = int(tape[i] == RIGHT or tape[i] == WRONG)
        else:
            top -= 2
            here = stack[top] + stack[top + 1]
        count[i] = here
        stack[top] = here
        top += 1


@kernel
def _add_volume(lo, hi, limbs, total):  # type: ignore[no-untyped-def]
    """Add the volume of a box of W to a sum of limbs; ``limbs`` is room."""
    limbs[:] = 0
    limbs[0] = 1
    for j in range(len(lo)):
        carry = 0
        for i in range(len(limbs)):
            carry += limbs[i] * (hi[j] - lo[j])
            limbs[i] = carry & ((1 << LIMB) - 1)
            carry >>= LIMB
    for i in range(len(limbs)):
        total[i] += limbs[i]


@kernel
def _try(rule, space, room, bounded, known, mine, right, out, length):  # type: ignore[no-untyped-def]
    """Write a leaf for the box in ``space`` at ``out[length]``; returns where it ends, or -1.

    ``bounded`` tells whether anything is ``known``.
    """
    if bounded:
        mine[:] = known
        if not _enter(rule, space, mine, False):
            return -1
        if _leaf(rule, space, room, mine, right, FEW):
            out[length] = RIGHT if right else WRONG
            return length + 1
    mine[:] = known
    if not (_enter(rule, space, mine, True) and _leaf(rule, space, room, mine, right, _MOST)):
        return -1
    out[length] = BOUND
    out[length + 1] = RIGHT if right else WRONG
    return length + 2


@kernel
def _place(setting, w_lo, w_hi, work, lo, hi, space):  # type: ignore[no-untyped-def]
    """Put the box of inputs over a box of W in ``space``, if it is bounded and beyond doubt."""
    kind, uniform, chain, parent, levels, table = setting
    if box_of(kind, uniform, chain, parent, levels, w_lo, w_hi, table, work, lo, hi) != OK:
        return False
    for j in range(len(lo)):
        space.lo[j] = int(lo[j] * _CELLS)
        space.hi[j] = int(hi[j] * _CELLS)
    return True


@kernel
def _after(tape, at):  # type: ignore[no-untyped-def]
    """Where both parts that begin at ``at`` end."""
    left = 2
    while left > 0:
        left += -1 if tape[at] >= LEAF else 1
        at += 1
    return at


@kernel
def confirm(setting, rule, space, room, unknown, tape, out, volumes):  # type: ignore[no-untyped-def]
    """Prove the leaves of a tape anew, by the checker's rule; those that it doesn't become open.

    Read: the word (``setting``: kind, uniform, chain, parent and levels as for
    :func:`certify.probability.boxes.quantiles.box_of`, and the table), the rule, its rooms and
    what is known at first, and the tape of a search. Written: ``out``, at least twice as long, the
    tape as a certificate has it; ``volumes`` (2, n // 2 + 1), those wrong and right, in limbs.

    Returns:
        The length of that tape.
    """
    n = rule.n
    count = np.empty(len(tape), dtype=np.int32)
    _proved_below(tape, count)
    size = MAX_DEPTH + 2
    w_lo = np.zeros((size, n), dtype=np.int64)
    w_hi = np.full((size, n), W_ONE)
    known = np.empty((size, len(unknown)), dtype=np.int64)
    known[0] = unknown
    bounded = np.zeros(size, dtype=np.bool_)  # on a box around, so many cuts ago
    since = np.full(size, EVERY)
    mine, lo, hi, work = known[0].copy(), np.empty(n), np.empty(n), np.empty((WORK_ROWS, n))
    limbs = np.empty(n // 2 + 1, dtype=np.int64)
    # Inner nodes on the way: where they are written, how many parts are done, if any is proved.
    written = np.empty(size, dtype=np.int64)
    parts = np.empty(size, dtype=np.int64)
    some = np.empty(size, dtype=np.bool_)
    top, at, length, inner = 0, 0, 0, 0
    while at < len(tape):
        node, below = tape[at], count[at]
        start, good = length, False
        at += 1
        if below > 0 and node < LEAF:
            if below >= WORTH and since[top] >= EVERY:
                mine[:] = known[top]
                if _place(setting, w_lo[top], w_hi[top], work, lo, hi, space) and _enter(
                    rule, space, mine, True
                ):
                    known[top] = mine
                    bounded[top], since[top] = True, 0
                    out[length] = BOUND
                    length += 1
            out[length] = node
            length += 1
            written[inner], parts[inner], some[inner] = start, 0, False
            inner += 1
            since[top] += 1
            cut_box(w_lo, w_hi, top, node & (TAIL - 1), node & TAIL)
            known[top + 1] = known[top]
            bounded[top + 1], since[top + 1] = bounded[top], since[top]
            top += 1
            continue
        if below > 0:
            end = -1
            if _place(setting, w_lo[top], w_hi[top], work, lo, hi, space):
                end = _try(
                    rule, space, room, bounded[top], known[top], mine, node == RIGHT, out, length
                )
            good = end >= 0
            if good:
                length = end
                _add_volume(w_lo[top], w_hi[top], limbs, volumes[int(node == RIGHT)])
        elif node < LEAF:
            at = _after(tape, at)
        if not good:
            out[length] = OPEN
            length += 1
        top -= 1
        while inner > 0:
            parts[inner - 1] += 1
            some[inner - 1] |= good
            if parts[inner - 1] < 2:
                break
            inner -= 1
            good = some[inner]
            if not good:
                length = written[inner]
                out[length] = OPEN
                length += 1
    return length
