from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from certify.claims import Pair, RatioRange, all_pairs, impulses
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep, sweep_all
from certify.mechanism.circuit import (
    CircuitStudy,
    Kept,
    bound_contribution,
)
from certify.mechanism.search import BAND, _Search, study_circuit
from certify.model import Network
from certify.report.studies import circuit_text
from certify.testing import networks
from tests.examples import (
    EXAMPLES,
    HANDCRAFTED,
    TWO_INTERVALS,
    Example,
    Golden,
    brute_force_right,
)

TIGHT = RatioRange(Fraction(3, 5), Fraction(4, 5))


def study(network: Network, ratios: RatioRange = TIGHT) -> CircuitStudy | None:
    groups = {"all": tuple(range(network.hidden_size)), "first": (0,)}
    return study_circuit(network, sweep_all(network), ratios, groups)


@pytest.fixture(scope="module")
def two_intervals() -> CircuitStudy:
    found = study(TWO_INTERVALS)
    assert found is not None
    return found


def confirm(found: CircuitStudy) -> None:
    """Everything that a study says, by the definition."""
    network, n = found.network, found.network.seq_len
    whole = Kept.of_units(network, range(network.hidden_size))
    for failure in found.failures:
        less = whole.minus(failure.element).applied(network)
        assert found.ratios.lo <= failure.ratio <= found.ratios.hi
        assert not brute_force_right(less, *failure.pair, failure.ratio)
    assert {f.element[1] for f in found.failures} | set(found.dispensable) == set(
        range(network.hidden_size)
    )
    for circuit in (*found.dispensable.values(), found.unit_circuit, found.weight_circuit):
        reduced = circuit.kept.applied(network)
        margins = [sweep(reduced, pair).min_margin(found.ratios).value for pair in found.pairs]
        assert min(margins) == circuit.min_margin > 0
        for failure in circuit.removals:
            less = circuit.kept.minus(failure.element).applied(network)
            assert not brute_force_right(less, *failure.pair, failure.ratio)
    assert [f.element for f in found.unit_circuit.removals] == [
        ("unit", k) for k in found.unit_circuit.kept.units
    ]
    removed = [f.element for f in found.weight_circuit.removals]
    assert removed == list(found.weight_circuit.kept.weights)
    for c in found.contributions:
        for pair in c.pairs:
            x = impulses(pair, found.ratios.lo, n)
            *_, state = network.states(x)
            positions = {"max": [pair.max], "second": [pair.second]}.get(
                c.at, [j for j in range(n) if j not in pair]
            )
            for j in positions:
                value = sum(network.w_out[j][i] * state[i] for i in c.units)
                value = Fraction(value) / 2**network.shift
                assert value <= c.bound if c.relation == "at most" else value >= c.bound


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_every_statement_holds_by_the_definition(example: Example) -> None:
    found = study(example.network)
    if found is None:
        assert all(s.min_margin(TIGHT).value <= 0 for s in sweep_all(example.network).values())
    else:
        confirm(found)


@settings(max_examples=25)
@given(networks(max_hidden=4, max_length=3))
def test_every_statement_holds_for_any_network(network: Network) -> None:
    found = study(network, RatioRange(Fraction(1, 2), Fraction(9, 10)))
    if found is not None:
        confirm(found)
        assert circuit_text(found)


def test_a_screen_that_misses_a_failure_is_corrected_by_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a single ratio in the screen the search must learn the others from the sweep."""
    monkeypatch.setattr("certify.mechanism.search._GRID", 2)
    wide = RatioRange(Fraction(51, 100), Fraction(83, 100))
    found = study(TWO_INTERVALS, wide)
    assert found is not None
    confirm(found)


def test_a_unit_that_nothing_reads_is_dispensable() -> None:
    w = HANDCRAFTED
    padded = Network(
        0,
        (*w.w_ih, 5),
        (*((*row, 0) for row in w.w_hh), (1, 1, 1)),
        tuple((*row, 0) for row in w.w_out),
    )
    found = study(padded)
    assert found is not None
    assert sorted(found.dispensable) == [2]
    assert found.unit_circuit.kept.units == (0, 1)
    assert ("w_ih", 2) not in found.weight_circuit.kept.weights


def test_kept_weights_and_units() -> None:
    kept = Kept.of_units(HANDCRAFTED, [0])
    assert kept.units == (0,)
    assert kept.weights == (("w_ih", 0), ("w_hh", 0, 0), ("w_out", 0, 0), ("w_out", 1, 0))
    assert kept.applied(HANDCRAFTED).w_hh == ((-1, 0), (0, 0))
    whole = Kept.of_units(HANDCRAFTED, [0, 1])
    assert whole.minus(("unit", 1)) == kept
    assert whole.minus(("w_hh", 0, 1)).applied(HANDCRAFTED).w_hh == ((-1, 0), (1, -1))
    assert whole.minus(("w_out", 1, 0)).applied(HANDCRAFTED).w_out == ((1, -1), (0, 1))
    assert whole.minus(("w_ih", 0)).applied(HANDCRAFTED).w_ih == (0, -1)
    assert whole.to_json() == {"w_ih": "11", "w_hh": ["11", "11"], "w_out": ["11", "11"]}


def test_bounds_are_attained_and_bound_in_between() -> None:
    for pair in all_pairs(2):
        found = sweep(TWO_INTERVALS, pair)
        bounds = bound_contribution(found, TIGHT, (0, 3), "second")
        assert bounds is not None
        values = []
        for k in range(41):
            ratio = TIGHT.lo + (TIGHT.hi - TIGHT.lo) * Fraction(k, 40)
            *_, state = TWO_INTERVALS.states(impulses(pair, ratio, 2))
            row = TWO_INTERVALS.w_out[pair.second]
            values.append(Fraction(row[0] * state[0] + row[3] * state[3]) / 4)
        assert bounds[0] <= min(values)
        assert max(values) <= bounds[1]
    assert bound_contribution(found, TIGHT, (0,), "elsewhere") is None


def test_statements_speak_only_of_pairs_that_are_right() -> None:
    half_right = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 4), (5, 0)))
    ratios = RatioRange(Fraction(9, 10), Fraction(19, 20))
    found = study(half_right, ratios)
    assert found is not None
    assert found.pairs == (Pair(0, 1),)


def test_golden_circuit(golden: Golden, golden_impulse: ImpulseResult) -> None:
    network = golden_impulse.model
    groups = {"input-driven": golden.roles["comparator"] + golden.roles["detector"]}
    steps: list[Any] = []
    found = study_circuit(
        network,
        sweep_all(golden_impulse.model),
        RatioRange(Fraction(4, 5), Fraction(4, 5)),
        groups,
        progress=lambda *step: steps.append(step),
    )
    assert found is not None
    assert len(found.pairs) == 90
    assert len(found.failures) == 16  # no unit can go
    assert found.unit_circuit.kept.units == tuple(range(16))
    assert len(found.weight_circuit.kept.weights) < 350
    (suppressed,) = [c for c in found.contributions if c.at == "max" and c.relation == "at most"]
    assert len(suppressed.pairs) == 90
    assert suppressed.bound < 0
    assert steps
    assert BAND.lo < Fraction(4, 5) < BAND.hi


THIN = Network(60, (1 << 60, 1 << 60), ((1 << 60, 0), (0, 0)), ((1 << 60, 0), ((1 << 60) + 1, 0)))
"""Logit 1 is larger by 2**-60 of it: a tie in float64. Nothing reads unit 1."""


def test_a_margin_too_thin_for_floats_is_decided_exactly() -> None:
    found = study(THIN)
    assert found is not None
    assert found.pairs == (Pair(0, 1),)
    assert sorted(found.dispensable) == [1]
    confirm(found)
    assert found.weight_circuit.min_margin > 0


def test_a_tie_is_never_a_circuit() -> None:
    tie = Network(0, (1, 0), ((0, 0), (1, 0)), ((0, 4), (5, 0)))  # at S/M = 4/5
    whole = Kept.of_units(tie, [0, 1])
    for ratios in (
        RatioRange(Fraction(4, 5), Fraction(9, 10)),
        RatioRange(Fraction(4, 5), Fraction(4, 5)),
    ):
        search = _Search(tie, (Pair(0, 1),), ratios)
        assert search._prove(whole, None) == (Pair(0, 1), Fraction(4, 5))


def test_the_screen_learns_a_ratio_once_and_then_demands_more() -> None:
    search = _Search(TWO_INTERVALS, all_pairs(2), TIGHT)
    known = len(search.grid)
    search._learn(Fraction(7, 10) + Fraction(1, 997))
    assert (len(search.grid), search.threshold) == (known + 1, 0)
    search._learn(search.grid[0])
    search._learn(search.grid[0])
    assert (len(search.grid), search.threshold) == (known + 1, 2e-9)


def test_equal_groups_are_stated_once() -> None:
    found = study_circuit(
        TWO_INTERVALS, sweep_all(TWO_INTERVALS), TIGHT, {"one": (0, 2), "same": (0, 2)}
    )
    assert found is not None
    assert len(set(found.contributions)) == len(found.contributions)
