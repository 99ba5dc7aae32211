"""From boxes of uniforms to boxes of inputs: quantiles with their rounding accounted for.

A box of W (see :mod:`certify.probability.boxes.order_words`) has ends in multiples of
``2**-W_BITS``. The network is positively homogeneous, so only directions count: :func:`box_of`
encloses, over the box, the coordinates of ``x / M`` with M the largest input (its absolute value in
the words without a positive input is not bounded away from 0, there the coordinates are those of
x). The ends are
*defined* exactly: the corner formulas below over the reals, moved outward by ``OFFSET`` units of
``2**-GRID`` and rounded outward to such units. The kernel evaluates them in float64 with a
relative error below ``2**-DOUBT``; where that leaves the rounding open it says so, and the box
is not used. So the checker, which evaluates the same formulas in long integers, has the very
same box.

Corner formulas. All of the following are monotone: the chain ``v_i`` in all of W; quantiles;
``v_i / v_1`` in all of W (the elasticity of a polynomial with non-negative coefficients grows);
``q(r v) / q(v)`` in r, and falling in v (the elasticity of q grows), for q the quantile of
``|x|``; the distance between the quantiles of U and ``w U`` in U, and falling in w (inverse
Mills ratio).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from certify.compiled import kernel
from certify.model import FloatArray
from certify.probability.boxes.order_words import NONE, ONE, TWO, Forest

W_BITS = 14
W_ONE = 1 << W_BITS
GRID = 20
OFFSET = 0.375
DOUBT = 32

#: Coordinates beyond this count as unbounded: the rounding account of a search ends there.
LARGEST_COORDINATE = 60.0

OK, AMBIGUOUS = -1, -2
"""What :func:`box_of` returns; a value >= 0 is a position whose W must be cut: unbounded."""

_OCTAVES, _PER_OCTAVE = 22, 256
_CENTRES = _OCTAVES * _PER_OCTAVE
_CELLS = np.ldexp(1.0, GRID)
_NEAR = np.ldexp(1.0, GRID - DOUBT)


@lru_cache(maxsize=1)
def quantile_table() -> FloatArray:
    """Taylor coefficients of ``q``, the quantile of |x|, then their centre, (2, centres, 6).

    ``[0]`` around ``v`` in the middle of each of 512 parts of [0, 1/2], ``[1]`` for ``q(1 - u)``
    around ``u`` in the middle of each 256th part of each octave ``(2^-j-1, 2^-j]`` of (0, 1/2].
    The remainder of degree 5 is checked here to be below ``2**-42`` of the value (or absolutely
    below ``2**-60``).

    Raises:
        ArithmeticError: it is not.
    """
    table = np.zeros((2, _CENTRES, 6))
    before = ctx.prec
    ctx.prec = 100
    try:
        for side in (0, 1):
            for i in range(512 if side == 0 else _CENTRES):
                if side == 0:
                    centre, half = arb(2 * i + 1) / 2048, arb(1) / 2048
                    q = arb(2).sqrt() * centre.erfinv()
                    end = arb(2).sqrt() * (centre + half).erfinv()
                else:
                    octave, part = divmod(i, _PER_OCTAVE)
                    scale = arb(2) ** (-octave - 2)
                    centre = scale * (1 + (arb(2 * part + 1)) / (2 * _PER_OCTAVE))
                    half = scale / (2 * _PER_OCTAVE)
                    q = arb(2).sqrt() * centre.erfcinv()
                    end = arb(2).sqrt() * (centre - half).erfcinv()
                p = (arb.pi() / 2).sqrt() * (q * q / 2).exp()
                coefficients = [
                    q,
                    p,
                    p**2 * q / 2,
                    p**3 * (1 + 2 * q**2) / 6,
                    p**4 * (7 * q + 6 * q**3) / 24,
                ]
                p5 = (arb.pi() / 2).sqrt() * (end * end / 2).exp()
                rest = (p5 * half) ** 5 * (7 + 46 * end**2 + 24 * end**4) / 120
                if not (rest < q * arb(2) ** -42 or rest < arb(2) ** -60):
                    raise ArithmeticError(f"the quantile table is too coarse at {i}: {rest}")
                sign = 1 if side == 0 else -1
                table[side, i, :5] = [float(c) * sign**k for k, c in enumerate(coefficients)]
                table[side, i, 5] = float(centre)  # exact: a few bits
    finally:
        ctx.prec = before
    return table


@kernel
def half_normal(v, u, table):  # type: ignore[no-untyped-def]
    """The quantile of |x| at v, where ``u = 1 - v > 2**-22``; each of the two accurate."""
    if v < 0.5:
        side = 0
        i = int(v * 1024.0)
        h = v
    else:
        side = 1
        i = 255
        if u < 0.5:
            mantissa, exponent = math.frexp(u)  # u = mantissa 2^exponent, 1/2 <= mantissa < 1
            i = (-exponent - 1) * 256 + int((mantissa - 0.5) * 512.0)
        h = u
    h -= table[side, i, 5]
    return table[side, i, 0] + h * (
        table[side, i, 1]
        + h * (table[side, i, 2] + h * (table[side, i, 3] + h * table[side, i, 4]))
    )


@kernel
def _solve(poly, degree, target, top, rough):  # type: ignore[no-untyped-def]
    """The v in (0, top] with ``G(v) = target G(top)``, to 2**-48; nan where that fails.

    log G is convex in log v, so Newton's method there comes down to the root from ``top``.
    With ``rough`` it stops early: for comparing cuts.
    """
    v = top
    goal = 0.0
    for attempt in range(60):
        value = 0.0
        slope = 0.0
        for i in range(degree, -1, -1):
            slope = slope * v + value
            value = value * v + poly[i]
        if attempt == 0:
            goal = target * value
        if abs(value - goal) <= 1e-15 * goal:
            return v
        step = (goal / value) ** (value / (slope * v))
        if attempt > 3 and abs(step - 1.0) < 2e-15:
            return v if abs(value - goal) <= 4e-15 * goal else np.nan
        v *= step
        if rough and abs(step - 1.0) < 1e-3:
            return v
    return np.nan


@kernel
def _quantile(U, table):  # type: ignore[no-untyped-def]
    """The standard normal quantile."""
    if U < 0.5:
        return -half_normal(1.0 - 2.0 * U, 2.0 * U, table)
    return half_normal(2.0 * U - 1.0, 2.0 * (1.0 - U), table)


@kernel
def _below(v, r, table):  # type: ignore[no-untyped-def]
    """The distance between the quantiles of |x| at ``1 - r v`` and ``1 - v``, 0 < r < 1."""
    if v >= 1.0:
        return half_normal(1.0 - r, r, table)
    return half_normal(1.0 - r * v, r * v, table) - half_normal(1.0 - v, v, table)


@kernel
def contains(chain, j):  # type: ignore[no-untyped-def]
    """Whether j is one of the chain."""
    for i in chain:  # noqa: SIM110 - numba compiles the loop
        if i == j:
            return True
    return False


@kernel
def _ratio(v, r, of_v, uniform, table):  # type: ignore[no-untyped-def]
    """``q(r v) / q(v)`` for v > 0, where ``of_v = q(v)``; its limits at v = 1 and v = 0."""
    if r >= 1.0:
        return 1.0
    if uniform or v == 0.0:
        return r
    if v >= 1.0:
        return 0.0
    return half_normal(v * r, 1.0 - v * r, table) / of_v


#: Rows of the workspace (:data:`WORK_ROWS`, n) of a box, by chain member: ends of v, of its
#: quantile q(v) and of q(v_i) / q(v_1).
V_LO, V_HI, Q_LO, Q_HI, SHARE_LO, SHARE_HI = range(6)
WORK_ROWS = 6


@kernel
def solve_chain(kind, uniform, chain, levels, w_lo, w_hi, start, rough, work):  # type: ignore[no-untyped-def]
    """Ends of ``v`` of the chain from member ``start`` on; whether that worked."""
    unit = 1.0 / W_ONE
    for i in range(start, len(chain)):
        j = chain[i]
        degree = levels.shape[1] - 1
        while degree > 0 and levels[i, degree] == 0.0:
            degree -= 1
        a, b = w_lo[j], w_hi[j]
        if uniform and i == 0:  # the levels are monomials: shares do not depend on the scale
            a, b = W_ONE, W_ONE
        below_lo = work[V_LO, i - 1] if i > 0 and kind != ONE else 1.0
        below_hi = work[V_HI, i - 1] if i > 0 and kind != ONE else 1.0
        if a == 0 or below_lo == 0.0:
            low = 0.0
        else:
            low = below_lo if a == W_ONE else _solve(levels[i], degree, a * unit, below_lo, rough)
        high = below_hi if b == W_ONE else _solve(levels[i], degree, b * unit, below_hi, rough)
        if not (low >= 0.0 and high >= 0.0):
            return False
        work[V_LO, i], work[V_HI, i] = low, high
    return True


@kernel
def _quantiles(uniform, k, table, work):  # type: ignore[no-untyped-def]
    """The rows of the workspace after v, for words of kind TWO."""
    v_lo, v_hi = work[V_LO], work[V_HI]
    for i in range(k):
        if not uniform:
            low, high = v_lo[i], v_hi[i]
            work[Q_LO, i] = half_normal(low, 1.0 - low, table) if low > 0.0 else 0.0
            work[Q_HI, i] = half_normal(high, 1.0 - high, table) if high < 1.0 else np.inf
        r_lo, r_hi = 1.0, 1.0
        if i > 0:
            r_lo = v_lo[i] / v_lo[0] if v_lo[0] > 0.0 else 0.0
            r_hi = v_hi[i] / v_hi[0]
        work[SHARE_LO, i] = _ratio(v_hi[0], r_lo, work[Q_HI, 0], uniform, table)
        work[SHARE_HI, i] = _ratio(v_lo[0], r_hi, work[Q_LO, 0], uniform, table)


@kernel
def gap(uniform, p, a, b, table, work):  # type: ignore[no-untyped-def]
    """Ends of the gap, over M, below member ``p`` (-1: below 0) for W in [a, b] ``2**-W_BITS``.

    For words of kind TWO, with a > 0 unless uniform, and a workspace that is filled.
    """
    unit = 1.0 / W_ONE
    m_lo, m_hi = work[Q_LO, 0], work[Q_HI, 0]
    if uniform:
        return work[SHARE_LO, p] * (1.0 - b * unit), work[SHARE_HI, p] * (1.0 - a * unit)
    if p < 0:  # below 0: U = W / 2
        least = 0.0 if b == W_ONE else -_quantile(0.5 * b * unit, table)
        return least / m_hi, -_quantile(0.5 * a * unit, table) / m_lo
    u_lo = 0.5 + 0.5 * work[V_LO, p]
    u_hi = 0.5 + 0.5 * work[V_HI, p]
    # Two bounds each: of the gap over M, and of the difference of the shares of M.
    x_lo = _quantile(u_lo * (a * unit), table)
    high = work[SHARE_HI, p] - x_lo / (m_lo if x_lo < 0.0 else m_hi)
    if work[V_HI, p] < 1.0:
        most = work[Q_HI, p] - _quantile(u_hi * (a * unit), table)
        high = min(high, most / m_lo)
    low = 0.0
    if b < W_ONE:
        least = work[Q_LO, p] - _quantile(u_lo * (b * unit), table)
        x_hi = _quantile(u_hi * (b * unit), table)
        rest = work[SHARE_LO, p] - x_hi / (m_lo if x_hi > 0.0 else m_hi)
        low = max(least / m_hi, rest, 0.0)
    return low, high


@kernel
def coordinates(kind, uniform, chain, parent, w_lo, w_hi, table, work, lo, hi):  # type: ignore[no-untyped-def]
    """The ends of all coordinates before they are rounded, from a chain that is solved.

    Returns:
        ``OK``, or the position whose W must be cut because a coordinate is unbounded.
    """
    n, k = len(parent), len(chain)
    unit = 1.0 / W_ONE
    v_lo, v_hi = work[V_LO], work[V_HI]
    if kind == TWO:
        _quantiles(uniform, k, table, work)
        for i in range(k):
            j = chain[i]
            share_lo, share_hi = work[SHARE_LO, i], work[SHARE_HI, i]
            if i == k - 1:
                lo[j] = share_lo
                hi[j] = share_hi
                break
            step_lo = v_lo[i + 1] / v_lo[i] if v_lo[i] > 0.0 else 0.0
            step_hi = v_hi[i + 1] / v_hi[i]
            lo[j] = share_lo * (1.0 - _ratio(v_lo[i], step_hi, work[Q_LO, i], uniform, table))
            hi[j] = share_hi * (1.0 - _ratio(v_hi[i], step_lo, work[Q_HI, i], uniform, table))
        for j in range(n):
            if parent[j] < 0 and contains(chain, j):
                continue
            if not uniform and w_lo[j] == 0:
                return j
            if not uniform and v_lo[0] == 0.0:
                return chain[0]
            lo[j], hi[j] = gap(uniform, parent[j], w_lo[j], w_hi[j], table, work)
    else:
        first, second = chain[0], chain[1]
        if w_lo[second] == 0 or (kind == NONE and w_lo[first] == 0):
            return second if w_lo[second] == 0 else first
        m_lo, m_hi = 1.0, 1.0
        if kind == ONE:  # coordinates over M = q(v_1)
            if w_lo[first] == 0:
                return first
            m_lo = half_normal(v_lo[0], 1.0 - v_lo[0], table)
            m_hi = np.inf if v_hi[0] >= 1.0 else half_normal(v_hi[0], 1.0 - v_hi[0], table)
            lo[first] = 1.0
            hi[first] = 1.0
            # The largest negative input: |x| = q(1 - v_2).
            lo[second] = half_normal(1.0 - v_hi[1], v_hi[1], table) / m_hi
            hi[second] = half_normal(1.0 - v_lo[1], v_lo[1], table) / m_lo
            if v_hi[1] >= 1.0:
                lo[second] = 0.0
        else:
            lo[first] = half_normal(1.0 - v_hi[0], v_hi[0], table) if v_hi[0] < 1.0 else 0.0
            hi[first] = half_normal(1.0 - v_lo[0], v_lo[0], table)
            step_lo = v_lo[1] / v_lo[0]
            step_hi = v_hi[1] / v_hi[0]
            lo[second] = 0.0 if step_hi >= 1.0 else _below(v_lo[0], step_hi, table)
            hi[second] = _below(v_hi[0], step_lo, table)
        for j in range(n):
            if contains(chain, j):
                continue
            if w_lo[j] == 0:
                return j
            lo[j] = 0.0 if w_hi[j] == W_ONE else _below(v_lo[1], w_hi[j] * unit, table) / m_hi
            hi[j] = _below(v_hi[1], w_lo[j] * unit, table) / m_lo
    if kind != NONE and hi.max() > LARGEST_COORDINATE:
        return chain[0]  # the maximum may be too small to divide by
    return OK


@kernel
def box_of(kind, uniform, chain, parent, levels, w_lo, w_hi, table, work, lo, hi):  # type: ignore[no-untyped-def]
    """Enclose the coordinates (see :attr:`Forest.A`) over a box of W, in place.

    Read: ``kind``, ``uniform``, ``chain`` (k,), ``parent`` (n,) and ``levels`` (k, n + 1) of the
    word; ``w_lo``, ``w_hi`` (n,), ends of the box in units of ``2**-W_BITS``; ``table`` of
    :func:`quantile_table`. Written: ``work`` (WORK_ROWS, n); ``lo``, ``hi`` (n,), multiples of
    ``2**-GRID``.

    Returns:
        ``OK``, ``AMBIGUOUS``, or the position whose W must be cut because a coordinate is
        unbounded.
    """
    if not solve_chain(kind, uniform, chain, levels, w_lo, w_hi, 0, False, work):
        return AMBIGUOUS
    status = coordinates(kind, uniform, chain, parent, w_lo, w_hi, table, work, lo, hi)
    if status != OK:
        return status
    for j in range(len(parent)):
        # The offset keeps round numbers away from the ends of cells.
        a = lo[j] * _CELLS - OFFSET
        b = hi[j] * _CELLS + OFFSET
        near_a = _NEAR * max(1.0, lo[j])
        near_b = _NEAR * max(1.0, hi[j])
        if lo[j] > 0.0 and not near_a < a - np.floor(a) < 1.0 - near_a:
            return AMBIGUOUS
        if not near_b < b - np.floor(b) < 1.0 - near_b:
            return AMBIGUOUS
        lo[j] = max(np.floor(a), 0.0) / _CELLS
        hi[j] = np.ceil(b) / _CELLS
    return OK


@dataclass(frozen=True, eq=False)
class Words:
    """Forests in arrays for :func:`box_of`: ``chain[i, :length[i]]``, ``parent``, ``levels``."""

    kind: NDArray[np.int64]
    length: NDArray[np.int64]
    chain: NDArray[np.int64]
    parent: NDArray[np.int64]
    levels: FloatArray


def as_arrays(forests: Sequence[Forest]) -> Words:
    """Put forests of one n into arrays."""
    n = len(forests[0].word)
    chain = np.full((len(forests), n), -1)
    levels = np.zeros((len(forests), n, n + 1))
    for i, tree in enumerate(forests):
        chain[i, : len(tree.chain)] = tree.chain
        for at, level in enumerate(tree.levels):
            levels[i, at, : len(level)] = [float(c) for c in level]
    return Words(
        np.array([tree.kind for tree in forests]),
        np.array([len(tree.chain) for tree in forests]),
        chain,
        np.array([tree.parent for tree in forests]),
        levels,
    )
