from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from certify.claims import Pair
from certify.impulse.offset import offset, separable_form
from certify.impulse.prove import ImpulseResult
from certify.impulse.sweep import sweep_all
from certify.mechanism.offsets import cell_parts, conditional_expectation, study_offsets
from certify.model import Network
from certify.report.studies import offsets_text
from certify.testing import networks
from tests.examples import EXAMPLES, HANDCRAFTED, Example, Golden

RATIO = Fraction(4, 5)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_least_squares_fit_is_the_conditional_expectation(example: Example) -> None:
    sweeps = sweep_all(example.network)
    n = example.network.seq_len
    form = separable_form(example.network, RATIO)
    conditional = conditional_expectation(sweeps, RATIO)
    scaled = tuple([Fraction(n - 1, n) * v for v in row] for row in conditional)
    assert form == scaled


@settings(max_examples=20)
@given(networks())
def test_the_identity_holds_for_any_network_and_the_parts_sum_to_the_offset(
    network: Network,
) -> None:
    sweeps = sweep_all(network)
    n = network.seq_len
    ratio = Fraction(1, 3)
    form, conditional = (
        separable_form(network, ratio),
        conditional_expectation(sweeps, ratio),
    )
    assert [[n * v for v in row] for row in form] == [
        [(n - 1) * v for v in row] for row in conditional
    ]
    parts = cell_parts(sweeps, ratio)
    total = sum(v * v for pair in sweeps for v in offset(sweeps, pair, ratio))
    assert sum(parts) == pytest.approx(1 if total else 0)


def test_a_free_least_squares_fit_finds_the_same_form(m16_10_impulse: ImpulseResult) -> None:
    """Fit f(m) + g(s) with both functions free: g = -f, R^2 is that of the exact form."""
    sweeps = sweep_all(m16_10_impulse.model)
    pairs = list(sweeps)
    data = np.array([[float(v) for v in offset(sweeps, pair, RATIO)] for pair in pairs])
    design = np.zeros((len(pairs), 20))
    for row, (m, s) in enumerate(pairs):
        design[row, m] = design[row, 10 + s] = 1
    solution = np.linalg.lstsq(design, data, rcond=None)[0]
    f, g = (part - part.mean(axis=0) for part in (solution[:10], solution[10:]))
    study = study_offsets(sweeps)
    np.testing.assert_allclose(f, study.form, atol=1e-9)
    np.testing.assert_allclose(g, -study.form, atol=1e-9)
    error = ((data - design @ solution) ** 2).sum()
    assert 1 - error / (data**2).sum() == pytest.approx(float(study.r_squared))


def test_golden_values(golden: Golden, golden_impulse: ImpulseResult) -> None:
    study = study_offsets(sweep_all(golden_impulse.model))
    assert round(float(study.r_squared), 4) == golden.r_squared
    assert round(float(study.min_product), 4) == golden.min_product
    assert study.positive == study.separable_positive == study.pairs == 90
    assert round(float(study.separable_product), 4) == golden.separable_product
    assert study.shares.sum() == pytest.approx(1)
    assert study.dimension == pytest.approx(golden.dimension, abs=1e-4)
    assert f"R^2 {golden.r_squared}" in offsets_text(study)
    least, most = golden.turns_in
    for sine in study.turning:
        assert sine is not None
        assert sine.r_squared > 0.8
        assert least < sine.period < most
    assert study.to_json()["separable_r_squared"] == study.r_squared


def test_growth_counts_the_pairs_that_have_a_state_so_late(
    m16_10_impulse: ImpulseResult,
) -> None:
    growth = study_offsets(sweep_all(m16_10_impulse.model)).growth
    assert [pairs for _, pairs, _ in growth] == [90, 72, 56, 42, 30, 20, 12, 6, 2]
    assert growth[0][2] is None
    norms = m16_10_impulse.model.floats.states([[1, 0.8, *[0] * 8], [0.8, 1, *[0] * 8]])
    assert growth[-1][0] == pytest.approx(float(np.linalg.norm(norms[0, -1] - norms[1, -1])))


def test_a_network_without_offsets() -> None:
    """All zero: nothing to fit, no division by zero, and no pair counts as positive."""
    network = Network(0, (0, 0), ((0, 0), (0, 0)), ((0, 0), (0, 0)))
    study = study_offsets(sweep_all(network))
    assert study.positive == 0
    assert (study.within, study.boundary, study.cross) == (0, 0, 0)
    assert offsets_text(study)


def test_handcrafted_by_hand() -> None:
    """h after (x0, x1): x = (1, r) gives (0, 1 - r)..., worked out on paper for r = 4/5."""
    sweeps = sweep_all(HANDCRAFTED)
    # h_1 = (relu(x0), relu(-x0)) = (x0, 0); h_2 = relu((x1 - x0, x0 - x1)).
    assert offset(sweeps, Pair(0, 1), RATIO) == [Fraction(-1, 5), Fraction(1, 5)]
    within, boundary, _ = cell_parts(sweeps, RATIO)
    assert within + boundary == pytest.approx(1)
    assert boundary == pytest.approx(0)
