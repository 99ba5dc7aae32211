"""Bounds over simplicial cones, measures, and the runs made of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.errors import UsageError
from certify.model import FloatArray, Network
from certify.probability.closed_form.solid_angles import gaussian_share, uniform_share
from certify.probability.cones.branch_and_bound import LEAF, SKIPPED
from certify.probability.cones.chambers import (
    HEADER,
    START,
    ChamberRun,
    all_chambers,
    chamber_probability,
    extend,
    prune,
)
from certify.probability.cones.measure import PARTS, decided, measure
from certify.probability.cones.relaxation import UNKNOWN, allowances, bound_simplex, run_at
from certify.probability.prove import AccuracyResult, prove_accuracy
from certify.probability.run import Run
from certify.probability.scheduler import work
from certify.relaxation.linear import margin_rows
from tests.test_checker_simplices import SLIVERS

RNG = np.random.default_rng(21)
UNIT_SPHERE = {2: 1 / (2 * np.pi), 3: 1 / (8 * np.pi), 4: 1 / (12 * np.pi**2)}


def follower(n: int, seed: int = 4) -> Network:
    """Units that follow the two largest inputs only partly: right often, wrong often."""
    rng = np.random.default_rng(seed)
    return Network.from_arrays(
        [1.0, -1.0, 0.5],
        [[0.5, 0.25, -0.5], [1.0, -0.25, 0.5], [-0.5, 1.0, 0.25]],
        rng.integers(-64, 65, (n, 3)) / 64,
    )


FOUR = follower(4)


def bracket(network: Network, boxes: int, inputs: Any = "gaussian", **more: Any) -> AccuracyResult:
    return prove_accuracy(network, inputs, boxes=boxes, jobs=1, **more)


def rays_of(n: int, index: int, steps: list[tuple[int, int, int]]) -> tuple[FloatArray, float]:
    """A cone cut out of a chamber of R^n, and its determinant."""
    shards = all_chambers(n, "gaussian")
    x = np.array(shards[index % len(shards)].rays, dtype=np.float64)
    volume = 1.0
    for i, j, k in steps:
        i, j, w = i % n, j % n, k / 256
        if i != j:
            x[j] = w * x[i] + (1 - w) * x[j]
            volume *= 1 - w
    return x, volume


def sampled(network: Network, x: FloatArray) -> float:
    """The share of inputs on which the model is right; a tie is not."""
    logits = network.floats.logits(x)
    top = np.sort(logits, axis=1)
    right = logits.argmax(axis=1) == np.argsort(x, axis=1)[:, -2]
    return float((right & (top[:, -1] > top[:, -2])).mean())


cuts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 255)), max_size=12)


# -- measures ------------------------------------------------------------------------------------


@given(index=st.integers(0, 1000), steps=cuts, n=st.integers(2, 3))
def test_measures_are_below_the_true_ones_and_near(
    index: int, steps: list[tuple[int, int, int]], n: int
) -> None:
    x, volume = rays_of(n, index, steps)
    exact = tuple(tuple(int(v * 2**200) for v in ray) for ray in x.tolist())
    _, upper = gaussian_share([exact], 30)
    if upper > Fraction(1, 10**20):
        low = measure(x, volume, False, False) * UNIT_SPHERE[n]
        true = float(upper)
        assert low <= true * (1 + 1e-9)
        assert low >= true * 0.85
        sharp = measure(x, volume, False, True) * UNIT_SPHERE[n]
        assert abs(sharp / true - 1) < 0.1


@pytest.mark.parametrize("n", [2, 3, 4])
def test_measures_converge_when_cones_are_cut(n: int) -> None:
    for index in range(0, len(all_chambers(n, "gaussian")), 7):
        x, _ = rays_of(n, index, [])
        parts = [(x, 1.0)]
        sums = []
        for step in range(9):
            sums.append(sum(measure(p, v, False, False) for p, v in parts) * UNIT_SPHERE[n])
            halves = []
            for p, v in parts:
                i, j = step % n, (step + 1) % n
                for k in (i, j):
                    half = p.copy()
                    half[k] = (p[i] + p[j]) / 2
                    halves.append((half, v / 2))
            parts = halves
        true = float(chamber_probability(all_chambers(n, "gaussian")[index], "gaussian"))
        assert sums[0] < sums[-1] <= true * (1 + 1e-9)
        assert sums[-1] > true * 0.97


def test_a_cube_is_measured_exactly() -> None:
    for chamber in all_chambers(4, "uniform"):
        x = np.array(chamber.rays, dtype=np.float64)
        x[2] = 0.25 * x[2] + 0.75 * x[3]
        exact = uniform_share([tuple(tuple(int(4 * v) for v in ray) for ray in x.tolist())])
        assert measure(x, 0.25, True, False) / 24 == pytest.approx(float(exact), rel=1e-12)


# -- what bounds decide --------------------------------------------------------------------------


def decide(x: FloatArray, vectors: FloatArray, some: bool) -> float:
    n, rows = vectors.shape
    room = np.empty((PARTS, n, n)), np.empty((PARTS, n, rows)), np.empty(PARTS)
    return float(decided(x, vectors, 1.0, True, some, *room))


@settings(max_examples=60)
@given(entries=st.lists(st.integers(-3, 3), min_size=9, max_size=9), some=st.booleans())
def test_the_decided_part_of_a_cube_has_the_sampled_share(entries: list[int], some: bool) -> None:
    """With the rays as columns of one maximum the measure is a share of the simplex."""
    vectors = np.array(entries, dtype=np.float64).reshape(3, 3)
    x = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    s = RNG.dirichlet(np.ones(3), size=4000)
    found = s @ vectors
    share = ((found >= 0).any(axis=1) if some else (found > 0).all(axis=1)).mean()
    assert decide(x, vectors, some) == pytest.approx(share, abs=0.05)


def test_slivers_do_not_use_up_the_parts_that_are_looked_at() -> None:
    """Depth first, .001 of what is decided here was found."""
    share = (RNG.dirichlet(np.ones(6), size=40_000) @ SLIVERS > 0).all(axis=1).mean()
    assert 0.95 * share < decide(np.tri(6), SLIVERS, False) < share + 0.01


def test_where_functions_vanish_they_are_not_positive() -> None:
    x = np.eye(4)
    assert decide(x, np.zeros((4, 2)), False) == 0.0
    assert decide(x, np.zeros((4, 2)), True) == 1.0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    index=st.integers(0, 1000),
    steps=cuts,
    n=st.integers(2, 4),
    d=st.integers(1, 4),
)
def test_bounds_hold_on_the_cone(
    seed: int, index: int, steps: list[tuple[int, int, int]], n: int, d: int
) -> None:
    rng = np.random.default_rng(seed)
    network = Network.from_arrays(
        rng.integers(-8, 9, d) / 4, rng.integers(-8, 9, (d, d)) / 4, rng.integers(-8, 9, (n, d)) / 4
    )
    x, _ = rays_of(n, index, steps)
    rows = margin_rows(network, index % n)
    net, allowed = network.floats, allowances(network, rows)
    before, margins = np.empty((n, n, d)), np.empty((n, n - 1))
    doubt, row_doubt = np.empty((n, n, d)), np.empty((n, n - 1))
    lower, upper, score = np.empty((n, n - 1)), np.empty((n, n - 1)), np.empty((n, d))
    unknown, status = np.full((n, d), UNKNOWN, np.int8), np.empty((n, d), np.int8)
    proved = np.zeros(n - 1, np.bool_)
    for k in range(n):
        run_at(net.w_ih, net.w_hh, rows, x[k], before[k], margins[k], doubt[k], row_doubt[k])
    bound_simplex(
        net.w_ih, net.w_hh, rows, allowed.unit, allowed.row,
        x, before, margins, doubt, row_doubt, unknown, proved, status, lower, upper, score,
    )  # fmt: skip
    for s in [*rng.dirichlet(np.ones(n), size=5), *np.eye(n)]:
        shares = [Fraction(float(v)) for v in s]
        point = [
            sum((v * Fraction(float(x[k, t])) for k, v in enumerate(shares)), Fraction(0))
            for t in range(n)
        ]
        logits = network.logits(point)
        true = [logits[index % n] - v for j, v in enumerate(logits) if j != index % n]
        for r, margin in enumerate(true):
            low = sum(v * Fraction(float(lower[k, r])) for k, v in enumerate(shares))
            high = sum(v * Fraction(float(upper[k, r])) for k, v in enumerate(shares))
            assert low <= margin <= high


# -- runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_brackets_are_nested_and_hold_the_sampled_value(inputs: Any) -> None:
    x = RNG.normal(size=(10**6, 4)) if inputs == "gaussian" else RNG.random((10**6, 4))
    right = sampled(FOUR, x)
    results = [bracket(FOUR, boxes, inputs) for boxes in (1, 50, 51, 777, 1500, 4000)]
    for before, after in pairwise(results):
        assert before.lower <= after.lower <= after.upper <= before.upper
    assert results[-1].boxes == 4000 or results[-1].upper - results[-1].lower <= 1e-5
    assert results[-1].upper - results[-1].lower < 0.03
    assert results[-1].lower - 0.002 <= right <= results[-1].upper + 0.002


@settings(max_examples=25, deadline=None)
@given(data=st.data(), inputs=st.sampled_from(["gaussian", "uniform"]))
def test_short_inputs_agree_with_the_exact_enumeration(data: st.DataObject, inputs: Any) -> None:
    d, n = data.draw(st.integers(1, 3)), data.draw(st.integers(2, 3))
    size = d * (1 + d + n)
    entries = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=size, max_size=size)))
    network = Network.from_arrays(
        entries[:d], entries[d : d + d * d].reshape(d, d), entries[d + d * d :].reshape(n, d)
    )
    exact = prove_accuracy(network, inputs, digits=12)
    run = ChamberRun(network, inputs)
    work(run, seconds=None, boxes=600, jobs=1, state=None)
    assert run.lower <= exact.lower
    assert exact.upper <= run.upper


@pytest.mark.parametrize("inputs", ["gaussian", "uniform"])
def test_short_inputs_close_in_on_the_exact_value(inputs: Any) -> None:
    rng = np.random.default_rng(8)
    network = Network.from_arrays(
        rng.normal(size=4).astype(np.float32),
        rng.normal(size=(4, 4)).astype(np.float32),
        rng.normal(size=(3, 4)).astype(np.float32),
    )
    exact = prove_accuracy(network, inputs, digits=12)
    run = ChamberRun(network, inputs)
    work(run, seconds=None, boxes=4000, jobs=1, state=None)
    assert run.lower <= exact.lower <= exact.upper <= run.upper
    assert run.upper - run.lower < Fraction(1, 10**3)


def test_interruptions_and_threads_change_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    whole = bracket(FOUR, 5000)
    for boxes in (3, 400, 2500, 5000):
        parts = bracket(FOUR, boxes, state=state)
    assert (parts.lower, parts.upper) == (whole.lower, whole.upper)
    assert parts.boxes == whole.boxes
    more = prove_accuracy(FOUR, boxes=5000, jobs=3)
    assert (more.lower, more.upper) == (whole.lower, whole.upper)


def test_states_of_boxes_are_refused(tmp_path: Path) -> None:
    state = tmp_path / "state"
    run = Run(FOUR, "gaussian")
    work(run, seconds=None, boxes=50, jobs=1, state=state)
    with pytest.raises(UsageError, match="another version"):
        bracket(FOUR, 100, state=state)


def test_a_run_that_is_narrow_enough_ends() -> None:
    network = Network.from_arrays([1.0], [[0.0]], [[1.0], [1.0], [0.0], [0.0]])
    result = prove_accuracy(network, "uniform", boxes=10**7, jobs=1)
    assert result.boxes < 10**7


def test_ties_are_never_right() -> None:
    zero = Network(0, (0, 0), ((0, 0), (0, 0)), ((0, 0),) * 4)
    dead = Network(0, (-1, -2), ((1, -1), (2, 1)), ((1, 0), (1, 1), (2, 0), (0, 1)))
    assert bracket(zero, 500).lower == bracket(dead, 500, "uniform").lower == 0
    assert bracket(zero, 500).upper < 0.01
    assert bracket(dead, 500, "uniform").upper < 1e-8
    # Positions 1 and 2 always tie.
    tied = Network(FOUR.shift, FOUR.w_ih, FOUR.w_hh, (*FOUR.w_out[:2], FOUR.w_out[1], (0, 0, 0)))
    x = RNG.normal(size=(10**5, 4))
    result = bracket(tied, 3000)
    assert result.lower - 0.006 <= sampled(tied, x) <= result.upper + 0.006
    assert result.upper - result.lower < 0.03


def test_limits_are_kept_within_a_chamber() -> None:
    done = extend(FOUR, "gaussian", "7", START, 1, 300)
    assert (done.boxes, done.complete) == (300, False)
    first = extend(FOUR, "gaussian", "7", START, 1, 120)
    assert extend(FOUR, "gaussian", "7", first.tape, 1, 180).tape == done.tape
    assert len(done.tape) - HEADER == 2 * 299 + 300


def test_pruning_keeps_what_is_bounded() -> None:
    tape = bytes([1, 9, 2, 7, SKIPPED, SKIPPED, 3, 4, LEAF, SKIPPED])
    assert prune(tape) == bytes([1, 9, SKIPPED, 3, 4, LEAF, SKIPPED])


def test_a_unit_that_was_off_a_step_ago_is_not_off_for_certain() -> None:
    """Found by the test above: undecided later, it once still counted as off, and tied."""
    network = Network.from_arrays(
        np.array([1, -1, 0]),
        np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]]),
        np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0]]),
    )
    exact = prove_accuracy(network, digits=12)
    run = ChamberRun(network, "gaussian")
    work(run, seconds=None, boxes=600, jobs=1, state=None)
    assert run.lower <= exact.lower
    assert exact.upper <= run.upper
