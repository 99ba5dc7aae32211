from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from certify.claims import NOMINAL_RATIO, Pair, RatioRange
from certify.impulse.offset import bound_offsets, offset, separable_form
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep_all
from certify.model import Network
from certify.testing import networks
from tests.examples import Golden

NOMINAL = RatioRange(NOMINAL_RATIO, NOMINAL_RATIO)
WIDE = RatioRange(Fraction(3, 10), Fraction(9, 10))


@settings(max_examples=40)
@given(networks(max_hidden=3, max_length=4))
def test_separable_form_is_the_least_squares_fit(network: Network) -> None:
    sweeps = sweep_all(network)
    n, d = network.seq_len, network.hidden_size
    rows = []
    for m, s in sweeps:
        row = np.zeros(n)
        row[m], row[s] = 1, -1
        rows.append(row)
    table = np.array([[float(v) for v in offset(sweeps, p, NOMINAL_RATIO)] for p in sweeps])
    fitted, *_ = np.linalg.lstsq(np.array(rows), table, rcond=None)
    exact = np.array([[float(v) for v in f] for f in separable_form(network)]).reshape(n, d)
    np.testing.assert_allclose(
        exact, fitted - fitted.mean(axis=0), atol=1e-9 * (1 + abs(table).max())
    )


@settings(max_examples=40)
@given(networks(max_hidden=4, max_length=4))
def test_bounds_hold_at_sampled_ratios(network: Network) -> None:
    sweeps = sweep_all(network)
    form = separable_form(network)
    for bound in bound_offsets(sweeps, WIDE):
        m, s = bound.pair
        readout = [
            Fraction(a - b, 2**network.shift)
            for a, b in zip(network.w_out[s], network.w_out[m], strict=True)
        ]
        fitted = [a - b for a, b in zip(form[m], form[s], strict=True)]
        for ratio in (*WIDE, bound.at, Fraction(1, 2), Fraction(4, 5)):
            exact = offset(sweeps, bound.pair, ratio)
            product = sum(a * b for a, b in zip(readout, exact, strict=True))
            assert product >= bound.min_product
            assert product >= bound.margin_left
            assert bound.state_distance >= max(
                abs(a - b) for a, b in zip(exact, fitted, strict=True)
            )
            if ratio == bound.at:
                assert product == bound.min_product
        if bound.witness == "enclosure":
            assert bound.proved


def test_offset_claim_follows_from_both_margins(m16_10_impulse: ImpulseResult) -> None:
    by_pair = {p.pair: p for p in m16_10_impulse.pairs}
    for bound in m16_10_impulse.offsets:
        swapped = Pair(bound.pair.second, bound.pair.max)
        floor = by_pair[bound.pair].min_margin.value + by_pair[swapped].min_margin.value
        assert bound.min_product >= floor


def test_golden_values(golden: Golden, golden_impulse: ImpulseResult) -> None:
    bounds = bound_offsets(sweep_all(golden_impulse.model), NOMINAL)
    product = float(min(b.min_product for b in bounds))
    assert product == pytest.approx(golden.min_product, abs=1e-4)
    assert sum(b.proved for b in bounds) == 90
    separable = float(min(b.separable_margin for b in bounds))
    assert separable == pytest.approx(golden.separable_product, abs=1e-4)
    assert all(b.witness == "enclosure" for b in bounds)
