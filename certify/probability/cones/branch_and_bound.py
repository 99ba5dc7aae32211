"""Branch and bound inside one chamber, compiled: simplicial cones, cut where that decides most.

A tape is the tree of one chamber in preorder. An inner node is two bytes: ``i n + j``, which rays
are cut between, and the weight w in 256ths: the new ray is ``w x_i + (1 - w) x_j``; its subtrees
follow, first that with the new ray in place of ``x_j``, then that with it in place of ``x_i``. So
the determinants of the parts are ``1 - w`` and ``w`` times that of the whole.

A leaf is one byte: ``LEVEL + k`` where the measure that its bounds leave open is at least ``2^k``
in units of ``2**-UNIT_BITS`` of the chamber, ``CLOSED`` where it is less than one unit or the tree
too deep, ``NEW`` where nothing has been bounded.

Cuts. Candidates are the zeros of the undecided units that cost most, between the rays where their
pre-activations are largest and least, and the middle of the longest edge. All are tried, and that
is taken which leaves least open.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from certify.compiled import kernel
from certify.probability.cones.relaxation import (
    LOSS,
    MAX_DEPTH,
    bound_simplex,
    decided,
    measure,
    run_at,
)

LEVEL, NEW, CLOSED = 128, 254, 255
LEAF, SKIPPED = 255, 254  #: in the tape of a certificate: bounded, or not to be looked at
DOUBTFUL = 253  #: between the two: a leaf that exact arithmetic is to bound
UNIT_BITS = 48
CANDIDATES = 8
#: Parts that may wait in ``certify.probability.cones.relaxation.decided``; the rest is given up.
PARTS = 96


@kernel
def _longest(x):  # type: ignore[no-untyped-def]
    """The two rays with the widest angle, and the weight that puts a ray between them."""
    n = len(x)
    at, to, least, weight = 0, 1, 2.0, 0.5
    for i in range(n):
        for j in range(i):
            ij, ii, jj = 0.0, 0.0, 0.0
            for k in range(n):
                ij += x[i, k] * x[j, k]
                ii += x[i, k] * x[i, k]
                jj += x[j, k] * x[j, k]
            if ij / np.sqrt(ii * jj) < least:
                at, to, least = i, j, ij / np.sqrt(ii * jj)
                weight = np.sqrt(jj) / (np.sqrt(ii) + np.sqrt(jj))
    return at, to, weight


@kernel
def _candidates(x, before, score, tried, cuts):  # type: ignore[no-untyped-def]
    """Fill ``cuts`` (C, 3) with i, j and the weight in 256ths; returns how many."""
    n, _, d = before.shape
    tried[:] = False
    count = 0
    while count < len(cuts) - 1:
        best, t_best, u_best = 0.0, -1, -1
        for t in range(n):
            for u in range(d):
                if score[t, u] > best and not tried[t, u]:
                    best, t_best, u_best = score[t, u], t, u
        if t_best < 0:
            break
        tried[t_best, u_best] = True
        i, j = before[:, t_best, u_best].argmax(), before[:, t_best, u_best].argmin()
        up, lo = before[i, t_best, u_best], before[j, t_best, u_best]
        if lo < 0.0 < up:
            cuts[count, 0], cuts[count, 1] = i, j
            cuts[count, 2] = min(max(int(-lo / (up - lo) * 256.0 + 0.5), 1), 255)
            count += 1
    i, j, w = _longest(x)
    cuts[count, 0], cuts[count, 1] = i, j
    cuts[count, 2] = min(max(int(w * 256.0 + 0.5), 1), 255)
    return count + 1


@kernel
def _weigh(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, unit_allowance, row_allowance, scale, uniform,
    x, before, margins, doubt, row_doubt, volume,
    lower, upper, parts, values, volumes, score, result,
):  # fmt: skip
    """Bound one cone: ``result`` becomes the measure right, wrong, and an estimate of what is
    open, all in units. Returns whether exact arithmetic might find something else.
    """
    doubtful = bound_simplex(
        w_ih, w_hh, rows, unit_allowance, row_allowance,
        x, before, margins, doubt, row_doubt, lower, upper, score,
    )  # fmt: skip
    whole = scale * measure(x, volume, uniform, True)
    right, may_differ = decided(x, lower, volume, uniform, False, parts, values, volumes)
    wrong, may_too = decided(x, -upper, volume, uniform, True, parts, values, volumes)
    result[0] = np.floor(scale * right * (1.0 - LOSS))
    result[1] = np.floor(scale * wrong * (1.0 - LOSS))
    result[2] = max(whole - scale * (right + wrong), 0.0)
    return doubtful or may_differ or may_too


@kernel
def _level(left, depth):  # type: ignore[no-untyped-def]
    """The byte of a leaf with so many units open."""
    if left < 1.0 or depth >= MAX_DEPTH:
        return CLOSED
    return LEVEL + min(int(np.log2(left)), UNIT_BITS)


@kernel
def search(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, unit_allowance, row_allowance, roots, scale, uniform,
    old, need, limit, out, totals,
):  # fmt: skip
    """Extend a tape: cut every leaf of at least level ``need``.

    Read: float weights ``w_ih``, ``w_hh``; ``rows`` (n - 1, d), the margins, with their
    :func:`certify.probability.cones.relaxation.allowances`; ``roots`` (n, n), the rays of the
    chamber, of determinant 1; ``scale``, units per
    :func:`certify.probability.cones.relaxation.measure`; the tape ``old``; ``limit``, the number of
    cones that may be cut (what is left then stays a leaf).

    Written: ``out``, the new tape (at least 4 ``limit`` longer), and ``totals``: its length, the
    number of cones cut, units right and wrong, the most that they have been, whether a leaf is
    left to be cut. Units right and wrong are read as well: they are those of ``old``.
    """
    n, d, R = len(roots), len(w_ih), len(rows)
    size = MAX_DEPTH + 3
    x = np.empty((size, n, n))
    volume = np.empty(size)
    depth = np.empty(size, np.int64)
    fresh = np.zeros(size, np.bool_)  # bounded in this call: the following hold
    before = np.empty((size, n, n, d))
    margins = np.empty((size, n, R))
    doubt, row_doubt = np.empty((size, n, n, d)), np.empty((size, n, R))
    score = np.empty((size, n, d))
    result = np.zeros((size, 3))
    lower, upper = np.empty((n, R)), np.empty((n, R))
    parts, values, volumes = np.empty((PARTS, n, n)), np.empty((PARTS, n, R)), np.empty(PARTS)
    tried, cuts = np.empty((n, d), np.bool_), np.empty((CANDIDATES + 1, 3), np.int64)
    ray, ray_before, ray_margins = np.empty(n), np.empty((n, d)), np.empty(R)
    ray_doubt, ray_row_doubt = np.empty((n, d)), np.empty(R)
    half = np.empty((2, n, n))
    half_before, half_margins = np.empty((2, n, n, d)), np.empty((2, n, R))
    half_doubt, half_row_doubt = np.empty((2, n, n, d)), np.empty((2, n, R))
    half_score, half_result = np.empty((2, n, d)), np.empty((2, 3))

    length, used, at, remaining = 0, 0, 0, 0
    x[0], volume[0], depth[0] = roots, 1.0, 0
    top = 1
    while top:
        top -= 1
        if not fresh[top]:
            node = old[at]
            at += 1
            if node < LEVEL:
                i, j, w = node // n, node % n, old[at] / 256.0
                out[length], out[length + 1] = node, old[at]
                at += 1
                length += 2
                x[top + 1] = x[top]
                x[top + 1, j] = w * x[top, i] + (1.0 - w) * x[top, j]
                x[top, i] = x[top + 1, j]
                volume[top + 1], volume[top] = volume[top] * (1.0 - w), volume[top] * w
                depth[top] += 1
                depth[top + 1] = depth[top]
                fresh[top + 1] = False
                top += 2
                continue
            if used == limit or node == CLOSED or (node != NEW and node < LEVEL + need):
                remaining = max(remaining, node != CLOSED and node >= LEVEL + need)
                out[length] = node
                length += 1
                continue
            for k in range(n):
                run_at(
                    w_ih, w_hh, rows, x[top, k],
                    before[top, k], margins[top, k], doubt[top, k], row_doubt[top, k],
                )  # fmt: skip
            _weigh(
                w_ih, w_hh, rows, unit_allowance, row_allowance, scale, uniform,
                x[top], before[top], margins[top], doubt[top], row_doubt[top], volume[top],
                lower, upper, parts, values, volumes, score[top], result[top],
            )  # fmt: skip
            if node == NEW:
                used += 1
                totals[2] += int(result[top, 0])
                totals[3] += int(result[top, 1])
                totals[4], totals[5] = max(totals[4], totals[2]), max(totals[5], totals[3])
            fresh[top] = True
        node = _level(result[top, 2], depth[top])
        if used == limit or node == CLOSED or node < LEVEL + need:
            remaining = max(remaining, node != CLOSED and node >= LEVEL + need)
            out[length] = node
            length += 1
            fresh[top] = False
            continue
        used += 1
        count = _candidates(x[top], before[top], score[top], tried, cuts)
        least, chosen = np.inf, 0
        for c in range(count + 1):
            # Once all are tried the best is done again, unless it was the last.
            if c == count:
                if chosen == count - 1:
                    break
                c = chosen
            i, j, w = cuts[c, 0], cuts[c, 1], cuts[c, 2] / 256.0
            for k in range(n):
                ray[k] = w * x[top, i, k] + (1.0 - w) * x[top, j, k]
            run_at(w_ih, w_hh, rows, ray, ray_before, ray_margins, ray_doubt, ray_row_doubt)
            left = 0.0
            for side in range(2):  # 0: x_j is replaced
                k = i if side else j
                half[side], half_before[side] = x[top], before[top]
                half_margins[side] = margins[top]
                half_doubt[side], half_row_doubt[side] = doubt[top], row_doubt[top]
                half[side, k], half_before[side, k] = ray, ray_before
                half_margins[side, k] = ray_margins
                half_doubt[side, k], half_row_doubt[side, k] = ray_doubt, ray_row_doubt
                _weigh(
                    w_ih, w_hh, rows, unit_allowance, row_allowance, scale, uniform,
                    half[side], half_before[side], half_margins[side],
                    half_doubt[side], half_row_doubt[side],
                    volume[top] * (w if side else 1.0 - w),
                    lower, upper, parts, values, volumes, half_score[side], half_result[side],
                )  # fmt: skip
                left += half_result[side, 2]
                if left >= least and c != chosen:
                    break
            if left < least:
                least, chosen = left, c
        out[length], out[length + 1] = cuts[chosen, 0] * n + cuts[chosen, 1], cuts[chosen, 2]
        length += 2
        w = cuts[chosen, 2] / 256.0
        for column in range(2):
            gain = half_result[0, column] + half_result[1, column] - result[top, column]
            totals[2 + column] += int(gain)
            totals[4 + column] = max(totals[4 + column], totals[2 + column])
        volume[top + 1], volume[top] = volume[top] * (1.0 - w), volume[top] * w
        depth[top] += 1
        depth[top + 1] = depth[top]
        fresh[top + 1] = True
        for side in range(2):  # that in which x_j is replaced comes first
            to = top + 1 - side
            x[to], before[to], margins[to] = half[side], half_before[side], half_margins[side]
            doubt[to], row_doubt[to] = half_doubt[side], half_row_doubt[side]
            score[to], result[to] = half_score[side], half_result[side]
        top += 2
    totals[0], totals[1], totals[6] = length, used, remaining


@kernel
def confirm(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, unit_allowance, row_allowance, roots, scale, uniform, tape
):  # fmt: skip
    """Bound all leaves of a tape anew, and make it that of a certificate: leaves become ``LEAF``,
    those on which nothing is decided ``SKIPPED``, those that exact arithmetic might bound or cut
    otherwise ``DOUBTFUL``. Returns the units right and wrong on leaves of the first kind.
    """
    n, d, R = len(roots), len(w_ih), len(rows)
    x = np.empty((MAX_DEPTH + 3, n, n))
    volume = np.empty(MAX_DEPTH + 3)
    before, margins = np.empty((n, n, d)), np.empty((n, R))
    doubt, row_doubt = np.empty((n, n, d)), np.empty((n, R))
    lower, upper, score, result = np.empty((n, R)), np.empty((n, R)), np.empty((n, d)), np.empty(3)
    parts, values, volumes = np.empty((PARTS, n, n)), np.empty((PARTS, n, R)), np.empty(PARTS)
    right, wrong, at, top = 0, 0, 0, 1
    x[0], volume[0] = roots, 1.0
    while top:
        top -= 1
        node = tape[at]
        at += 1
        if node < LEVEL:
            i, j, w = node // n, node % n, tape[at] / 256.0
            at += 1
            x[top + 1] = x[top]
            x[top + 1, j] = w * x[top, i] + (1.0 - w) * x[top, j]
            x[top, i] = x[top + 1, j]
            volume[top + 1], volume[top] = volume[top] * (1.0 - w), volume[top] * w
            top += 2
            continue
        tape[at - 1] = SKIPPED
        if node == NEW:
            continue
        for k in range(n):
            run_at(w_ih, w_hh, rows, x[top, k], before[k], margins[k], doubt[k], row_doubt[k])
        doubtful = _weigh(
            w_ih, w_hh, rows, unit_allowance, row_allowance, scale, uniform,
            x[top], before, margins, doubt, row_doubt, volume[top],
            lower, upper, parts, values, volumes, score, result,
        )  # fmt: skip
        if doubtful:
            tape[at - 1] = DOUBTFUL
        elif result[0] > 0.0 or result[1] > 0.0:
            tape[at - 1] = LEAF
            right += int(result[0])
            wrong += int(result[1])
    return right, wrong


def nodes(tape: bytes) -> Iterator[bytes]:
    """The nodes of a tape in preorder: cuts of two bytes, leaves of one.

    Raises:
        ValueError: the last one is cut off.
    """
    at = 0
    while at < len(tape):
        end = at + (2 if tape[at] < LEVEL else 1)
        if end > len(tape):
            raise ValueError("the tree is cut off")
        yield tape[at:end]
        at = end
