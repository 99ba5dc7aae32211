"""Tails of the binomial distribution, bounded from above in integers."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

PRECISION = 192
PLACES = 10**9  #: ends of brackets are multiples of ``1 / PLACES``

Upper = tuple[int, int]


def tail_is_at_most(samples: int, count: int, p: Fraction, limit: Fraction) -> bool:
    """Whether ``P(Bin(samples, p) >= count) <= limit``, from an upper bound of the sum.

    Terms are ``m 2**e`` with m of :data:`PRECISION` bits, rounded up. From ``count`` on they fall
    as soon as ``k >= samples p``; what is left out is bounded by a geometric series.
    """
    if count <= 0:
        return limit >= 1
    if p <= 0 or count > samples:
        return limit >= 0
    if p >= 1:
        return limit >= 1
    a, b = p.numerator, p.denominator - p.numerator
    term = _product(_power(p, count), _power(1 - p, samples - count))
    term = _product(term, _choose(samples, min(count, samples - count)))
    total, k = term, count
    while True:
        rising, falling = (samples - k) * a, (k + 1) * b  # the next term over this one
        if rising < falling and term[1] + PRECISION < total[1]:
            rest = term[0] * rising // (falling - rising) + 1
            total = _sum(total, (rest, term[1]))
            break
        if not rising:
            break
        term = _rounded((term[0] * rising // falling + 1, term[1]))
        total = _sum(total, term)
        k += 1
    mantissa, exponent = total
    if exponent >= 0:
        return mantissa << exponent <= limit
    return mantissa * limit.denominator <= limit.numerator << -exponent


def greatest_share(samples: int, count: int, limit: Fraction) -> Fraction:
    """The greatest multiple p of ``1 / PLACES`` below ``count / samples`` with
    ``P(Bin(samples, p) >= count) <= limit``; 0 where there is none.
    """
    low, high = 0, -(-count * PLACES // samples)
    while high - low > 1:
        middle = (low + high) >> 1
        if tail_is_at_most(samples, count, Fraction(middle, PLACES), limit):
            low = middle
        else:
            high = middle
    return Fraction(low, PLACES)


@lru_cache(16)
def _choose(samples: int, count: int) -> Upper:
    found: Upper = (1 << PRECISION, -PRECISION)
    for i in range(1, count + 1):
        found = _rounded((found[0] * (samples - i + 1) // i + 1, found[1]))
    return found


def _rounded(value: Upper) -> Upper:
    mantissa, exponent = value
    excess = mantissa.bit_length() - PRECISION
    return (mantissa, exponent) if excess <= 0 else (-(-mantissa >> excess), exponent + excess)


def _product(a: Upper, b: Upper) -> Upper:
    return _rounded((a[0] * b[0], a[1] + b[1]))


def _sum(a: Upper, b: Upper) -> Upper:
    if a[1] < b[1]:
        a, b = b, a
    distance = min(a[1] - b[1], 4 * PRECISION)  # beyond, b is less than one unit of a
    if distance == 4 * PRECISION:
        return _rounded((a[0] + 1, a[1]))
    return _rounded(((a[0] << distance) + b[0], b[1]))


def _power(p: Fraction, exponent: int) -> Upper:
    result: Upper = (1, 0)
    base = _rounded((-(-(p.numerator << PRECISION) // p.denominator), -PRECISION))
    while exponent:
        if exponent & 1:
            result = _product(result, base)
        base = _product(base, base)
        exponent >>= 1
    return result
