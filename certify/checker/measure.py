"""Measures of pieces, enclosed in integer fixed-point arithmetic.

A fixed-point number is an integer times ``2**-bits``. Divisions and square roots round down, so
each is off by less than one unit in the last place; the guard bits below absorb all of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import isqrt

GUARD = 32
"""Guard bits of :func:`_arctan`: it errs by less than ``2**8 (W / 8 + 16)`` units at the working
precision of ``W`` bits, which is below ``2**GUARD`` for all ``W < 2**24``."""

Ray = tuple[int, ...]


@cache
def pi(bits: int) -> tuple[int, int]:
    """Integers ``lo <= pi 2**bits <= hi``, by Machin's formula."""
    one = 1 << (bits + GUARD)

    def inverse(k: int) -> int:
        total, power, i = 0, one // k, 0
        while power:
            total += (-1) ** i * (power // (2 * i + 1))
            power //= k * k
            i += 1
        return total

    # Each inverse errs by less than three units per term: one in the quotient, two in the power.
    value = 16 * inverse(5) - 4 * inverse(239)
    return (value >> GUARD) - 1, (value >> GUARD) + 2


@cache
def angle(y: int, x: int, bits: int) -> tuple[int, int]:
    """Integers ``lo <= atan2(y, x) 2**bits <= hi`` for ``y > 0``."""
    if x < 0:
        lo, hi = angle(y, -x, bits)
        return pi(bits)[0] - hi, pi(bits)[1] - lo
    if y > x:
        lo, hi = _arctan(x, y, bits)
        return (pi(bits)[0] >> 1) - hi, (pi(bits)[1] + 1 >> 1) - lo
    return _arctan(y, x, bits)


def _arctan(y: int, x: int, bits: int) -> tuple[int, int]:
    """Integers around ``atan(y / x) 2**bits`` for ``0 <= y <= x``, ``x > 0``.

    Eight times ``atan t = 2 atan(t / (1 + sqrt(1 + t t)))``, then Taylor's series. A halving
    halves the error of its argument and adds less than 4 units; each of the at most ``W / 16 + 2``
    terms errs by less than 2 units, and the terms after them sum to less than one.
    """
    work = bits + GUARD
    one = 1 << work
    t = (y << work) // x
    for _ in range(8):
        t = (t << work) // (one + isqrt((one << work) + t * t))
    square, power, total, k = t * t >> work, t, 0, 1
    while power:
        total += power // k if k % 4 == 1 else -(power // k)
        power = power * square >> work
        k += 2
    value = total >> (GUARD - 8)
    return value - 2, value + 3


def cone_angle(rays: Sequence[Ray], bits: int) -> tuple[int, int]:
    """Enclose ``2 pi`` times the share of the sphere of a simplicial cone in R^2 or R^3.

    That is the angle, or half the solid angle, by Van Oosterom and Strackee's formula. Returns
    integers times ``2**-bits``; (0, 0) for a cone without inside.
    """
    if len(rays) == 2:
        (a, b), (c, d) = rays
        y = abs(a * d - b * c)
        return angle(y, a * c + b * d, bits) if y else (0, 0)
    a3, b3, c3 = rays
    y = abs(
        a3[0] * (b3[1] * c3[2] - b3[2] * c3[1])
        - a3[1] * (b3[0] * c3[2] - b3[2] * c3[0])
        + a3[2] * (b3[0] * c3[1] - b3[1] * c3[0])
    )
    if not y:
        return 0, 0
    aa, bb, cc = _dot(a3, a3), _dot(b3, b3), _dot(c3, c3)
    ab, bc, ca = _dot(a3, b3), _dot(b3, c3), _dot(c3, a3)
    scale = bits + GUARD
    lo = hi = 0
    for sign, squared in ((1, aa * bb * cc), (ab, ab**2 * cc), (bc, bc**2 * aa), (ca, ca**2 * bb)):
        root = isqrt(squared << (2 * scale))
        lo += root if sign >= 0 else -(root + 1)
        hi += root + 1 if sign >= 0 else -root
    return angle(y << scale, hi, bits)[0], angle(y << scale, lo, bits)[1]


def _dot(a: Ray, b: Ray) -> int:
    return sum(p * q for p, q in zip(a, b, strict=True))
