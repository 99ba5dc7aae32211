"""The geometry of accuracy boxes: the box of inputs over a box of uniforms W in an order word.

The corner formulas are those of ``docs/accuracy.md``; words are :mod:`certify.checker.orders`.
Real numbers are enclosed by pairs of integers times ``2**-BITS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt
from operator import itemgetter
from statistics import NormalDist
from typing import Any, NamedTuple

from certify.checker.errors import Rejected
from certify.checker.measure import pi
from certify.checker.orders import Order

W_BITS = 14
W_ONE = 1 << W_BITS
GRID = 20  # coordinates of boxes are multiples of 2**-GRID
LARGEST = 64
KEPT = 1 << 12  # chains at a time, so that memory does not grow with the tape
BITS = 80
GUARD = 40
ONE = 1 << BITS
UNIT = 1 << (BITS - GRID)  # of a coordinate
OFFSET = 3 * UNIT // 8
NEAR = 1 << (BITS - 46)  # quantiles are searched this closely
FAR = 1 << (BITS - 24)
_NORMAL = NormalDist()

Interval = tuple[int, int]


@lru_cache(1 << 14)
def _root(level: tuple[int, ...], w: int, top: int, up: bool) -> int:
    """The v with ``G(v) = w / W_ONE G(top)``, rounded down or up to a multiple of 2**-BITS."""
    degree = len(level) - 1
    terms = [(i, c << (BITS * (degree - i))) for i, c in enumerate(level)]  # G(v) in one unit

    def value(v: int) -> tuple[int, int]:
        total = slope = 0
        for _, c in reversed(terms):
            slope = slope * v + total
            total = total * v + c
        return total << W_BITS, slope << W_BITS

    goal, v = w * (value(top)[0] >> W_BITS), top if w else 0
    while True:  # Newton from above: G is convex and grows, so no step passes the root
        total, slope = value(v)
        if total <= goal:
            break
        v -= max((total - goal) // slope, 1)
    return v + 1 if up and total != goal else v


def _exponential(x: int, bits: int) -> int:
    """``exp(x)`` in units of ``2**-bits``, rounded down."""
    term, total, k = 1 << bits, 0, 0
    while term:
        total += term
        k += 1
        term = (term * x // k) >> bits
    return total


@lru_cache(1 << 12)
def distribution(c: int) -> Interval:
    """Enclose ``P(|x| <= c)``: sqrt(2/pi) exp(-c^2/2) sum_k c^(2k+1) / (1 3 5 .. (2k+1)).

    Rounding: a term is off by less than k units times the growth that all later terms share
    with the true ones, so both series err relatively by less than 2**10 units at the working
    precision (fewer than 1000 terms for c <= 16); the guard bits absorb that.
    """
    work = BITS + GUARD
    c <<= GUARD
    square = c * c >> work
    term, total, k = c, 0, 1
    while term:
        total += term
        k += 2
        term = term * square // k >> work
    exponential = _exponential(square >> 1, work)
    low, high = pi(work)
    root_low = isqrt((2 << (3 * work)) // high)
    root_high = isqrt((2 << (3 * work)) // low) + 1
    value_low = (total * root_low // exponential) >> GUARD
    value_high = (total * root_high // exponential) >> GUARD
    return value_low - 1, value_high + 2


def _searched(v: int, up: bool) -> int:
    """A lower or upper bound of the quantile of |x| at v, by trying its inverse."""
    guess = int(_NORMAL.inv_cdf((ONE + v) / (2 * ONE)) * ONE) if v + NEAR < ONE else 16 << BITS
    low, high = max(guess - NEAR, 0), guess + NEAR  # a float says where to look, and no more
    if not (distribution(low)[1] <= v <= distribution(high)[0]):
        low, high = 0, 16 << BITS
    while high - low > 2 * NEAR:
        middle = (low + high) >> 1
        least, most = distribution(middle)
        if most <= v if not up else least < v:
            low = middle
        else:
            high = middle
    return high if up else low


def _times_up(a: int, b: int, up: bool) -> int:
    return (a * b >> BITS) + up


def _derivatives(q: int, up: bool) -> list[int]:
    """Bounds of ``q^(k)(v) / k!`` where the quantile of |x| is q, k = 0 .. 5; ``q' = sqrt(pi / 2)
    exp(q^2 / 2)``, and all of these grow with q.
    """
    work = BITS + GUARD
    root = isqrt(pi(BITS)[up] << (BITS - 1)) + up
    p = root * _exponential((q * q << GUARD >> (BITS + 1)) + up, work) >> work
    p += (p >> 60) + 1 if up else 0  # far more than the series has lost
    square, pp = _times_up(q, q, up), _times_up(p, p, up)
    factors = [
        (p, ONE, 1),
        (pp, q, 2),
        (_times_up(pp, p, up), ONE + 2 * square, 6),
        (_times_up(pp, pp, up), _times_up(q, 7 * ONE + 6 * square, up), 24),
        (
            _times_up(_times_up(pp, pp, up), p, up),
            7 * ONE + 46 * square + 24 * _times_up(square, square, up),
            120,
        ),
    ]
    return [q, *(_times_up(a, b, up) // k + up for a, b, k in factors)]


@lru_cache(1 << 13)
def _cell(centre: int, half: int) -> tuple[list[Interval], int]:
    """Taylor coefficients around a centre, and what the fifth may add within ``half``."""
    low, high = (_derivatives(_searched(centre, up), up)[:5] for up in (False, True))
    rest = _derivatives(_searched(centre + half, True), True)[5]
    for _ in range(5):
        rest = _times_up(rest, half, True)
    return list(zip(low, high, strict=True)), rest


@lru_cache(1 << 16)
def half_normal(v: int, up: bool) -> int:
    """A lower or upper bound of the quantile of |x| at v, 0 <= v < 1."""
    u = ONE - v
    if u < FAR:
        return _searched(v, up)
    # 512 cells up to 1/2, then 256 for each halving of u.
    half = 1 << (BITS - 11 if v < u else u.bit_length() - 10)
    centre = (v | (2 * half - 1)) - half + 1 if v < u else ONE - ((u | (2 * half - 1)) - half + 1)
    coefficients, rest = _cell(centre, half)
    total, power = rest if up else -rest, 1
    for k, pair in enumerate(coefficients):
        plus = k % 2 == 0 or v >= centre
        outward = plus == up
        term = (pair[outward] * power >> BITS * k) + outward
        total += term if plus else -term
        power *= abs(v - centre)
    return max(total, 0)


def _half(v: Interval) -> Interval:
    return half_normal(max(v[0], 0), False), half_normal(max(v[1], 0), True)


def _normal(u: Interval) -> Interval:
    """Enclose the standard normal quantile."""
    if 2 * u[1] <= ONE:
        low, high = _half((ONE - 2 * u[1], ONE - 2 * u[0]))
        return -high, -low
    if 2 * u[0] >= ONE:
        return _half((2 * u[0] - ONE, 2 * u[1] - ONE))
    return -half_normal(ONE - 2 * u[0], True), half_normal(2 * u[1] - ONE, True)


def _times(a: Interval, b: Interval) -> Interval:
    if a[0] >= 0 and b[0] >= 0:
        return a[0] * b[0] >> BITS, -(-a[1] * b[1] >> BITS)
    products = [x * y for x in a for y in b]
    return min(products) >> BITS, -(-max(products) >> BITS)


def _over(a: Interval, b: Interval) -> Interval:
    """The quotient, for b > 0."""
    least, most = b[a[0] >= 0], b[a[1] < 0]
    return (a[0] << BITS) // least, -((-a[1] << BITS) // most)


def _minus(a: Interval, b: Interval) -> Interval:
    return a[0] - b[1], a[1] - b[0]


@lru_cache(1 << 14)
def _ratio(v: Interval, r: Interval, uniform: bool) -> Interval:
    """``q(r v) / q(v)``; its limits at v = 1 and v = 0."""
    if r[0] >= ONE:
        return ONE, ONE
    if uniform or v[1] == 0:
        return r
    if v[0] >= ONE:
        return 0, 0
    return _over(_half(_times(v, r)), _half(v))


class Chain(NamedTuple):
    """What the ends of W of the chain fix: the ends of v and of the shares ``q(v_i) / q(v_1)``, of
    M, by which coordinates are divided (None: without bound), and the coordinates of the chain.
    """

    v_lo: list[Interval]
    v_hi: list[Interval]
    share_lo: list[Interval]
    share_hi: list[Interval]
    m_lo: Interval
    m_hi: Interval | None
    ends: list[tuple[int, int]]


class Boxes:
    """The boxes of inputs over boxes of W in one word. Most boxes share their chain, or a gap, with
    one before them.
    """

    def __init__(self, order: Order) -> None:
        self.order, n = order, len(order.word)
        self.rest = [(j, order.parent[j]) for j in range(n) if j not in order.chain]
        self.ends = itemgetter(*order.chain)
        self.chains: dict[Any, tuple[Chain, dict[Any, tuple[int, int]]]] = {}

    def box(self, w_lo: Sequence[int], w_hi: Sequence[int]) -> tuple[list[int], list[int]]:
        """The box of coordinates over a box of W, in units of ``2**-GRID``.

        Raises:
            Rejected: a coordinate is unbounded or beyond ``LARGEST``.
        """
        key = self.ends(w_lo), self.ends(w_hi)
        if key not in self.chains:
            if len(self.chains) >= KEPT:
                self.chains.clear()
            self.chains[key] = _chain(self.order, list(zip(*key, strict=True))), {}
        chain, gaps = self.chains[key]
        lo, hi = [0] * len(w_lo), [0] * len(w_lo)
        for j, (least, most) in zip(self.order.chain, chain.ends, strict=True):
            lo[j], hi[j] = least, most
        for j, p in self.rest:
            where = p, w_lo[j], w_hi[j]
            if where not in gaps:
                gaps[where] = _rounded(*_gap(self.order, chain, *where))
            lo[j], hi[j] = gaps[where]
        if max(hi) > LARGEST << GRID:
            raise Rejected("the box reaches too far")
        return lo, hi


def _rounded(lo: Interval, hi: Interval) -> tuple[int, int]:
    """A coordinate between these, moved and rounded outward to units of ``2**-GRID``."""
    return max((lo[0] - OFFSET) // UNIT, 0), -((-hi[1] - OFFSET) // UNIT)


def _w(w: int) -> Interval:
    return w << (BITS - W_BITS), w << (BITS - W_BITS)


def _chain(order: Order, ends: Sequence[tuple[int, int]]) -> Chain:
    v_lo: list[Interval] = []
    v_hi: list[Interval] = []
    for i, pair in enumerate(ends):
        for v, w in zip((v_lo, v_hi), pair, strict=True):
            top = (ONE, ONE) if i == 0 or order.split else v[i - 1]
            if w == W_ONE or (order.uniform and i == 0):
                v.append(top)
                continue
            level = order.levels[i]
            v.append((_root(level, w, top[0], False), _root(level, w, top[1], True)))
    if "s" in order.word:
        return _negative(order, ends, v_lo, v_hi)
    uniform, zero, one = order.uniform, (0, 0), (ONE, ONE)
    r_lo = [one, *(_over(v, v_lo[0]) if v_lo[0][0] > 0 else zero for v in v_lo[1:])]
    r_hi = [one, *(_over(v, v_hi[0]) for v in v_hi[1:])]
    share_lo = [_ratio(v_hi[0], r, uniform) for r in r_lo]
    share_hi = [_ratio(v_lo[0], r, uniform) for r in r_hi]
    found = []
    for i, (lo, hi) in enumerate(zip(share_lo, share_hi, strict=True)):
        if i + 1 < len(ends):
            step_lo = _over(v_lo[i + 1], v_lo[i]) if v_lo[i][0] > 0 else zero
            step_hi = _over(v_hi[i + 1], v_hi[i])
            lo = _times(lo, _minus(one, _ratio(v_lo[i], step_hi, uniform)))
            hi = _times(hi, _minus(one, _ratio(v_hi[i], step_lo, uniform)))
        found.append(_rounded(lo, hi))
    if uniform:
        return Chain(v_lo, v_hi, r_lo, r_hi, one, one, found)
    m_lo = _half(v_lo[0]) if v_lo[0][0] > 0 else zero
    m_hi = _half(v_hi[0]) if v_hi[0][0] < ONE else None
    return Chain(v_lo, v_hi, share_lo, share_hi, m_lo, m_hi, found)


def _size(v: Interval) -> Interval:
    """``|x|`` of a negative input with ``V = v``."""
    return _half((ONE - v[1], ONE - v[0])) if v[0] < ONE else (0, 0)


def _below(v: Interval, r: Interval) -> Interval:
    """The distance of two negative inputs, with ``V = v`` and ``V = r v``."""
    return _minus(_size(_times(v, r)), _size(v)) if r[0] < ONE else (0, 0)


def _negative(
    order: Order, ends: Sequence[tuple[int, int]], v_lo: list[Interval], v_hi: list[Interval]
) -> Chain:
    """Fewer than two positive inputs: sizes and gaps below 0."""
    if min(a for a, _ in ends) == 0:
        raise Rejected("a coordinate of the box is unbounded")
    m_lo: Interval = (ONE, ONE)
    m_hi: Interval | None = m_lo
    if order.split:
        m_lo = _half(v_lo[0])
        m_hi = _half(v_hi[0]) if v_hi[0][0] < ONE else None
        least = _over(_size(v_hi[1]), m_hi) if m_hi else (0, 0)
        found = [_rounded((ONE, ONE), (ONE, ONE)), _rounded(least, _over(_size(v_lo[1]), m_lo))]
    else:
        least, most = (
            _below(v[0], _over(other[1], other[0])) for v, other in ((v_lo, v_hi), (v_hi, v_lo))
        )
        found = [_rounded(_size(v_hi[0]), _size(v_lo[0])), _rounded(least, most)]
    return Chain(v_lo, v_hi, [], [], m_lo, m_hi, found)


def _gap(order: Order, chain: Chain, p: int, a: int, b: int) -> tuple[Interval, Interval]:
    """The least and greatest gap below member p of the chain (-1: below 0) for W in [a, b]."""
    v_lo, v_hi, share_lo, share_hi, m_lo, m_hi, _ = chain
    zero: Interval = (0, 0)
    if order.uniform:
        return _times(share_lo[p], _w(W_ONE - b)), _times(share_hi[p], _w(W_ONE - a))
    if a == 0 or m_lo[0] <= 0:
        raise Rejected("a coordinate of the box is unbounded")
    if "s" in order.word:
        least = _over(_below(v_lo[1], _w(b)), m_hi) if m_hi else zero
        return least, _over(_below(v_hi[1], _w(a)), m_lo)
    if p < 0:
        low = _normal((_w(b)[0] >> 1,) * 2) if b < W_ONE else zero
        high = _normal((_w(a)[0] >> 1,) * 2)
        least = _over((-low[1], -low[0]), m_hi) if m_hi else zero
        return least, _over((-high[1], -high[0]), m_lo)
    u_lo = ((ONE + v_lo[p][0]) >> 1, (ONE + v_lo[p][1] + 1) >> 1)
    u_hi = ((ONE + v_hi[p][0]) >> 1, (ONE + v_hi[p][1] + 1) >> 1)
    x_lo = _normal(_times(u_lo, _w(a)))
    away = _over(x_lo, m_lo) if x_lo[1] < 0 else _over(x_lo, m_hi) if m_hi else zero
    hi = _minus(share_hi[p], away)
    if v_hi[p][0] < ONE:
        other = _over(_minus(_half(v_hi[p]), _normal(_times(u_hi, _w(a)))), m_lo)
        hi = (min(hi[0], other[0]), min(hi[1], other[1]))
    if b == W_ONE:
        return zero, hi
    least = _minus(_half(v_lo[p]), _normal(_times(u_lo, _w(b))))
    x_hi = _normal(_times(u_hi, _w(b)))
    away = _over(x_hi, m_lo) if x_hi[0] > 0 else _over(x_hi, m_hi) if m_hi else zero
    one_way = _over(least, m_hi) if m_hi else zero
    other = _minus(share_lo[p], away)
    return (max(one_way[0], other[0], 0), max(one_way[1], other[1], 0)), hi
