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
SLIVER = 1 << 10  #: A share of a cone, times ``2**CUT``, that need not be looked at,
MOST_PORTIONS = 1 << 9  #: nor more portions than these.
DEEPEST = 64  #: cuts of a cone
WHOLE, NOTHING = -1, -2


class Portions(NamedTuple):
    """Portions that wait to be looked at, ``MOST_PORTIONS`` at most: ``rays`` (n n each),
    ``values`` (R n each), ``share`` of the cone times ``2**CUT``, ``cuts`` above them. ``unit``
    (n n) and ``sums`` (n) are room for a measure.
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


def cut_portion(
    n: int, R: int, portions: Portions, at: int, to: int, r: int, i: int, j: int
) -> None:
    """Cut a portion where function r is 0 between the rays i, where it is positive, and j, where it
    is negative: the part without ``x_i`` stays where it was, that without ``x_j`` goes ``to``
    another place.
    """
    rays, values = portions.rays, portions.values
    up, lo = values[(at * R + r) * n + i], values[(at * R + r) * n + j]
    # Rounded up, so the function isn't negative at the new ray, and 0 is a lower bound of it.
    w = -((lo << CUT) // (up - lo))
    v = (1 << CUT) - w
    copy_portion(n, R, portions, at, to)
    for c in range(n):
        new = (w * rays[(at * n + i) * n + c] + v * rays[(at * n + j) * n + c]) >> CUT
        rays[(to * n + j) * n + c] = new
        rays[(at * n + i) * n + c] = new
    for q in range(R):
        here = (at * R + q) * n
        middle = 0 if q == r else (w * values[here + i] + v * values[here + j]) >> CUT
        values[(to * R + q) * n + j] = middle
        values[here + i] = middle
    share = portions.share[at]
    # The determinant of a part is that of the whole times the weight of the ray that is replaced.
    portions.share[to], portions.share[at] = (share * v) >> CUT, (share * w) >> CUT
    portions.cuts[at] += 1
    portions.cuts[to] = portions.cuts[at]


def copy_portion(n: int, R: int, portions: Portions, at: int, to: int) -> None:
    """Write a portion to another place as well."""
    for k in range(n * n):
        portions.rays[to * n * n + k] = portions.rays[at * n * n + k]
    for k in range(R * n):
        portions.values[to * R * n + k] = portions.values[at * R * n + k]
    portions.share[to], portions.cuts[to] = portions.share[at], portions.cuts[at]


def where_to_cut(n: int, R: int, some: bool, portions: Portions, at: int) -> int:
    """``WHOLE`` or ``NOTHING`` where that is decided of a portion, else ``(r n + i) n + j``: the
    function to cut at and the rays where it is greatest and least.
    """
    values = portions.values
    cut, most = NOTHING if some else WHOLE, -1
    for r in range(R):
        here, i, j = (at * R + r) * n, 0, 0
        for k in range(1, n):
            if values[here + k] > values[here + i]:
                i = k
            if values[here + k] < values[here + j]:
                j = k
        up, lo = values[here + i], values[here + j]
        if some and lo >= 0:
            return WHOLE
        if not some and up <= 0:
            return NOTHING
        if lo < 0 < up:
            # First where most of the portion is gained or lost.
            size = ((up if some else -lo) << CUT) // (up - lo)
            if size > most:
                cut, most = (r * n + i) * n + j, size
    return cut


def decided(n: int, R: int, some: bool, uniform: bool, portions: Portions) -> int:
    """The measure, rounded down, of the part of the first portion where all R functions, or
    ``some`` of them, are positive (for ``some``: not negative), with its determinant taken for 1.
    """
    share, cuts = portions.share, portions.cuts
    total, count, waiting = 0, 1, 1 << CUT
    share[0], cuts[0] = 1 << CUT, 0
    for _ in range(MOST_PORTIONS - 1):
        if count == 0 or waiting <= SLIVER:
            break
        at = 0  # the largest: slivers, of which there may be many, must not use up the rest
        for p in range(1, count):
            if share[p] > share[at]:
                at = p
        waiting -= share[at]
        cut = where_to_cut(n, R, some, portions, at)
        if cut >= 0 and cuts[at] < DEEPEST:
            cut_portion(n, R, portions, at, count, cut // n // n, cut // n % n, cut % n)
            waiting += share[at] + share[count]
            count += 1
            continue
        if cut == WHOLE:
            total += (measure(n, uniform, portions, at) * share[at]) >> CUT
        count -= 1
        copy_portion(n, R, portions, count, at)
    return total
