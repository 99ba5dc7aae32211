"""Branch and bound inside one order word, compiled: depth first down to a smallest volume.

A tape is the tree of one word in preorder, a byte a node. An inner node names the position whose
W is cut, plus ``TAIL`` where it is cut near 0 instead of in the middle; its two subtrees follow,
the lower part first. Leaves are ``RIGHT``, ``WRONG`` or open: ``OPEN`` less the merit of the box
(see :func:`search`) on a scale of ``MERITS`` steps, so that a later search knows which ones to
take up without bounding them all.

What goes into a certificate is made of it by :mod:`certify.probability.boxes.confirming`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from certify.compiled import kernel
from certify.probability.boxes.cuts import best_cut, cut_box, volume_of
from certify.probability.boxes.order_words import TWO
from certify.probability.boxes.quantiles import (
    LARGEST_COORDINATE,
    OK,
    W_ONE,
    WORK_ROWS,
    box_of,
)
from certify.relaxation.cases import CASES, last_state, prove_by_cases
from certify.relaxation.linear import bound_box

TAIL = 64
RIGHT, WRONG, OPEN = 255, 254, 253
MERITS = 40
LEAF = OPEN - MERITS  #: the least byte of a leaf
MAX_DEPTH = 140
#: Where the worst margin is c at the middle of a box and proved to be at least -w on all of it,
#: near is ``c / (c + w)`` and merit ``max(near / NEAR, 1)**POWER``: it will need few more cuts.
NEAR, POWER = 0.05, 2.0
#: From this near on cases are tried.
WORTH = 0.1
#: Volumes are summed in units of ``2**-VOLUME_BITS``, rounded down.
VOLUME_BITS = 48


@kernel
def rival_of(w_ih, columns, margins, A, lo, hi, middle, h, new):  # type: ignore[no-untyped-def]
    """The row with the least margin at the middle of the box, and that margin."""
    for j in range(len(lo)):
        middle[j] = 0.5 * (lo[j] + hi[j])
    last_state(w_ih, columns, A, middle, h, new)
    worst, at = np.inf, 0
    for r in range(len(margins)):
        v = 0.0
        for i in range(len(h)):
            v += margins[r, i] * h[i]
        if v < worst:
            worst, at = v, r
    return worst, at


@kernel
def reaching(A, hi):  # type: ignore[no-untyped-def]
    """The size of the largest input over a box, as a share of what the slack is made for.

    The slack of :func:`certify.relaxation.linear.rounding_slack` grows in proportion to the sizes.
    """
    n = len(A)
    most = 0.0
    for t in range(n):
        total = 0.0
        for j in range(n):
            total += abs(A[t, j]) * hi[j]
        most = max(most, total)
    return min(1.0, 1.000001 * most / (n * (LARGEST_COORDINATE + 1.0)))


@kernel
def weigh(  # type: ignore[no-untyped-def]
    w_ih, w_hh, columns, rows, slack, A, b, lo, hi, total, lower, upper, codes, centre, values,
    tree,
):  # fmt: skip
    """Prove by cases what bounds have not, worst first; returns the merit of the box.

    ``values`` are the proved lower bounds of ``rows`` on the box; those of rows that cases prove
    become infinite. ``centre`` is the worst margin in its middle.
    """
    worst = values.min()
    near = abs(centre) / (abs(centre) - min(worst, 0.0) + 1e-300)
    if worst <= 0.0 and near > WORTH:
        for i in np.argsort(values):
            if values[i] > 0.0:
                break
            size = prove_by_cases(
                w_ih, w_hh, columns, rows[i], A, b, lo, hi, total, slack[i], lower, upper, codes,
                CASES, tree,
            )  # fmt: skip
            if size < 0:
                break
            values[i] = np.inf
    return max(near / NEAR, 1.0) ** POWER


@kernel
def total_of(kind, chain, n):  # type: ignore[no-untyped-def]
    """The increments of a chain above 0 add up to the maximum, by which all is divided: which
    coordinates they are, and their least and their most, 1 (n + 2,).
    """
    total = np.zeros(n + 2)
    if kind == TWO:
        for j in chain:
            total[j] = 1.0
        total[n] = 1.0
        total[n + 1] = 1.0
    return total


class Setting(NamedTuple):
    """What :func:`search` reads of the network and of the word, as it says there."""

    w_ih: Any
    w_hh: Any
    columns: Any
    margins: Any
    unit_slack: Any
    row_slack: Any
    reach: Any
    kind: Any
    uniform: Any
    chain: Any
    parent: Any
    levels: Any
    A: Any
    b: Any
    total: Any
    table: Any


class Path(NamedTuple):
    """The boxes still to be looked at, the next one on top, of at most ``MAX_DEPTH + 2``.

    ``w_lo``, ``w_hi`` (n) are the sides; ``known`` tells those of the old tape; where ``inherits``
    is true ``lower``, ``upper``, ``codes`` (n, d) are bounds on a box around it, and ``proved``
    (n - 1) tells which margins are positive there.
    """

    w_lo: Any
    w_hi: Any
    known: Any
    inherits: Any
    lower: Any
    upper: Any
    codes: Any
    proved: Any


class Room(NamedTuple):
    """Room to work in for the box at hand, whose inputs are between ``lo`` and ``hi`` (n)."""

    lo: Any
    hi: Any
    work: Any
    trial: Any
    part_lo: Any
    part_hi: Any
    score: Any
    state: Any
    new: Any
    values: Any
    rows: Any
    slack: Any
    which: Any
    tree: Any


@kernel
def _path(n, d, R):  # type: ignore[no-untyped-def]
    """A path with the box of everything on top, of the old tape."""
    size = MAX_DEPTH + 2
    path = Path(
        np.zeros((size, n), dtype=np.int64), np.full((size, n), W_ONE),
        np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_),
        np.empty((size, n, d)), np.empty((size, n, d)), np.zeros((size, n, d), dtype=np.uint8),
        np.zeros((size, R), dtype=np.bool_),
    )  # fmt: skip
    path.known[0] = True
    return path


@kernel
def _room(n, d, R):  # type: ignore[no-untyped-def]
    return Room(
        np.empty(n), np.empty(n), np.empty((WORK_ROWS, n)), np.empty((WORK_ROWS, n)),
        np.empty(n), np.empty(n), np.empty(n), np.empty(d), np.empty(d),
        np.empty(R), np.empty((R, d)), np.empty(R), np.empty(R, dtype=np.int64),
        np.empty(2 * CASES, dtype=np.uint8),
    )  # fmt: skip


@kernel
def _bound(setting, path, room, top):  # type: ignore[no-untyped-def]
    """Bound what is open of the box at ``top``: all margins not yet proved, or the one of the
    rival that wins in its middle. Returns its merit and ``RIGHT``, ``WRONG`` or ``OPEN``.
    """
    if not path.inherits[top]:
        path.lower[top] = -setting.reach
        path.upper[top] = setting.reach
        path.proved[top] = False
    share = reaching(setting.A, room.hi)
    centre, rival = rival_of(
        setting.w_ih, setting.columns, setting.margins, setting.A, room.lo, room.hi, room.part_lo,
        room.state, room.new,
    )  # fmt: skip
    count = 0
    if centre > 0.0:
        for r in range(len(setting.margins)):
            if not path.proved[top, r]:
                room.rows[count] = setting.margins[r]
                room.slack[count] = setting.row_slack[r]
                room.which[count] = r
                count += 1
    else:
        room.rows[0] = -setting.margins[rival]
        room.slack[0] = setting.row_slack[rival]
        count = 1
    rows, slack, values = room.rows[:count], share * room.slack[:count], room.values[:count]
    unit_slack = share * setting.unit_slack
    bound_box(
        setting.w_ih, setting.w_hh, rows, setting.A, setting.b, room.lo, room.hi, setting.total,
        unit_slack, slack, unit_slack, setting.reach, not path.inherits[top], 0,
        path.lower[top], path.upper[top], path.codes[top], values, room.score,
    )  # fmt: skip
    merit = weigh(
        setting.w_ih, setting.w_hh, setting.columns, rows, slack, setting.A, setting.b,
        room.lo, room.hi, setting.total, path.lower[top], path.upper[top], path.codes[top], centre,
        values, room.tree,
    )  # fmt: skip
    if centre > 0.0:
        for i in range(count):
            path.proved[top, room.which[i]] = values[i] > 0.0
    if values.min() > 0.0:
        return merit, RIGHT if centre > 0.0 else WRONG
    return merit, OPEN


@kernel
def _examine(setting, path, room, top, smallest):  # type: ignore[no-untyped-def]
    """The node for the box at ``top``, a leaf or where to cut it, and whether it was bounded."""
    w_lo, w_hi, position, tail, merit = path.w_lo[top], path.w_hi[top], -1, 0, 1.0
    volume = volume_of(w_lo, w_hi)
    status = box_of(
        setting.kind, setting.uniform, setting.chain, setting.parent, setting.levels, w_lo, w_hi,
        setting.table, room.work, room.lo, room.hi,
    )  # fmt: skip
    if status >= 0:
        position, tail = status, TAIL
    elif status != OK:
        position = int(np.argmax(w_hi - w_lo))
    else:
        merit, verdict = _bound(setting, path, room, top)
        if verdict != OPEN:
            return verdict, True
        if volume * merit >= smallest:
            position = best_cut(
                setting.kind, setting.uniform, setting.chain, setting.parent, setting.levels,
                w_lo, w_hi, setting.table, room.work, room.trial, room.lo, room.hi,
                room.part_lo, room.part_hi, room.score,
            )  # fmt: skip
    if position >= 0 and volume * merit >= smallest and w_hi[position] - w_lo[position] >= 2:
        return position | tail, status == OK
    step = int(math.log(merit) * (MERITS / (-POWER * math.log(NEAR))))
    return OPEN - min(step, MERITS), status == OK


@kernel
def _write(node, known, bounded, path, top, out, totals):  # type: ignore[no-untyped-def]
    """Put the node for the box at ``top`` on the tape; returns where the next box is.

    If it is cut, ``known`` and ``bounded`` say what its parts have: nodes in the old tape, and
    bounds to start from.
    """
    out[totals[0]] = node
    totals[0] += 1
    if node >= LEAF:
        if node > OPEN:
            totals[2 if node == RIGHT else 3] += volume_of(path.w_lo[top], path.w_hi[top])
        else:
            totals[4] += 1
        return top - 1
    cut_box(path.w_lo, path.w_hi, top, node & (TAIL - 1), node & TAIL)
    if bounded:
        path.lower[top + 1] = path.lower[top]
        path.upper[top + 1] = path.upper[top]
        path.codes[top + 1] = path.codes[top]
        path.proved[top + 1] = path.proved[top]
    path.known[top : top + 2] = known
    path.inherits[top : top + 2] = bounded
    return top + 1


@kernel
def search(  # type: ignore[no-untyped-def]
    w_ih, w_hh, margins, unit_slack, row_slack, reach,
    kind, uniform, chain, parent, levels, A, table,
    old, smallest, limit, out, totals,
):  # fmt: skip
    """Extend a tape: cut every open leaf of at least ``smallest`` volume times merit.

    The merit is 1, or more where the bounds of a box are near to a proof (see :data:`NEAR`).

    Read: float weights ``w_ih``, ``w_hh``; ``margins`` (n - 1, d), the rows of the second's
    margins, with the slack and reach of :func:`certify.relaxation.linear.rounding_slack` for boxes
    up to :data:`certify.probability.boxes.quantiles.LARGEST_COORDINATE`; the word as for
    :func:`certify.probability.boxes.quantiles.box_of`; the tape ``old``, ``[OPEN]`` at first;
    ``smallest`` in units of ``2**-VOLUME_BITS``; ``limit``, the number of boxes that may be bounded
    (what is left then stays open).

    Written: ``out``, the new tape; ``totals`` (5,): its length, boxes bounded, volume right,
    volume wrong (in units of ``2**-VOLUME_BITS``), open leaves.

    Returns:
        False where ``out`` is too short (call again with a longer one).
    """
    n, d = reach.shape
    setting = Setting(
        w_ih, w_hh, np.ascontiguousarray(w_hh.T), margins, unit_slack, row_slack, reach,
        kind, uniform, chain, parent, levels, A, np.zeros(n), total_of(kind, chain, n), table,
    )  # fmt: skip
    path, room = _path(n, d, len(margins)), _room(n, d, len(margins))
    promises = np.array([NEAR ** (-POWER * step / MERITS) for step in range(MERITS + 1)])
    promise = 1.0  # the merit of a leaf of the old tape, or less: none is looked at in vain
    totals[:] = 0
    top, read = np.int64(0), 0  # as a literal it would have all compiled for itself
    while top >= 0:
        if totals[0] >= len(out):
            return False
        node, known, bounded = OPEN, path.known[top], np.bool_(False)
        if known:
            node = np.int64(old[read])  # type: ignore[assignment]
            read += 1
            if node < LEAF or node > OPEN:
                top = _write(node, known, bounded, path, top, out, totals)
                continue
            promise = promises[OPEN - node]
        volume = volume_of(path.w_lo[top], path.w_hi[top])
        due = path.inherits[top] or volume * (promise if known else 1.0) >= smallest
        if due and totals[1] >= limit:  # to be taken up by the next search
            node = OPEN - MERITS
        elif due and top < MAX_DEPTH:
            node, bounded = _examine(setting, path, room, top, smallest)
            totals[1] += bounded
        elif due:
            node = OPEN
        top = _write(node, np.bool_(False), bounded, path, top, out, totals)
    return True
