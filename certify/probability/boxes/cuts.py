"""Where a box of an order word is cut, compiled: in the W of that position which helps most."""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.probability.boxes.order_words import TWO
from certify.probability.boxes.quantiles import OK, coordinates, gap, solve_chain


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
def cut_box(w_lo, w_hi, top, position, tail):  # type: ignore[no-untyped-def]
    """Replace the box at ``top`` by its two parts, the lower one above the other."""
    middle = cut_at(w_lo[top, position], w_hi[top, position], tail)
    w_lo[top + 1] = w_lo[top]
    w_hi[top + 1] = w_hi[top]
    w_hi[top + 1, position] = middle
    w_lo[top, position] = middle


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
