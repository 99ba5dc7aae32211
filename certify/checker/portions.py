"""The measure of the part of a simplicial cone that linear functions decide, in 62 bits.

A function is its values at the rays. :func:`decided` cuts a cone along the zeros of the functions
and sums what is above all of them (or at or above one); :func:`measure` bounds the measure of such
a portion from below.

Measures. With unit rays and ``q = |sum_k s_k x_k|^2 = 1 - p`` on the simplex ``sum s = 1``, the
share of the sphere of a cone is ``Gamma(n/2) / (2 pi^(n/2) (n-1)!)`` times ``|det x| / prod |x_k|``
times the mean of ``f(q) = q^(-n/2)``; as ``q <= 1`` and f'' falls, that mean is at least
``f(m) + f''(1)/2 v``, m and v the mean and the variance of q, with ``f''(1) = n (n+2) / 4``. With
``D = 1 - G``, G the inner products of the unit rays, T the sum of D, r the sums of its rows and
``(n)_k = n (n+1) .. (n+k-1)``, the means of p and of its square are ``T / (n)_2`` and
``(T^2 + 4 |r|^2 + 2 |D|^2) / (n)_4``: sums over the permutations of the indices of ``E[s_i s_j]``
and ``E[s_i s_j s_k s_l]``. For uniform inputs the part of the cube in a cone is a simplex, of the
volume ``|det x| / prod max x_k`` but for ``n!``.

Rounding. Coordinates of the rays of a portion are rounded down by at most E units of
``2**-RAY``, ``E = EXCESS`` and one more for each cut. A ray is a convex combination of those of a
chamber, in which coordinates have one sign, and one is 1 in all rays with positive ones, another
-1 in the others: its greatest is at least 1/2 in size. So with n <= 8 a norm is off by less than
``3 E``, a unit ray by less than ``2 * 3 E / (1/2) + 5`` (its coordinates round once more), and each
G, hence q anywhere, by less than twice that and one, ``32 E``; so is the standard deviation of q.
"""

from __future__ import annotations

from typing import NamedTuple

from certify.checker.kernel import Ints

RAY = 29  #: Coordinates of rays are multiples of ``2**-RAY``, at most 1 in size,
EXCESS = 2  #: rounded down by no more than so many units.
CUT = 30  #: bits of the weights of cuts, of shares
SPREAD = 24  #: bits in which the variance is found
MEASURE = 26  #: bits of a measure
MOST = (1 << 31) - 1
SLIVER = 1 << 6  #: Portions of less than this share of their cone, times ``2**CUT``, are left out.
MOST_PORTIONS = 1 << 10  #: nor are more of them looked at
DEEPEST = 64  #: cuts of a cone


class Portions(NamedTuple):
    """Portions that wait to be looked at, ``DEEPEST + 2`` at most: ``rays`` (n n each), ``values``
    (R n each), ``share`` of the cone times ``2**CUT``, ``cuts`` above them. ``unit`` (n n) and
    ``sums`` (n) are room for a measure.
    """

    rays: Ints
    values: Ints
    share: Ints
    cuts: Ints
    unit: Ints
    sums: Ints


def root(square: int) -> int:
    """The integer square root of a positive number below ``2**62``."""
    guess = 1 << 31
    while True:
        better = (guess + square // guess) >> 1
        if better >= guess:
            return guess
        guess = better


def mean_power(n: int, portions: Portions, excess: int) -> int:
    """A lower bound of the mean of f, times ``2**MEASURE``, for the unit rays in ``unit``."""
    unit, sums = portions.unit, portions.sums
    whole = squares = rows = total = 0
    for k in range(n):
        sums[k] = 0
    for i in range(n):
        for j in range(i):
            product = 0
            for k in range(n):
                product += unit[i * n + k] * unit[j * n + k]
            gap = max((1 << RAY) - (product >> RAY), 0)
            whole += 2 * gap
            gap >>= RAY - SPREAD
            sums[i] += gap
            sums[j] += gap
            squares += 2 * gap * gap
    for k in range(n):
        total += sums[k]
        rows += sums[k] * sums[k]
    # The mean of q, rounded up.
    mean = min((1 << RAY) - whole // (n * (n + 1)) + 32 * excess + 1, 1 << RAY)
    second = (total * total + 4 * rows + 2 * squares) // (n * (n + 1) * (n + 2) * (n + 3))
    variance = second - total * total // (n * n * (n + 1) * (n + 1)) - 1
    if variance > 0:
        variance -= 2 * (root(variance) + 2) * (excess + 2)
    inverse = min((1 << MEASURE + RAY) // mean, MOST)
    power = root(inverse << MEASURE) if n % 2 else 1 << MEASURE
    for _ in range(n // 2):
        power = min((power * inverse) >> MEASURE, MOST)
    bend = (n * (n + 2) * max(variance, 0) // 8) >> (2 * SPREAD - MEASURE)
    return min(power + bend, MOST)


def measure(n: int, uniform: bool, portions: Portions, at: int) -> int:
    """The measure of a portion of determinant 1, rounded down, but for a factor that depends on n
    alone, times ``2**MEASURE``.
    """
    rays, excess = portions.rays, EXCESS + portions.cuts[at]
    found = 1 << MEASURE
    if not uniform:
        for k in range(n):
            square = 0
            for j in range(n):
                v = rays[(at * n + k) * n + j]
                square += v * v
            norm = root(square) + 1
            for j in range(n):
                portions.unit[k * n + j] = (rays[(at * n + k) * n + j] << RAY) // norm
        found = mean_power(n, portions, excess)
    for k in range(n):
        square = most = 0
        for j in range(n):
            v = rays[(at * n + k) * n + j]
            square += v * v
            most = max(most, v)
        size = most + excess if uniform else root(square) + 1 + 3 * excess
        found = min((found << RAY) // size, MOST)
    return found


def cut_portion(n: int, R: int, portions: Portions, top: int, r: int, i: int, j: int) -> None:
    """Put both parts in place of the portion at ``top``, cut where function r is 0 between the
    rays i, where it is positive, and j, where it is negative; that without ``x_j`` comes above.
    """
    rays, values, to = portions.rays, portions.values, top + 1
    up, lo = values[(top * R + r) * n + i], values[(top * R + r) * n + j]
    # Rounded up, so the function isn't negative at the new ray, and 0 is a lower bound of it.
    w = -((lo << CUT) // (up - lo))
    v = (1 << CUT) - w
    for k in range(n * n):
        rays[to * n * n + k] = rays[top * n * n + k]
    for c in range(n):
        new = (w * rays[(top * n + i) * n + c] + v * rays[(top * n + j) * n + c]) >> CUT
        rays[(to * n + j) * n + c] = new
        rays[(top * n + i) * n + c] = new
    for q in range(R):
        here, there = (top * R + q) * n, (to * R + q) * n
        for k in range(n):
            values[there + k] = values[here + k]
        middle = 0 if q == r else (w * values[here + i] + v * values[here + j]) >> CUT
        values[there + j] = middle
        values[here + i] = middle
    share = portions.share[top]
    # The determinant of a part is that of the whole times the weight of the ray that is replaced.
    portions.share[to], portions.share[top] = (share * v) >> CUT, (share * w) >> CUT
    portions.cuts[top] += 1
    portions.cuts[to] = portions.cuts[top]


def decided(n: int, R: int, some: bool, uniform: bool, portions: Portions) -> int:
    """The measure, rounded down, of the part of the first portion where all R functions, or
    ``some`` of them, are positive (for ``some``: not negative), with its determinant taken for 1.
    """
    values = portions.values
    total, top = 0, 0
    portions.share[0], portions.cuts[0] = 1 << CUT, 0
    for _ in range(MOST_PORTIONS):
        if top < 0:
            break
        all_up, one_up, one_down, all_down = True, False, False, True
        cut, cut_i, cut_j, most = -1, 0, 0, -1
        for r in range(R):
            at, i, j = (top * R + r) * n, 0, 0
            for k in range(1, n):
                if values[at + k] > values[at + i]:
                    i = k
                if values[at + k] < values[at + j]:
                    j = k
            up, lo = values[at + i], values[at + j]
            all_up, one_up = all_up and lo >= 0, one_up or lo >= 0
            one_down, all_down = one_down or up <= 0, all_down and up <= 0
            if lo < 0 < up:
                # First where most of the part is gained or lost.
                size = ((up if some else -lo) << CUT) // (up - lo)
                if size > most:
                    cut, cut_i, cut_j, most = r, i, j, size
        dead = all_down and not one_up if some else one_down
        whole = one_up if some else all_up
        if portions.share[top] < SLIVER or dead:
            top -= 1
        elif whole:
            total += (measure(n, uniform, portions, top) * portions.share[top]) >> CUT
            top -= 1
        elif cut < 0 or portions.cuts[top] == DEEPEST:
            top -= 1
        else:
            cut_portion(n, R, portions, top, cut, cut_i, cut_j)
            top += 1
    return total
