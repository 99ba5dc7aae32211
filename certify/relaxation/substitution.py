"""Backward substitution of linear relaxations, for one functional of a state or many at once.

Floats in any order, fused or not, are within the account of ``docs/rounding.md``.
"""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.relaxation.vectors import BLOCK, WIDTH, product, products, relax_lanes


@kernel
def substitute(  # type: ignore[no-untyped-def]
    step, row, drive, w_ih, w_hh, a, slope, intercept, A, b, lo, hi, chain, other, g, q, corner,
    keep,
):  # fmt: skip
    """Lower bound of ``row . h_step + drive x_step`` (h_step: the state that step ``step`` reads).

    ``row`` is destroyed, ``q`` (k,) becomes the coefficients of y, ``corner`` (k,) where they are
    least; with ``keep`` of shape (n, d) the coefficients of the states on the way are left there.
    """
    d = len(w_ih)
    k = len(lo)
    constant = 0.0
    if step < len(b):
        g[step] = drive
    for t in range(step - 1, -1, -1):
        if len(keep) > 0:
            for j in range(d):
                keep[t, j] = row[j]
        gt = 0.0
        for j in range(d):  # without branches: signs of coefficients are unpredictable
            negative = min(row[j], 0.0)
            constant += negative * intercept[t, j]
            row[j] = (row[j] - negative) * a[t, j] + negative * slope[t, j]
            other[j] = 0.0
        for i in range(d):
            c = row[i]
            if c != 0.0:
                gt += c * w_ih[i]
                for j in range(d):
                    other[j] += c * w_hh[i, j]
        g[t] = gt
        for j in range(d):
            row[j] = other[j]
    last = min(step + 1, len(b))
    for j in range(k):
        q[j] = 0.0
    for t in range(last):
        gt = g[t]
        constant += gt * b[t]
        for j in range(k):
            q[j] += gt * A[t, j]
    least_corner(q, lo, hi, chain, corner)
    for j in range(k):
        constant += q[j] * corner[j]
    return constant


@kernel
def least_corner(q, lo, hi, chain, corner):  # type: ignore[no-untyped-def]
    """Where in the box ``q . y`` is least among the y whose sum over the chain is in its range."""
    k = len(lo)
    total = 0.0
    for j in range(k):
        corner[j] = lo[j] if q[j] > 0.0 else hi[j]
        total += chain[j] * corner[j]
    _move(q, lo, chain, corner, total - chain[k + 1], -1.0)
    if chain[k] > 0.0:
        _move(q, hi, chain, corner, chain[k] - total, 1.0)


@kernel
def _move(q, ends, chain, corner, excess, sign):  # type: ignore[no-untyped-def]
    """Move the chain in a corner by so much, towards these ends, where that costs least."""
    while excess > 0.0:
        best = -1
        for j in range(len(ends)):
            movable = chain[j] > 0.0 and corner[j] != ends[j]
            if movable and (best < 0 or sign * q[j] < sign * q[best]):
                best = j
        if best < 0:
            break
        room = abs(ends[best] - corner[best])
        corner[best] = ends[best] if room <= excess else corner[best] + sign * excess
        excess -= room


@kernel
def substitute_rows(step, lanes, w_ih, weights, relaxed, box, work, keep):  # type: ignore[no-untyped-def]
    """Lower bounds of as many rows at once as there are ``lanes``, a multiple of four, side by side
    so that every step is a few sums of vectors: ``values[r]`` is that of ``sum_i rows[i lanes + r]
    h_i + g[step lanes + r] x_step``.

    Read: ``weights`` (d d), ``w_hh`` row by row; ``relaxed``, what :func:`relax` says of each unit,
    three arrays (n, d); ``box``: ``A`` (n, k), ``b`` (n,), ``lo`` and ``hi`` (k,), and ``chain``
    (k + 2,), a sum of coordinates, its least (0: not used) and its most. ``work`` has the flat
    arrays rows, other (d lanes), g (n + 1 lanes), q (k lanes) and values (lanes); rows are
    destroyed. With ``keep`` of shape (n, d lanes) the coefficients on the way are left there.
    """
    rows, other, g, q, values = work
    d = len(w_ih)
    for r in range(lanes):
        values[r] = 0.0
    for t in range(step - 1, -1, -1):
        if len(keep) > 0:
            for i in range(d * lanes):
                keep[t, i] = rows[i]
        for r in range(0, lanes, WIDTH):
            relax_lanes(rows, lanes, r, d, relaxed, t, w_ih, values, g)
        if t == 0:
            break
        for r in range(0, lanes, WIDTH):
            for j in range(0, d - BLOCK + 1, BLOCK):
                products(other, rows, weights, d, lanes, r, j)
            for j in range(d // BLOCK * BLOCK, d):
                product(other, rows, weights, d, lanes, r, j)
        rows, other = other, rows
    _least(min(step + 1, len(box[1])), np.uint64(lanes), box, g, q, values)


@kernel(fastmath={"contract"})
def _least(last, L, box, g, q, values):  # type: ignore[no-untyped-def]
    """Add the least values over the box of the terms in the inputs before step ``last``."""
    A, b, lo, hi, chain = box
    k = len(lo)
    for t in range(last):
        now = np.uint64(t) * L
        for r in range(L):
            values[r] += g[now + r] * b[t]
    for j in range(len(lo)):
        to = np.uint64(j) * L
        for r in range(L):
            q[to + r] = 0.0
        for t in range(last):
            factor, now = A[t, j], np.uint64(t) * L
            if factor != 0.0:
                for r in range(L):
                    q[to + r] += g[now + r] * factor
        if chain[j] == 0.0:
            least, most = lo[j], hi[j]
            for r in range(L):
                values[r] += min(q[to + r] * least, q[to + r] * most)
    if chain[k + 1] > 0.0:
        _least_chain(L, box, q, values)


@kernel(fastmath={"contract"})
def _least_chain(L, box, q, values):  # type: ignore[no-untyped-def]
    """Add the least values of the terms in the chain, and to its coefficients the best factor."""
    _, _, lo, hi, chain = box
    k = len(lo)
    for r in range(L):
        best, factor = 0.0, 0.0
        for j in range(k):
            if chain[j] > 0.0:
                c = q[np.uint64(j) * L + r]
                best += min(c * lo[j], c * hi[j])
        for i in range(k):
            f = -q[np.uint64(i) * L + r]
            if chain[i] > 0.0 and (f > 0.0 or chain[k] > 0.0):
                value = -f * (chain[k + 1] if f > 0.0 else chain[k])
                for j in range(k):
                    if chain[j] > 0.0:
                        c = q[np.uint64(j) * L + r] + f
                        value += min(c * lo[j], c * hi[j])
                if value > best:
                    best, factor = value, f
        values[r] += best
        for j in range(k):
            if chain[j] > 0.0:
                q[np.uint64(j) * L + r] += factor
