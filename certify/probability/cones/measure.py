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
#: Parts below this share of their cone are not followed: rounding's own slivers.
_SLIVER = 1e-9
_MOST_PARTS = 1000  #: nor more parts of a cone than these; the checker follows as many
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


@kernel
def decided(x, vectors, volume, uniform, some, parts, values, volumes):  # type: ignore[no-untyped-def]
    """The :func:`measure` of the part of a cone on which all ``vectors`` (n, R) are positive, with
    ``some`` at least one is not negative: a lower bound up to rounding.

    ``parts`` (P, n, n), ``values`` (P, n, R) and ``volumes`` (P,) are room to work in.
    """
    n = len(vectors)
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
    top, total = 1, 0.0
    for _ in range(_MOST_PARTS):
        if not top:
            break
        top -= 1
        cut, cut_i, cut_j, most = -1, 0, 0, 0.0
        whole, dead = False, volumes[top] < _SLIVER * volume
        for r in range(R):
            i, j = 0, 0
            for k in range(1, n):
                if values[top, k, r] > values[top, i, r]:
                    i = k
                if values[top, k, r] < values[top, j, r]:
                    j = k
            up, lo = values[top, i, r], values[top, j, r]
            if some and lo >= 0.0:
                whole = True
            elif not some and up <= 0.0:
                dead = True
            elif lo < 0.0 < up:
                size = (up if some else -lo) / (up - lo)
                if size > most:
                    cut, cut_i, cut_j, most = r, i, j, size
        if dead:
            continue
        if whole or (cut < 0 and not some):
            total += measure(parts[top], volumes[top], uniform, False)
        elif cut >= 0 and top + 2 <= len(parts):
            i, j = cut_i, cut_j
            up, lo = values[top, i, cut], values[top, j, cut]
            w, v = -lo / (up - lo), up / (up - lo)
            to = top + 1
            for k in range(n):
                for c in range(n):
                    parts[to, k, c] = parts[top, k, c]
                for r in range(R):
                    values[to, k, r] = values[top, k, r]
            for c in range(n):
                parts[to, i, c] = w * parts[top, i, c] + v * parts[top, j, c]
                parts[top, j, c] = parts[to, i, c]
            for r in range(R):
                values[to, i, r] = w * values[top, i, r] + v * values[top, j, r]
                if r == cut:
                    values[to, i, r] = 0.0
                values[top, j, r] = values[to, i, r]
            volumes[to], volumes[top] = volumes[top] * w, volumes[top] * v
            top += 2
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
