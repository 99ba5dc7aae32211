"""Where a simplicial cone may be cut."""

from __future__ import annotations

import numpy as np

from certify.compiled import kernel


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
def candidates(x, before, score, tried, cuts):  # type: ignore[no-untyped-def]
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
