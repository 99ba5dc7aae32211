"""The integer rule is sound on random models, and the same integers come out compiled."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import kernel
from certify.checker.errors import Rejected
from certify.checker.kernel import NOTHING, WIDE, Rule, Space
from certify.checker.running import BARE, Kernels
from certify.checker.scale import rule_of, space_of
from certify.model import Network
from certify.relaxation.compiled import COMPILED

GRID = 20
Bounds = tuple[list[int], list[int], list[int], list[int]]
Region = tuple[list[int], list[int], list[int], list[int]]


def random_network(seed: int, d: int, n: int, bits: int = 4) -> Network:
    rng = np.random.default_rng(seed)
    size = 1 << bits

    def weights(*shape: int) -> list[float]:
        drawn = rng.integers(-size, size + 1, size=shape) * (rng.random(shape) < 0.8)
        found: list[float] = (drawn / 2.0 ** (bits - 1)).tolist()
        return found

    return Network.from_arrays(weights(d), weights(d, d), weights(n, d))


def place(
    network: Network,
    maps: list[int],
    lo: list[int],
    hi: list[int],
    chain: list[int],
    kernels: Kernels,
) -> tuple[Rule, Space, Fraction]:
    first, *others = network.w_out
    rows = [[a - b for a, b in zip(first, other, strict=True)] for other in others]
    rule, unit = rule_of(network, rows, kernels)
    space = space_of(rule, GRID, 1 << GRID, kernels)
    parts = (space.maps, maps), (space.lo, lo), (space.hi, hi), (space.chain, chain)
    for target, values in parts:
        target[:] = kernels.wide(values)
    assert kernels.function(kernel.place)(rule, space)
    return rule, space, unit / (1 << space.fine)


def bounds(rule: Rule, space: Space, kernels: Kernels) -> Bounds:
    """All units bounded, in two goes, and all rows."""
    bound_units, bound_row = (kernels.function(f) for f in (kernel.bound_units, kernel.bound_row))
    bound_units(rule, space, 0, rule.n)
    bound_units(rule, space, 1, rule.n)
    rows = [int(bound_row(rule, space, r)) for r in range(len(rule.rows) // rule.d)]
    found = ([int(v) for v in part] for part in (space.below, space.above, space.slope))
    return (*found, rows)  # type: ignore[return-value]


def random_box(seed: int, n: int, width: int) -> Region:
    """Maps, a box, and a chain: coordinates whose sum lies between its last two entries, or below
    the last one.
    """
    rng = np.random.default_rng(seed)
    maps = rng.integers(-1, 2, size=n * n).tolist()
    lo = rng.integers(-(1 << GRID), 1 << GRID, size=n)
    hi = lo + rng.integers(0, width + 1, size=n)
    chain = rng.integers(0, 2, size=n)
    least, most = sorted(rng.choice([0.0, rng.random(), rng.random(), 1.0], size=2))
    sums = [math.ceil(float((lo + share * (hi - lo)) @ chain)) for share in (least, most)]
    if rng.integers(3) == 0:
        sums[0] = 0
    return maps, lo.tolist(), hi.tolist(), [*chain.tolist(), *sums]


def moved(y: list[int], lo: list[int], hi: list[int], chain: list[int]) -> list[int]:
    """A point of a box, moved to where the sum of the chain is what it may be."""
    y = list(y)
    total = sum(v for v, c in zip(y, chain, strict=False) if c)
    least, most = chain[-2:]
    by = least - total if least != 0 and total < least else min(most - total, 0)
    for k in range(len(y)):
        if chain[k]:
            to = min(max(y[k] + by, lo[k]), hi[k])
            by -= to - y[k]
            y[k] = to
    return y


CASES = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 5),
    st.sampled_from([0, 1, 1 << 10, 1 << 18, 1 << 20]), st.sampled_from([1, 4, 30, 60]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_bounds_are_below_exact_values(case: tuple[int, int, int, int, int]) -> None:
    seed, d, n, width, bits = case
    network = random_network(seed, d, n, bits)
    maps, lo, hi, chain = random_box(seed, n, width)
    rule, space, unit = place(network, maps, lo, hi, chain, BARE)
    below, above, _, rows = bounds(rule, space, BARE)
    drive = Fraction(max(map(abs, network.w_ih)), 1).__ceil__().bit_length() - network.shift
    rng = np.random.default_rng(seed)
    for pick in range(6):
        point = [
            int(a if pick == 0 else b if pick == 1 else rng.integers(a, b + 1))
            for a, b in zip(lo, hi, strict=True)
        ]
        y = [Fraction(v, 1 << GRID) for v in moved(point, lo, hi, chain)]
        x = [sum((maps[t * n + k] * y[k] for k in range(n)), Fraction(0)) for t in range(n)]
        logits = network.logits(x)
        for bound, other in zip(rows, logits[1:], strict=True):
            assert bound == NOTHING or bound * unit <= logits[0] - other
        state = [Fraction(0)] * d
        for t in range(n):
            z = [
                (sum((w * h for w, h in zip(row, state, strict=True)), Fraction(0)) + v * x[t])
                / 2**network.shift
                for row, v in zip(network.w_hh, network.w_ih, strict=True)
            ]
            for i, value in enumerate(z):
                scaled = value * (1 << space.fine) / Fraction(2) ** drive
                assert below[t * d + i] == -WIDE or below[t * d + i] <= scaled
                assert above[t * d + i] == WIDE or scaled <= above[t * d + i]
            state = [max(v, Fraction(0)) for v in z]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(1 << 30), 1 << 30), st.integers(0, 1 << 24), st.integers(0, 1 << 24),
            st.booleans(),
        ),
        min_size=2, max_size=6,
    ),
    st.integers(0, 1 << 26), st.integers(0, 1 << 26),
)  # fmt: skip
def test_the_least_value_under_a_sum_is_that_of_the_knapsack(
    terms: list[tuple[int, int, int, bool]], least: int, more: int
) -> None:
    """What costs least is raised first; and 62 bits are enough, compiled."""
    n = len(terms)
    rule = rule_of(random_network(1, 2, n), [[1, 1]], BARE)[0]
    found = []
    low = sum(lo for _, lo, _, chained in terms if chained)
    least = min(least, sum(width for _, _, width, chained in terms if chained))
    for kernels in (BARE, COMPILED):
        space = space_of(rule, GRID, 1 << GRID, kernels)
        for k, (q, lo, width, chained) in enumerate(terms):
            space.inputs[k], space.lo[k], space.hi[k] = q, lo, lo + width
            space.chain[k] = chained
        space.chain[n] = low + least if least else 0
        space.chain[n + 1] = low + least + more
        found.append(int(kernels.function(kernel.least)(space, n)))
    assert found[0] == found[1]
    exact, must, may = 0, least, least + more
    for q, lo, width, chained in sorted(terms):
        raised = width if q < 0 else 0
        if chained:
            raised = min(width if q < 0 else must, width, may)
            must, may = max(must - raised, 0), may - raised
        exact += q * (lo + raised)
    assert found[0] <= exact
    if all(-(1 << 28) < q < 1 << 28 for q, *_ in terms):
        assert found[0] == exact


def same(case: tuple[int, int, int, int, int]) -> int:
    """The number of bounds that came out the same, bare and compiled."""
    seed, d, n, width, bits = case
    network = random_network(seed, d, n, bits)
    box = random_box(seed, n, width)
    bare, made = (
        bounds(*place(network, *box, kernels)[:2], kernels) for kernels in (BARE, COMPILED)
    )
    assert bare == made
    return sum(map(len, made))


@settings(max_examples=100, deadline=None)
@given(CASES)
def test_compiled_bounds_are_the_same_integers(case: tuple[int, int, int, int, int]) -> None:
    assert same(case)


def test_a_hundred_thousand_bounds_are_the_same() -> None:
    rng = np.random.default_rng(7)
    count = 0
    while count < 100_000:
        seed, bits = int(rng.integers(2**32)), int(rng.integers(1, 61))
        count += same((seed, 8, 5, 1 << int(rng.integers(21)), bits))


def test_a_tie_is_never_proved_and_a_zero_row_is_zero() -> None:
    network = Network.from_arrays([1.0, -1.0], [[0, 0], [0, 0]], [[1, 0], [1, 0], [0, 1]])
    one = [1 << GRID] * 3
    rule, space, unit = place(network, [1, 0, 0, 0, 1, 0, 0, 0, 1], one, one, [0] * 5, BARE)
    *_, rows = bounds(rule, space, BARE)
    assert rows[0] <= 0
    assert rows[0] * unit > -Fraction(1, 10**4)
    assert rows[1] > 0


@pytest.mark.parametrize(
    ("weights", "figure"), [(2.0**11, "2048"), (2.0**12, "4096"), (2.0**200, r"1\.607e\+60")]
)
def test_weights_too_large_are_refused_with_the_figure(weights: float, figure: str) -> None:
    network = Network.from_arrays([1.0], [[weights]], [[1.0], [-1.0]])
    with pytest.raises(Rejected, match=f"62 bits.*{figure}"):
        rule_of(network, [[1]], BARE)


def test_a_box_too_large_is_refused() -> None:
    network = random_network(1, 2, 2)
    rule, _ = rule_of(network, [[1, 1]], BARE)
    space = space_of(rule, GRID, 1 << GRID, BARE)
    space.hi[0] = WIDE
    assert kernel.place(rule, space)
    space.hi[1] = 1
    assert not kernel.place(rule, space)


def test_large_coefficients_take_fewer_bits_and_are_lowered() -> None:
    """A unit that grows: its margin is proved, and the bound of it sound."""
    for gain in (4.0, 100.0, 2000.0):
        network = Network.from_arrays([1.0], [[gain]], [[1.0], [0.0], [0.0], [0.0], [0.0]])
        maps = [int(i == j) for i in range(5) for j in range(5)]
        rule, space, unit = place(network, maps, [1 << GRID] * 5, [1 << GRID] * 5, [0] * 7, BARE)
        rows = bounds(rule, space, BARE)[3]
        exact = network.logits([Fraction(1)] * 5)[0]
        assert rows[0] * unit <= exact
        assert rows[0] > 0
