"""Every bound is below the exact value, on random models, boxes and parents."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.model import FloatArray, Network
from certify.relaxation.linear import (
    Batch,
    Region,
    bound_batch,
    margin_rows,
    region,
    rounding_slack,
)


def random_network(rng: np.random.Generator, d: int, n: int) -> Network:
    w_hh = rng.normal(size=(d, d)) * (rng.random((d, d)) < 0.8)
    w_ih, w_out = rng.normal(size=d), rng.normal(size=(n, d))
    single = np.float32
    return Network.from_arrays(w_ih.astype(single), w_hh.astype(single), w_out.astype(single))


def bounds(network: Network, where: Region, lo: FloatArray, hi: FloatArray) -> Batch:
    return bound_batch(network, [where], np.zeros(len(lo), dtype=np.int64), lo, hi)


def exact_values(network: Network, where: Region, y: FloatArray) -> tuple[list[Fraction], ...]:
    """Exact rows and pre-activations at the point y."""
    point = [Fraction(v) for v in y]
    x = [
        Fraction(c) + sum((Fraction(a) * v for a, v in zip(row, point, strict=True)), Fraction(0))
        for row, c in zip(where.A, where.b, strict=True)
    ]
    states = list(network.states(x))
    before = [[Fraction(0)] * network.hidden_size, *states[:-1]]
    scale = 2**network.shift
    drives = [
        sum((Fraction(w, scale) * h for w, h in zip(row, state, strict=True)), Fraction(0))
        + Fraction(network.w_ih[i], scale) * x[t]
        for t, state in enumerate(before)
        for i, row in enumerate(network.w_hh)
    ]
    rows = [
        sum((Fraction(w) * h for w, h in zip(row, states[-1], strict=True)), Fraction(0))
        for row in where.rows
    ]
    return rows, drives


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 4), st.sampled_from([0, 1e-9, 0.3])
)
def test_bounds_are_below_exact_values(seed: int, d: int, n: int, width: float) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, d, n)
    A = rng.integers(-1, 2, size=(n, n + 1)).astype(np.float64)
    b = rng.integers(-1, 2, size=n).astype(np.float64)
    lo = rng.normal(size=(1, n + 1)) * 0.3
    hi = lo + width * rng.random((1, n + 1))
    where = region(network, A, b, margin_rows(network, 0, both=True), lo[0], hi[0])
    parent = bounds(network, where, lo, hi)
    cut = rng.integers(n + 1)
    child_lo = lo.copy()
    child_lo[0, cut] = (lo[0, cut] + hi[0, cut]) / 2
    child = bound_batch(
        network,
        [where],
        np.zeros(1, np.int64),
        child_lo,
        hi,
        (parent.lower, parent.upper, parent.codes),
    )
    assert (child.lower >= parent.lower).all()
    assert (child.upper <= parent.upper).all()
    for got, low in ((parent, lo), (child, child_lo)):
        for y in [low[0], hi[0], *(low[0] + (hi - low)[0] * rng.random((4, n + 1)))]:
            y = np.clip(y, low[0], hi[0])
            values, drives = exact_values(network, where, y)
            assert all(Fraction(v) < e for v, e in zip(got.values[0], values, strict=True))
            for lower, upper, e in zip(got.lower.ravel(), got.upper.ravel(), drives, strict=True):
                assert Fraction(lower) <= e <= Fraction(upper)


def test_a_tie_is_never_proved() -> None:
    network = Network.from_arrays([1.0, -1.0], [[0, 0], [0, 0]], [[1, 0], [1, 0], [0, 1]])
    where = region(network, np.eye(3), np.zeros(3), margin_rows(network, 0), np.ones(3), np.ones(3))
    got = bounds(network, where, np.ones((1, 3)), np.ones((1, 3)))
    assert got.values[0, 0] < 0
    assert got.values[0, 0] > -1e-9
    assert got.values[0, 1] > 0


@pytest.mark.parametrize("scale", [1e-140, 1e140])
def test_magnitudes_outside_the_account_prove_nothing(scale: float) -> None:
    network = Network.from_arrays([scale], [[0.5]], [[1.0], [-1.0]])
    slack = rounding_slack(network, margin_rows(network, 0), np.ones(2), 2)
    assert np.isinf(slack.unit).all()
    assert np.isinf(slack.row).all()


def test_codes_are_the_relaxations() -> None:
    network = Network.from_arrays([1.0], [[0.0]], [[1.0], [-1.0]])
    where = region(
        network, np.eye(2), np.zeros(2), margin_rows(network, 0), np.ones(2) * -3, np.ones(2)
    )
    got = bounds(network, where, np.array([[-3.0, -3.0]]), np.array([[1.0, 1.0]]))
    assert got.codes[0].tolist() == [[65], [65]]
    assert got.count[0] == 2
