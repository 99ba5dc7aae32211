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

#: More than rounding takes of a measure, relative to it.
LOSS = 1e-9
#: Parts below this share of their cone are not followed: rounding's own slivers.
_SLIVER = 1e-9
_MOST_PARTS = 1000  #: nor more parts of a cone than these; the checker follows as many
#: What is closer than this to another choice may be chosen otherwise by exact arithmetic.
CLOSE = 1e-7


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
    ``some`` at least one is not negative: a lower bound up to rounding. And whether exact
    arithmetic might cut it otherwise.

    ``parts`` (P, n, n), ``values`` (P, n, R) and ``volumes`` (P,) are room to work in.
    """
    n, R = vectors.shape
    parts[0], values[0], volumes[0] = x, vectors, volume
    top, total, doubtful = 1, 0.0, False
    for _ in range(_MOST_PARTS):
        if not top:
            break
        top -= 1
        cut, cut_i, cut_j, most, next_most = -1, 0, 0, 0.0, 0.0
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
                    cut, cut_i, cut_j, most, next_most = r, i, j, size, most
                else:
                    next_most = max(next_most, size)
        if dead:
            continue
        if whole or (cut < 0 and not some):
            total += measure(parts[top], volumes[top], uniform, False)
        elif cut >= 0 and top + 2 <= len(parts):
            i, j = cut_i, cut_j
            up, lo = values[top, i, cut], values[top, j, cut]
            doubtful = doubtful or most - next_most <= CLOSE
            for k in range(n):
                v = values[top, k, cut]
                if (k != i and up - v <= CLOSE * (up - lo)) or (
                    k != j and v - lo <= CLOSE * (up - lo)
                ):
                    doubtful = True
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
    return total, doubtful
