"""The geometry of accuracy boxes: order words, their probability, boxes of uniforms.

What the words mean and why boxes of W have these probabilities is said in
``docs/accuracy.md``. In short: a word says of each input whether it is a new maximum of 0 and
the past (n), falls between the running second and the maximum (b) or below the second (d); where
fewer than two inputs are positive, which is the largest (n, or t if negative) and which the
second (s). Every input outside a null set belongs to exactly one word.

Real numbers are enclosed by pairs of integers times ``2**-BITS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isqrt, lcm

from certify.checker.errors import Rejected
from certify.checker.measure import pi

W_BITS = 14
W_ONE = 1 << W_BITS
GRID = 20  # coordinates of boxes are multiples of 2**-GRID
OFFSET = Fraction(3, 8)
LARGEST = 64
BITS = 80
GUARD = 40
ONE = 1 << BITS

Interval = tuple[int, int]


@dataclass(frozen=True)
class Order:
    """What a word fixes: the chain of maxima and seconds from the top down, what each other
    input lies below (an index in the chain, or -1 for 0), and the integer polynomials of the
    chain (coefficients from the constant up, each over its ``scale``).
    """

    word: str
    uniform: bool
    chain: tuple[int, ...]
    parent: tuple[int, ...]
    levels: tuple[tuple[int, ...], ...]
    probability: Fraction

    @property
    def gauged(self) -> bool:
        """Whether coordinates are those of x over its largest entry, which is positive."""
        return "t" not in self.word

    @property
    def split(self) -> bool:
        """Whether the chain is one positive and one negative input, without a joint density."""
        return "s" in self.word and self.gauged


def order_of(word: str, n: int, uniform: bool) -> Order:
    """Read a word.

    Raises:
        Rejected: it is none for inputs of length n.
    """
    if len(word) != n or set(word) - set("nbdst"):
        raise Rejected(f"{word!r:.40} is no order word")
    chain: list[int] = []
    parent = [-1] * n
    if set(word) & set("st"):
        top = "t" if "t" in word else "n"
        if uniform or sorted(word) != sorted(top + "s" + "d" * (n - 2)):
            raise Rejected(f"{word!r} is no order word")
        chain = [word.index(top), word.index("s")]
        parent = [1 if letter == "d" else -1 for letter in word]
        sizes = (1 if top == "n" else n, n - 1)
        levels = [[Fraction(0)] * size + [Fraction(1)] for size in sizes]
        probability = Fraction(1, 2**n * sizes[0] * sizes[1])
    else:
        below: dict[int, int] = {}
        for i, letter in enumerate(word):
            if letter == "n":
                chain.insert(0, i)
            elif letter == "b" and chain:
                chain.insert(1, i)
            elif letter == "b" or (uniform and len(chain) < 2):
                raise Rejected(f"{word!r} is no order word")
            elif len(chain) > 1:
                below[i] = chain[1]
        if len(chain) < 2:
            raise Rejected(f"{word!r} is no order word")
        for i, above in below.items():
            parent[i] = chain.index(above)
        levels = []
        density = [Fraction(1)]
        for at in reversed(range(len(chain))):
            for _ in range(parent.count(at)):
                longer = [Fraction(0), *density]
                if not uniform:  # times (1 + v) / 2, else times v
                    longer = [
                        (a + b) / 2 for a, b in zip([*density, Fraction(0)], longer, strict=True)
                    ]
                density = longer
            density = [Fraction(0), *(c / (i + 1) for i, c in enumerate(density))]
            levels.insert(0, density)
        probability = sum(levels[0], Fraction(0))
        if not uniform:
            probability /= 2 ** (n - len(below))
    whole = []
    for level in levels:
        scale = lcm(*(c.denominator for c in level))
        whole.append(tuple(int(c * scale) for c in level))
    return Order(word, uniform, tuple(chain), tuple(parent), tuple(whole), probability)


def inputs_map(order: Order) -> list[list[int]]:
    """The rows of A: inputs in the coordinates, one per position, none of them negative."""
    n, chain = len(order.word), order.chain
    rows = [[0] * n for _ in range(n)]
    for at, i in enumerate(chain):
        if "s" not in order.word:
            for j in chain[at:]:
                rows[i][j] = 1
        elif order.gauged:
            rows[i][i] = -1 if at else 1
        else:
            for j in chain[: at + 1]:
                rows[i][j] = -1
    for i in range(n):
        if i not in chain:
            rows[i] = list(rows[chain[order.parent[i]]]) if order.parent[i] >= 0 else rows[i]
            rows[i][i] = -1
    return rows


@cache
def _root(level: tuple[int, ...], w: int, top: int, up: bool) -> int:
    """The v with ``G(v) = w / W_ONE G(top)``, rounded down or up to a multiple of 2**-BITS."""

    def value(v: int) -> int:
        total, degree = 0, len(level) - 1
        for i, c in enumerate(reversed(level)):
            total = total * v + (c << (BITS * i))
        return total if degree else 0

    goal = w * value(top)
    low, high = 0, top  # G(low) <= goal <= G(high)
    while high - low > 1:
        middle = (low + high) >> 1
        if value(middle) << W_BITS <= goal:
            low = middle
        else:
            high = middle
    return high if up and value(low) << W_BITS != goal else low


@cache
def _distribution(c: int) -> Interval:
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
    term, exponential, k = 1 << work, 0, 0
    while term:
        exponential += term
        k += 1
        term = (term * (square >> 1) // k) >> work
    low, high = pi(work)
    root_low = isqrt((2 << (3 * work)) // high)
    root_high = isqrt((2 << (3 * work)) // low) + 1
    value_low = (total * root_low // exponential) >> GUARD
    value_high = (total * root_high // exponential) >> GUARD
    return value_low - 1, value_high + 2


@cache
def half_normal(v: int, up: bool) -> int:
    """A lower or upper bound of the quantile of |x| at v, 0 <= v < 1."""
    low, high = 0, 16 << BITS
    while high - low > 1 << (BITS - 64):
        middle = (low + high) >> 1
        least, most = _distribution(middle)
        if most <= v if not up else least < v:
            low = middle
        else:
            high = middle
    return high if up else low


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
    products = [x * y for x in a for y in b]
    return min(products) >> BITS, -(-max(products) >> BITS)


def _over(a: Interval, b: Interval) -> Interval:
    """The quotient, for b > 0."""
    quotients = [((x << BITS) // y, -((-x << BITS) // y)) for x in a for y in b]
    return min(q for q, _ in quotients), max(q for _, q in quotients)


def _minus(a: Interval, b: Interval) -> Interval:
    return a[0] - b[1], a[1] - b[0]


def _ratio(v: Interval, r: Interval, uniform: bool) -> Interval:
    """``q(r v) / q(v)``; its limits at v = 1 and v = 0."""
    if r[0] >= ONE:
        return ONE, ONE
    if uniform or v[1] == 0:
        return r
    if v[0] >= ONE:
        return 0, 0
    return _over(_half(_times(v, r)), _half(v))


def box_of(order: Order, w_lo: Sequence[int], w_hi: Sequence[int]) -> tuple[list[int], list[int]]:
    """The box of coordinates over a box of W, in units of ``2**-GRID``.

    Raises:
        Rejected: a coordinate is unbounded or beyond ``LARGEST``.
    """
    n, chain, uniform = len(order.word), order.chain, order.uniform
    lo: list[Interval] = [(0, 0)] * n
    hi: list[Interval] = [(0, 0)] * n
    v_lo: list[Interval] = []
    v_hi: list[Interval] = []
    for i, j in enumerate(chain):
        free = i == 0 or order.split
        for ends, w in ((v_lo, w_lo[j]), (v_hi, w_hi[j])):
            top = (ONE, ONE) if free else ends[i - 1]
            if uniform and i == 0:
                w = W_ONE
            ends.append(
                top
                if w == W_ONE
                else (
                    _root(order.levels[i], w, top[0], False),
                    _root(order.levels[i], w, top[1], True),
                )
            )
    if "s" in order.word:
        _negative(order, w_lo, w_hi, v_lo, v_hi, lo, hi)
    else:
        _positive(order, w_lo, w_hi, v_lo, v_hi, lo, hi)
    unit = 1 << (BITS - GRID)
    offset = int(OFFSET * unit)
    least = [max((a[0] - offset) // unit, 0) for a in lo]
    most = [-((-b[1] - offset) // unit) for b in hi]
    if max(most) > LARGEST << GRID:
        raise Rejected("the box reaches too far")
    return least, most


def _w(w: int) -> Interval:
    return w << (BITS - W_BITS), w << (BITS - W_BITS)


def _positive(
    order: Order,
    w_lo: Sequence[int],
    w_hi: Sequence[int],
    v_lo: list[Interval],
    v_hi: list[Interval],
    lo: list[Interval],
    hi: list[Interval],
) -> None:
    """At least two positive inputs: shares of the maximum, increments, gaps."""
    chain, uniform = order.chain, order.uniform
    zero: Interval = (0, 0)
    r_lo = [_over(v, v_lo[0]) if v_lo[0][0] > 0 else zero for v in v_lo]
    r_hi = [_over(v, v_hi[0]) for v in v_hi]
    r_lo[0] = r_hi[0] = (ONE, ONE)
    share_lo = [_ratio(v_hi[0], r, uniform) for r in r_lo]
    share_hi = [_ratio(v_lo[0], r, uniform) for r in r_hi]
    for i, j in enumerate(chain):
        lo[j], hi[j] = share_lo[i], share_hi[i]
        if i + 1 < len(chain):
            step_lo = _over(v_lo[i + 1], v_lo[i]) if v_lo[i][0] > 0 else zero
            step_hi = _over(v_hi[i + 1], v_hi[i])
            one = (ONE, ONE)
            lo[j] = _times(lo[j], _minus(one, _ratio(v_lo[i], step_hi, uniform)))
            hi[j] = _times(hi[j], _minus(one, _ratio(v_hi[i], step_lo, uniform)))
    rest = [j for j in range(len(order.word)) if j not in chain]
    if not rest:
        return
    if uniform:
        for j in rest:
            p = order.parent[j]
            lo[j] = _times(r_lo[p], _w(W_ONE - w_hi[j]))
            hi[j] = _times(r_hi[p], _w(W_ONE - w_lo[j]))
        return
    if v_lo[0][0] <= 0 or min(w_lo[j] for j in rest) == 0:
        raise Rejected("a coordinate of the box is unbounded")
    m_lo = _half(v_lo[0])
    m_hi = _half(v_hi[0]) if v_hi[0][0] < ONE else None
    for j in rest:
        p = order.parent[j]
        if p < 0:
            a, b = _w(w_lo[j])[0] >> 1, _w(w_hi[j])[0] >> 1
            low = _normal((b, b)) if w_hi[j] < W_ONE else zero
            lo[j] = _over((-low[1], -low[0]), m_hi) if m_hi else zero
            low = _normal((a, a))
            hi[j] = _over((-low[1], -low[0]), m_lo)
            continue
        u_lo = ((ONE + v_lo[p][0]) >> 1, (ONE + v_lo[p][1] + 1) >> 1)
        u_hi = ((ONE + v_hi[p][0]) >> 1, (ONE + v_hi[p][1] + 1) >> 1)
        x_lo = _normal(_times(u_lo, _w(w_lo[j])))
        away = _over(x_lo, m_lo) if x_lo[1] < 0 else _over(x_lo, m_hi) if m_hi else zero
        hi[j] = _minus(share_hi[p], away)
        if v_hi[p][0] < ONE:
            most = _minus(_half(v_hi[p]), _normal(_times(u_hi, _w(w_lo[j]))))
            other = _over(most, m_lo)
            hi[j] = (min(hi[j][0], other[0]), min(hi[j][1], other[1]))
        if w_hi[j] < W_ONE:
            least = _minus(_half(v_lo[p]), _normal(_times(u_lo, _w(w_hi[j]))))
            x_hi = _normal(_times(u_hi, _w(w_hi[j])))
            away = _over(x_hi, m_lo) if x_hi[0] > 0 else _over(x_hi, m_hi) if m_hi else zero
            one_way = _over(least, m_hi) if m_hi else zero
            other = _minus(share_lo[p], away)
            lo[j] = (max(one_way[0], other[0], 0), max(one_way[1], other[1], 0))


def _negative(
    order: Order,
    w_lo: Sequence[int],
    w_hi: Sequence[int],
    v_lo: list[Interval],
    v_hi: list[Interval],
    lo: list[Interval],
    hi: list[Interval],
) -> None:
    """Fewer than two positive inputs: sizes and gaps below 0, where |x| = q(1 - v)."""
    first, second = order.chain
    rest = [j for j in range(len(order.word)) if j not in order.chain]
    if min(w_lo[j] for j in (*order.chain, *rest)) == 0:
        raise Rejected("a coordinate of the box is unbounded")

    def size(v: Interval) -> Interval:
        return _half((ONE - v[1], ONE - v[0])) if v[0] < ONE else (0, 0)

    def gap(v: Interval, r: Interval) -> Interval:
        return _minus(size(_times(v, r)), size(v)) if r[0] < ONE else (0, 0)

    m_lo: Interval = (ONE, ONE)
    m_hi: Interval | None = m_lo
    if order.split:
        m_lo = _half(v_lo[0])
        m_hi = _half(v_hi[0]) if v_hi[0][0] < ONE else None
        lo[first] = hi[first] = (ONE, ONE)
        lo[second] = _over(size(v_hi[1]), m_hi) if m_hi else (0, 0)
        hi[second] = _over(size(v_lo[1]), m_lo)
    else:
        lo[first], hi[first] = size(v_hi[0]), size(v_lo[0])
        lo[second] = gap(v_lo[0], _over(v_hi[1], v_hi[0]))
        hi[second] = gap(v_hi[0], _over(v_lo[1], v_lo[0]))
    for j in rest:
        lo[j] = _over(gap(v_lo[1], _w(w_hi[j])), m_hi) if m_hi else (0, 0)
        hi[j] = _over(gap(v_hi[1], _w(w_lo[j])), m_lo)
