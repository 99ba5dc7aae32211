"""Linear bounds over simplicial cones.

A cone is given by n rays, ``x = sum_k s_k x_k`` with ``s >= 0``. The network has no biases, so a
bound over a cone is a linear function of s, hence n numbers, its values at the rays ("vector"
below), and rays may be scaled at will. A pre-activation z between the vectors L and U of an
undecided unit is relaxed in s as well::

    a z <= relu(z) <= slope z + sum_k s_k max((1 - slope) U_k, -slope L_k)

with a in {0, 1}: ``relu(z) - slope z`` is a convex function of z, homogeneous in s, so its values
at the rays bound it. Where z is linear, ``L = U = z``, that is the least concave bound whatever
the slope. Otherwise as in :mod:`certify.relaxation.linear`: backward substitution, slopes in
256ths.

So a margin has a linear lower and a linear upper bound on the cone, and the two decide it but for
a thin wedge along its zero (:mod:`certify.probability.cones.measure`).

Rounding. What float64 may have lost is taken from every bound: see :func:`allowances`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from certify.compiled import kernel
from certify.model import UNIT_ROUNDOFF, FloatArray, Network
from certify.relaxation.linear import rounding_slack

MAX_DEPTH = 128  #: of the cuts above a cone
#: Roundings of a coordinate of a ray, twice over; and more than underflow loses of a run.
_RAY_ROUNDINGS = 4.0 * (MAX_DEPTH + 8)
_TINY = 1e-250
UNKNOWN = 2  #: A unit that is neither on (1) nor off (0).


@dataclass(frozen=True, eq=False)
class Allowances:
    """What is taken from computed bounds: ``unit`` (n, d), ``row`` (R,)."""

    unit: FloatArray
    row: FloatArray


def allowances(network: Network, rows: FloatArray) -> Allowances:
    """What rounding may cost a vector over rays of size at most 1, for ``rows`` (R, d).

    1. One substitution, per ray, has the operations of
    :func:`certify.relaxation.linear.rounding_slack`.
       Its constants are bounded by vectors, which in step t are at most ``2^t`` times the
       interval bounds that the slack is made for (by induction: a vector is at most the interval
       bound plus what the relaxations before add, each at most its own vector), hence sizes
       ``2^n``.
    2. A ray is cut out of the rays of a chamber in at most ``MAX_DEPTH`` convex combinations.
       Coordinates have one sign in a chamber, so each loses at most two roundings of itself; with
       the slack of n >= 2 (above 190 roundings) counted four times both are covered.
    3. A unit whose vectors are on one side of 0 up to its allowance E counts as decided, which
       shifts its state by at most 2 E, and with relaxations of slopes at most 1 a later vector by
       at most that times the absolute weights.
    """
    n = network.seq_len
    slack = rounding_slack(network, rows, np.full(n, 2.0 ** (n + 2)), n)
    weights = np.abs(network.floats.w_hh)
    unit = np.empty_like(slack.unit)
    shift = np.zeros(network.hidden_size)
    for t in range(n):
        carried = weights @ shift
        unit[t] = slack.unit[t] + carried
        shift = carried + 2.0 * unit[t]
    return Allowances(unit * (1 + 1e-9), (slack.row + np.abs(rows) @ shift) * (1 + 1e-9))


@kernel
def run_at(w_ih, w_hh, rows, x, before, margins, doubt, row_doubt):  # type: ignore[no-untyped-def]
    """Pre-activations ``before`` (n, d) and ``margins`` (R,) at the ray ``x`` (n,), and what
    rounding may have cost each, ``doubt`` and ``row_doubt``: nothing where all terms are 0.
    """
    n = len(x)
    d = len(w_ih)
    unit = _RAY_ROUNDINGS * UNIT_ROUNDOFF
    h, error = np.zeros(d), np.zeros(d)
    for t in range(n):
        for i in range(d):
            v = w_ih[i] * x[t]
            size, spread = abs(v), 0.0
            tiny = _TINY if w_ih[i] != 0.0 and x[t] != 0.0 else 0.0
            for j in range(d):
                if w_hh[i, j] != 0.0 and (h[j] != 0.0 or error[j] != 0.0):
                    tiny = _TINY
                v += w_hh[i, j] * h[j]
                size += abs(w_hh[i, j]) * h[j]
                spread += abs(w_hh[i, j]) * error[j]
            before[t, i] = v
            doubt[t, i] = (unit + 4 * d * UNIT_ROUNDOFF) * (size + spread) + spread + tiny
        for i in range(d):
            h[i] = max(before[t, i], 0.0)
            error[i] = doubt[t, i] if before[t, i] > -doubt[t, i] else 0.0
    for r in range(len(rows)):
        v, size, spread, tiny = 0.0, 0.0, 0.0, 0.0
        for j in range(d):
            if rows[r, j] != 0.0 and (h[j] != 0.0 or error[j] != 0.0):
                tiny = _TINY
            v += rows[r, j] * h[j]
            size += abs(rows[r, j]) * h[j]
            spread += abs(rows[r, j]) * error[j]
        margins[r] = v
        row_doubt[r] = 4 * d * UNIT_ROUNDOFF * (size + spread) + spread + tiny


@kernel
def _substitute(  # type: ignore[no-untyped-def]
    step, row, drive, w_ih, w_hh, status, a, slope, intercept, x, g, other, constant, out, keep
):
    """A vector below ``row . h_step + drive x_step`` (h_step: the state that the step reads);
    returns its least entry.

    ``row`` is destroyed, ``out`` (n,) becomes the vector, ``keep`` (n, d) the coefficients of the
    states on the way. ``status`` is 1 (on), 0 (off), 2 (relaxed).
    """
    d = len(w_ih)
    n = len(x)
    for k in range(n):
        constant[k] = 0.0
        g[k] = 0.0
    if step < n:
        g[step] = drive
    for t in range(step - 1, -1, -1):
        for j in range(d):
            other[j] = 0.0
        gt = 0.0
        for i in range(d):
            c = row[i]
            keep[t, i] = c
            if status[t, i] == 0 or c == 0.0:
                continue
            if status[t, i] == 2:
                if c > 0.0:
                    c *= a[t, i]
                else:
                    for k in range(n):
                        constant[k] += c * intercept[t, i, k]
                    c *= slope[t, i]
            gt += c * w_ih[i]
            for j in range(d):
                other[j] += c * w_hh[i, j]
        g[t] = gt
        for j in range(d):
            row[j] = other[j]
    least = np.inf
    for k in range(n):
        v = constant[k]
        for t in range(n):
            v += g[t] * x[k, t]
        out[k] = v
        least = min(least, v)
    return least


# These three are inlined: as calls, with so many arguments, they cost a tenth of the whole.
@kernel(inline="always")
def _enclose(  # type: ignore[no-untyped-def]
    t, i, e, before, w_ih, w_hh, status, a, slope, intercept, x, g, other, constant, row, keep, L, U
):
    """Vectors L below and U above the pre-activation of unit i in step t, by substitution.

    First the side on which all rays are: if it is proved, the other isn't needed, and L or U is
    left alone. Returns 1 (on), 0 (off), -1 (off for certain), 2 (undecided so far).
    """
    first = 1
    for k in range(len(x)):
        if before[k, t, i] > e:
            first = 0
            break
    for side in range(2):
        sign = 1.0 if side == first else -1.0
        for j in range(len(w_ih)):
            row[j] = sign * w_hh[i, j]
        least = _substitute(
            t, row, sign * w_ih[i], w_ih, w_hh, status, a, slope, intercept,
            x, g, other, constant, U if sign < 0.0 else L, keep,
        )  # fmt: skip
        if least >= -e:
            if sign > 0.0:
                return 1
            return -1 if least >= e else 0
    for k in range(len(x)):
        U[k] = -U[k]
    return 2


@kernel(inline="always")
def _relax(t, i, e, L, U, a, slope, intercept, above, below):  # type: ignore[no-untyped-def]
    """Relax unit i of step t between L and U, and note what that may cost, from above and from
    below.
    """
    lo, up = L.min() - e, U.max() + e
    s = np.floor(256.0 * up / (up - lo) + 0.5) / 256.0
    slope[t, i] = s
    a[t, i] = 1.0 if s >= 0.5 else 0.0
    for k in range(len(L)):
        intercept[t, i, k] = max((1.0 - s) * (U[k] + e), -s * (L[k] - e))
    above[t, i] = -up * lo / (up - lo)
    below[t, i] = min(up, -lo)


@kernel(inline="always")
def _charge(keep, status, above, below, score):  # type: ignore[no-untyped-def]
    """Add to ``score`` (n, d) what each relaxed unit costs a row with these coefficients."""
    for t in range(len(score)):
        for i in range(score.shape[1]):
            if status[t, i] == 2:
                c = keep[t, i]
                score[t, i] += c * below[t, i] if c > 0.0 else -c * above[t, i]


@kernel
def bound_simplex(  # type: ignore[no-untyped-def]
    w_ih, w_hh, rows, unit_allowance, row_allowance,
    x, before, margins, doubt, row_doubt, known, proved, status, lower, upper, score,
):  # fmt: skip
    """Prove vectors of the ``rows`` (R, d) over the cone of the rays ``x`` (n, n).

    Read: ``before`` and ``doubt`` (n, n, d), ``margins`` and ``row_doubt`` (n, R), what
    :func:`run_at` found ray by ray. Where these leave no doubt about any sign, a row loses no more
    than they do; where it reads only units that are off for certain it is 0 and loses nothing.
    Without that no tie could be proved. ``known`` (n, d) is a status of units that is proved
    already (``UNKNOWN``: of none), and rows that are ``proved`` (R,) to be positive are left out:
    their vectors are 1.
    Written: ``status`` (n, d) of the units; ``lower`` and ``upper`` (n, R), ray by ray; ``score``
    (n, d), what relaxing each unit costs the rows that aren't decided.
    """
    n = len(x)
    d = len(w_ih)
    a, slope, intercept = np.zeros((n, d)), np.zeros((n, d)), np.zeros((n, d, n))
    below, above, keep = np.zeros((n, d)), np.zeros((n, d)), np.zeros((n, d))
    row, other, g = np.empty(d), np.empty(d), np.empty(n)
    constant, L, U = np.empty(n), np.empty(n), np.empty(n)
    linear, strict = True, True
    dead = np.zeros(d, np.bool_)  # off in the last step, for certain
    for t in range(n):
        relaxed = False
        for i in range(d):
            e = unit_allowance[t, i]
            if linear:
                on, off = True, True
                for k in range(n):
                    L[k] = U[k] = before[k, t, i]
                    on = on and before[k, t, i] >= doubt[k, t, i]
                    off = off and before[k, t, i] <= -doubt[k, t, i]
                strict = strict and (on or off)
                dead[i] = off
            elif known[t, i] != UNKNOWN:
                status[t, i], dead[i] = known[t, i], False
                continue
            else:
                side = _enclose(
                    t, i, e, before, w_ih, w_hh, status, a, slope, intercept,
                    x, g, other, constant, row, keep, L, U,
                )  # fmt: skip
                dead[i] = side < 0
                if side < 2:
                    status[t, i] = max(side, 0)
                    continue
                strict = False
            status[t, i] = 1 if L.min() >= -e else 0 if U.max() <= e else UNKNOWN
            if status[t, i] == UNKNOWN:
                relaxed = True
                _relax(t, i, e, L, U, a, slope, intercept, above, below)
        linear = linear and not relaxed
    score[:] = 0.0
    for r in range(len(rows)):
        e = row_allowance[r]
        if proved[r]:
            lower[:, r], upper[:, r] = 1.0, 1.0
            continue
        tied = np.all(dead | (rows[r] == 0.0))
        if tied or linear:
            for k in range(n):
                lost = row_doubt[k, r] if strict else e
                lower[k, r] = 0.0 if tied else margins[k, r] - lost
                upper[k, r] = 0.0 if tied else margins[k, r] + lost
            continue
        for side in range(2):
            row[:] = -rows[r] if side else rows[r]
            _substitute(
                n, row, 0.0, w_ih, w_hh, status, a, slope, intercept,
                x, g, other, constant, L, keep,
            )  # fmt: skip
            if side:
                upper[:, r] = e - L
            else:
                lower[:, r] = L - e
            # A margin of one sign at all rays is only of interest from that side.
            if L.min() > e or (margins[:, r].max() < 0 if side == 0 else margins[:, r].min() > 0):
                continue
            _charge(keep, status, above, below, score)
