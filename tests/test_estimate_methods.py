"""Every estimate, against values known of the published model and against definitions."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.claims import NOMINAL_RATIO, all_pairs
from certify.errors import UsageError
from certify.estimate import METHODS, Certified, Estimate, run_estimates, to_json
from certify.estimate.base import impulse_runs, offsets_of, r_squared, true_offsets
from certify.estimate.moments import input_moments, largest_probability, rectified_moments
from certify.estimate.projection import stable_projector
from certify.model import Network
from certify.report.estimates import estimates_text
from tests.examples import EXAMPLES, HANDCRAFTED, TWO_INTERVALS, Golden, brute_force_right


@pytest.fixture(scope="module")
def known(golden_network: Network) -> dict[str, Estimate]:
    return {e.method: e for e in run_estimates(golden_network)}


def test_golden_linear(golden: Golden, known: dict[str, Estimate]) -> None:
    found = known["linear"]
    assert found.value == golden.linear_pairs
    r_squared, response = golden.linear_r_squared, golden.largest_impulse_response
    assert found.details["r_squared_of_true_offsets"] == pytest.approx(r_squared, rel=1e-3)
    assert found.details["spectral_radius"] == pytest.approx(golden.radius, abs=5e-5)
    assert found.details["largest_impulse_response"] == pytest.approx(response, rel=1e-4)
    assert found.reads == "weights"


def test_golden_cell_effective(golden: Golden, known: dict[str, Estimate]) -> None:
    found = known["cell-effective"]
    assert found.value == 0
    assert found.details["spectral_radius"] == pytest.approx(golden.frozen, abs=1e-4)
    assert found.details["runs"] == 180
    assert found.details["runs_in_dominant_cell"] == golden.in_dominant_cell
    assert found.details["dead_units"] == list(golden.dead_units)
    assert found.details["final_cells"] == golden.final_cells
    assert found.reads == "weights and runs"


def test_golden_tropical(golden: Golden, known: dict[str, Estimate]) -> None:
    found = known["tropical"]
    assert found.value == 90
    assert found.details["smallest_margin"] == pytest.approx(golden.min_margin, abs=1e-4)
    assert found.details["smallest_margin_pair"] == list(golden.worst)
    assert found.details["cell_sequences_at_nominal"] == golden.sequences


def test_golden_margin_bounds(golden: Golden, known: dict[str, Estimate]) -> None:
    found = known["margin-bounds"]
    separable, product = golden.separable_product, golden.min_product
    assert found.details["smallest_separable_margin"] == pytest.approx(separable, abs=1e-4)
    assert found.details["smallest_product"] == pytest.approx(product, abs=1e-4)
    assert found.details["positive_products"] == 90
    assert found.value <= 90


def test_golden_conditional_expectation(golden: Golden, known: dict[str, Estimate]) -> None:
    found = known["conditional-expectation"]
    assert found.value == 90
    assert found.details["r_squared_of_true_offsets"] == pytest.approx(golden.r_squared, abs=1e-4)
    product, norm = golden.separable_product, golden.mean_final_norm
    assert found.details["smallest_product"] == pytest.approx(product, abs=1e-4)
    assert found.details["single_impulse_pairs_right"] == golden.single_impulse_pairs
    assert found.details["mean_final_norm"] == pytest.approx(norm, abs=0.001)


def test_golden_accuracies(golden: Golden, known: dict[str, Estimate]) -> None:
    # Ten million samples and more, to +- .0002.
    assert known["cubature"].value == pytest.approx(golden.accuracy, abs=0.002)
    lo, hi = known["sampling"].interval or (1, 0)
    assert lo < golden.accuracy < hi
    assert known["moments"].value < 0.5  # as the first measurements found, it is no estimate


def test_every_method_handles_every_example() -> None:
    for example in EXAMPLES:
        n = example.network.seq_len
        for found in run_estimates(example.network):
            assert np.isfinite(found.value)
            top = 1 if found.predicts == "accuracy" else n * (n - 1)
            assert 0 <= found.value <= top
            assert found.operations > 0
            assert found.seconds >= 0
            assert found.method in METHODS
            json.dumps(found.to_json(), allow_nan=False)


def test_tropical_is_the_truth_on_impulses() -> None:
    for example in EXAMPLES:
        network = example.network
        right = sum(
            brute_force_right(network, m, s, NOMINAL_RATIO) for m, s in all_pairs(network.seq_len)
        )
        (found,) = run_estimates(network, ["tropical"])
        assert found.value == right == example.right_at_nominal


def test_margin_bounds_never_exceed_the_positive_products() -> None:
    for example in EXAMPLES:
        (found,) = run_estimates(example.network, ["margin-bounds"])
        assert found.value <= found.details["positive_products"]


def test_margin_bounds_count_a_tie_as_not_positive() -> None:
    zero = Network(0, (0, 0), ((0, 0), (0, 0)), ((0, 0), (0, 0)))
    names = ("tropical", "margin-bounds", "linear", "conditional-expectation", "canonical-cells")
    assert [e.value for e in run_estimates(zero, names)] == [0] * 5
    assert [e.value for e in run_estimates(zero, ["sampling", "cubature"])] == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_linear_is_exact_where_the_rectifier_never_cuts(seed: int) -> None:
    # Weights that are all positive keep every unit on: the network is linear on the impulses.
    generator = np.random.default_rng(seed)
    network = Network.from_arrays(
        generator.integers(1, 9, 4), generator.integers(1, 9, (4, 4)) / 16, np.eye(4)[:3]
    )
    for name in ("linear", "cell-effective"):
        (found,) = run_estimates(network, [name])
        assert found.details["r_squared_of_true_offsets"] == pytest.approx(1)


def test_canonical_cells_and_fixed_point_are_exact_where_the_rectifier_never_cuts() -> None:
    generator = np.random.default_rng(5)
    network = Network.from_arrays(
        generator.integers(1, 9, 4), generator.integers(1, 9, (4, 4)) / 16, np.eye(4)[:3]
    )
    tropical, fixed, canonical = run_estimates(
        network, ["tropical", "canonical-cells", "fixed-point"]
    )
    assert canonical.value == tropical.value
    assert canonical.details["final_cells_met"] == 6
    assert fixed.details["reached_fixed_point"]
    assert fixed.details["r_squared_of_true_offsets"] == pytest.approx(1)


def test_a_projection_on_a_stable_matrix_is_the_linear_network() -> None:
    network = Network.from_arrays([1, 2], [[0.5, 0.25], [-0.25, 0.5]], [[1, 0], [0, 1], [1, 1]])
    projected, linear = run_estimates(network, ["projection", "linear"])[::-1]
    assert projected.details["smallest_product"] == pytest.approx(
        linear.details["smallest_product"]
    )


@given(st.integers(0, 10_000), st.integers(1, 7))
def test_the_stable_projector_splits_the_space(seed: int, size: int) -> None:
    matrix = np.random.default_rng(seed).standard_normal((size, size)) / np.sqrt(size)
    projector, rank = stable_projector(matrix)
    scale = max(1.0, float(np.abs(projector).max())) ** 2
    np.testing.assert_allclose(projector @ projector, projector, atol=1e-9 * scale)
    np.testing.assert_allclose(projector @ matrix, matrix @ projector, atol=1e-9 * scale)
    stable = np.linalg.eigvals(matrix)
    assert rank == (np.abs(stable) < 1).sum() == pytest.approx(np.trace(projector), abs=1e-8)


def test_the_conditional_expectation_is_the_least_squares_fit() -> None:
    for network in (HANDCRAFTED, TWO_INTERVALS, EXAMPLES[-1].network):
        offsets = true_offsets(impulse_runs(network.floats))
        design = offsets_of(np.eye(network.seq_len))
        fit = np.asarray(np.linalg.lstsq(design, offsets, rcond=None)[0], dtype=np.float64)
        (found,) = run_estimates(network, ["conditional-expectation"])
        best = r_squared(offsets_of(fit), offsets)
        assert found.details["r_squared_of_true_offsets"] == pytest.approx(best)


@given(st.floats(-5, 5), st.floats(0.1, 5))
def test_rectified_moments_are_those_of_a_sample(mean: float, sd: float) -> None:
    x = mean + sd * np.random.default_rng(0).standard_normal(200_000)
    first, var = rectified_moments(np.array([mean]), np.array([sd**2]))
    assert first[0] == pytest.approx(np.maximum(x, 0).mean(), abs=0.02 * sd)
    assert var[0] == pytest.approx(np.maximum(x, 0).var(), abs=0.05 * sd**2)


def test_rectified_moments_of_a_constant() -> None:
    first, var = rectified_moments(np.array([-1.0, 2.0]), np.zeros(2))
    assert first.tolist() == [0, 2]
    assert var.tolist() == [0, 0]


@pytest.mark.parametrize("n", [2, 3, 10])
def test_input_moments_are_those_of_the_order_statistics(n: int) -> None:
    x = np.sort(np.random.default_rng(n).standard_normal((200_000, n)), axis=1)
    expected = [x[:, -1], x[:, -2], x[:, :-2]]
    for (mean, var), sample in zip(input_moments(n), expected, strict=True):
        if sample.size:
            assert mean == pytest.approx(sample.mean(), abs=0.01)
            assert var == pytest.approx(sample.var(), abs=0.02)


def test_largest_probability_of_independent_equals_is_shared() -> None:
    found = largest_probability(np.zeros((4, 4)), np.array([np.eye(4)] * 4), np.arange(4))
    np.testing.assert_allclose(found, 0.25, atol=0.01)


def test_unknown_method_names_the_methods() -> None:
    with pytest.raises(UsageError, match="'liner' is unknown, expected one of linear, cell"):
        run_estimates(HANDCRAFTED, ["liner"])


def test_methods_run_once_in_the_order_of_the_table_with_progress() -> None:
    seen: list[tuple[str, int, int]] = []
    found = run_estimates(HANDCRAFTED, ["tropical", "linear", "linear"], lambda *a: seen.append(a))
    assert [e.method for e in found] == ["linear", "tropical"]
    assert seen == [("linear", 0, 2), ("tropical", 1, 2), ("done", 2, 2)]


def test_the_table_compares_with_the_certified_values() -> None:
    base = Estimate("x", "pairs right", 2.0, None, 1234, "weights", 0.5)
    brackets = {
        "pairs right": Certified(2, 2, "proof"),
        "accuracy": Certified(0.9, 0.95, "bracket"),
    }
    estimates = [
        base,
        Estimate("y", "accuracy", 0.96, (0.9, 1.0), 5, "weights and runs", 0.1),
        Estimate("z", "accuracy", 0.8, None, 5, "weights", 0.1),
    ]
    places = [brackets[e.predicts].place(e.value) for e in estimates]
    assert places == ["inside", "too high", "too low"]
    text = estimates_text(estimates, brackets)
    for place in places:
        assert place in text
    assert "0.9600" in text
    assert text.split()[0] == "method"
    assert "inside" not in estimates_text(estimates)
    data = to_json(estimates, brackets)
    assert data["certified"]["accuracy"]["upper"] == 0.95
    assert len(data["estimates"]) == 3


def test_estimates_are_the_same_for_the_same_seed() -> None:
    for name in ("cubature", "sampling", "fixed-point"):
        values = {run_estimates(TWO_INTERVALS, [name], seed=3)[0].value for _ in range(2)}
        assert len(values) == 1


def test_the_nominal_ratio_is_that_of_the_claims() -> None:
    runs = impulse_runs(HANDCRAFTED.floats)
    assert Fraction(4, 5) == NOMINAL_RATIO
    for (m, s), states in runs.items():
        x = np.zeros(2)
        x[m], x[s] = 1.0, 0.8
        np.testing.assert_array_equal(states, HANDCRAFTED.floats.states(x[None])[0])
