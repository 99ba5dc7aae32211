"""Trees that grow from the leaves of a tape, where boxes are taken up many at a time.

The leaves that are due are written to arrays, all at once; what becomes of them takes their place
on the tape when it is known.
"""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.probability.boxes.branch_and_bound import (
    LEAF,
    MAX_DEPTH,
    MERITS,
    NEAR,
    OPEN,
    POWER,
    RIGHT,
    TAIL,
    WRONG,
)
from certify.probability.boxes.cuts import cut_at, cut_box, volume_of
from certify.probability.boxes.quantiles import W_ONE


@kernel
def _due(node, volume, smallest):  # type: ignore[no-untyped-def]
    """Whether a leaf of an old tape is to be taken up."""
    return LEAF <= node <= OPEN and volume * NEAR ** (-POWER * (OPEN - node) / MERITS) >= smallest


@kernel
def walk(tape, smallest, w_lo, w_hi, depth):  # type: ignore[no-untyped-def]
    """Write the boxes of the leaves that are due, as far as there is room; returns their number."""
    n = w_lo.shape[1]
    lo = np.zeros((MAX_DEPTH + 2, n), dtype=np.int64)
    hi = np.full((MAX_DEPTH + 2, n), W_ONE)
    levels = np.zeros(MAX_DEPTH + 2, dtype=np.int64)
    top, count = 0, 0
    for node in tape:
        if node < LEAF:
            cut_box(lo, hi, top, node & (TAIL - 1), node & TAIL)
            levels[top] += 1
            levels[top + 1] = levels[top]
            top += 1
            continue
        if _due(node, volume_of(lo[top], hi[top]), smallest):
            if count < len(w_lo):
                w_lo[count] = lo[top]
                w_hi[count] = hi[top]
                depth[count] = levels[top]
            count += 1
        top -= 1
    return count


@kernel
def graft(tape, smallest, n, code, child, out):  # type: ignore[no-untyped-def]
    """Write the tape with trees in the place of the leaves that were due; returns its length."""
    lo = np.zeros((MAX_DEPTH + 2, n), dtype=np.int64)
    hi = np.full((MAX_DEPTH + 2, n), W_ONE)
    nodes = np.empty(MAX_DEPTH + 2, dtype=np.int64)
    top, count, length = 0, 0, 0
    for node in tape:
        if node < LEAF:
            cut_box(lo, hi, top, node & (TAIL - 1), node & TAIL)
            out[length] = node
            length += 1
            top += 1
            continue
        if not _due(node, volume_of(lo[top], hi[top]), smallest):
            out[length] = node
            length += 1
            top -= 1
            continue
        nodes[0] = count
        count += 1
        left = 1
        while left > 0:
            at = nodes[left - 1]
            out[length] = code[at]
            length += 1
            if child[at] > 0:
                nodes[left - 1] = child[at] + 1
                nodes[left] = child[at]
                left += 1
            else:
                left -= 1
        top -= 1
    return length


@kernel
def volumes(tape, n):  # type: ignore[no-untyped-def]
    """Volumes right and wrong of a tape, counted as the search does."""
    lo = np.zeros((MAX_DEPTH + 2, n), dtype=np.int64)
    hi = np.full((MAX_DEPTH + 2, n), W_ONE)
    top, right, wrong = 0, 0, 0
    for node in tape:
        if node < LEAF:
            cut_box(lo, hi, top, node & (TAIL - 1), node & TAIL)
            top += 1
            continue
        if node == RIGHT:
            right += volume_of(lo[top], hi[top])
        elif node == WRONG:
            wrong += volume_of(lo[top], hi[top])
        top -= 1
    return right, wrong


@kernel
def halve(w_lo, w_hi, nodes):  # type: ignore[no-untyped-def]
    """Make boxes, each of which is there twice, the lower and the upper part; their volumes."""
    volume = np.empty(len(nodes), dtype=np.int64)
    for i in range(len(nodes)):
        j = nodes[i] & (TAIL - 1)
        middle = cut_at(w_lo[i, j], w_hi[i, j], nodes[i] & TAIL)
        if i % 2 == 0:
            w_hi[i, j] = middle
        else:
            w_lo[i, j] = middle
        volume[i] = volume_of(w_lo[i], w_hi[i])
    return volume
