"""Linear bounds of an unrolled network over the affine image of a box, rounding accounted for.

The inputs are ``x = A y + b`` with ``y`` in a box of R^k. For linear functionals ("rows") of the
last state, such as the margins, :func:`bound_box` proves a lower bound by backward substitution
of linear relaxations (Zhang et al. 2018, CROWN; Singh et al. 2019, DeepPoly)::

    a z <= relu(z) <= slope z + intercept      on  [lower, upper],  lower < 0 < upper

``slope`` is ``upper / (upper - lower)`` rounded to one of 0, 1/256, .. 252/256, 1, the intercept
is the least that is valid for it, and ``a`` is 1 where ``slope >= 1/2``, else 0. A unit is
*settled* where its sign is known up to rounding: at the tip of a cone of inputs all bounds are 0,
and what rounding leaves of them must not keep units undecided. A settled unit is not bounded
again; what its sign lacks stays in its intercept. One byte a unit says everything: 255 settled
as on (a = slope = 1), 0 settled as off (a = slope = 0), ``256 slope + 1`` for an undecided one
(254 where the slope is 1).

Every value that leaves this module is proved: what float64 may have lost is subtracted. The
account is in ``docs/rounding.md``; :func:`rounding_slack` is its formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import prange
from numpy.typing import NDArray

from certify.compiled import kernel
from certify.model import UNIT_ROUNDOFF, FloatArray, Network
from certify.relaxation.substitution import substitute_rows

ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]

#: Beyond these magnitudes the account (no overflow, harmless underflow) does not hold.
LARGEST, SMALLEST = 1e100, 1e-100
#: A unit is settled where its bound is within so many times its rounding slack of 0.
SETTLED = 16.0


@dataclass(frozen=True, eq=False)
class Slack:
    """What rounding may cost: ``unit`` (n, d) per pre-activation, ``row`` (R,) per functional;
    ``reach`` (n, d) bounds the size of every pre-activation.
    """

    unit: FloatArray
    row: FloatArray
    reach: FloatArray


def rounding_slack(
    network: Network, rows: FloatArray, sizes: FloatArray, coordinates: int
) -> Slack:
    """The slack for all boxes with ``|b_t| + sum_k |A_tk| |y_k| <= sizes[t]`` (see the docs).

    ``rows`` (R, d) are functionals of the last state, ``sizes`` (n,) bounds of the inputs in the
    sense above, ``coordinates`` is the dimension k of the box. The slack is infinite (nothing can
    be proved) where magnitudes leave the range of the account.
    """
    net = network.floats
    n, d = network.seq_len, network.hidden_size
    operations = (n + 1) * (d + 2) + 2 * n + 2 * coordinates + 16
    share = 2.0 * (n + 1) * operations * UNIT_ROUNDOFF
    reach = np.empty((n, d))
    state = np.zeros(d)
    for t in range(n):
        state = (np.abs(net.w_hh) @ state + np.abs(net.w_ih) * sizes[t]) * (1.0 + 1e-12)
        reach[t] = state
    of_row = np.abs(rows) @ state * (1.0 + 1e-12)
    weights = np.abs(np.concatenate([net.w_ih, net.w_hh.ravel(), net.w_out.ravel()]))
    small = weights[weights > 0].min(initial=1.0) < SMALLEST
    if small or not (max(reach.max(), of_row.max(initial=0.0)) < LARGEST):
        return Slack(np.full((n, d), np.inf), np.full(len(rows), np.inf), reach)
    return Slack(share * reach + SMALLEST, share * of_row + SMALLEST, reach)


@kernel
def settled(low, up, slack):  # type: ignore[no-untyped-def]
    """Whether bounds of a unit leave its sign open only as far as rounding goes."""
    return low >= -SETTLED * slack or up <= SETTLED * slack


@kernel
def relax(code, low, up):  # type: ignore[no-untyped-def]
    """Lower slope, slope and intercept of a unit with this code and these bounds."""
    if code == 255:
        return 1.0, 1.0, max(-low, 0.0)
    if code == 0:
        return 0.0, 0.0, max(up, 0.0)
    s = 1.0 if code == 254 else (code - 1) / 256.0
    return (1.0 if s >= 0.5 else 0.0), s, max(-s * low, (1.0 - s) * up, 0.0)


@kernel
def _code(low, up, slack):  # type: ignore[no-untyped-def]
    if low >= -SETTLED * slack:
        return 255
    if up <= SETTLED * slack:
        return 0
    steps = int(up / (up - low) * 256.0 + 0.5)
    return 254 if steps > 252 else steps + 1


@kernel
def bound_box(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, A, b, lo, hi, chain, unit_slack, row_slack, tips, reach, fresh, start,
    lower, upper, codes, values, score,
):  # fmt: skip
    """Prove bounds over one box, in place; returns the number of units bounded anew.

    Read: float weights ``w_ih`` (d,) and ``w_hh`` (d, d); ``rows`` (R, d), functionals of the last
    state; ``A`` (n, k) and ``b`` (n,); ``lo`` and ``hi`` (k,), the box of y, of which those count
    with ``chain[k] <= chain[:k] . y <= chain[k + 1]`` (``chain`` (k + 2,); all, if it is 0);
    ``unit_slack``,
    ``row_slack`` and ``reach`` of :func:`rounding_slack`; ``tips`` (n, d), the slack that tells
    which units are settled: ``unit_slack``, or more.

    Tightened: ``lower``, ``upper`` and ``codes`` (n, d), proved bounds of the pre-activations over
    a box that contains this one, and the relaxations that were made from them (at a root
    ``fresh`` is true, the bounds are ``-reach`` and ``reach``, and codes need not be set). Where
    the old relaxations prove all rows nothing is bounded anew, else all unsettled units from
    step ``start`` on.

    Written: ``values`` (R,), proved lower bounds of the rows; ``score`` (k,), what each
    coordinate contributes to the looseness of the worst row (not where the old ones did).
    """
    if not fresh:
        relaxed, _, work = _room(len(w_ih), len(rows), lower, lo)
        for t in range(len(lower)):
            _relax_step(t, lower, upper, codes, relaxed)
        net, box = (w_ih, w_hh, w_hh.reshape(w_hh.size)), (A, b, lo, hi, chain)
        _bound_rows(net, rows, row_slack, relaxed, box, work, relaxed[0][:0], values)
        if values.min() > 0.0:
            return 0
    return renew_bounds(
        w_ih, w_hh, rows, A, b, lo, hi, chain, unit_slack, row_slack, tips, fresh, start,
        lower, upper, codes, values, score,
    )  # fmt: skip


@kernel
def renew_bounds(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, A, b, lo, hi, chain, unit_slack, row_slack, tips, fresh, start,
    lower, upper, codes, values, score,
):  # fmt: skip
    """The same, but all unsettled units from step ``start`` on are bounded anew in any case."""
    n, d = lower.shape
    net, box = (w_ih, w_hh, w_hh.reshape(d * d)), (A, b, lo, hi, chain)
    relaxed, keep, work = _room(d, len(rows), lower, lo)
    unit_q = np.zeros((n * d, len(lo)))
    begin = 0 if fresh else start
    for t in range(begin):
        _relax_step(t, lower, upper, codes, relaxed)
    count = 0
    for t in range(begin, n):
        new = _bound_step(t, 1, net, relaxed, box, work, unit_slack, tips, lower, upper, unit_q)
        if new > 0:
            _bound_step(t, -1, net, relaxed, box, work, unit_slack, tips, lower, upper, unit_q)
        if new > 0 or fresh:
            for i in range(d):
                codes[t, i] = _code(lower[t, i], upper[t, i], tips[t, i])
        _relax_step(t, lower, upper, codes, relaxed)
        count += new
    _bound_rows(net, rows, row_slack, relaxed, box, work, keep, values)
    _score(values.argmin(), _lanes(len(rows)), keep, relaxed[2], unit_q, work[3], lo, hi, score)
    return count


@kernel
def _room(d, rows, lower, lo):  # type: ignore[no-untyped-def]
    """Room for the relaxations, for coefficients on the way, and for the work on rows."""
    n, most = len(lower), _lanes(max(d, rows))
    relaxed = (np.empty((n, d)), np.empty((n, d)), np.empty((n, d)))
    work = (
        np.empty(d * most), np.empty(d * most), np.empty((n + 1) * most), np.empty(len(lo) * most),
        np.empty(most),
    )  # fmt: skip
    return relaxed, np.empty((n, d * most)), work


@kernel
def _lanes(count):  # type: ignore[no-untyped-def]
    """Rows side by side fill vectors of four."""
    return (count + 3) // 4 * 4


@kernel
def _relax_step(t, lower, upper, codes, relaxed):  # type: ignore[no-untyped-def]
    a, slope, intercept = relaxed
    for i in range(lower.shape[1]):
        a[t, i], slope[t, i], intercept[t, i] = relax(codes[t, i], lower[t, i], upper[t, i])


@kernel
def _bound_step(  # type: ignore[no-untyped-def]
    t, sign, net, relaxed, box, work, slack, tips, lower, upper, unit_q
):
    """Bound what is unsettled of step ``t`` from below (``sign`` 1) or above (-1); how much it is.

    To ``unit_q`` (n d, k) come the coefficients of y in the bounds from below, less those in the
    bounds from above.
    """
    w_ih, w_hh, weights = net
    block, _, g, q, found = work
    d = len(w_ih)
    which = np.empty(d, dtype=np.int64)
    count = 0
    for i in range(d):
        if not settled(lower[t, i], upper[t, i], tips[t, i]):
            which[count] = i
            count += 1
    lanes = _lanes(count)
    for r in range(lanes):
        i = which[r] if r < count else which[0]
        g[t * lanes + r] = sign * w_ih[i]
        for j in range(d):
            block[j * lanes + r] = sign * w_hh[i, j]
    if count > 0:
        substitute_rows(t, lanes, w_ih, weights, relaxed, box, work, w_hh[:0])
    for r in range(count):
        i = which[r]
        if sign > 0:
            lower[t, i] = max(lower[t, i], found[r] - slack[t, i])
        else:
            upper[t, i] = min(upper[t, i], slack[t, i] - found[r])
        for j in range(unit_q.shape[1]):
            unit_q[t * d + i, j] += sign * q[j * lanes + r]
    return count


@kernel
def _bound_rows(net, rows, slack, relaxed, box, work, keep, values):  # type: ignore[no-untyped-def]
    """Bound all rows, with the relaxations as they are."""
    w_ih, _, weights = net
    block, found = work[0], work[4]
    lanes = _lanes(len(rows))
    for r in range(lanes):
        for j in range(len(w_ih)):
            block[j * lanes + r] = rows[min(r, len(rows) - 1), j]
    substitute_rows(len(relaxed[0]), lanes, w_ih, weights, relaxed, box, work, keep)
    for r in range(len(rows)):
        values[r] = found[r] - slack[r]


@kernel
def _score(r, lanes, keep, intercept, unit_q, q, lo, hi, score):  # type: ignore[no-untyped-def]
    """Linear part of row r plus, for each relaxed unit, its gap shared out by what moves it."""
    n, d = intercept.shape
    k = len(lo)
    for j in range(k):
        score[j] = abs(q[j * lanes + r]) * (hi[j] - lo[j])
    for t in range(n):
        for i in range(d):
            if intercept[t, i] == 0.0:
                continue
            moved = 0.0
            for j in range(k):
                moved += abs(unit_q[t * d + i, j]) * (hi[j] - lo[j])
            if moved <= 0.0:
                continue
            gap = abs(keep[t, i * lanes + r]) * intercept[t, i] / moved
            for j in range(k):
                score[j] += gap * abs(unit_q[t * d + i, j]) * (hi[j] - lo[j])


@kernel(parallel=True)
def _bound_batch(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, A, b, which, lo, hi, unit_slack, row_slack, reach, fresh,
    lower, upper, codes, values, score, count,
):  # fmt: skip
    free = np.zeros(lo.shape[1] + 2)
    for i in prange(len(lo)):
        p = which[i]
        count[i] = bound_box(
            w_ih, w_hh, rows[p], A[p], b[p], lo[i], hi[i], free, unit_slack[p], row_slack[p],
            unit_slack[p], reach[p], fresh, 0, lower[i], upper[i], codes[i], values[i], score[i],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Batch:
    """Bounds of B boxes: ``values`` (B, R) proved lower bounds of the rows; ``lower``, ``upper``
    (B, n, d) of the pre-activations and ``codes`` (B, n, d) their relaxations; ``score`` (B, k)
    for branching; ``count`` (B,) how many units were bounded anew.
    """

    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    codes: ByteArray
    score: FloatArray
    count: IntArray


@dataclass(frozen=True, eq=False)
class Region:
    """A set of inputs ``A y + b`` with the functionals to be bounded on it.

    ``A`` (n, k) and ``b`` (n,) must be exact in float64 (small integers in practice), ``rows``
    (R, d) are functionals of the last state, ``slack`` is that of a box containing all boxes used.
    """

    A: FloatArray
    b: FloatArray
    rows: FloatArray
    slack: Slack


def region(
    network: Network, A: FloatArray, b: FloatArray, rows: FloatArray, lo: FloatArray, hi: FloatArray
) -> Region:
    """The region ``{A y + b}`` for all boxes of y within the root box ``lo, hi`` (k,)."""
    largest = np.maximum(np.abs(lo), np.abs(hi))
    sizes = (np.abs(b) + np.abs(A) @ largest) * (1.0 + 1e-12)
    return Region(A, b, rows, rounding_slack(network, rows, sizes, len(lo)))


def margin_rows(network: Network, second: int, *, both: bool = False) -> FloatArray:
    """Rows (n - 1, d) whose values are the margins of ``second`` over its rivals, in order; with
    ``both`` twice as many: the margins, then their negatives (a positive bound of one of those
    says that the rival wins everywhere).
    """
    out = network.floats.w_out
    rows = np.array([out[second] - out[j] for j in range(len(out)) if j != second])
    return np.concatenate([rows, -rows]) if both else rows


def bound_batch(
    network: Network,
    regions: Sequence[Region],
    which: IntArray,
    lo: FloatArray,
    hi: FloatArray,
    parents: tuple[FloatArray, FloatArray, ByteArray] | None = None,
) -> Batch:
    """Bounds over B boxes, on all threads of numba.

    The ``regions`` must agree in k and R, and ``which`` (B,) says which one a box belongs to;
    ``lo`` and ``hi`` (B, k) are the boxes; ``parents`` are lower and upper bounds (B, n, d) and
    codes over boxes that contain these, left out at roots.
    """
    net = network.floats
    n, d, number = network.seq_len, network.hidden_size, len(lo)
    rows, A, b, unit, row, reach = (
        np.ascontiguousarray(np.stack(parts))
        for parts in (
            [r.rows for r in regions],
            [r.A for r in regions],
            [r.b for r in regions],
            [r.slack.unit for r in regions],
            [r.slack.row for r in regions],
            [r.slack.reach for r in regions],
        )
    )
    fresh = parents is None
    lower: FloatArray
    upper: FloatArray
    codes: ByteArray
    if parents is None:
        lower, upper = -reach[which], reach[which]
        codes = np.zeros((number, n, d), dtype=np.uint8)
    else:
        lower, upper, codes = parents[0].copy(), parents[1].copy(), parents[2].copy()
    values: FloatArray = np.empty((number, rows.shape[1]))
    score: FloatArray = np.zeros(lo.shape)
    count: IntArray = np.empty(number, dtype=np.int64)
    _bound_batch(
        net.w_ih, net.w_hh, rows, A, b, which, np.ascontiguousarray(lo), np.ascontiguousarray(hi),
        unit, row, reach, fresh, lower, upper, codes, values, score, count,
    )  # fmt: skip
    return Batch(values, lower, upper, codes, score, count)
