"""Bounds handed down to parts of a box, and margins by cases, are sound; and the same compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.checker import leaves
from certify.checker.kernel import WIDE
from certify.checker.leaves import MOST
from certify.checker.running import BARE, Kernels
from certify.checker.scale import rule_of, space_of
from certify.relaxation.compiled import COMPILED
from tests.test_checker_kernel import GRID, moved, random_network

CASES = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(2, 5), st.sampled_from([4, 30]),
    st.lists(st.booleans(), min_size=1, max_size=4), st.sampled_from([1 << 12, 1 << 18, 1 << 22]),
)  # fmt: skip
Case = tuple[int, int, int, int, list[bool], int]


def nested(case: Case) -> tuple[list[int], list[tuple[list[int], list[int]]], list[int]]:
    """Maps and boxes, each within the one before; the first ones reach beyond 1. And a chain, whose
    sum is known.
    """
    seed, _, n, _, bounded, width = case
    rng = np.random.default_rng(seed)
    lo = rng.integers(0, 1 << GRID, size=n) >> int(rng.integers(3))
    hi = lo + rng.integers(0, width, size=n)
    found = []
    for _ in bounded:
        found.append((lo.tolist(), hi.tolist()))
        lo = lo + (rng.random(n) * 0.4 * (hi - lo)).astype(np.int64)
        hi = hi - (rng.random(n) * 0.4 * (hi - lo)).astype(np.int64)
    maps = rng.integers(-1, 2, size=n * n).tolist()
    chain = rng.integers(0, 2, size=n)
    total = int(chain @ rng.integers(found[-1][0], np.array(found[-1][1]) + 1))
    return maps, found, [*chain.tolist(), total, total]


def descended(case: Case, kernels: Kernels) -> tuple[Any, list[bool], list[bool]]:
    """What is known on the last box, which margins, and rivals, are proved there, and which
    leaves.
    """
    seed, d, n, bits, bounded, _ = case
    network = random_network(seed, d, n, bits)
    first, *others = network.w_out
    rows = [[a - b for a, b in zip(first, other, strict=True)] for other in others]
    rule, _ = rule_of(network, [*rows, *([-v for v in row] for row in rows)], kernels)
    space = space_of(rule, GRID, (1 << GRID) - 1, kernels)
    room, known = leaves.room_of(rule, kernels), leaves.unknown(rule, kernels)
    maps, boxes, chain = nested(case)
    space.maps[:], space.chain[:] = kernels.wide(maps), kernels.wide(chain)
    enter, holds = kernels.function(leaves.enter), kernels.function(leaves.margin_proved)
    for anew, (lo, hi) in zip(bounded, boxes, strict=True):
        space.lo[:], space.hi[:] = kernels.wide(lo), kernels.wide(hi)
        assert enter(rule, space, known, anew)
    fine = int(known[2 * n * d])
    found = [
        bool(holds(rule, space._replace(fine=fine), room, r, 1, most))
        for r in range(2 * len(rows))
        for most in (1, 3, MOST)
    ]
    whole = [
        bool(kernels.function(leaves.leaf)(rule, space, room, known, right, most))
        for right in (True, False)
        for most in (1, 3, MOST)
    ]
    assert whole[:3] == [all(found[i : 3 * len(rows) : 3]) for i in range(3)]
    return known, found, whole


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_what_is_handed_down_holds_for_the_inputs_of_the_part(case: Case) -> None:
    seed, d, n, bits, _, _ = case
    known, found, _ = descended(case, BARE)
    network = random_network(seed, d, n, bits)
    maps, boxes, chain = nested(case)
    lo, hi = boxes[-1]
    rng = np.random.default_rng(seed)
    # A bound that comes out as 1 is worth this, as inputs are in units of 2**-GRID.
    unit = 2.0 ** (GRID - int(known[2 * n * d])) * 2.0 ** max(map(abs, network.w_ih)).bit_length()
    for _ in range(5):
        y = [int(rng.integers(a, b + 1)) for a, b in zip(lo, hi, strict=True)]
        y = moved(y, lo, hi, chain)
        x = [sum(maps[t * n + k] * y[k] for k in range(n)) for t in range(n)]
        state = [0.0] * d
        for t in range(n):
            z = [
                network.w_ih[i] * x[t]
                + sum(w * h for w, h in zip(network.w_hh[i], state, strict=True))
                / 2.0**network.shift
                for i in range(d)
            ]
            for i in range(d):
                low, up = known[t * d + i], known[n * d + t * d + i]
                assert low == -WIDE or low * unit <= z[i] + 1e-6 * abs(z[i])
                assert up == WIDE or z[i] - 1e-6 * abs(z[i]) <= up * unit
            state = [max(v, 0.0) for v in z]
        first, *others = network.w_out
        for r, other in enumerate(others):
            margin = sum((a - b) * h for a, b, h in zip(first, other, state, strict=True))
            assert margin > 0 or not any(found[3 * r : 3 * r + 3])
            assert margin < 0 or not any(found[3 * (r + len(others)) :][:3])


@settings(max_examples=100, deadline=None)
@given(CASES)
def test_compiled_they_are_the_same(case: Case) -> None:
    bare, compiled = descended(case, BARE), descended(case, COMPILED)
    assert [int(v) for v in bare[0]] == [int(v) for v in compiled[0]]
    assert bare[1:] == compiled[1:]


def test_cases_prove_what_bounds_do_not() -> None:
    """Of random small boxes some rows need cases, and more substitutions prove more."""
    found = np.zeros(3)
    for seed in range(150):
        proved = descended((seed, 5, 4, 4, [True], 1 << 18), COMPILED)[1]
        found += np.array(proved).reshape(-1, 3).sum(axis=0)
    assert 0 < found[0] < found[1] <= found[2]
