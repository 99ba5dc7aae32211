"""The measure of a cone, and of the part of it that linear bounds decide.

Over a cone of n rays, ``x = sum_k s_k x_k`` with ``s >= 0``, a bound is a linear function of s:
:func:`decided` cuts the cone along the zeros of the bounds and sums what is proved.

Measures. With unit rays and ``q(s) = |sum_k s_k x_k|^2 <= 1``, the share of the sphere of a cone
is ``Gamma(n/2) / (2 pi^(n/2) (n-1)!) |det x|`` times the mean of ``f(q) = q^(-n/2)`` over the
simplex ``sum s = 1``. As f'' falls, Taylor's formula at the mean m of q gives

    mean f >= f(m) + f''(1) / 2  variance(q),      f''(1) = n (n + 2) / 4,

and the mean and the variance of a quadratic form on a simplex are polynomials in its entries
(:func:`measure`). For uniform inputs the part of the cube in a cone is a simplex.
"""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel
from certify.model import FloatArray

#: More than rounding takes of a measure, relative to it.
LOSS = 1e-9
#: What may be left of a cone: rounding's own slivers.
_SLIVER = 1e-6
PARTS = 512  #: of a cone that are looked at, the largest first; the checker looks at as many
WHOLE, NOTHING = -1, -2
_POINTS = 256  #: at which :func:`open_share` looks


@kernel
def measure(x, volume, uniform, sharp):  # type: ignore[no-untyped-def]
    """The measure of the cone of the rays ``x`` (n, n), whose determinant is ``volume``, but for
    the factor that depends on n alone: a lower bound up to rounding, or with ``sharp`` an estimate.

    With G the inner products of the unit rays, S their sum, r the sums of its rows and
    ``(n)_k = n (n+1) .. (n+k-1)``, the means of q and of its square are ``(S + n) / (n)_2`` and
    ``(S^2 + 2 n S + 4 |r|^2 + n^2 + 2 |G|^2 + 8 S + 6 n) / (n)_4``: sums over the permutations of
    the indices of ``E[s_i s_j]`` and ``E[s_i s_j s_k s_l]``.
    """
    n = len(x)
    if uniform:
        for k in range(n):
            volume /= x[k].max()
        return volume
    norm = np.empty(n)
    for k in range(n):
        v = 0.0
        for j in range(n):
            v += x[k, j] * x[k, j]
        norm[k] = np.sqrt(v)
        volume /= norm[k]
    total, rows, squares = float(n), 0.0, float(n)
    row = np.ones(n)
    for k in range(n):
        for j in range(k):
            v = 0.0
            for i in range(n):
                v += x[k, i] * x[j, i]
            v /= norm[k] * norm[j]
            row[k] += v
            row[j] += v
            total += 2.0 * v
            squares += 2.0 * v * v
    for k in range(n):
        rows += row[k] * row[k]
    m = (total + n) / (n * (n + 1))
    second = total * total + 2 * n * total + 4 * rows + n * n + 2 * squares + 8 * total + 6 * n
    variance = max(second / (n * (n + 1) * (n + 2) * (n + 3)) - m * m, 0.0)
    bend = n * (n + 2) / 8.0 * variance
    f = m ** (-0.5 * n)
    return volume * (f * (1.0 + bend / (m * m)) if sharp else f + bend)


@kernel(inline="always")
def _cut_part(parts, values, volumes, at, to, r, i, j):  # type: ignore[no-untyped-def]
    """Cut a part where vector r is 0 between its rays i and j: with the new ray for ``x_j`` it
    stays where it was, with that for ``x_i`` it goes ``to`` another place.
    """
    n, R = values.shape[1], values.shape[2]
    up, lo = values[at, i, r], values[at, j, r]
    w, v = -lo / (up - lo), up / (up - lo)
    for k in range(n):
        for c in range(n):
            parts[to, k, c] = parts[at, k, c]
        for q in range(R):
            values[to, k, q] = values[at, k, q]
    for c in range(n):
        parts[to, i, c] = w * parts[at, i, c] + v * parts[at, j, c]
        parts[at, j, c] = parts[to, i, c]
    for q in range(R):
        values[to, i, q] = 0.0 if q == r else w * values[at, i, q] + v * values[at, j, q]
        values[at, j, q] = values[to, i, q]
    volumes[to], volumes[at] = volumes[at] * w, volumes[at] * v


@kernel(inline="always")
def _where_to_cut(values, R, some):  # type: ignore[no-untyped-def]
    """``(WHOLE, 0, 0)`` or ``(NOTHING, 0, 0)`` where the values (n, ..) of R vectors decide that,
    or the vector to cut at and the rays where it is greatest and least: first where most is
    decided.
    """
    cut, cut_i, cut_j, most = NOTHING if some else WHOLE, 0, 0, -1.0
    for r in range(R):
        i, j = 0, 0
        for k in range(1, len(values)):
            if values[k, r] > values[i, r]:
                i = k
            if values[k, r] < values[j, r]:
                j = k
        up, lo = values[i, r], values[j, r]
        if some and lo >= 0.0:
            return WHOLE, 0, 0
        if not some and up <= 0.0:
            return NOTHING, 0, 0
        if lo < 0.0 < up:
            size = (up if some else -lo) / (up - lo)
            if size > most:
                cut, cut_i, cut_j, most = r, i, j, size
    return cut, cut_i, cut_j


@kernel
def decided(x, vectors, volume, uniform, some, parts, values, volumes):  # type: ignore[no-untyped-def]
    """The :func:`measure` of the part of a cone on which all ``vectors`` (n, R) are positive, with
    ``some`` at least one is not negative: a lower bound up to rounding.

    The largest part comes first: slivers, of which there may be many, must not use up the rest.
    ``parts`` (PARTS, n, n), ``values`` (PARTS, n, R) and ``volumes`` (PARTS,) are room to work in.
    """
    R = 0  # of the vectors that matter: not those positive everywhere, or nowhere
    for r in range(vectors.shape[1]):
        least, most = vectors[:, r].min(), vectors[:, r].max()
        if some and least >= 0.0:
            return measure(x, volume, uniform, False)
        if not some and most <= 0.0:
            return 0.0
        if (most > 0.0) if some else (least < 0.0):
            values[0, :, R] = vectors[:, r]
            R += 1
    if R == 0:
        return 0.0 if some else measure(x, volume, uniform, False)
    parts[0], volumes[0] = x, volume
    count, total, waiting = 1, 0.0, volume
    for _ in range(PARTS - 1):
        if count == 0 or waiting <= _SLIVER * volume:
            break
        at = 0
        for p in range(1, count):
            if volumes[p] > volumes[at]:
                at = p
        cut, i, j = _where_to_cut(values[at], R, some)
        if cut >= 0:
            _cut_part(parts, values[:, :, :R], volumes, at, count, cut, i, j)
            count += 1
            continue
        if cut == WHOLE:
            total += measure(parts[at], volumes[at], uniform, False)
        waiting -= volumes[at]
        count -= 1
        parts[at], volumes[at] = parts[count], volumes[count]
        values[at, :, :R] = values[count, :, :R]
    return total


def spread_points(n: int) -> FloatArray:
    """Points (n, S) spread evenly over ``sum s = 1``: the spacings of a lattice sequence."""
    golden = 1.5
    for _ in range(60):
        golden = (1.0 + golden) ** (1.0 / n)
    steps = golden ** -np.arange(1.0, n)
    ends = np.sort((0.5 + np.outer(np.arange(_POINTS), steps)) % 1.0, axis=1)
    spacings: FloatArray = np.diff(ends, axis=1, prepend=0.0, append=1.0)
    return np.ascontiguousarray(spacings.T)


@kernel
def open_share(lower, upper, points, least, most):  # type: ignore[no-untyped-def]
    """An estimate of the share of a cone in which the bounds (n, R) of the margins decide nothing.

    With l and u the least of the lower and of the upper bounds, that is where ``l <= 0 < u``. At
    each of the ``points`` (n, S) it is asked what share of a neighbourhood does: where l and u are
    shifted by anything up to ``reach``, about what they change by up to the next point. So wedges
    that are too thin to hold a point are seen too. ``least`` and ``most`` (S,) are room.
    """
    n, R = lower.shape
    S = points.shape[1]
    least[:], most[:] = np.inf, np.inf
    for r in range(R):
        for s in range(S):
            low, up = 0.0, 0.0
            for k in range(n):
                low += lower[k, r] * points[k, s]
                up += upper[k, r] * points[k, s]
            least[s] = min(least[s], low)
            most[s] = min(most[s], up)
    reach = 0.5 * (least.max() - least.min()) / S ** (1.0 / (n - 1)) + 1e-300
    total = 0.0
    for s in range(S):
        total += max(min(-least[s], reach) - max(-most[s], -reach), 0.0)
    return total / (2.0 * reach * S)
