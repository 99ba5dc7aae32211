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

import numpy as np

from certify.compiled import kernel
from certify.probability.boxes.order_words import TWO
from certify.probability.boxes.quantiles import (
    LARGEST_COORDINATE,
    OK,
    W_ONE,
    WORK_ROWS,
    box_of,
    coordinates,
    gap,
    solve_chain,
)
from certify.relaxation.cases import CASES, last_state, prove_by_cases
from certify.relaxation.linear import bound_box

TAIL = 64
RIGHT, WRONG, OPEN = 255, 254, 253
MERITS = 40
RIGHT_BY_CASES, WRONG_BY_CASES = OPEN - MERITS - 1, OPEN - MERITS - 2
LEAF = WRONG_BY_CASES  #: the least byte of a leaf
PROOFS = (RIGHT, WRONG, RIGHT_BY_CASES, WRONG_BY_CASES)
MAX_DEPTH = 140
#: Where the worst margin is c at the middle of a box and proved to be at least -w on all of it,
#: near is ``c / (c + w)`` and merit ``max(near / NEAR, 1)**POWER``: it will need few more cuts.
NEAR, POWER = 0.05, 2.0
#: From this near on cases are tried.
WORTH = 0.1
#: Volumes are summed in units of ``2**-VOLUME_BITS``, rounded down.
VOLUME_BITS = 48


@kernel
def cut_at(lo, hi, tail):  # type: ignore[no-untyped-def]
    """Where an interval of W is cut, in units of ``2**-W_BITS``."""
    if tail:
        return lo + max(1, (hi - lo) >> 7)
    return (lo + hi) >> 1


@kernel
def volume_of(w_lo, w_hi):  # type: ignore[no-untyped-def]
    """The volume of a box of W in units of ``2**-VOLUME_BITS``, rounded down."""
    volume = np.int64(1) << 48
    for j in range(len(w_lo)):
        volume = (volume * (w_hi[j] - w_lo[j])) >> 14
    return volume


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
def _gain(  # type: ignore[no-untyped-def]
    kind, uniform, chain, parent, levels, w_lo, w_hi, at, j, table, work, trial, lo, hi,
    part_lo, part_hi, score,
):  # fmt: skip
    """How much looseness goes, on average over both parts, by halving position ``j``.

    ``at`` is its index in the chain, or -1; ``work`` the workspace of the box.
    """
    gain = 1e-300
    keep_lo, keep_hi = w_lo[j], w_hi[j]
    middle = cut_at(keep_lo, keep_hi, 0)
    for side in range(2):
        part = (keep_lo, middle) if side == 0 else (middle, keep_hi)
        if at < 0 and kind == TWO:  # nothing but its own gap changes
            if uniform or part[0] > 0:
                low, high = gap(uniform, parent[j], part[0], part[1], table, work)
                if hi[j] > lo[j]:
                    gain += 0.5 * score[j] * (1.0 - (high - low) / (hi[j] - lo[j]))
            continue
        w_lo[j], w_hi[j] = part
        trial[:2] = work[:2]
        good = at < 0 or solve_chain(kind, uniform, chain, levels, w_lo, w_hi, at, True, trial)
        if good:
            status = coordinates(
                kind, uniform, chain, parent, w_lo, w_hi, table, trial, part_lo, part_hi
            )
            good = status == OK
        w_lo[j], w_hi[j] = keep_lo, keep_hi
        if good:
            for i in range(len(lo)):
                if hi[i] > lo[i]:
                    gain += 0.5 * score[i] * (1.0 - (part_hi[i] - part_lo[i]) / (hi[i] - lo[i]))
    return gain


@kernel
def best_cut(  # type: ignore[no-untyped-def]
    kind, uniform, chain, parent, levels, w_lo, w_hi, table, work, trial, lo, hi,
    part_lo, part_hi, score,
):  # fmt: skip
    """The position whose W is best halved, or -1 if none."""
    best, most = -1, 0.0
    for j in range(len(lo)):
        if w_hi[j] - w_lo[j] < 2:
            continue
        at = -1
        for i in range(len(chain)):
            if chain[i] == j:
                at = i
        gain = _gain(
            kind, uniform, chain, parent, levels, w_lo, w_hi, at, j, table, work, trial, lo, hi,
            part_lo, part_hi, score,
        )  # fmt: skip
        if gain > most:
            best, most = j, gain
    return best


@kernel
def weigh(  # type: ignore[no-untyped-def]
    w_ih, w_hh, columns, rows, slack, A, b, lo, hi, lower, upper, codes, centre, values, tree
):
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
                w_ih, w_hh, columns, rows[i], A, b, lo, hi, slack[i], lower, upper, codes,
                CASES, tree,
            )  # fmt: skip
            if size < 0:
                break
            values[i] = np.inf
    return max(near / NEAR, 1.0) ** POWER


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
    R = len(margins)
    w_lo = np.zeros((MAX_DEPTH + 2, n), dtype=np.int64)
    w_hi = np.full((MAX_DEPTH + 2, n), W_ONE)
    lower = np.empty((MAX_DEPTH + 2, n, d))
    upper = np.empty((MAX_DEPTH + 2, n, d))
    inherits = np.zeros(MAX_DEPTH + 2, dtype=np.bool_)
    known = np.zeros(MAX_DEPTH + 2, dtype=np.bool_)  # whether the node is in the old tape
    proved = np.zeros((MAX_DEPTH + 2, R), dtype=np.bool_)
    lo = np.empty(n)
    hi = np.empty(n)
    work = np.empty((WORK_ROWS, n))
    trial = np.empty((WORK_ROWS, n))
    part_lo = np.empty(n)
    part_hi = np.empty(n)
    values = np.empty(R)
    rows = np.empty((R, d))
    slack = np.empty(R)
    which = np.empty(R, dtype=np.int64)
    score = np.empty(n)
    tree = np.empty(2 * CASES, dtype=np.uint8)
    columns = np.ascontiguousarray(w_hh.T)
    state = np.empty(d)
    new = np.empty(d)
    codes = np.zeros((MAX_DEPTH + 2, n, d), dtype=np.uint8)
    b = np.zeros(n)
    length, boxes, right, wrong, opened = 0, 0, 0, 0, 0
    scale = MERITS / (-POWER * math.log(NEAR))
    promises = np.array([NEAR ** (-POWER * step / MERITS) for step in range(MERITS + 1)])
    read = 0
    promise = 1.0  # the merit of a leaf of the old tape, or less: none is looked at in vain
    top = 0
    known[0] = True
    while top >= 0:
        if length >= len(out):
            return False
        if known[top]:
            node = old[read]
            read += 1
            if node > OPEN:
                volume = volume_of(w_lo[top], w_hi[top])
                if node == RIGHT:
                    right += volume
                else:
                    wrong += volume
                out[length] = node
                length += 1
                top -= 1
                continue
            if node < LEAF:
                out[length] = node
                length += 1
                cut_box(w_lo, w_hi, top, node & (TAIL - 1), node & TAIL)
                inherits[top : top + 2] = False
                known[top : top + 2] = True
                top += 1
                continue
            promise = promises[OPEN - node]
        volume = volume_of(w_lo[top], w_hi[top])
        verdict = OPEN
        position = -1
        tail = 0
        merit = 1.0
        bounded = False  # whether the children may start from bounds of this box
        due = inherits[top] or volume * (promise if known[top] else 1.0) >= smallest
        if due and boxes < limit and top < MAX_DEPTH:
            status = box_of(
                kind, uniform, chain, parent, levels, w_lo[top], w_hi[top], table, work, lo, hi
            )
            if status >= 0:
                position = status
                tail = TAIL
            elif status != OK:
                position = int(np.argmax(w_hi[top] - w_lo[top]))
            else:
                boxes += 1
                bounded = True
                if not inherits[top]:
                    lower[top] = -reach
                    upper[top] = reach
                    proved[top] = False
                share = reaching(A, hi)
                centre, rival = rival_of(w_ih, columns, margins, A, lo, hi, part_lo, state, new)
                count = 0
                if centre > 0.0:
                    for r in range(R):
                        if not proved[top, r]:
                            rows[count] = margins[r]
                            slack[count] = row_slack[r]
                            which[count] = r
                            count += 1
                else:
                    rows[0] = -margins[rival]
                    slack[0] = row_slack[rival]
                    count = 1
                bound_box(
                    w_ih, w_hh, rows[:count], A, b, lo, hi, share * unit_slack,
                    share * slack[:count], share * unit_slack, reach,
                    not inherits[top], 0, lower[top], upper[top], codes[top], values[:count],
                    score,
                )  # fmt: skip
                merit = weigh(
                    w_ih, w_hh, columns, rows[:count], share * slack[:count], A, b, lo, hi,
                    lower[top], upper[top], codes[top], centre, values[:count], tree,
                )  # fmt: skip
                if centre > 0.0:
                    for i in range(count):
                        proved[top, which[i]] = values[i] > 0.0
                if values[:count].min() > 0.0:
                    verdict = RIGHT if centre > 0.0 else WRONG
                elif volume * merit >= smallest:
                    position = best_cut(
                        kind, uniform, chain, parent, levels, w_lo[top], w_hi[top], table, work,
                        trial, lo, hi, part_lo, part_hi, score,
                    )  # fmt: skip
        if (
            verdict == OPEN
            and position >= 0
            and volume * merit >= smallest
            and w_hi[top, position] - w_lo[top, position] >= 2
        ):
            out[length] = position | tail
            length += 1
            cut_box(w_lo, w_hi, top, position, tail)
            if bounded:
                lower[top + 1] = lower[top]
                upper[top + 1] = upper[top]
                codes[top + 1] = codes[top]
                proved[top + 1] = proved[top]
            inherits[top : top + 2] = bounded
            known[top : top + 2] = False
            top += 1
            continue
        if verdict == RIGHT:
            right += volume
        elif verdict == WRONG:
            wrong += volume
        else:
            opened += 1
            if due and not bounded and boxes >= limit:  # to be taken up by the next search
                verdict = OPEN - MERITS
            elif known[top] and not due:
                verdict = old[read - 1]
            elif bounded:
                verdict -= min(int(math.log(merit) * scale), MERITS)
        out[length] = verdict
        length += 1
        top -= 1
    totals[0], totals[1], totals[2], totals[3], totals[4] = length, boxes, right, wrong, opened
    return True


@kernel
def cut_box(w_lo, w_hi, top, position, tail):  # type: ignore[no-untyped-def]
    """Replace the box at ``top`` by its two parts, the lower one above the other."""
    middle = cut_at(w_lo[top, position], w_hi[top, position], tail)
    w_lo[top + 1] = w_lo[top]
    w_hi[top + 1] = w_hi[top]
    w_hi[top + 1, position] = middle
    w_lo[top, position] = middle
