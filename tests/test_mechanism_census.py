from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy

from certify.claims import Pair, impulses
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep_all
from certify.mechanism.census import cell_formula, on_units, spectrum, take_census
from certify.model import Network
from certify.report.studies import census_text, formula_text
from tests.examples import EXAMPLES, HANDCRAFTED, TWO_INTERVALS, Example, Golden

RATIO = Fraction(4, 5)


def patterns(network: Network, pair: Pair, ratio: Fraction) -> tuple[int, ...]:
    """The cells of a run by the definition."""
    states = network.states(impulses(pair, ratio, network.seq_len))
    return tuple(sum((v > 0) << i for i, v in enumerate(h)) for h in states)


def test_golden_counts(golden: Golden, golden_impulse: ImpulseResult) -> None:
    census = take_census(sweep_all(golden_impulse.model))
    assert len(census.final_cells) == golden.final_cells
    assert census.runs == 180
    assert census.final_cells[0][1] == golden.in_dominant_cell
    assert census.dead_units == golden.dead_units
    assert census.sequences == golden.sequences
    assert census.transitions == golden.transitions
    assert census.all_ratios[2] == golden.cells
    assert round(abs(census.frozen.values[0]), 4) == golden.frozen
    assert round(abs(census.spectrum.values[0]), 4) == golden.radius
    assert census.spectrum.radius < 1e-12
    assert f"{golden.final_cells} distinct final cells over 180 runs" in census_text(census)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_counts_agree_with_running_the_definition(example: Example) -> None:
    sweeps = sweep_all(example.network)
    census = take_census(sweeps, RATIO)
    runs = [patterns(example.network, pair, RATIO) for pair in sweeps]
    assert census.sequences == len(set(runs))
    assert dict(census.final_cells) == {
        cell: 2 * sum(run[-1] == cell for run in runs) for cell in {run[-1] for run in runs}
    }
    steps = {pair for run in runs for pair in pairwise(run)}
    assert census.transitions == len(steps)
    assert census_text(census)
    assert census.to_json()["runs"] == 2 * len(runs)


def test_a_unit_at_its_kink_is_off() -> None:
    """At a break point a pre-activation is exactly 0."""
    rising = Network(1, (2, 2), ((0, 0), (-1, 0)), ((2, 0), (0, 2)))  # unit 1: S - M/2
    found = 0
    for network in (rising, TWO_INTERVALS, EXAMPLES[-1].network, HANDCRAFTED):
        sweeps = sweep_all(network)
        for ratio in {b for s in sweeps.values() for b in s.breaks if 0 < b < 1} | {RATIO}:
            census = take_census(sweeps, ratio)
            runs = [patterns(network, pair, ratio) for pair in sweeps]
            assert {cell for cell, _ in census.final_cells} == {run[-1] for run in runs}
            assert census.sequences == len(set(runs))
            right = [s.piece_at(ratio).pattern for s in sweeps.values()]
            found += right != runs
    assert found  # some ratio was a kink


def test_no_cell_changes_inside_the_common_interval(m16_10_impulse: ImpulseResult) -> None:
    census = take_census(sweep_all(m16_10_impulse.model))
    lo, hi = census.common
    assert lo < RATIO < hi
    middle = (lo + hi) / 2
    network = m16_10_impulse.model
    changed_below = changed_above = False
    for s in census.stability:
        here = patterns(network, s.pair, RATIO)
        assert patterns(network, s.pair, middle) == here
        changed_below |= patterns(network, s.pair, lo - Fraction(1, 10**9)) != here
        changed_above |= patterns(network, s.pair, hi + Fraction(1, 10**9)) != here
        assert s.final[0] <= s.sequence[0] < s.sequence[1] <= s.final[1]
    assert changed_below
    assert changed_above


def test_spectrum_agrees_with_numpy_and_has_exact_multiplicities() -> None:
    rng = np.random.default_rng(3)
    w_hh = rng.integers(-9, 9, (5, 5)) / 4
    network = Network.from_arrays(np.ones(5), w_hh, np.ones((2, 5)))
    found = sorted(spectrum(network, range(5)).values, key=lambda z: (z.real, z.imag))
    expected = sorted(np.linalg.eigvals(w_hh), key=lambda z: (z.real, z.imag))
    np.testing.assert_allclose(found, expected, atol=1e-9)

    nilpotent = Network(0, (1, 1), ((0, 1), (0, 0)), ((1, 0), (0, 1)))
    assert spectrum(nilpotent, range(2)).values == (0, 0)
    assert spectrum(nilpotent, ()).values == ()


def test_cell_formula_gives_the_exact_logits(m16_10_impulse: ImpulseResult) -> None:
    network = m16_10_impulse.model
    big, small = sympy.symbols("M S", positive=True)
    sweep = sweep_all(m16_10_impulse.model)[Pair(2, 7)]
    logits = network.logits(impulses(Pair(2, 7), RATIO, 10))
    formula = cell_formula(sweep, RATIO)
    assert formula.interval[0] <= RATIO <= formula.interval[1]
    for (a, b), value in zip(formula.to_json()["logits"], logits, strict=True):
        assert Fraction(a) + Fraction(b) * RATIO == value
    assert formula.latex().count("ell_") == 10
    assert "logit 7 s" in formula_text(formula)
    for expression, value in zip(formula.logits, logits, strict=True):
        found = expression.subs({big: 1, small: sympy.Rational(4, 5)})
        assert Fraction(int(found.p), int(found.q)) == value


def test_on_units() -> None:
    assert on_units(0b1011) == (0, 1, 3)
    assert on_units(0) == ()
